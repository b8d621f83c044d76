package importer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"misimportd/store"
)

// NotUndoneError says why a run cannot be undone. Nothing was changed.
type NotUndoneError struct {
	Run    store.ID
	Reason string
}

func (e *NotUndoneError) Error() string {
	return fmt.Sprintf("run %d cannot be undone: %s", e.Run, e.Reason)
}

// Undo puts back exactly what a run changed: the same rows, with the dates and values that
// they had (R36). It is a run like any other: judged by limits of its own, recorded, and
// itself to be undone. It fails with a *NotUndoneError when a later run, or another program,
// has changed the same records since. The document that the run imported is not imported
// again, unless by force.
func (im *Importer) Undo(ctx context.Context, id store.ID) (Report, error) {
	report := NothingYet()
	err := im.locked(ctx, "undo", func(lock *store.Lock, holder store.Holder) (err error) {
		report, err = im.undo(ctx, lock, holder, id, store.Run{})
		return err
	})
	return report, err
}

// PlanUndo says what Undo would do, and changes nothing.
func (im *Importer) PlanUndo(ctx context.Context, id store.ID) (Report, error) {
	report := NothingYet()
	err := im.DB.View(ctx, func(v *store.View) error {
		p, err := im.prepareUndo(ctx, v, id, &report)
		if err != nil {
			return err
		}
		return report.spellOut(ctx, v, p)
	})
	if err == nil {
		report.Result = Planned
	}
	return report, err
}

// undo undoes a run. held is the undo that waited for this one, if one did: then it is
// approved.
func (im *Importer) undo(ctx context.Context, lock *store.Lock, holder store.Holder, id store.ID, held store.Run) (Report, error) {
	report := NothingYet()
	watch := im.stopwatch()
	run, err := lock.Run(ctx, func(v *store.View) (store.Proposal, error) {
		watch.stages = nil
		watch.next("diff")
		p, err := im.prepareUndo(ctx, v, id, &report)
		if err == nil && held.ID != 0 {
			if report.Hold == store.HoldAll {
				p.Plan = p.Waiting
			}
			p.Waiting, p.Settles, p.As = store.Plan{}, held.ID, store.Approved
			err = report.compare(ctx, v, &p, held)
			report.About, report.Approved = id, held.ID
		}
		if err == nil {
			watch.next("apply")
		}
		report.Stages = watch.timed()
		p.Run = report.record(store.Undo, im.Version, holder)
		return p, err
	})
	watch.stop()
	im.progress("")
	var refused *NotUndoneError
	var unknown *store.NoRunError
	switch {
	case errors.As(err, &refused), errors.As(err, &unknown):
		return report, err // nothing was tried: nothing to record
	case err != nil:
		return im.recordFailure(ctx, lock, report, store.Undo, holder, err), err
	}
	report.took(run)
	report.Stages = watch.stages
	if run.Result == store.Applied {
		im.restoreCurrent(ctx)
	}
	return report, nil
}

// prepareUndo makes the plan that puts back what a run changed, and judges it.
func (im *Importer) prepareUndo(ctx context.Context, v *store.View, id store.ID, report *Report) (p store.Proposal, err error) {
	run, err := v.Run(ctx, id)
	if err != nil {
		return p, err
	}
	if err := undoable(run); err != nil {
		return p, err
	}
	recorded, err := v.Changes(ctx, id)
	if err != nil {
		return p, err
	}
	made := make([]store.Change, len(recorded))
	for i, r := range recorded {
		if made[i], err = r.Typed(); err != nil {
			return p, err
		}
	}
	if err := checkUntouched(ctx, v, id, made); err != nil {
		return p, err
	}
	p.Undoes, p.Plan = id, inverse(made, id)
	calendar, err := v.Calendar(ctx)
	if err != nil {
		return p, err
	}
	current := calendar.Current()
	if current == nil {
		current = &store.Era{}
	}
	state, err := v.State(ctx, Datasource, current.ID, max(run.AsOf, current.StartsOn))
	if err != nil {
		return p, err
	}
	if err := im.markUnwanted(ctx, v, run, state, &p.Plan); err != nil {
		return p, err
	}
	if err := countLessons(ctx, v, state, p.Plan, run.AsOf); err != nil {
		return p, err
	}
	report.AsOf, report.Era, report.About, report.Hold = run.AsOf, run.Era, id, store.HoldNothing
	report.Guard = judge(im.Guard.Undo, evidence{state: state, plan: p.Plan})
	if heldBy(report.Guard, store.HoldAll) != store.HoldNothing {
		report.Hold, p.Waiting, p.Plan = store.HoldAll, p.Plan, store.Plan{}
	}
	return p, nil
}

func undoable(run store.Run) error {
	switch {
	case run.UndoneBy != 0:
		return &NotUndoneError{run.ID, fmt.Sprintf("run %d did that already", run.UndoneBy)}
	case run.Result == store.Failed || run.Result == store.Aborted || len(run.Counts.V) == 0:
		return &NotUndoneError{run.ID, "it changed nothing"}
	}
	return nil
}

// checkUntouched finds out whether the records that a run changed are still as it left
// them. It names what is in the way.
func checkUntouched(ctx context.Context, v *store.View, id store.ID, made []store.Change) error {
	labels, err := v.Labels(ctx)
	if err != nil {
		return err
	}
	left, created, places := map[store.Key]store.Record{}, map[store.ID]bool{}, map[string]bool{}
	groups := map[store.ID]bool{} // whose lives hold memberships that come back
	for _, c := range made {
		left[keyOf(c)] = c.After
		for _, place := range placesOf(c.Recorded(), labels) {
			places[place] = true
		}
		if m, ok := c.Record().(store.Membership); ok {
			groups[m.GroupID] = true
		}
		if c.Action == store.Create {
			created[c.After.RowID()] = true
		}
	}
	later := map[store.ID]int{}
	err = v.Since(ctx, id, func(by store.ID, c store.Recorded) {
		_, touched := left[store.Key{Entity: c.Entity, ID: c.RecordID}]
		for _, place := range placesOf(c, labels) {
			touched = touched || places[place]
		}
		touched = touched || c.Entity == store.GroupEntity && groups[c.RecordID] && (c.Before.V["starts_on"] != c.After.V["starts_on"] || c.Before.V["ends_on"] != c.After.V["ends_on"])
		if touched || refersTo(c, created, left) {
			later[by]++
		}
	})
	if err != nil {
		return err
	}
	if len(later) > 0 {
		return inTheWay(id, later)
	}
	standing, err := v.Standing(ctx, id)
	if err != nil {
		return err
	}
	for _, c := range made {
		key := keyOf(c)
		now, there := standing[key]
		if after := left[key]; there != (after != nil) || there && now != after {
			return &NotUndoneError{id, fmt.Sprintf("another program has changed %s since (row %d of its table%s), and what is there now would be lost: change it back first, or leave the run as it is", describe(c.Record()), key.ID, fieldsThatDiffer(left[key], now))}
		}
	}
	clinging, err := v.Clinging(ctx, id)
	if err != nil || len(clinging) == 0 {
		return err
	}
	at := slices.IndexFunc(made, func(c store.Change) bool { return keyOf(c) == clinging[0] && c.Action == store.Create })
	return &NotUndoneError{id, fmt.Sprintf("it created %s that other programs use since, the first of them %s: take what uses them out first", many(len(clinging), "record"), describe(made[at].Record()))}
}

// unique are the columns by which there is one row only of an entity, or few that exclude each
// other: another row may stand in the place of one that an undo would bring back.
var unique = map[store.Entity][]string{
	store.MembershipEntity: {"group_id", "element_id"}, store.CommitmentEntity: {"lesson_id", "element_id"}, store.LessonEntity: {"source_id", "on_date"},
	store.GroupEntity: {"era_id", store.KindOfGroup, "source_id"}, store.GroupSuspensionEntity: {"group_id"}, store.AbsenceEntity: {"element_id"},
	store.PinEntity: {"element_id", "field", "group_id"}, store.UnwantedEntity: {"sha256"}, store.EraEntity: {"name"},
}

// placesOf are the places that a change takes or leaves. A pupil has one place in all forms.
func placesOf(c store.Recorded, labels map[store.ID]store.Label) (places []string) {
	columns, ok := unique[c.Entity]
	if !ok {
		return nil
	}
	for _, image := range []store.Image{c.Before.V, c.After.V} {
		if image == nil {
			continue
		}
		place := string(c.Entity)
		for _, column := range columns {
			place += fmt.Sprintf("\x00%v", image[column])
		}
		places = append(places, place)
		if c.Entity == store.MembershipEntity && labels[image.ID("group_id")].Kind == store.FormGroup {
			places = append(places, fmt.Sprintf("form of %d", image.ID("element_id")))
		}
	}
	return places
}

func keyOf(c store.Change) store.Key { return store.Key{Entity: c.Entity(), ID: c.Record().RowID()} }

// referring are the columns that hold the id of an element, a lesson or an era.
var referring = map[string]bool{"group_id": true, "element_id": true, "tutor_id": true, "subject_id": true, "house_id": true, "boarding_house_id": true,
	"lesson_id": true, "era_id": true, "current_era_id": true, "next_era_id": true, "previous_era_id": true}

// refersTo tells whether a later change speaks of a record that was created. Ids of elements
// are not those of lessons and eras: created is a first sieve, left the second.
func refersTo(c store.Recorded, created map[store.ID]bool, left map[store.Key]store.Record) bool {
	for _, image := range []store.Image{c.Before.V, c.After.V} {
		for column := range image {
			id := image.ID(column)
			if !referring[column] || !created[id] {
				continue
			}
			for _, entity := range referred(column) {
				if _, ok := left[store.Key{Entity: entity, ID: id}]; ok {
					return true
				}
			}
		}
	}
	return false
}

// referred are the kinds of record that a column can refer to.
func referred(column string) []store.Entity {
	switch column {
	case "lesson_id":
		return []store.Entity{store.LessonEntity}
	case "era_id", "current_era_id", "next_era_id", "previous_era_id":
		return []store.Entity{store.EraEntity}
	}
	return []store.Entity{store.PupilEntity, store.StaffEntity, store.LocationEntity, store.SubjectEntity, store.HouseEntity, store.GroupEntity}
}

// inTheWay names the later runs that changed the same records, the newest first.
func inTheWay(id store.ID, later map[store.ID]int) error {
	var runs []store.ID
	for run := range later {
		runs = append(runs, run)
	}
	slices.Sort(runs)
	slices.Reverse(runs)
	const shown = 5
	said := ""
	for i, run := range runs[:min(len(runs), shown)] {
		said += []string{"", ", "}[min(i, 1)] + fmt.Sprintf("run %d (%s)", run, many(later[run], "change"))
	}
	if len(runs) > shown {
		said += fmt.Sprintf(" and %d more", len(runs)-shown)
	}
	if len(runs) == 1 {
		return &NotUndoneError{id, fmt.Sprintf("the same records were changed later, by %s: undo that first", said)}
	}
	return &NotUndoneError{id, fmt.Sprintf("the same records were changed later, by %s: undo those first, the newest first", said)}
}

// describe names a record, people by their ids.
func describe(r store.Record) string {
	switch r := r.(type) {
	case store.Group:
		return fmt.Sprintf("%s #%s", r.GroupKind, clean(r.SourceID))
	case interface{ Source() string }:
		return fmt.Sprintf("%s #%s", r.(store.Record).Entity(), clean(r.Source()))
	}
	return fmt.Sprintf("a %s", r.Entity())
}

// fieldsThatDiffer names the fields in which a record is not as it was left.
func fieldsThatDiffer(left, now store.Record) string {
	if left == nil || now == nil {
		return ""
	}
	change := store.Change{Action: store.Update, Before: left, After: now}.Recorded()
	var fields []string
	for column, value := range change.After.V {
		if value != change.Before.V[column] {
			fields = append(fields, strings.ReplaceAll(column, "_", " "))
		}
	}
	slices.Sort(fields)
	return ": " + strings.Join(fields, ", ")
}

// inverse is the plan that takes back what was made, the last first. Records come back
// under their own ids.
func inverse(made []store.Change, id store.ID) (plan store.Plan) {
	opposite := map[store.Action]store.Action{
		store.Create: store.Delete, store.Delete: store.Create, store.End: store.Reopen, store.Reopen: store.End, store.Update: store.Update,
	}
	why := store.Undone + store.Reason(fmt.Sprintf(": run %d", id))
	for _, c := range slices.Backward(made) {
		plan.Change(opposite[c.Action], c.After, c.Before, why)
	}
	return plan
}

// markUnwanted sees to it that the next night does not do it all again: neither the document
// that the run imported nor the one that the database reflects now, which says the same, is
// imported again.
func (im *Importer) markUnwanted(ctx context.Context, v *store.View, run store.Run, state *store.State, plan *store.Plan) error {
	if run.Kind != store.Import && run.Kind != store.Approval {
		return nil
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
		case store.UnwantedDocument:
			known[u.SHA256] = c.Action == store.Create
		}
	}
	for _, hash := range []string{run.SHA256, newest.SHA256} {
		if !known[hash] {
			known[hash] = true
			plan.Create(store.UnwantedDocument{ID: plan.NewID(), SHA256: hash}, store.NotAgain)
		}
	}
	return nil
}

// restoreCurrent makes the document Current again that the database reflects after an undo.
// It is a help for those who run with --again: without it they are told.
func (im *Importer) restoreCurrent(ctx context.Context) {
	var newest store.Run
	err := im.DB.View(ctx, func(v *store.View) (err error) {
		newest, err = v.NewestImport(ctx)
		return err
	})
	if err == nil {
		err = im.makeCurrent(newest.SHA256)
	}
	if err != nil {
		im.Log.Warn("the document that the database reflects could not be put back into Current", "error", err)
	}
}

func (im *Importer) makeCurrent(hash string) error {
	current, err := im.State.CurrentHash()
	if err != nil || hash == "" || current == hash {
		return err
	}
	list, err := im.State.List()
	if err != nil {
		return err
	}
	for _, archived := range slices.Backward(list) {
		if archived.SHA256 != hash {
			continue
		}
		document, err := im.State.TakeArchived(archived.Run, hash)
		if err != nil {
			return err
		}
		return errors.Join(document.Settle(archived.Run), document.Close())
	}
	return fmt.Errorf("the Archive does not hold it (sha256 %s)", hash)
}
