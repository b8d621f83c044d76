package model

import (
	"maps"

	"misimportd/era"
)

// After is the State that s becomes when p is carried out, as reading it again from asOf on
// would find it. Records that p creates keep their provisional ids. s is left as it is.
func (s *State) After(p Plan, asOf era.Date) *State {
	last := map[Key]Record{} // nil for what is gone
	var created []Key
	for _, c := range p.Changes {
		key := Key{c.Entity(), c.Record().RowID()}
		if c.Action == Create {
			created = append(created, key)
		}
		last[key] = c.After
	}
	n := *s
	n.Staff = after(s.Staff, last, created, nil)
	n.Pupils = after(s.Pupils, last, created, nil)
	n.Locations = after(s.Locations, last, created, nil)
	n.Subjects = after(s.Subjects, last, created, nil)
	n.Houses = after(s.Houses, last, created, nil)
	n.Groups = after(s.Groups, last, created, nil)
	n.Memberships = after(s.Memberships, last, created,
		func(m Membership) bool { return m.EndsOn == 0 || m.EndsOn >= asOf })
	n.Suspensions = after(s.Suspensions, last, created, nil)
	n.GroupSuspensions = after(s.GroupSuspensions, last, created,
		func(g GroupSuspension) bool { return g.EndsOn >= asOf })
	n.Lessons = after(s.Lessons, last, created, nil)
	n.Commitments = after(s.Commitments, last, created, nil)
	n.Absences = after(s.Absences, last, created, nil)
	n.Pins = after(s.Pins, last, created, nil)
	n.Unwanted = after(s.Unwanted, last, created, nil)
	n.LessonDays, n.TakenBy = s.daysAfter(p), s.takenAfter(p, n.Groups, asOf)
	return &n
}

// after is a list with what became of its records, and those that are new at its end.
func after[T Record](list []T, last map[Key]Record, created []Key, still func(T) bool) []T {
	var kind T
	entity := kind.Entity()
	var result []T
	keep := func(r T) {
		if still == nil || still(r) {
			result = append(result, r)
		}
	}
	for _, r := range list {
		switch now, changed := last[Key{entity, r.RowID()}]; {
		case !changed:
			result = append(result, r)
		case now != nil:
			keep(now.(T))
		}
	}
	for _, key := range created {
		if now := last[key]; key.Entity == entity && now != nil {
			keep(now.(T))
		}
	}
	return result
}

// daysAfter forgets the days of which a lesson changes, but for those that the plan says.
func (s *State) daysAfter(p Plan) map[era.Date]Digest {
	days := maps.Clone(s.LessonDays)
	on := map[ID]era.Date{}
	for _, l := range s.Lessons {
		on[l.ID] = l.OnDate
	}
	for _, c := range p.Changes {
		switch r := c.Record().(type) {
		case Lesson:
			on[r.ID] = r.OnDate
			delete(days, r.OnDate)
		case Commitment:
			delete(days, on[r.LessonID])
		}
	}
	maps.Copy(days, p.Days)
	return days
}

func (s *State) takenAfter(p Plan, groups []Group, asOf era.Date) map[ID]int {
	taken := maps.Clone(s.TakenBy)
	young := map[ID]bool{}
	for _, g := range groups {
		young[g.ID] = g.StartsOn >= asOf
	}
	for _, c := range p.Changes {
		if r, ok := c.Record().(Commitment); ok && young[r.ElementID] {
			switch c.Action {
			case Create:
				taken[r.ElementID]++
			case Delete:
				taken[r.ElementID]--
			}
		}
	}
	return taken
}
