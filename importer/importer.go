// Package importer knows what a night is: a document is read, compared with what the
// database holds, and the changes are shown, or applied and recorded. It decides what
// has to change; the packages mis and store, which do not know each other, tell it what
// the MIS says and what the database holds.
package importer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"slices"
	"time"

	"misimportd/era"
	"misimportd/mis"
	"misimportd/mis/cache"
	"misimportd/mis/isams"
	"misimportd/store"
)

// Datasource is the MIS that is imported, as the database calls it.
const Datasource = "iSAMS"

// Importer makes imports. Its fields from DB to Log have to be set, but for those that say
// what their zero value means.
type Importer struct {
	DB                 *store.DB
	State              cache.Folder
	Zone               *time.Location
	Years              []era.Year   // the year groups to import; none means all
	AcademicYearStarts era.MonthDay // for when no era was ever set
	AsOf               era.Date     // zero: today, or the era's first day when that is later
	Version            string
	SuspensionsFile    string           // "" for none
	Again              bool             // import the document that the database reflects once more
	Timetable          string           // the published timetable to import, "" for the only one
	Now                func() time.Time // what the clock on the wall says; nil is time.Now
	Log                *slog.Logger
	Fetching           Fetching
	Retention          time.Duration      // of the Archive; zero keeps it for ever
	Progress           func(stage string) // may be nil
}

// night is one import under way.
type night struct {
	*Importer
	document *cache.Document
	reading  chan struct{} // closed when the three below are there
	snap     *mis.Snapshot
	hash     string
	err      error
	took     time.Duration
	watch    stopwatch
	report   Report
	noted    []mis.Problem // before the document was read
	before   []store.Stage // before that, too
}

// Plan says what Run would do, and changes nothing. A document has to be in
// PreFetched, and stays there.
func (im *Importer) Plan(ctx context.Context) (Report, error) {
	document, err := im.toLookAt()
	if err != nil {
		return NothingYet(), err
	}
	n := im.begin(document)
	defer n.close()
	err = im.DB.View(ctx, func(v *store.View) error {
		plan, err := n.prepare(ctx, v)
		if err != nil {
			return err
		}
		names, err := readNames(ctx, v)
		if err != nil {
			return err
		}
		n.report.Changes = plan.Counts()
		if err := names.know(ctx, v, recorded(plan)); err != nil {
			return err
		}
		n.report.Lines = names.lines(recorded(plan))
		return nil
	})
	n.watch.stop()
	n.report.Result, n.report.Stages, n.report.Again = Planned, n.watch.stages, im.Again
	if err != nil {
		n.report.Result = store.Failed
	}
	return n.report, err
}

// toLookAt is the document that a run would import.
func (im *Importer) toLookAt() (*cache.Document, error) {
	if im.Again {
		document, err := im.State.Reflected()
		return document, nothingReflected(err)
	}
	return im.State.Prefetched()
}

// nothingReflected puts the absence of a document that the database reflects into words of
// its own: nobody is to put one there.
func nothingReflected(err error) error {
	if IsWithoutDocument(err) {
		return errors.New("nothing has been imported yet, so there is no document to look at again: leave out --again")
	}
	return err
}

// Run makes one import: it fetches a document unless one waits in PreFetched, applies
// what differs in one transaction and moves the document to Current and the Archive. The report is
// complete however it ends; a run that fails is recorded too, where that is possible,
// and has changed nothing. It fails at once with a *store.BusyError when another run
// is under way (R32).
func (im *Importer) Run(ctx context.Context) (Report, error) {
	if err := im.State.Prepare(); err != nil {
		return NothingYet(), err
	}
	holder := store.NewHolder("run")
	holder.Since = im.now()
	unlock, err := im.State.Lock(holder.String())
	if err != nil {
		return NothingYet(), err
	}
	defer func() { _ = unlock() }()
	lock, err := im.DB.Lock(ctx, holder)
	if err != nil {
		return NothingYet(), err
	}
	defer func() { _ = lock.Unlock() }()
	started := holder.Since
	fetching := im.stopwatch()
	fetching.next("fetch")
	document, noted, err := im.take(ctx)
	fetching.stop()
	if err != nil {
		return im.notTaken(ctx, lock, started, holder.Host, fetching.stages, err)
	}
	defer func() { _ = document.Close() }()
	im.progress("state") // the database's time begins
	n := im.begin(&document.Document)
	n.noted, n.before, n.report.Taken = noted, fetching.stages, document.Manifest.Since
	defer n.close()

	run, err := lock.Run(ctx, func(v *store.View) (store.Run, store.Plan, error) {
		plan, err := n.prepare(ctx, v)
		if err == nil {
			n.watch.next("apply")
		}
		n.report.Stages = n.watch.timed()
		return n.report.record("import", im.Version, started, holder.Host), plan, err
	})
	n.watch.stop()
	if err != nil {
		return n.failed(ctx, lock, started, holder.Host, err)
	}
	n.report.Run, n.report.Result, n.report.Changes = run.ID, run.Result, run.Counts.V
	n.report.Stages = n.watch.stages
	n.watch.next("archive")
	err = n.settle(document, started)
	n.watch.stop()
	im.progress("") // what is left is the database's again
	n.report.Stages = n.watch.stages
	if err != nil {
		err = &UnfiledError{run.ID, run.Result, err}
	}
	return n.report, err
}

func (im *Importer) now() time.Time {
	if im.Now == nil {
		return time.Now()
	}
	return im.Now()
}

// UnfiledError says that a run is done, and in the database, but that its document could
// not be filed away.
type UnfiledError struct {
	Run    store.ID
	Result store.Result
	Err    error
}

func (e *UnfiledError) Error() string {
	return fmt.Sprintf("run %d is done (%s), but its document could not be filed away: %v; mend that and run again: nothing is done twice", e.Run, e.Result, e.Err)
}

func (e *UnfiledError) Unwrap() error { return e.Err }

// failed records a run that came to nothing. Not being able to is no second error: the
// first says what to mend.
func (n *night) failed(ctx context.Context, lock *store.Lock, started time.Time, host string, cause error) (Report, error) {
	n.report.Error, n.report.Result, n.report.Stages = cause.Error(), store.Failed, n.watch.stages
	if ctx.Err() != nil { // the drivers call it other names
		n.report.Error, n.report.Result = "told to stop", store.Aborted
	}
	const patience = 10 * time.Second
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	run, err := lock.RecordFailure(ctx, n.report.record("import", n.Version, started, host))
	if err != nil {
		n.Log.Warn("the failed run could not be recorded", "error", err)
		return n.report, cause
	}
	n.report.Run = run.ID
	return n.report, cause
}

// begin starts to read the document, while others look at the database.
func (im *Importer) begin(document *cache.Document) *night {
	n := &night{Importer: im, document: document, reading: make(chan struct{}), report: NothingYet()}
	n.watch = im.stopwatch()
	go n.read()
	return n
}

// stopwatch times stages and tells of them.
func (im *Importer) stopwatch() stopwatch {
	return stopwatch{log: im.Log, tell: func(stage string) {
		im.Log.Debug("stage begins", "stage", stage)
		im.progress(stage)
	}}
}

func (im *Importer) progress(stage string) {
	if im.Progress != nil {
		im.Progress(stage)
	}
}

// notTaken records a run that found no document.
func (im *Importer) notTaken(ctx context.Context, lock *store.Lock, started time.Time, host string, stages []store.Stage, cause error) (Report, error) {
	n := &night{Importer: im, report: NothingYet(), watch: stopwatch{stages: stages}}
	if IsWithoutDocument(cause) {
		return n.report, cause // nothing was tried: nothing to record
	}
	return n.failed(ctx, lock, started, host, cause)
}

// close stops a reading that nobody waits for any more.
func (n *night) close() {
	_ = n.document.Close()
	<-n.reading
}

// read decodes the document and takes its hash.
func (n *night) read() {
	defer close(n.reading)
	defer n.survive()
	begin := time.Now()
	n.hash, n.err = n.document.Read(func(r io.Reader) (err error) {
		n.snap, err = isams.DecodeChoosing(r, n.Timetable)
		return err
	})
	n.took = time.Since(begin)
}

// survive turns a fault of the program's own, met in a document, into an error of the
// night: a service has to be there for the next one.
func (n *night) survive() {
	if fault := recover(); fault != nil {
		n.err = fmt.Errorf("reading the document: the program is at fault: %v; please report it", fault)
		n.Log.Error("the program is at fault", "error", fault, "stack", string(debug.Stack()))
	}
}

// prepare works out the plan from what the database and the document hold.
func (n *night) prepare(ctx context.Context, v *store.View) (store.Plan, error) {
	n.watch.stages = append([]store.Stage{}, n.before...)
	n.watch.next("state")
	var plan store.Plan
	calendar, err := v.Calendar(ctx)
	if err != nil {
		return plan, err
	}
	current, asOf, err := n.day(calendar, &plan)
	if err != nil {
		return plan, err
	}
	n.report.AsOf, n.report.Era = asOf, current.Name
	state, err := v.State(ctx, Datasource, current.ID, asOf)
	if err != nil {
		return plan, err
	}
	n.watch.next("decode")
	if err := n.await(ctx); err != nil {
		return plan, err
	}
	n.watch.next("diff")
	file, err := ReadSuspensions(n.SuspensionsFile)
	if err != nil {
		return plan, err
	}
	noted := slices.Clone(n.noted)
	if n.SuspensionsFile == "" {
		for _, s := range state.Suspensions {
			if s.Origin == store.InFile {
				file = append(file, fromStored(s))
			}
		}
		if len(file) > 0 {
			noted = append(noted, mis.Problem{Section: "suspensions", Reason: mis.SectionIsAbsent,
				Detail: fmt.Sprintf("no suspensions_file is configured: those that a run read in one stay as they are (%d); to take them out, name a file without them", len(file))})
		}
	}
	d := newDiffer(plan, state, n.snap, current, asOf, n.Years, file)
	if err := v.ReadLessons(ctx, state, d.stale()); err != nil {
		return plan, err
	}
	plan, problems := d.changes(calendar.Plain())
	found := slices.Concat(n.snap.Problems.List(), problems.List())
	mis.SortProblems(found)
	n.report.Problems = append(append([]mis.Problem{}, noted...), found...)
	n.watch.stop()
	return plan, nil
}

// await waits for the document to be read. The stage is given the time that reading
// took as a whole: most of it went by while the state was read.
func (n *night) await(ctx context.Context) error {
	select {
	case <-n.reading:
	case <-ctx.Done():
		return ctx.Err()
	}
	n.watch.stopAt(n.took)
	if n.err != nil {
		return n.err
	}
	current, err := n.State.CurrentHash()
	n.report.Records, n.report.Timetable = n.snap.Counts(), n.snap.Timetable.Name
	n.report.Source = store.Source{SHA256: n.hash, Bytes: n.document.Size(), Unchanged: current == n.hash}
	return err
}

// day is the era to import into and the as-of date. A database in which no era was
// ever set begins with the academic year of that day.
func (n *night) day(calendar store.Calendar, plan *store.Plan) (store.Era, era.Date, error) {
	today := era.DateOf(n.now().In(n.Zone))
	if current := calendar.Current(); current != nil {
		asOf, err := current.AsOf(today, n.AsOf)
		return *current, asOf, err
	}
	day := n.AsOf
	if day == 0 {
		day = today
	}
	first := store.Era{ID: plan.NewID(), Era: era.Academic(day, n.AcademicYearStarts)}
	if known, clash := first.Clash(calendar.Plain()); clash {
		return first, day, fmt.Errorf("no era is current, and %s is there already: choose one with \"misimportd era set current\"", known)
	}
	settings := calendar.Settings
	settings.CurrentEraID = first.ID
	plan.Create(first, store.NoEraYet)
	plan.Change(store.Update, calendar.Settings, settings, store.NoEraYet)
	return first, day, nil
}

// settle files the document away after a run: to the Archive, unless it is the one that
// is there and nothing came of it, and to Current.
func (n *night) settle(document *cache.Taken, started time.Time) error {
	if n.report.Result == store.Applied || !n.report.Source.Unchanged {
		report, err := json.MarshalIndent(n.report, "", "  ")
		if err != nil {
			return err
		}
		if err := document.Keep(started.In(n.Zone), int64(n.report.Run), append(report, '\n')); err != nil {
			return err
		}
	}
	if err := document.Settle(int64(n.report.Run)); err != nil {
		return err
	}
	if n.Retention == 0 {
		return nil
	}
	return n.State.Prune(started.In(n.Zone).Add(-n.Retention))
}
