package importer

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"misimportd/era"
	"misimportd/era/hint"
	"misimportd/mis"
	"misimportd/store"
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
}

func pastOf(run model.Run) Past {
	past := Past{
		Report: Report{
			Run: run.ID, Result: run.Result, AsOf: run.AsOf, Era: run.Era, Source: run.Source, Changes: run.Counts.V,
			Problems: []mis.Problem{}, Guard: []Finding{}, Stages: run.Stages.V, Error: run.Error,
			Hold: run.Hold, Waiting: run.Waiting.V, About: run.About, Records: run.Records.V,
		},
		Kind: run.Kind, StartedAt: run.StartedAt, FinishedAt: run.FinishedAt, Program: run.Program, Host: run.Host,
		Decision: run.Decision, DecidedBy: run.DecidedBy, UndoneBy: run.UndoneBy,
	}
	if run.DecidedAt.Valid {
		past.DecidedAt = &run.DecidedAt.Time
	}
	_ = json.Unmarshal(run.Problems.V, &past.Problems) // what record wrote, as is the next
	_ = json.Unmarshal(run.Guard.V, &past.Guard)
	return past
}

// Runs lists the newest runs, newest first.
func Runs(ctx context.Context, db *store.DB, limit int) (past []Past, err error) {
	past = []Past{}
	err = db.View(ctx, func(v *store.View) error {
		runs, err := v.Runs(ctx, limit)
		for _, run := range runs {
			past = append(past, pastOf(run))
		}
		return err
	})
	return past, err
}

// Show reads one run with each of its changes. It fails with a *store.NoRunError when
// there is no such run. The changes are read when they are gone through: as long, db has to be
// open.
func Show(ctx context.Context, db *store.DB, id model.ID) (past Past, err error) {
	err = db.View(ctx, func(v *store.View) error {
		run, err := v.Run(ctx, id)
		if err != nil {
			return err
		}
		past = pastOf(run)
		made, held, err := v.NamesOf(ctx, id)
		then := names{Names: made}
		past.Lines = recordedLines(ctx, db, store.Recording{Run: id}, past.Changes, then)
		past.Held = recordedLines(ctx, db, store.Recording{Run: id, Held: true}, past.Waiting, names{held, &then})
		return err
	})
	return past, err
}

// WriteJSON writes past as --json prints it.
func (past Past) WriteJSON(w io.Writer) error {
	lists := []keyed{{"plan", past.Lines}, {"waiting_plan", past.Held}}
	past.Lines.apart, past.Held.apart = true, true
	return writeJSON(w, past, lists...)
}

// WriteRuns writes a list of runs, one a line; where there are none, what is said instead.
func WriteRuns(w io.Writer, past []Past, none string, zone *time.Location, style Style) error {
	p := &printer{Style: style, w: w}
	if len(past) == 0 {
		p.line("%s", none)
		return p.err
	}
	p.line("%s", p.paint(bold, fmt.Sprintf("%5s  %-16s  %-8s  %-10s  %-10s  %s", "run", "started", "kind", "as of", "result", "changes")))
	for _, r := range past {
		changes := 0
		for _, c := range r.Changes {
			changes += c.Count
		}
		outcome := fmt.Sprint(changes)
		if len(r.Problems) > 0 {
			outcome += ", " + many(total(r.Problems), "problem")
		}
		if said := decision(r, func() string { return decidedAt(r, zone) }); said != "" {
			outcome += "; " + said
		}
		if r.UndoneBy != 0 {
			outcome += fmt.Sprintf("; undone by run %d", r.UndoneBy)
		}
		if r.Error != "" {
			outcome = "" // it stands below, whole
		}
		row := fmt.Sprintf("%5d  %-16s  %-8s  %-10s  %-10s  %s", r.Run, r.StartedAt.In(zone).Format("2006-01-02 15:04"), r.Kind, r.AsOf, r.Result, outcome)
		p.line("%s", strings.TrimRight(row, " "))
		for _, line := range wrapped(clean(r.Error), 73) {
			p.line("       %s", line)
		}
	}
	return p.err
}

// wrapped is a text in lines of so many characters, where its words let it.
func wrapped(text string, width int) (lines []string) {
	for _, word := range strings.Fields(text) {
		last := len(lines) - 1
		if last < 0 || utf8.RuneCountInString(lines[last]+" "+word) > width {
			lines = append(lines, word)
			continue
		}
		lines[last] += " " + word
	}
	return lines
}

// decidedAt is when it was decided what becomes of what a run holds.
func decidedAt(past Past, zone *time.Location) string {
	if past.DecidedAt == nil {
		return ""
	}
	return "on " + past.DecidedAt.In(zone).Format("2 January 2006 15:04")
}

// WriteShown writes one run with each of its changes.
func WriteShown(w io.Writer, past Past, zone *time.Location, style Style) error {
	p := &printer{Style: style, w: w}
	title := fmt.Sprintf("Run %d, %s: %s", past.Run, past.Kind, past.Result)
	if past.AsOf != era.Date(0) {
		title += fmt.Sprintf(", as of %s, era %s", past.AsOf.Long(), past.Era)
	}
	p.line("%s", p.paint(bold, title))
	p.line("Started %s, took %.1f s, by misimportd %s on %s", past.StartedAt.In(zone).Format("2 January 2006 15:04:05"),
		past.FinishedAt.Sub(past.StartedAt).Seconds(), past.Program, past.Host)
	if past.About != 0 {
		p.line("It is about run %d.", past.About)
	}
	if past.UndoneBy != 0 {
		p.line("%s", p.paint(amber, fmt.Sprintf("Run %d has undone it.", past.UndoneBy)))
	}
	p.source(past.Source)
	if past.Error != "" {
		p.line("%s %s", p.paint(red, "It failed and changed nothing:"), past.Error)
		return p.err
	}
	p.changes(past.Lines)
	p.summary(past.Changes)
	p.problems(past.Problems)
	p.guard(past.Guard, style.Verbose)
	if style.Verbose {
		p.stages(past.Stages)
	}
	if past.Decision == "" {
		return p.err
	}
	p.line("\n%s", applied[past.Hold])
	p.waits("held, and "+decision(past, func() string { return decidedAt(past, zone) }), past.Waiting, past.Held)
	if past.Decision == model.Waiting {
		p.likely(past.Guard)
		p.line("\n\"%s\" applies it, \"%s\" leaves it.", hint.Command("approve %d", past.Run), hint.Command("reject %d", past.Run))
	}
	return p.err
}
