package importer

import (
	"slices"

	"misimportd/store/model"
)

// readPins finds the memberships that imports are to leave alone.
func (d *differ) readPins() {
	d.handsOff = map[pair]bool{}
	for _, p := range d.state.Pins {
		if p.GroupID != 0 {
			d.handsOff[pair{p.GroupID, p.ElementID}] = true
		}
	}
}

// pinGroups and pinPeople give wanted records the values that are pinned.
func (d *differ) pinGroups() { pinFields(d, d.want.groups, d.state.Groups) }

func (d *differ) pinPeople() {
	pinFields(d, d.want.pupils, d.state.Pupils)
	pinFields(d, d.want.staff, d.state.Staff)
	pinFields(d, d.want.locations, d.state.Locations)
	pinFields(d, d.want.subjects, d.state.Subjects)
	pinFields(d, d.want.houses, d.state.Houses)
}

func pinFields[T element](d *differ, want, have []T) {
	fields := map[model.ID][]string{}
	for _, p := range d.state.Pins {
		if p.Field != "" {
			fields[p.ElementID] = append(fields[p.ElementID], p.Field)
		}
	}
	if len(fields) == 0 {
		return
	}
	had := map[model.ID]T{}
	for _, h := range have {
		had[h.RowID()] = h
	}
	for i, w := range want {
		h, known := had[w.RowID()]
		if !known {
			continue
		}
		for _, field := range fields[w.RowID()] {
			pinned := model.Keep(want[i], h, field)
			if pinned != want[i] {
				d.pinned = append(d.pinned, model.Change{Action: model.Update, Why: model.Reason(field), Before: model.Keep(h, want[i], field), After: h})
			}
			want[i] = pinned
		}
	}
}

// pinMemberships takes what is pinned out of what is wanted: then nothing becomes of it,
// neither a joining nor a leaving.
func (d *differ) pinMemberships() {
	if len(d.handsOff) == 0 {
		return
	}
	isWanted, isThere := map[pair]bool{}, map[pair]model.Membership{}
	d.want.memberships = slices.DeleteFunc(d.want.memberships, func(p pair) bool {
		isWanted[p] = isWanted[p] || d.handsOff[p]
		return d.handsOff[p]
	})
	for _, m := range d.state.Memberships {
		if p := (pair{m.GroupID, m.ElementID}); d.handsOff[p] {
			isThere[p] = m
		}
	}
	for _, pin := range d.state.Pins {
		p := pair{pin.GroupID, pin.ElementID}
		m, there := isThere[p]
		switch {
		case pin.GroupID == 0 || there == isWanted[p] || d.want.asIs[p]:
		case there:
			d.pinned = append(d.pinned, model.Change{Action: model.End, Why: model.Left, Before: m, After: m})
		default:
			d.pinned = append(d.pinned, model.Change{Action: model.Create, Why: model.Joined, After: model.Membership{GroupID: p.group, ElementID: p.member, StartsOn: d.asOf}})
		}
	}
}
