package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"

	"misimportd/cmd/misimportd/config"
	"misimportd/era"
	"misimportd/importer/ask"
	"misimportd/importer/paper"
	"misimportd/importer/text"
	"misimportd/importer/words"
	"misimportd/store"
	"misimportd/store/model"
)

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
		on, err := c.day(s)
		if err != nil {
			return err
		}
		like.On = on
		groups, err := ask.Groups(a.ctx, db, like)
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
	List  bool   `help:"A class list with room for marks, to be printed."`
	HTML  bool   `name:"html" help:"The class list as a page for a browser to print."`
	onDay `embed:""`
}

func (c membersCommand) Run(a *app) error {
	if forms := count(c.List, c.HTML, c.CSV, a.JSON); forms > 1 {
		return usagef("--list, --html, --csv and --json are forms of the same: give one of them")
	}
	return a.withDatabase(func(s config.Settings, db *store.DB) error {
		on, err := c.day(s)
		if err != nil {
			return err
		}
		m, err := ask.Members(a.ctx, db, c.Group, on, c.Flat)
		if err != nil {
			return err
		}
		rows := [][]string{{"kind", "id", "name", "starts_on", "ends_on", "through", "surname", "forename"}}
		for _, member := range m.Members {
			rows = append(rows, []string{member.Kind, member.SourceID, member.Name, member.StartsOn.String(),
				dateOrNone(member.EndsOn), member.Through, member.Surname, member.Forename})
		}
		if c.HTML {
			return paper.WriteClassList(a.out, m)
		}
		return a.listed(c.CSV, m, rows, func(w io.Writer, style text.Style) error {
			if c.List {
				return text.WriteClassList(w, m)
			}
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
			row[i] = words.SpreadsheetSafe(row[i])
		}
		_ = c.Write(row)
	}
	c.Flush()
	return c.Error()
}

// count is how many of some are true.
func count(are ...bool) (n int) {
	for _, is := range are {
		if is {
			n++
		}
	}
	return n
}
