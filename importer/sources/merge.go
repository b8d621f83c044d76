package sources

import (
	"cmp"
	"slices"

	"misimportd/era"
	"misimportd/store/model"
)

// Merge plans that two records are one: what refers to the one that is lost refers to the one that is
// kept, without a day twice in one group (R18), and the lost one is no longer current.
func Merge(plan *model.Plan, keep, lose model.Record, of model.Pointing) {
	kept, lost := keep.RowID(), lose.RowID()
	mergeMemberships(plan, kept, lost, apart(kept, lost, of))
	mergeCommitments(plan, kept, lost, of.Commitments)
	mergeReferences(plan, kept, lost, of)
	if gone := notCurrent(lose); gone != lose {
		plan.Change(model.End, lose, gone, model.Merged)
	}
}

// mergeCommitments plans that lessons take the one that is kept, each once, and covers by and of either are that
// one's. Nobody covers himself.
func mergeCommitments(plan *model.Plan, kept, lost model.ID, all []model.Commitment) {
	to := func(id model.ID) model.ID {
		if id == lost {
			return kept
		}
		return id
	}
	type place struct{ lesson, element, covers model.ID }
	taken := map[place]bool{}
	var deleted, updated []model.Change
	for _, c := range all {
		if c.ElementID != lost && c.CoversID != lost {
			taken[place{c.LessonID, c.ElementID, c.CoversID}] = true
		}
	}
	seen := map[model.ID]bool{}
	for _, c := range all {
		if c.ElementID != lost && c.CoversID != lost || seen[c.ID] {
			continue
		}
		seen[c.ID] = true // one that is both is found twice
		after := c
		after.ElementID, after.CoversID = to(c.ElementID), to(c.CoversID)
		at := place{after.LessonID, after.ElementID, after.CoversID}
		if taken[at] || after.ElementID == after.CoversID {
			deleted = append(deleted, model.Change{Action: model.Delete, Why: model.Merged, Before: c})
			continue
		}
		taken[at] = true
		updated = append(updated, model.Change{Action: model.Update, Why: model.Merged, Before: c, After: after})
	}
	plan.Changes = slices.Concat(plan.Changes, deleted, updated)
}

func notCurrent(r model.Record) model.Record {
	switch r := r.(type) {
	case model.Pupil:
		r.Current = false
		return r
	case model.Staff:
		r.Current = false
		return r
	case model.Location:
		r.Current = false
		return r
	case model.Subject:
		r.Current = false
		return r
	case model.House:
		r.Current = false
		return r
	}
	return r
}

// mergeReferences plans that groups, pupils and pins refer to what is kept.
func mergeReferences(plan *model.Plan, kept, lost model.ID, of model.Pointing) {
	to := func(id model.ID) model.ID {
		if id == lost {
			return kept
		}
		return id
	}
	for _, g := range of.Groups {
		after := g
		if after.TutorID, after.SubjectID = to(g.TutorID), to(g.SubjectID); after != g {
			plan.Change(model.Update, g, after, model.Merged)
		}
	}
	for _, p := range of.Pupils {
		after := p
		after.HouseID, after.BoardingHouseID = to(p.HouseID), to(p.BoardingHouseID)
		if after != p {
			plan.Change(model.Update, p, after, model.Merged)
		}
	}
	pinned := map[model.Pin]bool{}
	for _, p := range of.Pins {
		p.ID = 0
		pinned[p] = p.ElementID == kept
	}
	for _, p := range of.Pins {
		if p.ElementID != lost {
			continue
		}
		after := p
		after.ElementID = kept
		if pinned[model.Pin{ElementID: kept, Field: p.Field, GroupID: p.GroupID}] {
			plan.Change(model.Delete, p, nil, model.Merged)
		} else {
			plan.Change(model.Update, p, after, model.Merged)
		}
	}
	for _, a := range of.Absences {
		if a.ElementID == lost {
			plan.Change(model.Delete, a, nil, model.Merged)
		}
	}
}

// apart leaves out the places of the one who is lost in forms on days on which the one who is kept is in
// another: nobody is in two forms (R17). The next import ends them, for the lost one is no longer current.
func apart(kept, lost model.ID, of model.Pointing) []model.Membership {
	return slices.DeleteFunc(slices.Clone(of.Memberships), func(m model.Membership) bool {
		return m.ElementID == lost && slices.Contains(of.Forms, m.GroupID) &&
			slices.ContainsFunc(of.Memberships, func(o model.Membership) bool {
				return o.ElementID == kept && o.GroupID != m.GroupID && slices.Contains(of.Forms, o.GroupID) &&
					daysOf(o).Overlaps(daysOf(m))
			})
	})
}

func daysOf(m model.Membership) era.Interval { return era.Interval{From: m.StartsOn, To: m.EndsOn} }

// mergeMemberships plans that the days on which either is in a group are days of the one that is kept.
func mergeMemberships(plan *model.Plan, kept, lost model.ID, all []model.Membership) {
	byGroup := map[model.ID][]model.Membership{}
	var groups []model.ID
	for _, m := range all {
		if byGroup[m.GroupID] == nil {
			groups = append(groups, m.GroupID)
		}
		byGroup[m.GroupID] = append(byGroup[m.GroupID], m)
	}
	slices.Sort(groups)
	var deleted, changed []model.Change
	for _, group := range groups {
		rows := byGroup[group]
		if !slices.ContainsFunc(rows, func(m model.Membership) bool { return m.ElementID == lost }) {
			continue
		}
		for _, c := range Joined(rows) {
			if after, ok := c.After.(model.Membership); ok {
				after.ElementID = kept
				c.After = after
				changed = append(changed, c)
			} else {
				deleted = append(deleted, c)
			}
		}
	}
	plan.Changes = append(append(plan.Changes, deleted...), inOrder(changed)...)
}

// Joined says what becomes of memberships in one group so that no two share a day: those that do become
// the first of them, on all days of them together. Every row that stays is among the changes.
func Joined(rows []model.Membership) (changes []model.Change) {
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(a, b model.Membership) int {
		return cmp.Or(cmp.Compare(a.StartsOn, b.StartsOn), cmp.Compare(a.ID, b.ID))
	})
	var open *model.Change
	for _, m := range rows {
		if open != nil {
			last := open.After.(model.Membership)
			if last.EndsOn == 0 || m.StartsOn <= last.EndsOn {
				if m.EndsOn == 0 || last.EndsOn != 0 && m.EndsOn > last.EndsOn {
					last.EndsOn = m.EndsOn
					open.After = last
				}
				changes = append(changes, model.Change{Action: model.Delete, Why: model.Merged, Before: m})
				continue
			}
			changes = append(changes, *open)
		}
		open = &model.Change{Action: model.Update, Why: model.Merged, Before: m, After: m}
	}
	if open != nil {
		changes = append(changes, *open)
	}
	return changes
}

// inOrder leaves out what changes nothing, and puts in order of id.
func inOrder(changes []model.Change) []model.Change {
	changes = slices.DeleteFunc(changes, func(c model.Change) bool { return c.Before == c.After })
	slices.SortFunc(changes, func(a, b model.Change) int { return cmp.Compare(a.Record().RowID(), b.Record().RowID()) })
	return changes
}
