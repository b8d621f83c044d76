package importer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"misimportd/era"
	"misimportd/importer/diff"
	"misimportd/importer/guard"
	"misimportd/importer/schoolfiles"
	"misimportd/importer/want"
	"misimportd/mis"
	"misimportd/store"
	"misimportd/store/model"
)

// scene is what a plan is made from.
type scene struct {
	view     *store.View
	calendar model.Calendar
	era      model.Era
	asOf     era.Date
	state    *model.State
	begin    model.Plan // what every plan begins with
	file     []era.Suspension
	groups   want.OtherGroups
	beside   want.Beside
	noted    []mis.Problem
	known    problemsSince
	read     map[era.Date]bool     // days whose lessons the state has
	missing  []want.MissingSection // of a convert: sections that the previous MIS had something of
}

// prepare works out, from what the database and the document hold, what is to be done and
// what is to wait for a person.
func (n *night) prepare(ctx context.Context, v *store.View) (p model.Proposal, err error) {
	s, err := n.look(ctx, v)
	if err != nil {
		return p, err
	}
	defer n.watch.stop()
	if n.isUnwanted(s) {
		return p, nil
	}
	if n.Convert {
		return n.prepareConvert(ctx, v, s)
	}
	p.Replaces = true
	whole := given{snap: n.snap, begin: s.begin, terms: n.terms()}
	w, plan, err := n.plan(ctx, s, whole)
	if err != nil {
		return p, err
	}
	n.tell(s, w)
	findings, err := n.judge(ctx, s, w, plan)
	if err != nil {
		return p, err
	}
	p.Plan, n.report.Guard, n.report.Hold = plan, findings, guard.HeldBy(findings, n.Guard.Hold)
	left := whole
	switch n.report.Hold {
	case model.HoldNothing:
		return p, nil
	case model.HoldSections:
		left = whole.after(p.Plan)
	case model.HoldRemovals, model.HoldValues:
		if w, p.Plan, err = n.plan(ctx, s, whole.under(n.holding(findings))); err != nil {
			return p, err
		}
		n.tell(s, w)
		left = whole.after(p.Plan)
	case model.HoldAll:
		p.Plan = model.Plan{}
	}
	// What waits is what would be left to do: an approval makes the same plan again.
	_, p.Waiting, err = n.plan(ctx, s, left.reading(n.believed(findings)))
	if err != nil || !p.Waiting.IsEmpty() || n.report.Hold == model.HoldAll {
		return p, err
	}
	if n.report.Hold = model.HoldNothing; guard.TakesAway(p.Plan) { // held, and not held: that must not be
		n.report.Hold, p.Waiting, p.Plan = model.HoldAll, p.Plan, model.Plan{}
	}
	return p, nil // nothing waits, as while all that is absent is awaited
}

// terms are those of a night that nothing is held of.
func (n *night) terms() want.Terms {
	terms := want.Terms{Grace: n.Guard.GraceNights, Night: n.day()}
	if n.NextYear != nil {
		terms.Grace, terms.Ahead, terms.YearsUp = 0, true, n.NextYear.Years
	}
	return terms
}

// holding are the terms of a night of which something is held.
func (n *night) holding(findings []guard.Finding) want.Terms {
	on := n.terms()
	on.Hold, on.HoldSuspend = guard.HeldBy(findings, n.Guard.Hold) == model.HoldRemovals,
		guard.IsBreached(findings, guard.LessonsSuspended)
	on.HoldValues = map[model.FieldKind]bool{}
	for _, f := range findings {
		if f.Breached && f.Field.Kind != "" {
			on.HoldValues[f.Field] = true
		}
		if f.Breached && (f.Field.Kind == string(model.LessonEntity) || f.Limit == guard.CommitmentsChanging) {
			on.HoldTimetable = true
		}
	}
	return on
}

// look reads what a plan is made from.
func (n *night) look(ctx context.Context, v *store.View) (*scene, error) {
	n.watch.stages = append([]model.Stage{}, n.before...)
	n.watch.next("state")
	s := &scene{view: v, read: map[era.Date]bool{}}
	var err error
	if s.calendar, err = v.Calendar(ctx); err != nil {
		return nil, err
	}
	if s.era, s.asOf, err = n.eraOf(s.calendar, &s.begin); err != nil {
		return nil, err
	}
	n.report.AsOf, n.report.Era, n.report.Hold, n.report.Guard = s.asOf, s.era.Name, model.HoldNothing,
		[]guard.Finding{}
	source, err := currentMIS(ctx, v)
	if err != nil {
		return nil, err
	}
	eras := s.calendar.InForce(s.era.ID)
	if n.NextYear != nil { // groups without an end are this year's
		eras = eras[:1]
	}
	if s.state, err = v.State(ctx, source.ID, s.asOf, eras...); err != nil {
		return nil, err
	}
	n.watch.next("decode")
	if err := n.await(ctx); err != nil {
		return nil, err
	}
	n.watch.next("diff")
	if s.file, err = schoolfiles.ReadSuspensions(n.SuspensionsFile); err != nil {
		return nil, err
	}
	if s.groups, err = n.otherGroups(s); err != nil {
		return nil, err
	}
	if s.beside, err = n.besideLessons(ctx, v); err != nil {
		return nil, err
	}
	if err := errors.Join(n.checkTimetable(), n.checkConverted(ctx, v)); err != nil {
		return nil, err
	}
	n.leaveOut()
	s.noted = slices.Clone(n.noted)
	n.keepSuspensions(s)
	if s.known, err = knownProblems(ctx, v); err != nil {
		return nil, err
	}
	return s, n.noteYear(ctx, s)
}

// keepSuspensions leaves suspensions that a run once read in a file as they are while no
// file is configured.
func (n *night) keepSuspensions(s *scene) {
	if n.SuspensionsFile != "" {
		return
	}
	for _, stored := range s.state.Suspensions {
		if stored.Origin == model.InFile {
			s.file = append(s.file, model.FromStored(stored))
		}
	}
	if len(s.file) > 0 {
		s.noted = append(s.noted, mis.Problem{Section: "suspensions", Reason: mis.SectionIsAbsent,
			Detail: fmt.Sprintf("no suspensions_file is configured: those that a run read in one stay as they are "+
				"(%d); to take them out, name a file without them", len(s.file))})
	}
}

// isUnwanted tells whether the document is not to be imported again, and says so. By force
// it is, and from then on as any other.
func (n *night) isUnwanted(s *scene) bool {
	at := slices.IndexFunc(s.state.Unwanted, func(u model.UnwantedDocument) bool { return u.SHA256 == n.hash })
	switch {
	case at < 0:
		return false
	case n.Force:
		s.begin.Change(model.Delete, s.state.Unwanted[at], nil, model.Forced)
		return false
	}
	n.report.Problems = append(s.noted, mis.Problem{Section: "document", Reason: mis.Unwanted,
		Detail: "nothing was done, for an undo has put back what it says; the next document that differs is " +
			"imported, or this one with --force"})
	return true
}

// given is what one of a night's plans is made from. The others are made from it: under other terms,
// after it, and from the document as a person would have it read.
type given struct {
	snap  *mis.Snapshot
	begin model.Plan // what the plan begins with
	done  model.Plan // what is carried out before
	terms want.Terms
}

func (g given) under(terms want.Terms) given {
	g.terms = terms
	return g
}

func (g given) after(done model.Plan) given {
	g.done, g.begin = done, done.Next()
	return g
}

func (g given) reading(snap *mis.Snapshot) given {
	g.snap = snap
	return g
}

// plan makes one of a night's plans.
func (n *night) plan(ctx context.Context, s *scene, g given) (*want.Wanted, model.Plan, error) {
	plan := g.begin
	plan.Changes = slices.Clip(plan.Changes)
	state := s.after(g.done)
	w := want.Of(want.Given{State: state, Snap: g.snap, Era: s.era, AsOf: s.asOf, Years: n.Years, File: s.file,
		NewID: plan.NewID, OtherGroups: s.groups, Beside: s.beside, Terms: g.terms})
	if more, err := s.readLessons(ctx, w.StaleDays()); err != nil {
		return nil, model.Plan{}, err
	} else if more {
		state = s.after(g.done)
	}
	w.Spell(state.DayLessons)
	w.Problems = diff.Make(&plan, state, w, s.calendar.Plain())
	return w, plan, nil
}

// after is the state once a plan is carried out.
func (s *scene) after(done model.Plan) *model.State {
	if done.IsEmpty() {
		return s.state
	}
	return s.state.After(done, s.asOf)
}

// readLessons gives the state the lessons of those of the days that it does not have, and tells
// whether there were any such days.
func (s *scene) readLessons(ctx context.Context, days []era.Date) (more bool, err error) {
	missing := slices.DeleteFunc(days, func(day era.Date) bool { return s.read[day] })
	lessons, err := s.view.Lessons(ctx, s.state.DatasourceID, missing)
	if err != nil || len(missing) == 0 {
		return false, err
	}
	s.state = s.state.With(lessons)
	for _, day := range missing {
		s.read[day] = true
	}
	return true, nil
}

// tell reports the problems that were found, and what the MIS says of what is pinned.
func (n *night) tell(s *scene, w *want.Wanted) {
	found := slices.Concat(n.snap.Problems.List(), w.Problems.List())
	mis.SortProblems(found)
	n.report.Problems = append([]mis.Problem{},
		slices.Concat(s.noted, guard.UnknownProtected(n.Guard.Protected, w), found)...)
	n.pinned = w.Pinned
	s.known.date(n.report.Problems, n.day())
}

// judge holds a plan against the limits: those of an era's first import are wider.
func (n *night) judge(ctx context.Context, s *scene, w *want.Wanted, plan model.Plan) ([]guard.Finding, error) {
	limits, err := n.limits(ctx, s)
	if err != nil {
		return nil, err
	}
	baseline, err := s.view.Baseline(ctx)
	if err != nil {
		return nil, err
	}
	ahead, err := lessonsAhead(ctx, s.view, s.state, plan, era.Interval{From: s.asOf, To: s.era.EndsOn})
	if err != nil {
		return nil, err
	}
	then, err := pastOfPlan(ctx, s, plan)
	if err != nil {
		return nil, err
	}
	before, err := n.yearlessBefore(ctx, s.view)
	if err != nil {
		return nil, err
	}
	silences := w.MissingSections(baseline)
	if n.Convert {
		silences = s.missing
	}
	return guard.Judge(limits, guard.Evidence{State: s.state, Ahead: ahead, Plan: plan, Snap: n.snap, Wanted: w,
		Baseline: baseline, MissingSections: silences, Past: then, Yearless: before, Protected: n.Guard.Protected}), nil
}

// limits are those of an ordinary night, or the wider ones of an era's first import, be the era loaded
// ahead of time or not.
func (n *night) limits(ctx context.Context, s *scene) (guard.Limits, error) {
	switch {
	case n.Convert:
		return n.Guard.Convert, nil
	case len(s.state.Pupils) == 0:
		return n.Guard.Import, nil
	}
	was, err := s.view.WasImported(ctx, s.era)
	if guard.IsRollover(s.state, s.era.ID) || n.NextYear != nil || !was {
		return n.Guard.Rollover, err
	}
	return n.Guard.Import, err
}

// lessonsAhead counts lessons where a plan has some: most do not.
func lessonsAhead(ctx context.Context, v *store.View, s *model.State, plan model.Plan,
	days era.Interval) (model.LessonsAhead, error) {
	ofLessons := func(c model.Change) bool {
		return c.Entity() == model.LessonEntity || c.Entity() == model.CommitmentEntity
	}
	if !slices.ContainsFunc(plan.Changes, ofLessons) {
		return model.LessonsAhead{}, nil
	}
	return v.LessonsAhead(ctx, s.DatasourceID, days)
}

// believed is the document as it is meant if a person says that the sections which breached
// the limit really are empty.
func (n *night) believed(findings []guard.Finding) *mis.Snapshot {
	missing := map[string]bool{}
	for _, f := range findings {
		missing[f.About] = missing[f.About] || f.Limit == guard.SectionsMissing && f.Breached
	}
	return n.snap.Believing(missing)
}

// yearlessBefore is how many those were of the document that the database reflects. Most
// documents have none, and then it does not matter.
func (n *night) yearlessBefore(ctx context.Context, v *store.View) (int, error) {
	section := n.snap.Pupils.Section
	if guard.Yearless(n.snap.Problems.List(), section).Count == 0 {
		return 0, nil
	}
	run, err := v.NewestImport(ctx)
	if err != nil || run.ID == 0 {
		return math.MaxInt, err // the first import
	}
	var problems []mis.Problem
	err = json.Unmarshal(run.Problems.V, &problems)
	return guard.Yearless(problems, section).Count, err
}

// pastOfPlan is the past that a plan is judged with: most nights change nothing, and need none.
func pastOfPlan(ctx context.Context, s *scene, plan model.Plan) (guard.Past, error) {
	if plan.IsEmpty() {
		return guard.Past{}, nil
	}
	nights, err := s.view.Recent(ctx, s.era.Name, s.asOf, guard.AWeek+1)
	if err != nil {
		return guard.Past{}, err
	}
	return guard.NightsBefore(nights, s.asOf)
}
