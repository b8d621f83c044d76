package model

import (
	"cmp"
	"fmt"
	"slices"

	"misimportd/era"
)

// Action is what a Change does to its record.
type Action uint8

const (
	Create Action = iota + 1
	Update
	End    // a group or membership gets an end; a person is no longer current
	Reopen // the opposite of End
	Delete
)

var actions = [...]string{Create: "create", Update: "update", End: "end", Reopen: "reopen", Delete: "delete"}

// String is the action as people are told it, and as the database records it.
func (a Action) String() string { return actions[a] }

// MarshalText is the action as JSON has it.
func (a Action) MarshalText() ([]byte, error) { return []byte(actions[a]), nil }

// UnmarshalText is the opposite of MarshalText.
func (a *Action) UnmarshalText(text []byte) error {
	at := slices.Index(actions[:], string(text))
	if at < 1 {
		return fmt.Errorf("there is no action %q", text)
	}
	*a = Action(at)
	return nil
}

// Scan reads a from a database column.
func (a *Action) Scan(value any) error {
	switch v := value.(type) {
	case string:
		return a.UnmarshalText([]byte(v))
	case []byte:
		return a.UnmarshalText(v)
	}
	return fmt.Errorf("cannot read an action from a %T", value)
}

// Actions is every Action in the order in which people are told of them.
var Actions = []Action{Create, Update, Reopen, End, Delete}

// Reason is why a Change is made. What it was by, where that has to be told, stands beside it.
type Reason uint8

const (
	NewInMIS Reason = iota + 1
	ChangedInMIS
	GoneFromMIS
	NotImported
	BackInMIS
	GroupGone
	MemberGone
	Joined
	Left
	PulledForward
	Doubled
	Prolonged
	NoEraYet
	ByHand
	InTheFile
	NotInTheFile
	Suspended // by a suspension
	NotSuspended
	InGap       // by a suspension that is a gap
	AbsentSoFar // by so many nights, of so many
	NotAbsent
	Undone // by a run
	NotAgain
	Forced
	FollowsEra
	EraOver
	Adopted
	Trimmed
	Matched // by what of the previous MIS's row
	NewID
	Merged // into a record
	PreviousMISGone
	DaysOver  // of an activity
	NewInFile // of the school's own
	ChangedInFile
	GoneFromFile
)

var reasons = [...]string{
	NewInMIS:      "new in the MIS",
	ChangedInMIS:  "changed in the MIS",
	GoneFromMIS:   "no longer in the MIS",
	NotImported:   "its year group is not imported",
	BackInMIS:     "back in the MIS",
	GroupGone:     "its group goes",
	MemberGone:    "its member goes",
	Joined:        "joined",
	Left:          "left",
	PulledForward: "joined earlier than planned",
	Doubled:       "covered by another membership",
	Prolonged:     "follows its group's end",
	NoEraYet:      "no era was current",
	ByHand:        "entered by hand",
	InTheFile:     "in the file of suspensions",
	NotInTheFile:  "no longer in the file of suspensions",
	Suspended:     "suspended",
	NotSuspended:  "no longer suspended",
	InGap:         "in a gap",
	AbsentSoFar:   "absent",
	NotAbsent:     "no longer awaited",
	Undone:        "undone",
	NotAgain:      "not to be imported again",
	Forced:        "imported again by force",
	FollowsEra:    "follows its era",
	EraOver:       "the academic year is over",
	Adopted:       "adopted",
	Trimmed:       "cut to its group's life",
	Matched:       "the new MIS's record of it",
	NewID:         "has a new id in the MIS",
	Merged:        "merged",

	PreviousMISGone: "another MIS is imported now",
	DaysOver:        "its last day is over",
	NewInFile:       "new in the school's file",
	ChangedInFile:   "changed in the school's file",
	GoneFromFile:    "no longer in the school's file",
}

// String is the reason as people are told it, and as the database records it.
func (r Reason) String() string { return reasons[r] }

// Change is one step of a Plan. Before is nil when the record is created, After
// when it is deleted.
type Change struct {
	Action        Action
	Why           Reason // none where a pin keeps the change from being made
	By            string // the suspension, run or number of nights that Why comes of; for a pin, its field
	Before, After Record
}

// Because is why c is made, and what that was by.
func (c Change) Because() string {
	switch {
	case c.Why == 0:
		return c.By
	case c.By == "":
		return c.Why.String()
	}
	return c.Why.String() + ": " + c.By
}

// Record is the record that c is about, as it is afterwards, or was where there is
// no afterwards.
func (c Change) Record() Record {
	if c.After != nil {
		return c.After
	}
	return c.Before
}

// Entity is the kind of record that c changes.
func (c Change) Entity() Entity { return c.Record().Entity() }

// Plan is the only way to change the database: an ordered list of Changes, each of
// which can be made once those before it are. The zero Plan changes nothing.
type Plan struct {
	Changes     []Change
	provisional ID

	// Days says in few bytes, hexadecimal, what the lessons of a datasource are on each day
	// that was looked at once the changes are made: the next State tells.
	Days       map[era.Date]Digest
	Datasource ID
}

// NewID is a provisional id for a record that the plan is going to create.
func (p *Plan) NewID() ID {
	p.provisional--
	return p.provisional
}

// Create adds the creation of a record whose id is from NewID.
func (p *Plan) Create(after Record, why Reason) {
	p.Changes = append(p.Changes, Change{Action: Create, Why: why, After: after})
}

// Change adds a step from one state of a record to another.
func (p *Plan) Change(action Action, before, after Record, why Reason) {
	p.Changes = append(p.Changes, Change{Action: action, Why: why, Before: before, After: after})
}

// Provisional is how many provisional ids p has given.
func (p Plan) Provisional() int { return int(-p.provisional) }

// Next is an empty plan whose provisional ids go on from p's.
func (p Plan) Next() Plan { return Plan{provisional: p.provisional} }

// IsEmpty tells whether p changes nothing.
func (p Plan) IsEmpty() bool { return len(p.Changes) == 0 }

// Count says how many changes of one kind a Plan holds.
type Count struct {
	Entity Entity `json:"entity"`
	Action Action `json:"action"`
	Count  int    `json:"count"`
}

// Counts counts p's changes by entity and action, leaving out what there is none of.
func (p Plan) Counts() []Count {
	type kind struct {
		Entity
		Action
	}
	seen := map[kind]int{}
	for _, c := range p.Changes {
		seen[kind{c.Entity(), c.Action}]++
	}
	counts := make([]Count, 0, len(seen))
	for k, n := range seen {
		counts = append(counts, Count{k.Entity, k.Action, n})
	}
	slices.SortFunc(counts, func(a, b Count) int {
		return cmp.Or(
			cmp.Compare(slices.Index(Entities, a.Entity), slices.Index(Entities, b.Entity)),
			cmp.Compare(slices.Index(Actions, a.Action), slices.Index(Actions, b.Action)),
		)
	})
	return counts
}
