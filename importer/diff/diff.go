// Package diff puts the State that the database is in and what is wanted side by side, and makes the
// Plan that leads from one to the other. It protects nothing and judges nothing: what is to stay is
// wanted. It must never know a database.
package diff

import (
	"cmp"
	"slices"

	"misimportd/era"
	"misimportd/importer/want"
	"misimportd/mis"
	"misimportd/store/model"
)

// differ puts what the database holds and what it should hold side by side.
type differ struct {
	*want.Wanted
	state *model.State
	plan  *model.Plan
	parts []part // the changes, in the order in which they can be made
}

// part is changes, and commitments to be made, which are the most by far.
type part struct {
	changes     []model.Change
	commitments []model.Commitment
}

// Make adds to plan, from which the ids of what is wanted come, what takes the database from state
// to what is wanted, and returns the problems met on the way beside those of the Snapshot. state is
// the one that is wanted from, with the lessons of the days that are spelled out. eras are all that there are.
func Make(plan *model.Plan, state *model.State, wanted *want.Wanted, eras []era.Era) mis.Problems {
	d := &differ{Wanted: wanted, state: state, plan: plan, parts: []part{{changes: plan.Changes}}}
	lessons := d.planLessons()
	d.changeSuspensions()
	change(d, d.state.Staff, d.Staff, func(r *model.Staff) *model.Element { return &r.Element })
	change(d, d.state.Subjects, d.Subjects, func(r *model.Subject) *model.Element { return &r.Element })
	change(d, d.state.Houses, d.Houses, func(r *model.House) *model.Element { return &r.Element })
	change(d, d.state.Locations, d.Locations, func(r *model.Location) *model.Element { return &r.Element })
	change(d, d.state.Pupils, d.Pupils, func(r *model.Pupil) *model.Element { return &r.Element })
	late := d.changeGroups(lessons.freed)
	d.changeMemberships()
	d.parts = append(d.parts, lessons.parts()...)
	d.changeGroupSuspensions()
	d.changeAbsences()
	d.add(late...)
	d.plan.Changes = join(d.parts)
	d.ReportMissing()
	d.ReportWeeks()
	d.ReportSuspensions(eras)
	return d.Problems
}

// add adds changes that can be made once all that were added before are.
func (d *differ) add(parts ...[]model.Change) {
	for _, changes := range parts {
		d.parts = append(d.parts, part{changes: changes})
	}
}

// join makes one list of the parts, which are done with. There may be a million changes: they are
// not held twice.
func join(parts []part) []model.Change {
	count := 0
	for _, p := range parts {
		count += len(p.changes) + len(p.commitments)
	}
	joined := make([]model.Change, 0, count)
	for i, p := range parts {
		joined = append(joined, p.changes...)
		for _, c := range p.commitments {
			joined = append(joined, model.Change{Action: model.Create, Why: model.NewInMIS, After: c})
		}
		parts[i] = part{}
	}
	return joined
}

// change plans what happens to the elements of one kind that are no groups (R4 to R7).
func change[T interface {
	comparable
	want.Element
}](d *differ, have, wanted []T, part func(*T) *model.Element) {
	by := map[model.Action][]model.Change{}
	add := func(action model.Action, why model.Reason, before, after model.Record) {
		by[action] = append(by[action], model.Change{Action: action, Why: why, Before: before, After: after})
	}
	had, wants := want.BySource(have), want.BySource(wanted)
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
	for _, h := range slices.SortedFunc(slices.Values(have), want.CompareSources[T]) {
		if _, ok := wants[h.Source()]; !ok && part(&h).Current {
			gone := h
			part(&gone).Current = false
			add(model.End, d.WhyGone(h), h, gone)
		}
	}
	for _, action := range model.Actions {
		d.add(by[action])
	}
}

// changeGroups plans the groups (R10 to R12). What ends or shortens a group's life
// has to wait until its memberships have ended: those changes are returned. freed is how many
// commitments of each element go with this plan.
func (d *differ) changeGroups(freed map[model.ID]int) (late [][]model.Change) {
	wants := map[model.ID]bool{}
	had := map[model.ID]model.Group{}
	for _, g := range d.state.Groups {
		had[g.ID] = g
	}
	var created, updated, reopened, shortened, ended, deleted []model.Change
	for _, w := range d.Groups {
		wants[w.ID] = true
		switch h, ok := had[w.ID]; {
		case !ok:
			created = append(created, model.Change{Action: model.Create, Why: model.NewInMIS, After: w})
		case h == w:
		case !h.Current || !d.IsLiving(h):
			reopened = append(reopened, model.Change{Action: model.Reopen, Why: model.BackInMIS, Before: h, After: w})
		case !h.Life().Within(w.Life()):
			wide := w // as long as both, until the memberships are no longer
			wide.StartsOn = min(wide.StartsOn, h.StartsOn)
			if h.EndsOn == 0 || w.EndsOn != 0 && h.EndsOn > w.EndsOn {
				wide.EndsOn = h.EndsOn
			}
			if wide != h {
				updated = append(updated, model.Change{Action: model.Update, Why: model.ChangedInMIS, Before: h,
					After: wide})
			}
			shortened = append(shortened, model.Change{Action: model.Update, Why: model.ChangedInMIS, Before: wide,
				After: w})
		default:
			updated = append(updated, model.Change{Action: model.Update, Why: model.ChangedInMIS, Before: h, After: w})
		}
	}
	isMember := d.membersThatStay()
	for _, h := range slices.SortedFunc(slices.Values(d.state.Groups), compareGroups) {
		gone := h
		gone.Current = false
		switch {
		case wants[h.ID]:
			continue
		case !d.IsLiving(h):
			if h.Current && h.GroupKind == model.ActivityGroup && !d.LeavesOthers() {
				ended = append(ended, model.Change{Action: model.End, Why: model.DaysOver, Before: h, After: gone})
			}
			continue
		}
		switch {
		case h.StartsOn < d.AsOf:
			gone.EndsOn = d.AsOf.AddDays(-1)
		case !d.state.NeededElsewhere[h.ID] && !isMember[h.ID] && d.state.TakenBy[h.ID] == freed[h.ID]:
			deleted = append(deleted, model.Change{Action: model.Delete, Why: d.WhyGone(h), Before: h})
			continue
		default: // others' rows point at it: it keeps the shortest life there is
			gone.EndsOn = h.StartsOn
		}
		if gone != h {
			ended = append(ended, model.Change{Action: model.End, Why: d.WhyGone(h), Before: h, After: gone})
		}
	}
	d.add(created, updated, reopened)
	return [][]model.Change{shortened, ended, deleted}
}

// membersThatStay is the groups that are members of others by rows which stay as they are.
func (d *differ) membersThatStay() map[model.ID]bool {
	stays, isOthers := map[model.ID]bool{}, d.others()
	groups := map[model.ID]bool{}
	for _, g := range d.state.Groups {
		groups[g.ID] = true
	}
	for _, m := range d.state.Memberships {
		if groups[m.ElementID] && isOthers(m) {
			stays[m.ElementID] = true
		}
	}
	return stays
}

func compareGroups(a, b model.Group) int {
	return cmp.Or(cmp.Compare(a.GroupKind, b.GroupKind), mis.CompareIDs(a.SourceID, b.SourceID))
}
