// Package daemon knows when an import is due, and makes it. What an import is it need not know.
package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"misimportd/era"
	"misimportd/importer"
	"misimportd/importer/report"
	"misimportd/importer/words"
	"misimportd/store/model"
)

// Daemon makes the imports of a service. One goroutine, that of Serve, waits for the
// time, for somebody's wish and for the end, and runs the imports itself: two at once
// are impossible. All fields have to be set.
type Daemon struct {
	Setup *Setup
	// Load makes another Setup, for a Reload. Its error is told, and all stays as it was.
	Load    func(context.Context) (*Setup, error)
	Trigger <-chan struct{} // an import now; of capacity one, so that wishes come together
	Reload  <-chan struct{} // likewise
	Watch   []Watcher
	Now     func() time.Time // what the clock on the wall says
	Log     *slog.Logger

	wanted     bool      // an import was asked for and has not begun
	unrecorded []Attempt // failures that are in no database
	next       time.Time // that was logged
	away       string    // the trouble with the database that was logged: once is enough
	busy       bool      // that another process is at it was logged
}

// Setup is what a daemon goes by until it is reloaded.
type Setup struct {
	Importer *importer.Importer
	Schedule Schedule

	asked chan found // the answer that the database still owes, nil when it owes none
}

// found is what the database says of the imports, or why it does not.
type found struct {
	imports model.Imports
	err     error
}

// SilentError says that the database does not answer: it may be stuck, or the network.
type SilentError struct{ For time.Duration }

func (e *SilentError) Error() string {
	return fmt.Sprintf("the database has not answered for %s", e.For)
}

// Watcher is told what a daemon does. Its methods are called from the goroutine of the
// daemon, one at a time.
type Watcher interface {
	Looked(Outlook)
	Began(time.Time)
	Ended(time.Time, report.Report, error)
}

// Outlook is what a daemon found when it looked at the record, once a minute.
type Outlook struct {
	At      time.Time
	Next    time.Time     // when it means to import; zero when it cannot tell
	Due     time.Time     // the newest time of the schedule that has come; zero for none, or where a pause was on since
	GaveUp  bool          // what was due then has failed, and is not tried again before the next time
	Imports model.Imports // nothing while the database is away
	Away    error         // why the database cannot be read now, or nil
	Zone    *time.Location
	Pause   era.Interval // that is on; the zero one where none is
	Why     string       // it is on, as a person wrote it
	EraEnds era.Date     // the current era's last day; zero where there is none
	HasNext bool         // there is a next era
	Rolls   bool         // into it by itself
}

// IsPaused tells whether no import begins by itself now.
func (o Outlook) IsPaused() bool { return o.Pause.To != 0 }

// PausedUntil tells of the pause in words, "" where none is on.
func (o Outlook) PausedUntil() string {
	if !o.IsPaused() {
		return ""
	}
	text := "paused until " + o.Pause.To.Long()
	if o.Why != "" {
		text += " (" + words.Clean(o.Why) + ")"
	}
	return text
}

func (o Outlook) due() bool { return o.Away == nil && !o.Next.IsZero() && !o.Next.After(o.At) }

const (
	lookEvery     = time.Minute
	lookWhileAway = 10 * time.Second

	mostUnrecorded = 200 // the newest; a night makes some twenty
)

// Serve works until ctx is done, and closes the database.
func (d *Daemon) Serve(ctx context.Context) {
	defer func() { _ = d.Setup.Importer.DB.Close() }()
	d.Log.Info("ready", "schedule", d.Setup.Schedule.String(), "database", d.Setup.Importer.DB.String())
	for ctx.Err() == nil {
		d.collect(ctx)
		outlook := d.look(ctx)
		if ctx.Err() != nil {
			break
		}
		wait := lookEvery
		if !outlook.Next.IsZero() {
			wait = min(wait, outlook.Next.Sub(outlook.At))
		}
		switch {
		case outlook.Away != nil:
			wait = lookWhileAway
		case outlook.due() || d.wanted:
			if outlook.IsPaused() {
				d.Log.Warn("imports are " + outlook.PausedUntil() + "; this one is made, for it was asked for")
			}
			if d.night(ctx) {
				continue
			}
			d.look(ctx) // so that those who watch know now what came of it
			wait = lookWhileAway
		}
		d.wait(ctx, wait)
	}
}

// collect takes what was asked for while something else was done: first another
// configuration, then an import by it.
func (d *Daemon) collect(ctx context.Context) {
	select {
	case <-d.Reload:
		d.reload(ctx)
	default:
	}
	select {
	case <-d.Trigger:
		d.wanted = true
	default:
	}
}

// wait ends when the time is over or something is to be done.
func (d *Daemon) wait(ctx context.Context, how time.Duration) {
	timer := time.NewTimer(how)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-d.Trigger:
		d.wanted = true
		d.Log.Info("an import was asked for")
	case <-d.Reload:
		d.reload(ctx)
	}
}

func (d *Daemon) reload(ctx context.Context) {
	setup, err := d.Load(ctx)
	if err != nil {
		d.Log.Error("the configuration was not reloaded, and what was before goes on", "error", err)
		return
	}
	_ = d.Setup.Importer.DB.Close()
	d.Setup = setup
	d.Log.Info("the configuration was reloaded", "schedule", setup.Schedule.String(), "database",
		setup.Importer.DB.String())
}

// Look reads the record and works out when the next import is due.
func (s *Setup) Look(ctx context.Context, now time.Time, unrecorded ...Attempt) Outlook {
	imports, away := s.imports(ctx)
	if away != nil {
		due, gaveUp := s.Schedule.standing(now, unrecorded)
		return Outlook{At: now, Zone: s.Schedule.zone, Away: away, Due: due, GaveUp: gaveUp}
	}
	o := s.Schedule.Outlook(now, imports, unrecorded...)
	o.Rolls = s.Importer.Turn.AutoRoll
	return o
}

// imports asks the database, and does not wait longer than it has patience: a connection
// that is open and says nothing heeds no deadline. Nobody is asked twice at once.
func (s *Setup) imports(ctx context.Context) (model.Imports, error) {
	const patience = 20 * time.Second
	if s.asked == nil {
		answer := make(chan found, 1)
		go func() {
			ctx, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			imports, err := s.Importer.DB.Imports(ctx)
			answer <- found{imports, err}
		}()
		s.asked = answer
	}
	timer := time.NewTimer(patience + time.Second)
	defer timer.Stop()
	select {
	case f := <-s.asked:
		s.asked = nil
		return f.imports, f.err
	case <-timer.C:
		return model.Imports{}, &SilentError{patience}
	case <-ctx.Done():
		return model.Imports{}, ctx.Err()
	}
}

// IsAway tells whether err, of an Outlook, is trouble that may pass by itself.
func (s *Setup) IsAway(err error) bool {
	var silent *SilentError
	return errors.As(err, &silent) || s.Importer.DB.IsAway(err)
}

// look looks, and tells those who watch.
func (d *Daemon) look(ctx context.Context) Outlook {
	o := d.Setup.Look(ctx, d.Now(), d.unrecorded...)
	switch {
	case o.Away == nil:
		d.tell("")
		if !o.due() && !o.Next.Equal(d.next) {
			d.next = o.Next
			attributes := []any{"at", o.Next.Format("Monday 2 January 2006 15:04:05 MST")}
			if o.IsPaused() {
				attributes = append(attributes, "paused", o.PausedUntil())
			}
			d.Log.Info("the next import", attributes...)
		}
	case ctx.Err() == nil:
		d.tell(o.Away.Error())
	}
	for _, w := range d.Watch {
		w.Looked(o)
	}
	return o
}

// tell logs that the database is away, and that it is back, once each.
func (d *Daemon) tell(trouble string) {
	switch {
	case trouble == d.away:
	case trouble == "":
		d.Log.Info("the database is there again")
	default:
		d.Log.Warn("waiting for the database", "error", trouble)
	}
	d.away = trouble
}

// attempts is the record of imports as the schedule looks at it.
func attempts(imports model.Imports) []Attempt {
	list := make([]Attempt, len(imports.Newest))
	for i, run := range imports.Newest {
		list[i] = Attempt{At: run.StartedAt, Ended: run.FinishedAt, Completed: run.Result != model.Failed}
	}
	return list
}

// night makes one import. It tells whether all is well, and the next is to be looked for at
// once: not when another process is at it, whose import will be found in the record, nor
// after a failure.
func (d *Daemon) night(ctx context.Context) bool {
	began := d.Now()
	for _, w := range d.Watch {
		w.Began(began)
	}
	report, err := d.Setup.Import(ctx, d.Log)
	for _, w := range d.Watch {
		w.Ended(d.Now(), report, err)
	}
	if importer.IsBusy(err) {
		if !d.busy {
			d.Log.Info("another process is at work; the import waits for it to end", "other", err)
		}
		d.busy = true
		return false
	}
	d.wanted, d.busy = false, false
	d.log(ctx, report, err)
	if report.Ahead != nil && err == nil {
		d.log(ctx, *report.Ahead, nil)
	}
	switch {
	case err == nil:
		d.unrecorded = nil
	case report.Run == 0:
		d.unrecorded = append(d.unrecorded, Attempt{At: began, Ended: d.Now()})
		d.unrecorded = d.unrecorded[max(0, len(d.unrecorded)-mostUnrecorded):]
	}
	return err == nil
}

// Import makes an import. A fault of the program's own fails this import, and not the process.
func (s *Setup) Import(ctx context.Context, log *slog.Logger) (done report.Report, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			done, err = report.NothingYet(), &FaultError{fault}
			log.Error("the program is at fault", "error", fault, "stack", string(debug.Stack()))
		}
	}()
	return s.Importer.Run(ctx)
}

// FaultError says that the program itself is wrong.
type FaultError struct{ Fault any }

func (e *FaultError) Error() string {
	return fmt.Sprintf("the program is at fault: %v; please report it", e.Fault)
}

// log tells how an import ended, in one line that can be read aloud.
func (d *Daemon) log(ctx context.Context, report report.Report, err error) {
	attributes := []any{"run", report.Run, "result", report.Result}
	var unfiled *importer.UnfiledError
	var ahead *importer.AheadError
	switch {
	case errors.As(err, &unfiled):
		d.Log.Error(report.Sentence(), append(attributes, "error", err)...)
	case errors.As(err, &ahead):
		d.Log.Error(err.Error(), attributes...)
	case importer.IsWithoutDocument(err):
		d.Log.Warn("there was no document to import", "error", err)
	case ctx.Err() != nil && err != nil:
		d.Log.Info("the import was stopped and rolled back: nothing was changed", attributes...)
	case err != nil:
		d.Log.Error("the import failed and changed nothing: "+err.Error(), attributes...)
	case report.Result == model.Held:
		d.Log.Warn(report.Sentence(), attributes...)
	default:
		d.Log.Info(report.Sentence(), attributes...)
	}
}
