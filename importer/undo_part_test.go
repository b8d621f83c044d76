package importer_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"misimportd/importer"
	"misimportd/importer/report"
	"misimportd/importer/undo"
	"misimportd/mis/isams/isamstest"
	"misimportd/store/model"
)

// parts are what is undone of nights, of one school.
type parts struct {
	*world
	school *isamstest.School
	dice   *rand.Rand
}

// undoSome undoes of a run what concerns a record of the school, drawn at random: the report names it.
func (p *parts) undoSome(run model.ID) report.Report {
	p.Helper()
	var refused *undo.NotUndoneError
	for range 2000 {
		of := p.draw()
		r, err := p.im.Undo(p.Context(), run, of)
		if err == nil {
			return r
		}
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), "it changed nothing of "+of) {
			p.Fatalf("only %s: %v", of, err)
		}
	}
	p.Fatal("no record of which the run changed anything")
	return report.Report{}
}

func (p *parts) draw() string {
	s := p.school
	switch p.dice.IntN(5) {
	case 0:
		return fmt.Sprintf("staff/%d", s.Staff[p.dice.IntN(len(s.Staff))].ID)
	case 1:
		return fmt.Sprintf("set/%d", s.Sets[p.dice.IntN(len(s.Sets))].ID)
	case 2:
		return "form/" + s.Forms[p.dice.IntN(len(s.Forms))].ID
	case 3:
		return fmt.Sprintf("schedule/%d", s.Timetable.Schedules[p.dice.IntN(len(s.Timetable.Schedules))].ID)
	}
	return fmt.Sprintf("pupil/%d", s.Pupils[p.dice.IntN(len(s.Pupils))].ID)
}

// back undoes a run, after which the database is to be as it was.
func (p *parts) back(run model.ID, want, what string) report.Report {
	p.Helper()
	r := p.undo(run)
	if p.dump() != want {
		p.Fatalf("%s: the database is not as it was", what)
	}
	return r
}

func (p *parts) refuses(run model.ID, says string) {
	p.Helper()
	_, err := p.im.Undo(p.Context(), run)
	var refused *undo.NotUndoneError
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), says) {
		p.Fatalf("undo %d: %v, want %q", run, err, says)
	}
}

// offers tries what a refused undo offers: each can be planned.
func (p *parts) offers(run model.ID) {
	p.Helper()
	_, err := p.im.PlanUndo(p.Context(), run)
	var refused *undo.NotUndoneError
	if !errors.As(err, &refused) || len(refused.Offers) == 0 || !strings.Contains(err.Error(), "changed later") {
		p.Fatalf("undo %d: %v, want offers", run, err)
	}
	for _, of := range refused.Offers {
		if planned, err := p.im.PlanUndo(p.Context(), run, of); err != nil || len(planned.Changes) == 0 {
			p.Fatalf("%s was offered: %v", of, err)
		}
	}
}

func (p *parts) undoneBy(run model.ID) model.ID {
	p.Helper()
	past, err := importer.Show(p.Context(), p.im.DB, run)
	if err != nil {
		p.Fatal(err)
	}
	return past.UndoneBy
}

// TestPartsOfRandomNights are undone, and what they leave of a night; each undo of these can be undone. In between,
// nobody is in two forms, and a night counts as undone only once nothing of it is left.
func TestPartsOfRandomNights(t *testing.T) {
	each(t, func(w *world) {
		size := isamstest.Size{Pupils: 40, Staff: 10, Forms: 14, Sets: 14, SetLists: 100}
		p := &parts{w, isamstest.New(9, size).Teach(20), rand.New(rand.NewPCG(4, 4))}
		first := w.night("2016-09-05", p.school.Document())
		monday := w.dump()
		for night := range 2 {
			p.school.Night()
			second := w.night("2016-09-06", p.school.Document())
			tuesday := w.dump()
			one := p.undoSome(second.Run)
			afterOne := w.dump()
			two := p.undoSome(second.Run)
			afterTwo := w.dump()
			t.Logf("night %d: %v %v, %v %v", night, one.Only, one.Changes, two.Only, two.Changes)
			if by := p.undoneBy(second.Run); by != 0 {
				w.Fatalf("a part marks the run as undone by %d", by)
			}
			if n := w.count("forms", twoForms); n != 0 {
				w.Fatalf("%d pupils are in two forms", n)
			}
			if faults := w.faults(); len(faults) > 0 {
				w.Fatalf("%+v", faults)
			}
			p.refuses(one.Run, fmt.Sprintf("run %d has put back more of run %d since", two.Run, second.Run))
			again := p.back(two.Run, afterOne, "the second part undone")
			p.back(again.Run, afterTwo, "and put back once more")
			rest := p.back(second.Run, monday, "the rest undone")
			if by := p.undoneBy(second.Run); by != rest.Run {
				w.Fatalf("nothing is left of the run, and it is undone by %d", by)
			}
			p.refuses(two.Run, fmt.Sprintf("run %d has put back more", rest.Run))
			p.refuses(second.Run, "did that already")
			p.back(rest.Run, afterTwo, "the rest there again")
			p.back(two.Run, afterOne, "without the second part")
			p.back(one.Run, tuesday, "without any part")
			part := p.undoSome(second.Run)
			p.offers(first.Run)
			last := p.back(second.Run, monday, "the rest at the end")
			t.Log(part.Only, last.Run)
		}
		w.undo(first.Run) // what undoes a part of what is undone is not in the way
	})
}

const twoForms = `SELECT count(*) FROM memberships a JOIN memberships b ON a.element_id = b.element_id AND a.id < b.id
	AND a.starts_on <= b.ends_on AND b.starts_on <= a.ends_on
	JOIN groups g ON g.id = a.group_id AND g.kind = 'form' JOIN groups h ON h.id = b.group_id AND h.kind = 'form'`
