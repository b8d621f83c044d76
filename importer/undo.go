package importer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"misimportd/era"
	"misimportd/importer/guard"
	"misimportd/importer/report"
	"misimportd/importer/undo"
	"misimportd/mis/cache"
	"misimportd/store"
	"misimportd/store/model"
)

// Undo puts back exactly what a run changed: the same rows, with the dates and values that
// they had (R36). It is a run like any other: judged by limits of its own, recorded, and
// itself to be undone. It fails with a *undo.NotUndoneError when a later run, or another program,
// has changed the same records since. The document that the run imported is not imported
// again, unless by force. With only, each as KIND/ID, nothing is undone but what concerns these records; the rest of
// the run stays in force, and can be undone later.
func (im *Importer) Undo(ctx context.Context, id model.ID, only ...string) (report.Report, error) {
	done := report.NothingYet()
	err := im.locked(ctx, "undo", func(lock *store.Lock, holder store.Holder) (err error) {
		done, err = im.undo(ctx, lock, holder, im.undoing(id, only))
		return err
	})
	return done, err
}

// PlanUndo says what Undo would do, and changes nothing.
func (im *Importer) PlanUndo(ctx context.Context, id model.ID, only ...string) (report.Report, error) {
	return im.undoing(id, only).plan(ctx, im)
}

func (im *Importer) undoing(id model.ID, only []string) act {
	return act{kind: model.Undo, alone: true, options: model.Options{Only: only},
		prepare: func(ctx context.Context, v *store.View, r *report.Report) (model.Proposal, error) {
			return im.prepareUndo(ctx, v, id, only, r)
		}}
}

// undo carries out an undo, and sees to it that Current is what the database reflects: in one with it, where documents
// are kept in the database.
func (im *Importer) undo(ctx context.Context, lock *store.Lock, holder store.Holder, a act) (report.Report, error) {
	if im.State.InRows() {
		a.file = func(f *store.Filing, run model.Run) error {
			if run.Result == model.Applied {
				im.restoreCurrent(ctx, f.View(), im.State.Within(rows{f.Documents()}))
			}
			return nil
		}
		return a.carryOut(ctx, im, lock, holder)
	}
	done, err := a.carryOut(ctx, im, lock, holder)
	if err == nil && done.Result == model.Applied {
		err = im.DB.View(ctx, func(v *store.View) error {
			im.restoreCurrent(ctx, v, im.State)
			return nil
		})
		im.tellNotRestored(err)
		err = nil
	}
	return done, err
}

// prepareUndo makes the plan that puts back what a run changed, and judges it.
func (im *Importer) prepareUndo(ctx context.Context, v *store.View, id model.ID, only []string,
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
	part, parts, err := partOf(ctx, v, run, only)
	if err != nil {
		return p, err
	}
	if err := checkUntouched(ctx, v, run, part, parts); err != nil {
		return p, err
	}
	if part.Whole {
		p.Undoes = id
	}
	p.Plan = part.Inverse()
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
	report.AsOf, report.Era, report.About, report.Only = run.AsOf, run.Era, id, only
	report.Hold = model.HoldNothing
	report.Guard = guard.Judge(im.Guard.Undo, guard.Evidence{State: state, Ahead: ahead, Plan: p.Plan})
	if guard.HeldBy(report.Guard, model.HoldAll) != model.HoldNothing {
		report.Hold, p.Waiting, p.Plan = model.HoldAll, p.Plan, model.Plan{}
	}
	return p, nil
}

// partOf is what is to be undone of a run: what is left of it, or of that what concerns some records. parts are
// the undos of other parts that are in force.
func partOf(ctx context.Context, v *store.View, run model.Run, only []string) (part undo.Part, parts []model.ID,
	err error) {
	if len(only) > 0 {
		if err := undo.CheckPart(run); err != nil {
			return part, nil, err
		}
	}
	if err := checkNewestPart(ctx, v, run); err != nil {
		return part, nil, err
	}
	made, err := v.Made(ctx, run)
	if err != nil {
		return part, nil, err
	}
	parts, records, err := v.UndoneParts(ctx, run.ID)
	if err != nil {
		return part, nil, err
	}
	left := undo.Of(run.ID, made).Without(records)
	if len(only) == 0 {
		return undo.Part{Run: left, Whole: true}, parts, nil
	}
	labels, err := v.Labels(ctx)
	if err != nil {
		return part, nil, err
	}
	part, err = left.Only(only, labels)
	return part, parts, err
}

// checkNewestPart sees to it that of several undos of parts of one run the newest is undone first.
func checkNewestPart(ctx context.Context, v *store.View, run model.Run) error {
	if run.Kind != model.Undo || !run.Options.V.Part {
		return nil
	}
	of, err := v.Run(ctx, run.About)
	if err != nil {
		return err
	}
	newest := of.UndoneBy
	if newest == 0 {
		parts, _, err := v.UndoneParts(ctx, of.ID)
		if err != nil || len(parts) == 0 {
			return err
		}
		newest = parts[len(parts)-1]
	}
	if newest == run.ID {
		return nil
	}
	return &undo.NotUndoneError{Run: run.ID, Reason: fmt.Sprintf("run %d has put back more of run %d since: undo "+
		"that first", newest, of.ID)}
}

// checkUntouched finds out whether the records that a run changed are still as it left
// them. It fails with a *undo.NotUndoneError that names what is in the way, and offers parts that can be undone. Undos
// of other parts are not in the way.
func checkUntouched(ctx context.Context, v *store.View, run model.Run, of undo.Part, parts []model.ID) error {
	id := run.ID
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
		if err := v.Since(ctx, id, func(by model.ID, c model.Recorded) error {
			if slices.Contains(parts, by) {
				return nil
			}
			return later.Saw(by, c)
		}); err != nil {
			return err
		}
		if err := later.InTheWay(); err != nil {
			return offering(err, run, of, later)
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

// offering adds to an error which parts of the run can be undone, where there are any.
func offering(err error, run model.Run, of undo.Part, later undo.Later) error {
	const offers = 3
	var refused *undo.NotUndoneError
	if errors.As(err, &refused) && of.Whole && undo.CheckPart(run) == nil {
		refused.Offers = later.Offers(offers)
	}
	return err
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
func (im *Importer) restoreCurrent(ctx context.Context, v *store.View, home cache.Home) {
	newest, err := v.NewestImport(ctx)
	if err == nil {
		err = home.MakeCurrent(newest.SHA256)
	}
	im.tellNotRestored(err)
}

func (im *Importer) tellNotRestored(err error) {
	if err != nil {
		im.Log.Warn("the document that the database reflects could not be put back into Current", "error", err)
	}
}
