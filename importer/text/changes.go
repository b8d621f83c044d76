package text

import (
	"slices"

	"misimportd/importer/report"
	"misimportd/store/model"
)

// gathered is what is written of the changes of a plan or a run: of hundreds of thousands, a few
// of each kind and how many there are, unless all are asked for.
type gathered struct {
	records map[model.Entity]*few
	groups  groupChanges
	lessons *lessonChanges
	days    []report.Line // on which groups are suspended
}

// few is the first of many lines.
type few struct {
	first []report.Line
	count int
}

// changes writes the changes, grouped by kind and by group. Commitments are gone through after
// all others: of most it is enough that they come or go with their lesson.
func (p *printer) changes(lines report.Lines) {
	g := gathered{records: map[model.Entity]*few{}, groups: groupChanges{}, lessons: newLessonChanges(p, lines)}
	isLate := func(e model.Entity) bool { return e == model.CommitmentEntity }
	others := slices.DeleteFunc(slices.Clone(model.Entities), isLate)
	p.read(lines, others, func(l report.Line) { g.add(p, l) })
	g.lessons.pair()
	p.read(lines, []model.Entity{model.CommitmentEntity}, g.lessons.take)
	for _, entity := range model.Entities {
		if of := g.records[entity]; of != nil {
			p.line("\n%s", p.paint(bold, report.Plural[entity]))
			p.fold(of.count, shownRecords, "  ", func(i int) { p.record(of.first[i]) })
		}
	}
	p.groups(g.groups)
	p.lessons(g.lessons)
	p.groupDays(g.days)
}

// read goes through the lines of some entities, and remembers the first error.
func (p *printer) read(lines report.Lines, of []model.Entity, each func(report.Line)) {
	if p.err != nil {
		return
	}
	p.err = lines.Of(of, func(l report.Line) error {
		each(l)
		return nil
	})
}

func (g *gathered) add(p *printer, l report.Line) {
	switch l.Entity {
	case model.GroupEntity, model.MembershipEntity:
		g.groups.add(p, l)
	case model.LessonEntity:
		g.lessons.add(l)
	case model.GroupSuspensionEntity:
		g.days = append(g.days, l)
	default:
		if g.records[l.Entity] == nil {
			g.records[l.Entity] = &few{}
		}
		of := g.records[l.Entity]
		if of.count++; p.Verbose || of.count <= shownRecords+1 {
			of.first = append(of.first, l)
		}
	}
}
