package importer

import (
	"slices"

	"misimportd/era"
	"misimportd/mis"
	"misimportd/store/model"
)

// booked is a lesson on a day with whom and what it takes.
type booked struct {
	lesson   model.Lesson
	elements []model.ID
	isKept   bool // only because the document is silent on its kind
}

// clash is an element that two lessons take at once.
type clash struct{ element, a, b model.ID }

// inGroups is which members are in which groups, and from when to when.
type inGroups map[model.ID][]model.Membership

// clashes finds who would be in two places at once because something waits (R41).
type clashes struct {
	*lessonDiffer
	kept    inGroups          // members whose places stay as they are, whatever the document says
	keeps   map[model.ID]bool // those members
	joiners *joiners          // once a day waits
}

// joiners are members who join a group tonight.
type joiners struct {
	had, will inGroups
	groups    map[model.ID][]model.Group // that each joins
}

// newClashes is nil on nights when nothing waits, and nothing is kept.
func (l *lessonDiffer) newClashes() *clashes {
	isSilent := len(l.Snap.Timetable.Silent) > 0 && slices.ContainsFunc(l.State.Lessons, func(h model.Lesson) bool { return l.isKept(h) })
	if !l.hold && !l.holdTimetable && !l.holdSuspend && !isSilent && len(l.asIs) == 0 {
		return nil
	}
	c := &clashes{lessonDiffer: l, kept: inGroups{}, keeps: map[model.ID]bool{}}
	for _, m := range l.State.Memberships {
		if l.asIs[pair{m.GroupID, m.ElementID}] {
			c.keep(m)
		}
	}
	return c
}

func (c *clashes) keep(m model.Membership) {
	c.kept[m.GroupID] = append(c.kept[m.GroupID], m)
	c.keeps[m.ElementID] = true
}

// isKept tells whether a lesson stays only because the document is silent on its kind.
func (l *lessonDiffer) isKept(h model.Lesson) bool {
	return l.Snap.Timetable.Silent[mis.LessonKind(h.Kind)]
}

// isIn tells whether a day, as it would be, has somebody in two places who is not there now: a
// member of a group that stays one, or whoever a lesson takes that is kept because its section
// is missing.
func (c *clashes) isIn(day *dayPlan) bool {
	now := clashesOf(c.booked(day.date), c.kept)
	for found, isKept := range clashesOf(c.bookedAfter(day), c.kept) {
		if _, before := now[found]; !before && (isKept || c.keeps[found.element]) {
			return true
		}
	}
	return false
}

// keepJoiners has those join no group tonight who would be in two places at once on a day that
// stays as it is, and tells whether there were any.
func (c *clashes) keepJoiners(date era.Date) (any bool) {
	if c.joiners == nil {
		c.joiners = c.newJoiners()
	}
	if len(c.joiners.groups) == 0 {
		return false
	}
	day := c.booked(date)
	now := clashesOf(day, c.joiners.had)
	for found := range clashesOf(day, c.joiners.will) {
		if _, before := now[found]; before || len(c.joiners.groups[found.element]) == 0 {
			continue
		}
		for _, g := range c.joiners.groups[found.element] {
			c.keepPlace(place{g.GroupKind, found.element})
		}
		delete(c.joiners.groups, found.element)
		any = true
	}
	return any
}

func (c *clashes) newJoiners() *joiners {
	j := &joiners{had: inGroups{}, will: inGroups{}, groups: map[model.ID][]model.Group{}}
	groups, there := map[model.ID]model.Group{}, map[pair]bool{}
	for _, g := range c.groups {
		groups[g.ID] = g
	}
	for _, m := range c.State.Memberships {
		there[pair{m.GroupID, m.ElementID}] = true
	}
	for _, p := range c.memberships {
		if !there[p] {
			j.groups[p.member] = append(j.groups[p.member], groups[p.group])
		}
	}
	for _, p := range c.memberships {
		if len(j.groups[p.member]) > 0 {
			life := groups[p.group].Life()
			j.will[p.group] = append(j.will[p.group], model.Membership{GroupID: p.group, ElementID: p.member, StartsOn: max(c.AsOf, life.From), EndsOn: life.To})
		}
	}
	for _, m := range c.State.Memberships {
		if len(j.groups[m.ElementID]) == 0 {
			continue
		}
		j.had[m.GroupID] = append(j.had[m.GroupID], m)
		if c.asIs[pair{m.GroupID, m.ElementID}] {
			j.will[m.GroupID] = append(j.will[m.GroupID], m)
		}
	}
	return j
}

// keepPlace leaves a member where the database has them among the groups of a kind.
func (c *clashes) keepPlace(at place) {
	kinds := map[model.ID]string{}
	for _, g := range c.groups {
		kinds[g.ID] = g.GroupKind
	}
	for _, m := range c.State.Memberships {
		p := pair{m.GroupID, m.ElementID}
		if m.ElementID == at.member && kinds[m.GroupID] == at.kind && !c.handsOff[p] && !c.asIs[p] {
			c.asIs[p] = true
			c.keep(m)
		}
	}
	c.memberships = slices.DeleteFunc(c.memberships, func(p pair) bool {
		return p.member == at.member && kinds[p.group] == at.kind && !c.handsOff[p]
	})
	if at.kind == model.FormGroup {
		c.nameAsBefore(at.member)
	}
}

// nameAsBefore has a pupil's name say the form that the pupil stays in (R8).
func (d *differ) nameAsBefore(pupil model.ID) {
	for i := range d.pupils {
		p := &d.pupils[i]
		if p.ID != pupil {
			continue
		}
		p.Name = plainName(p.Name)
		if form := d.formOf[pupil]; form.ID != 0 {
			p.Name += " (" + form.Name + ")"
		}
	}
}

// booked is what the database has on a day.
func (l *lessonDiffer) booked(date era.Date) (list []booked) {
	for _, h := range l.have[date] {
		b := booked{lesson: h, isKept: l.isKept(h)}
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
	gone, uncommitted, committed := map[model.ID]bool{}, map[model.ID]bool{}, map[model.ID][]model.ID{}
	for _, c := range day.uncommitted {
		uncommitted[c.Before.RowID()] = true
	}
	for _, c := range day.committed {
		made := c.After.(model.Commitment)
		committed[made.LessonID] = append(committed[made.LessonID], made.ElementID)
	}
	for _, c := range day.deleted {
		gone[c.Before.RowID()] = true
	}
	changed := map[model.ID]model.Lesson{}
	for _, c := range day.updated {
		changed[c.After.RowID()] = c.After.(model.Lesson)
	}
	for _, c := range day.created {
		list = append(list, booked{lesson: c.After.(model.Lesson)})
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

// clashesOf lists the clashes of a day, each with whether one of its lessons is only kept.
// Members are where their groups are.
func clashesOf(day []booked, members inGroups) map[clash]bool {
	by := map[model.ID][]int{}
	for i, b := range day {
		for _, e := range b.elements {
			by[e] = append(by[e], i)
			for _, m := range members[e] {
				if m.StartsOn <= b.lesson.OnDate && (m.EndsOn == 0 || m.EndsOn >= b.lesson.OnDate) {
					by[m.ElementID] = append(by[m.ElementID], i)
				}
			}
		}
	}
	found := map[clash]bool{}
	for element, lessons := range by {
		for n, i := range lessons {
			for _, j := range lessons[:n] {
				a, b := day[i], day[j]
				if i != j && a.lesson.StartsAt < b.lesson.EndsAt && b.lesson.StartsAt < a.lesson.EndsAt {
					found[clash{element, min(a.lesson.ID, b.lesson.ID), max(a.lesson.ID, b.lesson.ID)}] = a.isKept || b.isKept
				}
			}
		}
	}
	return found
}
