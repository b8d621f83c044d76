package main

import (
	"fmt"
	"io"
	"strconv"

	"misimportd/cmd/misimportd/config"
	"misimportd/era/hint"
	"misimportd/importer"
	"misimportd/importer/text"
	"misimportd/store"
	"misimportd/store/model"
)

type runsCommand struct {
	List runsListCommand `cmd:"" default:"withargs" help:"List the newest runs."`
	Show runsShowCommand `cmd:"" help:"Show one run and all that it changed."`
}

type runsListCommand struct {
	Limit int `short:"n" default:"30" help:"How many."`
}

func (c runsListCommand) Run(a *app) error {
	return a.withDatabase(func(s config.Settings, db *store.DB) error {
		past, err := importer.Runs(a.ctx, db, c.Limit)
		if err != nil {
			return err
		}
		return a.print(past, func(w io.Writer, style text.Style) error {
			return text.WriteRuns(w, past, noRun(db), s.Zone, style)
		})
	})
}

type runsShowCommand struct {
	ID runNumber `arg:"" help:"The run's number."`
}

// noRun says that a database has no run, or that it is not there.
func noRun(db *store.DB) string {
	if db.IsMissing() {
		return fmt.Sprintf("There is no database there yet: looked for %s.", db)
	}
	return fmt.Sprintf("No run yet in %s.", db)
}

// runNumber is a run's number as people write it.
type runNumber int64

func (n *runNumber) UnmarshalText(text []byte) error {
	number, err := strconv.ParseInt(string(text), 10, 64)
	*n = runNumber(number)
	if err != nil {
		return fmt.Errorf("%q is not a run's number: \"%s\" lists them", text, hint.Command("runs"))
	}
	return nil
}

func (c runsShowCommand) Run(a *app) error {
	return a.withDatabase(func(s config.Settings, db *store.DB) error {
		past, err := importer.Show(a.ctx, db, model.ID(c.ID))
		if err == nil {
			err = a.nameProblems(db, &past.Report)
		}
		if err != nil {
			return err
		}
		return a.print(past, func(w io.Writer, style text.Style) error {
			return text.WriteOneRun(w, past, s.Zone, style)
		})
	})
}
