package want

import (
	"fmt"
	"slices"

	"misimportd/mis"
	"misimportd/store/model"
)

// Explanation says whether somebody is wanted in a group, and what lies between the document and that.
type Explanation struct {
	Wanted  bool
	Because []Because
}

// Because is one thing that lies between.
type Because struct {
	What string // rule, pin, problem or setting
	Rule string // its number, "" for what is none
	Text string
}

// Says tells whether the document says that a pupil is in a group, and whether it says anything of that.
func (w *Wanted) Says(kind, group, pupil string) (knows, says bool) {
	isIn := func(m mis.Member) bool { return m.GroupID == group && m.PupilID == pupil }
	switch kind {
	case model.FormGroup:
		for _, p := range w.Snap.Pupils.Records {
			if p.ID == pupil {
				return true, p.FormID == group
			}
		}
		return !w.Snap.Pupils.MayHold(pupil), false
	case model.SetGroup:
		return !w.Snap.SetLists.SaysNothing(), slices.ContainsFunc(w.Snap.SetLists.Records, isIn)
	case model.CustomGroup:
		return !w.Snap.CustomMembers.SaysNothing(), slices.ContainsFunc(w.Snap.CustomMembers.Records, isIn)
	case model.ActivityGroup:
		return !w.Snap.ActivityLinks.SaysNothing(), slices.ContainsFunc(w.Snap.ActivityLinks.Records,
			func(m mis.ActivityMember) bool {
				return m.ActivityID == group && m.PupilID == pupil && (m.Days.From == 0 || m.Days.From <= w.AsOf) &&
					(m.Days.To == 0 || m.Days.To >= w.AsOf)
			})
	}
	return false, false
}

// Explain tells why a pupil is wanted in a group, or is not. The pair is by the database's ids, the others are the
// MIS's.
func (w *Wanted) Explain(p Pair, kind, group, pupil string) Explanation {
	e := Explanation{Wanted: slices.Contains(w.Memberships, p) || w.AsIs[p]}
	add := func(what, rule, format string, args ...any) {
		e.Because = append(e.Because, Because{what, rule, fmt.Sprintf(format, args...)})
	}
	w.explainPupil(p.Member, pupil, add)
	w.explainGroup(p.Group, kind, group, add)
	w.explainList(kind, group, pupil, add)
	if w.HandsOff[p] {
		add("pin", "", "it is pinned: imports leave it as it is, whatever the document says")
	} else if w.AsIs[p] {
		add("rule", "R40", "it stays as the database has it, for nobody knows better")
	}
	for _, problem := range slices.Concat(w.Snap.Problems.List(), w.Problems.List()) {
		if isAbout(problem, kind, group, pupil) {
			add("problem", "", "%s %s: %s: %s", problem.Section, problem.ID, problem.Reason, problem.Detail)
		}
	}
	return e
}

// isAbout tells whether a problem is of a pupil's record or of a group's.
func isAbout(p mis.Problem, kind, group, pupil string) bool {
	ofGroup := map[string]string{"Forms": model.FormGroup, "Sets": model.SetGroup,
		"CustomPupilGroups":       model.CustomGroup,
		"TblActivityManagerGroup": model.ActivityGroup}[p.Section]
	isOfPupil := p.Section == "CurrentPupils" && p.ID == pupil && p.Reason != mis.UnknownHouse &&
		(p.Reason != mis.UnknownForm || kind == model.FormGroup)
	return isOfPupil || ofGroup == kind && ofGroup != "" && p.ID == group
}

// explainPupil tells what is with the pupil's own record.
func (w *Wanted) explainPupil(id model.ID, pupil string, add func(what, rule, format string, args ...any)) {
	isThere := slices.ContainsFunc(w.Snap.Pupils.Records, func(p mis.Pupil) bool { return p.ID == pupil })
	switch {
	case w.Yearless[pupil]:
		add("problem", "R33", "nobody knows the pupil's year group, so the pupil is not imported")
	case w.Unwanted[Ref{"pupil", pupil}]:
		add("setting", "", "the pupil's year group is not imported (years)")
	case isThere:
	case w.Snap.Pupils.SaysNothing():
		add("rule", "R34", "the document has no section CurrentPupils, so every pupil stays as he or she was")
	case w.Snap.Pupils.MayHold(pupil):
		add("rule", "R33", "the pupil's record cannot be read, so the pupil stays where he or she was")
	case w.Kept[id] == Awaited:
		add("rule", "", "the pupil is not in the document, and may be back: some nights of grace go by first")
	default:
		add("rule", "R21", "the pupil is not in the document, and so in no group of the MIS's any more")
	}
}

// explainGroup tells what is with the group's own record.
func (w *Wanted) explainGroup(id model.ID, kind, group string, add func(what, rule, format string, args ...any)) {
	isThere, mayHold, saysNothing := false, false, false
	switch kind {
	case model.FormGroup:
		isThere, mayHold, saysNothing = holds(&w.Snap.Forms, group, func(f mis.Form) string { return f.ID })
	case model.SetGroup:
		isThere, mayHold, saysNothing = holds(&w.Snap.Sets, group, func(s mis.Set) string { return s.ID })
	case model.CustomGroup:
		isThere, mayHold, saysNothing = holds(&w.Snap.Custom, group, func(c mis.CustomGroup) string { return c.ID })
	case model.ActivityGroup:
		isThere, mayHold, saysNothing = holds(&w.Snap.Activities, group, func(a mis.Activity) string { return a.ID })
	case model.ExtraGroup:
		add("rule", "", "it is a group of the school's own file: who is in it stands there")
		return
	default:
		add("rule", "", "the group follows from other records: who is in it is worked out from them each night")
		return
	}
	switch {
	case w.Unwanted[Ref{kind, group}]:
		add("setting", "", "the group is not imported, by its year group or its category")
	case w.over[Ref{kind, group}]:
		add("rule", "R14", "the group is over, or its author is no current member of staff")
	case isThere:
	case saysNothing:
		add("rule", "R34", "the document has no such section, so every %s stays as it was", kind)
	case mayHold:
		add("rule", "R33", "the group's record cannot be read, so it stays as it was")
	case w.Kept[id] == Awaited:
		add("rule", "", "the group is not in the document, and may be back: some nights of grace go by first")
	default:
		add("rule", "R11", "the group is not in the document any more")
	}
}

func holds[T any](r *mis.Roll[T], id string, idOf func(T) string) (isThere, mayHold, saysNothing bool) {
	return slices.ContainsFunc(r.Records, func(v T) bool { return idOf(v) == id }), r.MayHold(id), r.SaysNothing()
}

// explainList tells whether what says who is in the group can be read.
func (w *Wanted) explainList(kind, group, pupil string, add func(what, rule, format string, args ...any)) {
	lists := map[string]*mis.MemberLists{model.SetGroup: &w.Snap.SetLists,
		model.CustomGroup: &w.Snap.CustomMembers}[kind]
	switch {
	case lists != nil && lists.SaysNothing():
		add("rule", "R34", "the document has no section %s, so everybody stays in the group who is", lists.Section)
	case lists != nil && lists.SilentOn(group, pupil):
		add("rule", "R33", "a record of %s cannot be read, so nobody leaves the group because of it", lists.Section)
	case kind == model.ActivityGroup && w.Snap.ActivityLinks.SilentOn(group):
		add("rule", "R33", "a record of %s cannot be read, or there is none, so nobody leaves the group because of it",
			w.Snap.ActivityLinks.Section)
	}
}
