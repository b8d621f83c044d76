// Package text writes reports and lists for people at a terminal. What is in them is decided
// elsewhere.
package text

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"misimportd/era/hint"
	"misimportd/importer/report"
	"misimportd/importer/words"
	"misimportd/store/model"
)

// Style says how results are written for people.
type Style struct {
	Colour  bool // with the terminal's colours
	Verbose bool // in full: nothing folded
	Width   int  // of the terminal, in characters, at which lines wrap; 0 where there is none, and none does
}

// proseWidth is how wide a paragraph is where there is no terminal.
const proseWidth = 100

// How much of a list is shown before it is folded.
const (
	shownRecords = 8
	shownMembers = 6
	shownIDs     = 8
)

const (
	bold  = "1"
	red   = "31"
	green = "32"
	amber = "33"
	faint = "2"
)

func (s Style) paint(code, text string) string {
	if !s.Colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// printer writes text and remembers the first error.
type printer struct {
	Style
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	for line := range strings.SplitSeq(fmt.Sprintf(format, args...), "\n") {
		if p.Width > 0 && !isCommand(line) {
			line = strings.Join(words.Wrapped(line, p.Width), "\n")
		}
		if p.err == nil {
			_, p.err = fmt.Fprintln(p.w, line)
		}
	}
}

// isCommand tells whether a line begins with a command, which is to be pasted whole.
func isCommand(line string) bool {
	return strings.HasPrefix(strings.TrimLeft(line, " "), hint.Program()+" ")
}

// prose writes a paragraph, which wraps without a terminal, too.
func (p *printer) prose(format string, args ...any) {
	width := min(proseWidth, cmp.Or(p.Width, proseWidth))
	for _, line := range words.Wrapped(fmt.Sprintf(format, args...), width) {
		p.line("%s", line)
	}
}

// fold calls show for the first of n things, and says how many are left out.
func (p *printer) fold(n, limit int, indent string, show func(i int)) {
	if p.Verbose || n <= limit+1 {
		limit = n
	}
	for i := range limit {
		show(i)
	}
	if n > limit {
		p.line("%s%s", indent, p.paint(faint, fmt.Sprintf("… and %d more (-v shows all)", n-limit)))
	}
}

// WritePlan writes what would change, grouped by kind and by group, the counts and
// the problems.
func WritePlan(w io.Writer, r report.Report, style Style) error {
	p := &printer{Style: style, w: w}
	if p.plan(r); r.Ahead != nil {
		p.line("\nAnd then, ahead of time:")
		p.plan(*r.Ahead)
	}
	p.endOfPlan(r)
	return p.err
}

func (p *printer) plan(r report.Report) {
	p.line("%s", p.paint(bold, fmt.Sprintf("Plan for %s, era %s", r.AsOf.Long(), r.Era)))
	p.source(r.Source)
	p.timetable(r.Timetable)
	if r.Hold != model.HoldNothing {
		p.line("%s", p.paint(red, would[r.Hold]))
	}
	p.converted(r.Convert)
	p.changes(r.Lines)
	p.pinned(r.Pinned)
	p.summary(r.Changes)
	p.problems(r)
	p.guard(r.Guard, true)
	if r.Hold != model.HoldNothing {
		p.waits("would wait for a person", r.Waiting, r.Held)
	}
}

// endOfPlan says what carries a plan out.
func (p *printer) endOfPlan(r report.Report) {
	p.line("")
	again := ""
	if r.Again {
		again = " --again"
	}
	end := "carries it out"
	switch {
	case r.Hold == model.HoldAll:
		end = "would hold all of it for a person"
	case r.Hold != model.HoldNothing:
		end = "carries it out, but for what waits for a person"
	case report.IsUnwanted(r.Problems):
		end = "would do nothing"
	}
	p.line("Nothing has been changed: this is a plan. \"%s\" %s.", hint.Import("run%s", again), end)
}

// WriteRun writes what a run did: the counts and the problems.
func WriteRun(w io.Writer, r report.Report, style Style) error {
	p := &printer{Style: style, w: w}
	if r.Rolled != 0 {
		p.line("The academic year was over: run %d rolled into the next one. \"%s\" shows it.", r.Rolled,
			hint.Command("runs show %d", r.Rolled))
	}
	if p.run(r); r.Ahead != nil && p.err == nil {
		p.line("\nAnd then, ahead of time:")
		p.run(*r.Ahead)
	}
	return p.err
}

func (p *printer) run(r report.Report) {
	title := fmt.Sprintf("Run %d: %s, as of %s, era %s", r.Run, r.Result, r.AsOf.Long(), r.Era)
	p.line("%s", p.paint(bold, title))
	p.source(r.Source)
	p.timetable(r.Timetable)
	if r.Hold != model.HoldNothing {
		p.line("%s", applied[r.Hold])
	}
	p.converted(r.Convert)
	p.summary(r.Changes)
	p.problems(r)
	p.guard(r.Guard, p.Verbose)
	if p.Verbose {
		p.stages(r.Stages)
	}
	if r.Hold != model.HoldNothing {
		p.waits("waits for a person", r.Waiting, report.Lines{})
		p.goOn(r)
		return
	}
	if r.Result == model.Applied || len(r.Problems) > 0 {
		p.line("")
		p.line("\"%s\" lists each change and, with -v, each problem.", hint.Command("runs show %d", r.Run))
	}
}

func (p *printer) source(s model.Source) {
	if s.SHA256 == "" {
		return
	}
	same := ""
	if s.Unchanged {
		same = ", the same as last time"
	}
	p.line("Document: %s, sha256 %s…%s", words.BytesText(s.Bytes), s.SHA256[:12], same)
}

// timetable says which published timetable was imported.
func (p *printer) timetable(name string) {
	if name != "" {
		p.line("Timetable: %s", words.Clean(name))
	}
}

var signs = map[model.Action]string{model.Create: "+", model.Update: "~", model.End: "−", model.Reopen: "+",
	model.Delete: "−"}

var colours = map[model.Action]string{model.Create: green, model.Update: amber, model.End: red, model.Reopen: green,
	model.Delete: red}

func (p *printer) sign(a model.Action) string { return p.paint(colours[a], signs[a]) }

// record writes one change of a record that is no group and no membership.
func (p *printer) record(l report.Line) {
	text := words.Clean(l.Name)
	if l.SourceID != "" {
		text += p.paint(faint, " #"+words.Clean(l.SourceID))
	}
	switch {
	case l.Entity == model.AbsenceEntity:
		text += ": " + l.Why
	case l.Entity == model.UnwantedEntity:
		text = fmt.Sprintf("document with the sha256 %s: %s", words.Clip(words.Clean(l.SourceID), 12), l.Why)
	case l.Entity == model.PinEntity:
		text += ": " + l.Span
	case l.Action == model.Update:
		text += ": " + p.fields(l.Fields)
	case l.Action != model.Create:
		text += ": " + l.Why
	case l.Span != "":
		text += ": " + l.Span
	case l.StartsOn != nil:
		text += fmt.Sprintf(": %s to %s", *l.StartsOn, *l.EndsOn)
	}
	p.line("  %s %s", p.sign(l.Action), text)
}

func (p *printer) fields(fields []report.Field) string {
	var parts []string
	for _, f := range fields {
		parts = append(parts, fmt.Sprintf("%s %s → %s", strings.ReplaceAll(f.Name, "_", " "), words.ValueText(f.Before),
			words.ValueText(f.After)))
	}
	return strings.Join(parts, ", ")
}

// summary writes the counts, an entity a line.
func (p *printer) summary(counts []model.Count) {
	p.line("\n%s", p.paint(bold, "summary"))
	if len(counts) == 0 {
		p.line("  nothing changes")
	}
	p.counts(counts)
}

// counts writes what happens to the records of each entity, in columns.
func (p *printer) counts(counts []model.Count) {
	list, width := report.ByEntity(counts), 12
	for _, of := range list {
		width = max(width, 1+len(report.Plural[of.Entity]))
	}
	for _, of := range list {
		p.line("  %-*s %s", width, report.Plural[of.Entity], of.Done)
	}
}

func (p *printer) stages(stages []model.Stage) {
	p.line("\n%s", p.paint(bold, "stages"))
	for _, s := range stages {
		p.line("  %-12s %.3f s", s.Name, s.Seconds)
	}
}
