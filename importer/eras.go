package importer

import (
	"context"
	"strings"

	"misimportd/era"
	"misimportd/era/hint"
	"misimportd/importer/guard"
	"misimportd/importer/report"
	"misimportd/importer/years"
	"misimportd/store"
	"misimportd/store/model"
)

// EraChange is what an era gets: another name or other days. What is zero stays as it is.
type EraChange struct {
	Name     string
	From, To era.Date
}

// EditEra gives an era another name or other days, with what it holds. What takes away much is
// refused unless it is meant.
func (im *Importer) EditEra(ctx context.Context, name string, c EraChange, meant bool) (report.Report, error) {
	return im.do(ctx, im.editing(name, c, meant))
}

// PlanEditEra says what EditEra would do, and changes nothing.
func (im *Importer) PlanEditEra(ctx context.Context, name string, c EraChange) (report.Report, error) {
	return im.editing(name, c, true).plan(ctx, im)
}

func (im *Importer) editing(name string, c EraChange, meant bool) act {
	return im.ofEra(name, meant, func(was model.Era) era.Interval {
		return c.applied(was).Days()
	}, func(y years.Year, plan *model.Plan, was model.Era) error { return y.Edit(plan, was, c.applied(was)) })
}

// applied is an era with what changes.
func (c EraChange) applied(was model.Era) era.Era {
	e := was.Era
	if c.Name != "" {
		e.Name = c.Name
	}
	if c.From != 0 {
		e.StartsOn = c.From
	}
	if c.To != 0 {
		e.EndsOn = c.To
	}
	return e
}

// RemoveEra takes away an era that holds nothing.
func (im *Importer) RemoveEra(ctx context.Context, name string) (report.Report, error) {
	return im.do(ctx, im.removing(name))
}

// PlanRemoveEra says what RemoveEra would do, and changes nothing.
func (im *Importer) PlanRemoveEra(ctx context.Context, name string) (report.Report, error) {
	return im.removing(name).plan(ctx, im)
}

func (im *Importer) removing(name string) act {
	return im.ofEra(name, true, func(model.Era) era.Interval { return years.All }, years.Year.Remove)
}

// ofEra is an act on an era: keeps says which days it keeps, and change makes the plan.
func (im *Importer) ofEra(name string, meant bool, keeps func(model.Era) era.Interval,
	change func(years.Year, *model.Plan, model.Era) error) act {
	return act{kind: "era", alone: true,
		prepare: func(ctx context.Context, v *store.View, r *report.Report) (p model.Proposal, err error) {
			y := years.Year{Today: im.today()}
			if y.Calendar, err = v.Calendar(ctx); err != nil {
				return p, err
			}
			e := y.Calendar.Named(name)
			if e == nil {
				return p, refusef("there is no era %q: \"%s\" lists them", name, hint.Command("era list"))
			}
			if y.Holds, err = v.Belongings(ctx, e.ID, keeps(*e)); err != nil {
				return p, err
			}
			if err := change(y, &p.Plan, *e); err != nil {
				return p, refusef("%v", err)
			}
			r.AsOf, r.Era = y.Today, e.Name
			return p, im.judge(ctx, v, r, p.Plan, meant)
		}}
}

// judge holds what a person asked for against the limits of an undo. What goes beyond them is
// refused, unless it is meant.
func (im *Importer) judge(ctx context.Context, v *store.View, r *report.Report, plan model.Plan, meant bool) error {
	calendar, err := v.Calendar(ctx)
	if err != nil {
		return err
	}
	current := calendar.Current()
	if current == nil {
		current = &model.Era{}
	}
	source, err := currentMIS(ctx, v)
	if err != nil {
		return err
	}
	state, err := v.State(ctx, source.ID, max(r.AsOf, current.StartsOn), calendar.InForce(current.ID)...)
	if err != nil {
		return err
	}
	ahead, err := lessonsAhead(ctx, v, state, plan, era.Interval{From: r.AsOf})
	if err != nil {
		return err
	}
	r.Hold = model.HoldNothing
	r.Guard = guard.Judge(im.Guard.Undo, guard.Evidence{State: state, Ahead: ahead, Plan: plan})
	if meant {
		return nil
	}
	var much []string
	for _, f := range r.Guard {
		if f.Breached {
			much = append(much, f.Says)
		}
	}
	if len(much) > 0 {
		return refusef("that is much: %s; look at it with --plan, and say --yes if you mean it", strings.Join(much,
			"; "))
	}
	return nil
}

// EraStatus tells how the school year stands.
func (im *Importer) EraStatus(ctx context.Context) (s years.Status, err error) {
	err = im.DB.View(ctx, func(v *store.View) error {
		calendar, err := v.Calendar(ctx)
		if err != nil {
			return err
		}
		var holds model.Belongings
		if next := calendar.Next(); next != nil {
			if holds, err = v.Belongings(ctx, next.ID, next.Days()); err != nil {
				return err
			}
		}
		s = years.StatusOf(calendar, im.day(), len(holds.Groups), im.Turn.AutoRoll)
		waiting, err := v.Waiting(ctx, model.Roll)
		if waiting != 0 {
			s.Step = years.RollWaits(waiting)
		}
		return err
	})
	return s, err
}
