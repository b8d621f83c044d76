package messages

import (
	"slices"
	"time"

	"misimportd/era"
	"misimportd/importer/daemon"
	"misimportd/importer/report"
	"misimportd/importer/years"
	"misimportd/store/model"
)

// Incident is something that people were told of, and that is not over yet.
type Incident struct {
	Kind  Kind      `json:"kind"`
	Run   model.ID  `json:"run,omitempty"` // that waits; 0 where it is about none
	Since time.Time `json:"since"`         // when it was found
	Due   time.Time `json:"due,omitzero"`  // the import that failed, or did not come, was due then
}

// from is when an incident began, as far as that is known.
func (i Incident) from() time.Time {
	if i.Due.IsZero() {
		return i.Since
	}
	return i.Due
}

// pausedLong is from when on a pause is told of: as the alert MisimportPausedForLong has it.
const pausedLong = 45 * 24 * time.Hour

// seen is all that is decided from.
type seen struct {
	daemon.Outlook
	runs   map[model.ID]report.Past // those that wait, and what became of those that people were told of
	dueFor time.Duration            // how long the daemon has known that an import is due
	late   time.Duration            // how long that may be
	stuck  bool                     // an import has been under way for longer than that
}

// change is an incident that begins or is over.
type change struct {
	Incident
	over bool
	also []change // that this one's message tells along
}

// decide gives the incidents that go on, and what people are to be told, from those that they know of and what the
// daemon sees now. An incident that is over as another begins is told along with that one.
func decide(known []Incident, s seen) (now []Incident, tell []change) {
	var begun, over []change
	for _, i := range known {
		switch next, state := s.after(i); state {
		case isOver:
			over = append(over, change{Incident: i, over: true})
		case goesOn:
			now = append(now, next)
		}
	}
	for _, i := range s.begins(now) {
		now = append(now, i)
		begun = append(begun, change{Incident: i})
	}
	if len(begun) == 0 {
		return now, over
	}
	begun[0].also = over
	return now, begun
}

// state is what becomes of an incident.
type state int

const (
	goesOn state = iota
	isOver
	isSilent // it is over, and nobody has to know: another tells more, or a person did it
)

// after tells what becomes of an incident. While the database is away nothing is known, and all goes on.
func (s seen) after(i Incident) (Incident, state) {
	if s.Away != nil {
		return i, goesOn
	}
	over := false
	switch i.Kind {
	case Held:
		i.Run = s.successor(i.Run)
		over = !slices.Contains(s.Imports.Waiting, i.Run)
	case Failed:
		over = s.succeededSince(i.Due)
	case Late:
		switch over = s.succeededSince(i.Due); {
		case !over && (s.GaveUp || s.IsPaused()):
			return i, isSilent
		}
	case Paused:
		over = !s.IsPaused()
	case YearMissing, RollDue:
		over = s.yearNeeds() != i.Kind
	}
	if over {
		return i, isOver
	}
	return i, goesOn
}

// successor is the run that took the place of one that waited, or that run itself.
func (s seen) successor(id model.ID) model.ID {
	for range len(s.runs) {
		run, known := s.runs[id]
		if !known || run.Decision != model.Replaced || run.DecidedBy == 0 {
			break
		}
		if next, there := s.runs[run.DecidedBy]; !there || next.Decision == "" {
			break // nothing waits of it
		}
		id = run.DecidedBy
	}
	return id
}

// succeededSince tells whether an import that began at a time or later has ended, with something or nothing to do.
func (s seen) succeededSince(due time.Time) bool {
	if !s.Imports.LastSuccess.Before(due) && !s.Imports.LastSuccess.IsZero() {
		return true
	}
	return slices.ContainsFunc(s.Imports.Newest, func(run model.Run) bool {
		return run.Result != model.Failed && !run.StartedAt.Before(due)
	})
}

// begins are the incidents that are new, beside those that go on.
func (s seen) begins(known []Incident) (list []Incident) {
	isKnown := func(kind Kind, run model.ID) bool {
		return slices.ContainsFunc(known, func(i Incident) bool { return i.Kind == kind && i.Run == run })
	}
	add := func(kind Kind, run model.ID, due time.Time) {
		if !isKnown(kind, run) {
			list = append(list, Incident{Kind: kind, Run: run, Since: s.At, Due: due})
		}
	}
	if s.Away == nil {
		for _, id := range s.Imports.Waiting {
			add(Held, id, time.Time{})
		}
		if s.GaveUp {
			add(Failed, 0, s.Due)
		}
		if s.IsPaused() && s.At.Sub(s.Pause.From.FirstIn(s.Zone)) > pausedLong {
			add(Paused, 0, time.Time{})
		}
		if kind := s.yearNeeds(); kind != "" {
			add(kind, 0, time.Time{})
		}
	}
	if s.isLate() && !isKnown(Failed, 0) {
		add(Late, 0, s.Due)
	}
	return list
}

// isLate tells whether an import is due for too long. One that failed and is tried again is not: it ends well, or is
// told of when it is given up.
func (s seen) isLate() bool {
	if s.Due.IsZero() || s.dueFor <= s.late || s.IsPaused() || s.succeededSince(s.Due) {
		return false
	}
	return s.Away != nil || s.stuck || !s.GaveUp && !slices.ContainsFunc(s.Imports.Newest, func(run model.Run) bool {
		return run.Result == model.Failed && !run.StartedAt.Before(s.Due)
	})
}

// yearNeeds is what the academic year's end needs of a person, "" for nothing.
func (s seen) yearNeeds() Kind {
	if s.EraEnds == 0 {
		return ""
	}
	left := int(s.EraEnds - era.DateOf(s.At.In(s.Zone)))
	switch {
	case !s.HasNext && left <= years.EnterBefore:
		return YearMissing
	case s.HasNext && left <= years.RollBefore && !s.Rolls:
		return RollDue
	}
	return ""
}
