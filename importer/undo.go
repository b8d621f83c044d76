package importer

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"misimportd/era"
	"misimportd/importer/guard"
	"misimportd/importer/report"
	"misimportd/importer/undo"
	"misimportd/store"
	"misimportd/store/model"
)

// Undo puts back exactly what a run changed: the same rows, with the dates and values that
// they had (R36). It is a run like any other: judged by limits of its own, recorded, and
// itself to be undone. It fails with a *undo.NotUndoneError when a later run, or another program,
// has changed the same records since. The document that the run imported is not imported
// again, unless by force.
func (im *Importer) Undo(ctx context.Context, id model.ID) (report.Report, error) {
	done := report.NothingYet()
	err := im.locked(ctx, "undo", func(lock *store.Lock, holder store.Holder) (err error) {
		done, err = im.undo(ctx, lock, holder, im.undoing(id))
		return err
	})
	return done, err
}

// PlanUndo says what Undo would do, and changes nothing.
func (im *Importer) PlanUndo(ctx context.Context, id model.ID) (report.Report, error) {
	return im.undoing(id).plan(ctx, im)
}

func (im *Importer) undoing(id model.ID) act {
	return act{kind: model.Undo, alone: true,
		prepare: func(ctx context.Context, v *store.View, r *report.Report) (model.Proposal, error) {
			return im.prepareUndo(ctx, v, id, r)
		}}
}

// undo carries out an undo, and sees to it that Current is what the database reflects.
func (im *Importer) undo(ctx context.Context, lock *store.Lock, holder store.Holder, a act) (report.Report, error) {
	done, err := a.carryOut(ctx, im, lock, holder)
	if err == nil && done.Result == model.Applied {
		im.restoreCurrent(ctx)
	}
	return done, err
}

// prepareUndo makes the plan that puts back what a run changed, and judges it.
func (im *Importer) prepareUndo(ctx context.Context, v *store.View, id model.ID,
	report *report.Report) (p model.Proposal, err error) {
	run, err := v.Run(ctx, id)
	if err != nil {
		return p, err
	}
	if err := undo.Check(run); err != nil {
		return p, err
	}
	if run.Kind == model.Roll {
		later, err := v.ImportedSince(ctx, run.ID)
		if err != nil {
			return p, err
		}
		if later != 0 {
			return p, &undo.NotUndoneError{Run: id, Reason: fmt.Sprintf("run %d has imported into the new "+
				"year since: undo that first", later)}
		}
	}
	made, err := v.Made(ctx, run)
	if err != nil {
		return p, err
	}
	of := undo.Of(id, made)
	if err := checkUntouched(ctx, v, id, of); err != nil {
		return p, err
	}
	p.Undoes, p.Plan = id, of.Inverse()
	calendar, err := v.Calendar(ctx)
	if err != nil {
		return p, err
	}
	current := calendar.Current()
	if current == nil {
		current = &model.Era{}
	}
	source, err := currentMIS(ctx, v)
	if err != nil {
		return p, err
	}
	state, err := v.State(ctx, source.ID, max(run.AsOf, current.StartsOn), calendar.InForce(current.ID)...)
	if err != nil {
		return p, err
	}
	if err := im.markUnwanted(ctx, v, run, state, &p.Plan); err != nil {
		return p, err
	}
	ahead, err := lessonsAhead(ctx, v, state, p.Plan, era.Interval{From: run.AsOf})
	if err != nil {
		return p, err
	}
	report.AsOf, report.Era, report.About, report.Hold = run.AsOf, run.Era, id, model.HoldNothing
	report.Guard = guard.Judge(im.Guard.Undo, guard.Evidence{State: state, Ahead: ahead, Plan: p.Plan})
	if guard.HeldBy(report.Guard, model.HoldAll) != model.HoldNothing {
		report.Hold, p.Waiting, p.Plan = model.HoldAll, p.Plan, model.Plan{}
	}
	return p, nil
}

// checkUntouched finds out whether the records that a run changed are still as it left
// them. It fails with a *undo.NotUndoneError that names what is in the way.
func checkUntouched(ctx context.Context, v *store.View, id model.ID, of undo.Run) error {
	newest, err := v.IsNewest(ctx, id)
	if err != nil {
		return err
	}
	if !newest {
		labels, err := v.Labels(ctx)
		if err != nil {
			return err
		}
		later := of.Later(labels)
		if err := v.Since(ctx, id, later.Saw); err != nil {
			return err
		}
		if err := later.InTheWay(); err != nil {
			return err
		}
	}
	left := of.Left()
	if err := v.Standing(ctx, id, left.Saw); err != nil {
		return err
	}
	if err := left.InTheWay(); err != nil {
		return err
	}
	others, err := v.Clinging(ctx, id)
	if err != nil {
		return err
	}
	if err := of.UsedBy(others); err != nil {
		return err
	}
	needs := of.Needs()
	if len(needs) == 0 {
		return nil
	}
	gone, err := v.Gone(ctx, slices.Collect(maps.Keys(needs)))
	if err != nil {
		return err
	}
	return of.Misses(gone)
}

// markUnwanted sees to it that the next night does not do it all again: neither the document
// that the run imported nor the one that the database reflects now, which says the same, is
// imported again.
func (im *Importer) markUnwanted(ctx context.Context, v *store.View, run model.Run, state *model.State,
	plan *model.Plan) error {
	if run.Kind != model.Import && run.Kind != model.Approval || run.Options.V.Convert ||
		run.Options.V.NextYear != nil {
		return nil // no night does it again
	}
	newest, err := v.NewestImport(ctx)
	if err != nil {
		return err
	}
	known := map[string]bool{"": true}
	for _, u := range state.Unwanted {
		known[u.SHA256] = true
	}
	for _, c := range plan.Changes {
		switch u := c.Record().(type) {
		case model.UnwantedDocument:
			known[u.SHA256] = c.Action == model.Create
		}
	}
	for _, hash := range []string{run.SHA256, newest.SHA256} {
		if !known[hash] {
			known[hash] = true
			plan.Create(model.UnwantedDocument{ID: plan.NewID(), SHA256: hash}, model.NotAgain)
		}
	}
	return nil
}

// restoreCurrent makes the document Current again that the database reflects after an undo.
// It is a help for those who run with --again: without it they are told.
func (im *Importer) restoreCurrent(ctx context.Context) {
	var newest model.Run
	err := im.DB.View(ctx, func(v *store.View) (err error) {
		newest, err = v.NewestImport(ctx)
		return err
	})
	if err == nil {
		err = im.State.MakeCurrent(newest.SHA256)
	}
	if err != nil {
		im.Log.Warn("the document that the database reflects could not be put back into Current", "error", err)
	}
}
