package report

import (
	"encoding/json"
	"io"
	"time"

	"misimportd/importer/guard"
	"misimportd/mis"
	"misimportd/store/model"
)

// Past is a run that is over, as it is listed and shown.
type Past struct {
	Report
	Kind       string         `json:"kind"`
	StartedAt  time.Time      `json:"started_at"`
	FinishedAt time.Time      `json:"finished_at"`
	Program    string         `json:"program"`
	Host       string         `json:"host"`
	Decision   model.Decision `json:"decision,omitempty"`   // of what it holds: waiting, approved, rejected or replaced
	DecidedBy  model.ID       `json:"decided_by,omitempty"` // the run that approved or replaced it
	DecidedAt  *time.Time     `json:"decided_at,omitempty"`
	UndoneBy   model.ID       `json:"undone_by,omitempty"`

	// PartsUndoneBy are the runs that put back parts of it, while the rest stands.
	PartsUndoneBy []model.ID `json:"parts_undone_by,omitempty"`

	Operator        string `json:"operator,omitempty"`         // who asked for it on a page
	DecidedOperator string `json:"decided_operator,omitempty"` // who decided on a page
}

// ListedRun is a run as it stands in a list.
type ListedRun struct {
	Past
	ProblemCount int // kinds of problem and ids that are told; there may be more of a kind
}

// PastOf is a run as it is shown, without its changes.
func PastOf(run model.Run) Past {
	past := Past{
		Report: Report{
			Run: run.ID, Result: run.Result, AsOf: run.AsOf, Era: run.Era, Source: run.Source, Changes: run.Counts.V,
			Problems: []mis.Problem{}, Guard: []guard.Finding{}, Stages: run.Stages.V, Error: run.Error,
			Hold: run.Hold, Waiting: run.Waiting.V, About: run.About,
			Only: run.Options.V.Only, Records: run.Records.V,
		},
		Kind: run.Kind, StartedAt: run.StartedAt, FinishedAt: run.FinishedAt, Program: run.Program, Host: run.Host,
		Decision: run.Decision, DecidedBy: run.DecidedBy, UndoneBy: run.UndoneBy,
		Operator: run.Operator, DecidedOperator: run.DecidedOperator,
	}
	if run.DecidedAt.Valid {
		past.DecidedAt = &run.DecidedAt.Time
	}
	_ = json.Unmarshal(run.Problems.V, &past.Problems) // what record wrote, as is the next
	_ = json.Unmarshal(run.Guard.V, &past.Guard)
	return past
}

// WriteJSON writes past as --json prints it.
func (past Past) WriteJSON(w io.Writer) error {
	lists := []keyed{{"plan", past.Lines}, {"waiting_plan", past.Held}}
	past.Lines.apart, past.Held.apart = true, true
	return writeJSON(w, past, lists...)
}
