package entry

import (
	"context"
	"fmt"
	"strings"

	"misimportd/era"
	"misimportd/era/hint"
	"misimportd/importer/report"
	"misimportd/store"
	"misimportd/store/model"
)

// Which of the eras a setting names.
const (
	CurrentEra  = "current"
	NextEra     = "next"
	PreviousEra = "previous"
)

// Eras lists the eras by their first day.
func Eras(ctx context.Context, db *store.DB) (listed []report.ListedEra, err error) {
	listed = []report.ListedEra{}
	err = db.View(ctx, func(v *store.View) error {
		calendar, err := v.Calendar(ctx)
		is := map[model.ID]string{
			calendar.Settings.CurrentEraID: CurrentEra, calendar.Settings.NextEraID: NextEra,
			calendar.Settings.PreviousEraID: PreviousEra, calendar.Settings.PerpetualEraID: "perpetual",
		}
		for _, e := range calendar.Eras {
			listed = append(listed, report.ListedEra{Era: e.Era, Is: is[e.ID]})
		}
		return err
	})
	return listed, err
}

// CreateEra enters an era. One that shares a day or its name with another is an error,
// the perpetual era aside.
func (d Desk) CreateEra(ctx context.Context, e era.Era) (model.Run, error) {
	return d.enterEra(ctx, e, func(model.Calendar, *model.Plan, model.Era) error { return nil })
}

// CreateNextEra enters an era and makes it the next one.
func (d Desk) CreateNextEra(ctx context.Context, e era.Era) (model.Run, error) {
	return d.enterEra(ctx, e, func(calendar model.Calendar, plan *model.Plan, entered model.Era) error {
		if err := checkOrder(calendar.Current(), NextEra, &entered); err != nil {
			return err
		}
		after := calendar.Settings
		after.NextEraID = entered.ID
		plan.Change(model.Update, calendar.Settings, after, model.ByHand)
		return nil
	})
}

func (d Desk) enterEra(ctx context.Context, e era.Era,
	then func(model.Calendar, *model.Plan, model.Era) error) (model.Run, error) {
	if err := e.Check(); err != nil {
		return model.Run{}, err
	}
	return d.changeEras(ctx, "era create", func(calendar model.Calendar, plan *model.Plan) error {
		if other, clash := e.Clash(calendar.Plain()); clash {
			if other.Name == e.Name {
				return fmt.Errorf("there is an era %s already: choose another name", other)
			}
			return fmt.Errorf("era %s overlaps era %s: choose other dates", e, other)
		}
		for _, other := range calendar.Eras {
			if strings.EqualFold(other.Name, e.Name) {
				return fmt.Errorf("there is an era %s already: choose another name", other)
			}
		}
		entered := model.Era{ID: plan.NewID(), Era: e}
		plan.Create(entered, model.ByHand)
		return then(calendar, plan, entered)
	})
}

// SetEra makes the era of a name the current, next or previous one.
func (d Desk) SetEra(ctx context.Context, which, name string) (model.Run, error) {
	return d.changeEras(ctx, "era set", func(calendar model.Calendar, plan *model.Plan) error {
		e := calendar.Named(name)
		if e == nil {
			return fmt.Errorf("there is no era %q: \"%s\" lists them, \"%s\" enters one", name,
				hint.Command("era list"), hint.Command("era create"))
		}
		if e.IsPerpetual() {
			return fmt.Errorf("era %q has no end and cannot be the %s one: choose an academic year", name, which)
		}
		if which != CurrentEra && e.ID == calendar.Settings.CurrentEraID {
			return fmt.Errorf("era %s is the current one: set another current first", name)
		}
		if err := checkOrder(calendar.Current(), which, e); err != nil {
			return err
		}
		after := calendar.Settings
		for _, setting := range []*model.ID{&after.CurrentEraID, &after.NextEraID, &after.PreviousEraID} {
			if *setting == e.ID {
				*setting = 0 // an era is one thing at a time
			}
		}
		switch which {
		case CurrentEra:
			if was := calendar.Current(); was != nil && was.StartsOn > e.EndsOn && after.NextEraID == 0 {
				after.NextEraID = was.ID // it was set too early
			}
			after.CurrentEraID = e.ID
		case NextEra:
			after.NextEraID = e.ID
		case PreviousEra:
			after.PreviousEraID = e.ID
		}
		if after != calendar.Settings {
			plan.Change(model.Update, calendar.Settings, after, model.ByHand)
		}
		return nil
	})
}

// checkOrder refuses a next era that does not come after the current one, and a previous
// one that does not come before it.
func checkOrder(current *model.Era, which string, e *model.Era) error {
	switch {
	case current == nil:
	case which == NextEra && e.StartsOn <= current.EndsOn:
		return fmt.Errorf("era %s does not come after the current one, %s", e.Era, current.Era)
	case which == PreviousEra && e.EndsOn >= current.StartsOn:
		return fmt.Errorf("era %s does not come before the current one, %s", e.Era, current.Era)
	}
	return nil
}

// changeEras changes eras by hand.
func (d Desk) changeEras(ctx context.Context, command string,
	change func(model.Calendar, *model.Plan) error) (model.Run, error) {
	return d.changeByHand(ctx, command, "era", func(v *store.View, plan *model.Plan) error {
		calendar, err := v.Calendar(ctx)
		if err != nil {
			return err
		}
		return change(calendar, plan)
	})
}
