package want

import (
	"slices"

	"misimportd/mis"
	"misimportd/store/model"
)

// CustomGroups says which of the groups that staff gathered in the MIS are wanted.
type CustomGroups struct {
	OnlyShared bool
	Categories []string // by name; none means all
}

// wantCustomGroups wants the custom groups (R14), which have no end. staff are those that are there, by the MIS's ids.
func (w *Wanted) wantCustomGroups(staff map[string]model.Staff) {
	if w.LeavesOthers() {
		w.stayAsTheyAre(model.CustomGroup)
		return
	}
	have := w.groupsOf(model.CustomGroup)
	had := BySource(have)
	var groups []model.Group
	for _, c := range w.Snap.Custom.Records {
		h := had[c.ID]
		switch {
		case c.Over || c.ExpiresOn != 0 && c.ExpiresOn < w.AsOf:
			w.over[Ref{model.CustomGroup, c.ID}] = true
			continue
		case c.Nameless && len(w.Custom.Categories) > 0: // nobody knows whether it is wanted
			if h.ID != 0 && w.IsLiving(h) {
				groups = append(groups, h)
			}
			continue
		case !w.wantsCustom(c):
			w.Unwanted[Ref{model.CustomGroup, c.ID}] = true
			continue
		}
		g := w.perpetual(h, c.ID, model.CustomGroup, c.Name)
		if c.Category != "" {
			g.Name += " (" + c.Category + ")"
		} else if c.Nameless && h.ID != 0 {
			g.Name = h.Name
		}
		g.OwnerID, g.Shared = w.reference(staff[c.Author].ID, h.OwnerID), c.Shared
		groups = append(groups, g)
	}
	w.Groups = append(w.Groups, keep(w, groups, w.living(have), &w.Snap.Custom)...)
}

func (w *Wanted) wantsCustom(c mis.CustomGroup) bool {
	return (c.Shared || !w.Custom.OnlyShared) &&
		(len(w.Custom.Categories) == 0 || slices.Contains(w.Custom.Categories, c.Category))
}

// wantCustomMembers puts pupils into the custom groups.
func (w *Wanted) wantCustomMembers() {
	if w.LeavesOthers() {
		return
	}
	groups, pupils := map[string]model.ID{}, w.importedPupils()
	for _, g := range w.Groups {
		if g.GroupKind == model.CustomGroup {
			groups[g.SourceID] = g.ID
		}
	}
	if len(groups) == 0 {
		return
	}
	for _, m := range w.Snap.CustomMembers.Records {
		if group, pupil := groups[m.GroupID], pupils[m.PupilID]; group != 0 && pupil != 0 {
			w.Memberships = append(w.Memberships, Pair{group, pupil})
		}
	}
	sources := w.pupilSources()
	lists := &w.Snap.CustomMembers
	w.keepMembers(model.CustomGroup, func(g model.Group, m model.Membership) bool {
		return w.isUnread(sources, m.ElementID) || w.Kept[g.ID] == silent ||
			lists.SilentOn(g.SourceID, sources[m.ElementID])
	})
}
