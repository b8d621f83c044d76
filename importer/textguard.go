package importer

import (
	"fmt"
	"io"
	"strings"

	"misimportd/store"
)

// applied says what of a held run was applied.
var applied = map[store.Hold]string{
	store.HoldSections: "Applied was all but what follows from the sections that are missing.",
	store.HoldRemovals: "Applied was what adds and updates; whatever ends waits, and who would move stays.",
	store.HoldAll:      "Nothing was applied.",
}

// guard writes the limits that are breached, with their largest causes, or every limit.
func (p *printer) guard(findings []Finding, all bool) {
	titled := false
	for _, f := range findings {
		if !f.Breached && !all {
			continue
		}
		if !titled {
			p.line("\n%s", p.paint(bold, "guard"))
			titled = true
		}
		p.finding(f)
	}
}

func (p *printer) finding(f Finding) {
	name := strings.TrimSpace(f.Limit + " " + f.About)
	switch {
	case f.Breached:
		p.line("  %s  %-31s %s", p.paint(red, "HELD"), name, f.Says)
		var causes []string
		for _, c := range f.Causes {
			causes = append(causes, fmt.Sprintf("%s: %s", c.What, thousands(c.Count)))
		}
		if len(causes) > 0 {
			p.line("        %s", strings.Join(causes, "; "))
		}
	case f.Off:
		p.line("  off   %-31s %s", name, f.amount())
	default:
		p.line("  ok    %-31s %s; %s", name, f.amount(), Limit{Percent: 100 * f.Allowed, AtLeast: f.AtLeast}.allows())
	}
}

// amount is what a finding comes to.
func (f Finding) amount() string {
	if f.Limit == GroupsShrinking {
		return fmt.Sprintf("%s of %s groups, the worst loses %.1f %%", thousands(f.Count), thousands(f.Of), 100*f.Value)
	}
	if f.Count == 0 {
		return "0"
	}
	return share(f.Count, f.Of)
}

// waits writes what waits for a person.
func (p *printer) waits(title string, counts []store.Count, lines []Line) {
	p.line("\n%s", p.paint(bold, title))
	if len(counts) == 0 {
		p.line("  no change: the document itself is to be looked at")
	}
	for _, of := range byEntity(counts) {
		p.line("  %-12s %s", plural[of.entity], of.done)
	}
	if len(lines) > 0 {
		p.changes(lines)
	}
}

// goOn tells how to go on with a held run.
func (p *printer) goOn(run store.ID) {
	p.line("")
	p.line("Look at what waits with \"misimportd runs show %d\". Then either", run)
	p.line("  misimportd approve %-5d applies it, this once: the limits stay as they are", run)
	p.line("  misimportd reject %-6d leaves it: the next import makes a plan of its own", run)
}

// decision tells in words what became of what a run holds.
func (past Past) decision(when func() string) string {
	switch past.Decision {
	case store.Waiting:
		return "waits for a person"
	case store.Approved, store.Replaced:
		return fmt.Sprintf("%s by run %d, %s", past.Decision, past.DecidedBy, when())
	case store.Rejected:
		return "rejected " + when()
	}
	return ""
}

// pinned writes what the MIS says and is not done, for it is pinned.
func (p *printer) pinned(lines []Line) {
	if len(lines) == 0 {
		return
	}
	p.line("\n%s", p.paint(bold, "pinned"))
	p.fold(len(lines), shownRecords, "  ", func(i int) {
		l := lines[i]
		switch {
		case l.Group != nil && l.Action == store.Create:
			p.line("  %s #%s stays out of %s %s, which the MIS puts it into", clean(l.Name), clean(l.SourceID), l.Group.Kind, clean(l.Group.Name))
		case l.Group != nil:
			p.line("  %s #%s stays in %s %s, which the MIS takes it out of", clean(l.Name), clean(l.SourceID), l.Group.Kind, clean(l.Group.Name))
		default:
			for _, f := range l.Fields {
				p.line("  %s #%s: %s stays %s; the MIS says %s", clean(l.Name), clean(l.SourceID), strings.ReplaceAll(f.Name, "_", " "), valueText(f.After), valueText(f.Before))
			}
		}
	})
}

// WriteUndo writes what an undo did, or would do.
func (r Report) WriteUndo(w io.Writer, style Style) error {
	return r.writeDecided(w, style, "undoing", "That took back all that run %d had changed. The document it imported is not imported again, unless by \"misimportd run --force\".")
}

// WriteApproved writes what an approval did.
func (r Report) WriteApproved(w io.Writer, style Style) error {
	return r.writeDecided(w, style, "approving", "That was what run %d held.")
}

func (r Report) writeDecided(w io.Writer, style Style, verb, done string) error {
	p := &printer{Style: style, w: w}
	if r.Result == Planned {
		p.line("%s", p.paint(bold, fmt.Sprintf("Plan for %s run %d", verb, r.About)))
		p.changes(r.Lines)
		p.summary(r.Changes)
		p.guard(r.Guard, true)
		if r.Hold != store.HoldNothing {
			p.waits("would wait for a person", r.Waiting, r.Held)
		}
		p.line("\nNothing has been changed: this is a plan. \"misimportd undo %d\" carries it out.", r.About)
		return p.err
	}
	p.line("%s", p.paint(bold, fmt.Sprintf("Run %d: %s, %s run %d", r.Run, r.Result, verb, r.About)))
	p.differs(r.Differs, r.About)
	if r.Result == store.Held {
		p.guard(r.Guard, false)
		p.line("%s", applied[r.Hold])
		p.waits("waits for a person", r.Waiting, nil)
		p.goOn(r.Run)
		return p.err
	}
	p.summary(r.Changes)
	p.problems(r.Problems)
	p.line("")
	p.line(done, r.About)
	p.line("\"misimportd runs show %d\" lists each change; \"misimportd undo %d\" takes it back.", r.Run, r.Run)
	return p.err
}

// differs tells in what a plan that was made again is not the one that was held.
func (p *printer) differs(said []string, held store.ID) {
	if len(said) == 0 {
		return
	}
	p.line("%s", p.paint(amber, fmt.Sprintf("Nothing was applied: the plan is no longer the one that run %d held.", held)))
	for _, text := range said {
		p.line("  %s", text)
	}
}
