package text

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"misimportd/era"
	"misimportd/importer/report"
	"misimportd/importer/words"
	"misimportd/mis"
	"misimportd/store/model"
)

// known is what is known of problems beside themselves.
type known struct {
	called model.KnownAs
	asOf   era.Date // of the run that met them; 0 where none is marked as new, for all would be
}

// knownOf finds out which problems are to be marked as new: none, where all are.
func knownOf(problems []mis.Problem, called model.KnownAs, asOf era.Date) known {
	isOld := func(p mis.Problem) bool { return !report.IsNew(p, asOf) }
	if !slices.ContainsFunc(problems, isOld) {
		asOf = 0
	}
	return known{called, asOf}
}

// mark says that something is new since the night before.
func (p *printer) mark(isNew bool, k known) string {
	if !isNew || k.asOf == 0 {
		return ""
	}
	return " " + p.paint(amber, "(new)")
}

// problems writes the problems, those of one section and reason together, and what to do about them.
func (p *printer) problems(r report.Report) {
	if len(r.Problems) == 0 {
		return
	}
	k, title := knownOf(r.Problems, r.Called, r.AsOf), fmt.Sprintf("problems: %d", report.Total(r.Problems))
	if n := countNew(r.Problems, k); n > 0 {
		title += fmt.Sprintf(", %d new since the night before", n)
	}
	p.line("\n%s", p.paint(bold, title))
	folded := false
	for of := range byKind(r.Problems) {
		folded = p.problemsOfKind(of, k) || folded
		if report.MendOf(of[0].Reason) != "" {
			p.line("    %s", p.paint(faint, mendText(of[0])))
		}
	}
	if folded {
		p.line("  %s", p.paint(faint, "(-v says of each where it is and what was done about it)"))
	}
}

func countNew(problems []mis.Problem, k known) (n int) {
	for _, q := range problems {
		if k.asOf != 0 && report.IsNew(q, k.asOf) {
			n += 1 + q.More
		}
	}
	return n
}

// byKind gives the problems of one section and one reason together.
func byKind(problems []mis.Problem) func(func([]mis.Problem) bool) {
	return slices.Values(slices.Collect(func(yield func([]mis.Problem) bool) {
		for from := 0; from < len(problems); {
			to := from + 1
			for to < len(problems) && problems[to].Section == problems[from].Section &&
				problems[to].Reason == problems[from].Reason {
				to++
			}
			if !yield(problems[from:to]) {
				return
			}
			from = to
		}
	}))
}

// mendText says where and how a problem is mended.
func mendText(q mis.Problem) string {
	if where := report.WhereOf(q.Section); where != report.Elsewhere {
		return fmt.Sprintf("to do in %s: %s", where, report.MendOf(q.Reason))
	}
	return "to do: " + report.MendOf(q.Reason)
}

func (p *printer) problemsOfKind(of []mis.Problem, k known) (folded bool) {
	causes := report.CausesOf(of, k.called)
	switch {
	case p.Verbose || len(of) == 1 && causes[0].Says == "":
		for _, q := range of {
			p.line("  %s: %s: %s%s%s", report.About(q, k.called), p.paint(amber, string(q.Reason)),
				report.DetailOf(q, k.called), whereText(q), p.mark(report.IsNew(q, k.asOf), k))
		}
		return false
	case len(causes) == 1:
		p.line("  %s: %s: %s%s", of[0].Section, p.paint(amber, string(of[0].Reason)), causes[0].Says,
			p.mark(causes[0].IsNew(k.asOf), k))
		return true
	case slices.ContainsFunc(causes, func(c report.Cause) bool { return c.Says != "" }):
		p.line("  %s: %d × %s", of[0].Section, report.Total(of), p.paint(amber, string(of[0].Reason)))
		p.fold(len(causes), shownRecords, "    ", func(i int) { p.line("    %s", p.cause(causes[i], k)) })
		return true
	}
	var ids []string
	for _, q := range of[:min(len(of), shownIDs)] {
		ids = append(ids, report.IDOf(q, k.called)+p.mark(report.IsNew(q, k.asOf), k))
	}
	if len(of) > shownIDs {
		ids = append(ids, "…")
	}
	p.line("  %s: %d × %s: %s", of[0].Section, report.Total(of), p.paint(amber, string(of[0].Reason)),
		strings.Join(ids, ", "))
	return true
}

// whereText says where in the document a problem is, and how many are like it.
func whereText(q mis.Problem) (text string) {
	if q.Line > 0 {
		text = fmt.Sprintf(" (line %d)", q.Line)
	}
	if q.More > 0 {
		text += fmt.Sprintf("; and %d more like it", q.More)
	}
	return text
}

// cause says in one line what several problems come from, or what a single one is.
func (p *printer) cause(c report.Cause, k known) string {
	first := c.Problems[0]
	text := c.Says
	if text == "" {
		text = strings.TrimSpace(report.IDOf(first, k.called)+"  "+report.DetailOf(first, k.called)) + whereText(first)
	}
	return text + p.mark(c.IsNew(k.asOf), k)
}

// WriteProblems writes what there is to mend, in the order in which somebody may go through it.
func WriteProblems(w io.Writer, list report.ProblemList, style Style) error {
	p := &printer{Style: style, w: w}
	problems, mends := make([]mis.Problem, len(list.Problems)), map[mis.Reason]string{}
	for i, q := range list.Problems {
		problems[i], mends[q.Reason] = q.Problem, q.Mend
	}
	k := knownOf(problems, list.Called, list.AsOf)
	switch {
	case list.Run == 0:
		p.line("No document has been read yet.")
	case list.Count == 0:
		p.line("Nothing is to be mended: run %d read a document without a problem.", list.Run)
	default:
		title := fmt.Sprintf("%s, by the document that run %d read", words.Many(list.Count, "problem"), list.Run)
		if n := countNew(problems, k); n > 0 {
			title += fmt.Sprintf("; %d new since the night before", n)
		}
		p.line("%s", p.paint(bold, title))
	}
	section := ""
	for of := range byKind(problems) {
		if of[0].Section != section {
			section = of[0].Section
			p.line("\n%s", p.paint(bold, report.WhereOf(section)+", "+section))
		}
		p.line("  %s: %s", p.paint(amber, string(of[0].Reason)), mends[of[0].Reason])
		p.listed(of, k)
	}
	return p.err
}

// listed lists problems of one kind, those of one cause in one line unless each is asked for.
func (p *printer) listed(of []mis.Problem, k known) {
	causes := report.CausesOf(of, k.called)
	if p.Verbose {
		causes = nil
		for _, q := range of {
			causes = append(causes, report.Cause{Section: q.Section, Reason: q.Reason, Problems: []mis.Problem{q}})
		}
	}
	p.fold(len(causes), 2*shownRecords, "    ", func(i int) {
		since := p.paint(faint, "  since "+causes[i].Since().Long())
		p.line("    %s%s", p.cause(causes[i], k), since)
	})
}
