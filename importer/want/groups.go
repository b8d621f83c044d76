package want

import (
	"slices"

	"misimportd/era"
	"misimportd/store/model"
)

// OtherGroups says which groups there are beside those that the MIS has, and which of its own are wanted.
type OtherGroups struct {
	Perpetual model.Era // that groups without an end are in
	Custom    CustomGroups
	Houses    bool // each house's pupils and tutors are groups, and forms belong to houses
	Automatic Automatic
	Extra     []ExtraGroup
	HasExtra  bool // the file of extra groups is there: what it does not name is not wanted
}

func (w *Wanted) wantGroups() {
	staff, subjects := BySource(toReferTo(w, w.Staff)), BySource(toReferTo(w, w.Subjects))
	var forms, sets []model.Group
	haveForms, haveSets := w.groupsOf(model.FormGroup), w.groupsOf(model.SetGroup)
	inForms, inSets := BySource(haveForms), BySource(haveSets)
	for _, f := range w.Snap.Forms.Records {
		if !w.imports(f.Year) {
			w.Unwanted[Ref{model.FormGroup, f.ID}] = true
			continue
		}
		g := w.group(inForms[f.ID], f.ID, model.FormGroup, f.Name, f.Year)
		g.TutorID = w.reference(staff[f.TutorID].ID, inForms[f.ID].TutorID)
		forms = append(forms, g)
	}
	for _, s := range w.Snap.Sets.Records {
		w.setSaid[s.ID] = true
		if !w.imports(s.Year) {
			w.Unwanted[Ref{model.SetGroup, s.ID}] = true
			continue
		}
		g := w.group(inSets[s.ID], s.ID, model.SetGroup, s.Name, s.Year)
		g.SubjectID = w.reference(subjects[s.SubjectID].ID, inSets[s.ID].SubjectID)
		sets = append(sets, g)
	}
	w.Groups = append(keep(w, forms, w.living(haveForms), &w.Snap.Forms),
		keep(w, sets, w.living(haveSets), &w.Snap.Sets)...)
	w.wantCustomGroups(staff)
	w.wantActivities()
	w.wantExtraGroups()
	w.pinGroups()
}

// reference is what a record refers to, or has referred to, where it would refer to nothing
// for want of what stays.
func (w *Wanted) reference(to, had model.ID) model.ID {
	if to == 0 && had != 0 && w.stays(had) {
		return had
	}
	return to
}

// stays tells whether what takes or holds an element goes on to: because all that ends is
// held, or because the element is awaited.
func (w *Wanted) stays(id model.ID) bool { return w.Hold || w.Kept[id] == Awaited }

func (w *Wanted) groupsOf(kind string) []model.Group {
	return slices.DeleteFunc(slices.Clone(w.State.Groups), func(g model.Group) bool { return g.GroupKind != kind })
}

// living leaves out groups that ended before the as-of date: silence does not bring
// them back.
func (w *Wanted) living(groups []model.Group) []model.Group {
	return slices.DeleteFunc(slices.Clone(groups), func(g model.Group) bool { return !w.IsLiving(g) })
}

func (w *Wanted) IsLiving(g model.Group) bool { return g.EndsOn == 0 || g.EndsOn >= w.AsOf }

// group is a wanted group: from the as-of date if it is new, to the end of its era
// (R10, R12).
func (w *Wanted) group(have model.Group, id, kind, name string, year era.Year) model.Group {
	starts := w.AsOf
	if have.ID != 0 {
		starts = min(have.StartsOn, w.AsOf)
	}
	return model.Group{
		Element: w.base("group", have.ID, name), Origin: w.Origin(id), GroupKind: kind, EraID: w.Era.ID, Year: year,
		StartsOn: starts, EndsOn: w.Era.EndsOn,
	}
}

// perpetual is a wanted group without an end, from the as-of date if it is new.
func (w *Wanted) perpetual(have model.Group, id, kind, name string) model.Group {
	g := w.group(have, id, kind, name, era.NoYear)
	g.EraID, g.EndsOn = w.Perpetual.ID, 0
	return g
}

// LeavesOthers tells whether groups of other kinds than forms and sets stay as they are: where a later year is
// loaded ahead of time, and where no group is looked at.
func (w *Wanted) LeavesOthers() bool { return w.Ahead || w.Snap.Forms.LeftOut }

// stayAsTheyAre has the groups of a kind, and who is in them, as the database has them.
func (w *Wanted) stayAsTheyAre(kind string) {
	ids := map[model.ID]bool{}
	for _, g := range w.living(w.groupsOf(kind)) {
		w.Groups = append(w.Groups, g)
		ids[g.ID] = true
	}
	for _, m := range w.State.Memberships {
		if ids[m.GroupID] {
			w.AsIs[PairOf(m)] = true
		}
	}
}

// keepMembers has those memberships of groups of a kind stay as they are that are not wanted and of which isSilent
// says that nobody knows; and all of them while what ends is held. Groups that are derived follow what is held.
func (w *Wanted) keepMembers(kind string, isSilent func(model.Group, model.Membership) bool) {
	groups := map[model.ID]model.Group{}
	for _, g := range w.Groups {
		if g.GroupKind == kind {
			groups[g.ID] = g
		}
	}
	if len(groups) == 0 {
		return
	}
	wanted := map[Pair]bool{}
	for _, p := range w.Memberships {
		if _, of := groups[p.Group]; of {
			wanted[p] = true
		}
	}
	for _, m := range w.State.Memberships {
		g, of := groups[m.GroupID]
		p := PairOf(m)
		if !of || w.HandsOff[p] || w.AsIs[p] {
			continue
		}
		_, hasDays := w.OwnDays[p]
		hold := w.Hold && !model.IsDerived(kind)
		if !wanted[p] && (hold || w.Kept[g.ID] == Awaited || isSilent(g, m)) || wanted[p] && hasDays && hold {
			w.AsIs[p] = true
		}
	}
	w.Memberships = slices.DeleteFunc(w.Memberships, func(p Pair) bool { return wanted[p] && w.AsIs[p] })
}

// isUnread tells whether an element is a pupil of whom the document does not say anything.
func (w *Wanted) isUnread(pupils map[model.ID]string, element model.ID) bool {
	source, known := pupils[element]
	_, said := w.readable[source]
	return known && !said
}

// pupilSources is the MIS's ids of the wanted pupils.
func (w *Wanted) pupilSources() map[model.ID]string {
	sources := make(map[model.ID]string, len(w.Pupils))
	for _, p := range w.Pupils {
		sources[p.ID] = p.SourceID
	}
	return sources
}

// importedPupils is the rows of the pupils that are imported, by the MIS's ids.
func (w *Wanted) importedPupils() map[string]model.ID {
	rows := make(map[string]model.ID, len(w.Pupils))
	for _, p := range w.Pupils {
		if p.Current && !w.Unwanted[Ref{"pupil", p.SourceID}] {
			rows[p.SourceID] = p.ID
		}
	}
	return rows
}

// noteLives notes how long the groups live that end, and can be members of others.
func (w *Wanted) noteLives() {
	w.lives = make(map[model.ID]era.Interval, len(w.Groups))
	for _, g := range w.Groups {
		if g.EndsOn != 0 {
			w.lives[g.ID] = g.Life()
		}
	}
}
