package importer_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode"

	"misimportd/mis/isams/isamstest"
)

// What can happen to the records of a pretend school.

func shiftSurnames(s *isamstest.School) {
	first := s.Pupils[0].Surname
	for i := range len(s.Pupils) - 1 {
		s.Pupils[i].Surname = s.Pupils[i+1].Surname
	}
	s.Pupils[len(s.Pupils)-1].Surname = first
}

func swapNames(s *isamstest.School) {
	for i := range s.Pupils {
		p := &s.Pupils[i]
		p.Forename, p.Surname = p.Surname, p.Forename
	}
}

func respell(s *isamstest.School, wrongly func(string) string) {
	for i := range s.Pupils {
		p := &s.Pupils[i]
		p.Forename, p.Surname, p.Preferred = wrongly(p.Forename), wrongly(p.Surname), wrongly(p.Preferred)
	}
}

// misread is UTF-8 that somebody took for Latin-1.
func misread(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		if c < 0x80 || c >= 0xa0 { // what lies between are control characters
			b.WriteRune(rune(c))
		} else {
			b.WriteRune('¤')
		}
	}
	return b.String()
}

func questioned(text string) string { return inPlace(text, '?') }
func replaced(text string) string   { return inPlace(text, '\uFFFD') }

func inPlace(text string, sign rune) string {
	return strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII {
			return sign
		}
		return r
	}, text)
}

func shiftAddresses(s *isamstest.School) {
	first := s.Pupils[0].Email
	for i := range len(s.Pupils) - 1 {
		s.Pupils[i].Email = s.Pupils[i+1].Email
	}
	s.Pupils[len(s.Pupils)-1].Email = first
}

func shareAddresses(s *isamstest.School, n int) {
	for i := range n {
		s.Pupils[i].Email = "office@school.example"
	}
}

func newDomain(s *isamstest.School) {
	for i := range s.Pupils {
		s.Pupils[i].Email = strings.Replace(s.Pupils[i].Email, "School.Example", "college.example", 1)
	}
}

func yearUp(s *isamstest.School) {
	for i := range s.Pupils {
		s.Pupils[i].Year++
	}
}

func shuffleNames(s *isamstest.School, dice *rand.Rand) {
	dice.Shuffle(len(s.Sets), func(a, b int) { s.Sets[a].Name, s.Sets[b].Name = s.Sets[b].Name, s.Sets[a].Name })
}

func renameSets(s *isamstest.School) {
	for i := range s.Sets {
		s.Sets[i].Name = "Set " + s.Sets[i].Name
	}
	for i := range s.Timetable.Schedules {
		s.Timetable.Schedules[i].Code = "Set " + s.Timetable.Schedules[i].Code
	}
}

func anHourLater(s *isamstest.School) {
	for w := range s.Timetable.Weeks {
		for d := range s.Timetable.Weeks[w].Days {
			for p := range s.Timetable.Weeks[w].Days[d].Periods {
				period := &s.Timetable.Weeks[w].Days[d].Periods[p]
				period.Start, period.End = hourLater(period.Start), hourLater(period.End)
			}
		}
	}
}

func hourLater(at string) string {
	var hour, minute int
	_, _ = fmt.Sscanf(at, "%d:%d", &hour, &minute)
	return fmt.Sprintf("%02d:%02d", hour+1, minute)
}

func rotateTeachers(s *isamstest.School) {
	next := map[string]string{}
	for i, m := range s.Staff {
		next[m.Code] = s.Staff[(i+1)%len(s.Staff)].Code
	}
	for i := range s.Timetable.Schedules {
		s.Timetable.Schedules[i].Teacher = next[s.Timetable.Schedules[i].Teacher]
	}
}

func leaveWhere(s *isamstest.School, gone func(isamstest.Pupil) bool) {
	ids := map[int]bool{}
	s.Pupils = slices.DeleteFunc(s.Pupils, func(p isamstest.Pupil) bool {
		ids[p.ID] = gone(p)
		return ids[p.ID]
	})
	for i := range s.Sets {
		s.Sets[i].Pupils = slices.DeleteFunc(slices.Clone(s.Sets[i].Pupils), func(id int) bool { return ids[id] })
	}
}

func dropLessons(s *isamstest.School, share float64, dice *rand.Rand) {
	s.Timetable.Schedules = slices.DeleteFunc(s.Timetable.Schedules,
		func(isamstest.Schedule) bool { return dice.Float64() < share })
}

func dropLists(s *isamstest.School, share float64, dice *rand.Rand) {
	for i := range s.Sets {
		s.Sets[i].Pupils = slices.DeleteFunc(slices.Clone(s.Sets[i].Pupils),
			func(int) bool { return dice.Float64() < share })
	}
}

func emptyForm(s *isamstest.School, form int) {
	for i := range s.Pupils {
		if s.Pupils[i].Form == s.Forms[form].ID {
			s.Pupils[i].Form = ""
		}
	}
}

// emptySet empties the set that has the most pupils.
func emptySet(s *isamstest.School) {
	most := 0
	for i := range s.Sets {
		if len(s.Sets[i].Pupils) > len(s.Sets[most].Pupils) {
			most = i
		}
	}
	s.Sets[most].Pupils = nil
}

// reform puts each pupil of some years into the next form of the year.
func reform(s *isamstest.School, years ...int) {
	forms := map[int][]string{}
	for _, f := range s.Forms {
		forms[f.Year] = append(forms[f.Year], f.ID)
	}
	for i := range s.Pupils {
		if p := &s.Pupils[i]; slices.Contains(years, p.Year) {
			p.Form = forms[p.Year][(slices.Index(forms[p.Year], p.Form)+1)%len(forms[p.Year])]
		}
	}
}

// reset puts the pupils of a subject's sets into the next set of the subject and the year;
// where a year has one only, a second one has to be opened first.
func reset(s *isamstest.School, subject int) {
	ofYear := map[int][]int{}
	for i := range s.Sets {
		if s.Sets[i].Subject == subject {
			ofYear[s.Sets[i].Year] = append(ofYear[s.Sets[i].Year], i)
		}
	}
	for _, sets := range ofYear {
		if len(sets) == 1 {
			next := sets[0] + isamstest.LastYear - isamstest.FirstYear + 1 // of the next subject
			sets = append(sets, next)
		}
		first := s.Sets[sets[0]].Pupils
		for k := range len(sets) - 1 {
			s.Sets[sets[k]].Pupils = s.Sets[sets[k+1]].Pupils
		}
		s.Sets[sets[len(sets)-1]].Pupils = first
	}
}

func halfMoves(s *isamstest.School) {
	from, to := &s.Sets[0], &s.Sets[7]
	half := len(from.Pupils) / 2
	for _, id := range from.Pupils[:half] {
		if !slices.Contains(to.Pupils, id) {
			to.Pupils = append(slices.Clone(to.Pupils), id)
		}
	}
	from.Pupils = from.Pupils[half:]
}

func mergeForms(s *isamstest.School) {
	gone := s.Forms[0]
	s.Forms = s.Forms[1:]
	for i := range s.Pupils {
		if s.Pupils[i].Form == gone.ID {
			s.Pupils[i].Form = s.Forms[slices.IndexFunc(s.Forms,
				func(f isamstest.Form) bool { return f.Year == gone.Year })].ID
		}
	}
}

// strangers mixes in pupils of another school, which has forms of the same names.
func strangers(s *isamstest.School, n int) {
	other := isamstest.New(9, someSchool)
	for _, p := range other.Pupils[:n] {
		p.ID += 900000
		p.Email = fmt.Sprintf("p%d@elsewhere.example", p.ID)
		s.Pupils = append(s.Pupils, p)
	}
}

func joinYear(s *isamstest.School, year, n int) {
	like := s.Pupils[slices.IndexFunc(s.Pupils, func(p isamstest.Pupil) bool { return p.Year == year })]
	like.ID = 800000 + n
	like.Email = fmt.Sprintf("p%d@school.example", like.ID)
	s.Pupils = append(s.Pupils, like)
}

func newSets(s *isamstest.School, n int) {
	for i := range n {
		s.Sets = append(s.Sets, isamstest.Set{ID: 900000 + i, Subject: 1, Year: isamstest.FirstYear + i%7,
			Name: fmt.Sprintf("New%d", i)})
	}
}
