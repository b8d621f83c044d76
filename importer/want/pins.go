package want

import (
	"slices"

	"misimportd/store/model"
)

// readPins finds the memberships that imports are to leave alone.
func (w *Wanted) readPins() {
	w.HandsOff = map[Pair]bool{}
	for _, p := range w.State.Pins {
		if p.GroupID != 0 {
			w.HandsOff[Pair{p.GroupID, p.ElementID}] = true
		}
	}
}

// pinGroups and pinPeople give wanted records the values that are pinned.
func (w *Wanted) pinGroups() { pinFields(w, w.Groups, w.State.Groups) }

func (w *Wanted) pinPeople() {
	pinFields(w, w.Pupils, w.State.Pupils)
	pinFields(w, w.Staff, w.State.Staff)
	pinFields(w, w.Locations, w.State.Locations)
	pinFields(w, w.Subjects, w.State.Subjects)
	pinFields(w, w.Houses, w.State.Houses)
}

func pinFields[T Element](w *Wanted, want, have []T) {
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
				w.Pinned = append(w.Pinned, model.Change{Action: model.Update, By: field,
					Before: model.Keep(h, want[i], field), After: h})
			}
			want[i] = pinned
		}
	}
}

// pinMemberships takes what is pinned out of what is wanted: then nothing becomes of it,
// neither a joining nor a leaving.
func (w *Wanted) pinMemberships() {
	if len(w.HandsOff) == 0 {
		return
	}
	isWanted, isThere := map[Pair]bool{}, map[Pair]model.Membership{}
	w.Memberships = slices.DeleteFunc(w.Memberships, func(p Pair) bool {
		isWanted[p] = isWanted[p] || w.HandsOff[p]
		return w.HandsOff[p]
	})
	for _, m := range w.State.Memberships {
		if p := (PairOf(m)); w.HandsOff[p] {
			isThere[p] = m
		}
	}
	for _, pin := range w.State.Pins {
		p := Pair{pin.GroupID, pin.ElementID}
		m, there := isThere[p]
		switch {
		case pin.GroupID == 0 || there == isWanted[p] || w.AsIs[p]:
		case there:
			w.Pinned = append(w.Pinned, model.Change{Action: model.End, Why: model.Left, Before: m, After: m})
		default:
			w.Pinned = append(w.Pinned, model.Change{Action: model.Create, Why: model.Joined,
				After: model.Membership{GroupID: p.Group, ElementID: p.Member, StartsOn: w.AsOf}})
		}
	}
}
