package sources

import (
	"cmp"
	"slices"

	"misimportd/era"
	"misimportd/store/model"
)

// Trim plans that memberships which break R18 or R19 are mended: those of what is not there go, those that
// reach outside of their group's life are cut to it, and those that share days become one.
func Trim(plan *model.Plan, b model.Broken) {
	lives := map[model.ID]era.Interval{}
	for _, g := range b.Groups {
		lives[g.ID] = g.Life()
	}
	type place struct{ group, element model.ID }
	rows := map[place][]model.Membership{}
	var places []place
	var deleted, changed []model.Change
	for _, m := range b.Memberships {
		life, there := lives[m.GroupID]
		cut := within(m, life)
		if !there || b.Missing[m.ElementID] || cut.EndsOn != 0 && cut.EndsOn < cut.StartsOn {
			deleted = append(deleted, model.Change{Action: model.Delete, Why: model.Trimmed, Before: m})
			continue
		}
		p := place{m.GroupID, m.ElementID}
		if rows[p] == nil {
			places = append(places, p)
		}
		rows[p] = append(rows[p], cut)
	}
	had := map[model.ID]model.Membership{}
	for _, m := range b.Memberships {
		had[m.ID] = m
	}
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(a.element, b.element))
	})
	for _, p := range places {
		for _, c := range Joined(rows[p]) {
			c.Why, c.Before = model.Trimmed, had[c.Record().RowID()]
			if c.After == nil {
				deleted = append(deleted, c)
			} else {
				changed = append(changed, c)
			}
		}
	}
	plan.Changes = append(append(plan.Changes, deleted...), inOrder(changed)...)
}

// within is a membership cut to its group's life.
func within(m model.Membership, life era.Interval) model.Membership {
	m.StartsOn = max(m.StartsOn, life.From)
	if life.To != 0 && (m.EndsOn == 0 || m.EndsOn > life.To) {
		m.EndsOn = life.To
	}
	return m
}
