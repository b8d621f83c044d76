package isamstest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"misimportd/era"
)

// Timetable is what a pretend school teaches when.
type Timetable struct {
	Weeks       []TimetableWeek
	Allocations []Allocation
	Schedules   []Schedule
	Meetings    []Meeting
	Assemblies  []Assembly
	Tutorials   []Tutorial
	year        int
	rand        *rand.Rand
	nextID      int
}

// TimetableWeek is a week of the timetable, A or B.
type TimetableWeek struct {
	ID   int
	Name string
	Days []TimetableDay
}

// TimetableDay is a day of one; Number is 1 for Sunday.
type TimetableDay struct {
	ID, Number int
	Periods    []Period
}

// Period is a part of a day, from Start to End as HH:MM.
type Period struct {
	ID         int
	Name       string
	Start, End string
}

// Allocation says which week of the timetable a week of the year is.
type Allocation struct {
	ID, Year, Week, TimetableWeek int
}

// Schedule is a lesson with one of its teachers.
type Schedule struct {
	ID, Period, Room, Set int
	Teacher, Code         string
}

// Meeting is a meeting of staff with one of them.
// Teacher is a code, as it is for all of these.
type Meeting struct {
	ID, Group, Period, Room int
	Teacher, Name           string
}

// Assembly is what a whole year group goes to.
type Assembly struct {
	ID, Period, Room, Year int
	Teacher, Name          string
}

// Tutorial is a lesson of a few pupils; Pupils are SchoolIds.
type Tutorial struct {
	ID, Room, Pupil int
	Teacher, Name   string
	Periods         []int
}

var times = [][2]string{{"09:00", "09:40"}, {"09:40", "10:20"}, {"10:40", "11:20"}, {"11:20", "12:00"},
	{"12:00", "12:40"}, {"13:40", "14:20"}, {"14:20", "15:00"}, {"15:00", "15:40"}}

// Teach gives the school a timetable of two weeks with so many lessons in them, for the
// academic year 2016/17. Its lessons are drawn from a seed of their own: the school is
// otherwise the same.
func (s *School) Teach(lessons int) *School { return s.TeachIn(2016, lessons) }

// TeachIn is Teach for the academic year that begins in a year.
func (s *School) TeachIn(year, lessons int) *School {
	t := &Timetable{year: year, rand: rand.New(rand.NewPCG(uint64(lessons), 7)), nextID: 300000}
	s.Timetable = t
	for w, name := range []string{"Week A", "Week B"} {
		week := TimetableWeek{ID: w + 1, Name: name}
		for day := 2; day <= 6; day++ {
			d := TimetableDay{ID: 10*(w+1) + day, Number: day}
			for p, at := range times {
				d.Periods = append(d.Periods, Period{ID: 100*d.ID + p + 1, Name: fmt.Sprintf("P%d", p+1), Start: at[0],
					End: at[1]})
			}
			week.Days = append(week.Days, d)
		}
		t.Weeks = append(t.Weeks, week)
	}
	// From the week of 4 September to that of 22 July, week about. The week in which the year
	// ends has a number in each.
	first := era.NewDate(year, time.September, 4)
	first = first.AddDays(-int(first.Weekday()))
	for day := first; day <= era.NewDate(year+1, time.July, 22); day++ {
		w := day.Week()
		a := Allocation{ID: len(t.Allocations) + 1, Year: w.Year, Week: w.Number, TimetableWeek: int(day-first)/7%2 + 1}
		if n := len(t.Allocations); n == 0 || t.Allocations[n-1].Year != a.Year || t.Allocations[n-1].Week != a.Week {
			t.Allocations = append(t.Allocations, a)
		}
	}
	periods := t.periods()
	for i := range lessons {
		s.teach(&s.Sets[i%len(s.Sets)], periods[(i/len(s.Sets)*7+i)%len(periods)], i)
	}
	for i := range 6 {
		t.nextID++
		group := t.nextID
		for k := range 5 {
			t.nextID++
			t.Meetings = append(t.Meetings, Meeting{ID: t.nextID, Group: group, Period: periods[i*11%len(periods)],
				Room: s.Rooms[0].ID, Teacher: s.Staff[(i+k*7)%len(s.Staff)].Code,
				Name: fmt.Sprintf("Heads' meeting %d", i+1)})
		}
	}
	for year := FirstYear; year <= LastYear; year++ {
		t.nextID++
		t.Assemblies = append(t.Assemblies, Assembly{ID: t.nextID, Period: periods[(year-FirstYear)*8%len(periods)],
			Room: s.Rooms[1].ID, Teacher: s.Staff[year%len(s.Staff)].Code, Year: year, Name: "Chapel"})
	}
	for i := range min(10, len(s.Pupils)) {
		t.nextID++
		t.Tutorials = append(t.Tutorials, Tutorial{ID: t.nextID, Room: s.Rooms[2].ID,
			Teacher: s.Staff[i%len(s.Staff)].Code, Pupil: s.Pupils[i*len(s.Pupils)/10].ID,
			Name: fmt.Sprintf("Violin %d", i+1), Periods: []int{periods[i], periods[(i+40)%len(periods)]}})
	}
	return s
}

func (t *Timetable) periods() (ids []int) {
	for _, w := range t.Weeks {
		for _, d := range w.Days {
			for _, p := range d.Periods {
				ids = append(ids, p.ID)
			}
		}
	}
	return ids
}

// teach gives a set a lesson; every twentieth has two teachers.
func (s *School) teach(set *Set, period, i int) {
	t := s.Timetable
	for k := range 1 + btoi(i%20 == 0) {
		t.nextID++
		t.Schedules = append(t.Schedules, Schedule{ID: t.nextID, Period: period, Room: s.Rooms[i%len(s.Rooms)].ID,
			Set: set.ID, Code: set.Name,
			Teacher: s.Staff[(set.ID+k)%len(s.Staff)].Code})
	}
}

// rearrange lets a day go by in the timetable: a few lessons change room, time or teacher.
func (s *School) rearrange() {
	t := s.Timetable
	if t == nil || len(t.Schedules) == 0 {
		return
	}
	s.keepTaught()
	for range 3 {
		t.Schedules[t.rand.IntN(len(t.Schedules))].Room = s.Rooms[t.rand.IntN(len(s.Rooms))].ID
		t.Schedules[t.rand.IntN(len(t.Schedules))].Teacher = s.Staff[t.rand.IntN(len(s.Staff))].Code
	}
	s.moveLesson()
}

// keepTaught drops the lessons of sets that have closed.
func (s *School) keepTaught() {
	t := s.Timetable
	t.Schedules = slices.DeleteFunc(t.Schedules, func(l Schedule) bool {
		return !slices.ContainsFunc(s.Sets, func(set Set) bool { return set.ID == l.Set })
	})
}

// moveLesson moves a lesson to another time.
func (s *School) moveLesson() {
	t := s.Timetable
	l := &t.Schedules[t.rand.IntN(len(t.Schedules))]
	l.Period = t.periods()[t.rand.IntN(len(t.periods()))]
}

func (s *School) writeTerms(w *writer) {
	y := s.Timetable.year
	for i, term := range [][3]string{{"Autumn", "09-05", "12-16"}, {"Spring", "01-04", "03-31"},
		{"Summer", "04-24", "07-12"}} {
		in := y + min(i, 1)
		w.f("<Term Id=\"%d\"><SchoolYear>%d</SchoolYear><Name>%s</Name><StartDate>%d-%sT00:00:00</StartDate>"+
			"<FinishDate>%d-%sT00:00:00</FinishDate></Term>\n", i+1, y, term[0], in, term[1], in, term[2])
	}
}

func (s *School) writeStructure(w *writer) {
	t := s.Timetable
	w.each(len(t.Weeks), func(i int) {
		week := t.Weeks[i]
		w.f("<Week Id=\"%d\"><Name>%s</Name><ShortName>%s</ShortName><Days>\n", week.ID, week.Name, week.Name[5:])
		w.each(len(week.Days), func(k int) {
			day := week.Days[k]
			w.f("<Day Id=\"%d\"><Name>Day %d</Name><ShortName>%d</ShortName><Day>%d</Day><Periods>", day.ID, day.Number,
				day.Number, day.Number)
			w.each(len(day.Periods), func(j int) {
				p := day.Periods[j]
				w.f("<Period Id=\"%d\"><Name>%s</Name><ShortName>%s</ShortName><StartTime>%s</StartTime><EndTime>"+
					"%s</EndTime></Period>", p.ID, p.Name, p.Name, p.Start, p.End)
			})
			w.f("</Periods></Day>\n")
		})
		w.f("</Days></Week>\n")
	})
}

func (s *School) writeAllocations(w *writer) {
	t := s.Timetable
	w.each(len(t.Allocations), func(i int) {
		a := t.Allocations[i]
		w.f("<TimetableAllocation Id=\"%d\"><Year>%d</Year><Week>%d</Week><TimetableWeekId>%d</TimetableWeekId>"+
			"</TimetableAllocation>\n", a.ID, a.Year, a.Week, a.TimetableWeek)
	})
}

func (s *School) writePublished(w *writer) {
	t := s.Timetable
	w.f("<Timetable Id=\"1\"><Name>%d-%d</Name>\n<Schedules>\n", t.year, t.year%100+1)
	w.each(len(t.Schedules), func(i int) {
		l := t.Schedules[i]
		w.f("<Schedule Id=\"%d\"><Code>%s</Code><Teacher>%s</Teacher><PeriodId>%d</PeriodId><RoomId>%d</RoomId><Set>"+
			"1</Set><SetId>%d</SetId></Schedule>\n", l.ID, esc(l.Code), l.Teacher, l.Period, l.Room, l.Set)
	})
	w.f("</Schedules>\n<StaffMeetings>\n")
	w.each(len(t.Meetings), func(i int) {
		m := t.Meetings[i]
		w.f("<StaffMeeting Id=\"%d\"><MeetingGroupId>%d</MeetingGroupId><PeriodId>%d</PeriodId><TeacherId>"+
			"%s</TeacherId><RoomId>%d</RoomId><DisplayName>%s</DisplayName></StaffMeeting>\n", m.ID, m.Group, m.Period,
			m.Teacher, m.Room, esc(m.Name))
	})
	w.f("</StaffMeetings>\n<YearSchedules>\n")
	w.each(len(t.Assemblies), func(i int) {
		a := t.Assemblies[i]
		w.f("<YearSchedule Id=\"%d\"><Name>%s</Name><NationalCurriculumYear>%d</NationalCurriculumYear><PeriodId>"+
			"%d</PeriodId><RoomId>%d</RoomId><TeacherId>%s</TeacherId></YearSchedule>\n", a.ID, a.Name, a.Year,
			a.Period, a.Room, a.Teacher)
	})
	w.f("</YearSchedules>\n<Tutorials>\n")
	w.each(len(t.Tutorials), func(i int) {
		u := t.Tutorials[i]
		w.f("<Tutorial Id=\"%d\"><DisplayCode>V</DisplayCode><DisplayName>%s</DisplayName><RoomId>%d</RoomId><Periods>",
			u.ID, esc(u.Name), u.Room)
		w.each(len(u.Periods), func(k int) { w.f("<Period><PeriodId>%d</PeriodId></Period>", u.Periods[k]) })
		w.f("</Periods><Teachers><Teacher><TeacherId>%s</TeacherId></Teacher></Teachers><Pupils><Pupil><PupilId>"+
			"%d</PupilId></Pupil></Pupils></Tutorial>\n", u.Teacher, u.Pupil)
	})
	w.f("</Tutorials>\n</Timetable>\n")
}
