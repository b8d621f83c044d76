package main

import (
	"context"
	"fmt"
	"io"

	"misimportd/cmd/misimportd/config"
	"misimportd/importer"
	"misimportd/importer/entry"
	"misimportd/importer/report"
	"misimportd/importer/text"
	"misimportd/importer/undo"
	"misimportd/store"
	"misimportd/store/model"
)

type approveCommand struct {
	ID runNumber `arg:"" help:"The held run's number."`
}

func (c approveCommand) Run(a *app) error {
	return a.decide(text.WriteApproved, func(im *importer.Importer) (report.Report, error) {
		return im.Approve(a.ctx, model.ID(c.ID))
	})
}

type undoCommand struct {
	ID   runNumber `arg:"" help:"The run's number."`
	Plan bool      `help:"Show what would be put back. Changes nothing."`
	Only []string  `placeholder:"KIND/ID" help:"${help_only}"`
}

func (c undoCommand) Run(a *app) error {
	if err := undo.CheckOnly(c.Only); err != nil {
		return usageError{fmt.Errorf("--only: %w", err)}
	}
	return a.decide(text.WriteUndo, func(im *importer.Importer) (report.Report, error) {
		if c.Plan {
			return im.PlanUndo(a.ctx, model.ID(c.ID), c.Only...)
		}
		return im.Undo(a.ctx, model.ID(c.ID), c.Only...)
	})
}

// decide does what a person decided about a run, and prints what came of it.
func (a *app) decide(write func(io.Writer, report.Report, text.Style) error,
	do func(*importer.Importer) (report.Report, error)) error {
	if a.AsOf != 0 {
		return usagef("--as-of is not for this: a run that is approved or undone has its own day")
	}
	return a.night(func(im *importer.Importer, _ context.Context) (report.Report, error) { return do(im) }, write)
}

type rejectCommand struct {
	ID runNumber `arg:"" help:"The held run's number."`
}

func (c rejectCommand) Run(a *app) error {
	return a.withDatabase(func(_ config.Settings, db *store.DB) error {
		if err := (entry.Desk{DB: db, Version: version()}).Reject(a.ctx, model.ID(c.ID)); err != nil {
			return err
		}
		result := map[string]any{"run": c.ID, "decision": model.Rejected}
		return a.print(result, func(w io.Writer, _ text.Style) error {
			_, err := fmt.Fprintf(w, "Run %d is rejected: what it held is not applied. The next import makes a plan "+
				"of its own.\n", c.ID)
			return err
		})
	})
}

type pinCommand struct {
	Kind string `arg:"" help:"pupil, staff, location, subject, house, form or set."`
	ID   string `arg:"" help:"Its id in the MIS."`
	What string `arg:"" help:"A field, such as known_as, or for a pupil a group, such as set/1234."`
}

func (c pinCommand) Run(a *app) error {
	return a.withDatabase(func(_ config.Settings, db *store.DB) error {
		run, err := entry.Desk{DB: db, Version: version()}.AddPin(a.ctx, c.Kind, c.ID, c.What)
		return a.tellEra(run, err, fmt.Sprintf("%s %s: imports leave %s as it is from now on", c.Kind, c.ID, c.What))
	})
}

type pinsCommand struct {
	List   pinsListCommand   `cmd:"" default:"1" help:"List the pins."`
	Remove pinsRemoveCommand `cmd:"" help:"Let imports change again what was pinned."`
}

type pinsListCommand struct{}

func (pinsListCommand) Run(a *app) error {
	return a.withDatabase(func(_ config.Settings, db *store.DB) error {
		listed, err := entry.Pins(a.ctx, db)
		if err != nil {
			return err
		}
		return a.print(listed, func(w io.Writer, _ text.Style) error { return text.WritePins(w, listed) })
	})
}

type pinsRemoveCommand struct {
	ID int64 `arg:"" help:"The pin's number."`
}

func (c pinsRemoveCommand) Run(a *app) error {
	return a.withDatabase(func(_ config.Settings, db *store.DB) error {
		run, err := entry.Desk{DB: db, Version: version()}.RemovePin(a.ctx, model.ID(c.ID))
		return a.tellEra(run, err, fmt.Sprintf("pin %d removed: the next import changes what the MIS says", c.ID))
	})
}
