package text

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"misimportd/era/hint"
	"misimportd/importer/guard"
	"misimportd/importer/report"
	"misimportd/importer/words"
	"misimportd/store/model"
)

// applied says what of a held run was applied.
var applied = map[model.Hold]string{
	model.HoldSections: "Applied was all but what follows from the sections that are missing.",
	model.HoldValues:   "Applied was all but the changes of the fields, and of the lessons, that are named below.",
	model.HoldRemovals: "Applied was what adds and updates; whatever ends waits, and who would move stays.",
	model.HoldAll:      "Nothing was applied.",
}

// would says what of a run would be applied.
var would = map[model.Hold]string{
	model.HoldSections: "A run would be held: applied would be all " +
		"but what follows from the sections that are missing.",
	model.HoldValues: "A run would be held: applied would be all but the changes of the fields, and of the " +
		"lessons, that are named below.",
	model.HoldRemovals: "A run would be held: applied would be what adds and updates; whatever ends would wait, and " +
		"who would move would stay.",
	model.HoldAll: "A run would be held: nothing would be applied.",
}

// guard writes the limits that are breached, with their largest causes. Of the others it says how many are kept,
// if told is set, and each of them in full.
func (p *printer) guard(findings []guard.Finding, told bool) {
	var shown []guard.Finding
	kept, off := 0, 0
	for _, f := range report.TellingFirst(findings) {
		switch {
		case f.Breached || told && p.Verbose:
			shown = append(shown, f)
		case f.Off:
			off++
		default:
			kept++
		}
	}
	if len(shown) == 0 && (!told || kept+off == 0) {
		return
	}
	p.line("\n%s", p.paint(bold, "guard"))
	for _, f := range shown {
		p.finding(f)
	}
	if told && kept+off > 0 {
		p.line("  ok    %s", keptText(kept, off))
	}
}

// keptText says how many limits are kept, and how many are off.
func keptText(kept, off int) string {
	text := words.Many(kept, "limit") + " are kept"
	if kept == 1 {
		text = "1 limit is kept"
	}
	if off > 0 {
		text += fmt.Sprintf(", %d off", off)
	}
	return text + " (-v shows each)"
}

func (p *printer) finding(f guard.Finding) {
	name := strings.TrimSpace(f.Limit + " " + f.About)
	switch {
	case f.Breached:
		p.line("  %s  %-31s %s", p.paint(red, "HELD"), name, f.Says)
		var causes []string
		for _, c := range f.Causes {
			text := c.What
			if c.Count > 1 {
				text += ": " + words.Thousands(c.Count)
			}
			causes = append(causes, text)
		}
		if len(causes) > 0 {
			p.line("        %s", strings.Join(causes, "; "))
		}
	case f.Off:
		p.line("  off   %-31s %s", name, amount(f))
	default:
		p.line("  ok    %-31s %s; %s", name, amount(f),
			guard.Limit{Percent: 100 * f.Allowed, AtLeast: f.AtLeast}.Allows())
	}
}

// amount is what a finding comes to.
func amount(f guard.Finding) string {
	if f.Limit == guard.GroupsShrinking {
		return fmt.Sprintf("%s of %s groups, the worst loses %.1f %%", words.Thousands(f.Count), words.Thousands(f.Of),
			100*f.Value)
	}
	if f.Count == 0 {
		return "0"
	}
	return words.Share(f.Count, f.Of)
}

// waits writes what waits for a person.
func (p *printer) waits(title string, counts []model.Count, lines report.Lines) {
	p.line("\n%s", p.paint(bold, title))
	if len(counts) == 0 {
		p.line("  no change: the document itself is to be looked at")
	}
	p.counts(counts)
	p.changes(lines)
}

// goOn tells how to go on with a held run.
func (p *printer) goOn(r report.Report) {
	p.likely(r.Guard)
	p.line("")
	p.line("Look at what waits with \"%s\". Then either", hint.Command("runs show %d", r.Run))
	p.line("  %s    applies it, this once: the limits stay as they are", hint.Command("approve %d", r.Run))
	p.line("  %s     leaves it: the next import makes a plan of its own", hint.Command("reject %d", r.Run))
}

// likely says of sections that are missing why they most often are, and what is to be done:
// to approve is hardly ever right.
func (p *printer) likely(findings []guard.Finding) {
	var missing []string
	for _, f := range findings {
		if f.Limit == guard.SectionsMissing && f.Breached {
			missing = append(missing, f.About)
		}
	}
	if len(missing) == 0 {
		return
	}
	is := "is"
	if len(missing) > 1 {
		is = "are"
	}
	p.line("")
	if !slices.ContainsFunc(missing, func(section string) bool { return !strings.HasPrefix(section, "Tbl") }) {
		p.prose("%s %s missing: put the dumps beside each document, in PreFetched. Doing nothing is safe: all that "+
			"follows from them stays as it is, and the next document that comes with them is imported as ever. "+
			"Approve only if the school has nothing of the kind any more.", strings.Join(missing, ", "), is)
		return
	}
	p.prose("%s %s missing. Most likely the key to the MIS no longer has the right to read it: look at the key's "+
		"rights there. Doing nothing is safe: all that follows from it stays as it is, and the next document that has "+
		"it is imported as ever. Approve only if the school has nothing of the kind any more.",
		strings.Join(missing, ", "), is)
}

// decision tells in words what became of what a run holds.
func decision(past report.Past, when func() string) string {
	switch past.Decision {
	case model.Waiting:
		return "waits for a person"
	case model.Approved, model.Replaced:
		return fmt.Sprintf("%s by run %d, %s", past.Decision, past.DecidedBy, when()) + byWhom(past)
	case model.Rejected:
		return "rejected " + when() + byWhom(past)
	}
	return ""
}

// byWhom names the operator who decided on a page.
func byWhom(past report.Past) string {
	return words.Prefixed(", by ", words.Clean(past.DecidedOperator))
}

// pinned writes what the MIS says and is not done, for it is pinned.
func (p *printer) pinned(lines []report.Line) {
	if len(lines) == 0 {
		return
	}
	p.line("\n%s", p.paint(bold, "pinned"))
	p.fold(len(lines), shownRecords, "  ", func(i int) {
		l := lines[i]
		switch {
		case l.Group != nil && l.Action == model.Create:
			p.line("  %s #%s stays out of %s %s, which the MIS puts it into", words.Clean(l.Name),
				words.Clean(l.SourceID), l.Group.Kind, words.Clean(l.Group.Name))
		case l.Group != nil:
			p.line("  %s #%s stays in %s %s, which the MIS takes it out of", words.Clean(l.Name),
				words.Clean(l.SourceID), l.Group.Kind, words.Clean(l.Group.Name))
		default:
			for _, f := range l.Fields {
				p.line("  %s #%s: %s stays %s; the MIS says %s", words.Clean(l.Name), words.Clean(l.SourceID),
					strings.ReplaceAll(f.Name, "_", " "), words.ValueText(f.After), words.ValueText(f.Before))
			}
		}
	})
}

// WriteUndo writes what an undo did, or would do.
func WriteUndo(w io.Writer, r report.Report, style Style) error {
	return writeDecided(w, r, style, "undoing")
}

// WriteApproved writes what an approval did.
func WriteApproved(w io.Writer, r report.Report, style Style) error {
	if r.Approved != 0 && r.About == 0 {
		r.About = r.Approved
		return writeDecided(w, r, style, "approving")
	}
	if r.Approved != 0 {
		return writeDecided(w, r, style, fmt.Sprintf("approving run %d, undoing", r.Approved))
	}
	return writeDecided(w, r, style, "approving")
}

func writeDecided(w io.Writer, r report.Report, style Style, verb string) error {
	p := &printer{Style: style, w: w}
	only, flags := "", ""
	if len(r.Only) > 0 {
		only = ", only " + words.Clean(words.Listed(r.Only, shownMembers))
		flags = " --only " + strings.Join(quoted(r.Only), " --only ")
	}
	if r.Result == report.Planned {
		p.line("%s", p.paint(bold, fmt.Sprintf("Plan for %s run %d%s", verb, r.About, only)))
		p.changes(r.Lines)
		p.summary(r.Changes)
		p.guard(r.Guard, true)
		if r.Hold != model.HoldNothing {
			p.waits("would wait for a person", r.Waiting, r.Held)
		}
		end := "carries it out"
		if r.Hold != model.HoldNothing {
			end = "would hold it for a person"
		}
		p.line("\nNothing has been changed: this is a plan. \"%s\" %s.", hint.Command("undo %d%s", r.About, flags), end)
		return p.err
	}
	p.line("%s", p.paint(bold, fmt.Sprintf("Run %d: %s, %s run %d%s", r.Run, r.Result, verb, r.About, only)))
	p.differs(r.Differs, r.About)
	if r.Result == model.Held {
		p.guard(r.Guard, false)
		if len(r.Differs) == 0 {
			p.line("%s", applied[r.Hold])
		}
		p.waits("waits for a person", r.Waiting, report.Lines{})
		p.goOn(r)
		return p.err
	}
	p.summary(r.Changes)
	p.problems(r)
	p.line("")
	switch unwanted := r.Count(model.UnwantedEntity, model.Create); {
	case unwanted == 1:
		p.line("The document that did this is not imported again, unless somebody puts it into PreFetched (\"%s\" "+
			"finds it) and runs \"%s\"; the next one that differs is.",
			hint.Command("archive"), hint.Command("run --force"))
	case unwanted > 1:
		p.line("Neither the document that did this nor the newest, which says the same, is imported again, unless "+
			"somebody puts it into PreFetched (\"%s\" finds it) and runs \"%s\"; the next one that differs is.",
			hint.Command("archive"), hint.Command("run --force"))
	case r.Count(model.UnwantedEntity, model.Delete) > 0:
		p.line("Documents that were not to be imported again may be again.")
	}
	p.line("\"%s\" lists each change; \"%s\" takes it back.", hint.Command("runs show %d", r.Run),
		hint.Command("undo %d", r.Run))
	return p.err
}

// quoted are words as a shell takes them.
func quoted(list []string) (words []string) {
	for _, word := range list {
		words = append(words, hint.Quote(word))
	}
	return words
}

// differs tells in what a plan that was made again is not the one that was held.
func (p *printer) differs(said []string, held model.ID) {
	if len(said) == 0 {
		return
	}
	p.line("%s", p.paint(amber, fmt.Sprintf("Nothing was applied: the plan is no longer the one that run %d held.",
		held)))
	for _, text := range said {
		p.line("  %s", text)
	}
}
