package text

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/arran4/golang-ical"

	"misimportd/importer/report"
	"misimportd/importer/words"
)

// WriteCalendar writes lessons as iCalendar (RFC 5545), the suspended ones as cancelled.
// zone is that of the school's clock; stamp is when the list was made. What the school
// wrote is cleaned as it is for a terminal: other programs show it.
func WriteCalendar(w io.Writer, list []report.DayLesson, zone *time.Location, stamp time.Time) error {
	calendar := ics.NewCalendarFor("misimportd")
	calendar.SetMethod(ics.MethodPublish)
	for _, l := range list {
		id := strings.ReplaceAll(words.Clean(l.ID), "/", "-")
		if id == "" { // a user's own
			id = fmt.Sprintf("row-%d", l.Row)
		}
		event := calendar.AddEvent(id + "-" + l.On.String() + "@misimportd")
		event.SetDtStampTime(stamp)
		if l.IsAllDay() {
			event.SetAllDayStartAt(l.On.Time())
			event.SetAllDayEndAt(l.On.AddDays(1).Time())
		} else {
			event.SetStartAt(l.Starts.In(zone))
			event.SetEndAt(l.Ends.In(zone))
		}
		event.SetSummary(words.Clean(l.Called()))
		if len(l.Rooms) > 0 {
			event.SetLocation(words.Clean(strings.Join(l.Rooms, ", ")))
		}
		var who []string
		for _, names := range [][]string{l.Groups, l.Pupils, l.Staff} {
			if len(names) > 0 {
				who = append(who, strings.Join(names, ", "))
			}
		}
		for _, c := range l.Covers {
			who = append(who, c.By+" covers "+c.Covered)
		}
		for _, c := range l.Clashes {
			who = append(who, fmt.Sprintf("clash: %s and %s, %s", c.Who, c.With, c.At))
		}
		if l.Organiser != "" {
			who = append(who, "organised by "+l.Organiser)
		}
		if l.Note != "" {
			who = append(who, l.Note)
		}
		event.SetDescription(words.Clean(strings.Join(who, "; ")))
		event.AddCategory(l.Kind)
		event.SetStatus(ics.ObjectStatusConfirmed)
		if l.Suspended {
			event.SetStatus(ics.ObjectStatusCancelled)
		}
	}
	return calendar.SerializeTo(w, ics.WithNewLine("\r\n"))
}
