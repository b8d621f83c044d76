package years

import (
	"fmt"

	"misimportd/era/hint"
	"misimportd/store/model"
)

// CannotRoll says why the current era is not rolled into the next one.
type CannotRoll struct{ Reason string }

func (e *CannotRoll) Error() string { return "cannot roll into the next academic year: " + e.Reason }

// Roll plans that the current era is over: every group of it that an MIS owns ends on its last day,
// with its memberships, and one that would begin after that day goes; the current era is the previous
// one, and the next the current. Users' own groups are left alone (R2), and so is what another era
// holds, the perpetual one too. next may be one that plan enters.
func (y Year) Roll(plan *model.Plan, next *model.Era) error {
	current := y.Calendar.Current()
	switch {
	case current == nil:
		return &CannotRoll{fmt.Sprintf("no era is the current one: choose it with \"%s\"",
			hint.Command("era set current"))}
	case next == nil:
		previous := ""
		if p := y.Calendar.Previous(); p != nil {
			previous = fmt.Sprintf(" (%s was rolled into %s already)", p.Name, current.Name)
		}
		return &CannotRoll{fmt.Sprintf("%s is the current one, and there is no next one%s: %s", current.Era, previous,
			enterNext(y.Calendar))}
	}
	y.endGroups(plan, *current)
	settings := y.Calendar.Settings
	settings.PreviousEraID, settings.CurrentEraID, settings.NextEraID = current.ID, next.ID, 0
	plan.Change(model.Update, y.Calendar.Settings, settings, model.EraOver)
	return nil
}

// endGroups plans the end of what the MIS has in an era. Memberships come first, for none may
// outlive its group (R19).
func (y Year) endGroups(plan *model.Plan, e model.Era) {
	goes, stays := y.rolled(e)
	for _, c := range y.Holds.Commitments {
		if _, ok := goes[c.ElementID]; ok {
			plan.Change(model.Delete, c, nil, model.EraOver)
		}
	}
	for _, d := range y.Holds.GroupSuspensions {
		if _, ok := goes[d.GroupID]; ok {
			plan.Change(model.Delete, d, nil, model.EraOver)
		}
	}
	for _, m := range y.Holds.Memberships {
		_, gone := goes[m.GroupID]
		_, ends := stays[m.GroupID]
		switch after := m; {
		case gone || ends && m.StartsOn > e.EndsOn:
			plan.Change(model.Delete, m, nil, model.EraOver)
		case ends && (m.EndsOn == 0 || m.EndsOn > e.EndsOn):
			after.EndsOn = e.EndsOn
			plan.Change(model.End, m, after, model.EraOver)
		}
	}
	for _, g := range y.Holds.Groups {
		if after, ok := stays[g.ID]; ok {
			plan.Change(model.End, g, after, model.EraOver)
		}
	}
	for _, g := range y.Holds.Groups {
		if _, ok := goes[g.ID]; ok {
			plan.Change(model.Delete, g, nil, model.EraOver)
		}
	}
}

// rolled parts the groups of the MIS that are still living: those that would begin after the era's
// last day, which go unless other programs need them, and what becomes of the others.
func (y Year) rolled(e model.Era) (goes, stays map[model.ID]model.Group) {
	goes, stays = map[model.ID]model.Group{}, map[model.ID]model.Group{}
	for _, g := range y.Holds.Groups {
		after := g
		after.Current = false
		if g.EndsOn == 0 || g.EndsOn > e.EndsOn {
			after.EndsOn = e.EndsOn
		}
		switch {
		case g.DatasourceID == 0 || after == g:
		case g.StartsOn <= e.EndsOn:
			stays[g.ID] = after
		case !y.Holds.Needed[g.ID]:
			goes[g.ID] = g
		}
	}
	return goes, stays
}
