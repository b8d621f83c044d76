package importer_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"misimportd/era"
	"misimportd/importer/guard"
	"misimportd/importer/report"
	"misimportd/mis/isams/isamstest"
	"misimportd/store/model"
)

const surnamesQuery = `SELECT source_id || ' ' || surname FROM pupils ORDER BY source_id`

// finding is the breach of a limit.
func finding(r report.Report, limit, about string) guard.Finding {
	for _, f := range r.Guard {
		if f.Breached && f.Limit == limit && f.About == about {
			return f
		}
	}
	return guard.Finding{}
}

// TestR38ValuesAreHeldByTheField: surnames that have slipped stay as they are, names follow the
// forms, and all the rest of the night is applied. Approved, it is as the document says.
func TestR38ValuesAreHeldByTheField(t *testing.T) {
	each(t, func(w *world) {
		guarded(w)
		school := isamstest.New(21, someSchool)
		w.night("2016-09-05", school.Document())
		before := w.rows(surnamesQuery)
		school.Pupils[3].Form = school.Forms[(slices.IndexFunc(school.Forms,
			func(f isamstest.Form) bool { return f.ID == school.Pupils[3].Form })+7)%14].ID
		school.Pupils[3].House = school.Houses[2].Name
		moved := school.Pupils[3]
		shiftSurnames(school)
		r := w.night("2016-09-06", school.Document())
		if r.Result != model.Held || r.Hold != model.HoldValues || finding(r, guard.ValuesChanged, "pupil surname").
			Looks != guard.Shifted {
			w.Fatalf("%s %q %+v", r.Result, r.Hold, breaches(r))
		}
		w.expect("surnames", w.rows(surnamesQuery), before...)
		form := strings.Replace(moved.Form, "/", "", 1)
		w.expect("who has moved", w.rows(`SELECT g.group_name || ' ' || h.name FROM membership_details g
			JOIN pupils p ON p.source_id = g.member_source_id JOIN elements h ON h.id = p.house_id
			WHERE g.group_kind = 'form' AND g.ends_on > '2016-09-06' AND p.source_id = $1`, fmt.Sprint(moved.ID)), form+
			" "+moved.House)
		name := w.rows(`SELECT e.name FROM elements e JOIN pupils p ON p.id = e.id WHERE p.source_id = $1`,
			fmt.Sprint(moved.ID))
		if len(name) != 1 || !strings.HasSuffix(name[0], moved.Surname+" ("+form+")") {
			w.Errorf("the name of who has moved ends otherwise: want the old surname, and form %s", form)
		}
		if again := w.night("2016-09-06", school.Document()); again.Result != model.Held || len(again.Changes) > 0 {
			w.Errorf("R29: the same night again: %s, %s", again.Result, counts(again.Changes))
		} else if approved, err := w.im.Approve(w.Context(), again.Run); err != nil ||
			approved.Result != model.Applied {
			w.Fatalf("%s %v %v", approved.Result, approved.Differs, err)
		}
		if again := w.night("2016-09-07", school.Document()); again.Result != model.Unchanged {
			w.Errorf("after the approval: %s, %s", again.Result, counts(again.Changes))
		}
	})
}

// TestR38ARenameIsHeldOnce, approved once, and told as what it is.
func TestR38ARenameIsHeldOnce(t *testing.T) {
	each(t, func(w *world) {
		for about, rename := range map[string]struct {
			change func(*isamstest.School)
			looks  guard.Look
		}{"pupil email": {newDomain, guard.NewDomain}, "set name": {renameSets, guard.Renamed}} {
			w := guarded(newWorld(w.T, postgresOrNot(w)))
			school := isamstest.New(22, someSchool).Teach(100)
			w.night("2016-09-05", school.Document())
			rename.change(school)
			held := w.night("2016-09-06", school.Document())
			if held.Hold != model.HoldValues || finding(held, guard.ValuesChanged, about).Looks != rename.looks {
				w.Fatalf("%s: %q %q", about, held.Hold, breaches(held))
			}
			if approved, err := w.im.Approve(w.Context(), held.Run); err != nil || approved.Result != model.Applied {
				w.Fatalf("%s: %s %v %v", about, approved.Result, approved.Differs, err)
			}
			if next := w.night("2016-09-07", school.Document()); next.Result != model.Unchanged {
				w.Errorf("%s, the night after: %s %s %v", about, next.Result, counts(next.Changes), breaches(next))
			}
		}
	})
}

// TestR41EveryLessonAnHourLater is held whole, and approved whole.
func TestR41EveryLessonAnHourLater(t *testing.T) {
	each(t, func(w *world) {
		guarded(w)
		school := isamstest.New(23, someSchool).Teach(100)
		w.night("2016-09-05", school.Document())
		before := w.standing("2016-09-06")
		anHourLater(school)
		held := w.night("2016-09-06", school.Document())
		if held.Hold != model.HoldValues || finding(held, guard.ValuesChanged, "lesson starts_at").
			Looks != guard.Moved {
			w.Fatalf("%q %q", held.Hold, breaches(held))
		}
		w.expectTheSame("while it is held", before, w.standing("2016-09-06"))
		if approved, err := w.im.Approve(w.Context(), held.Run); err != nil || approved.Result != model.Applied {
			w.Fatalf("%s %v %v", approved.Result, approved.Differs, err)
		}
		w.expect("lessons at nine", w.rows(`SELECT CAST(count(*) AS text) FROM lesson_details
			WHERE on_date >= '2016-09-06' AND CAST(starts_at AS text) LIKE '%09:00%'`), "0")
		if next := w.night("2016-09-06", school.Document()); next.Result != model.Unchanged {
			w.Errorf("the night after: %s %s", next.Result, counts(next.Changes))
		}
	})
}

// TestR38NoYears: a document that no longer tells any pupil's year is held, though the years can
// be taken from the forms; approved, the next one is not.
func TestR38NoYears(t *testing.T) {
	each(t, func(w *world) {
		guarded(w)
		for _, years := range [][]era.Year{nil, {7, 8, 9, 10, 11, 12, 13}} {
			w := guarded(newWorld(w.T, postgresOrNot(w)))
			w.im.Years = years
			good := isamstest.New(24, someSchool).Document()
			w.night("2016-09-05", good)
			document := aYear.ReplaceAll(good, []byte("<NCYear/>"))
			held := w.night("2016-09-06", document)
			if held.Hold != model.HoldAll || finding(held, guard.YearsAbsent, "").Count != 7 {
				w.Fatalf("years %v: %q %q", years, held.Hold, breaches(held))
			}
			if approved, err := w.im.Approve(w.Context(), held.Run); err != nil || approved.Result == model.Held {
				w.Fatalf("%s %v %v", approved.Result, approved.Differs, err)
			}
			if next := w.night("2016-09-07", document); next.Result != model.Unchanged {
				w.Errorf("the night after: %s %v", next.Result, breaches(next))
			}
		}
	})
}

// TestR37AMoveIsNoLoss, however few losses are allowed; it has a limit of its own.
func TestR37AMoveIsNoLoss(t *testing.T) {
	each(t, func(w *world) {
		guarded(w)
		school := isamstest.New(25, someSchool)
		w.night("2016-09-05", school.Document())
		for _, limit := range []string{guard.MembershipsEnding, guard.GroupsShrinking, guard.GroupsEmptied} {
			w.im.Guard.Import[limit] = guard.Limit{}
		}
		reform(school, 7, 8)
		reset(school, 1)
		r := w.plan("2016-09-06", school.Document())
		if r.Hold != model.HoldNothing {
			w.Errorf("%q %q", r.Hold, breaches(r))
		}
		w.im.Guard.Import[guard.MembershipsMoving] = guard.Limit{Percent: 10}
		if r = w.plan("2016-09-06", school.Document()); strings.Join(breaches(r), ",") != "memberships_moving form" ||
			finding(r, guard.MembershipsMoving, "form").Count != 80 {
			w.Errorf("%q", breaches(r))
		}
	})
}
