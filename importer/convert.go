package importer

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"misimportd/era/hint"
	"misimportd/importer/diff"
	"misimportd/importer/guard"
	"misimportd/importer/schoolfiles"
	"misimportd/importer/sources"
	"misimportd/importer/want"
	"misimportd/mis"
	"misimportd/store"
	"misimportd/store/model"
)

// Conversion says how the first import from a new MIS finds the rows of the previous one.
type Conversion struct {
	Pupils  string // by what pupils are matched: sources.BySchoolID …
	Matches string // the file of pairs that a person wrote; "" for the one in the state folder
}

func (im *Importer) matchesFile() string {
	return cmp.Or(im.Conversion.Matches, filepath.Join(string(im.State.Scratch()), "matches.csv"))
}

// prepareConvert makes the plan of the first import from a new MIS: rows that it knows under other ids are
// its own from now on, what else the previous MIS had ends the day before, and then it is a night like any
// other.
func (n *night) prepareConvert(ctx context.Context, v *store.View, s *scene) (p model.Proposal, err error) {
	list, err := v.Datasources(ctx)
	if err != nil {
		return p, err
	}
	previous := list.Is(model.PreviousMIS)
	if previous == nil {
		return p, refusef("no datasource is the previous one, so there is nothing to convert from: choose it with "+
			"\"%s\"",
			hint.Command("datasource set previous NAME"))
	}
	found, err := n.match(ctx, v, s, *previous)
	if err != nil {
		return p, err
	}
	n.report.Convert = &found
	s.noted = append(s.noted, unmatched(found)...)
	before := s.begin.Changes
	s.begin.Changes = slices.Concat(before, found.Taken)
	if err := n.endPrevious(ctx, v, s, previous.ID, found); err != nil {
		return p, err
	}
	if len(found.Taken) == 0 && len(s.begin.Changes) == len(before) {
		return p, refusef("nothing is left to convert: no row of %s is matched, and none of it goes on", previous.Name)
	}
	s.state = taking(s.state, found.Taken)
	w, plan, err := n.plan(ctx, s, given{snap: n.snap, begin: s.begin, terms: n.terms()})
	if err != nil {
		return p, err
	}
	n.tell(s, w)
	if n.report.Guard, err = n.judge(ctx, s, w, plan); err != nil {
		return p, err
	}
	n.report.Guard = append(n.report.Guard, guard.JudgeMatches(n.Guard.Convert, found)...)
	p.Plan, p.Replaces, n.report.Hold = plan, true, model.HoldNothing
	if guard.HeldBy(n.report.Guard, model.HoldAll) != model.HoldNothing {
		n.report.Hold, p.Waiting, p.Plan = model.HoldAll, p.Plan, model.Plan{}
	}
	return p, nil
}

// unmatched is what was not matched, as problems: so the record tells it, too.
func unmatched(found sources.Found) (list []mis.Problem) {
	for _, l := range found.Left {
		detail := fmt.Sprintf("of the %s MIS: %s", map[string]string{"old": "previous", "new": "new"}[l.Side], l.Why)
		if len(l.With) > 0 {
			detail += "; it could be " + strings.Join(l.With, " or ")
		}
		list = append(list, mis.Problem{Section: "convert", ID: l.Kind + " " + l.ID, Reason: mis.NoMatch,
			Detail: detail})
	}
	return list
}

// match finds the previous MIS's rows that the document's records are.
func (n *night) match(ctx context.Context, v *store.View, s *scene, previous model.Datasource) (f sources.Found,
	err error) {
	m := sources.Matching{Known: s.state, Snap: n.snap, Pupils: n.Conversion.Pupils, File: n.matchesFile()}
	written, err := schoolfiles.ReadMatches(m.File, n.Conversion.Matches != "")
	if err != nil {
		return f, refusef("%v", err)
	}
	for _, w := range written {
		m.Pairs = append(m.Pairs, sources.Pair(w))
	}
	if m.Old, err = v.ElementsOf(ctx, previous.ID); err != nil {
		return f, err
	}
	if f, err = m.Match(); err != nil {
		return f, refusef("%v", err)
	}
	return f, nil
}

// endPrevious plans that all that the previous MIS had, and that is not the new one's now, ends the day
// before (R6, R11), with its lessons from the as-of date on; and that what was loaded of it into later years
// goes.
func (n *night) endPrevious(ctx context.Context, v *store.View, s *scene, previous model.ID, f sources.Found) error {
	begun := len(s.begin.Changes)
	for _, e := range s.calendar.Eras {
		if e.ID != s.era.ID && (e.IsPerpetual() || e.StartsOn <= s.era.EndsOn) {
			continue
		}
		asOf := max(s.asOf, e.StartsOn)
		eras := []model.ID{e.ID}
		if e.ID == s.era.ID {
			eras = s.calendar.InForce(e.ID)
		}
		old, err := v.State(ctx, previous, asOf, eras...)
		if err != nil {
			return err
		}
		if e.ID == s.era.ID { // what the previous MIS had, and the new one's document has nothing of (R34)
			s.missing = want.Of(want.Given{State: old, Snap: n.snap, Era: e, AsOf: asOf, NewID: new(model.Plan).NewID}).
				MissingSections(nil)
		}
		if old = without(old, f.Taken); e.ID != s.era.ID { // people and places are ended once
			old.Staff, old.Pupils, old.Locations, old.Subjects, old.Houses = nil, nil, nil, nil, nil
		}
		old.Suspensions, old.Absences, old.Pins, old.Unwanted = nil, nil, nil,
			nil // they are the school's, not the MIS's
		w := want.Of(want.Given{State: old, Snap: mis.Nothing(n.snap), Era: e, AsOf: asOf, NewID: s.begin.NewID,
			OtherGroups: want.OtherGroups{HasExtra: true},
			Beside:      want.Beside{HasEvents: true}, Terms: want.Terms{Night: n.day()}})
		lessons, err := v.Lessons(ctx, previous, w.StaleDays())
		if err != nil {
			return err
		}
		w.Spell(lessons)
		_ = diff.Make(&s.begin, old.With(lessons), w, s.calendar.Plain())
	}
	for i := range s.begin.Changes[begun:] {
		s.begin.Changes[begun+i].Why, s.begin.Changes[begun+i].By = model.PreviousMISGone, ""
	}
	return nil
}

// taking is a state with rows that are the MIS's from now on.
func taking(s *model.State, taken []model.Change) *model.State {
	n := *s
	for _, c := range taken {
		switch r := c.After.(type) {
		case model.Staff:
			n.Staff = append(slices.Clip(n.Staff), r)
		case model.Pupil:
			n.Pupils = append(slices.Clip(n.Pupils), r)
		case model.Location:
			n.Locations = append(slices.Clip(n.Locations), r)
		case model.Subject:
			n.Subjects = append(slices.Clip(n.Subjects), r)
		case model.House:
			n.Houses = append(slices.Clip(n.Houses), r)
		}
	}
	byID(n.Staff)
	byID(n.Pupils)
	byID(n.Locations)
	byID(n.Subjects)
	byID(n.Houses)
	return &n
}

func byID[T model.Record](rows []T) {
	slices.SortFunc(rows, func(a, b T) int { return cmp.Compare(a.RowID(), b.RowID()) })
}

// without is a state without rows that are another MIS's from now on.
func without(s *model.State, taken []model.Change) *model.State {
	gone := map[model.Key]bool{}
	for _, c := range taken {
		gone[model.Key{Entity: c.Entity(), ID: c.Record().RowID()}] = true
	}
	n := *s
	n.Staff, n.Pupils, n.Locations = but(s.Staff, gone), but(s.Pupils, gone), but(s.Locations, gone)
	n.Subjects, n.Houses = but(s.Subjects, gone), but(s.Houses, gone)
	return &n
}

func but[T model.Record](rows []T, gone map[model.Key]bool) (left []T) {
	for _, r := range rows {
		if !gone[model.Key{Entity: r.Entity(), ID: r.RowID()}] {
			left = append(left, r)
		}
	}
	return left
}
