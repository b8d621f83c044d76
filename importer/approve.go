package importer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"misimportd/mis/cache"
	"misimportd/store"
)

// Approve carries out what a held run did not. The plan is made again, from the document
// that the run archived and from the database as it is now, true from the same day on;
// it is applied only if it is the plan that was held. Otherwise the new one is held in
// its place, and the report says in what they differ. It fails with a
// *store.NotWaitingError when nothing of the run waits. Limits stay as they are: the next
// night is judged as ever.
func (im *Importer) Approve(ctx context.Context, id store.ID) (Report, error) {
	report := NothingYet()
	err := im.locked(ctx, "approve", func(lock *store.Lock, holder store.Holder) error {
		held, err := im.waiting(ctx, id)
		if err != nil {
			return err
		}
		if held.Kind == store.Undo {
			report, err = im.undo(ctx, lock, holder, held.About, held)
			return err
		}
		document, err := im.State.TakeArchived(int64(id))
		var none *cache.NotArchivedError
		if errors.As(err, &none) {
			return fmt.Errorf("%w: \"misimportd run\" makes a new plan from the newest one", err)
		}
		if err != nil {
			return err
		}
		defer func() { _ = document.Close() }()
		again := *im
		again.AsOf = held.AsOf
		n := again.begin(&document.Document)
		n.report.Taken = document.Manifest.Since
		report, err = n.carryOut(ctx, lock, holder, document, store.Approval, func(ctx context.Context, v *store.View) (store.Proposal, error) {
			return n.prepareApproved(ctx, v, held)
		})
		return err
	})
	return report, err
}

// waiting is a held run that waits for a person.
func (im *Importer) waiting(ctx context.Context, id store.ID) (run store.Run, err error) {
	err = im.DB.View(ctx, func(v *store.View) (err error) {
		run, err = v.Run(ctx, id)
		return err
	})
	if err == nil && run.Decision != store.Waiting {
		err = &store.NotWaitingError{ID: id, Run: run}
	}
	return run, err
}

// prepareApproved makes the plan of a held run again.
func (n *night) prepareApproved(ctx context.Context, v *store.View, held store.Run) (p store.Proposal, err error) {
	s, err := n.look(ctx, v)
	if err != nil {
		return p, err
	}
	defer n.watch.stop()
	d, plan, err := n.plan(ctx, s, s.state, s.begin, n.snap, terms{grace: n.Guard.GraceNights})
	if err != nil {
		return p, err
	}
	if n.report.Guard, err = n.judge(ctx, s, d, plan); err != nil {
		return p, err
	}
	if d, plan, err = n.plan(ctx, s, s.state, s.begin, n.believed(d), terms{grace: n.Guard.GraceNights}); err != nil {
		return p, err
	}
	n.tell(s, d)
	p.Settles, p.As, p.Plan = held.ID, store.Approved, plan
	return p, n.report.compare(ctx, v, &p, held)
}

// compare finds out whether a plan made again is the one that was held. If not, it is held
// instead.
func (r *Report) compare(ctx context.Context, v *store.View, p *store.Proposal, held store.Run) error {
	r.About, r.Hold, r.Differs = held.ID, store.HoldNothing, nil
	was, err := v.HeldChanges(ctx, held.ID)
	if err != nil {
		return err
	}
	names, err := readNames(ctx, v)
	if err != nil {
		return err
	}
	now := slices.Collect(recorded(p.Plan))
	if err := names.know(ctx, v, slices.Values(slices.Concat(was, now))); err != nil {
		return err
	}
	if r.Differs, err = names.differing(was, now); err != nil || len(r.Differs) == 0 {
		return err
	}
	r.Hold = store.HoldAll
	p.As, p.Waiting, p.Plan = store.Replaced, p.Plan, store.Plan{}
	return nil
}

// differing tells in what changes are not the ones that were held, whatever their order.
// Records are the same whose ids in the MIS are: those of rows do not count.
func (n names) differing(was, now []store.Recorded) (said []string, err error) {
	type fingerprint string
	count := map[fingerprint]int{}
	about := map[fingerprint]Line{}
	var order []fingerprint
	for sign, changes := range map[int][]store.Recorded{1: was, -1: now} {
		lines := n.lines(slices.Values(changes))
		for i, c := range changes {
			text, err := json.Marshal(struct {
				Line
				Image store.Image
			}{lines[i], withoutIDs(c.After.V)})
			if err != nil {
				return nil, err
			}
			key := fingerprint(text)
			if _, known := about[key]; !known {
				order = append(order, key)
			}
			about[key] = lines[i]
			count[key] += sign
		}
	}
	slices.Sort(order)
	gone, come := 0, 0
	for _, key := range order {
		l := about[key]
		what := fmt.Sprintf("%s of %s", l.Action, l.subject())
		switch n := count[key]; {
		case n > 0:
			gone += n
			said = append(said, "no longer: "+what)
		case n < 0:
			come -= n
			said = append(said, "new: "+what)
		}
	}
	if len(said) > shownCauses {
		said = append(said[:shownCauses], fmt.Sprintf("in all, %d changes are no longer there, and %d are new", gone, come))
	}
	return said, nil
}

// withoutIDs is an image without the ids of rows.
func withoutIDs(image store.Image) store.Image {
	plain := store.Image{}
	for column, value := range image {
		if _, isNumber := value.(float64); !isNumber || column == "year" || column == "nights" {
			plain[column] = value
		}
	}
	return plain
}

// subject names what a line is about, people by their ids.
func (l Line) subject() string {
	switch {
	case l.Group != nil:
		return fmt.Sprintf("%s %s in %s #%s", l.Entity, clean(l.SourceID), l.Group.Kind, clean(l.Group.SourceID))
	case l.Lesson != nil:
		return fmt.Sprintf("%s %s %s in %s on %s", l.Entity, l.Kind, clean(l.SourceID), clean(l.Lesson.Name), l.On)
	case l.On != nil:
		return fmt.Sprintf("%s %s on %s", l.Entity, clean(l.Name), l.On)
	case l.SourceID == "":
		return fmt.Sprintf("%s %s", l.Entity, clean(l.Name))
	}
	return fmt.Sprintf("%s %s #%s", l.Entity, l.Kind, clean(l.SourceID))
}

// Reject closes a held run: what waits of it will not be applied.
func Reject(ctx context.Context, db *store.DB, id store.ID) error {
	lock, err := db.Lock(ctx, store.NewHolder("reject"))
	if err != nil {
		return err
	}
	defer func() { _ = lock.Unlock() }()
	err = lock.Reject(ctx, id)
	var not *store.NotWaitingError
	if !errors.As(err, &not) {
		return err
	}
	return db.View(ctx, func(v *store.View) error {
		run, err := v.Run(ctx, id)
		if err != nil {
			return err
		}
		return &store.NotWaitingError{ID: id, Run: run}
	})
}
