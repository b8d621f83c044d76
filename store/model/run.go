package model

import (
	"database/sql"
	"encoding/json"
	"time"

	"misimportd/era"
)

// Imports is what the record says of the imports so far.
type Imports struct {
	Newest      []Run // newest first, in short; Guard of the newest alone, if it is held
	Waiting     []ID  // held runs that wait for a person, oldest first
	LastSuccess time.Time
	LastNew     time.Time // when one last brought a document that was not the one before

	Pauses  []era.Pause // that a person entered
	EraEnds era.Date    // the current era's last day, zero for none
	HasNext bool        // there is a next era
}

// Night is what the record says of one import: when it was, and what the guard found.
type Night struct {
	ID    ID                    `db:"id"`
	AsOf  era.Date              `db:"as_of"`
	Hold  Hold                  `db:"hold"`
	First bool                  `db:"first"` // the first one into its era
	Guard JSON[json.RawMessage] `db:"guard"`
}

// ListedRun is a run as it stands in a list.
type ListedRun struct {
	Run
	ProblemCount int `db:"problem_count"` // kinds of problem and ids that are told; there may be more of a kind
}

// Result is how a run ended.
type Result string

const (
	Applied   Result = "applied"
	Unchanged Result = "unchanged"
	Failed    Result = "failed"
	Held      Result = "held"    // for a person to approve
	Aborted   Result = "aborted" // told to stop before it was done; nothing was changed
)

// Source is the document that a run imported.
type Source struct {
	SHA256    string `json:"sha256" db:"source_sha256"`
	Bytes     int64  `json:"bytes" db:"source_bytes"`
	Unchanged bool   `json:"unchanged" db:"source_unchanged"` // the same as the one before
}

// Stage is a part of a run and how long it took.
type Stage struct {
	Name    string  `json:"stage"`
	Seconds float64 `json:"seconds"`
}

// Hold is what of a run waits for a person.
type Hold string

const (
	HoldNothing  Hold = ""
	HoldSections Hold = "sections" // what follows from sections that are missing (R34)
	HoldValues   Hold = "values"   // what changes in fields of many records at once, and lessons
	HoldRemovals Hold = "removals" // all that ends, and those values
	HoldAll      Hold = "all"
)

// Decision is what became of that which a run holds.
type Decision string

const (
	Waiting  Decision = "waiting"
	Approved Decision = "approved"
	Rejected Decision = "rejected"
	Replaced Decision = "replaced" // by a later run, which made its own plan
)

// The kinds of run that this package has to tell apart.
const (
	Import   = "import"
	Approval = "approval" // of a held import
	Undo     = "undo"
	Roll     = "roll"    // of the current era into the next
	Ahead    = "ahead"   // an import into a later era
	Convert  = "convert" // the first import from a new MIS
)

// Run is the record of one run.
type Run struct {
	ID         ID        `db:"id"`
	Kind       string    `db:"kind"` // import, era …
	Result     Result    `db:"result"`
	StartedAt  time.Time `db:"started_at"`
	FinishedAt time.Time `db:"finished_at"`
	AsOf       era.Date  `db:"as_of"`
	Era        string    `db:"era"`
	Source
	Counts   JSON[[]Count]         `db:"counts"`
	Problems JSON[json.RawMessage] `db:"problems"` // as the importer wrote them
	Stages   JSON[[]Stage]         `db:"stages"`
	Error    string                `db:"error"`
	Program  string                `db:"program"` // its version
	Host     string                `db:"host"`

	Records JSON[map[string]int]  `db:"records"` // of each section of the document
	Guard   JSON[json.RawMessage] `db:"guard"`   // as the importer wrote it
	Hold    Hold                  `db:"hold"`
	Waiting JSON[[]Count]         `db:"waiting"` // what is held
	About   ID                    `db:"about"`   // the run that this one approves or undoes

	Decision  Decision     `db:"decision"` // of what this run holds; "" where it holds nothing
	DecidedBy ID           `db:"decided_by"`
	DecidedAt sql.NullTime `db:"decided_at"`
	UndoneBy  ID           `db:"undone_by"`

	Options JSON[Options] `db:"options"` // what a person has to have asked for, to make it again

	Operator        string `db:"operator"`         // who asked for it on a page, "" for a night or a command
	DecidedOperator string `db:"decided_operator"` // who decided on a page, likewise
}

// Options are how a run was asked for, beside its day and its document.
type Options struct {
	NextYear *NextYear `json:"next_year,omitempty"`
	Convert  bool      `json:"convert,omitempty"`   // the first import from a new MIS
	ByItself bool      `json:"by_itself,omitempty"` // a roll that no person asked for
	Only     []string  `json:"only,omitempty"`      // of an undo: what of the run, each as KIND/ID
	Part     bool      `json:"part,omitempty"`      // of an undo: something of the run is left in force
}

// NextYear says how a later era is loaded ahead of time.
type NextYear struct {
	Era       string   `json:"era"`
	Years     int      `json:"years"`               // by so many pupils are a year up
	Without   []string `json:"without,omitempty"`   // sections of the document that are left out
	Timetable string   `json:"timetable,omitempty"` // published or in development, "" for that of every night
}

// Proposal is what a run is to do, and what of it is to wait.
type Proposal struct {
	Run  Run
	Plan Plan // to be carried out
	// Waiting is not to be carried out yet; its provisional ids go on from those of Plan. Run.Hold says
	// whether the run is held.
	Waiting Plan

	Settles  ID // the held run that this one decides, 0 for none
	As       Decision
	Replaces bool // all that waits of earlier runs
	Undoes   ID   // the run whose changes Plan puts back, 0 for none
}
