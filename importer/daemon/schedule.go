package daemon

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"misimportd/era"
	"misimportd/store/model"
)

// Schedule says when the night's run is due. It counts in what the clock on the
// school's wall shows, so that a time comes once on every day that it is meant for:
// on the night when the clock shows it twice, the first time; on the night when the
// clock leaps over it, at the leap.
type Schedule struct {
	spec   cron.Schedule
	giveUp clock
	zone   *time.Location
	text   string
	pauses []era.Pause
}

// Pausing is s with more pauses, in which no run is due.
func (s Schedule) Pausing(pauses ...era.Pause) Schedule {
	s.pauses = slices.Concat(s.pauses, pauses)
	return s
}

// Pause is the days around now on which a pause is on, why, and whether one is.
func (s Schedule) Pause(now time.Time) (days era.Interval, why string, on bool) {
	return era.Paused(s.pauses, s.dateOf(now))
}

func (s Schedule) dateOf(t time.Time) era.Date { return era.DateOf(t.In(s.zone)) }

// isPaused tells whether a pause is on on the day of a moment.
func (s Schedule) isPaused(t time.Time) bool {
	_, _, on := s.Pause(t)
	return on
}

// wasPaused tells whether a pause was on on a day after a moment, up to now.
func (s Schedule) wasPaused(since, now time.Time) bool {
	if len(s.pauses) == 0 {
		return false
	}
	for d := s.dateOf(since) + 1; d <= s.dateOf(now); d++ {
		if _, _, on := era.Paused(s.pauses, d); on {
			return true
		}
	}
	return false
}

// clock is a time of day.
type clock struct{ hour, minute int }

// NewSchedule reads a schedule in cron's five fields, such as "0 3 * * *", and the time
// of day, such as 07:00, from which failed runs are not tried again.
func NewSchedule(spec, giveUp string, zone *time.Location) (Schedule, error) {
	s := Schedule{zone: zone, text: spec}
	var faults []error
	var err error
	if s.spec, err = parseCron(spec); err != nil {
		faults = append(faults, fmt.Errorf("schedule: %w", err))
	}
	at, err := time.Parse("15:04", giveUp)
	if err != nil {
		faults = append(faults, fmt.Errorf("give_up: %q is not a time of day: write it as 07:00", giveUp))
	}
	s.giveUp = clock{at.Hour(), at.Minute()}
	return s, errors.Join(faults...)
}

func parseCron(spec string) (cron.Schedule, error) {
	hint := fmt.Sprintf("%q is not a schedule: write it as \"0 3 * * *\", which is 03:00 every night: minute, hour, "+
		"day, month, weekday", spec)
	switch {
	case strings.Contains(spec, "TZ="): // of which cron's parser can panic, too
		return nil, errors.New("a schedule has no time zone of its own: set timezone")
	case strings.HasPrefix(strings.TrimSpace(spec), "@every"):
		return nil, errors.New("a schedule names times of day, not intervals: write it as \"0 3 * * *\"")
	}
	parsed, err := cron.ParseStandard(spec)
	if err != nil {
		return nil, errors.New(hint)
	}
	if parsed.Next(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return nil, fmt.Errorf("%q names a day that never comes", spec)
	}
	return parsed, nil
}

func (s Schedule) String() string { return fmt.Sprintf("%q, %s", s.text, s.zone) }

// wall is what the clock on the wall shows at t, written down as if it were UTC.
func (s Schedule) wall(t time.Time) time.Time {
	l := t.In(s.zone)
	return time.Date(l.Year(), l.Month(), l.Day(), l.Hour(), l.Minute(), l.Second(), l.Nanosecond(), time.UTC)
}

// reaches is the first moment at which the clock on the wall shows w or later.
func (s Schedule) reaches(w time.Time) time.Time {
	const widest = 26 * time.Hour // no zone is further from UTC
	for t := w.Add(-widest).In(s.zone); ; {
		_, end := t.ZoneBounds()
		_, offset := t.Zone()
		at := w.Add(-time.Duration(offset) * time.Second)
		if at.Before(t) {
			at = t
		}
		if end.IsZero() || at.Before(end) {
			return at.In(s.zone)
		}
		t = end.In(s.zone)
	}
}

// around is the newest time of the schedule that has come by now, zero if none has in
// five years, and the next that has not.
func (s Schedule) around(now time.Time) (last, next time.Time) {
	const day = 24 * time.Hour
	for _, window := range []time.Duration{2 * day, 9 * day, 63 * day, 5 * 366 * day} {
		w := s.spec.Next(s.wall(now).Add(-window))
		for !w.IsZero() && !s.reaches(w).After(now) {
			last = s.reaches(w)
			w = s.spec.Next(w)
		}
		next = time.Time{}
		if !w.IsZero() {
			next = s.reaches(w)
		}
		if !last.IsZero() {
			break
		}
	}
	return last, next
}

// Next is the next time of the schedule, be it in a pause or not; zero where there is none.
func (s Schedule) Next(now time.Time) time.Time {
	_, next := s.around(now)
	return next
}

// GivesUp is the moment from which a run that was due at a time is not tried again.
func (s Schedule) GivesUp(due time.Time) time.Time { return s.gaveUp(due) }

// gaveUp is the moment from which a run that was due at a time is not tried again.
func (s Schedule) gaveUp(due time.Time) time.Time {
	w := s.wall(due)
	until := time.Date(w.Year(), w.Month(), w.Day(), s.giveUp.hour, s.giveUp.minute, 0, 0, time.UTC)
	if !until.After(w) {
		until = until.AddDate(0, 0, 1)
	}
	return s.reaches(until)
}

// Attempt is an import as the schedule looks at it.
type Attempt struct {
	At        time.Time // when it began
	Ended     time.Time
	Completed bool // applied, unchanged or held; if not, it failed
}

// strayed is how far in the future a recorded run may lie before it is disregarded: a
// clock was wrong then.
const strayed = 24 * time.Hour

// madeUpFor is how long a night is tried again that was missed until the time to give up:
// the network may take a while to be there after a start.
const madeUpFor = time.Hour

// Due is when the next run is to begin, decided from the attempts that were made and the pauses. What
// was due before a pause is not made up for after it.
func (s Schedule) Due(now time.Time, attempts []Attempt) time.Time {
	last, next := s.around(now)
	next = s.notPaused(next)
	if s.isPaused(now) || !last.IsZero() && (s.isPaused(last) || s.wasPaused(last, now)) {
		return next
	}
	return s.due(now, attempts, last, next)
}

// Outlook works out what comes next, from what the record says of the imports and from the attempts that it has not.
func (s Schedule) Outlook(now time.Time, imports model.Imports, unrecorded ...Attempt) Outlook {
	s = s.Pausing(imports.Pauses...)
	made := append(attempts(imports), unrecorded...)
	o := Outlook{At: now, Zone: s.zone, Imports: imports, Next: s.Due(now, made), EraEnds: imports.EraEnds,
		HasNext: imports.HasNext}
	o.Due, o.GaveUp = s.standing(now, made)
	if days, why, on := s.Pause(now); on {
		o.Pause, o.Why = days, why
	}
	return o
}

// standing is the newest time of the schedule that has come, and whether what was due then has failed and is not tried
// again before the next time. It is zero where no time has come, and where a pause is on or was on since.
func (s Schedule) standing(now time.Time, attempts []Attempt) (due time.Time, gaveUp bool) {
	last, next := s.around(now)
	if last.IsZero() || s.isPaused(now) || s.isPaused(last) || s.wasPaused(last, now) {
		return time.Time{}, false
	}
	failed := false
	for _, a := range attempts {
		if a.At.Before(last) || a.At.After(now.Add(strayed)) {
			continue
		}
		if a.Completed {
			return last, false
		}
		failed = true
	}
	return last, failed && s.due(now, attempts, last, next).Equal(next)
}

// notPaused is a time of the schedule, or the first one after the pause that it falls into; zero where
// the pauses never end.
func (s Schedule) notPaused(at time.Time) time.Time {
	const pausesAtMost, forEver = 20, 9 * 366
	for range pausesAtMost {
		days, _, on := s.Pause(at)
		switch {
		case at.IsZero() || !on:
			return at
		case days.To-s.dateOf(at) > forEver:
			return time.Time{}
		}
		_, at = s.around((days.To + 1).FirstIn(s.zone).Add(-time.Nanosecond))
	}
	return time.Time{}
}

// due is when the next run is to begin where no pause is on, decided from the attempts that were made: at
// once, or earlier than now, when the newest time of the schedule has had no run that
// was completed. After a failure it is tried again, with growing pauses, until the time
// to give up; a night that was missed altogether is made up for at any time, and tried for
// an hour.
func (s Schedule) due(now time.Time, attempts []Attempt, last, next time.Time) time.Time {
	if last.IsZero() {
		return next
	}
	failures := 0
	var first, ended time.Time
	for _, a := range attempts {
		if a.At.Before(last) || a.At.After(now.Add(strayed)) {
			continue
		}
		if a.Completed {
			return next
		}
		failures++
		if first.IsZero() || a.At.Before(first) {
			first = a.At
		}
		if a.Ended.After(ended) {
			ended = a.Ended
		}
	}
	if failures == 0 {
		return last
	}
	limit := s.gaveUp(last)
	if !first.Before(limit) {
		limit = first.Add(madeUpFor)
	}
	again := ended.Add(pause(failures))
	if !again.Before(limit) || !now.Before(limit) {
		return next
	}
	if !next.IsZero() && next.Before(again) {
		return next
	}
	return again
}

// pause is how long to wait after the nth failure of a night.
func pause(failures int) time.Duration {
	const first, most = time.Minute, 15 * time.Minute
	if failures > 4 {
		return most
	}
	return first << (failures - 1)
}
