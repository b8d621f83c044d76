// Package isamstest makes pretend schools: as large as asked, the same for the same
// seed, with the names, ids and oddities that real ones have; lets nights pass in
// them; and writes them as iSAMS would. Nobody in them lives.
package isamstest

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// Size says how much of everything a school has.
type Size struct {
	Pupils, Staff, Forms, Sets, SetLists int
}

// Typical is a senior school of 1,000 pupils.
var Typical = Size{Pupils: 1000, Staff: 150, Forms: 56, Sets: 600, SetLists: 12000}

// Huge is twenty such schools in one.
var Huge = Size{Pupils: 20000, Staff: 3000, Forms: 1120, Sets: 12000, SetLists: 227000}

// The year groups of a senior school.
const (
	FirstYear = 7
	LastYear  = 13
	years     = LastYear - FirstYear + 1
)

// Person is what pupils and staff have in common.
type Person struct {
	ID                           int
	Forename, Preferred, Surname string
}

// Staff is a member of staff.
type Staff struct {
	Person
	Title, Initials, Code string
	Teaching              bool
}

// Pupil is a pupil; Form is the form's id, House the house's name.
type Pupil struct {
	Person
	Year        int
	Form, House string
	Email       string
}

// Form is a tutor group.
type Form struct {
	ID, Name string
	Year     int
	Tutor    int
}

// Set is a teaching group; Pupils are ids, in order.
type Set struct {
	ID, Subject, Year int
	Name              string
	Pupils            []int
}

// Named is a subject, a house or a room.
type Named struct {
	ID         int
	Name, Code string
}

// School is a pretend school on one night.
type School struct {
	rand      *rand.Rand
	nextID    int
	Staff     []Staff
	Pupils    []Pupil
	Forms     []Form
	Sets      []Set
	Subjects  []Named
	Houses    []Named
	Rooms     []Named
	Timetable *Timetable // nil for a school that has none

	Categories []Named // of custom groups
	Custom     []CustomGroup
	Activities []Activity

	Covers   []Cover
	covering *rand.Rand // nil for a school that has no dump of covers
}

// New is a school of a size, the same for the same seed.
func New(seed uint64, size Size) *School {
	s := &School{rand: rand.New(rand.NewPCG(seed, 2016)), nextID: 70000}
	for i, name := range subjectNames {
		s.Subjects = append(s.Subjects, Named{i + 1, name, subjectCodes[i]})
	}
	for i, name := range houseNames {
		s.Houses = append(s.Houses, Named{i + 1, name, name[:1]})
	}
	for i := range max(4, size.Sets/8) {
		s.Rooms = append(s.Rooms, Named{i + 1, fmt.Sprintf("Room %d", i+1), fmt.Sprintf("R%d", i+1)})
	}
	for range size.Staff {
		s.hire()
	}
	s.makeForms(size.Forms)
	for i := range size.Pupils {
		s.admit(i % max(1, size.Forms))
	}
	s.makeSets(size.Sets)
	s.fillSets(size.SetLists)
	return s
}

func (s *School) pick(from []string) string { return from[s.rand.IntN(len(from))] }

func (s *School) id() int {
	s.nextID++
	return s.nextID
}

func (s *School) person() Person {
	return Person{ID: s.id(), Forename: s.pick(forenames), Surname: s.pick(surnames)}
}

func (s *School) hire() {
	m := Staff{Person: s.person(), Title: s.pick(titles), Teaching: s.rand.IntN(10) > 0}
	m.Code = fmt.Sprintf("T%05d", m.ID)
	m.Initials = string([]rune(m.Forename)[:1]) + string([]rune(m.Surname)[:1])
	s.Staff = append(s.Staff, m)
}

func (s *School) makeForms(n int) {
	for i := range n {
		year := FirstYear + i%years
		f := Form{Year: year, ID: fmt.Sprintf("%d/%s", year, letters(i/years)),
			Name: fmt.Sprintf("%d%s", year, letters(i/years))}
		if len(s.Staff) > 0 {
			f.Tutor = s.Staff[i%len(s.Staff)].ID
		}
		s.Forms = append(s.Forms, f)
	}
}

// letters numbers things A, B … Z, AA, AB …
func letters(i int) string {
	if i < 26 {
		return string(rune('A' + i))
	}
	return letters(i/26-1) + letters(i%26)
}

// admit takes in a pupil who joins a form, and no set yet.
func (s *School) admit(form int) *Pupil {
	p := Pupil{Person: s.person(), Year: FirstYear, House: s.Houses[s.rand.IntN(len(s.Houses))].Name}
	if len(s.Forms) > 0 {
		f := s.Forms[form]
		p.Year, p.Form = f.Year, f.ID
	}
	p.Email = fmt.Sprintf("P%d@School.Example", p.ID)
	if s.rand.IntN(12) == 0 {
		p.Preferred = s.pick(forenames)
	}
	s.Pupils = append(s.Pupils, p)
	return &s.Pupils[len(s.Pupils)-1]
}

func (s *School) makeSets(n int) {
	for i := range n {
		year := FirstYear + i%years
		subject := s.Subjects[i/years%len(s.Subjects)]
		number := i/years/len(s.Subjects) + 1
		s.Sets = append(s.Sets, Set{ID: i + 1, Subject: subject.ID, Year: year,
			Name: fmt.Sprintf("%d%s%d", year, subject.Code, number)})
	}
}

// setsOf are the indexes of a year's sets.
func (s *School) setsOf(year int) []int {
	var sets []int
	for i := range s.Sets {
		if s.Sets[i].Year == year {
			sets = append(sets, i)
		}
	}
	return sets
}

// fillSets puts pupils into sets of their year until there are n set lists, or
// nobody is left who is not in every set.
func (s *School) fillSets(n int) {
	ofYear := map[int][]int{}
	for year := FirstYear; year <= LastYear; year++ {
		ofYear[year] = s.setsOf(year)
	}
	for i, p := range s.Pupils {
		sets := ofYear[p.Year]
		share := n/len(s.Pupils) + btoi(i < n%len(s.Pupils))
		if len(sets) == 0 {
			continue
		}
		first := s.rand.IntN(len(sets))
		for k := range min(share, len(sets)) {
			set := &s.Sets[sets[(first+k)%len(sets)]]
			set.Pupils = append(set.Pupils, p.ID)
		}
	}
	for i := range s.Sets {
		slices.Sort(s.Sets[i].Pupils)
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// SetLists counts who is in which set.
func (s *School) SetLists() int {
	n := 0
	for i := range s.Sets {
		n += len(s.Sets[i].Pupils)
	}
	return n
}
