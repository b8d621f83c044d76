package importer_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"

	"misimportd/mis/isams/isamstest"
)

var (
	aYear     = regexp.MustCompile(`<NCYear>\d+</NCYear>`)
	aSchoolID = regexp.MustCompile(`<SchoolId>(\d)`)
	aStaffer  = regexp.MustCompile(`<SchoolEmailAddress>[^<]*<`)
)

// harmfulNights are documents that can be read, and that nobody should believe.
var harmfulNights = []nightOf{
	{"surnames shifted by one", held, of(func(s *isamstest.School, _ *rand.Rand) { shiftSurnames(s) })},
	{"forenames and surnames swapped", held, of(func(s *isamstest.School, _ *rand.Rand) { swapNames(s) })},
	{"pupils' names in a wrong encoding", held, of(func(s *isamstest.School, _ *rand.Rand) { respell(s, misread) })},
	{"question marks in place of letters", held,
		of(func(s *isamstest.School, _ *rand.Rand) { respell(s, questioned) })},
	{"replacement characters in place of letters", held,
		of(func(s *isamstest.School, _ *rand.Rand) { respell(s, replaced) })},
	{"staff's names in a wrong encoding", held, of(func(s *isamstest.School, _ *rand.Rand) {
		for i := range s.Staff {
			s.Staff[i].Forename, s.Staff[i].Surname = misread(s.Staff[i].Forename), misread(s.Staff[i].Surname)
		}
	})},
	{"addresses are other pupils'", held, of(func(s *isamstest.School, _ *rand.Rand) { shiftAddresses(s) })},
	{"all addresses one", held, of(func(s *isamstest.School, _ *rand.Rand) { shareAddresses(s, len(s.Pupils)) })},
	{"a few addresses one", held, of(func(s *isamstest.School, _ *rand.Rand) { shareAddresses(s, len(s.Pupils)/14) })},
	{"staff's addresses all one", held, spoiling(func(d []byte, _ *rand.Rand) []byte {
		return aStaffer.ReplaceAll(d, []byte("<SchoolEmailAddress>office@school.example<"))
	})},
	{"pupils a year up outside a rollover", held, of(func(s *isamstest.School, _ *rand.Rand) { yearUp(s) })},
	{"forms and sets a year up outside a rollover", held, of(func(s *isamstest.School, _ *rand.Rand) {
		for i := range s.Sets {
			s.Sets[i].Year++
		}
		for i := range s.Forms {
			s.Forms[i].Year++
		}
	})},
	{"no year of any pupil", held, spoiling(func(d []byte, _ *rand.Rand) []byte {
		return aYear.ReplaceAll(d, []byte("<NCYear/>"))
	})},
	{"no year of one year's pupils", held, spoiling(func(d []byte, _ *rand.Rand) []byte {
		return bytes.ReplaceAll(d, []byte("<NCYear>9</NCYear>"), []byte("<NCYear/>"))
	})},
	{"a year group absent", held, of(func(s *isamstest.School, _ *rand.Rand) {
		leaveWhere(s, func(p isamstest.Pupil) bool { return p.Year == 13 })
	})},
	{"all pupils in one house", held, of(func(s *isamstest.School, _ *rand.Rand) {
		for i := range s.Pupils {
			s.Pupils[i].House = s.Houses[0].Name
		}
	})},
	{"pupils' houses shuffled", held, of(func(s *isamstest.School, dice *rand.Rand) {
		dice.Shuffle(len(s.Pupils), func(a, b int) {
			s.Pupils[a].House, s.Pupils[b].House = s.Pupils[b].House, s.Pupils[a].House
		})
	})},
	{"one tutor for all forms", held, of(func(s *isamstest.School, _ *rand.Rand) {
		for i := range s.Forms {
			s.Forms[i].Tutor = s.Staff[0].ID
		}
	})},
	{"one subject for all sets", held, of(func(s *isamstest.School, _ *rand.Rand) {
		for i := range s.Sets {
			s.Sets[i].Subject = 1
		}
	})},
	{"names of sets shuffled", held, of(func(s *isamstest.School, dice *rand.Rand) { shuffleNames(s, dice) })},
	{"names of forms shifted by one", held, of(func(s *isamstest.School, _ *rand.Rand) {
		first := s.Forms[0].Name
		for i := range len(s.Forms) - 1 {
			s.Forms[i].Name = s.Forms[i+1].Name
		}
		s.Forms[len(s.Forms)-1].Name = first
	})},
	{"names of rooms shifted by one", held, of(func(s *isamstest.School, _ *rand.Rand) {
		first := s.Rooms[0].Name
		for i := range len(s.Rooms) - 1 {
			s.Rooms[i].Name = s.Rooms[i+1].Name
		}
		s.Rooms[len(s.Rooms)-1].Name = first
	})},
	{"subjects' names all one", held, of(func(s *isamstest.School, _ *rand.Rand) {
		for i := range s.Subjects {
			s.Subjects[i].Name = "Mathematics"
		}
	})},
	{"pupils' school ids others", held, spoiling(func(d []byte, _ *rand.Rand) []byte {
		return aSchoolID.ReplaceAll(d, []byte("<SchoolId>8$1"))
	})},
	{"every lesson an hour later", held, of(func(s *isamstest.School, _ *rand.Rand) { anHourLater(s) })},
	{"every lesson has another's teacher", held, of(func(s *isamstest.School, _ *rand.Rand) { rotateTeachers(s) })},
	{"every lesson has another set", held, of(func(s *isamstest.School, _ *rand.Rand) {
		l := s.Timetable.Schedules
		first := l[0].Set
		for i := range len(l) - 1 {
			l[i].Set = l[i+1].Set
		}
		l[len(l)-1].Set = first
	})},
	{"every lesson in one room", held, of(func(s *isamstest.School, _ *rand.Rand) {
		for i := range s.Timetable.Schedules {
			s.Timetable.Schedules[i].Room = 1
		}
	})},
	{"all lessons in other slots", held, of(func(s *isamstest.School, dice *rand.Rand) {
		l := s.Timetable.Schedules
		dice.Shuffle(len(l), func(a, b int) { l[a].Period, l[b].Period = l[b].Period, l[a].Period })
	})},
	{"19 % of the lessons gone", held, of(func(s *isamstest.School, dice *rand.Rand) { dropLessons(s, 0.19, dice) })},
	{"lessons of one teacher gone", held, of(func(s *isamstest.School, _ *rand.Rand) {
		code := s.Timetable.Schedules[0].Teacher
		s.Timetable.Schedules = slices.DeleteFunc(s.Timetable.Schedules,
			func(l isamstest.Schedule) bool { return l.Teacher == code })
	})},
	{"lessons of one year gone", held, of(func(s *isamstest.School, _ *rand.Rand) {
		years := map[int]int{}
		for _, set := range s.Sets {
			years[set.ID] = set.Year
		}
		s.Timetable.Schedules = slices.DeleteFunc(s.Timetable.Schedules,
			func(l isamstest.Schedule) bool { return years[l.Set] == 8 })
	})},
	{"9 % of the set lists gone", held, of(func(s *isamstest.School, dice *rand.Rand) { dropLists(s, 0.09, dice) })},
	{"a form without anybody", held, of(func(s *isamstest.School, _ *rand.Rand) { emptyForm(s, 3) })},
	{"a form's pupils all gone", held, of(func(s *isamstest.School, _ *rand.Rand) {
		leaveWhere(s, func(p isamstest.Pupil) bool { return p.Form == s.Forms[3].ID })
	})},
	{"a form gone with its pupils", held, of(func(s *isamstest.School, _ *rand.Rand) {
		leaveWhere(s, func(p isamstest.Pupil) bool { return p.Form == s.Forms[3].ID })
		s.Forms = slices.Delete(s.Forms, 3, 4)
	})},
	{"a set without anybody", held, of(func(s *isamstest.School, _ *rand.Rand) { emptySet(s) })},
	{"a department's sets gone", held, of(func(s *isamstest.School, _ *rand.Rand) {
		s.Sets = slices.DeleteFunc(s.Sets, func(set isamstest.Set) bool { return set.Subject == 1 })
	})},
	{"set lists shuffled among all pupils", held, of(func(s *isamstest.School, dice *rand.Rand) {
		for i := range s.Sets {
			for k := range s.Sets[i].Pupils {
				s.Sets[i].Pupils[k] = s.Pupils[dice.IntN(len(s.Pupils))].ID
			}
		}
	})},
	{"all set lists one set up", held, of(func(s *isamstest.School, _ *rand.Rand) {
		first := s.Sets[0].Pupils
		for i := range len(s.Sets) - 1 {
			s.Sets[i].Pupils = s.Sets[i+1].Pupils
		}
		s.Sets[len(s.Sets)-1].Pupils = first
	})},
	{"all pupils in other forms of their year", held,
		of(func(s *isamstest.School, _ *rand.Rand) { reform(s, 7, 8, 9, 10, 11, 12, 13) })},
	{"a tenth of another school's pupils mixed in", held,
		of(func(s *isamstest.School, _ *rand.Rand) { strangers(s, len(s.Pupils)/10) })},
	{"a third of another school's pupils mixed in", held,
		of(func(s *isamstest.School, _ *rand.Rand) { strangers(s, len(s.Pupils)/3) })},
	{"some of another school's staff mixed in", held, of(func(s *isamstest.School, _ *rand.Rand) {
		other := isamstest.New(9, someSchool)
		for _, m := range other.Staff[:12] {
			m.ID += 900000
			m.Code = fmt.Sprintf("S%05d", m.ID)
			s.Staff = append(s.Staff, m)
		}
	})},
	{"a hundred sets at once", held, of(func(s *isamstest.School, _ *rand.Rand) { newSets(s, 100) })},
}

// ordinaryNights are those that happen at schools.
var ordinaryNights = []nightOf{
	{"nothing", passes, of(func(*isamstest.School, *rand.Rand) {})},
	{"the records in another order", passes, func(s *isamstest.School, _ *rand.Rand) []byte { return s.Shuffled(3) }},
	{"a day's changes", passes, of(func(s *isamstest.School, _ *rand.Rand) { s.Night() })},
	{"two days' changes", passes, of(func(s *isamstest.School, _ *rand.Rand) { s.Night(); s.Night() })},
	{"2 % of everything", passes, of(func(s *isamstest.School, _ *rand.Rand) { s.Change(0.02) })},
	{"a September's intake", passes, of(func(s *isamstest.School, _ *rand.Rand) { s.Intake(40) })},
	{"an intake into years 7 and 12", passes, of(func(s *isamstest.School, _ *rand.Rand) {
		s.Intake(40)
		for i := range 25 {
			joinYear(s, 12, i)
		}
	})},
	{"one year's forms reshuffled", passes, of(func(s *isamstest.School, _ *rand.Rand) { reform(s, 9) })},
	{"the maths sets of all years reshuffled", passes, of(func(s *isamstest.School, _ *rand.Rand) { reset(s, 1) })},
	{"half of a set moves to another of the year", passes,
		of(func(s *isamstest.School, _ *rand.Rand) { halfMoves(s) })},
	{"two forms of a year become one", passes, of(func(s *isamstest.School, _ *rand.Rand) { mergeForms(s) })},
	{"the rooms of all lessons", passes, of(func(s *isamstest.School, _ *rand.Rand) {
		for i := range s.Timetable.Schedules {
			l := &s.Timetable.Schedules[i]
			l.Room = s.Rooms[l.Room%len(s.Rooms)].ID
		}
	})},
	{"a teacher's lessons are another's", passes, of(func(s *isamstest.School, _ *rand.Rand) {
		code := s.Timetable.Schedules[0].Teacher
		for i := range s.Timetable.Schedules {
			if l := &s.Timetable.Schedules[i]; l.Teacher == code {
				l.Teacher = s.Staff[20].Code
			}
		}
	})},
	{"five pupils have another surname", passes, of(func(s *isamstest.School, _ *rand.Rand) {
		for i := range 5 {
			s.Pupils[i*20].Surname = "Fitzroy"
		}
	})},
	{"a name is corrected", passes, of(func(s *isamstest.School, _ *rand.Rand) { s.Pupils[0].Forename = "Zoë" })},
	{"two pupils share an address", passes, of(func(s *isamstest.School, _ *rand.Rand) {
		s.Pupils[4].Email = s.Pupils[5].Email
	})},
	{"five pupils change houses", passes, of(func(s *isamstest.School, _ *rand.Rand) {
		for i := range 5 {
			s.Pupils[i*30].House = s.Houses[i].Name
		}
	})},
	{"five pupils leave", passes, of(func(s *isamstest.School, _ *rand.Rand) {
		leaveWhere(s, func(p isamstest.Pupil) bool { return p.ID%60 == 0 })
	})},
	{"two teachers leave and two come", passes, of(func(s *isamstest.School, _ *rand.Rand) {
		for i := range 2 {
			s.Staff[i*7].ID += 900000
			s.Staff[i*7].Code = fmt.Sprintf("N%d", i)
			s.Staff[i*7].Surname = "Newcomer"
		}
	})},
	{"a form has another tutor", passes, of(func(s *isamstest.School, _ *rand.Rand) {
		s.Forms[2].Tutor = s.Staff[30].ID
	})},
	{"two sets are renamed", passes, of(func(s *isamstest.School, _ *rand.Rand) {
		s.Sets[3].Name += "x"
		s.Sets[9].Name += "x"
	})},
	{"a set closes", passes, of(func(s *isamstest.School, _ *rand.Rand) {
		id := s.Sets[5].ID
		s.Sets = slices.Delete(s.Sets, 5, 6)
		s.Timetable.Schedules = slices.DeleteFunc(s.Timetable.Schedules,
			func(l isamstest.Schedule) bool { return l.Set == id })
	})},
	{"a new subject with five sets", passes, of(func(s *isamstest.School, _ *rand.Rand) { newSets(s, 5) })},
	{"a few lessons move", passes, of(func(s *isamstest.School, _ *rand.Rand) {
		for i := range 5 {
			s.Timetable.Schedules[i*11].Period = s.Timetable.Schedules[i*11+1].Period
		}
	})},
	{"a room is renamed and one is new", passes, of(func(s *isamstest.School, _ *rand.Rand) {
		s.Rooms[0].Name = "The Library"
		s.Rooms = append(s.Rooms, isamstest.Named{ID: 999, Name: "Studio", Code: "ST"})
	})},
	{"another mail domain", once, of(func(s *isamstest.School, _ *rand.Rand) { newDomain(s) })},
	{"all sets renamed", once, of(func(s *isamstest.School, _ *rand.Rand) { renameSets(s) })},
}
