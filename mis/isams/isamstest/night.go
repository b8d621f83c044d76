package isamstest

import "slices"

// Night lets a day go by: about one in a hundred of everything changes. Pupils
// move between sets and forms, come, leave and change their address; staff come
// and go; now and then a set is renamed, opened or closed.
func (s *School) Night() {
	percent := func(n int) int { return max(1, n/100) }
	for range percent(s.SetLists()) / 2 {
		s.moveSet()
	}
	for range percent(len(s.Pupils)) / 3 {
		s.moveForm()
	}
	for range percent(len(s.Pupils)) / 3 {
		s.marry()
	}
	s.leave()
	s.joinSets(s.admit(s.rand.IntN(len(s.Forms))))
	s.hire()
	s.retire()
	const fewest = 10 // however many nights go by
	if s.rand.IntN(2) == 0 && len(s.Sets) > fewest {
		s.closeSet()
	} else {
		s.openSet()
	}
	s.rearrange()
}

// Change lets a day go by on which a share of everything changes, and no more: of pupils and
// staff as many come and go, of the places in sets and forms as many move, of the sets as
// many close and open, and of the lessons as many move.
func (s *School) Change(share float64) {
	times := func(n int, do func()) {
		exact := share * float64(n)
		count := int(exact)
		if s.rand.Float64() < exact-float64(count) {
			count++
		}
		for range count {
			do()
		}
	}
	// A pupil who leaves takes places in sets along, and so does a set that closes: a half of
	// the share is left for each.
	share /= 2
	times(len(s.Pupils), func() { s.leave(); s.joinSets(s.admit(s.rand.IntN(len(s.Forms)))) })
	times(len(s.Pupils), s.moveForm)
	times(len(s.Pupils), s.marry)
	times(len(s.Staff), func() { s.hire(); s.retire() })
	share /= 2
	times(s.SetLists(), s.moveSet)
	times(len(s.Sets), func() { s.closeSet(); s.openSet() })
	if s.Timetable != nil {
		s.keepTaught()
		times(len(s.Timetable.Schedules), s.moveLesson)
	}
}

// moveSet takes one pupil out of a set and puts them into another of the year.
func (s *School) moveSet() {
	from := &s.Sets[s.rand.IntN(len(s.Sets))]
	if len(from.Pupils) == 0 {
		return
	}
	i := s.rand.IntN(len(from.Pupils))
	pupil := from.Pupils[i]
	from.Pupils = slices.Delete(from.Pupils, i, i+1)
	others := s.setsOf(from.Year)
	s.Sets[others[s.rand.IntN(len(others))]].join(pupil)
}

func (t *Set) join(pupil int) {
	if at, found := slices.BinarySearch(t.Pupils, pupil); !found {
		t.Pupils = slices.Insert(t.Pupils, at, pupil)
	}
}

func (s *School) moveForm() {
	p := &s.Pupils[s.rand.IntN(len(s.Pupils))]
	var same []Form
	for _, f := range s.Forms {
		if f.Year == p.Year {
			same = append(same, f)
		}
	}
	if len(same) > 0 {
		p.Form = same[s.rand.IntN(len(same))].ID
	}
}

func (s *School) marry() {
	s.Pupils[s.rand.IntN(len(s.Pupils))].Surname = s.pick(surnames)
}

func (s *School) leave() {
	i := s.rand.IntN(len(s.Pupils))
	id := s.Pupils[i].ID
	s.Pupils = slices.Delete(s.Pupils, i, i+1)
	for j := range s.Sets {
		if at, found := slices.BinarySearch(s.Sets[j].Pupils, id); found {
			s.Sets[j].Pupils = slices.Delete(s.Sets[j].Pupils, at, at+1)
		}
	}
}

func (s *School) joinSets(p *Pupil) {
	sets := s.setsOf(p.Year)
	for range min(12, len(sets)) {
		s.Sets[sets[s.rand.IntN(len(sets))]].join(p.ID)
	}
}

func (s *School) retire() {
	i := s.rand.IntN(len(s.Staff))
	gone := s.Staff[i].ID
	s.Staff = slices.Delete(s.Staff, i, i+1)
	for j := range s.Forms {
		if s.Forms[j].Tutor == gone {
			s.Forms[j].Tutor = s.Staff[s.rand.IntN(len(s.Staff))].ID
		}
	}
}

func (s *School) closeSet() {
	i := s.rand.IntN(len(s.Sets))
	s.Sets = slices.Delete(s.Sets, i, i+1)
}

func (s *School) openSet() {
	like := s.Sets[s.rand.IntN(len(s.Sets))]
	fresh := Set{ID: s.id(), Subject: like.Subject, Year: like.Year, Name: like.Name + "b"}
	for i, pupil := range like.Pupils {
		if i%2 == 0 {
			fresh.Pupils = append(fresh.Pupils, pupil)
		}
	}
	s.Sets = append(s.Sets, fresh)
}

// Intake takes so many new pupils into the youngest year, as a September does: they join
// forms and sets that are there, and a few new ones.
func (s *School) Intake(pupils int) {
	var forms []int
	for i, f := range s.Forms {
		if f.Year == FirstYear {
			forms = append(forms, i)
		}
	}
	for i := range pupils {
		s.joinSets(s.admit(forms[i%len(forms)]))
	}
	s.openSet()
}

// NewYear lets a school year go by: the oldest leave, everybody else moves up, the youngest
// come, and all sets are new ones.
func (s *School) NewYear(sets, setLists int) {
	s.Pupils = slices.DeleteFunc(s.Pupils, func(p Pupil) bool { return p.Year == LastYear })
	leavers := len(s.Pupils) / (years - 1)
	byYear := map[int][]string{}
	for _, f := range s.Forms {
		byYear[f.Year] = append(byYear[f.Year], f.ID)
	}
	for i := range s.Pupils {
		p := &s.Pupils[i]
		p.Year++
		p.Form = byYear[p.Year][i%len(byYear[p.Year])]
	}
	s.Sets = nil
	s.makeSets(sets)
	for i := range s.Sets {
		s.Sets[i].ID = s.id()
	}
	for i := range leavers {
		s.admit(slices.IndexFunc(s.Forms, func(f Form) bool {
			return f.ID == byYear[FirstYear][i%len(byYear[FirstYear])]
		}))
	}
	s.fillSets(setLists)
}
