package text

import (
	"fmt"
	"io"
	"strings"
	"time"

	"misimportd/era"
	"misimportd/era/hint"
	"misimportd/importer/report"
	"misimportd/importer/words"
	"misimportd/store/model"
)

// WriteRuns writes a list of runs, one a line; where there are none, what is said instead.
func WriteRuns(w io.Writer, past []report.Past, none string, zone *time.Location, style Style) error {
	p := &printer{Style: style, w: w}
	if len(past) == 0 {
		p.line("%s", none)
		return p.err
	}
	p.line("%s", p.paint(bold, fmt.Sprintf("%5s  %-16s  %-8s  %-10s  %-10s  %s", "run", "started", "kind", "as of",
		"result", "changes")))
	for _, r := range past {
		changes := 0
		for _, c := range r.Changes {
			changes += c.Count
		}
		outcome := fmt.Sprint(changes)
		if len(r.Problems) > 0 {
			outcome += ", " + words.Many(report.Total(r.Problems), "problem")
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
		row := fmt.Sprintf("%5d  %-16s  %-8s  %-10s  %-10s  %s", r.Run, r.StartedAt.In(zone).Format("2006-01-02 15:04"),
			r.Kind, r.AsOf, r.Result, outcome)
		p.line("%s", strings.TrimRight(row, " "))
		if r.Error != "" {
			for _, line := range words.Wrapped("       "+words.Clean(r.Error), 80) {
				p.line("%s", line)
			}
		}
	}
	return p.err
}

// decidedAt is when it was decided what becomes of what a run holds.
func decidedAt(past report.Past, zone *time.Location) string {
	if past.DecidedAt == nil {
		return ""
	}
	return "on " + past.DecidedAt.In(zone).Format("2 January 2006 15:04")
}

// WriteOneRun writes one run with each of its changes.
func WriteOneRun(w io.Writer, past report.Past, zone *time.Location, style Style) error {
	p := &printer{Style: style, w: w}
	title := fmt.Sprintf("Run %d, %s: %s", past.Run, past.Kind, past.Result)
	if past.AsOf != era.Date(0) {
		title += fmt.Sprintf(", as of %s, era %s", past.AsOf.Long(), past.Era)
	}
	p.line("%s", p.paint(bold, title))
	p.line("Started %s, took %.1f s, by misimportd %s on %s", past.StartedAt.In(zone).Format("2 January 2006 15:04:05"),
		past.FinishedAt.Sub(past.StartedAt).Seconds(), past.Program, past.Host)
	if past.About != 0 {
		only := ""
		if len(past.Only) > 0 {
			only = ", and of it about " + words.Clean(words.Listed(past.Only, shownMembers)) + " only"
		}
		p.line("It is about run %d%s.", past.About, only)
	}
	if past.Operator != "" {
		p.line("%s asked for it, on a page.", words.Clean(past.Operator))
	}
	if past.UndoneBy != 0 {
		p.line("%s", p.paint(amber, fmt.Sprintf("Run %d has undone it.", past.UndoneBy)))
	}
	for _, by := range past.PartsUndoneBy {
		p.line("%s", p.paint(amber, fmt.Sprintf("Run %d has undone a part of it.", by)))
	}
	p.source(past.Source)
	if past.Error != "" {
		p.line("%s %s", p.paint(red, "It failed and changed nothing:"), past.Error)
		return p.err
	}
	p.changes(past.Lines)
	p.summary(past.Changes)
	p.problems(past.Report)
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
		p.line("\n\"%s\" applies it, \"%s\" leaves it.", hint.Command("approve %d", past.Run),
			hint.Command("reject %d", past.Run))
	}
	return p.err
}
