package main

import (
	"fmt"
	"io"
	"strings"

	"misimportd/era"
	"misimportd/importer/entry"
	"misimportd/importer/text"
	"misimportd/store"
	"misimportd/store/model"
)

type eraCommand struct {
	List   eraListCommand   `cmd:"" default:"1" help:"List the eras."`
	Create eraCreateCommand `cmd:"" help:"Enter an academic year."`
	Set    eraSetCommand    `cmd:"" help:"Make an era the current, next or previous one."`
}

type eraListCommand struct{}

func (eraListCommand) Run(a *app) error {
	return a.withDatabase(func(_ settings, db *store.DB) error {
		eras, err := entry.Eras(a.ctx, db)
		if err != nil {
			return err
		}
		return a.print(eras, func(w io.Writer, _ text.Style) error { return text.WriteEras(w, eras) })
	})
}

type eraCreateCommand struct {
	Name string   `arg:"" help:"Such as 2017/18."`
	From era.Date `required:"" placeholder:"DATE" help:"The first day."`
	To   era.Date `required:"" placeholder:"DATE" help:"The last day."`
}

func (c eraCreateCommand) Run(a *app) error {
	return a.withDatabase(func(_ settings, db *store.DB) error {
		e := era.Era{Name: strings.TrimSpace(c.Name), StartsOn: c.From, EndsOn: c.To}
		if err := e.Check(); err != nil {
			return usageError{err}
		}
		run, err := entry.CreateEra(a.ctx, db, version(), e)
		return a.tellEra(run, err, fmt.Sprintf("era %s entered", e))
	})
}

type eraSetCommand struct {
	Which string `arg:"" enum:"current,next,previous" help:"current, next or previous."`
	Name  string `arg:"" help:"The era's name."`
}

func (c eraSetCommand) Run(a *app) error {
	return a.withDatabase(func(_ settings, db *store.DB) error {
		run, err := entry.SetEra(a.ctx, db, version(), c.Which, c.Name)
		return a.tellEra(run, err, fmt.Sprintf("era %s is the %s one", c.Name, c.Which))
	})
}

func (a *app) tellEra(run model.Run, err error, done string) error {
	if err != nil {
		return err
	}
	result := map[string]any{"run": run.ID, "result": run.Result}
	return a.print(result, func(w io.Writer, _ text.Style) error {
		_, err := fmt.Fprintf(w, "Run %d: %s.\n", run.ID, done)
		return err
	})
}
