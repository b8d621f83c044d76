package diff

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

func (w *waitingDays) add(day *dayPlan) {
	w.days[day.date] = true
	for _, c := range day.deleted {
		h := c.Before.(model.Lesson)
		w.records[h.SourceID], w.codes[kindCode{h.Kind, h.Code}] = true, true
	}
}

// comesElsewhere tells whether a lesson would be on a day that stays on one of those that wait.
func (w *waitingDays) comesElsewhere(day *dayPlan) bool {
	return len(w.records) > 0 && slices.ContainsFunc(day.created, func(c model.Change) bool {
		n := c.After.(model.Lesson)
		return w.records[n.SourceID] || w.codes[kindCode{n.Kind, n.Code}]
	})
}

// waiting finds the days that wait: those from which something would go while that is held; those
// on which a lesson would be that stays on another one; and those on which somebody would be in
// two places at once because of what waits. Who would be so on a day that waits, for joining a
// group, joins it no sooner. One leads to another, until nothing more does.
func (l *lessonDiffer) waiting(days []*dayPlan) map[era.Date]bool {
	w := &waitingDays{map[era.Date]bool{}, map[string]bool{}, map[kindCode]bool{}}
	for _, day := range days {
		if l.holdsAnyOf(day) {
			w.add(day)
		}
	}
	c := l.newClashes()
	if c == nil {
		return w.days
	}
	held := len(w.days)
	for again := true; again; {
		again = false
		for _, day := range days {
			switch {
			case w.days[day.date]:
				again = c.keepJoiners(day.date) || again
			case w.comesElsewhere(day), c.isIn(day):
				w.add(day)
				again = true
			}
		}
	}
	if more := len(w.days) - held; more > 0 && !l.Hold && !l.HoldTimetable {
		l.Problems.Add(mis.Problem{Section: l.Snap.Timetable.Section, Reason: mis.WouldClash, Detail: fmt.Sprintf(
			"%s changed and left whole as before: somebody would be in two places at once", words.Many(more, "day"))})
	}
	return w.days
}

// holdsAnyOf tells whether something of a day is held for its own sake.
func (l *lessonDiffer) holdsAnyOf(day *dayPlan) bool {
	goes := len(day.deleted)+len(day.uncommitted) > 0
	comes := len(day.created)+len(day.committed) > 0
	changes, suspends := false, false
	for _, c := range day.updated {
		h, w := c.Before.(model.Lesson), c.After.(model.Lesson)
		suspends = suspends || w.Suspended && !h.Suspended
		h.Suspended = w.Suspended
		changes = changes || h != w
	}
	return l.Hold && goes || l.HoldSuspend && suspends || l.HoldTimetable && (goes || comes || changes)
}
