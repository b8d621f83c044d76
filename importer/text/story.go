package text

import (
	"fmt"
	"io"
	"strings"

	"misimportd/importer/report"
	"misimportd/importer/words"
	"misimportd/store/model"
)

// shownInBrief is how much of a list stands in what is told in brief.
const shownInBrief = 3

// WriteProse writes a paragraph, wrapped.
func WriteProse(w io.Writer, style Style, format string, args ...any) error {
	p := &printer{Style: style, w: w}
	p.prose(format, args...)
	return p.err
}

// WriteTitle writes the title of a part of a story.
func WriteTitle(w io.Writer, style Style, title string) error {
	p := &printer{Style: style, w: w}
	p.line("\n%s\n", p.paint(bold, "── "+title+" ──"))
	return p.err
}

// WriteBrief writes in a few lines what a run did: what was counted, what became of people and lessons, for which
// lines has the changes, and which limits it is held by.
func WriteBrief(w io.Writer, r report.Report, lines report.Lines, style Style) error {
	p := &printer{Style: style, w: w}
	title := fmt.Sprintf("Run %d: %s", r.Run, r.Result)
	if r.AsOf != 0 {
		title += ", as of " + r.AsOf.Long()
	}
	p.line("  %s", p.paint(bold, title))
	p.prose("  %s", countsText(r.Changes))
	p.people(lines)
	of := newLessonChanges(p, lines)
	p.read(lines, []model.Entity{model.LessonEntity}, of.add)
	of.pair()
	p.read(lines, []model.Entity{model.CommitmentEntity}, of.take)
	p.lessonsInBrief(of)
	p.heldInBrief(r)
	return p.err
}

// countsText says what happens to the records of each entity, in one line.
func countsText(counts []model.Count) string {
	parts := []string{}
	for _, of := range report.ByEntity(counts) {
		parts = append(parts, report.Plural[of.Entity]+" "+of.Done)
	}
	if len(parts) == 0 {
		return "nothing changes"
	}
	return strings.Join(parts, "; ")
}

// people writes what becomes of pupils and staff, a few of each.
func (p *printer) people(lines report.Lines) {
	for _, entity := range []model.Entity{model.PupilEntity, model.StaffEntity} {
		var few []report.Line
		count := 0
		p.read(lines, []model.Entity{entity}, func(l report.Line) {
			if count++; count <= shownInBrief+1 {
				few = append(few, l)
			}
		})
		p.fold(count, shownInBrief, "  ", func(i int) { p.record(few[i]) })
	}
}

func (p *printer) lessonsInBrief(c *lessonChanges) {
	told, same := c.same()
	p.fold(len(told), shownInBrief, "  ", func(i int) { p.sameLessons(told[i], same.by[told[i]]) })
}

// heldInBrief says why a run is held, and what waits.
func (p *printer) heldInBrief(r report.Report) {
	if r.Result != model.Held {
		return
	}
	var breached int
	for _, f := range report.TellingFirst(r.Guard) {
		if !f.Breached {
			continue
		}
		if breached++; breached <= shownInBrief {
			p.prose("  %s: %s", p.paint(red, "HELD, "+strings.TrimSpace(f.Limit+" "+f.About)), words.Clean(f.Says))
		}
	}
	if breached > shownInBrief {
		p.line("  %s", p.paint(faint, fmt.Sprintf("… and %s more", words.Many(breached-shownInBrief, "limit"))))
	}
	p.prose("  waits for a person: %s", countsText(r.Waiting))
}
