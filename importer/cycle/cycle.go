// Package cycle makes of what an MIS says the timetable as it ideally is: a week without dates, for a wall. It knows
// no database, and no date but those on which its weeks are taught.
package cycle

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"misimportd/era"
	"misimportd/importer/report"
	"misimportd/importer/words"
	"misimportd/mis"
)

// Asked says which week, and whose: a group, a member of staff, a room or a pupil, by id or name; of several given all
// have to be taken.
type Asked struct {
	Week                      string // a letter, or all
	Group, Staff, Room, Pupil string
}

// UnknownError says that what is asked for is not in the timetable.
type UnknownError struct{ Said string }

func (e *UnknownError) Error() string { return e.Said }

func unknownf(format string, args ...any) error { return &UnknownError{fmt.Sprintf(format, args...)} }

// Of is the weeks that are asked for.
func Of(s *mis.Snapshot, asked Asked) (cycles []report.Cycle, err error) {
	m := newMaking(s)
	chosen, title, err := m.choose(asked)
	if err != nil {
		return nil, err
	}
	var letters []string
	for _, week := range s.Timetable.Weeks {
		letters = append(letters, week.Letter())
		if strings.EqualFold(asked.Week, "all") || strings.EqualFold(asked.Week, week.Letter()) ||
			strings.EqualFold(asked.Week, week.Name) {
			cycles = append(cycles, m.week(week, title, chosen))
		}
	}
	switch {
	case len(letters) == 0:
		return nil, unknownf("the newest document that was imported has no timetable")
	case len(cycles) == 0:
		return nil, unknownf("the timetable has no week %q: it has %s", asked.Week, strings.Join(letters, ", "))
	}
	return cycles, nil
}

// making knows how records are called.
type making struct {
	snap          *mis.Snapshot
	staff, rooms  map[string]string // codes and names by id
	names         map[string]string // of staff
	sets, forms   map[string]string
	dates         map[mis.PlaceInWeek][]era.Date
	lessonsOfWeek map[string][]mis.Lesson
}

func newMaking(s *mis.Snapshot) *making {
	m := &making{snap: s, staff: map[string]string{}, rooms: map[string]string{}, names: map[string]string{},
		sets:  map[string]string{},
		forms: map[string]string{}, dates: map[mis.PlaceInWeek][]era.Date{}, lessonsOfWeek: map[string][]mis.Lesson{}}
	for _, r := range s.Staff.Records {
		m.names[r.ID] = r.Name
		m.staff[r.ID] = cmp.Or(r.Code, r.Initials, r.Name)
	}
	for _, r := range s.Locations.Records {
		m.rooms[r.ID] = r.Name
	}
	for _, r := range s.Sets.Records {
		m.sets[r.ID] = cmp.Or(r.Name, r.Code)
	}
	for _, r := range s.Forms.Records {
		m.forms[r.ID] = r.Name
	}
	for _, l := range s.Timetable.Lessons {
		week := s.Timetable.Periods[l.PeriodID].WeekID
		m.lessonsOfWeek[week] = append(m.lessonsOfWeek[week], l)
	}
	for week, ids := range s.Timetable.Allocations {
		for _, date := range slices.DeleteFunc(week.Days(), m.isOutsideYear) {
			for _, id := range ids {
				at := mis.PlaceInWeek{WeekID: id, Weekday: int(date.Weekday())}
				m.dates[at] = append(m.dates[at], date)
			}
		}
	}
	for _, dates := range m.dates {
		slices.Sort(dates)
	}
	return m
}

// isOutsideYear tells whether a day is before the first term or after the last one.
func (m *making) isOutsideYear(date era.Date) bool {
	terms := m.snap.Timetable.Terms
	if len(terms) == 0 {
		return false
	}
	first, last := terms[0].From, terms[0].To
	for _, t := range terms {
		first, last = min(first, t.From), max(last, t.To)
	}
	return date < first || date > last
}

// week is one week of the timetable, with the lessons that are chosen.
func (m *making) week(week mis.Week, title string, chosen func(mis.Lesson) bool) report.Cycle {
	c := report.Cycle{Week: week.Letter(), Of: title, Days: []report.CycleDay{}, Periods: m.periodsOf(week)}
	by := map[int][]report.CycleLesson{}
	for _, l := range m.lessonsOfWeek[week.ID] {
		if chosen(l) {
			p := m.snap.Timetable.Periods[l.PeriodID]
			by[p.Weekday] = append(by[p.Weekday], m.lesson(l, p))
		}
	}
	taught := map[int]bool{}
	for _, p := range m.snap.Timetable.Periods {
		taught[p.Weekday] = taught[p.Weekday] || p.WeekID == week.ID
	}
	for n := range 7 {
		day := (n + 1) % 7 // a wall begins with Monday
		if !taught[day] {
			continue
		}
		lessons := append([]report.CycleLesson{}, by[day]...)
		slices.SortStableFunc(lessons, func(a, b report.CycleLesson) int {
			return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End), words.CompareNames(a.Called(),
				b.Called()))
		})
		c.Days = append(c.Days, report.CycleDay{Day: time.Weekday(day).String(), Lessons: lessons})
	}
	return c
}

// periodsOf are the periods of a week, whatever day they are on.
func (m *making) periodsOf(week mis.Week) []report.CyclePeriod {
	list := []report.CyclePeriod{}
	for _, id := range slices.Sorted(maps.Keys(m.snap.Timetable.Periods)) {
		p := m.snap.Timetable.Periods[id]
		at := report.CyclePeriod{Name: p.Name, From: p.From.String(), To: p.To.String()}
		isThere := func(o report.CyclePeriod) bool { return o.From == at.From && o.To == at.To }
		if p.WeekID == week.ID && !slices.ContainsFunc(list, isThere) {
			list = append(list, at)
		}
	}
	slices.SortStableFunc(list, func(a, b report.CyclePeriod) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	return list
}

func (m *making) lesson(l mis.Lesson, p mis.Period) report.CycleLesson {
	named := func(ids []string, names map[string]string) []string {
		list := []string{}
		for _, id := range ids {
			list = append(list, cmp.Or(names[id], id))
		}
		return list
	}
	of := ""
	if len(l.Staff) == 1 {
		of = m.names[l.Staff[0]]
	}
	return report.CycleLesson{Of: of, ID: l.IDs[0], Kind: string(l.Kind), Code: l.Code, Name: l.Name, Period: p.Name,
		From: p.From.String(), To: p.To.String(), Start: p.From, End: p.To,
		Groups: slices.Concat([]string{}, named(l.Sets, m.sets), named(l.Forms, m.forms)),
		Staff:  named(l.Staff, m.staff), Rooms: named(l.Locations, m.rooms),
		Dates: m.dates[mis.PlaceInWeek{WeekID: p.WeekID, Weekday: p.Weekday}]}
}
