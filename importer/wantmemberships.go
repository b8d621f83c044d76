package importer

import (
	"cmp"
	"fmt"
	"slices"

	"misimportd/mis"
	"misimportd/store/model"
)

// wantMemberships puts pupils into their forms, and says so in their names (R8), and
// into their sets.
func (d *differ) wantMemberships() {
	groups := map[string]map[string]model.Group{model.FormGroup: {}, model.SetGroup: {}}
	for _, g := range d.want.groups {
		groups[g.GroupKind][g.SourceID] = g
	}
	frozen, forms := map[place]bool{}, map[model.ID]model.Group{}
	pupils := make(map[string]model.ID, len(d.want.pupils))
	for _, p := range d.want.pupils {
		said, ok := d.said[p.SourceID]
		if !ok {
			continue // silent: as it was, and where it was
		}
		pupils[p.SourceID] = p.ID
		form, ok := d.formFor(p.ID, said, groups[model.FormGroup])
		switch {
		case !ok:
			frozen[place{model.FormGroup, p.ID}] = true
		case form.ID != 0:
			forms[p.ID] = form
			d.want.memberships = append(d.want.memberships, pair{form.ID, p.ID})
		}
		if form := groups[model.FormGroup][said.FormID]; form.ID != 0 && d.handsOff[pair{form.ID, p.ID}] {
			d.want.memberships = append(d.want.memberships, pair{form.ID, p.ID}) // so that the pin is told of
		}
	}
	for _, m := range d.snap.SetLists.Records {
		set, pupil := groups[model.SetGroup][m.SetID], pupils[m.PupilID]
		if set.ID != 0 && pupil != 0 {
			d.want.memberships = append(d.want.memberships, pair{set.ID, pupil})
		}
	}
	d.freeze(frozen, d.unplaced(groups[model.SetGroup], pupils))
	d.nameForms(forms, frozen)
	d.pinMemberships()
	slices.SortFunc(d.want.memberships, comparePairs)
	d.want.memberships = slices.Compact(d.want.memberships)
}

// nameForms says in the names of pupils in which form they are (R8).
func (d *differ) nameForms(forms map[model.ID]model.Group, frozen map[place]bool) {
	for i := range d.want.pupils {
		p := &d.want.pupils[i]
		form := forms[p.ID]
		if frozen[place{model.FormGroup, p.ID}] {
			form = d.formOf[p.ID]
		}
		if _, said := d.said[p.SourceID]; said && form.ID != 0 {
			p.Name += " (" + form.Name + ")"
		}
	}
}

// formFor is the form that a pupil is to be in, the zero Group for none. It is not known, and
// the pupil's forms stay as the database has them, where nobody knows whether there is the one
// that the MIS says, and where the one that the pupil is in is awaited or pinned.
func (d *differ) formFor(pupil model.ID, said mis.Pupil, forms map[string]model.Group) (form model.Group, known bool) {
	form, ok := forms[said.FormID]
	had, was := d.formOf[pupil]
	switch {
	case was && d.handsOff[pair{had.ID, pupil}], ok && d.handsOff[pair{form.ID, pupil}]: // where a person put the pupil, or took the pupil out
		return form, false
	case ok:
		return form, true
	case said.FormID != "" && d.snap.Forms.MayHold(said.FormID), was && d.kept[had.ID] == awaited:
		return form, false
	}
	return model.Group{}, true
}

// unplaced finds the pupils whom the MIS puts into a set whose record cannot be read, and
// whom the database does not have there: nobody knows which of their sets they leave for it
// (R17, R33).
func (d *differ) unplaced(sets map[string]model.Group, pupils map[string]model.ID) map[model.ID]bool {
	entries := d.snap.SetLists.Unplaced
	if len(entries) == 0 {
		return nil
	}
	there := map[pair]bool{}
	for _, m := range d.state.Memberships {
		there[pair{m.GroupID, m.ElementID}] = true
	}
	lost := map[model.ID]bool{}
	for _, m := range entries {
		pupil := pupils[m.PupilID]
		if pupil == 0 || there[pair{sets[m.SetID].ID, pupil}] {
			continue
		}
		lost[pupil] = true
		d.problems.Add(mis.Problem{Section: d.snap.SetLists.Section, ID: m.ID, Reason: mis.UnknownSet,
			Detail: fmt.Sprintf("set %s cannot be read, and pupil %s is said to be in it; the pupil's sets stay as they are", m.SetID, m.PupilID)})
	}
	return lost
}

// freeze leaves places as the database has them of which something stays that the MIS does
// not say: nobody leaves one group of a kind and joins none, or joins another and stays
// (R17, R33, R40). frozen are those that are known already.
func (d *differ) freeze(frozen map[place]bool, lost map[model.ID]bool) {
	groups := make(map[model.ID]model.Group, len(d.want.groups))
	for _, g := range d.want.groups {
		groups[g.ID] = g
	}
	sources := make(map[model.ID]string, len(d.want.pupils))
	for _, p := range d.want.pupils {
		sources[p.ID] = p.SourceID
	}
	d.want.asIs = map[pair]bool{}
	isSaid := d.saidPairs()
	for _, m := range d.state.Memberships {
		group, wanted := groups[m.GroupID]
		if !wanted {
			continue
		}
		source, known := sources[m.ElementID]
		p, isSilent := (pair{m.GroupID, m.ElementID}), known && (d.silentOn(group, source) || lost[m.ElementID] && group.GroupKind == model.SetGroup)
		switch {
		case !isSilent && !d.hold || isSaid(p):
		case isSilent && (d.handsOff[p] || d.kept[group.ID] == awaited):
			d.want.asIs[p] = true
		case !d.handsOff[p]:
			frozen[place{group.GroupKind, m.ElementID}] = true
		}
	}
	if len(frozen) == 0 {
		return
	}
	for _, m := range d.state.Memberships {
		if p := (pair{m.GroupID, m.ElementID}); frozen[place{groups[m.GroupID].GroupKind, m.ElementID}] && !d.handsOff[p] {
			d.want.asIs[p] = true
		}
	}
	d.want.memberships = slices.DeleteFunc(d.want.memberships, func(p pair) bool {
		return frozen[place{groups[p.group].GroupKind, p.member}] && !d.handsOff[p]
	})
}

// saidPairs tells which memberships the MIS says. Most nights nobody asks.
func (d *differ) saidPairs() func(pair) bool {
	var said map[pair]bool
	return func(p pair) bool {
		if said == nil {
			said = make(map[pair]bool, len(d.want.memberships))
			for _, w := range d.want.memberships {
				said[w] = true
			}
		}
		return said[p]
	}
}

// silentOn tells whether nobody knows if a pupil is in a group. A member who is known to be
// gone is in none (R21).
func (d *differ) silentOn(group model.Group, pupil string) bool {
	if _, said := d.said[pupil]; !said {
		return true
	}
	return group.GroupKind == model.SetGroup && (!d.setSaid[group.SourceID] || d.snap.SetLists.SilentOn(group.SourceID, pupil))
}

func comparePairs(a, b pair) int {
	return cmp.Or(compareIDs(a.group, b.group), compareIDs(a.member, b.member))
}

// compareIDs puts rows that are to be made after those that are there, in the order
// in which they will be numbered: an index takes them best so.
func compareIDs(a, b model.ID) int {
	if a < 0 && b < 0 {
		return cmp.Compare(b, a)
	}
	return cmp.Compare(uint64(a), uint64(b))
}
