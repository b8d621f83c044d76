package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"misimportd/cmd/misimportd/config"
	"misimportd/era/hint"
	"misimportd/importer"
	"misimportd/importer/entry"
	"misimportd/importer/report"
	"misimportd/importer/text"
	"misimportd/importer/words"
	"misimportd/store"
	"misimportd/store/model"
)

type datasourceCommand struct {
	List   datasourceListCommand   `cmd:"" default:"1" help:"List the MISs that rows come from."`
	Create datasourceCreateCommand `cmd:"" help:"Enter an MIS."`
	Set    datasourceSetCommand    `cmd:"" help:"Make an MIS the current one, which is imported, or the previous one."`
}

type datasourceListCommand struct{}

func (datasourceListCommand) Run(a *app) error {
	return a.withDatabase(func(_ config.Settings, db *store.DB) error {
		list, err := entry.Datasources(a.ctx, db)
		if err != nil {
			return err
		}
		return a.print(list, func(w io.Writer, _ text.Style) error { return text.WriteDatasources(w, list) })
	})
}

type datasourceCreateCommand struct {
	Name string `arg:"" help:"The school's name for it, such as iSAMS."`
}

func (c datasourceCreateCommand) Run(a *app) error {
	return a.withDatabase(func(_ config.Settings, db *store.DB) error {
		run, err := entry.Desk{DB: db, Version: version()}.CreateDatasource(a.ctx, c.Name)
		return a.tellEra(run, err, fmt.Sprintf("datasource %s entered", strings.TrimSpace(c.Name)))
	})
}

type datasourceSetCommand struct {
	Role string `arg:"" enum:"current,previous" help:"current or previous."`
	Name string `arg:"" help:"The datasource's name."`
}

func (c datasourceSetCommand) Run(a *app) error {
	return a.withDatabase(func(_ config.Settings, db *store.DB) error {
		run, err := entry.Desk{DB: db, Version: version()}.SetDatasource(a.ctx, c.Role, c.Name)
		done := fmt.Sprintf("datasource %s is the %s one", c.Name, c.Role)
		if c.Role == model.CurrentMIS {
			done += fmt.Sprintf("; where people of another are there, \"%s\" shows how they are taken over",
				hint.Command("plan --convert"))
		}
		return a.tellEra(run, err, done)
	})
}

// sourceAct carries out, or plans, what a person asked for.
func (a *app) sourceAct(c meant, what string, of func(*importer.Importer) importer.SourceAct) error {
	return a.act(what, func(im *importer.Importer) (report.Report, error) {
		if c.Plan {
			return of(im).Plan(a.ctx)
		}
		return of(im).Do(a.ctx)
	})
}

type adoptCommand struct {
	Name  string `arg:"" help:"The datasource that they are given to."`
	meant `embed:""`
}

func (c adoptCommand) Run(a *app) error {
	return a.sourceAct(c.meant, "adopting rows for "+c.Name, func(im *importer.Importer) importer.SourceAct {
		return im.Adopt(c.Name, c.Yes)
	})
}

type trimCommand struct{ meant }

func (c trimCommand) Run(a *app) error {
	return a.sourceAct(c.meant, "trimming memberships", func(im *importer.Importer) importer.SourceAct {
		return im.Trim(c.Yes)
	})
}

type rekeyCommand struct {
	Kind string `arg:"" help:"pupil, staff, location, subject, house, form or set."`
	Old  string `arg:"" help:"The id that the MIS had for it."`
	New  string `arg:"" help:"The id that it has now."`
	Plan bool   `help:"Show what would change. Changes nothing."`
}

func (c rekeyCommand) Run(a *app) error {
	err := a.sourceAct(meant{Plan: c.Plan}, fmt.Sprintf("giving %s %s the id %s", c.Kind, c.Old, c.New),
		func(im *importer.Importer) importer.SourceAct { return im.Rekey(c.Kind, c.Old, c.New) })
	if err == nil && !c.Plan {
		a.log.Warn(fmt.Sprintf("the next document has to have this %s under the id %s; if it has not, it ends", c.Kind,
			c.New))
	}
	return err
}

type mergeCommand struct {
	Kind  string `arg:"" help:"pupil, staff, location, subject or house."`
	Keep  string `arg:"" help:"The id, in the MIS, of the one that is kept."`
	Lose  string `arg:"" help:"The id of the one whose memberships and lessons go over."`
	meant `embed:""`
}

func (c mergeCommand) Run(a *app) error {
	err := a.sourceAct(c.meant, fmt.Sprintf("merging %s %s into %s", c.Kind, c.Lose, c.Keep),
		func(im *importer.Importer) importer.SourceAct { return im.Merge(c.Kind, c.Keep, c.Lose, c.Yes) })
	if err == nil && !c.Plan {
		a.log.Warn(fmt.Sprintf("as long as the MIS has both, the next night brings %s %s back: take it out there first",
			c.Kind, c.Lose))
	}
	return err
}

type checkDatabaseCommand struct {
	Most int `default:"100" help:"How many of each sort to list."`
}

// Run lists what is wrong in the tables, and fails if anything is.
func (c checkDatabaseCommand) Run(a *app) error {
	return a.withDatabase(func(_ config.Settings, db *store.DB) error {
		var faults []model.Fault
		err := db.View(a.ctx, func(v *store.View) (err error) {
			faults, err = v.Faults(a.ctx, max(1, c.Most))
			return err
		})
		if err != nil {
			return err
		}
		err = a.print(faults, func(w io.Writer, _ text.Style) error { return text.WriteFaults(w, faults) })
		if err == nil && len(faults) > 0 {
			err = fmt.Errorf("%s: there are faults in the tables", db)
		}
		return err
	})
}

// converting is the flags of a convert.
type converting struct {
	Convert bool `help:"${help_convert}"`
}

// writeUnmatched writes what a convert did not match as CSV.
func writeUnmatched(w io.Writer, r report.Report) error {
	if r.Convert == nil {
		return errors.New("--csv lists what a convert does not match: give --convert too")
	}
	c := csv.NewWriter(w)
	_ = c.Write([]string{"kind", "side", "id", "name", "why", "could be"})
	for _, l := range r.Convert.Left {
		_ = c.Write([]string{l.Kind, l.Side, l.ID, words.SpreadsheetSafe(l.Name), l.Why, strings.Join(l.With, " ")})
	}
	c.Flush()
	return c.Error()
}
