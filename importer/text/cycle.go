package text

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/arran4/golang-ical"

	"misimportd/era"
	"misimportd/importer/report"
	"misimportd/importer/words"
)

// WriteCycles writes weeks of the timetable, a lesson a line.
func WriteCycles(w io.Writer, cycles []report.Cycle, style Style) error {
	p := &printer{Style: style, w: w}
	for i, c := range cycles {
		if i > 0 {
			p.line("")
		}
		p.line("%s", p.paint(bold, "Week "+words.Clean(c.Week)+words.Prefixed(", ", words.Clean(c.Of))))
		for _, day := range c.Days {
			p.line("%s", day.Day)
			if len(day.Lessons) == 0 {
				p.line("  no lessons")
			}
			for _, l := range day.Lessons {
				text := fmt.Sprintf("%s–%s  %-6s %s", l.From, l.To, words.Clean(l.Period), words.Clean(l.Called()))
				for _, names := range [][]string{l.Groups, l.Staff, l.Rooms} {
					if said := words.Clean(strings.Join(names, ", ")); said != "" && said != l.Called() {
						text += " · " + said
					}
				}
				p.line("  %s", text)
			}
		}
	}
	return p.err
}

// WriteCycleCalendar writes weeks of the timetable as iCalendar: each lesson once, with the dates on which its week
// of the timetable is taught, gaps and suspensions aside.
func WriteCycleCalendar(w io.Writer, cycles []report.Cycle, zone *time.Location, stamp time.Time) error {
	calendar := ics.NewCalendarFor("misimportd")
	calendar.SetMethod(ics.MethodPublish)
	for _, c := range cycles {
		for _, day := range c.Days {
			for _, l := range day.Lessons {
				if len(l.Dates) > 0 {
					addCycleLesson(calendar, c, l, zone, stamp)
				}
			}
		}
	}
	return calendar.SerializeTo(w, ics.WithNewLine("\r\n"))
}

func addCycleLesson(calendar *ics.Calendar, c report.Cycle, l report.CycleLesson, zone *time.Location,
	stamp time.Time) {
	event := calendar.AddEvent(strings.ReplaceAll(words.Clean(l.ID), "/", "-") + "-week-" + words.Clean(c.Week) +
		"@misimportd")
	event.SetDtStampTime(stamp)
	event.SetSummary(words.Clean(l.Called()))
	event.SetLocation(words.Clean(strings.Join(l.Rooms, ", ")))
	event.SetDescription(words.Clean(strings.Join([]string{strings.Join(l.Groups, ", "), strings.Join(l.Staff, ", ")},
		"; ")))
	at := func(date era.Date, clock era.Clock) time.Time { return date.At(clock).In(zone) }
	event.SetStartAt(at(l.Dates[0], l.Start))
	event.SetEndAt(at(l.Dates[0], l.End))
	for _, date := range l.Dates[1:] {
		event.AddRdate(at(date, l.Start).UTC().Format("20060102T150405Z"))
	}
}
