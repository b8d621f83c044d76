package diff

import (
	"misimportd/era"
	"misimportd/store/model"
)

// changeSuspensions brings what the database holds of the file to what the file says.
func (d *differ) changeSuspensions() {
	gone, changed, fresh := d.MatchSuspensions(d.InFile)
	var changes []model.Change
	for _, h := range gone {
		changes = append(changes, model.Change{Action: model.Delete, Why: model.NotInTheFile, Before: h})
	}
	for _, m := range changed {
		changes = append(changes, model.Change{Action: model.Update, Why: model.InTheFile, Before: m.Had,
			After: m.Want})
	}
	for _, w := range fresh {
		w.ID = d.plan.NewID()
		changes = append(changes, model.Change{Action: model.Create, Why: model.InTheFile, After: w})
	}
	d.add(changes)
}

// changeGroupSuspensions plans the days on which groups are suspended. What was before the
// as-of date stays (R22).
func (d *differ) changeGroupSuspensions() {
	if !d.KnowsHours() || d.HoldSuspend {
		return
	}
	wanted := map[model.ID]model.Group{}
	for _, g := range d.Groups {
		wanted[g.ID] = g
	}
	had := map[model.ID][]model.GroupSuspension{}
	var ids []model.ID
	for _, s := range d.state.GroupSuspensions {
		if len(had[s.GroupID]) == 0 {
			ids = append(ids, s.GroupID)
		}
		had[s.GroupID] = append(had[s.GroupID], s)
	}
	for _, g := range d.Groups {
		if len(had[g.ID]) == 0 {
			ids = append(ids, g.ID)
		}
	}
	var p stretchPlan
	for _, id := range ids {
		var want []era.Interval
		if g, ok := wanted[id]; ok && (g.EndsOn == 0 || g.EndsOn >= d.AsOf) {
			for _, days := range d.SuspendedDays(g.Year) {
				days.From = max(days.From, g.StartsOn)
				if g.EndsOn != 0 {
					days.To = min(days.To, g.EndsOn)
				}
				if !days.IsEmpty() {
					want = append(want, days)
				}
			}
		}
		p.change(d, id, had[id], want)
	}
	d.add(p.deleted, p.ended, p.updated, p.created)
}

// stretchPlan gathers changes of stretches of days.
type stretchPlan struct{ deleted, ended, updated, created []model.Change }

// change takes a group's stretches from what they were to what they should be.
func (p *stretchPlan) change(d *differ, group model.ID, had []model.GroupSuspension, want []era.Interval) {
	days := make([]era.Interval, len(had))
	for i, h := range had {
		days[i] = era.Interval{From: h.StartsOn, To: h.EndsOn}
	}
	fate := matchDays(d.AsOf, days, want)
	for i, h := range had {
		after := h
		switch to := fate.becomes[i]; {
		case to == nil && h.StartsOn < d.AsOf:
			after.EndsOn = d.AsOf.AddDays(-1)
			p.ended = append(p.ended, model.Change{Action: model.End, Why: model.NotSuspended, Before: h, After: after})
		case to == nil:
			p.deleted = append(p.deleted, model.Change{Action: model.Delete, Why: model.NotSuspended, Before: h})
		case *to != days[i]:
			after.StartsOn, after.EndsOn = to.From, to.To
			p.updated = append(p.updated, model.Change{Action: model.Update, Why: model.Suspended, Before: h,
				After: after})
		}
	}
	for _, w := range fate.fresh {
		p.created = append(p.created, model.Change{Action: model.Create, Why: model.Suspended,
			After: model.GroupSuspension{ID: d.plan.NewID(), GroupID: group, StartsOn: w.From, EndsOn: w.To}})
	}
}
