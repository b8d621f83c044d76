package entry

import (
	"context"
	"fmt"

	"misimportd/era"
	"misimportd/store"
	"misimportd/store/model"
)

// PauseUntil has no import begin by itself from today to a day, both included. A pause that is on
// already, as a person entered it, gets the new last day.
func (d Desk) PauseUntil(ctx context.Context, today, until era.Date, why string) (model.Run,
	error) {
	if until < today {
		return model.Run{}, fmt.Errorf("a pause until %s would end before it begins, today, %s: choose a later day",
			until,
			today)
	}
	return d.changeByHand(ctx, "pause", "pause", func(v *store.View, plan *model.Plan) error {
		pauses, err := v.Pauses(ctx)
		if err != nil {
			return err
		}
		for _, p := range pauses {
			if p.StartsOn <= today && today <= p.EndsOn {
				after := p
				if after.EndsOn = until; why != "" {
					after.Why = why
				}
				if after == p {
					return fmt.Errorf("imports are paused until %s already", until)
				}
				plan.Change(model.Update, p, after, model.ByHand)
				return nil
			}
		}
		plan.Create(model.Pause{ID: plan.NewID(), StartsOn: today, EndsOn: until, Why: why}, model.ByHand)
		return nil
	})
}

// Resume ends the pauses that a person entered and that are on or yet to come: from today on imports
// begin by themselves again.
func (d Desk) Resume(ctx context.Context, today era.Date) (model.Run, error) {
	return d.changeByHand(ctx, "resume", "pause", func(v *store.View, plan *model.Plan) error {
		pauses, err := v.Pauses(ctx)
		if err != nil {
			return err
		}
		for _, p := range pauses {
			switch after := p; {
			case p.EndsOn < today:
			case p.StartsOn >= today:
				plan.Change(model.Delete, p, nil, model.ByHand)
			default:
				after.EndsOn = today - 1
				plan.Change(model.Update, p, after, model.ByHand)
			}
		}
		if plan.IsEmpty() {
			return fmt.Errorf("no pause is on that was entered with the command pause; those of the configuration " +
				"(pauses) end when they are taken out there")
		}
		return nil
	})
}
