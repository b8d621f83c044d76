package main

import (
	"io"

	"misimportd/cmd/misimportd/config"
	"misimportd/importer/ask"
	"misimportd/importer/report"
	"misimportd/importer/text"
	"misimportd/store"
)

type pupilCommand struct {
	Who   string `arg:"" name:"id-or-name" help:"The pupil's id or school id, the name, or a part of it."`
	onDay `embed:""`
}

func (c pupilCommand) Run(a *app) error { return a.tellWho("pupil", c.Who, c.onDay) }

type staffCommand struct {
	Who   string `arg:"" optional:"" name:"code-or-name" help:"${help_staff}"`
	onDay `embed:""`
}

func (c staffCommand) Run(a *app) error { return a.tellWho("staff", c.Who, c.onDay) }

type roomCommand struct {
	Who   string `arg:"" optional:"" name:"name" help:"${help_room}"`
	onDay `embed:""`
}

func (c roomCommand) Run(a *app) error { return a.tellWho("location", c.Who, c.onDay) }

// tellWho tells all there is of a pupil, a member of staff or a room.
func (a *app) tellWho(kind, who string, d onDay) error {
	return a.withDatabase(func(s config.Settings, db *store.DB) error {
		on, err := d.day(s)
		if err != nil {
			return err
		}
		if who == "" {
			return a.listWho(db, kind, d)
		}
		found, err := ask.Who(a.ctx, db, kind, who, on)
		if err != nil {
			return err
		}
		return a.listed(d.CSV, found, whoRows(found), func(w io.Writer, style text.Style) error {
			return text.WriteWho(w, found, style)
		})
	})
}

// listWho lists all staff or rooms, with the codes by which files and flags name them.
func (a *app) listWho(db *store.DB, kind string, d onDay) error {
	list, err := ask.All(a.ctx, db, kind)
	if err != nil {
		return err
	}
	rows := [][]string{{"id", "code", "name"}}
	for _, w := range list {
		rows = append(rows, []string{w.SourceID, w.Code, w.Name})
	}
	return a.listed(d.CSV, list, rows, func(w io.Writer, _ text.Style) error { return text.WriteAll(w, list) })
}

// whoRows are what is known of somebody as rows of CSV: a fact, a group or a lesson in each.
func whoRows(w report.Who) [][]string {
	rows := [][]string{{"what", "kind", "id", "name", "from", "to", "more"}, {"is", w.Kind, w.SourceID, w.Name, "",
		"", ""}}
	for _, f := range w.Fields {
		rows = append(rows, []string{"field", f.Name, "", f.Value, "", "", ""})
	}
	for _, list := range []struct {
		what   string
		groups []report.PersonGroup
	}{{"group", w.Groups}, {"tutor", w.Tutors}, {"to come", w.ToCome}, {"before", w.Before}} {
		for _, g := range list.groups {
			rows = append(rows, []string{list.what, g.Kind, g.SourceID, g.Name, g.StartsOn.String(),
				dateOrNone(g.EndsOn),
				g.Era})
		}
	}
	for _, l := range w.Lessons {
		rows = append(rows, []string{"lesson", l.Kind, l.ID, l.Called(), l.From, l.To, l.On.String()})
	}
	return rows
}
