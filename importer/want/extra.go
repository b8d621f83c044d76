package want

import (
	"fmt"
	"slices"
	"strings"

	"misimportd/era"
	"misimportd/mis"
	"misimportd/store/model"
)

// ExtraGroup is a group that the school lists in its file.
type ExtraGroup struct {
	Name    string
	Line    int
	Members []ExtraMember
}

// ExtraMember is a member as it is written there.
type ExtraMember struct {
	Kind string // pupil, staff or group
	Text string // an id, a name, and what else people are called by
	Line int
}

// extraSection is what the file of extra groups is called by in problems.
const extraSection = "extra_groups"

// wantExtraGroups wants the groups of the school's file, which have no end. Each is known by its name.
func (w *Wanted) wantExtraGroups() {
	have := w.groupsOf(model.ExtraGroup)
	switch {
	case w.LeavesOthers():
		w.stayAsTheyAre(model.ExtraGroup)
		return
	case !w.HasExtra:
		if there := w.current(model.ExtraGroup); len(there) > 0 {
			w.Problems.Add(mis.Problem{Section: extraSection, Reason: mis.SectionIsAbsent,
				Detail: fmt.Sprintf("there is no "+
					"extra_groups_file; the groups of it stay as they are (%d); to end them, name a file without them",
					len(there))})
		}
		w.stayAsTheyAre(model.ExtraGroup)
		return
	}
	had := BySource(have)
	var groups []model.Group
	for _, e := range w.Extra {
		groups = append(groups, w.perpetual(had[e.Name], e.Name, model.ExtraGroup, e.Name))
	}
	for _, h := range w.living(have) {
		isNamed := slices.ContainsFunc(groups, func(g model.Group) bool { return g.ID == h.ID })
		if w.Hold && !isNamed {
			w.Kept[h.ID] = held
			groups = append(groups, h)
		}
	}
	slices.SortFunc(groups, CompareSources[model.Group])
	w.Groups = append(w.Groups, groups...)
}

// wantExtraMembers finds who is meant. What is not found, or fits more than one, is reported with its line, and
// nobody who may be meant leaves because of it.
func (w *Wanted) wantExtraMembers() {
	if w.LeavesOthers() || !w.HasExtra {
		return
	}
	groups := map[string]model.Group{}
	for _, g := range w.Groups {
		if g.GroupKind == model.ExtraGroup {
			groups[g.SourceID] = g
		}
	}
	f := w.newFinder()
	doubtful, written := map[Pair]bool{}, map[Pair]bool{}
	inside := map[model.ID][]model.ID{} // extra groups in extra groups
	for _, e := range w.Extra {
		g := groups[e.Name]
		w.reportSameName(e, f)
		at := map[string]int{}
		for _, m := range e.Members {
			at[m.Kind]++
			which := m.called(at[m.Kind])
			found := f.find(m)
			switch {
			case len(found) == 0:
				w.noteExtra(e, m, mis.UnknownMember, "%s is nobody's and nothing's; left out", which)
			case len(found) > 1:
				w.noteExtra(e, m, mis.Ambiguous, "%s fits several; write the id of one: %s; left out", which,
					strings.Join(f.idsOf(found), ", "))
				for _, id := range found {
					doubtful[Pair{g.ID, id}] = true
				}
			case found[0] == g.ID || m.Kind == "group" && reaches(inside, found[0], g.ID):
				w.noteExtra(e, m, mis.InItself, "with %s the group would be in itself; left out", which)
			default:
				if m.Kind == "group" {
					inside[g.ID] = append(inside[g.ID], found[0])
				}
				if p := (Pair{g.ID, found[0]}); !written[p] { // not twice
					written[p] = true
					w.addExtra(p)
				}
			}
		}
	}
	w.keepMembers(model.ExtraGroup, func(_ model.Group, m model.Membership) bool { return doubtful[PairOf(m)] })
}

func (w *Wanted) addExtra(p Pair) {
	w.Memberships = append(w.Memberships, p)
	if life, isGroup := w.lives[p.Member]; isGroup {
		w.OwnDays[p] = []era.Interval{w.daysLeft(life)}
	}
}

// called tells which entry of its list a member is: what is written there, unless it may be a person's name.
func (m ExtraMember) called(at int) string {
	place := fmt.Sprintf("entry %d of %s", at, map[string]string{"staff": "staff", "pupil": "pupils",
		"group": "groups", "location": "rooms"}[m.Kind])
	const longestCode = 5
	isCode := !strings.Contains(m.Text, " ") && (strings.ContainsAny(m.Text, "0123456789") ||
		len(m.Text) <= longestCode && m.Text == strings.ToUpper(m.Text))
	if m.Kind == "group" || isCode {
		return fmt.Sprintf("%s (%s)", place, m.Text)
	}
	return place
}

func (w *Wanted) noteExtra(e ExtraGroup, m ExtraMember, reason mis.Reason, format string, args ...any) {
	w.Problems.Add(mis.Problem{Section: extraSection, ID: e.Name, Reason: reason, Line: m.Line,
		Detail: fmt.Sprintf(format, args...)})
}

// reportSameName tells of a group that is called as one of another kind is: people will take one for the other.
func (w *Wanted) reportSameName(e ExtraGroup, f *finder) {
	for _, id := range f.byName["group "+strings.ToLower(e.Name)] {
		if kind := f.kinds[id]; kind != model.ExtraGroup {
			w.Problems.Add(mis.Problem{Section: extraSection, ID: e.Name, Reason: mis.SameName, Line: e.Line,
				Detail: fmt.Sprintf("a group of the kind %s is called so too; both are there", kind)})
			return
		}
	}
}

// reaches tells whether a group is in another one, at any depth. Each is gone through once.
func reaches(inside map[model.ID][]model.ID, from, to model.ID) bool {
	seen := map[model.ID]bool{}
	queue := []model.ID{from}
	for len(queue) > 0 {
		at := queue[0]
		if queue = queue[1:]; at == to {
			return true
		}
		if !seen[at] {
			seen[at] = true
			queue = append(queue, inside[at]...)
		}
	}
	return false
}

// finder finds people and groups by what they are called. Keys are in small letters, after the kind.
type finder struct {
	byID, byName map[string][]model.ID
	kinds        map[model.ID]string // of groups
	ids          map[model.ID]string // as people write them
}

func (w *Wanted) newFinder() *finder {
	f := &finder{byID: map[string][]model.ID{}, byName: map[string][]model.ID{}, kinds: map[model.ID]string{},
		ids: map[model.ID]string{}}
	for _, s := range w.Staff {
		if s.Current {
			f.ids[s.ID] = s.SourceID
			f.note(f.byID, "staff", s.ID, s.SourceID)
			f.note(f.byName, "staff", s.ID, s.Code, s.Initials, s.Name)
		}
	}
	for _, r := range w.Locations {
		if r.Current {
			f.ids[r.ID] = r.SourceID
			f.note(f.byID, "location", r.ID, r.SourceID)
			f.note(f.byName, "location", r.ID, r.Name, r.ShortName)
		}
	}
	for _, p := range w.Pupils {
		if p.Current {
			f.ids[p.ID] = p.SourceID
			f.note(f.byID, "pupil", p.ID, p.SourceID)
			f.note(f.byName, "pupil", p.ID, p.SchoolID, model.PlainName(p.Name), p.Name)
		}
	}
	for _, g := range w.Groups {
		if g.Current && w.IsLiving(g) {
			f.kinds[g.ID] = g.GroupKind
			f.ids[g.ID] = g.GroupKind + "/" + g.SourceID
			f.note(f.byID, "group", g.ID, g.GroupKind+"/"+g.SourceID)
			f.note(f.byName, "group", g.ID, g.Name, g.GroupKind+" "+g.Name, g.GroupKind+"/"+g.Name)
		}
	}
	return f
}

func (f *finder) note(in map[string][]model.ID, kind string, id model.ID, names ...string) {
	for i, name := range names {
		if key := kind + " " + strings.ToLower(name); name != "" && !slices.Contains(names[:i], name) {
			in[key] = append(in[key], id)
		}
	}
}

// find is whom a member of a list can mean: an id goes before what people are called.
func (f *finder) find(m ExtraMember) []model.ID {
	key := m.Kind + " " + strings.ToLower(m.Text)
	if found := f.byID[key]; len(found) > 0 {
		return found
	}
	found := slices.Clone(f.byName[key])
	slices.Sort(found)
	return slices.Compact(found)
}

// idsOf is how those are written without a doubt.
func (f *finder) idsOf(found []model.ID) (ids []string) {
	for _, id := range found {
		ids = append(ids, f.ids[id])
	}
	return ids
}
