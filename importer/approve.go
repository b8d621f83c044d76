package importer

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"misimportd/era"
	"misimportd/era/hint"
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
func (im *Importer) Approve(ctx context.Context, id model.ID) (Report, error) {
	report := NothingYet()
	err := im.locked(ctx, "approve", func(lock *store.Lock, holder store.Holder) error {
		held, err := im.waiting(ctx, id)
		if err != nil {
			return err
		}
		if held.Kind == model.Undo {
			report, err = im.undo(ctx, lock, holder, held.About, held)
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
		n := again.begin(&document.Document)
		n.report.Taken = document.Manifest.Since
		report, err = n.carryOut(ctx, lock, holder, document, model.Approval, func(ctx context.Context, v *store.View) (model.Proposal, error) {
			return n.prepareApproved(ctx, v, held)
		})
		return err
	})
	return report, err
}

// waiting is a held run that waits for a person.
func (im *Importer) waiting(ctx context.Context, id model.ID) (run model.Run, err error) {
	err = im.DB.View(ctx, func(v *store.View) (err error) {
		if run, err = v.Run(ctx, id); err != nil || run.Decision == model.Waiting {
			return err
		}
		return notWaiting(ctx, v, run)
	})
	return run, err
}

// notWaiting says what became of a run of which nothing waits.
func notWaiting(ctx context.Context, v *store.View, run model.Run) error {
	not := &store.NotWaitingError{ID: run.ID, Run: run}
	if run.Decision == model.Approved {
		approval, err := v.Run(ctx, run.DecidedBy)
		if err != nil {
			return err
		}
		not.Undone = approval.UndoneBy
	}
	return not
}

// prepareApproved makes the plan of a held run again.
func (n *night) prepareApproved(ctx context.Context, v *store.View, held model.Run) (p model.Proposal, err error) {
	s, err := n.look(ctx, v)
	if err != nil {
		return p, err
	}
	defer n.watch.stop()
	n.isUnwanted(s)
	on := n.terms()
	if today := era.DateOf(held.StartedAt.In(n.Zone)); held.AsOf == max(today, s.era.StartsOn) {
		on.night = today // before the era began, the as-of date was a later one
	}
	w, plan, err := n.plan(ctx, s, s.state, s.begin, n.snap, on)
	if err != nil {
		return p, err
	}
	if n.report.Guard, err = n.judge(ctx, s, w, plan); err != nil {
		return p, err
	}
	var then []Finding
	_ = json.Unmarshal(held.Guard.V, &then) // what record wrote
	if w, plan, err = n.plan(ctx, s, s.state, s.begin, n.believed(then), on); err != nil {
		return p, err
	}
	n.tell(s, w)
	p.Settles, p.As, p.Plan = held.ID, model.Approved, plan
	return p, compare(ctx, v, &n.report, &p, held)
}

// compare finds out whether a plan made again is the one that was held. If not, it is held
// instead.
func compare(ctx context.Context, v *store.View, r *Report, p *model.Proposal, held model.Run) error {
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
	now := slices.Collect(recorded(p.Plan, nil))
	if err := know(ctx, v, names, slices.Values(slices.Concat(then.Changes, p.Plan.Changes))); err != nil {
		return err
	}
	if r.Differs, err = names.differing(was, now); err != nil || len(r.Differs) == 0 {
		return err
	}
	r.Hold = model.HoldAll
	p.As, p.Waiting, p.Plan = model.Replaced, p.Plan, model.Plan{}
	return nil
}

// differing tells in what changes are not the ones that were held, whatever their order.
// Records are the same whose ids in the MIS are; of a record that goes on, what counts is
// what would change of it.
func (n names) differing(was, now []model.Recorded) (said []string, err error) {
	type told struct{ before, text string } // text is sorted by what it is about
	count, texts := map[string]int{}, map[string]string{}
	note := func(changes []model.Recorded, sign int) error {
		for i, l := range n.lines(slices.Values(changes)) {
			key, err := n.fingerprint(l, changes[i])
			if err != nil {
				return err
			}
			texts[key] = l.subject() + ": " + string(l.Action) + l.values()
			count[key] += sign
		}
		return nil
	}
	if err := errors.Join(note(was, 1), note(now, -1)); err != nil {
		return nil, err
	}
	var list []told
	gone, come := 0, 0
	for key, n := range count {
		switch {
		case n > 0:
			gone += n
			list = append(list, told{"was held, and is no longer so: ", texts[key]})
		case n < 0:
			come -= n
			list = append(list, told{"was not held, and is so now: ", texts[key]})
		}
	}
	slices.SortFunc(list, func(a, b told) int { return cmp.Or(compareNames(a.text, b.text), -cmp.Compare(a.before, b.before)) })
	for _, t := range list {
		said = append(said, t.before+t.text)
	}
	if len(said) > shownCauses {
		said = append(said[:shownCauses], fmt.Sprintf("in all, %d changes are no longer there, and %d are new", gone, come))
	}
	return said, nil
}

// fingerprint is what makes a change the one that it is, without the ids of rows and without
// names that others may have changed meanwhile.
func (n names) fingerprint(l Line, c model.Recorded) (string, error) {
	if l.SourceID != "" && l.Action != model.Create {
		l.Name = ""
	}
	if l.Group != nil {
		l.Group = &GroupRef{Kind: l.Group.Kind, SourceID: l.Group.SourceID}
	}
	if l.Lesson != nil {
		l.Lesson = &LessonRef{SourceID: l.Lesson.SourceID}
	}
	image := model.Image{}
	if l.Action == model.Create {
		image = withoutIDs(c.After.V)
		for _, column := range references {
			image[column] = nameOrNone(n.element(c.After.V.ID(column)))
		}
	}
	if l.Entity == model.MembershipEntity || l.Entity == model.CommitmentEntity {
		l.Name = ""
	}
	text, err := json.Marshal(struct {
		Line
		Image model.Image
	}{l, image})
	return string(text), err
}

// withoutIDs is an image without the ids of rows.
func withoutIDs(image model.Image) model.Image {
	plain := model.Image{}
	for column, value := range image {
		if _, isNumber := value.(float64); !isNumber || column == "year" || column == "nights" {
			plain[column] = value
		}
	}
	return plain
}

// subject names what a line is about.
func (l Line) subject() string {
	called := strings.TrimSpace(clean(l.Name) + prefixed(" #", clean(l.SourceID)))
	switch {
	case l.Group != nil:
		return fmt.Sprintf("%s in %s %s #%s", called, l.Group.Kind, clean(l.Group.Name), clean(l.Group.SourceID))
	case l.Lesson != nil:
		return fmt.Sprintf("%s in lesson %s on %s", called, clean(l.Lesson.Name), l.On)
	case l.On != nil:
		return fmt.Sprintf("lesson %s on %s", clean(l.Name), l.On)
	case l.Kind != "":
		return l.Kind + " " + called
	}
	return string(l.Entity) + " " + called
}

// values tells which values change, and when memberships and groups end.
func (l Line) values() string {
	var parts []string
	for _, f := range l.Fields {
		parts = append(parts, fmt.Sprintf("%s %s → %s", strings.ReplaceAll(f.Name, "_", " "), valueText(f.Before), valueText(f.After)))
	}
	if len(parts) == 0 {
		return ""
	}
	return ", " + strings.Join(parts, ", ")
}

// Reject closes a held run: what waits of it will not be applied.
func Reject(ctx context.Context, db *store.DB, id model.ID) error {
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
		return notWaiting(ctx, v, run)
	})
}
