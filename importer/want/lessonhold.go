package want

import (
	"fmt"
	"slices"

	"misimportd/era"
	"misimportd/importer/words"
	"misimportd/mis"
	"misimportd/store/model"
)

// waitingDays are the days that stay whole as they are, for something of them waits for a person
// (R41).
type waitingDays struct {
	days    map[era.Date]bool
	records map[string]bool   // that make lessons which would go from one of them
	codes   map[kindCode]bool // of those lessons
}

// kindCode is a lesson's kind and code.
type kindCode struct{ kind, code string }

func (w *waitingDays) add(date era.Date, gone []model.Lesson) {
	w.days[date] = true
	for _, h := range gone {
		w.records[h.SourceID], w.codes[kindCode{h.Kind, h.Code}] = true, true
	}
}

// comesElsewhere tells whether a lesson that is new on a day stays on one of those that wait.
func (w *waitingDays) comesElsewhere(day Day) bool {
	return len(w.records) > 0 && slices.ContainsFunc(day.Lessons, func(l Lesson) bool {
		return l.isNew() && (w.records[l.SourceID] || w.codes[kindCode{l.Kind, l.Code}])
	})
}

// holdWaiting leaves the days as they are that wait: those from which something would go while that is
// held; those on which a lesson would be that stays on another one; and those on which somebody would be
// in two places at once because of what waits. Who would be so on a day that waits, for joining a
// group, joins it no sooner. One leads to another, until nothing more does.
func (s *spelling) holdWaiting(days []Day) {
	w := &waitingDays{map[era.Date]bool{}, map[string]bool{}, map[kindCode]bool{}}
	for _, day := range days {
		if s.holdsAnyOf(day) {
			w.add(day.Date, s.gone(day))
		}
	}
	held := len(w.days)
	if c := s.newClashes(); c != nil {
		s.spread(w, c, days)
	}
	for i := range days {
		if w.days[days[i].Date] {
			days[i] = s.asItIs(days[i].Date)
		}
	}
	if more := len(w.days) - held; more > 0 && !s.Hold && !s.HoldTimetable {
		s.Problems.Add(mis.Problem{Section: s.Snap.Timetable.Section, Reason: mis.WouldClash, Detail: fmt.Sprintf(
			"%s changed and left whole as before: somebody would be in two places at once", words.Many(more, "day"))})
	}
}

// spread adds to the days that wait those that have to wait for their sake.
func (s *spelling) spread(w *waitingDays, c *clashes, days []Day) {
	for again := true; again; {
		again = false
		for _, day := range days {
			switch {
			case w.days[day.Date]:
				again = c.keepJoiners(day.Date) || again
			case w.comesElsewhere(day), c.isIn(day):
				w.add(day.Date, s.gone(day))
				again = true
			}
		}
	}
}

// holdsAnyOf tells whether something of a day is held for its own sake.
func (s *spelling) holdsAnyOf(day Day) bool {
	if !s.Hold && !s.HoldSuspend && !s.HoldTimetable {
		return false
	}
	goes, comes, changes, suspends := len(s.gone(day)) > 0, false, false, false
	for _, l := range day.Lessons {
		if l.isNew() {
			comes = true
			continue
		}
		h := s.rows[l.ID]
		lost, joined := s.taking(l)
		goes, comes = goes || lost, comes || joined
		suspends = suspends || l.Suspended && !h.Suspended
		h.Suspended = l.Suspended
		changes = changes || h != l.Lesson
	}
	return s.Hold && goes || s.HoldSuspend && suspends || s.HoldTimetable && (goes || comes || changes)
}

// taking tells whether a lesson that is there takes something that it should not, and whether it is to
// take something more.
func (s *spelling) taking(l Lesson) (lost, joined bool) {
	had, covered := map[model.ID]bool{}, map[Cover]bool{}
	for _, c := range s.taken[l.ID] {
		if c.IsCover() {
			of := Cover{c.ElementID, c.CoversID, c.SourceID}
			covered[of] = true
			lost = lost || !slices.Contains(l.Covers, of)
			continue
		}
		had[c.ElementID] = true
		lost = lost || !slices.Contains(l.Takes, c.ElementID)
	}
	return lost, slices.ContainsFunc(l.Takes, func(id model.ID) bool { return !had[id] }) ||
		slices.ContainsFunc(l.Covers, func(of Cover) bool { return !covered[of] })
}
