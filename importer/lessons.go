package importer

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/arran4/golang-ical"

	"misimportd/era"
	"misimportd/store"
	"misimportd/store/model"
)

// DayLesson is a lesson of a day as it is shown.
type DayLesson struct {
	ID        string   `json:"id"` // in the MIS
	Kind      string   `json:"kind"`
	Code      string   `json:"code"`
	Name      string   `json:"name,omitempty"`
	On        era.Date `json:"on"`
	From      string   `json:"from"`
	To        string   `json:"to"`
	Suspended bool     `json:"suspended"`
	Groups    []string `json:"groups"`
	Staff     []string `json:"staff"`
	Rooms     []string `json:"rooms"`
	Pupils    []string `json:"pupils"`

	starts, ends era.Moment
	row          model.ID
}

// Lessons lists the lessons of a day, or those that take a group, a member of staff or a
// room, by time. It fails with a *store.NotKnownError when there is no such thing.
func Lessons(ctx context.Context, db *store.DB, on era.Date, of model.Taking) (list []DayLesson, err error) {
	list = []DayLesson{}
	err = db.View(ctx, func(v *store.View) error {
		if err := v.Knows(ctx, of); err != nil {
			return err
		}
		lessons, err := v.LessonsOn(ctx, on, of)
		for _, l := range lessons {
			shown := DayLesson{
				ID: l.SourceID, Kind: l.Kind, Code: l.Code, Name: l.Name, On: l.OnDate, From: l.StartsAt.Clock().String(), To: l.EndsAt.Clock().String(), Suspended: l.Suspended,
				Groups: []string{}, Staff: []string{}, Rooms: []string{}, Pupils: []string{}, row: l.ID, starts: l.StartsAt, ends: l.EndsAt,
			}
			for _, taken := range l.Takes {
				switch taken.Kind {
				case "group":
					shown.Groups = append(shown.Groups, taken.Name)
				case "staff":
					shown.Staff = append(shown.Staff, taken.Name)
				case "location":
					shown.Rooms = append(shown.Rooms, taken.Name)
				case "pupil":
					shown.Pupils = append(shown.Pupils, taken.Name)
				}
			}
			list = append(list, shown)
		}
		return err
	})
	return list, err
}

// WriteLessons writes the lessons of a day, one a line.
func WriteLessons(w io.Writer, on era.Date, list []DayLesson, style Style) error {
	p := &printer{Style: style, w: w}
	p.line("%s", p.paint(bold, on.Time().Format("Monday 2 January 2006")))
	if len(list) == 0 {
		p.line("  no lessons")
	}
	for _, l := range list {
		text := fmt.Sprintf("%s–%s  %s", l.From, l.To, clean(l.called()))
		for _, names := range [][]string{l.Groups, l.Pupils, l.Staff, l.Rooms} {
			if said := clean(strings.Join(names, ", ")); said != "" && said != l.called() {
				text += " · " + said
			}
		}
		if l.Suspended {
			text = p.paint(faint, text) + " " + p.paint(amber, "suspended")
		}
		p.line("  %s", text)
	}
	return p.err
}

func (l DayLesson) called() string { return cmp.Or(l.Name, l.Code, l.Kind) }

// WriteCalendar writes lessons as iCalendar (RFC 5545), the suspended ones as cancelled.
// zone is that of the school's clock; stamp is when the list was made. What the school
// wrote is cleaned as it is for a terminal: other programs show it.
func WriteCalendar(w io.Writer, list []DayLesson, zone *time.Location, stamp time.Time) error {
	calendar := ics.NewCalendarFor("misimportd")
	calendar.SetMethod(ics.MethodPublish)
	for _, l := range list {
		id := strings.ReplaceAll(clean(l.ID), "/", "-")
		if id == "" { // a user's own
			id = fmt.Sprintf("row-%d", l.row)
		}
		event := calendar.AddEvent(id + "-" + l.On.String() + "@misimportd")
		event.SetDtStampTime(stamp)
		event.SetStartAt(l.starts.In(zone))
		event.SetEndAt(l.ends.In(zone))
		event.SetSummary(clean(l.called()))
		if len(l.Rooms) > 0 {
			event.SetLocation(clean(strings.Join(l.Rooms, ", ")))
		}
		var who []string
		for _, names := range [][]string{l.Groups, l.Pupils, l.Staff} {
			if len(names) > 0 {
				who = append(who, strings.Join(names, ", "))
			}
		}
		event.SetDescription(clean(strings.Join(who, "; ")))
		event.SetStatus(ics.ObjectStatusConfirmed)
		if l.Suspended {
			event.SetStatus(ics.ObjectStatusCancelled)
		}
	}
	return calendar.SerializeTo(w, ics.WithNewLine("\r\n"))
}
