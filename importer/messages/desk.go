package messages

import (
	"context"
	"crypto/rand"
	"time"

	"misimportd/era"
	"misimportd/importer/daemon"
	"misimportd/importer/report"
	"misimportd/store/model"
)

// desk is where messages are written by one setup.
type desk struct {
	*Messenger
	Setup
	last     daemon.Outlook // with what was known of the record before, while the database is away
	dueSince time.Time      // since when the daemon knows of last.Due
}

// see looks at what the daemon found.
func (d *desk) see(ctx context.Context, o daemon.Outlook) {
	if o.Away != nil { // then what was known goes on
		at, due, away := o.At, o.Due, o.Away
		o = d.last
		o.At, o.Due, o.Away, o.GaveUp = at, due, away, false
	}
	if !o.Due.Equal(d.last.Due) || d.dueSince.IsZero() {
		d.dueSince = o.At
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	d.last = o
	if d.Settings != nil {
		d.decide(ctx)
	}
}

// again looks once more at what the daemon found before an import that is under way.
func (d *desk) again(ctx context.Context) {
	if d.Settings == nil || d.last.At.IsZero() || d.noted().began.IsZero() {
		return
	}
	d.last.At = d.now()
	d.decide(ctx)
}

func (d *desk) noted() notes {
	d.taking.Lock()
	defer d.taking.Unlock()
	return d.notes
}

// decide finds out what people are to be told, and has it sent.
func (d *desk) decide(ctx context.Context) {
	d.mutex.Lock()
	known, before := d.memory.Incidents, d.memory.Digest
	d.mutex.Unlock()
	f, err := d.facts(ctx, known)
	if err != nil {
		d.log.Debug("what to tell people cannot be read now", "error", err)
		return
	}
	now, tell := decide(known, f.seen)
	var written []Message
	for _, c := range tell {
		written = append(written, d.message(f.tellOf(c), c.Run, f.At))
	}
	digest, isDue := before, d.isMorning(f.seen, before)
	if isDue {
		told, next, err := d.morning(ctx, f, now, before)
		if err != nil {
			d.log.Debug("what to tell people cannot be read now", "error", err)
			return
		}
		written, digest = append(written, d.message(told, 0, f.At)), next
	}
	d.send(now, digest, written)
}

// facts are what is decided by: the runs that wait are read once, and those that do not any more.
func (d *desk) facts(ctx context.Context, known []Incident) (facts, error) {
	n := d.noted()
	f := facts{page: d.Settings.Page, lastError: n.lastError}
	f.Outlook, f.late, f.dueFor, f.runs = d.last, d.Settings.Late, d.last.At.Sub(d.dueSince), map[model.ID]report.Past{}
	f.stuck = !n.began.IsZero() && d.last.At.Sub(n.began) > d.Settings.Late
	if newest := d.last.Imports.Newest; len(newest) > 0 && newest[0].FinishedAt.After(n.failedAt) {
		f.lastError = "" // another process has imported since
	}
	if f.Away != nil {
		return f, nil
	}
	waits, told := map[model.ID]bool{}, map[model.ID]bool{}
	for _, id := range f.Imports.Waiting {
		waits[id] = true
	}
	for _, i := range known {
		if i.Kind == Held {
			told[i.Run] = true
		}
	}
	for id := range union(waits, told) {
		if waits[id] && told[id] {
			continue
		}
		if err := d.follow(ctx, id, f.runs); err != nil {
			return f, err
		}
	}
	return f, nil
}

func union(a, b map[model.ID]bool) map[model.ID]bool {
	both := map[model.ID]bool{}
	for _, m := range []map[model.ID]bool{a, b} {
		for id := range m {
			both[id] = true
		}
	}
	return both
}

// follow reads a run, and those that took its place.
func (d *desk) follow(ctx context.Context, id model.ID, into map[model.ID]report.Past) error {
	for id != 0 {
		if _, known := into[id]; known {
			return nil
		}
		run, err := d.run(ctx, id)
		if err != nil {
			return err
		}
		into[id], id = run, 0
		if run.Decision == model.Replaced {
			id = run.DecidedBy
		}
	}
	return nil
}

func (d *desk) run(ctx context.Context, id model.ID) (report.Past, error) {
	return within(ctx, func(ctx context.Context) (report.Past, error) { return d.Run(ctx, id) })
}

// within asks the database, and does not wait longer than it has patience: a connection that is open and says nothing
// heeds no deadline.
func within[T any](ctx context.Context, ask func(context.Context) (T, error)) (T, error) {
	const patience = 20 * time.Second
	type answer struct {
		v   T
		err error
	}
	answers := make(chan answer, 1)
	go func() {
		asking, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		v, err := ask(asking)
		answers <- answer{v, err}
	}()
	timer := time.NewTimer(patience + time.Second)
	defer timer.Stop()
	var none T
	select {
	case a := <-answers:
		return a.v, a.err
	case <-timer.C:
		return none, &daemon.SilentError{For: patience}
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// isMorning tells whether the day's digest is to be sent now: from the time on, for six hours, while no import is under
// way and no pause is on.
func (d *desk) isMorning(s seen, before digested) bool {
	const most = 6 * time.Hour
	local := s.At.In(s.Zone)
	clock := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute
	weekend := local.Weekday() == time.Saturday || local.Weekday() == time.Sunday
	switch {
	case d.Settings.Digest == Off || d.Settings.Digest == "", d.Settings.Digest == Weekdays && weekend:
		return false
	case before.Day == era.DateOf(local), clock < d.Settings.Morning, clock >= d.Settings.Morning+most:
		return false
	}
	return s.Away == nil && !s.IsPaused() && d.noted().began.IsZero()
}

// morning writes a digest.
func (d *desk) morning(ctx context.Context, f facts, open []Incident, before digested) (Told, digested, error) {
	m := morning{before: before, open: open}
	var err error
	if newest := f.Imports.Newest; len(newest) > 0 {
		if m.newest, err = d.run(ctx, newest[0].ID); err != nil {
			return Told{}, before, err
		}
	}
	if m.problems, err = within(ctx, d.Problems); err != nil {
		return Told{}, before, err
	}
	next := digested{Day: era.DateOf(f.At.In(f.Zone)), Run: m.problems.Run, AsOf: m.problems.AsOf}
	return f.tellDigest(m), next, nil
}

// message makes a message of what is to be told.
func (d *desk) message(told Told, run model.ID, at time.Time) Message {
	message, err := d.Settings.message(told, run, at)
	if err == nil {
		return message
	}
	d.log.Error("a template of messages cannot be used, and the built-in one is", "error", err)
	plain := *d.Settings
	plain.Texts = nil
	message, err = plain.message(told, run, at)
	if err != nil {
		d.log.Error("a message cannot be written", "error", err)
	}
	return message
}

// message makes a message of what is to be told, by the templates of the settings.
func (s Settings) message(told Told, run model.ID, at time.Time) (m Message, err error) {
	texts := s.Texts
	if texts == nil {
		texts, _ = ReadTexts("") // which are there
	}
	m = Message{ID: "msg_" + rand.Text(), Kind: told.Kind, Over: told.Over, At: at, Run: run, Link: s.Page}
	m.Subject, m.Text, err = texts.write(told)
	return m, err
}

// send takes over what people know now, and gives each channel the messages.
func (d *desk) send(now []Incident, digest digested, written []Message) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.memory.same(now) && digest == d.memory.Digest && len(written) == 0 {
		return
	}
	d.memory.Incidents, d.memory.Digest = now, digest
	for _, message := range written {
		for _, c := range d.Messenger.channels {
			d.memory.Queue = append(d.memory.Queue, queued{Channel: c.name(), Message: message})
		}
	}
	d.keep()
	for _, w := range d.wakes {
		wake(w)
	}
}
