//go:build !single

package fleet

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"
)

// The states of a school, those that need a person first. A school has one of them; in a selection (--where) it may be
// found by several.
const (
	Aside   = "aside" // its job has ended workers, and is not tried any more
	Held    = "held"
	Failed  = "failed"
	Overdue = "overdue"
	Running = "running"
	Paused  = "paused"
	New     = "new"
	Well    = "well"
)

// States are all of them.
var States = []string{Aside, Held, Failed, Overdue, Running, Paused, New, Well}

// overdueAfter is how long a school may have been due that nobody has begun.
const overdueAfter = time.Hour

// Is tells whether a school is in a state, whatever else it is in as well.
func (s Standing) Is(state string, now time.Time) bool {
	isPaused := s.PausedUntil.After(now)
	switch state {
	case Aside:
		return !s.AsideAt.IsZero()
	case Held:
		return !s.HeldSince.IsZero()
	case Failed:
		return s.Result == "failed" || s.Lost != ""
	case Overdue:
		return !isPaused && s.AsideAt.IsZero() && (s.GaveUp || s.due().Before(now.Add(-overdueAfter)))
	case Running:
		return s.Worker != ""
	case Paused:
		return isPaused
	case New:
		return s.RanAt.IsZero()
	}
	return s.State(now) == state
}

// due is since when a school has been due, or when it will be; that is not before its pause ends.
func (s Standing) due() time.Time {
	due := cmp.Or(s.DueAt, s.Next, s.AddedAt)
	if due.Before(s.PausedUntil.Time) {
		due = s.PausedUntil
	}
	return due.Time
}

// Begins is when a school is to be looked at next: not before its pause ends, unless somebody wishes for an import.
func (s Standing) Begins() time.Time {
	if s.WishedAt.IsZero() && s.Next.Before(s.PausedUntil.Time) {
		return s.PausedUntil.Time
	}
	return s.Next.Time
}

// State is the first of a school's states.
func (s Standing) State(now time.Time) string {
	for _, state := range States[:len(States)-1] {
		if s.Is(state, now) {
			return state
		}
	}
	return Well
}

// StateError says that there is no such state.
type StateError struct{ State string }

func (e *StateError) Error() string {
	return fmt.Sprintf("--where: no school can be %q: choose one of %s", e.State, strings.Join(States, ", "))
}

// Where is the schools in a state, "" for all.
func (o Overview) Where(state string) (found []Standing, err error) {
	if state != "" && !slices.Contains(States, state) {
		return nil, &StateError{state}
	}
	for _, s := range o.Standings {
		if state == "" || s.Is(state, o.At) {
			found = append(found, s)
		}
	}
	return found, nil
}

// spread is by how much a school's night begins later than its schedule says: schools that are due at one second are
// spread over the window, each with the same place every night. A night has to be begun well before it is given up.
func spread(school string, window time.Duration) time.Duration {
	if window <= 0 {
		return 0
	}
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(school)) // it never fails
	return time.Duration(sum.Sum64() % uint64(window))
}

// tally is what came of the schools that ran this night, since a moment.
type tally struct {
	ran     int
	trouble map[string]int // newly held or failed, by kind of reason
}

// verdict tells whether a night has to stop, and why.
func (t tally) verdict(s Settings) (why string, stops bool) {
	worst, most := "", 0
	for reason, n := range t.trouble {
		if n > most || n == most && reason < worst {
			worst, most = reason, n
		}
	}
	if most == 0 || most < s.StopAtLeast || most*100 <= s.StopPercent*t.ran {
		return "", false
	}
	return fmt.Sprintf("%d of the %d schools that ran this night were held or failed for one reason (%s): an "+
		"export may have changed, or this version is wrong", most, t.ran, worst), true
}
