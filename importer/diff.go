package importer

import (
	"cmp"
	"slices"

	"misimportd/era"
	"misimportd/mis"
	"misimportd/store/model"
)

// differ puts what the database holds and what it should hold side by side.
type differ struct {
	*Wanted
	plan *model.Plan
	late []model.Change // changes of groups that have to wait for those of memberships
}

// Make adds to plan, from which the ids of what is wanted come, what takes the database to what is
// wanted, and returns the problems met on the way beside those of the Snapshot. The State has
// the lessons of the days that StaleDays names. eras are all that there are.
func Make(plan *model.Plan, wanted *Wanted, eras []era.Era) mis.Problems {
	d := &differ{Wanted: wanted, plan: plan}
	lessons := d.planLessons() // first: for what of a timetable waits, some people stay where they are
	d.changeSuspensions()
	change(d, d.State.Staff, d.staff, func(r *model.Staff) *model.Element { return &r.Element })
	change(d, d.State.Subjects, d.subjects, func(r *model.Subject) *model.Element { return &r.Element })
	change(d, d.State.Houses, d.houses, func(r *model.House) *model.Element { return &r.Element })
	change(d, d.State.Locations, d.locations, func(r *model.Location) *model.Element { return &r.Element })
	change(d, d.State.Pupils, d.pupils, func(r *model.Pupil) *model.Element { return &r.Element })
	d.changeGroups(lessons.freed)
	d.changeMemberships()
	d.plan.Changes = slices.Concat(d.plan.Changes, lessons.uncommitted, lessons.deleted, lessons.updated, lessons.created, lessons.committed)
	d.changeGroupSuspensions()
	d.changeAbsences()
	d.plan.Changes = append(d.plan.Changes, d.late...)
	d.reportSilence()
	d.reportWeeks()
	d.reportSuspensions(eras)
	return d.problems
}

// lookBack notes of whom the MIS speaks, and in which forms the database has pupils.
func (w *Wanted) lookBack() {
	for _, p := range w.Snap.Pupils.Records {
		if !w.yearless[p.ID] && !(w.hold && w.unwanted["pupil "+p.ID]) {
			w.said[p.ID] = p
		}
	}
	forms := map[model.ID]model.Group{}
	for _, g := range w.groups {
		if g.GroupKind == model.FormGroup {
			forms[g.ID] = g
		}
	}
	began := map[model.ID]era.Date{}
	for _, m := range w.State.Memberships {
		if form, ok := forms[m.GroupID]; ok && m.StartsOn >= began[m.ElementID] {
			w.formOf[m.ElementID], began[m.ElementID] = form, m.StartsOn
		}
	}
}

// change plans what happens to the elements of one kind that are no groups (R4 to R7).
func change[T interface {
	comparable
	element
}](d *differ, have, wanted []T, part func(*T) *model.Element) {
	by := map[model.Action][]model.Change{}
	add := func(action model.Action, why model.Reason, before, after model.Record) {
		by[action] = append(by[action], model.Change{Action: action, Why: why, Before: before, After: after})
	}
	had, wants := bySource(have), bySource(wanted)
	for _, w := range wanted {
		switch h, ok := had[w.Source()]; {
		case !ok:
			add(model.Create, model.NewInMIS, nil, w)
		case h == w:
		case !part(&h).Current:
			add(model.Reopen, model.BackInMIS, h, w)
		default:
			add(model.Update, model.ChangedInMIS, h, w)
		}
	}
	for _, h := range slices.SortedFunc(slices.Values(have), compareSources[T]) {
		if _, ok := wants[h.Source()]; !ok && part(&h).Current {
			gone := h
			part(&gone).Current = false
			add(model.End, d.whyGone(h), h, gone)
		}
	}
	for _, action := range model.Actions {
		d.plan.Changes = append(d.plan.Changes, by[action]...)
	}
}

// whyGone tells why an element is no longer wanted.
func (w *Wanted) whyGone(r model.Record) model.Reason {
	switch r := r.(type) {
	case model.Pupil:
		if w.unwanted["pupil "+r.SourceID] {
			return model.NotImported
		}
	case model.Group:
		if w.unwanted[r.GroupKind+" "+r.SourceID] {
			return model.NotImported
		}
	}
	return model.GoneFromMIS
}

// changeGroups plans the groups (R10 to R12). What ends or shortens a group's life
// has to wait until its memberships have ended. freed is how many commitments of each
// element go with this plan.
func (d *differ) changeGroups(freed map[model.ID]int) {
	wants := map[model.ID]bool{}
	had := map[model.ID]model.Group{}
	for _, g := range d.State.Groups {
		had[g.ID] = g
	}
	var created, updated, reopened, shortened, ended, deleted []model.Change
	for _, w := range d.groups {
		wants[w.ID] = true
		switch h, ok := had[w.ID]; {
		case !ok:
			created = append(created, model.Change{Action: model.Create, Why: model.NewInMIS, After: w})
		case h == w:
		case !h.Current || !d.isLiving(h):
			reopened = append(reopened, model.Change{Action: model.Reopen, Why: model.BackInMIS, Before: h, After: w})
		case !h.Life().Within(w.Life()):
			wide := w // as long as both, until the memberships are no longer
			wide.EndsOn = h.EndsOn
			if wide != h {
				updated = append(updated, model.Change{Action: model.Update, Why: model.ChangedInMIS, Before: h, After: wide})
			}
			shortened = append(shortened, model.Change{Action: model.Update, Why: model.ChangedInMIS, Before: wide, After: w})
		default:
			updated = append(updated, model.Change{Action: model.Update, Why: model.ChangedInMIS, Before: h, After: w})
		}
	}
	for _, h := range slices.SortedFunc(slices.Values(d.State.Groups), compareGroups) {
		if wants[h.ID] || !d.isLiving(h) {
			continue
		}
		gone := h
		gone.Current = false
		switch {
		case h.StartsOn < d.AsOf:
			gone.EndsOn = d.AsOf.AddDays(-1)
		case !d.State.NeededElsewhere[h.ID] && d.State.TakenBy[h.ID] == freed[h.ID]:
			deleted = append(deleted, model.Change{Action: model.Delete, Why: d.whyGone(h), Before: h})
			continue
		default: // others' rows point at it: it keeps the shortest life there is
			gone.EndsOn = h.StartsOn
		}
		if gone != h {
			ended = append(ended, model.Change{Action: model.End, Why: d.whyGone(h), Before: h, After: gone})
		}
	}
	d.plan.Changes = slices.Concat(d.plan.Changes, created, updated, reopened)
	d.late = slices.Concat(shortened, ended, deleted)
}

func compareGroups(a, b model.Group) int {
	return cmp.Or(cmp.Compare(a.GroupKind, b.GroupKind), mis.CompareIDs(a.SourceID, b.SourceID))
}
