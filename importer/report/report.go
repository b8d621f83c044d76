// Package report is what a run did or would do, as data: what --json prints and what is written for
// people. Its keys are stable. It must never know a database.
package report

import (
	"io"
	"time"

	"misimportd/era"
	"misimportd/importer/guard"
	"misimportd/importer/sources"
	"misimportd/mis"
	"misimportd/store/model"
)

// Planned is the result of a plan: nothing was changed.
const Planned model.Result = "planned"

// Report says what a run did, or what one would do. It is what --json prints; its
// form is stable and described in json.md.
type Report struct {
	Run       model.ID        `json:"run,omitempty"`
	Result    model.Result    `json:"result"`
	AsOf      era.Date        `json:"as_of"`
	Era       string          `json:"era"`
	Source    model.Source    `json:"source"`
	Changes   []model.Count   `json:"changes"` // that were made, or would be
	Problems  []mis.Problem   `json:"problems"`
	Guard     []guard.Finding `json:"guard"` // each limit, and what the run comes to
	Stages    []model.Stage   `json:"stages"`
	Records   map[string]int  `json:"records,omitempty"`   // read of each section, faulty ones too
	Timetable string          `json:"timetable,omitempty"` // the published one that was imported
	Error     string          `json:"error,omitempty"`
	Hold      model.Hold      `json:"hold,omitempty"`        // what waits for a person
	Waiting   []model.Count   `json:"waiting,omitempty"`     // what of it there is
	About     model.ID        `json:"about,omitempty"`       // the run that was approved or undone
	Only      []string        `json:"only,omitempty"`        // what of that run was undone, where not all of it
	Approved  model.ID        `json:"approved,omitempty"`    // the held undo that was approved
	Differs   []string        `json:"differs,omitempty"`     // in what a plan is not the one that was held
	Lines     Lines           `json:"plan,omitzero"`         // each change; of a plan only
	Held      Lines           `json:"waiting_plan,omitzero"` // each change that waits, or would
	Pinned    []Line          `json:"pinned,omitempty"`      // what the MIS says (before), and what stays (after)
	Rolled    model.ID        `json:"rolled,omitempty"`      // the run that rolled into the next era before it
	Ahead     *Report         `json:"ahead,omitempty"`       // of the import into the next era after it
	Convert   *sources.Found  `json:"convert,omitempty"`     // what of the previous MIS was found in the new one
	Again     bool            `json:"-"`                     // the document was looked at once more
	Called    model.KnownAs   `json:"-"`                     // by names, those whom problems name by ids
	Taken     time.Time       `json:"-"`                     // when the document was fetched, or put into PreFetched
}

// NothingYet is the report of a run that came to nothing: no list in it is missing.
func NothingYet() Report {
	return Report{Result: model.Failed, Changes: []model.Count{}, Problems: []mis.Problem{}, Guard: []guard.Finding{},
		Stages: []model.Stage{}}
}

// SetOutcome takes over what the database made of a run.
func (r *Report) SetOutcome(run model.Run) {
	r.Run, r.Result, r.Changes, r.Waiting = run.ID, run.Result, run.Counts.V, run.Waiting.V
}

// WriteJSON writes r as --json prints it.
func (r Report) WriteJSON(w io.Writer) error {
	lists := []keyed{{"plan", r.Lines}, {"waiting_plan", r.Held}}
	r.Lines.apart, r.Held.apart = true, true
	return writeJSON(w, r, lists...)
}
