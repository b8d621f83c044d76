package text

import (
	"fmt"
	"io"
	"strings"

	"misimportd/era"
	"misimportd/era/hint"
	"misimportd/importer/report"
	"misimportd/importer/sources"
	"misimportd/importer/words"
	"misimportd/importer/years"
	"misimportd/store/model"
)

// WriteAct writes what something did that a person asked for, or would do. what says what it was.
func WriteAct(w io.Writer, r report.Report, what string, style Style) error {
	p := &printer{Style: style, w: w}
	if r.Result == report.Planned {
		p.line("%s", p.paint(bold, "Plan for "+what))
		p.changes(r.Lines)
		p.summary(r.Changes)
		p.problems(r)
		p.guard(r.Guard, p.Verbose)
		if r.Hold != model.HoldNothing {
			p.waits("would wait for a person", r.Waiting, r.Held)
		}
		p.line("\nNothing has been changed: this is a plan. The same command without --plan carries it out; with " +
			"--yes, if it is early or much.")
		return p.err
	}
	p.line("%s", p.paint(bold, fmt.Sprintf("Run %d: %s, %s", r.Run, r.Result, what)))
	if r.Result == model.Held {
		p.guard(r.Guard, false)
		p.line("%s", applied[r.Hold])
		p.waits("waits for a person", r.Waiting, report.Lines{})
		p.goOn(r)
		return p.err
	}
	p.summary(r.Changes)
	p.problems(r)
	if r.Result == model.Applied {
		p.line("\n\"%s\" lists each change, \"%s\" puts it back.", hint.Command("runs show %d", r.Run),
			hint.Command("undo %d", r.Run))
	}
	return p.err
}

// WriteEraStatus writes which era is which, what is missing, and the next step.
func WriteEraStatus(w io.Writer, s years.Status, style Style) error {
	p := &printer{Style: style, w: w}
	for _, of := range []struct {
		is  string
		era *era.Era
	}{{"previous", s.Previous}, {"current", s.Current}, {"next", s.Next}, {"perpetual", s.Perpetual}} {
		text := "none"
		if of.era != nil {
			text = of.era.String()
		}
		switch {
		case of.is == "current" && s.DaysLeft != nil && *s.DaysLeft >= 0:
			text += fmt.Sprintf(", %d days left after today", *s.DaysLeft)
		case of.is == "current" && s.DaysLeft != nil:
			text += ", over"
		case of.is == "next" && s.Groups > 0:
			text += fmt.Sprintf(", with %d groups", s.Groups)
		case of.is == "next" && of.era == nil && s.Current != nil:
			text = p.paint(amber, "none: it is missing")
		}
		p.line("%-10s %s", of.is, text)
	}
	if s.Warning != "" {
		p.line("\n%s", p.paint(amber, s.Warning))
	}
	p.line("\nNext step: %s.", s.Step.What)
	if s.Step.Command != "" {
		p.line("  %s", s.Step.Command)
	}
	return p.err
}

// converted writes what of the previous MIS was found in the new one, and what was not.
func (p *printer) converted(found *sources.Found) {
	if found == nil {
		return
	}
	p.line("\n%s", p.paint(bold, "the previous MIS's rows"))
	for _, c := range found.Counts {
		p.line("  %-10s %d of %d matched by %s, of %d in the document", c.Kind, c.Matched, c.Old,
			strings.ReplaceAll(c.By, "_", " "), c.New)
	}
	if len(found.Left) == 0 {
		return
	}
	p.line("\n%s", p.paint(bold, fmt.Sprintf("not matched: %d", len(found.Left))))
	p.fold(len(found.Left), 20, "  ", func(i int) {
		l := found.Left[i]
		with := ""
		if len(l.With) > 0 {
			with = "; it could be " + strings.Join(l.With, " or ")
		}
		p.line("  %s %-9s %s%s: %s%s", l.Side, l.Kind, words.Clean(l.Name), p.paint(faint, " #"+words.Clean(l.ID)),
			l.Why, words.Clean(with))
	})
	p.line("  %s", p.paint(faint, "(write those that are the same into matches.csv: kind, old id, new id)"))
}
