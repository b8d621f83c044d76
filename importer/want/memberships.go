package want

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"misimportd/mis"
	"misimportd/store/model"
)

// wantMemberships puts pupils into their forms, and says so in their names (R8), and
// into their sets.
func (w *Wanted) wantMemberships() {
	groups := map[string]map[string]model.Group{model.FormGroup: {}, model.SetGroup: {}}
	for _, g := range w.Groups {
		if of := groups[g.GroupKind]; of != nil {
			of[g.SourceID] = g
		}
	}
	frozen, forms := map[Place]bool{}, map[model.ID]model.Group{}
	pupils := make(map[string]model.ID, len(w.Pupils))
	for _, p := range w.Pupils {
		said, ok := w.readable[p.SourceID]
		if !ok || w.Unwanted[Ref{"pupil", p.SourceID}] {
			continue // silent: as it was, and where it was; or not to be in any group
		}
		pupils[p.SourceID] = p.ID
		form, ok := w.formFor(p.ID, said, groups[model.FormGroup])
		switch {
		case !ok:
			frozen[Place{model.FormGroup, p.ID}] = true
		case form.ID != 0:
			forms[p.ID] = form
			w.Memberships = append(w.Memberships, Pair{form.ID, p.ID})
		}
		if form := groups[model.FormGroup][said.FormID]; form.ID != 0 && w.HandsOff[Pair{form.ID, p.ID}] {
			w.Memberships = append(w.Memberships, Pair{form.ID, p.ID}) // so that the pin is told of
		}
	}
	for _, m := range w.Snap.SetLists.Records {
		set, pupil := groups[model.SetGroup][m.GroupID], pupils[m.PupilID]
		if set.ID != 0 && pupil != 0 {
			w.Memberships = append(w.Memberships, Pair{set.ID, pupil})
		}
	}
	w.freeze(frozen, w.unplaced(groups[model.SetGroup], pupils))
	w.nameForms(forms, frozen)
}

// nameForms says in the names of pupils in which form they are (R8).
func (w *Wanted) nameForms(forms map[model.ID]model.Group, frozen map[Place]bool) {
	if w.Ahead {
		return // they are called as they are this year
	}
	before := BySource(w.State.Pupils)
	for i := range w.Pupils {
		p := &w.Pupils[i]
		if _, said := w.readable[p.SourceID]; said && w.Snap.Forms.LeftOut {
			p.Name += formIn(before[p.SourceID].Name)
			continue
		}
		form := forms[p.ID]
		if frozen[Place{model.FormGroup, p.ID}] {
			form = w.FormOf[p.ID]
		}
		if _, said := w.readable[p.SourceID]; said && form.ID != 0 {
			p.Name += " (" + form.Name + ")"
		}
	}
}

// formIn is what of a pupil's name tells the form, with the blank before it: it stays while nobody
// looks at forms.
func formIn(name string) string {
	if at := strings.LastIndex(name, " ("); at > 0 && strings.HasSuffix(name, ")") {
		return name[at:]
	}
	return ""
}

// formFor is the form that a pupil is to be in, the zero Group for none. It is not known, and
// the pupil's forms stay as the database has them, where nobody knows whether there is the one
// that the MIS says, and where the one that the pupil is in is awaited or pinned.
func (w *Wanted) formFor(pupil model.ID, said mis.Pupil, forms map[string]model.Group) (form model.Group, known bool) {
	form, ok := forms[said.FormID]
	had, was := w.FormOf[pupil]
	switch {
	case was && w.HandsOff[Pair{had.ID, pupil}], ok &&
		w.HandsOff[Pair{form.ID, pupil}]: // where a person put the pupil, or took the pupil out
		return form, false
	case ok:
		return form, true
	case said.FormID != "" && w.Snap.Forms.MayHold(said.FormID), w.Snap.Forms.LeftOut, was && w.Kept[had.ID] == Awaited:
		return form, false
	}
	return model.Group{}, true
}

// unplaced finds the pupils whom the MIS puts into a set whose record cannot be read, and
// whom the database does not have there: nobody knows which of their sets they leave for it
// (R17, R33).
func (w *Wanted) unplaced(sets map[string]model.Group, pupils map[string]model.ID) map[model.ID]bool {
	entries := w.Snap.SetLists.Unplaced
	if len(entries) == 0 {
		return nil
	}
	there := map[Pair]bool{}
	for _, m := range w.State.Memberships {
		there[PairOf(m)] = true
	}
	lost := map[model.ID]bool{}
	for _, m := range entries {
		pupil := pupils[m.PupilID]
		if pupil == 0 || there[Pair{sets[m.GroupID].ID, pupil}] {
			continue
		}
		lost[pupil] = true
		w.Problems.Add(mis.Problem{Section: w.Snap.SetLists.Section, ID: m.ID, Reason: mis.UnknownSet,
			Detail: fmt.Sprintf("set %s cannot be read, and pupil %s is said to be in it; the pupil's sets stay as "+
				"they are", m.GroupID, m.PupilID)})
	}
	return lost
}

// freeze keeps pupils in their groups of a kind, as the database has it, where one of these
// memberships has to stay though the MIS does not say it: because a record cannot be read, or
// because what ends is held. To change the others alone could leave a pupil in no form, or in two
// (R17, R33, R40). frozen are places that are known to be such; lost are the pupils of whose sets
// one cannot be read.
func (w *Wanted) freeze(frozen map[Place]bool, lost map[model.ID]bool) {
	groups := make(map[model.ID]model.Group, len(w.Groups))
	for _, g := range w.Groups {
		if g.GroupKind == model.FormGroup || g.GroupKind == model.SetGroup {
			groups[g.ID] = g
		}
	}
	sources := make(map[model.ID]string, len(w.Pupils))
	for _, p := range w.Pupils {
		sources[p.ID] = p.SourceID
	}
	isSaid := w.saidPairs()
	for _, m := range w.State.Memberships {
		group, wanted := groups[m.GroupID]
		if !wanted {
			continue
		}
		source, known := sources[m.ElementID]
		p, isSilent := (PairOf(m)), known && (w.silentOn(group, source) || lost[m.ElementID] &&
			group.GroupKind == model.SetGroup)
		switch {
		case !isSilent && !w.Hold || isSaid(p):
		case isSilent && (w.HandsOff[p] || w.Kept[group.ID] == Awaited):
			w.AsIs[p] = true
		case !w.HandsOff[p]:
			frozen[Place{group.GroupKind, m.ElementID}] = true
		}
	}
	if len(frozen) == 0 {
		return
	}
	for _, m := range w.State.Memberships {
		if p := (PairOf(m)); frozen[Place{groups[m.GroupID].GroupKind, m.ElementID}] && !w.HandsOff[p] {
			w.AsIs[p] = true
		}
	}
	w.Memberships = slices.DeleteFunc(w.Memberships, func(p Pair) bool {
		return frozen[Place{groups[p.Group].GroupKind, p.Member}] && !w.HandsOff[p]
	})
}

// saidPairs tells which memberships the MIS says. Most nights nobody asks.
func (w *Wanted) saidPairs() func(Pair) bool {
	var said map[Pair]bool
	return func(p Pair) bool {
		if said == nil {
			said = make(map[Pair]bool, len(w.Memberships))
			for _, w := range w.Memberships {
				said[w] = true
			}
		}
		return said[p]
	}
}

// silentOn tells whether nobody knows if a pupil is in a group. A member who is known to be
// gone is in none (R21).
func (w *Wanted) silentOn(group model.Group, pupil string) bool {
	if _, said := w.readable[pupil]; !said {
		return true
	}
	return group.GroupKind == model.SetGroup &&
		(!w.setSaid[group.SourceID] || w.Snap.SetLists.SilentOn(group.SourceID, pupil))
}

func ComparePairs(a, b Pair) int {
	return cmp.Or(compareIDs(a.Group, b.Group), compareIDs(a.Member, b.Member))
}

// compareIDs puts rows that are to be made after those that are there, in the order
// in which they will be numbered: an index takes them best so.
func compareIDs(a, b model.ID) int {
	if a < 0 && b < 0 {
		return cmp.Compare(b, a)
	}
	return cmp.Compare(uint64(a), uint64(b))
}
