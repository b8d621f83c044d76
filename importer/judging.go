package importer

import (
	"context"
	"fmt"
	"slices"

	"misimportd/era"
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
	noted    []mis.Problem
	read     map[era.Date]bool // days whose lessons the state has
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
	p.Replaces = true
	w, plan, err := n.plan(ctx, s, s.state, s.begin, n.snap, n.terms())
	if err != nil {
		return p, err
	}
	n.tell(s, w)
	findings, err := n.judge(ctx, s, w, plan)
	if err != nil {
		return p, err
	}
	p.Plan, n.report.Guard, n.report.Hold = plan, findings, heldBy(findings, n.Guard.Hold)
	before := plan.Next()
	switch n.report.Hold {
	case model.HoldNothing:
		return p, nil
	case model.HoldRemovals, model.HoldValues:
		if w, p.Plan, err = n.plan(ctx, s, s.state, s.begin, n.snap, n.holding(findings)); err != nil {
			return p, err
		}
		n.tell(s, w)
		before = p.Plan.Next()
	case model.HoldAll:
		p.Plan, before = model.Plan{}, s.begin
	}
	// What waits is what would be left to do: an approval makes the same plan again.
	_, p.Waiting, err = n.plan(ctx, s, s.state.After(p.Plan, s.asOf), before, n.believed(findings), n.terms())
	if err != nil || !p.Waiting.IsEmpty() || n.report.Hold == model.HoldAll {
		return p, err
	}
	if n.report.Hold = model.HoldNothing; takesAway(p.Plan) { // held, and not held: that must not be
		n.report.Hold, p.Waiting, p.Plan = model.HoldAll, p.Plan, model.Plan{}
	}
	return p, nil // nothing waits, as while all that is absent is awaited
}

// takesAway tells whether a plan ends or deletes what people rely on.
func takesAway(plan model.Plan) bool {
	return slices.ContainsFunc(plan.Changes, func(c model.Change) bool {
		return goes(c) && c.Why != model.Doubled && c.Entity() != model.AbsenceEntity && c.Entity() != model.UnwantedEntity
	})
}

// terms are those of a night that nothing is held of.
func (n *night) terms() Terms {
	night := n.AsOf
	if night == 0 {
		night = era.DateOf(n.now().In(n.Zone))
	}
	return Terms{grace: n.Guard.GraceNights, night: night}
}

// holding are the terms of a night of which something is held.
func (n *night) holding(findings []Finding) Terms {
	on := n.terms()
	on.hold, on.holdSuspend = heldBy(findings, n.Guard.Hold) == model.HoldRemovals, isBreached(findings, LessonsSuspended)
	on.holdValues = map[fieldKind]bool{}
	for _, f := range findings {
		if f.Breached && f.field.kind != "" {
			on.holdValues[f.field] = true
		}
		if f.Breached && (f.field.kind == string(model.LessonEntity) || f.Limit == CommitmentsChanging) {
			on.holdTimetable = true
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
	if s.era, s.asOf, err = n.day(s.calendar, &s.begin); err != nil {
		return nil, err
	}
	n.report.AsOf, n.report.Era, n.report.Hold, n.report.Guard = s.asOf, s.era.Name, model.HoldNothing, []Finding{}
	if s.state, err = v.State(ctx, Datasource, s.era.ID, s.asOf); err != nil {
		return nil, err
	}
	n.watch.next("decode")
	if err := n.await(ctx); err != nil {
		return nil, err
	}
	n.watch.next("diff")
	if s.file, err = ReadSuspensions(n.SuspensionsFile); err != nil {
		return nil, err
	}
	s.noted = slices.Clone(n.noted)
	n.keepSuspensions(s)
	return s, nil
}

// keepSuspensions leaves suspensions that a run once read in a file as they are while no
// file is configured.
func (n *night) keepSuspensions(s *scene) {
	if n.SuspensionsFile != "" {
		return
	}
	for _, stored := range s.state.Suspensions {
		if stored.Origin == model.InFile {
			s.file = append(s.file, fromStored(stored))
		}
	}
	if len(s.file) > 0 {
		s.noted = append(s.noted, mis.Problem{Section: "suspensions", Reason: mis.SectionIsAbsent,
			Detail: fmt.Sprintf("no suspensions_file is configured: those that a run read in one stay as they are (%d); to take them out, name a file without them", len(s.file))})
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
		Detail: "nothing was done, for an undo has put back what it says; the next document that differs is imported, or this one with --force"})
	return true
}

// plan makes a plan that begins with before.
func (n *night) plan(ctx context.Context, s *scene, state *model.State, before model.Plan, snap *mis.Snapshot, on Terms) (*Wanted, model.Plan, error) {
	plan := before
	plan.Changes = slices.Clip(plan.Changes)
	w := Of(Given{State: state, Snap: snap, Era: s.era, AsOf: s.asOf, Years: n.Years, File: s.file, NewID: plan.NewID, Terms: on})
	missing := slices.DeleteFunc(w.stale(), func(day era.Date) bool { return s.read[day] })
	if err := s.view.ReadLessons(ctx, state, missing); err != nil {
		return nil, model.Plan{}, err
	}
	if state == s.state {
		for _, day := range missing {
			s.read[day] = true
		}
	}
	w.problems = Make(&plan, w, s.calendar.Plain())
	return w, plan, nil
}

// tell reports the problems that were found, and what the MIS says of what is pinned.
func (n *night) tell(s *scene, w *Wanted) {
	found := slices.Concat(n.snap.Problems.List(), w.problems.List())
	mis.SortProblems(found)
	n.report.Problems = append(append([]mis.Problem{}, s.noted...), found...)
	n.pinned = w.pinned
}

// judge holds a plan against the limits: those of an era's first import are wider.
func (n *night) judge(ctx context.Context, s *scene, w *Wanted, plan model.Plan) ([]Finding, error) {
	limits := n.Guard.Import
	if isRollover(s.state) {
		limits = n.Guard.Rollover
	}
	baseline, err := s.view.Baseline(ctx)
	if err != nil {
		return nil, err
	}
	if err := countLessons(ctx, s.view, s.state, plan, s.asOf); err != nil {
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
	return judge(limits, evidence{state: s.state, plan: plan, snap: n.snap, wanted: w, baseline: baseline, silences: w.silences(baseline),
		past: then, yearless: before}), nil
}

// isRollover tells whether the MIS has people in the database, and no group in the era yet.
func isRollover(s *model.State) bool { return len(s.Groups) == 0 && len(s.Pupils) > 0 }

// countLessons counts lessons where a plan has some: most do not.
func countLessons(ctx context.Context, v *store.View, s *model.State, plan model.Plan, from era.Date) error {
	ofLessons := func(c model.Change) bool {
		return c.Entity() == model.LessonEntity || c.Entity() == model.CommitmentEntity
	}
	if !slices.ContainsFunc(plan.Changes, ofLessons) {
		return nil
	}
	return v.CountLessons(ctx, s, from)
}

func isBreached(findings []Finding, limit string) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool { return f.Limit == limit && f.Breached })
}

// believed is the document as it is meant if a person says that the sections which breached
// the limit really are empty.
func (n *night) believed(findings []Finding) *mis.Snapshot {
	missing := map[string]bool{}
	for _, f := range findings {
		missing[f.About] = missing[f.About] || f.Limit == SectionsMissing && f.Breached
	}
	return n.snap.Believing(missing)
}
