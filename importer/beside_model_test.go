package importer_test

import (
	"fmt"
	"slices"
	"time"

	"misimportd/mis/isams/isamstest"
)

// besideModel says who covers whom, and when the school's own events are, from the pretend school itself. It shares no
// code with the import.
type besideModel struct{}

// isamsWeek is the number of a week as iSAMS counts.
func isamsWeek(d time.Time) int { return (d.YearDay() - int(d.Weekday()) + 12) / 7 }

// weekOn is the week of the timetable that a day is in, 0 for none.
func (besideModel) weekOn(s *isamstest.School, d time.Time) int {
	for _, a := range s.Timetable.Allocations {
		if a.Year == d.Year() && a.Week == isamsWeek(d) {
			return a.TimetableWeek
		}
	}
	return 0
}

// covers is every cover from a day on, by the code of the lesson, its day, its beginning, and the two teachers.
func (m besideModel) covers(s *isamstest.School, day string) []string {
	staff := map[string]int{}
	for _, t := range s.Staff {
		staff[t.Code] = t.ID
	}
	sets := map[int]bool{}
	for _, set := range s.Sets {
		sets[set.ID] = true
	}
	periods := map[int][3]string{}
	for _, w := range s.Timetable.Weeks {
		for _, d := range w.Days {
			for _, p := range d.Periods {
				periods[p.ID] = [3]string{fmt.Sprint(w.ID), fmt.Sprint(d.Number), p.Start}
			}
		}
	}
	list := []string{}
	for _, c := range s.Covers {
		at := slices.IndexFunc(s.Timetable.Schedules, func(l isamstest.Schedule) bool { return l.ID == c.Schedule })
		if at < 0 || c.Date < day || !c.Visible || !c.Enabled {
			continue
		}
		l := s.Timetable.Schedules[at]
		on, err := time.Parse(time.DateOnly, c.Date)
		if err != nil {
			panic(err)
		}
		p := periods[l.Period]
		if p[0] != fmt.Sprint(m.weekOn(s, on)) || p[1] != fmt.Sprint(int(on.Weekday())+1) {
			continue
		}
		by, of := staff[c.Teacher], staff[l.Teacher]
		if by != 0 && of != 0 && by != of {
			list = append(list, fmt.Sprintf("%s %s %s: %d covers %d", l.Code, c.Date, p[2], by, of))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// coversQuery is the same, as the database has it.
const coversQuery = `SELECT l.code || ' ' || CAST(l.on_date AS text) || ' ' || substr(CAST(l.starts_at AS text), 12, 5)
		|| ': ' || b.source_id || ' covers ' || o.source_id
	FROM commitments c JOIN lessons l ON l.id = c.lesson_id JOIN staff b ON b.id = c.element_id
	JOIN staff o ON o.id = c.covers_id WHERE c.source_id IS NOT NULL AND l.on_date >= $1 ORDER BY 1`

// ownEvent is an event of the school's own file with what it is to be, by rules of its own.
type ownEvent struct {
	yaml string
	name string
	on   func(d time.Time, week int, inTerm bool) bool
}

var (
	terms = [][2]string{{"2016-09-05", "2016-12-16"}, {"2017-01-04", "2017-03-31"}, {"2017-04-24", "2017-07-12"}}

	ownEvents = []ownEvent{
		{"{title: Break duty, kind: duty, days: [mon, wed], from: 10:20, to: 10:40, staff: [TEACHER], rooms: [ROOM]}",
			"Break duty", func(d time.Time, _ int, inTerm bool) bool {
				return inTerm && (d.Weekday() == time.Monday || d.Weekday() == time.Wednesday)
			}},
		{"{title: Staff meeting, kind: meeting, days: tuesday, occurrence: first, from: 16:00, to: 17:00, staff: " +
			"[TEACHER]}",
			"Staff meeting", func(d time.Time, _ int, inTerm bool) bool {
				return inTerm && d.Weekday() == time.Tuesday && d.Day() <= 7
			}},
		{"{title: Week A run, days: [friday], weeks: [A], from: 07:00, to: 08:00, groups: [form/FORM]}", "Week A run",
			func(d time.Time, week int, inTerm bool) bool {
				return inTerm && week == 1 && d.Weekday() == time.Friday
			}},
		{"{title: Last Thursday, days: [thu], occurrence: [last], weeks: all, all_day: true}", "Last Thursday",
			func(d time.Time, _ int, _ bool) bool {
				return d.Weekday() == time.Thursday && d.AddDate(0, 0, 7).Month() != d.Month()
			}},
		{"{title: Boiler, days: [mon], weeks: [holidays], from: 06:00, to: 07:00, starts_on: 2016-10-01, ends_on: " +
			"2017-05-31}",
			"Boiler", func(d time.Time, _ int, inTerm bool) bool {
				return !inTerm && d.Weekday() == time.Monday && d.Format(time.DateOnly) >= "2016-10-01" &&
					d.Format(time.DateOnly) <= "2017-05-31"
			}},
		{"{title: Open day, on: [2016-10-08, 2017-03-11], weeks: all, from: 09:00, to: 13:00, note: Wear a tie}",
			"Open day",
			func(d time.Time, _ int, _ bool) bool {
				return d.Format(time.DateOnly) == "2016-10-08" || d.Format(time.DateOnly) == "2017-03-11"
			}},
		{"{title: Fifth Monday, days: [mon], occurrence: fifth, from: 12:00, to: 12:30}", "Fifth Monday",
			func(d time.Time, _ int, inTerm bool) bool {
				return inTerm && d.Weekday() == time.Monday && d.Day() >= 29
			}},
	}
)

// events is every event of the school's own from a day on, in a year in which nothing is suspended.
func (m besideModel) events(s *isamstest.School, day string) []string {
	list := []string{}
	from, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err)
	}
	for d := from; d.Format(time.DateOnly) <= "2017-08-14"; d = d.AddDate(0, 0, 1) {
		inTerm := false
		for _, t := range terms {
			inTerm = inTerm || t[0] <= d.Format(time.DateOnly) && d.Format(time.DateOnly) <= t[1]
		}
		for _, e := range ownEvents {
			if e.on(d, m.weekOn(s, d), inTerm) {
				list = append(list, e.name+" "+d.Format(time.DateOnly))
			}
		}
	}
	slices.Sort(list)
	return list
}
