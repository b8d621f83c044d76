package importer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"misimportd/era"
	"misimportd/era/hint"
	"misimportd/importer/guard"
	"misimportd/importer/report"
	"misimportd/mis/cache"
	"misimportd/store"
	"misimportd/store/model"
)

// Approve carries out what a held run did not. The plan is made again, from the document
// that the run archived and from the database as it is now, true from the same day on;
// it is applied only if it is the plan that was held. Otherwise the new one is held in
// its place, and the report says in what they differ. It fails with a
// *store.NotWaitingError when nothing of the run waits. Limits stay as they are: the next
// night is judged as ever.
func (im *Importer) Approve(ctx context.Context, id model.ID) (report.Report, error) {
	report := report.NothingYet()
	err := im.locked(ctx, "approve", func(lock *store.Lock, holder store.Holder) error {
		held, err := im.waiting(ctx, id)
		if err != nil {
			return err
		}
		switch held.Kind {
		case model.Undo:
			report, err = im.undo(ctx, lock, holder, im.undoing(held.About, held.Options.V.Only).approving(held))
			return err
		case model.Roll:
			again := *im
			again.Turn.CreateNext = held.Options.V.ByItself
			how := roll{early: true, byItself: held.Options.V.ByItself}
			report, err = again.rolling(how).approving(held).carryOut(ctx, im, lock, holder)
			return err
		}
		document, err := im.State.TakeArchived(int64(id), held.SHA256)
		var none *cache.NotArchivedError
		if errors.As(err, &none) {
			return fmt.Errorf("%w: \"%s\" makes a new plan from the newest one", err, hint.Command("run"))
		}
		if err != nil {
			return err
		}
		defer func() { _ = document.Close() }()
		again := *im
		again.AsOf, again.Force = held.AsOf, true // as the held run was, if it had to be
		again.ask(held.Options.V.NextYear)
		again.Convert = held.Options.V.Convert
		n := again.begin(&document.Document)
		n.report.Taken = document.Manifest.Since
		report, err = n.carryOut(ctx, lock, holder, document, model.Approval,
			func(ctx context.Context, v *store.View) (model.Proposal, error) {
				return n.prepareApproved(ctx, v, held)
			})
		return err
	})
	return report, err
}

// approving is a with the same plan made again, judged no more, if it is the one that was held.
func (a act) approving(held model.Run) act {
	again := a
	again.prepare = func(ctx context.Context, v *store.View, r *report.Report) (model.Proposal, error) {
		p, err := a.prepare(ctx, v, r)
		if err != nil {
			return p, err
		}
		if r.Hold == model.HoldAll {
			p.Plan = p.Waiting
		}
		about := r.About
		p.Waiting, p.Settles, p.As = model.Plan{}, held.ID, model.Approved
		err = compare(ctx, v, r, &p, held)
		r.About, r.Approved = about, held.ID
		return p, err
	}
	return again
}

// waiting is a held run that waits for a person.
func (im *Importer) waiting(ctx context.Context, id model.ID) (run model.Run, err error) {
	err = im.DB.View(ctx, func(v *store.View) (err error) {
		if run, err = v.Run(ctx, id); err != nil || run.Decision == model.Waiting {
			return err
		}
		return v.NotWaiting(ctx, run)
	})
	return run, err
}

// prepareApproved makes the plan of a held run again.
func (n *night) prepareApproved(ctx context.Context, v *store.View, held model.Run) (p model.Proposal, err error) {
	s, err := n.look(ctx, v)
	if err != nil {
		return p, err
	}
	defer n.watch.stop()
	n.isUnwanted(s)
	if n.Convert {
		if p, err = n.prepareConvert(ctx, v, s); err != nil {
			return p, err
		}
		if n.report.Hold == model.HoldAll {
			p.Plan = p.Waiting
		}
		p.Waiting, p.Replaces, p.Settles, p.As = model.Plan{}, false, held.ID, model.Approved
		return p, compare(ctx, v, &n.report, &p, held)
	}
	on := n.terms()
	if today := era.DateOf(held.StartedAt.In(n.Zone)); held.AsOf == max(today, s.era.StartsOn) {
		on.Night = today // before the era began, the as-of date was a later one
	}
	again := given{snap: n.snap, begin: s.begin, terms: on}
	w, plan, err := n.plan(ctx, s, again)
	if err != nil {
		return p, err
	}
	if n.report.Guard, err = n.judge(ctx, s, w, plan); err != nil {
		return p, err
	}
	var then []guard.Finding
	_ = json.Unmarshal(held.Guard.V, &then) // what record wrote
	if w, plan, err = n.plan(ctx, s, again.reading(n.believed(then))); err != nil {
		return p, err
	}
	n.tell(s, w)
	p.Settles, p.As, p.Plan = held.ID, model.Approved, plan
	return p, compare(ctx, v, &n.report, &p, held)
}

// compare finds out whether a plan made again is the one that was held. If not, it is held
// instead.
func compare(ctx context.Context, v *store.View, r *report.Report, p *model.Proposal, held model.Run) error {
	r.About, r.Hold, r.Differs = held.ID, model.HoldNothing, nil
	was, err := v.HeldChanges(ctx, held.ID)
	if err != nil {
		return err
	}
	names, err := readNames(ctx, v)
	if err != nil {
		return err
	}
	then := model.Plan{}
	for _, c := range was {
		change, err := c.Typed()
		if err != nil {
			return err
		}
		then.Changes = append(then.Changes, change)
	}
	now := slices.Collect(report.Recorded(p.Plan, nil))
	if err := know(ctx, v, names, slices.Values(slices.Concat(then.Changes, p.Plan.Changes))); err != nil {
		return err
	}
	if r.Differs, err = names.Differing(was, now); err != nil || len(r.Differs) == 0 {
		return err
	}
	r.Hold = model.HoldAll
	p.As, p.Waiting, p.Plan = model.Replaced, p.Plan, model.Plan{}
	return nil
}
