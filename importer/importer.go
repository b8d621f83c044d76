// package importer knows what a night is: a document is read, compared with what the
// database holds, and the changes are shown, or applied and recorded. It decides what
// has to change; the packages mis and store, which do not know each other, tell it what
// the MIS says and what the database holds.
package importer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"misimportd/era"
	"misimportd/era/hint"
	"misimportd/importer/guard"
	"misimportd/importer/report"
	"misimportd/importer/want"
	"misimportd/mis/cache"
	"misimportd/store"
	"misimportd/store/model"
)

// Importer makes imports. Its fields from DB to Log have to be set, but for those that say
// what their zero value means.
type Importer struct {
	DB                 *store.DB
	State              cache.Home
	Zone               *time.Location
	Years              []era.Year   // the year groups to import; none means all
	AcademicYearStarts era.MonthDay // for when no era was ever set
	AsOf               era.Date     // zero: today, or the era's first day when that is later
	Version            string
	Operator           string           // who asks for it on a page, "" for a night or a command
	SuspensionsFile    string           // "" for none
	Groups             want.OtherGroups // beside forms and sets: the eras and the file's own are filled in
	ExtraGroupsFile    string           // "" for none
	EventsFiles        []string         // patterns of the school's own files of events; none for no events
	Covers             want.CoverRules
	Again              bool             // import the document that the database reflects once more
	Force              bool             // import a document even though a run that did was undone
	Guard              guard.Guard      // NewGuard where nothing else is said; the zero one judges nothing
	Timetable          string           // the published timetable to import, "" for the only one
	Now                func() time.Time // what the clock on the wall says; nil is time.Now
	Log                *slog.Logger
	Fetching           Fetching
	Retention          time.Duration      // of the Archive; zero keeps it for ever
	Progress           func(stage string) // may be nil
	Turn               Turn
	NextYear           *model.NextYear // load a later era ahead of time; nil: import into the current one
	Convert            bool            // it is the first import from a new MIS
	Conversion         Conversion

	// StillDue is asked once nobody else can import any more, with the record of imports as it is then: that there is
	// nothing to do any more ends Run with an *AnsweredError. nil: an import is due whatever there was.
	StillDue func(model.Imports) bool
	// Admit waits until there is room for an import of a document of so many bytes; its memory is in use until release
	// is called. nil: there is room always.
	Admit func(ctx context.Context, bytes int64) (release func(), err error)
}

// Plan says what Run would do, and changes nothing. A document has to be in
// PreFetched, and stays there; if one is asked for anew, nothing of it is kept.
func (im *Importer) Plan(ctx context.Context) (report.Report, error) {
	im.ask(im.NextYear)
	fetching := im.stopwatch()
	document, err := im.toLookAt(ctx, &fetching)
	fetching.stop()
	if err != nil {
		return report.NothingYet(), err
	}
	defer func() { _ = document.Close() }()
	planned, err := im.planOf(ctx, document)
	planned.Stages = slices.Concat(fetching.stages, planned.Stages)
	if err != nil {
		return planned, err
	}
	due, err := im.isAheadDue(ctx)
	if err != nil || !due || planned.Hold == model.HoldAll {
		return planned, err
	}
	ahead := *im
	ahead.ask(im.Turn.Ahead)
	next, err := ahead.planOf(ctx, document)
	planned.Ahead = &next
	return planned, err
}

// planOf says what a document would change.
func (im *Importer) planOf(ctx context.Context, document *cache.Document) (report.Report, error) {
	n := im.begin(document)
	n.looking = true
	defer func() { <-n.reading }()
	err := im.DB.View(ctx, func(v *store.View) error {
		proposal, err := n.prepare(ctx, v)
		if err != nil {
			return err
		}
		return spellOut(ctx, v, &n.report, proposal, n.pinned...)
	})
	n.watch.stop()
	n.report.Result, n.report.Stages, n.report.Again = report.Planned, n.watch.stages, im.Again
	if err != nil {
		n.report.Result = model.Failed
		_ = document.Close() // nobody waits for the rest of it
	}
	return n.report, err
}

// toLookAt is the document that a run would import.
func (im *Importer) toLookAt(ctx context.Context, watch *stopwatch) (*cache.Document, error) {
	switch {
	case im.Again:
		document, err := im.State.Reflected()
		return document, nothingReflected(err)
	case im.Fetching.Anew:
		watch.next("fetch")
		return im.fetchToLook(ctx)
	}
	document, err := im.State.Prefetched()
	if im.Fetching.Client != nil && IsWithoutDocument(err) {
		err = fmt.Errorf("%w, or look at what iSAMS says now with \"%s\"", err, hint.Import("plan --fetch"))
	}
	return document, err
}

// Run makes one import: it fetches a document unless one waits in PreFetched, judges what
// differs, applies it in one transaction, or of it what the guard lets pass, and moves the
// document to Current and the Archive. The report is complete however it ends; a run that
// fails is recorded too, where that is possible, and has changed nothing. It fails at once
// with a *store.BusyError when another run is under way (R32).
func (im *Importer) Run(ctx context.Context) (report.Report, error) {
	im.ask(im.NextYear)
	report := report.NothingYet()
	err := im.locked(ctx, "run", func(lock *store.Lock, holder store.Holder) (err error) {
		if err := im.stillDue(ctx); err != nil {
			return err
		}
		report, err = im.run(ctx, lock, holder)
		return err
	})
	return report, err
}

// stillDue asks whether an import is due, where somebody wants to know.
func (im *Importer) stillDue(ctx context.Context) error {
	if im.StillDue == nil {
		return nil
	}
	imports, err := im.DB.Imports(ctx)
	if err == nil && !im.StillDue(imports) {
		err = &AnsweredError{}
	}
	return err
}

// admit waits until there is room for an import.
func (im *Importer) admit(ctx context.Context, bytes int64) (release func(), err error) {
	if im.Admit == nil {
		return func() {}, nil
	}
	return im.Admit(ctx, bytes)
}

// locked calls do while no other process can change folder or database (R32).
func (im *Importer) locked(ctx context.Context, command string, do func(*store.Lock, store.Holder) error) error {
	holder := store.NewHolder(command)
	holder.Since, holder.Operator = im.now(), im.Operator
	unlock, err := im.lockFolder(ctx, holder)
	if err != nil {
		return err
	}
	defer func() { _ = unlock() }()
	lock, err := im.DB.Lock(ctx, holder)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Unlock() }()
	return do(lock, holder)
}

// awaitFolder takes the state folder. It waits for a process that was killed and is not gone
// yet.
func (im *Importer) awaitFolder(ctx context.Context, holder store.Holder) (unlock func() error, err error) {
	err = store.Outwait(ctx, TellWaiting(im.Log), func() (by string, err error) {
		var busy *cache.BusyError
		if unlock, err = im.State.Lock(holder.String()); errors.As(err, &busy) {
			return busy.Holder, err
		}
		return "", err
	})
	return unlock, err
}

// TellWaiting logs that the lock of a process is waited for that was killed.
func TellWaiting(log *slog.Logger) func(holder string) {
	return func(holder string) {
		log.Warn(fmt.Sprintf("a run was killed, and what it was doing is not over yet: waiting for up to %s",
			store.Patience), "killed", holder)
	}
}

// run makes one import, with what the school year asks for: before it a roll that is due, and after it
// an import into the next era.
func (im *Importer) run(ctx context.Context, lock *store.Lock, holder store.Holder) (report.Report, error) {
	var rolled model.ID
	var err error
	if im.NextYear == nil {
		if rolled, err = im.turnYear(ctx, lock, holder); err != nil {
			return report.NothingYet(), err
		}
	}
	done, err := im.importOne(ctx, lock, holder)
	done.Rolled = rolled
	if err != nil || done.Run == 0 || len(done.Changes) == 0 && done.Result == model.Held {
		return done, err // or nothing of the document was applied, and it is not there any more
	}
	due, err := im.isAheadDue(ctx)
	if err != nil || !due {
		return done, err
	}
	done.Ahead, err = im.loadAhead(ctx, lock, holder)
	return done, err
}

// importOne makes one import.
func (im *Importer) importOne(ctx context.Context, lock *store.Lock, holder store.Holder) (report.Report, error) {
	fetching := im.stopwatch()
	fetching.next("fetch")
	document, noted, err := im.take(ctx)
	fetching.stop()
	if err != nil {
		return im.notTaken(ctx, lock, holder, fetching.stages, err)
	}
	defer func() { _ = document.Close() }()
	release, err := im.admit(ctx, document.Size())
	if err != nil {
		return im.notTaken(ctx, lock, holder, fetching.stages, err)
	}
	defer release()
	im.progress("state") // the database's time begins
	n := im.begin(&document.Document)
	n.noted, n.before, n.report.Taken = noted, fetching.stages, document.Manifest.Since
	return n.carryOut(ctx, lock, holder, document, n.kind(), n.prepare)
}

// kind is what sort of run it is.
func (im *Importer) kind() string {
	switch {
	case im.NextYear != nil:
		return model.Ahead
	case im.Convert:
		return model.Convert
	}
	return model.Import
}

// carryOut makes a run of what prepare proposes, and files the document away.
func (n *night) carryOut(ctx context.Context, lock *store.Lock, holder store.Holder, document *cache.Taken, kind string,
	prepare func(context.Context, *store.View) (model.Proposal, error)) (report.Report, error) {
	defer n.close()
	var filing func(*store.Filing, model.Run) error
	if document.InRows() {
		filing = func(f *store.Filing, run model.Run) error {
			n.report.SetOutcome(run)
			return n.settle(document.Within(rows{f.Documents()}), n.State.Within(rows{f.Documents()}), holder.Since)
		}
	}
	run, err := lock.RunFiling(ctx, func(v *store.View) (model.Proposal, error) {
		proposal, err := prepare(ctx, v)
		if err == nil {
			n.watch.next("apply")
		}
		n.report.Stages = n.watch.timed()
		proposal.Run = record(n.report, kind, n.Version, holder)
		proposal.Run.Options.V = model.Options{NextYear: n.NextYear, Convert: n.Convert}
		return proposal, err
	}, filing)
	n.watch.stop()
	var refused refusal
	if errors.As(err, &refused) {
		return n.report, err
	}
	if err != nil {
		return n.failed(ctx, lock, kind, holder, err)
	}
	n.report.SetOutcome(run)
	n.report.Stages = n.watch.stages
	n.watch.next("archive")
	if document.InRows() {
		err = document.Filed()
	} else {
		err = n.settle(document, n.State, holder.Since)
	}
	n.watch.stop()
	n.progress("") // what is left is the database's again
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

func (e *UnfiledError) Error() string {
	return fmt.Sprintf("run %d is done (%s), but its document could not be filed away: %v; mend that and run again: "+
		"nothing is done twice", e.Run, e.Result, e.Err)
}

func (e *UnfiledError) Unwrap() error { return e.Err }

// failed records a run that came to nothing. Not being able to is no second error: the
// first says what to mend.
func (n *night) failed(ctx context.Context, lock *store.Lock, kind string, holder store.Holder,
	cause error) (report.Report, error) {
	n.report.Stages = n.watch.stages
	return n.recordFailure(ctx, lock, n.report, kind, holder, cause), cause
}

// recordFailure records a run that changed nothing, and returns its report.
func (im *Importer) recordFailure(ctx context.Context, lock *store.Lock, report report.Report, kind string,
	holder store.Holder, cause error) report.Report {
	report.Error, report.Result = cause.Error(), model.Failed
	report.Hold, report.Changes, report.Waiting = model.HoldNothing, []model.Count{}, []model.Count{}
	if ctx.Err() != nil { // the drivers call it other names
		report.Error, report.Result = "told to stop", model.Aborted
	}
	const patience = 10 * time.Second
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	run, err := lock.RecordFailure(ctx, record(report, kind, im.Version, holder))
	if err != nil {
		im.Log.Warn("the failed run could not be recorded", "error", err)
		return report
	}
	report.Run = run.ID
	return report
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
func (im *Importer) notTaken(ctx context.Context, lock *store.Lock, holder store.Holder, stages []model.Stage,
	cause error) (report.Report, error) {
	n := &night{Importer: im, report: report.NothingYet(), watch: stopwatch{stages: stages}}
	if IsWithoutDocument(cause) {
		return n.report, cause // nothing was tried: nothing to record
	}
	return n.failed(ctx, lock, model.Import, holder, cause)
}
