package text

import (
	"fmt"
	"io"

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
