package importer_test

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"misimportd/mis/isams/isamstest"
)

// twin is a school that can be harmed, and the school is not.
func twin(s *isamstest.School) *isamstest.School {
	c := *s
	c.Staff, c.Pupils, c.Forms, c.Sets = slices.Clone(s.Staff), slices.Clone(s.Pupils), slices.Clone(s.Forms),
		slices.Clone(s.Sets)
	c.Subjects, c.Houses, c.Rooms = slices.Clone(s.Subjects), slices.Clone(s.Houses), slices.Clone(s.Rooms)
	for i := range c.Sets {
		c.Sets[i].Pupils = slices.Clone(c.Sets[i].Pupils)
	}
	t := *s.Timetable
	t.Schedules, t.Weeks = slices.Clone(t.Schedules), slices.Clone(t.Weeks)
	for i := range t.Weeks {
		t.Weeks[i].Days = slices.Clone(t.Weeks[i].Days)
		for k := range t.Weeks[i].Days {
			t.Weeks[i].Days[k].Periods = slices.Clone(t.Weeks[i].Days[k].Periods)
		}
	}
	c.Timetable = &t
	return &c
}

// randomHarms are what can be wrong with the records of a document, to an extent that is drawn.
var randomHarms = []struct {
	what string
	do   func(s *isamstest.School, share float64, dice *rand.Rand)
}{
	{"surnames shifted", func(s *isamstest.School, share float64, dice *rand.Rand) {
		eachPupil(s, share, dice, func(p, next *isamstest.Pupil) { p.Surname = next.Surname })
	}},
	{"names swapped", func(s *isamstest.School, share float64, dice *rand.Rand) {
		eachPupil(s, share, dice, func(p, _ *isamstest.Pupil) { p.Forename, p.Surname = p.Surname, p.Forename })
	}},
	{"names misread", func(s *isamstest.School, share float64, dice *rand.Rand) {
		eachPupil(s, share, dice, func(p, _ *isamstest.Pupil) { p.Surname = misread(p.Surname) })
	}},
	{"question marks", func(s *isamstest.School, share float64, dice *rand.Rand) {
		eachPupil(s, share, dice, func(p, _ *isamstest.Pupil) { p.Surname = questioned(p.Surname) })
	}},
	{"addresses one", func(s *isamstest.School, share float64, dice *rand.Rand) {
		eachPupil(s, share, dice, func(p, _ *isamstest.Pupil) { p.Email = "office@school.example" })
	}},
	{"addresses shifted", func(s *isamstest.School, share float64, dice *rand.Rand) {
		eachPupil(s, share, dice, func(p, next *isamstest.Pupil) { p.Email = next.Email })
	}},
	{"houses one", func(s *isamstest.School, share float64, dice *rand.Rand) {
		eachPupil(s, share, dice, func(p, _ *isamstest.Pupil) { p.House = s.Houses[0].Name })
	}},
	{"years up", func(s *isamstest.School, share float64, dice *rand.Rand) {
		eachPupil(s, share, dice, func(p, _ *isamstest.Pupil) { p.Year = min(p.Year+1, isamstest.LastYear) })
	}},
	{"years of sets up", func(s *isamstest.School, share float64, dice *rand.Rand) {
		some(s.Sets, share, dice, func(i int) { s.Sets[i].Year++ })
	}},
	{"tutors one", func(s *isamstest.School, share float64, dice *rand.Rand) {
		some(s.Forms, share, dice, func(i int) { s.Forms[i].Tutor = s.Staff[0].ID })
	}},
	{"subjects one", func(s *isamstest.School, share float64, dice *rand.Rand) {
		some(s.Sets, share, dice, func(i int) { s.Sets[i].Subject = 1 })
	}},
	{"set names others'", func(s *isamstest.School, share float64, dice *rand.Rand) {
		some(s.Sets, share, dice, func(i int) { s.Sets[i].Name = s.Sets[(i+1)%len(s.Sets)].Name })
	}},
	{"an hour later", func(s *isamstest.School, _ float64, _ *rand.Rand) { anHourLater(s) }},
	{"teachers others'", func(s *isamstest.School, share float64, dice *rand.Rand) {
		some(s.Timetable.Schedules, share, dice, func(i int) {
			s.Timetable.Schedules[i].Teacher = s.Staff[dice.IntN(len(s.Staff))].Code
		})
	}},
	{"lessons gone", func(s *isamstest.School, share float64, dice *rand.Rand) { dropLessons(s, share/2, dice) }},
	{"a teacher's lessons gone", func(s *isamstest.School, _ float64, dice *rand.Rand) {
		code := s.Timetable.Schedules[dice.IntN(len(s.Timetable.Schedules))].Teacher
		s.Timetable.Schedules = slices.DeleteFunc(s.Timetable.Schedules,
			func(l isamstest.Schedule) bool { return l.Teacher == code })
	}},
	{"set lists gone", func(s *isamstest.School, share float64, dice *rand.Rand) { dropLists(s, share/4, dice) }},
	{"pupils gone", func(s *isamstest.School, share float64, dice *rand.Rand) {
		leaveWhere(s, func(isamstest.Pupil) bool { return dice.Float64() < share/3 })
	}},
	{"a form without anybody", func(s *isamstest.School, _ float64, dice *rand.Rand) {
		emptyForm(s, dice.IntN(len(s.Forms)))
	}},
	{"a form's pupils gone", func(s *isamstest.School, _ float64, dice *rand.Rand) {
		form := s.Forms[dice.IntN(len(s.Forms))].ID
		leaveWhere(s, func(p isamstest.Pupil) bool { return p.Form == form })
	}},
	{"a set without anybody", func(s *isamstest.School, _ float64, dice *rand.Rand) {
		s.Sets[dice.IntN(len(s.Sets))].Pupils = nil
	}},
	{"a department gone", func(s *isamstest.School, _ float64, dice *rand.Rand) {
		subject := s.Sets[dice.IntN(len(s.Sets))].Subject
		s.Sets = slices.DeleteFunc(s.Sets, func(set isamstest.Set) bool { return set.Subject == subject })
	}},
	{"a year absent", func(s *isamstest.School, _ float64, dice *rand.Rand) {
		year := isamstest.FirstYear + dice.IntN(7)
		leaveWhere(s, func(p isamstest.Pupil) bool { return p.Year == year })
	}},
	{"strangers", func(s *isamstest.School, share float64, _ *rand.Rand) {
		strangers(s, int((0.1+share/2)*float64(len(s.Pupils))))
	}},
	{"sets new", func(s *isamstest.School, share float64, _ *rand.Rand) { newSets(s, int(share*100)) }},
	{"forms reshuffled", func(s *isamstest.School, share float64, _ *rand.Rand) {
		reform(s, []int{7, 8, 9, 10, 11, 12, 13}[:int(share*7)]...)
	}},
}

// eachPupil does something to a share of the pupils; next is who stands after them.
func eachPupil(s *isamstest.School, share float64, dice *rand.Rand, do func(p, next *isamstest.Pupil)) {
	was := slices.Clone(s.Pupils)
	some(s.Pupils, share, dice, func(i int) { do(&s.Pupils[i], &was[(i+1)%len(was)]) })
}

func some[T any](list []T, share float64, dice *rand.Rand, do func(i int)) {
	for i := range list {
		if dice.Float64() < share {
			do(i)
		}
	}
}

// harmed is a school's document with one of the harms, to an extent that is small as often as
// large.
func harmed(s *isamstest.School, dice *rand.Rand) (document []byte, what string) {
	harm := randomHarms[dice.IntN(len(randomHarms))]
	share := dice.Float64()
	if dice.IntN(2) == 0 {
		share *= 0.2
	}
	s = twin(s)
	harm.do(s, share, dice)
	return s.Document(), fmt.Sprintf("%s, %.1f %%", harm.what, 100*share)
}
