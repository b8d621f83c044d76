package text

import (
	"fmt"
	"io"
	"strings"

	"misimportd/era"
	"misimportd/importer/report"
	"misimportd/importer/words"
)

// WriteWhy writes why a pupil is, or is not, in a group.
func WriteWhy(w io.Writer, why report.Why, style Style) error {
	p := &printer{Style: style, w: w}
	p.line("%s", p.paint(bold, fmt.Sprintf("pupil %s and %s %s", words.Clean(why.Pupil.Name), why.Group.Kind,
		words.Clean(why.Group.Name))))
	says := "says nothing of it"
	if why.Document.Knows {
		says = map[bool]string{true: "says that the pupil is in it", false: "says that the pupil is not in " +
			"it"}[why.Document.
			Says]
	}
	p.line("  document   %s %s", words.Clean(why.Document.From), says)
	if len(why.Database.Stretches) == 0 {
		p.line("  database   no day on which the pupil is or was in it")
	}
	for _, d := range why.Database.Stretches {
		until := "without an end"
		if d.EndsOn != 0 {
			until = "to " + d.EndsOn.Long()
		}
		p.line("  database   in it from %s %s", d.StartsOn.Long(), until)
	}
	for _, b := range why.Between {
		p.line("  %-10s %s", b.What, words.Clean(b.Text))
	}
	p.line("\n%s", words.Clean(why.Answer))
	return p.err
}

// WriteProblems writes what there is to mend, in the order in which somebody may go through it.
func WriteProblems(w io.Writer, list report.ProblemList, style Style) error {
	p := &printer{Style: style, w: w}
	switch {
	case list.Run == 0:
		p.line("No document has been read yet.")
	case list.Count == 0:
		p.line("Nothing is to be mended: run %d read a document without a problem.", list.Run)
	default:
		p.line("%s", p.paint(bold, fmt.Sprintf("%s, by the document that run %d read", words.Many(list.Count,
			"problem"),
			list.Run)))
	}
	for from := 0; from < len(list.Problems); {
		first, to := list.Problems[from], from+1
		for to < len(list.Problems) && list.Problems[to].Section == first.Section &&
			list.Problems[to].Reason == first.Reason {
			to++
		}
		if from == 0 || list.Problems[from-1].Section != first.Section {
			p.line("\n%s", p.paint(bold, first.Where+", "+first.Section))
		}
		p.line("  %s: %s", p.paint(amber, string(first.Reason)), first.Mend)
		of := list.Problems[from:to]
		p.fold(len(of), 2*shownRecords, "    ", func(i int) { p.listedProblem(of[i]) })
		from = to
	}
	return p.err
}

func (p *printer) listedProblem(q report.ListedProblem) {
	where := ""
	if q.Line > 0 {
		where = fmt.Sprintf(" (line %d)", q.Line)
	}
	if q.More > 0 {
		where += fmt.Sprintf("; and %d more like it", q.More)
	}
	text := strings.TrimSpace(words.Clean(q.ID) + "  " + words.Clean(q.Detail))
	p.line("    %s%s%s", text, where, p.paint(faint, "  since "+q.Since.Long()))
}

// WriteSanity writes what is odd in a school.
func WriteSanity(w io.Writer, on era.Date, days era.Interval, list []report.Sanity, style Style) error {
	p := &printer{Style: style, w: w}
	p.line("%s", p.paint(bold, fmt.Sprintf("On %s; lessons from %s to %s", on.Long(), days.From.Long(),
		days.To.Long())))
	for _, s := range list {
		colour := green
		if s.Count > 0 {
			colour = amber
		}
		p.line("%s  %s", p.paint(colour, fmt.Sprintf("%6s", words.Thousands(s.Count))), s.What)
		p.fold(len(s.Found), shownRecords, "          ", func(i int) {
			o := s.Found[i]
			text := words.Clean(o.Name) + p.paint(faint, words.Prefixed("  "+o.Kind+"/", words.Clean(o.SourceID)))
			if o.On != nil {
				text += ", " + o.On.Time().Format("Mon 2 January 2006")
			}
			p.line("          %s%s", text, words.Prefixed(": ", o.Detail))
		})
	}
	return p.err
}

// WriteAll writes a list of staff or rooms, one a line.
func WriteAll(w io.Writer, list []report.Listed) error {
	p := &printer{w: w}
	for _, l := range list {
		p.line("%-10s  %-10s  %s", words.Clean(l.Code), words.Clean(l.SourceID), words.Clean(l.Name))
	}
	return p.err
}
