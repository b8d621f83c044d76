package isamstest

import (
	"math/rand/v2"
	"slices"

	"misimportd/era"
)

// Cover says that a teacher takes the place of another in a schedule on a day, which is written as 2016-09-05.
type Cover struct {
	ID, Schedule                int
	Date, Teacher               string
	Visible, Enabled, Published bool
}

// CoverSome has so many lessons of the timetable covered, on days on which they are taught. It returns s.
func (s *School) CoverSome(n int) *School {
	if s.covering == nil {
		s.covering = rand.New(rand.NewPCG(uint64(n), 11))
	}
	for range n {
		s.cover()
	}
	return s
}

// Teaches is the days from one on on which a schedule is taught, by the weeks of the timetable.
func (t *Timetable) Teaches(l Schedule, from string) (days []string) {
	week, weekday := t.placeOf(l.Period)
	for _, a := range t.Allocations {
		if a.TimetableWeek != week {
			continue
		}
		for _, date := range (era.Week{Year: a.Year, Number: a.Week}).Days() {
			if int(date.Weekday())+1 == weekday && date.String() >= from {
				days = append(days, date.String())
			}
		}
	}
	slices.Sort(days)
	return slices.Compact(days)
}

// placeOf is the week of the timetable and the day, 1 for Sunday, that a period is in.
func (t *Timetable) placeOf(period int) (week, weekday int) {
	for _, w := range t.Weeks {
		for _, d := range w.Days {
			for _, p := range d.Periods {
				if p.ID == period {
					return w.ID, d.Number
				}
			}
		}
	}
	return 0, 0
}

func (s *School) cover() {
	l := s.Timetable.Schedules[s.covering.IntN(len(s.Timetable.Schedules))]
	days := s.Timetable.Teaches(l, yearBegins)
	if len(days) > 0 {
		s.coverOf(l, days[s.covering.IntN(len(days))])
	}
}

func (s *School) coverOf(l Schedule, date string) {
	s.Covers = append(s.Covers, Cover{ID: s.id(), Schedule: l.ID, Date: date,
		Teacher: s.Staff[s.covering.IntN(len(s.Staff))].Code, Visible: true, Enabled: s.covering.IntN(8) > 0,
		Published: s.covering.IntN(2) == 0})
}

// CoverOn has some of a day's lessons covered, of a school that has covers already.
func (s *School) CoverOn(date string, n int) *School {
	for _, at := range s.covering.Perm(len(s.Timetable.Schedules)) {
		l := s.Timetable.Schedules[at]
		if n > 0 && slices.Contains(s.Timetable.Teaches(l, date), date) {
			s.coverOf(l, date)
			n--
		}
	}
	return s
}

// CoverNight lets a day go by for the covers: some come, one goes, one is another's, and one is switched.
func (s *School) CoverNight() {
	for range 1 + s.covering.IntN(3) {
		s.cover()
	}
	if len(s.Covers) < 4 {
		return
	}
	pick := func() int { return s.covering.IntN(len(s.Covers)) }
	s.Covers[pick()].Teacher = s.Staff[s.covering.IntN(len(s.Staff))].Code
	of := &s.Covers[pick()]
	of.Enabled = !of.Enabled
	at := pick()
	s.Covers = slices.Delete(s.Covers, at, at+1)
}

func (s *School) coverDump() []byte {
	covers := table{{"TblCoverManagerCoverID", "intCycle", "TblTimetableManagerScheduleID", "blnRecurring", "dteDate",
		"txtCoverTeacher", "blnVisible", "blnEnabled", "blnPublished"}}
	for _, c := range s.Covers {
		covers.add(c.ID, 1, c.Schedule, 0, moment(c.Date, "00:00"), c.Teacher, btoi(c.Visible), btoi(c.Enabled),
			btoi(c.Published))
	}
	return covers.bytes()
}
