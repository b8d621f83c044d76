//go:build !single

package fleet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"misimportd/era/hint"
	"misimportd/importer"
	"misimportd/importer/daemon"
	"misimportd/importer/guard"
	"misimportd/importer/report"
	"misimportd/mis/isams"
	"misimportd/mis/isams/batch"
	"misimportd/store"
	"misimportd/store/model"
)

const (
	// A school whose job has ended this many workers is tried alone, so that others do not suffer with it; and after
	// so many it is set aside. A worker that is killed may have had nothing to do with what it had in hand.
	triesTogether = 2
	triesMost     = 6
)

// ending is what came of a job.
type ending struct {
	next       time.Time       // when the school is to be looked at again
	outlook    *daemon.Outlook // nil: its record was not read
	attempt    *daemon.Attempt // that was made, nil for none
	report     report.Report
	err        error
	reason     string // of the run's trouble, "" for none
	why        string
	lost       string // why the school could not be looked at, "" where it could
	lostWhy    string
	unrecorded []daemon.Attempt
	aside      string // why it is set aside
	wishDone   bool
	undone     bool // nothing was found out: this was no try
	free       bool // and nothing keeps it from its night but that somebody wants it so
}

// later puts a school back for a while: nothing was found out, and it is due still.
func (t taken) later(wait time.Duration) ending {
	return ending{next: t.Now.Add(wait), unrecorded: t.Unrecorded, undone: true}
}

// attend does what a school's night asks for, if anything does.
func (w *Worker) attend(ctx context.Context, t taken) ending {
	isWish, isLook := !t.WishedAt.IsZero(), t.Look || !t.HeldSince.IsZero()
	log := w.Log.With("school", t.Name)
	switch {
	case isWish, isLook:
	case !t.AsideAt.IsZero(), t.Stopped, t.PausedUntil.After(t.Now.Time):
		e := t.later(0)
		e.free = true
		return e
	}
	if t.Tries > triesMost && (isWish || t.AsideAt.IsZero()) {
		why := fmt.Sprintf("its job has ended %d workers: look at what its document does to one, then \"%s\"",
			triesMost, hint.Command("fleet resume %s", t.Name))
		log.Error("a school is set aside", "why", why)
		return ending{next: t.Now.Time, aside: why, unrecorded: t.Unrecorded, wishDone: true}
	}
	opened, err := w.Open(ctx, t.School)
	if err != nil {
		log.Error("a school cannot be opened", "error", err)
		return t.inTrouble(inSettings, fmt.Errorf("on %s: %w", w.Machine, err), 5*time.Minute)
	}
	defer func() { _ = opened.Close() }()
	e := w.attendOpened(ctx, t, opened)
	if e.outlook != nil && e.outlook.Away == nil && !e.undone {
		e.next = nextOf(t, e, opened.Setup.Schedule)
	}
	w.tell(ctx, t, e)
	return e
}

// inTrouble puts a school back that could not be looked at. The longer that lasts, the less often it is tried.
func (t taken) inTrouble(reason string, err error, most time.Duration) ending {
	wait := time.Minute
	if t.Lost == reason && !t.LostSince.IsZero() {
		wait = max(wait, min(most, t.Now.Sub(t.LostSince.Time)/4))
	}
	e := t.later(wait)
	e.lost, e.lostWhy = reason, err.Error()
	return e
}

// attendOpened looks at the school's own record, and imports if that says so.
func (w *Worker) attendOpened(ctx context.Context, t taken, o *Opened) ending {
	setup := o.Setup
	var claimed *ClaimedError
	look, err := w.lookAt(ctx, t, setup)
	switch {
	case ctx.Err() != nil:
		return t.later(0)
	case errors.As(err, &claimed):
		return t.inTrouble(inPlace, err, 15*time.Minute)
	case err != nil:
		return t.away(setup, err)
	case !t.isDue(look):
		return ending{outlook: &look, unrecorded: t.Unrecorded, wishDone: true}
	case t.WishedAt.IsZero() && t.mayNotBegin():
		e := t.later(lookedOnly)
		e.outlook, e.free = &look, !t.Waits
		return e
	}
	im := setup.Importer
	im.Fetching.UseLastGood = im.Fetching.UseLastGood && t.hasTriedFor(o.LastGoodAfter, look)
	im.Now, im.Admit = w.now, w.memory.take
	if t.Tries > triesTogether {
		release, err := w.memory.takeAll(ctx)
		if err != nil {
			return t.later(0)
		}
		defer release()
		im.Admit = nil
	}
	refused := false // by the host, for now
	im.StillDue = func(imports model.Imports) bool {
		if err := w.Fleet.Claim(ctx, im.DB, t.Name); errors.As(err, &claimed) {
			return false
		}
		if !t.isDue(setup.Schedule.Outlook(w.now(), imports, t.Unrecorded...)) {
			return false
		}
		may, err := w.mayAsk(ctx, o.Host, t.Settings)
		refused = err != nil || !may
		return !refused
	}
	began := w.now()
	done, err := setup.Import(ctx, w.Log)
	var unfiled *importer.UnfiledError
	if errors.As(err, &unfiled) { // it is done, and another night files its document
		w.Log.Error(done.Sentence(), "school", t.Name, "run", done.Run, "error", err)
		err = nil
	}
	var answered *importer.AnsweredError
	switch {
	case importer.IsBusy(err):
		e := t.later(w.Pace.Again)
		e.outlook = &look
		return e
	case claimed != nil:
		return t.inTrouble(inPlace, claimed, 15*time.Minute)
	case refused:
		e := t.later(hostWaits)
		e.outlook = &look
		return e
	case ctx.Err() != nil && err != nil:
		e := t.later(0)
		e.report, e.err = done, err
		return e
	}
	e := ending{report: done, err: err, unrecorded: t.Unrecorded, wishDone: true}
	if !errors.As(err, &answered) {
		e.attempt = &daemon.Attempt{At: began, Ended: w.now(), Completed: err == nil}
		e.reason, e.why = reasonOf(done, err)
		if err != nil && done.Run == 0 {
			e.unrecorded = append(e.unrecorded, *e.attempt)
			e.unrecorded = e.unrecorded[max(0, len(e.unrecorded)-mostUnrecorded):]
		}
	}
	if err == nil {
		e.unrecorded = nil
	}
	if look := setup.Look(ctx, w.now(), e.unrecorded...); look.Away == nil {
		e.outlook = &look
	} else {
		e.next = t.Now.Add(time.Minute) // somebody looks again, and finds what was done
	}
	return e
}

// lookAt looks at a school's record, once it is sure whose that is. A server that says nothing is not asked for each of
// its schools.
func (w *Worker) lookAt(ctx context.Context, t taken, setup *daemon.Setup) (look daemon.Outlook, err error) {
	db := setup.Importer.DB
	if !w.silent.mayAsk(db.Server(), w.Pace.Quiet) {
		return look, &daemon.SilentError{For: claimPatience}
	}
	var claimed *ClaimedError
	if err = w.Fleet.Claim(ctx, db, t.Name); err == nil || !errors.As(err, &claimed) && !setup.IsAway(err) {
		look = setup.Look(ctx, w.now(), t.Unrecorded...)
		err = look.Away
	}
	var silent *daemon.SilentError
	if ctx.Err() == nil {
		w.silent.note(db.Server(), errors.As(err, &silent), w.Pace.Quiet)
	}
	return look, err
}

// hasTriedFor tells whether a school's document could not be had for so long this night.
func (t taken) hasTriedFor(long time.Duration, look daemon.Outlook) bool {
	first := look.At
	for _, run := range look.Imports.Newest {
		if run.Result == model.Failed && run.StartedAt.Before(first) && !run.StartedAt.Before(look.Due) {
			first = run.StartedAt
		}
	}
	for _, attempt := range t.Unrecorded {
		if attempt.At.Before(first) && !attempt.At.Before(look.Due) {
			first = attempt.At
		}
	}
	return look.At.Sub(first) >= long
}

// mayNotBegin tells whether the school is merely looked at.
func (t taken) mayNotBegin() bool {
	return t.Waits || t.Stopped || !t.AsideAt.IsZero() || t.PausedUntil.After(t.Now.Time)
}

// lookedOnly is how long a school is left that was looked at, is due, and may not begin.
const lookedOnly = 5 * time.Minute

// mostUnrecorded is how many failures are kept that no database has recorded.
const mostUnrecorded = 20

// away puts a school back whose database cannot be read.
func (t taken) away(setup *daemon.Setup, err error) ending {
	var schema *store.SchemaError
	switch {
	case errors.As(err, &schema) && schema.Has > schema.Knows: // another worker has a newer version
		return t.inTrouble(inVersion, err, 5*time.Minute)
	case setup.IsAway(err):
		return t.inTrouble(inDatabase, err, 5*time.Minute)
	}
	return t.inTrouble(inDatabase, err, 15*time.Minute)
}

// isDue tells whether the record asks for an import: one that the schedule wants, or that a person wished for and that
// nobody has tried since.
func (t taken) isDue(o daemon.Outlook) bool {
	if !t.WishedAt.IsZero() {
		for _, run := range o.Imports.Newest {
			if !run.StartedAt.Before(t.WishedAt.Time) {
				return false
			}
		}
		for _, attempt := range t.Unrecorded {
			if !attempt.At.Before(t.WishedAt.Time) {
				return false
			}
		}
		return true
	}
	return !o.Next.IsZero() && !o.Next.After(o.At)
}

// heldLook is how often a school is looked at of which something waits for a person, to find out that it does not any
// more.
const heldLook = time.Hour

// nextOf is when a school is to be looked at again: when its schedule says, at its own place in the window. Those
// that go first have none.
func nextOf(t taken, e ending, schedule daemon.Schedule) time.Time {
	next, now := e.outlook.Next, e.outlook.At
	if scheduled := schedule.Next(now); !next.IsZero() && next.Equal(scheduled) {
		if window := min(t.Window, schedule.GivesUp(next).Sub(next)/2); !t.Canary {
			next = next.Add(spread(t.Name, window))
		}
	}
	soon := now.Add(heldLook)
	if len(e.outlook.Imports.Waiting) > 0 && (next.IsZero() || soon.Before(next)) {
		next = soon
	}
	if next.IsZero() { // there is no next: somebody has to change something first
		next = now.Add(24 * time.Hour)
	}
	return next
}

// passes is the reason of trouble that is expected to pass by itself: it is tried again, and no sign that something is
// wrong with an export or with the program.
const passes = "fetch"

// reasonOf is what kind of trouble a run had, and the same in words.
func reasonOf(done report.Report, err error) (reason, why string) {
	var fetch *batch.FetchError
	var document *isams.DocumentError
	var fault *daemon.FaultError
	switch {
	case err == nil && done.Result == model.Held:
		return heldFor(done.Guard), done.Sentence()
	case err == nil:
		return "", ""
	case errors.As(err, &fetch) && fetch.Permanent:
		reason = "fetch refused"
	case errors.As(err, &fetch):
		reason = passes
	case errors.As(err, &document):
		reason = "document"
	case errors.As(err, &fault):
		reason = "fault of the program"
	case importer.IsWithoutDocument(err):
		reason = "no document"
	default:
		reason = "failed"
	}
	return reason, err.Error()
}

// heldFor is the first limit that was breached.
func heldFor(findings []guard.Finding) string {
	return cmp.Or(firstBreached(findings).Limit, string(model.Held))
}

func firstBreached(findings []guard.Finding) (first guard.Finding) {
	for _, f := range findings {
		if f.Breached {
			return f
		}
	}
	return first
}

// heldBefore is reasonOf of a run that a school's own record tells of.
func heldBefore(run model.Run) (reason, why string) {
	found := report.PastOf(run).Guard
	why = fmt.Sprintf("run %d waits for a person", run.ID)
	if says := firstBreached(found).Says; says != "" {
		why += ": " + says
	}
	return heldFor(found), why + fmt.Sprintf(`. "%s" shows it`, hint.Command("runs show %d", run.ID))
}

// tell logs how a job ended, in one line.
func (w *Worker) tell(ctx context.Context, t taken, e ending) {
	log := w.Log.With("school", t.Name)
	switch {
	case e.attempt != nil && e.err != nil:
		log.Error("the import failed and changed nothing", "error", e.err, "run", e.report.Run)
	case e.attempt != nil && e.report.Result == model.Held:
		log.Warn(e.report.Sentence(), "run", e.report.Run, "result", e.report.Result)
	case e.attempt != nil:
		log.Info(e.report.Sentence(), "run", e.report.Run, "result", e.report.Result)
	case ctx.Err() != nil && e.err != nil:
		log.Info("the import was stopped and rolled back: nothing was changed", "run", e.report.Run)
	case e.lost != "":
		log.Warn("a school has to wait", "reason", e.lost, "error", e.lostWhy)
	}
}
