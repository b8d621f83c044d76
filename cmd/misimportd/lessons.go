package main

import (
	"io"
	"strings"
	"time"

	"misimportd/cmd/misimportd/config"
	"misimportd/era"
	"misimportd/importer/ask"
	"misimportd/importer/report"
	"misimportd/importer/text"
	"misimportd/store"
)

type lessonsCommand struct {
	Group   string `placeholder:"GROUP" help:"${help_group}"`
	Staff   string `placeholder:"CODE|NAME" help:"Only those of a member of staff."`
	Room    string `placeholder:"NAME" help:"Only those in a room."`
	Pupil   string `placeholder:"ID|NAME" help:"Only those of a pupil, through the groups of the day."`
	Subject string `placeholder:"NAME" help:"Only those in which a subject is taught."`
	Week    bool   `help:"The whole week of the day, from Monday."`
	Covers  bool   `help:"Only lessons in which somebody covers another."`
	Cycle   string `placeholder:"WEEK" help:"${help_cycle}"`
	Format  string `default:"text" enum:"text,ical,html" help:"${help_format}"`
	onDay   `embed:""`
}

func (c lessonsCommand) Run(a *app) error {
	if c.Cycle != "" {
		return c.cycle(a)
	}
	if c.Format != "text" && (c.CSV || a.JSON) {
		return usagef("--format %s, --csv and --json are forms of the same: give one of them", c.Format)
	}
	if c.Format == "html" {
		return usagef("--format html is for --cycle: the timetable as it hangs on a wall, such as --cycle A")
	}
	return a.withDatabase(func(s config.Settings, db *store.DB) error {
		on, err := c.day(s)
		if err != nil {
			return err
		}
		days := era.Interval{From: on, To: on}
		if c.Week {
			days = on.WeekFromMonday()
		}
		list, err := ask.Lessons(a.ctx, db, ask.LessonsOf{Days: days, Group: c.Group, Staff: c.Staff, Room: c.Room,
			Pupil: c.Pupil, Subject: c.Subject, Covered: c.Covers})
		if err != nil {
			return err
		}
		if c.Format == "ical" {
			return text.WriteCalendar(a.out, list, s.Zone, time.Now())
		}
		return a.listed(c.CSV, list, lessonRows(list), func(w io.Writer, style text.Style) error {
			return text.WriteLessons(w, days, list, style)
		})
	})
}

// lessonRows are lessons as rows of CSV.
func lessonRows(list []report.DayLesson) [][]string {
	rows := [][]string{{"on", "from", "to", "kind", "id", "code", "name", "subject", "groups", "pupils", "staff",
		"rooms",
		"suspended", "covers", "clashes", "note"}}
	for _, l := range list {
		var covers, clashes []string
		for _, c := range l.Covers {
			covers = append(covers, c.By+" covers "+c.Covered)
		}
		for _, c := range l.Clashes {
			clashes = append(clashes, c.Who+" and "+c.With+", "+c.At)
		}
		joined := func(list []string) string { return strings.Join(list, ", ") }
		rows = append(rows, []string{l.On.String(), l.From, l.To, l.Kind, l.ID, l.Code, l.Name, l.Subject,
			joined(l.Groups),
			joined(l.Pupils), joined(l.Staff), joined(l.Rooms), yesOrNo(l.Suspended), joined(covers),
			joined(clashes), l.Note})
	}
	return rows
}

func yesOrNo(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}
