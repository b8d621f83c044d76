package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"misimportd/cmd/misimportd/config"
	"misimportd/era"
	"misimportd/importer"
	"misimportd/importer/text"
	"misimportd/store"
	"misimportd/store/model"
)

// onDay is the flags of those who look at groups.
type onDay struct {
	On  era.Date `placeholder:"DATE" help:"The day that is looked at (default today)."`
	CSV bool     `name:"csv" help:"As CSV, for a spreadsheet."`
}

func (d onDay) day(zone *time.Location) era.Date {
	if d.On != 0 {
		return d.On
	}
	return era.DateOf(time.Now().In(zone))
}

type groupsCommand struct {
	Kind  string `arg:"" optional:"" help:"Only groups of this kind: form, set, user …"`
	Year  string `placeholder:"YEAR" help:"Only groups of this year group."`
	Like  string `placeholder:"TEXT" help:"Only groups with this in their names."`
	onDay `embed:""`
}

func (c groupsCommand) Run(a *app) error {
	like := store.GroupsLike{Kind: c.Kind, Like: c.Like, Year: era.NoYear}
	if c.Kind != "" && !slices.Contains(model.GroupKinds, c.Kind) {
		return usagef("%q is no kind of group: choose one of %s", c.Kind, strings.Join(model.GroupKinds, ", "))
	}
	if c.Year != "" {
		var err error
		if like.Year, err = era.ParseYear(c.Year); err != nil {
			return usageError{err}
		}
	}
	return a.withDatabase(func(s config.Settings, db *store.DB) error {
		like.On = c.day(s.Zone)
		groups, err := importer.Groups(a.ctx, db, like)
		if err != nil {
			return err
		}
		rows := [][]string{{"kind", "id", "name", "era", "year", "starts_on", "ends_on", "members"}}
		for _, g := range groups {
			rows = append(rows, []string{g.Kind, g.SourceID, g.Name, g.Era, g.Year.String(), g.StartsOn.String(),
				dateOrNone(g.EndsOn), fmt.Sprint(g.Members)})
		}
		return a.listed(c.CSV, groups, rows, func(w io.Writer, _ text.Style) error {
			return text.WriteGroups(w,
				groups)
		})
	})
}

type membersCommand struct {
	Group string `arg:"" help:"Kind and id in the MIS, such as set/1234, or the group's name."`
	Flat  bool   `help:"Everybody who is in it, through groups within the group too."`
	onDay `embed:""`
}

func (c membersCommand) Run(a *app) error {
	return a.withDatabase(func(s config.Settings, db *store.DB) error {
		m, err := importer.Members(a.ctx, db, c.Group, c.day(s.Zone), c.Flat)
		if err != nil {
			return err
		}
		rows := [][]string{{"kind", "id", "name", "starts_on", "ends_on", "through"}}
		for _, member := range m.Members {
			rows = append(rows, []string{member.Kind, member.SourceID, member.Name, member.StartsOn.String(),
				dateOrNone(member.EndsOn), member.Through})
		}
		return a.listed(c.CSV, m, rows, func(w io.Writer, style text.Style) error {
			return text.WriteMembers(w, m, style)
		})
	})
}

func dateOrNone(d era.Date) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

// listed prints a list: as rows of CSV, of which the first is the heading, as JSON or as text.
func (a *app) listed(asCSV bool, v any, rows [][]string, write func(io.Writer, text.Style) error) error {
	if !asCSV {
		return a.print(v, write)
	}
	if a.JSON {
		return usagef("--csv and --json are two forms of the same: give one of them")
	}
	c := csv.NewWriter(a.out)
	for _, row := range rows {
		for i := range row {
			row[i] = spreadsheetSafe(row[i])
		}
		_ = c.Write(row)
	}
	c.Flush()
	return c.Error()
}
