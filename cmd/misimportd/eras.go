package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"misimportd/cmd/misimportd/config"
	"misimportd/era"
	"misimportd/importer"
	"misimportd/importer/entry"
	"misimportd/importer/report"
	"misimportd/importer/text"
	"misimportd/store"
	"misimportd/store/model"
)

type eraCommand struct {
	List   eraListCommand   `cmd:"" default:"1" help:"List the eras."`
	Create eraCreateCommand `cmd:"" help:"Enter an academic year."`
	Set    eraSetCommand    `cmd:"" help:"Make an era the current, next or previous one."`
	Edit   eraEditCommand   `cmd:"" help:"Give an era another name or other days, with what it holds."`
	Remove eraRemoveCommand `cmd:"" help:"Take away an era that holds nothing."`
	Roll   eraRollCommand   `cmd:"" help:"The academic year is over: end its groups, and begin the next."`
	Status eraStatusCommand `cmd:"" help:"Which era is which, what is missing, and the next step."`
}

type eraListCommand struct{}

func (eraListCommand) Run(a *app) error {
	return a.withDatabase(func(_ config.Settings, db *store.DB) error {
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
	Next bool     `help:"Make it the next era, too."`
}

func (c eraCreateCommand) Run(a *app) error {
	return a.withDatabase(func(_ config.Settings, db *store.DB) error {
		e := era.Era{Name: strings.TrimSpace(c.Name), StartsOn: c.From, EndsOn: c.To}
		if err := e.Check(); err != nil {
			return usageError{err}
		}
		desk := entry.Desk{DB: db, Version: version()}
		enter, done := desk.CreateEra, fmt.Sprintf("era %s entered", e)
		if c.Next {
			enter, done = desk.CreateNextEra, done+", as the next one"
		}
		run, err := enter(a.ctx, e)
		return a.tellEra(run, err, done)
	})
}

type eraSetCommand struct {
	Which string `arg:"" enum:"current,next,previous" help:"current, next or previous."`
	Name  string `arg:"" help:"The era's name."`
}

func (c eraSetCommand) Run(a *app) error {
	return a.withDatabase(func(s config.Settings, db *store.DB) error {
		run, err := entry.Desk{DB: db, Version: version()}.SetEra(a.ctx, c.Which, c.Name)
		return a.tellEra(run, err, fmt.Sprintf("era %s is the %s one", c.Name, c.Which)+notToday(a.ctx, s, db, c.Which))
	})
}

// notToday says that today is no day of the era that was made the current one.
func notToday(ctx context.Context, s config.Settings, db *store.DB, which string) (said string) {
	today := era.DateOf(time.Now().In(s.Zone))
	_ = db.View(ctx, func(v *store.View) error { // the era is set: this is a help
		calendar, err := v.Calendar(ctx)
		if current := calendar.Current(); err == nil && which == entry.CurrentEra && current != nil &&
			!current.Days().Contains(today) {
			said = fmt.Sprintf("; beware: today, %s, is no day of it (%s)", today, current.Days())
		}
		return err
	})
	return said
}

// meant is for what is shown first, and may be much.
type meant struct {
	Plan bool `help:"Show what would change. Changes nothing."`
	Yes  bool `help:"Do it though it is much, or early."`
}

type eraEditCommand struct {
	Era   string   `arg:"" help:"The era's name."`
	Name  string   `placeholder:"NAME" help:"Its new name."`
	From  era.Date `placeholder:"DATE" help:"Its new first day."`
	To    era.Date `placeholder:"DATE" help:"Its new last day."`
	meant `embed:""`
}

func (c eraEditCommand) Run(a *app) error {
	change := importer.EraChange{Name: strings.TrimSpace(c.Name), From: c.From, To: c.To}
	if change == (importer.EraChange{}) {
		return usagef("nothing would change: give --name, --from or --to")
	}
	return a.act("changing era "+c.Era, func(im *importer.Importer) (report.Report, error) {
		if c.Plan {
			return im.PlanEditEra(a.ctx, c.Era, change)
		}
		return im.EditEra(a.ctx, c.Era, change, c.Yes)
	})
}

type eraRemoveCommand struct {
	Era  string `arg:"" help:"The era's name."`
	Plan bool   `help:"Show what would change. Changes nothing."`
}

func (c eraRemoveCommand) Run(a *app) error {
	return a.act("removing era "+c.Era, func(im *importer.Importer) (report.Report, error) {
		if c.Plan {
			return im.PlanRemoveEra(a.ctx, c.Era)
		}
		return im.RemoveEra(a.ctx, c.Era)
	})
}

type eraRollCommand struct{ meant }

func (c eraRollCommand) Run(a *app) error {
	return a.act("rolling into the next era", func(im *importer.Importer) (report.Report, error) {
		if c.Plan {
			return im.PlanRoll(a.ctx)
		}
		early := c.Yes
		if !early {
			var err error
			if early, err = a.meansToRoll(im); err != nil {
				return report.NothingYet(), err
			}
		}
		return im.Roll(a.ctx, early, c.Yes)
	})
}

// meansToRoll asks whether a roll before the last day is meant, where there is somebody to ask.
func (a *app) meansToRoll(im *importer.Importer) (bool, error) {
	s, err := im.EraStatus(a.ctx)
	if err != nil || s.DaysLeft == nil || *s.DaysLeft <= 0 || s.Next == nil {
		return false, err
	}
	return a.agrees(fmt.Sprintf("Era %s goes on until %s. Roll into %s now?", s.Current.Name, s.Current.EndsOn.Long(),
		s.Next.Name)), nil
}

type eraStatusCommand struct{}

func (eraStatusCommand) Run(a *app) error {
	return a.withImporter(func(im *importer.Importer) error {
		s, err := im.EraStatus(a.ctx)
		if err != nil {
			return err
		}
		return a.print(s, func(w io.Writer, style text.Style) error { return text.WriteEraStatus(w, s, style) })
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
