package importer

import (
	"context"

	"misimportd/era"
	"misimportd/era/hint"
	"misimportd/importer/guard"
	"misimportd/importer/report"
	"misimportd/importer/years"
	"misimportd/store"
	"misimportd/store/model"
)

// currentMIS is the datasource that is imported.
func currentMIS(ctx context.Context, v *store.View) (model.Datasource, error) {
	list, err := v.Datasources(ctx)
	if err != nil {
		return model.Datasource{}, err
	}
	if source := list.Is(model.CurrentMIS); source != nil {
		return *source, nil
	}
	return model.Datasource{}, refusef("no datasource is the current one: choose it with \"%s\"",
		hint.Command("datasource set current NAME"))
}

// roll says how a roll is asked for.
type roll struct {
	early    bool // before the current era's last day
	meant    bool // whatever the limits say
	byItself bool // by no person: the next era is entered if need be
}

// Roll rolls the current era into the next one. Before the current era's last day it is refused, unless it
// is early on purpose; what its limits hold waits, unless all of it is meant.
func (im *Importer) Roll(ctx context.Context, early, meant bool) (report.Report, error) {
	return im.do(ctx, im.rolling(roll{early: early, meant: meant}))
}

// PlanRoll says what Roll would do, and changes nothing.
func (im *Importer) PlanRoll(ctx context.Context) (report.Report, error) {
	return im.rolling(roll{early: true}).plan(ctx, im)
}

func (im *Importer) rolling(how roll) act {
	return act{kind: model.Roll, alone: true, options: model.Options{ByItself: how.byItself},
		prepare: func(ctx context.Context, v *store.View, r *report.Report) (model.Proposal, error) {
			return im.prepareRoll(ctx, v, r, how)
		}}
}

// prepareRoll makes the plan of a roll and judges it.
func (im *Importer) prepareRoll(ctx context.Context, v *store.View, r *report.Report, how roll) (p model.Proposal,
	err error) {
	y := years.Year{Today: im.today()}
	if y.Calendar, err = v.Calendar(ctx); err != nil {
		return p, err
	}
	current := y.Calendar.Current()
	if current != nil {
		if y.Holds, err = v.Belongings(ctx, current.ID, current.Days()); err != nil {
			return p, err
		}
		r.AsOf, r.Era = current.EndsOn, current.Name
	}
	next := y.Calendar.Next()
	if how.byItself {
		next = im.nextOf(y.Calendar, &p.Plan)
	}
	if err := y.Roll(&p.Plan, next); err != nil {
		return p, refusef("%v", err)
	}
	if y.Today < current.EndsOn && !how.early && !how.byItself {
		return p, refusef("era %s goes on until %s: to roll before its last day, say that you mean it with \"%s\"",
			current.Name, current.EndsOn.Long(), hint.Command("era roll --yes"))
	}
	r.Hold = model.HoldNothing
	r.Guard = guard.JudgeRoll(im.Guard.Roll, y.Holds, p.Plan)
	if !how.meant && guard.HeldBy(r.Guard, model.HoldAll) != model.HoldNothing {
		r.Hold, p.Waiting, p.Plan = model.HoldAll, p.Plan, model.Plan{}
	}
	return p, nil
}

func (im *Importer) today() era.Date { return era.DateOf(im.now().In(im.Zone)) }
