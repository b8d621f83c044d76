package want

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
	*spelling
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
func (s *spelling) newClashes() *clashes {
	isSilent := len(s.Snap.Timetable.Silent) > 0 &&
		slices.ContainsFunc(s.lessons.Lessons, func(h model.Lesson) bool { return s.isKept(h) })
	if !s.Hold && !s.HoldTimetable && !s.HoldSuspend && !isSilent && len(s.AsIs) == 0 {
		return nil
	}
	c := &clashes{spelling: s, kept: inGroups{}, keeps: map[model.ID]bool{}}
	for _, m := range s.State.Memberships {
		if s.AsIs[PairOf(m)] {
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
func (s *spelling) isKept(h model.Lesson) bool {
	return s.Snap.Timetable.Silent[mis.LessonKind(h.Kind)]
}

// isIn tells whether a day, as it would be, has somebody in two places who is not there now: a
// member of a group that stays one, or whoever a lesson takes that is kept because its section
// is missing.
func (c *clashes) isIn(day Day) bool {
	now := clashesOf(c.booked(day.Date), c.kept)
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
			c.keepPlace(Place{g.GroupKind, found.element})
		}
		delete(c.joiners.groups, found.element)
		any = true
	}
	return any
}

func (c *clashes) newJoiners() *joiners {
	j := &joiners{had: inGroups{}, will: inGroups{}, groups: map[model.ID][]model.Group{}}
	groups, there := map[model.ID]model.Group{}, map[Pair]bool{}
	for _, g := range c.Groups {
		groups[g.ID] = g
	}
	for _, m := range c.State.Memberships {
		there[PairOf(m)] = true
	}
	for _, p := range c.Memberships {
		if !there[p] {
			j.groups[p.Member] = append(j.groups[p.Member], groups[p.Group])
		}
	}
	for _, p := range c.Memberships {
		if len(j.groups[p.Member]) > 0 {
			life := groups[p.Group].Life()
			j.will[p.Group] = append(j.will[p.Group],
				model.Membership{GroupID: p.Group, ElementID: p.Member, StartsOn: max(c.AsOf, life.From),
					EndsOn: life.To})
		}
	}
	for _, m := range c.State.Memberships {
		if len(j.groups[m.ElementID]) == 0 {
			continue
		}
		j.had[m.GroupID] = append(j.had[m.GroupID], m)
		if c.AsIs[PairOf(m)] {
			j.will[m.GroupID] = append(j.will[m.GroupID], m)
		}
	}
	return j
}

// keepPlace leaves a member where the database has them among the groups of a kind.
func (c *clashes) keepPlace(at Place) {
	kinds := map[model.ID]string{}
	for _, g := range c.Groups {
		kinds[g.ID] = g.GroupKind
	}
	for _, m := range c.State.Memberships {
		p := PairOf(m)
		if m.ElementID == at.Member && kinds[m.GroupID] == at.Kind && !c.HandsOff[p] && !c.AsIs[p] {
			c.AsIs[p] = true
			c.keep(m)
		}
	}
	c.Memberships = slices.DeleteFunc(c.Memberships, func(p Pair) bool {
		return p.Member == at.Member && kinds[p.Group] == at.Kind && !c.HandsOff[p]
	})
	if at.Kind == model.FormGroup {
		c.nameAsBefore(at.Member)
	}
}

// nameAsBefore has a pupil's name say the form that the pupil stays in (R8).
func (w *Wanted) nameAsBefore(pupil model.ID) {
	for i := range w.Pupils {
		p := &w.Pupils[i]
		if p.ID != pupil {
			continue
		}
		p.Name = model.PlainName(p.Name)
		if form := w.FormOf[pupil]; form.ID != 0 {
			p.Name += " (" + form.Name + ")"
		}
	}
}

// booked is what the database has on a day.
func (s *spelling) booked(date era.Date) []booked { return s.bookedAfter(s.asItIs(date)) }

// bookedAfter is what the database would have on a day.
func (s *spelling) bookedAfter(day Day) []booked {
	list := make([]booked, len(day.Lessons))
	for i, l := range day.Lessons {
		list[i] = booked{lesson: l.Lesson, elements: l.Takes, isKept: !l.isNew() && s.isKept(l.Lesson)}
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
					found[clash{element, min(a.lesson.ID, b.lesson.ID), max(a.lesson.ID, b.lesson.ID)}] = a.isKept ||
						b.isKept
				}
			}
		}
	}
	return found
}
