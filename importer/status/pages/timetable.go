package pages

import (
	"cmp"
	"slices"

	"misimportd/era"
	"misimportd/importer/ask"
	"misimportd/importer/entry"
	"misimportd/importer/report"
)

// timetablePage is a day or a week of a group, a teacher, a room or a pupil, as a grid.
type timetablePage struct {
	Group, Staff, Room, Pupil string
	On                        era.Date
	Whole                     bool // a week
	Asked                     bool
	Before, After             era.Date
	Days                      []gridDay
	Rows                      []gridRow
	Count                     int
}

// gridDay is the head of a column.
type gridDay struct {
	Date era.Date
	Off  []report.ListedSuspension // that touch it
}

// gridRow is the lessons that begin and end at a time, a list for each day.
type gridRow struct {
	From, To string
	Cells    [][]report.DayLesson
}

func timetable(v *visit) (shown, error) {
	form := v.request.FormValue
	on, err := v.day(form("on"))
	if err != nil {
		return shown{}, err
	}
	p := timetablePage{Group: clipped(form("group")), Staff: clipped(form("staff")), Room: clipped(form("room")),
		Pupil: clipped(form("pupil")), On: on, Whole: form("span") != "day"}
	p.Asked = p.Group+p.Staff+p.Room+p.Pupil != ""
	days, step := era.Interval{From: on, To: on}, 1
	if p.Whole {
		days, step = on.WeekFromMonday(), daysOfWeek
	}
	p.Before, p.After = on.AddDays(-step), on.AddDays(step)
	if !p.Asked {
		return shown{page: "timetable", nav: "timetable", title: "Timetable", data: p}, nil
	}
	lessons, err := ask.Lessons(v.ctx, v.db(), ask.LessonsOf{Days: days, Group: p.Group, Staff: p.Staff, Room: p.Room,
		Pupil: p.Pupil})
	if err != nil {
		return shown{}, err
	}
	off, err := entry.Suspensions(v.ctx, v.db(), v.school.Importer.SuspensionsFile)
	if err != nil {
		off = nil // the file has a fault, of which Today tells
	}
	p.fill(days, lessons, off)
	return shown{page: "timetable", nav: "timetable", title: "Timetable", data: p}, nil
}

const daysOfWeek = 7

// fill makes the grid. Weekends without lessons have no column.
func (p *timetablePage) fill(days era.Interval, lessons []report.DayLesson, off []report.ListedSuspension) {
	p.Count = len(lessons)
	on := map[era.Date]bool{}
	type times struct{ from, to string }
	var rows []times
	for _, l := range lessons {
		on[l.On] = true
		if at := (times{l.From, l.To}); !slices.Contains(rows, at) {
			rows = append(rows, at)
		}
	}
	slices.SortFunc(rows, func(a, b times) int { return cmp.Compare(a.from+a.to, b.from+b.to) })
	for d := days.From; d <= days.To; d++ {
		if isWeekend := d.Weekday() == 0 || d.Weekday() == 6; isWeekend && !on[d] && days.From != days.To {
			continue
		}
		day := gridDay{Date: d}
		for _, s := range off {
			if suspensionOf(s).Touches(d, 0, era.MinutesOfDay) {
				day.Off = append(day.Off, s)
			}
		}
		p.Days = append(p.Days, day)
	}
	for _, at := range rows {
		row := gridRow{From: at.from, To: at.to}
		for _, day := range p.Days {
			var cell []report.DayLesson
			for _, l := range lessons {
				if l.On == day.Date && l.From == at.from && l.To == at.to {
					cell = append(cell, l)
				}
			}
			row.Cells = append(row.Cells, cell)
		}
		p.Rows = append(p.Rows, row)
	}
}
