package importer

import (
	"fmt"
	"slices"

	"misimportd/era"
	"misimportd/mis"
	"misimportd/store"
)

// waiting finds the days that stay whole as they are, for something of them waits for a person
// (R41): days from which something would go while that is held; days on which a lesson would
// be that stays on one of those; and days on which somebody would be in two places at once
// because of what waits.
func (l *lessonDiffer) waiting(days []*dayPlan) map[era.Date]bool {
	waits, staying := map[era.Date]bool{}, map[string]bool{}
	for _, day := range days {
		if !l.holdsAnyOf(day) {
			continue
		}
		waits[day.date] = true
		for _, c := range day.deleted {
			h := c.Before.(store.Lesson)
			staying[h.SourceID], staying[h.Kind+"\x00"+h.Code] = true, true
		}
	}
	clashing := 0
	clash := l.clashes()
	for _, day := range days {
		switch {
		case waits[day.date]:
		case slices.ContainsFunc(day.created, func(c store.Change) bool {
			w := c.After.(store.Lesson)
			return staying[w.SourceID] || staying[w.Kind+"\x00"+w.Code]
		}):
			waits[day.date] = true
		case clash != nil && clash(day):
			waits[day.date] = true
			clashing++
		}
	}
	if clashing > 0 && !l.hold {
		l.problems.Add(mis.Problem{Section: "PublishedTimetables", Reason: mis.SectionIsAbsent, Detail: fmt.Sprintf(
			"%s changed, and left whole as it was: with what is kept of the section that is missing somebody would be in two places at once", many(clashing, "day"))})
	}
	return waits
}

// holdsAnyOf tells whether something of a day is held for its own sake.
func (l *lessonDiffer) holdsAnyOf(day *dayPlan) bool {
	goes := len(day.deleted)+len(day.uncommitted) > 0
	comes := len(day.created)+len(day.committed) > 0
	changes, suspends := false, false
	for _, c := range day.updated {
		h, w := c.Before.(store.Lesson), c.After.(store.Lesson)
		suspends = suspends || w.Suspended && !h.Suspended
		h.Suspended = w.Suspended
		changes = changes || h != w
	}
	return l.hold && goes || l.holdSuspend && suspends || l.holdTimetable && (goes || comes || changes)
}

// booked is a lesson on a day with whom and what it takes.
type booked struct {
	lesson   store.Lesson
	elements []store.ID
	isKept   bool // only because the document is silent on its kind
}

// clash is an element that two lessons take at once.
type clash struct{ element, a, b store.ID }

// clashes finds out whether a day, as it would be, has somebody in two places who is not there
// now: a pupil of whom a leaving is held, or whoever a lesson takes that is kept because its
// section is missing. It is nil on nights when nobody can be.
func (l *lessonDiffer) clashes() func(*dayPlan) bool {
	silent := slices.ContainsFunc([]mis.LessonKind{mis.Assembly, mis.Taught, mis.Meeting, mis.Tutorial}, func(k mis.LessonKind) bool { return l.snap.Timetable.Silent[k] })
	if len(l.want.held) == 0 && !silent {
		return nil
	}
	staying := map[store.ID][]store.Membership{} // by group
	for _, m := range l.state.Memberships {
		if l.want.held[m.ElementID] {
			staying[m.GroupID] = append(staying[m.GroupID], m)
		}
	}
	return func(day *dayPlan) bool {
		before, after := l.booked(day.date), l.bookedAfter(day)
		now := map[clash]bool{}
		each := func(day []booked, found func(clash, bool) bool) bool { return eachClash(day, staying, found) }
		each(before, func(c clash, _ bool) bool { now[c] = true; return false })
		return each(after, func(c clash, isKept bool) bool { return !now[c] && (isKept || l.want.held[c.element]) })
	}
}

// booked is what the database has on a day.
func (l *lessonDiffer) booked(date era.Date) (list []booked) {
	for _, h := range l.have[date] {
		b := booked{lesson: h, isKept: l.snap.Timetable.Silent[mis.LessonKind(h.Kind)]}
		for _, c := range l.taken[h.ID] {
			b.elements = append(b.elements, c.ElementID)
		}
		list = append(list, b)
	}
	slices.SortFunc(list, func(a, b booked) int { return int(a.lesson.ID - b.lesson.ID) })
	return list
}

// bookedAfter is what the database would have on a day.
func (l *lessonDiffer) bookedAfter(day *dayPlan) []booked {
	list := l.booked(day.date)
	gone, uncommitted, committed := map[store.ID]bool{}, map[store.ID]bool{}, map[store.ID][]store.ID{}
	for _, c := range day.uncommitted {
		uncommitted[c.Before.RowID()] = true
	}
	for _, c := range day.committed {
		made := c.After.(store.Commitment)
		committed[made.LessonID] = append(committed[made.LessonID], made.ElementID)
	}
	for _, c := range day.deleted {
		gone[c.Before.RowID()] = true
	}
	changed := map[store.ID]store.Lesson{}
	for _, c := range day.updated {
		changed[c.After.RowID()] = c.After.(store.Lesson)
	}
	for _, c := range day.created {
		list = append(list, booked{lesson: c.After.(store.Lesson)})
	}
	list = slices.DeleteFunc(list, func(b booked) bool { return gone[b.lesson.ID] })
	for i := range list {
		b := &list[i]
		if now, ok := changed[b.lesson.ID]; ok {
			b.lesson = now
		}
		b.elements = nil
		for _, c := range l.taken[b.lesson.ID] {
			if !uncommitted[c.ID] {
				b.elements = append(b.elements, c.ElementID)
			}
		}
		b.elements = append(b.elements, committed[b.lesson.ID]...)
	}
	return list
}

// eachClash calls found with each clash of a day until it says that it is enough, and tells
// whether it was. Members of staying are where their groups are.
func eachClash(day []booked, staying map[store.ID][]store.Membership, found func(c clash, isKept bool) bool) bool {
	by := map[store.ID][]int{}
	for i, b := range day {
		for _, e := range b.elements {
			by[e] = append(by[e], i)
			for _, m := range staying[e] {
				if m.StartsOn <= b.lesson.OnDate && (m.EndsOn == 0 || m.EndsOn >= b.lesson.OnDate) {
					by[m.ElementID] = append(by[m.ElementID], i)
				}
			}
		}
	}
	for element, lessons := range by {
		for n, i := range lessons {
			for _, j := range lessons[:n] {
				a, b := day[i], day[j]
				atOnce := a.lesson.StartsAt < b.lesson.EndsAt && b.lesson.StartsAt < a.lesson.EndsAt
				ids := clash{element, min(a.lesson.ID, b.lesson.ID), max(a.lesson.ID, b.lesson.ID)}
				if atOnce && ids.a != ids.b && found(ids, a.isKept || b.isKept) {
					return true
				}
			}
		}
	}
	return false
}
