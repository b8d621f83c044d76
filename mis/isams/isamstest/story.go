package isamstest

import (
	"slices"
	"time"
)

// Place is where in a week of the timetable a lesson is; Period is 1 for the first of the day.
type Place struct {
	Weekday time.Weekday
	Period  int
}

// MoveLesson moves a lesson of week A to another place, in which its room and its teachers are free. It returns the
// lesson's code, "" where there is none to move.
func (s *School) MoveLesson(from, to Place) string {
	t := s.Timetable
	here, there := t.periodAt(from), t.periodAt(to)
	for i := range t.Schedules {
		l := &t.Schedules[i]
		if l.Period != here || t.isTaken(there, *l) || t.isShared(*l) {
			continue
		}
		l.Period = there
		return l.Code
	}
	return ""
}

// periodAt is the period at a place of the first week of the timetable, 0 for none.
func (t *Timetable) periodAt(p Place) int {
	for _, d := range t.Weeks[0].Days {
		if d.Number == int(p.Weekday)+1 && p.Period <= len(d.Periods) {
			return d.Periods[p.Period-1].ID
		}
	}
	return 0
}

// isTaken tells whether a lesson's room or teacher is in another one in a period.
func (t *Timetable) isTaken(period int, l Schedule) bool {
	return slices.ContainsFunc(t.Schedules, func(other Schedule) bool {
		return other.Period == period && (other.Room == l.Room || other.Teacher == l.Teacher || other.Set == l.Set)
	})
}

// isShared tells whether a lesson has two teachers.
func (t *Timetable) isShared(l Schedule) bool {
	return slices.ContainsFunc(t.Schedules, func(other Schedule) bool {
		return other.ID != l.ID && other.Period == l.Period && other.Code == l.Code && other.Room == l.Room
	})
}

// Admit takes a pupil into a form and some of its year's sets.
func (s *School) Admit(form string) Pupil {
	p := s.admit(slices.IndexFunc(s.Forms, func(f Form) bool { return f.Name == form }))
	s.joinSets(p)
	return *p
}

// MoveForm moves the first pupil of a form into another.
func (s *School) MoveForm(from, to string) Pupil {
	p := &s.Pupils[slices.IndexFunc(s.Pupils, func(p Pupil) bool { return p.Form == s.formID(from) })]
	p.Form = s.formID(to)
	return *p
}

func (s *School) formID(name string) string {
	return s.Forms[slices.IndexFunc(s.Forms, func(f Form) bool { return f.Name == name })].ID
}

// Blank takes every name out of a pupil's record, as somebody does who is called away while typing. What it returns
// puts them back.
func (s *School) Blank(pupil int) (back func()) {
	find := func() *Pupil {
		return &s.Pupils[slices.IndexFunc(s.Pupils, func(p Pupil) bool { return p.ID == pupil })]
	}
	was := *find()
	find().Forename, find().Preferred, find().Surname = "", "", ""
	return func() { *find() = was }
}

// LeaveLessons takes a member of staff out of the school who is in the timetable still, and nowhere else.
func (s *School) LeaveLessons() Staff {
	at := slices.IndexFunc(s.Staff, func(m Staff) bool {
		teaches := func(l Schedule) bool { return l.Teacher == m.Code && !s.Timetable.isShared(l) }
		isCovered := func(l Schedule) bool {
			isOf := func(c Cover) bool { return c.Schedule == l.ID }
			return l.Teacher == m.Code && slices.ContainsFunc(s.Covers, isOf)
		}
		all := s.Timetable.Schedules
		return slices.ContainsFunc(all, teaches) && !slices.ContainsFunc(all, isCovered) && !s.isBusy(m)
	})
	gone := s.Staff[at]
	s.Staff = slices.Delete(s.Staff, at, at+1)
	return gone
}

// isBusy tells whether somebody does something beside teaching sets.
func (s *School) isBusy(m Staff) bool {
	t := s.Timetable
	return slices.ContainsFunc(s.Forms, func(f Form) bool { return f.Tutor == m.ID }) ||
		slices.ContainsFunc(t.Meetings, func(o Meeting) bool { return o.Teacher == m.Code }) ||
		slices.ContainsFunc(t.Assemblies, func(o Assembly) bool { return o.Teacher == m.Code }) ||
		slices.ContainsFunc(t.Tutorials, func(o Tutorial) bool { return o.Teacher == m.Code }) ||
		slices.ContainsFunc(s.Custom, func(g CustomGroup) bool { return g.Author == m.Code }) ||
		slices.ContainsFunc(s.Covers, func(c Cover) bool { return c.Teacher == m.Code }) ||
		slices.ContainsFunc(s.Activities, func(a Activity) bool {
			return slices.ContainsFunc(a.Events, func(e Event) bool { return slices.Contains(e.Teachers, m.Code) })
		})
}

// WithoutYears is the school as an export tells it whose filter leaves out the pupils of some years.
func (s *School) WithoutYears(years ...int) *School {
	cut := *s
	gone := map[int]bool{}
	cut.Pupils = slices.DeleteFunc(slices.Clone(s.Pupils), func(p Pupil) bool {
		gone[p.ID] = slices.Contains(years, p.Year)
		return gone[p.ID]
	})
	without := func(pupils []int) []int {
		return slices.DeleteFunc(slices.Clone(pupils), func(id int) bool { return gone[id] })
	}
	cut.Sets, cut.Custom = slices.Clone(s.Sets), slices.Clone(s.Custom)
	for i := range cut.Sets {
		cut.Sets[i].Pupils = without(cut.Sets[i].Pupils)
	}
	for i := range cut.Custom {
		cut.Custom[i].Pupils = without(cut.Custom[i].Pupils)
	}
	return &cut
}
