package diff

import (
	"cmp"
	"slices"

	"misimportd/era"
	"misimportd/importer/want"
	"misimportd/store/model"
)

// changeMemberships walks the memberships that there are and those that are wanted
// side by side, both in order of group and member (R15 to R20).
func (d *differ) changeMemberships() {
	isOthers := d.others()
	have := slices.DeleteFunc(slices.Clone(d.state.Memberships), isOthers)
	slices.SortFunc(have, func(a, b model.Membership) int {
		return cmp.Or(want.ComparePairs(want.PairOf(a), want.PairOf(b)), cmp.Compare(a.StartsOn, b.StartsOn))
	})
	m := &membershipChanges{asOf: d.AsOf, plan: d.plan, why: d.whyLeft()}
	lives := make(map[model.ID]era.Interval, len(d.Groups))
	for _, g := range d.Groups {
		lives[g.ID] = g.Life()
	}
	ended := d.endsOfGroups()
	for _, row := range d.state.Memberships {
		switch {
		case !isOthers(row):
		case d.AsIs[want.PairOf(row)] && row.EndsOn == ended[row.GroupID]:
			m.follow(row, lives[row.GroupID])
		default:
			m.clip(row, lives[row.GroupID])
		}
	}
	next := 0
	rowsOf := func(p want.Pair) []model.Membership {
		from := next
		for next < len(have) && want.ComparePairs(want.PairOf(have[next]), p) == 0 {
			next++
		}
		return have[from:next]
	}
	for _, p := range d.Memberships {
		for next < len(have) && want.ComparePairs(want.PairOf(have[next]), p) < 0 {
			m.leave(have[next])
			next++
		}
		if days, own := d.OwnDays[p]; own {
			m.stayOn(p, rowsOf(p), days)
			continue
		}
		m.stay(p, rowsOf(p), lives[p.Group])
	}
	for ; next < len(have); next++ {
		m.leave(have[next])
	}
	d.add(m.deleted, m.ended, m.updated, m.created)
}

// others tells which memberships the MIS has no say in tonight: those of elements that are not
// its own, or that no group of the kind has by itself, which users put into its groups, those that are pinned,
// and those that stay as they are. They stay for as long as the group does (R2, R11).
func (d *differ) others() func(model.Membership) bool {
	kinds := make(map[model.ID]string, len(d.Groups))
	for _, g := range d.Groups {
		kinds[g.ID] = g.GroupKind
	}
	of := d.ownElements()
	current := map[model.ID]bool{}
	for _, p := range d.Pupils {
		current[p.ID] = p.Current
	}
	return func(m model.Membership) bool {
		p := want.PairOf(m)
		kind, isWanted := kinds[m.GroupID]
		return isWanted && (!holds(kind, of[m.ElementID]) || current[m.ElementID] && d.HandsOff[p] || d.AsIs[p])
	}
}

// holds tells whether imports put elements of a kind into groups of a kind.
func holds(group string, element model.Entity) bool {
	switch group {
	case model.FormGroup, model.SetGroup, model.CustomGroup, model.ActivityGroup:
		return element == model.PupilEntity
	case model.HouseGroup:
		return element == model.PupilEntity || element == model.StaffEntity
	}
	return element != ""
}

// ownElements is what the datasource's people and groups are.
func (d *differ) ownElements() map[model.ID]model.Entity {
	of := make(map[model.ID]model.Entity, len(d.state.Pupils)+len(d.state.Staff)+len(d.state.Groups))
	for _, p := range d.state.Pupils {
		of[p.ID] = model.PupilEntity
	}
	for _, s := range d.state.Staff {
		of[s.ID] = model.StaffEntity
	}
	for _, g := range d.state.Groups {
		of[g.ID] = model.GroupEntity
	}
	return of
}

// endsOfGroups is the last day of each group, as the database has it, but for groups that
// are over: one that is opened again starts empty (R12).
func (d *differ) endsOfGroups() map[model.ID]era.Date {
	ends := make(map[model.ID]era.Date, len(d.state.Groups))
	for _, g := range d.state.Groups {
		ends[g.ID] = g.EndsOn
		if !g.Current {
			ends[g.ID] = -1
		}
	}
	return ends
}

// whyLeft tells the reason for which a membership ends.
func (d *differ) whyLeft() func(model.Membership) model.Reason {
	groups, members := map[model.ID]bool{}, map[model.ID]bool{}
	for _, g := range d.Groups {
		groups[g.ID], members[g.ID] = true, true
	}
	for _, p := range d.Pupils {
		members[p.ID] = true
	}
	for _, s := range d.Staff {
		members[s.ID] = true
	}
	return func(m model.Membership) model.Reason {
		switch {
		case !groups[m.GroupID]:
			return model.GroupGone
		case !members[m.ElementID]:
			return model.MemberGone
		}
		return model.Left
	}
}

// membershipChanges gathers what happens to memberships, each kind of change by
// itself: leaving comes before joining, so that no day has two (R17, R18).
type membershipChanges struct {
	asOf                             era.Date
	plan                             *model.Plan
	why                              func(model.Membership) model.Reason
	deleted, ended, updated, created []model.Change
}

// leave ends a membership the day before the as-of date, or removes one that started
// no earlier (R16).
func (m *membershipChanges) leave(row model.Membership) {
	if row.StartsOn >= m.asOf {
		m.deleted = append(m.deleted, model.Change{Action: model.Delete, Why: m.why(row), Before: row})
		return
	}
	gone := row
	gone.EndsOn = m.asOf.AddDays(-1)
	m.ended = append(m.ended, model.Change{Action: model.End, Why: m.why(row), Before: row, After: gone})
}

// follow has a membership that ended with its group end with it again.
func (m *membershipChanges) follow(row model.Membership, life era.Interval) {
	if life.To != 0 && (row.EndsOn == 0 || life.To <= row.EndsOn) || row.StartsOn < life.From {
		m.clip(row, life)
		return
	}
	if after := row; row.EndsOn != life.To {
		after.EndsOn = life.To
		m.updated = append(m.updated, model.Change{Action: model.Update, Why: model.Prolonged, Before: row,
			After: after})
	}
}

// clip has a membership begin and end with its group, where the group is to begin later or end sooner (R19).
func (m *membershipChanges) clip(row model.Membership, life era.Interval) {
	clipped := row
	clipped.StartsOn = max(row.StartsOn, life.From)
	if life.To != 0 && (row.EndsOn == 0 || row.EndsOn > life.To) {
		clipped.EndsOn = life.To
	}
	switch {
	case clipped == row:
	case clipped.EndsOn != 0 && clipped.StartsOn > clipped.EndsOn:
		m.deleted = append(m.deleted, model.Change{Action: model.Delete, Why: model.GroupGone, Before: row})
	default:
		m.updated = append(m.updated, model.Change{Action: model.Update, Why: model.Prolonged, Before: row,
			After: clipped})
	}
}

// stay sees to it that a member is in a group from the as-of date to the group's end,
// in one membership (R15, R20). rows are those there are, by their first day. A group that
// is kept as the database has it may begin only later (R19).
func (m *membershipChanges) stay(p want.Pair, rows []model.Membership, life era.Interval) {
	from := max(m.asOf, life.From)
	if len(rows) == 0 {
		joined := model.Membership{ID: m.plan.NewID(), GroupID: p.Group, ElementID: p.Member, StartsOn: from,
			EndsOn: life.To}
		m.created = append(m.created, model.Change{Action: model.Create, Why: model.Joined, After: joined})
		return
	}
	for _, doubled := range rows[1:] {
		m.deleted = append(m.deleted, model.Change{Action: model.Delete, Why: model.Doubled, Before: doubled})
	}
	whole, why := rows[0], model.Prolonged
	if whole.StartsOn > from {
		whole.StartsOn, why = from, model.PulledForward
	}
	whole.EndsOn = life.To
	if whole != rows[0] {
		m.updated = append(m.updated, model.Change{Action: model.Update, Why: why, Before: rows[0], After: whole})
	}
}

// stayOn sees to it that a member is in a group on these days, which are in order, from the as-of date on. rows are
// those there are, by their first day.
func (m *membershipChanges) stayOn(p want.Pair, rows []model.Membership, days []era.Interval) {
	had := make([]era.Interval, len(rows))
	for i, row := range rows {
		had[i] = era.Interval{From: row.StartsOn, To: row.EndsOn}
	}
	fate := matchDays(m.asOf, had, days)
	isUpdated := false
	for i, row := range rows {
		switch to := fate.becomes[i]; {
		case to == nil:
			m.leave(row)
		// Of two that change one is made anew: one that grows must not meet one that shrinks later.
		case *to != had[i] && isUpdated && row.StartsOn >= m.asOf:
			m.leave(row)
			fate.fresh = append(fate.fresh, *to)
		case *to != had[i]:
			isUpdated = true
			after := row
			after.StartsOn, after.EndsOn = to.From, to.To
			m.updated = append(m.updated, model.Change{Action: model.Update, Why: model.ChangedInMIS, Before: row,
				After: after})
		}
	}
	for _, fresh := range fate.fresh {
		joined := model.Membership{ID: m.plan.NewID(), GroupID: p.Group, ElementID: p.Member, StartsOn: fresh.From,
			EndsOn: fresh.To}
		m.created = append(m.created, model.Change{Action: model.Create, Why: model.Joined, After: joined})
	}
}
