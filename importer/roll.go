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

// Roll rolls the current era into the next one. Before the current era's last day it is refused,
// unless it is meant early.
func (im *Importer) Roll(ctx context.Context, early bool) (report.Report, error) {
	return im.do(ctx, im.rolling(!early, false))
}

// PlanRoll says what Roll would do, and changes nothing.
func (im *Importer) PlanRoll(ctx context.Context) (report.Report, error) {
	return im.rolling(false, false).plan(ctx, im)
}

// rolling is the roll. One that waits for the last day is refused before it; one that is made by itself
// enters the next era if need be.
func (im *Importer) rolling(waits, byItself bool) act {
	return act{kind: model.Roll, alone: true,
		prepare: func(ctx context.Context, v *store.View, r *report.Report) (model.Proposal, error) {
			p, last, err := im.prepareRoll(ctx, v, r, byItself)
			if err == nil && waits && im.today() < last {
				err = refusef("era %s goes on until %s: to roll before its last day, say that you mean it with \"%s\"",
					r.Era, last.Long(), hint.Command("era roll --yes"))
			}
			return p, err
		}}
}

// prepareRoll makes the plan of a roll and judges it.
func (im *Importer) prepareRoll(ctx context.Context, v *store.View, r *report.Report, byItself bool) (p model.Proposal,
	last era.Date, err error) {
	y := years.Year{Today: im.today()}
	if y.Calendar, err = v.Calendar(ctx); err != nil {
		return p, last, err
	}
	current := y.Calendar.Current()
	if current != nil {
		if y.Holds, err = v.Belongings(ctx, current.ID, current.Days()); err != nil {
			return p, last, err
		}
		last = current.EndsOn
		r.AsOf, r.Era = current.EndsOn, current.Name
	}
	next := y.Calendar.Next()
	if byItself {
		next = im.nextOf(y.Calendar, &p.Plan)
	}
	if err := y.Roll(&p.Plan, next); err != nil {
		return p, last, refusef("%v", err)
	}
	r.Hold = model.HoldNothing
	r.Guard = guard.JudgeRoll(im.Guard.Roll, y.Holds, p.Plan)
	if guard.HeldBy(r.Guard, model.HoldAll) != model.HoldNothing {
		r.Hold, p.Waiting, p.Plan = model.HoldAll, p.Plan, model.Plan{}
	}
	return p, last, nil
}

func (im *Importer) today() era.Date { return era.DateOf(im.now().In(im.Zone)) }
