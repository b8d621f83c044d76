package importer

import (
	"slices"

	"misimportd/store/model"
)

// readPins finds the memberships that imports are to leave alone.
func (w *Wanted) readPins() {
	w.handsOff = map[pair]bool{}
	for _, p := range w.State.Pins {
		if p.GroupID != 0 {
			w.handsOff[pair{p.GroupID, p.ElementID}] = true
		}
	}
}

// pinGroups and pinPeople give wanted records the values that are pinned.
func (w *Wanted) pinGroups() { pinFields(w, w.groups, w.State.Groups) }

func (w *Wanted) pinPeople() {
	pinFields(w, w.pupils, w.State.Pupils)
	pinFields(w, w.staff, w.State.Staff)
	pinFields(w, w.locations, w.State.Locations)
	pinFields(w, w.subjects, w.State.Subjects)
	pinFields(w, w.houses, w.State.Houses)
}

func pinFields[T element](w *Wanted, want, have []T) {
	fields := map[model.ID][]string{}
	for _, p := range w.State.Pins {
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
	for i := range want {
		row := want[i].RowID()
		h, known := had[row]
		if !known {
			continue
		}
		for _, field := range fields[row] {
			pinned := model.Keep(want[i], h, field)
			if pinned != want[i] {
				w.pinned = append(w.pinned, model.Change{Action: model.Update, Why: model.Reason(field), Before: model.Keep(h, want[i], field), After: h})
			}
			want[i] = pinned
		}
	}
}

// pinMemberships takes what is pinned out of what is wanted: then nothing becomes of it,
// neither a joining nor a leaving.
func (w *Wanted) pinMemberships() {
	if len(w.handsOff) == 0 {
		return
	}
	isWanted, isThere := map[pair]bool{}, map[pair]model.Membership{}
	w.memberships = slices.DeleteFunc(w.memberships, func(p pair) bool {
		isWanted[p] = isWanted[p] || w.handsOff[p]
		return w.handsOff[p]
	})
	for _, m := range w.State.Memberships {
		if p := (pair{m.GroupID, m.ElementID}); w.handsOff[p] {
			isThere[p] = m
		}
	}
	for _, pin := range w.State.Pins {
		p := pair{pin.GroupID, pin.ElementID}
		m, there := isThere[p]
		switch {
		case pin.GroupID == 0 || there == isWanted[p] || w.asIs[p]:
		case there:
			w.pinned = append(w.pinned, model.Change{Action: model.End, Why: model.Left, Before: m, After: m})
		default:
			w.pinned = append(w.pinned, model.Change{Action: model.Create, Why: model.Joined, After: model.Membership{GroupID: p.group, ElementID: p.member, StartsOn: w.AsOf}})
		}
	}
}
