package importer

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"misimportd/era"
	"misimportd/era/hint"
	"misimportd/importer/report"
	"misimportd/mis"
	"misimportd/mis/cache"
	"misimportd/mis/isams"
	"misimportd/store/model"
)

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
	report   report.Report
	noted    []mis.Problem  // before the document was read
	pinned   []model.Change // what the MIS says of what is pinned
	before   []model.Stage  // before that, too

	looking    bool // it is a plan: nothing was done about the school year before
	peopleOnly bool // the current era is over: no group and no lesson is touched
}

// begin starts to read the document, while others look at the database.
func (im *Importer) begin(document *cache.Document) *night {
	n := &night{Importer: im, document: document, reading: make(chan struct{}), report: report.NothingYet()}
	n.watch = im.stopwatch()
	go n.read()
	return n
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
		n.snap, err = isams.DecodeWith(r, isams.Options{Timetable: n.Timetable, Dumps: dumpsOf(n.document)})
		return err
	})
	n.took = time.Since(begin)
}

// dumpsOf is the dumps that came with a document.
func dumpsOf(document *cache.Document) (dumps []isams.Dump) {
	for _, b := range document.Beside() {
		dumps = append(dumps, isams.Dump{Name: b.Name, Open: b.Open})
	}
	return dumps
}

// survive turns a fault of the program's own, met in a document, into an error of the
// night: a service has to be there for the next one.
func (n *night) survive() {
	if fault := recover(); fault != nil {
		n.err = fmt.Errorf("reading the document: the program is at fault: %v; please report it", fault)
		n.Log.Error("the program is at fault", "error", fault, "stack", string(debug.Stack()))
	}
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
	n.report.Source = model.Source{SHA256: n.hash, Bytes: n.document.Size(), Unchanged: current == n.hash}
	return err
}

// firstEra is the era of a database in which none was ever set: the academic year of the day.
func (n *night) firstEra(calendar model.Calendar, plan *model.Plan) (model.Era, era.Date, error) {
	day := n.day()
	first := model.Era{ID: plan.NewID(), Era: era.Academic(day, n.AcademicYearStarts)}
	if known, clash := first.Clash(calendar.Plain()); clash {
		return first, day, fmt.Errorf("no era is current, and %s is there already: choose one with \"%s\"", known,
			hint.Command("era set current"))
	}
	settings := calendar.Settings
	settings.CurrentEraID = first.ID
	plan.Create(first, model.NoEraYet)
	plan.Change(model.Update, calendar.Settings, settings, model.NoEraYet)
	return first, day, nil
}

// settle files the document away after a run: to the Archive, unless it is the one that
// is there and nothing came of it, and to Current, unless nothing of it was applied for it
// waits for a person.
func (n *night) settle(document *cache.Taken, home cache.Home, started time.Time) error {
	if report.IsUnwanted(n.report.Problems) {
		return document.Discard()
	}
	if n.report.Result != model.Unchanged || !n.report.Source.Unchanged {
		report, err := json.MarshalIndent(n.report, "", "  ")
		if err != nil {
			return err
		}
		if err := document.Keep(started.In(n.Zone), int64(n.report.Run), append(report, '\n')); err != nil {
			return err
		}
	}
	file := func() error { return document.Settle(int64(n.report.Run)) }
	if n.NextYear != nil || n.report.Hold != model.HoldNothing && len(n.report.Changes) == 0 {
		file = document.Discard
	}
	if err := file(); err != nil {
		return err
	}
	if n.Retention == 0 {
		return nil
	}
	return home.Prune(started.In(n.Zone).Add(-n.Retention))
}
