package want

import (
	"slices"

	"misimportd/importer/words"
	"misimportd/mis"
	"misimportd/store/model"
)

// placeForms says to which house each form belongs: the academic one that most of its pupils are in. Of several
// it is the one that it had, else the first by name, so that one leaver moves nobody else.
func (w *Wanted) placeForms() {
	if !w.OtherGroups.Houses {
		for i := range w.Groups {
			w.Groups[i].HouseID = w.houseHad(w.Groups[i].ID)
		}
		return
	}
	names := map[model.ID]string{}
	for _, h := range w.Houses {
		if h.Current && h.Type == string(mis.Academic) {
			names[h.ID] = h.Name
		}
	}
	houseOf := map[model.ID]model.ID{}
	for _, p := range w.Pupils {
		if p.Current && names[p.HouseID] != "" {
			houseOf[p.ID] = p.HouseID
		}
	}
	counts := map[model.ID]map[model.ID]int{} // of each form, by house
	w.eachMember(func(p Pair) {
		if house := houseOf[p.Member]; house != 0 {
			if counts[p.Group] == nil {
				counts[p.Group] = map[model.ID]int{}
			}
			counts[p.Group][house]++
		}
	})
	for i := range w.Groups {
		if g := &w.Groups[i]; g.GroupKind == model.FormGroup {
			g.HouseID = mostOf(counts[g.ID], w.houseHad(g.ID), names)
		}
	}
}

// houseHad is the house that a group belongs to so far.
func (w *Wanted) houseHad(group model.ID) model.ID {
	if w.hadHouse == nil {
		w.hadHouse = map[model.ID]model.ID{}
		for _, g := range w.State.Groups {
			w.hadHouse[g.ID] = g.HouseID
		}
	}
	return w.hadHouse[group]
}

// mostOf is the house with the most, 0 where there is none.
func mostOf(counts map[model.ID]int, had model.ID, names map[model.ID]string) (most model.ID) {
	for house, n := range counts {
		switch {
		case most == 0 || n > counts[most]:
			most = house
		case n < counts[most] || most == had:
		case house == had || words.CompareNames(names[house], names[most]) < 0:
			most = house
		}
	}
	return most
}

// eachMember calls each with every membership there is to be on the as-of date, those that stay as they are too.
func (w *Wanted) eachMember(each func(Pair)) {
	for _, p := range w.Memberships {
		each(p)
	}
	for _, m := range w.State.Memberships {
		if p := (PairOf(m)); (w.AsIs[p] || w.HandsOff[p]) && m.StartsOn <= w.AsOf && (m.EndsOn == 0 ||
			m.EndsOn >= w.AsOf) {
			each(p)
		}
	}
}

// wantHouseGroups wants a group of each house's pupils, each by their own house, and one of its tutors: those
// of the forms that belong to it.
func (w *Wanted) wantHouseGroups() {
	if w.LeavesOthers() {
		w.stayAsTheyAre(model.HouseGroup)
		return
	}
	if !w.OtherGroups.Houses {
		if w.Hold { // what ends waits
			w.stayAsTheyAre(model.HouseGroup)
		}
		return
	}
	d := w.derive(model.HouseGroup)
	for _, h := range w.Houses {
		if !h.Current {
			continue
		}
		d.add(derived{id: h.SourceID, name: h.Name, members: w.pupilsWhere(func(p model.Pupil) bool {
			return p.HouseID == h.ID || p.BoardingHouseID == h.ID
		})})
		if h.Type == string(mis.Academic) {
			d.add(derived{id: h.SourceID + "/tutors", name: h.Name + " tutors", members: w.tutorsWhere(
				func(g model.Group) bool { return g.HouseID == h.ID })})
		}
	}
	d.finish(func(string) bool { return true })
}

func (w *Wanted) pupilsWhere(is func(model.Pupil) bool) (ids []model.ID) {
	for _, p := range w.Pupils {
		if p.Current && is(p) {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

// tutorsWhere is the tutors of the forms that live and are such.
func (w *Wanted) tutorsWhere(is func(model.Group) bool) (ids []model.ID) {
	for _, g := range w.Groups {
		if g.GroupKind == model.FormGroup && g.Current && g.TutorID != 0 && is(g) {
			ids = append(ids, g.TutorID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
