package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"misimportd/cmd/misimportd/config"
	"misimportd/importer"
	"misimportd/importer/ask"
	"misimportd/importer/cycle"
	"misimportd/importer/paper"
	"misimportd/importer/report"
	"misimportd/importer/text"
	"misimportd/mis/cache"
	"misimportd/store"
)

type historyCommand struct {
	What  string `arg:"" name:"kind/id or name" help:"${help_what}"`
	Since string `placeholder:"DAY" help:"${help_since}"`
	On    string `placeholder:"DAY" help:"A day on which the group lives that is meant (default today)."`
	CSV   bool   `name:"csv" help:"As CSV, for a spreadsheet."`
}

func (c historyCommand) Run(a *app) error {
	return a.withDatabase(func(s config.Settings, db *store.DB) error {
		from, err := since(s, c.Since)
		if err != nil {
			return err
		}
		on, err := dayOr(s, c.On, today(s))
		if err != nil {
			return err
		}
		h, err := ask.History(a.ctx, db, ask.HistoryOf{Text: c.What, On: on, Since: from, Zone: s.Zone})
		if err != nil {
			return err
		}
		return a.listed(c.CSV, h, historyRows(h, s.Zone), func(w io.Writer, style text.Style) error {
			return text.WriteHistory(w, h, s.Zone, style)
		})
	})
}

// historyRows are what runs did as rows of CSV: a change in each.
func historyRows(h report.History, zone *time.Location) [][]string {
	rows := [][]string{{"run", "kind", "at", "as_of", "undone_by", "entity", "action", "name", "id", "group", "lesson",
		"on", "starts_on", "ends_on", "changes", "why"}}
	for _, r := range h.Runs {
		for _, l := range r.Changes {
			var fields []string
			for _, f := range l.Fields {
				fields = append(fields, fmt.Sprintf("%s: %v, was %v", f.Name, f.After, f.Before))
			}
			row := []string{fmt.Sprint(r.Run), r.Kind, r.At.In(zone).Format("2006-01-02 15:04"), r.AsOf.String(), "",
				string(l.Entity), l.Action.String(), l.Name, l.SourceID, "", "", "", "", "", strings.Join(fields,
					"; "), l.Why}
			if r.UndoneBy != 0 {
				row[4] = fmt.Sprint(r.UndoneBy)
			}
			if l.Group != nil {
				row[9] = l.Group.Kind + "/" + l.Group.SourceID
			}
			if l.Lesson != nil {
				row[10] = l.Lesson.SourceID
			}
			if l.On != nil {
				row[11] = l.On.String()
			}
			if l.StartsOn != nil {
				row[12], row[13] = l.StartsOn.String(), dateOrNone(*l.EndsOn)
			}
			rows = append(rows, row)
		}
	}
	return rows
}

type whyCommand struct {
	What []string `arg:"" name:"pupil ID in GROUP" help:"${help_why}"`
	CSV  bool     `name:"csv" help:"As CSV, for a spreadsheet."`
}

func (c whyCommand) Run(a *app) error {
	words := c.What
	if len(words) > 0 && words[0] == "pupil" {
		words = words[1:]
	}
	if len(words) == 3 && words[1] == "in" {
		words = []string{words[0], words[2]}
	}
	if len(words) != 2 {
		return usagef("write the pupil and the group, as in: why pupil 1234 in set/57, or with names in quotes")
	}
	return a.withDatabase(func(s config.Settings, db *store.DB) error {
		im := a.importerOf(s, db, importer.Fetching{}, nil)
		why, err := im.Why(a.ctx, words[0], words[1])
		if err != nil {
			return err
		}
		rows := [][]string{{"what", "rule", "text"}, {"document", "", fmt.Sprintf("%s: knows %s, says %s",
			why.Document.From,
			yesOrNo(why.Document.Knows), yesOrNo(why.Document.Says))}, {"database", "", yesOrNo(why.Database.In)}}
		for _, b := range why.Between {
			rows = append(rows, []string{b.What, b.Rule, b.Text})
		}
		return a.listed(c.CSV, why, append(rows, []string{"answer", "", why.Answer}),
			func(w io.Writer, style text.Style) error { return text.WriteWhy(w, why, style) })
	})
}

type problemsCommand struct {
	CSV bool `name:"csv" help:"As CSV, for a spreadsheet."`
}

func (c problemsCommand) Run(a *app) error {
	return a.withDatabase(func(_ config.Settings, db *store.DB) error {
		list, err := ask.Problems(a.ctx, db)
		if err != nil {
			return err
		}
		rows := [][]string{{"where", "section", "id", "reason", "since", "mend", "detail", "line", "more"}}
		for _, p := range list.Problems {
			rows = append(rows, []string{p.Where, p.Section, p.ID, string(p.Reason), dateOrNone(p.Since), p.Mend,
				p.Detail,
				numberOrNone(p.Line), numberOrNone(p.More)})
		}
		return a.listed(c.CSV, list, rows, func(w io.Writer, style text.Style) error {
			return text.WriteProblems(w, list, style)
		})
	})
}

func numberOrNone(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

type sanityCommand struct {
	onDay `embed:""`
}

func (c sanityCommand) Run(a *app) error {
	return a.withDatabase(func(s config.Settings, db *store.DB) error {
		on, err := c.day(s)
		if err != nil {
			return err
		}
		list, days, err := ask.Sanity(a.ctx, db, on)
		if err != nil {
			return err
		}
		rows := [][]string{{"what", "kind", "id", "name", "on", "detail"}}
		for _, s := range list {
			for _, o := range s.Found {
				day := ""
				if o.On != nil {
					day = o.On.String()
				}
				rows = append(rows, []string{s.What, o.Kind, o.SourceID, o.Name, day, o.Detail})
			}
		}
		return a.listed(c.CSV, list, rows, func(w io.Writer, style text.Style) error {
			return text.WriteSanity(w, on, days, list, style)
		})
	})
}

// cycle prints the timetable as it ideally is.
func (c lessonsCommand) cycle(a *app) error {
	if c.On != "" || c.Week || c.Covers || c.Subject != "" {
		return usagef("--cycle has no dates and no covers: leave --on, --week, --covers and --subject out, or --cycle")
	}
	if c.Format != "text" && (c.CSV || a.JSON) {
		return usagef("--format %s, --csv and --json are forms of the same: give one of them", c.Format)
	}
	var zone *time.Location
	var cycles []report.Cycle
	err := a.withHome(inside, func(s config.Settings, _ *store.DB, home cache.Home) (err error) {
		zone = s.Zone
		cycles, err = importer.Cycle(a.ctx, home, s.Timetable, cycle.Asked{Week: c.Cycle, Group: c.Group,
			Staff: c.Staff,
			Room:  c.Room, Pupil: c.Pupil})
		return err
	})
	switch {
	case err != nil:
		return err
	case c.Format == "html":
		return paper.WriteCycles(a.out, cycles)
	case c.Format == "ical":
		return text.WriteCycleCalendar(a.out, cycles, zone, time.Now())
	}
	rows := [][]string{{"week", "day", "from", "to", "period", "kind", "id", "code", "name", "groups", "staff",
		"rooms"}}
	for _, week := range cycles {
		for _, day := range week.Days {
			for _, l := range day.Lessons {
				rows = append(rows, []string{week.Week, day.Day, l.From, l.To, l.Period, l.Kind, l.ID, l.Code, l.Name,
					strings.Join(l.Groups, ", "), strings.Join(l.Staff, ", "), strings.Join(l.Rooms, ", ")})
			}
		}
	}
	return a.listed(c.CSV, cycles, rows, func(w io.Writer, style text.Style) error {
		return text.WriteCycles(w, cycles, style)
	})
}
