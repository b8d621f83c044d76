package importer_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"misimportd/era"
	"misimportd/importer"
	"misimportd/importer/guard"
	"misimportd/importer/report"
	"misimportd/importer/undo"
	"misimportd/mis/isams/isamstest"
	"misimportd/store"
	"misimportd/store/model"
	"misimportd/store/storetest"
)

// TestR36UndoPutsBack the very rows: those that a night created, changed, ended and deleted;
// and undone itself, an undo puts back the night.
func TestR36UndoPutsBack(t *testing.T) {
	each(t, func(w *world) {
		school := isamstest.New(6, isamstest.Size{Pupils: 60, Staff: 12, Forms: 7, Sets: 14, SetLists: 200}).Teach(60)
		w.suspend("- {name: Study leave, kind: suspension, years: [11], from: 2017-05-08, to: 2017-06-23}")
		empty := w.dump()
		first := w.night("2016-09-05", school.Document())
		monday := w.dump()
		school.Night()
		w.suspend("- {name: Half term, kind: gap, from: 2016-10-24, to: 2016-10-28}")
		second := w.night("2016-09-06", school.Document())
		tuesday := w.dump()

		// The newest first.
		_, err := w.im.Undo(w.Context(), first.Run)
		var refused *undo.NotUndoneError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(),
			fmt.Sprintf("changed later, by run %d", second.Run)) || w.dump() != tuesday {
			w.Fatalf("the older one first: %v", err)
		}
		undone := w.undo(second.Run)
		if w.dump() != monday {
			w.Fatal("not as it was on Monday")
		}
		if counts(undone.Changes) == "" || undone.About != second.Run {
			w.Errorf("%+v", undone)
		}
		again := w.undo(undone.Run)
		if w.dump() != tuesday {
			w.Fatal("not as it was on Tuesday")
		}
		w.undo(again.Run)
		w.undo(first.Run)
		if w.dump() != empty {
			w.Fatal("not as it was before")
		}
		for _, id := range []model.ID{first.Run, second.Run, again.Run} {
			if _, err := w.im.Undo(w.Context(), id); !errors.As(err, &refused) ||
				!strings.Contains(err.Error(), "did that already") {
				w.Errorf("run %d: %v", id, err)
			}
		}

		// Neither of the two documents is imported again, but by force; another is.
		if r := w.night("2016-09-06", school.Document()); r.Result != model.Unchanged || len(r.Problems) != 1 ||
			r.Problems[0].Reason != "not imported again" || w.dump() != empty {
			w.Errorf("%s %v", r.Result, r.Problems)
		}
		w.im.Force = true
		if r := w.night("2016-09-06", school.Document()); r.Result != model.Applied {
			w.Errorf("by force: %s", r.Result)
		}
		w.im.Force = false
		if r := w.night("2016-09-06", school.Document()); r.Result != model.Unchanged || len(r.Problems) != 0 {
			w.Errorf("after force: %s %v", r.Result, r.Problems)
		}
		school.Night()
		if r := w.night("2016-09-06", school.Document()); r.Result != model.Applied {
			w.Errorf("another document: %s", r.Result)
		}
	})
}

// undo undoes a run.
func (w *world) undo(id model.ID) report.Report {
	w.Helper()
	r, err := w.im.Undo(w.Context(), id)
	if err != nil || r.Result != model.Applied {
		w.Fatalf("undo %d: %s %v", id, r.Result, err)
	}
	return r
}

// TestUndoIsRefused where something would be lost, and says what is in the way; nothing is
// changed.
func TestUndoIsRefused(t *testing.T) {
	for what, c := range map[string]struct {
		meddle func(w *world)
		says   string
	}{
		"another program changed a row": {func(w *world) {
			w.exec(`UPDATE elements SET name = 'Zoe' WHERE name LIKE 'Zoë%'`)
		}, "another program has changed pupil #11 since"},
		"another program removed a row": {func(w *world) {
			w.exec(`DELETE FROM memberships WHERE id IN (SELECT record_id FROM changes WHERE entity = 'membership'
				AND action = 'create' AND run_id = 3 LIMIT 1)`)
		}, "another program has changed a membership since"},
		"another program uses a group": {func(w *world) {
			w.exec(`INSERT INTO elements (kind, name) VALUES ('staff', 'Mr Late')`)
			w.exec(`INSERT INTO staff (id) SELECT id FROM elements WHERE name = 'Mr Late'`)
			w.exec(`INSERT INTO memberships (group_id, element_id, starts_on, ends_on)
				SELECT g.id, e.id, g.starts_on, g.ends_on FROM groups g, elements e WHERE g.source_id = '21'
				AND e.name = 'Mr Late'`)
		}, "created 1 record that other programs use since, the first of them set #21"},
		"a later run refers to what it made": {func(w *world) {
			w.must(w.desk().AddPin(w.Context(), "pupil", "11", "known_as"))
		}, "changed later, by run 4 (1 change): undo that first"},
	} {
		t.Run(strings.ReplaceAll(what, " ", "-"), func(t *testing.T) {
			each(t, func(w *world) {
				if w.rowsOf(`SELECT id FROM elements`) > 0 {
					w.Fatal("not empty")
				}
				r := w.night("2016-09-05", small().xml())
				c.meddle(w)
				before := w.dump()
				_, err := w.im.Undo(w.Context(), r.Run)
				if err == nil || !strings.Contains(err.Error(), c.says) || w.dump() != before {
					w.Errorf("%v", err)
				}
				if past, _ := importer.Runs(w.Context(), w.im.DB, 1); past[0].Kind == model.Undo {
					w.Error("a refusal was recorded")
				}
			})
		})
	}
	each(t, func(w *world) {
		w.night("2016-09-05", small().xml())
		r := w.night("2016-09-05", small().xml())
		if _, err := w.im.Undo(w.Context(), r.Run); err == nil || !strings.Contains(err.Error(), "it changed nothing") {
			w.Errorf("%v", err)
		}
		var none *store.NoRunError
		if _, err := w.im.Undo(w.Context(), 4711); !errors.As(err, &none) {
			w.Errorf("%v", err)
		}
	})
}

func (w *world) rowsOf(query string) int {
	w.Helper()
	var n int
	if err := w.raw.QueryRow(`SELECT count(*) FROM (` + query + `) AS found`).Scan(&n); err != nil {
		w.Fatal(err)
	}
	return n
}

// TestUndoHasLimitsOfItsOwn: one that would take away most of a school waits for a person.
func TestUndoHasLimitsOfItsOwn(t *testing.T) {
	each(t, func(w *world) {
		guarded(w)
		empty := w.dump()
		school := isamstest.New(7, someSchool)
		r := w.night("2016-09-05", school.Document())
		full := w.dump()
		planned, err := w.im.PlanUndo(w.Context(), r.Run)
		if err != nil || planned.Hold != model.HoldAll || w.dump() != full {
			w.Fatalf("%s %v", planned.Hold, err)
		}
		held, err := w.im.Undo(w.Context(), r.Run)
		if err != nil || held.Result != model.Held || !slices.Contains(breaches(held), guard.PupilsLeaving) ||
			w.dump() != full {
			w.Fatalf("%s %v %v", held.Result, breaches(held), err)
		}
		approved, err := w.im.Approve(w.Context(), held.Run)
		if err != nil || approved.Result != model.Applied || w.dump() != empty {
			w.Fatalf("%s %v %v", approved.Result, approved.Differs, err)
		}
		w.undo(approved.Run)
		if w.dump() != full {
			w.Error("the undo of an approved undo does not bring all back")
		}
	})
}

// TestCurrentFollowsUndo: it holds the document that the database reflects.
func TestCurrentFollowsUndo(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-09-05", small().xml())
		r := w.night("2016-09-06", aNight())
		w.undo(r.Run)
		current, err := w.im.State.Reflected()
		if err != nil || current.Size() != int64(len(small().xml())) {
			w.Fatalf("%v", err)
		}
		w.im.Again, w.im.AsOf = true, date(w, "2016-09-06")
		if again, err := w.im.Run(w.Context()); err != nil || again.Result != model.Unchanged ||
			len(again.Problems) > 1 {
			w.Errorf("%s %v %v", again.Result, again.Problems, err)
		}
	})
}

// TestRandomUndos goes through random sequences of nights, some of them bad, of approvals,
// of what is done by hand and of undos, and compares with what the whole database held
// before each run.
func TestRandomUndos(t *testing.T) {
	storetest.Each(t, func(t *testing.T, _ string) {
		fresh := storetest.SQLite
		if strings.HasSuffix(t.Name(), "postgres") {
			fresh = storetest.Postgres
		}
		tally := map[string]int{}
		rapid.Check(t, func(r *rapid.T) {
			w := newWorld(t, fresh(t))
			defer func() { _, _ = w.im.DB.Close(), w.raw.Close() }()
			u := &undoing{world: w, r: r, school: isamstest.New(rapid.Uint64().Draw(r, "school"),
				isamstest.Size{Pupils: 30, Staff: 8, Forms: 7, Sets: 14, SetLists: 80}).Teach(20),
				day: era.NewDate(2016, 9, 5), before: map[model.ID]string{}, tally: tally}
			for range rapid.IntRange(3, 12).Draw(r, "steps") {
				u.step()
			}
			u.unwind()
		})
		t.Logf("%v", tally)
	})
}

// undoing is a database in which things are done and undone.
type undoing struct {
	*world
	r      *rapid.T
	school *isamstest.School
	day    era.Date
	made   []model.ID          // runs that changed something and are not undone, oldest first
	before map[model.ID]string // what the database held before them
	tally  map[string]int
	waits  model.ID
}

func (u *undoing) did(what string, before string, r report.Report, err error) {
	if err != nil {
		u.r.Fatalf("%s: %v", what, err)
	}
	u.tally[what+" "+string(r.Result)]++
	if u.dump() != before && len(r.Changes) == 0 {
		u.r.Fatalf("%s: the database is not as it was, and no change is told of", what)
	}
	if len(r.Changes) > 0 {
		u.made = append(u.made, r.Run)
		u.before[r.Run] = before
	}
	if r.Result == model.Held {
		u.waits = r.Run
	}
}

func (u *undoing) step() {
	before := u.dump()
	things := []string{"night", "night", "night", "bad night", "bad night", "pin", "suspension", "undo", "undo",
		"undo older", "undo older"}
	if u.waits != 0 {
		things = append(things, "approve", "approve", "approve", "approve")
	}
	switch what := rapid.SampledFrom(things).Draw(u.r, "what"); what {
	case "night", "bad night":
		u.day = u.day.AddDays(rapid.SampledFrom([]int{0, 1, 1, 7}).Draw(u.r, "days"))
		u.school.Night()
		u.im.Guard = guard.Guard{Hold: rapid.SampledFrom([]model.Hold{model.HoldRemovals, model.HoldAll}).
			Draw(u.r, "hold"),
			Import:      guard.Limits{guard.PupilsLeaving: {Percent: 20, AtLeast: 3}, guard.SectionsMissing: {}},
			GraceNights: rapid.IntRange(0, 1).Draw(u.r, "grace")}
		document := u.school.Document()
		if what == "bad night" {
			bad := rapid.SampledFrom(badDocuments[3:]).Draw(u.r, "bad")
			document = bad.spoil(document, rand.New(rand.NewPCG(rapid.Uint64().Draw(u.r, "dice"), 1)))
		}
		u.drop(document)
		u.im.AsOf = u.day
		r, err := u.im.Run(u.Context())
		u.did(what, before, r, err)
	case "approve":
		r, err := u.im.Approve(u.Context(), u.waits)
		u.waits = 0
		if !isNotWaiting(err) {
			u.did(what, before, r, err)
		}
	case "pin":
		if run, err := u.desk().AddPin(u.Context(), "pupil", fmt.Sprint(u.school.Pupils[0].ID), "email"); err == nil {
			u.did(what, before, report.Report{Run: run.ID, Result: run.Result, Changes: run.Counts.V}, nil)
		}
	case "suspension":
		from := u.day.AddDays(rapid.IntRange(0, 60).Draw(u.r, "from"))
		s := era.Suspension{Name: "Trip", Kind: rapid.SampledFrom([]era.Kind{era.Gap, era.Suspend}).Draw(u.r, "kind"),
			From: from.At(0), To: from.At(era.MinutesOfDay)}
		if run, err := u.desk().AddSuspension(u.Context(), s); err == nil {
			u.did(what, before, report.Report{Run: run.ID, Result: run.Result, Changes: run.Counts.V}, nil)
		}
	case "undo":
		if len(u.made) > 0 {
			u.undoNewest()
		}
	case "undo older":
		if len(u.made) < 2 {
			return
		}
		id := rapid.SampledFrom(u.made[:len(u.made)-1]).Draw(u.r, "older")
		r, err := u.im.Undo(u.Context(), id)
		var refused *undo.NotUndoneError
		if errors.As(err, &refused) {
			u.tally["undo older refused"]++
			if u.dump() != before {
				u.r.Fatalf("a refused undo changed something: %v", err)
			}
			return
		}
		u.did(what, before, r, err)
		if rapid.Bool().Draw(u.r, "and back") {
			u.undoNewest()
		}
	}
}

// undoNewest undoes the newest run that changed something: then all is as it was before it.
func (u *undoing) undoNewest() {
	id := u.made[len(u.made)-1]
	if r, err := u.im.Undo(u.Context(), id); err != nil || r.Result != model.Applied {
		u.r.Fatalf("undo of the newest, run %d: %s %v", id, r.Result, err)
	}
	u.tally["undo applied"]++
	if now := u.dump(); now != u.before[id] {
		u.r.Fatalf("after the undo of run %d the database is not as it was before it:\n%s", id,
			differing(u.before[id], now))
	}
	u.made = u.made[:len(u.made)-1]
}

// unwind undoes all, the newest first.
func (u *undoing) unwind() {
	for len(u.made) > 0 {
		u.undoNewest()
	}
}

// differing is the lines in which two dumps differ.
func differing(a, b string) string {
	in := map[string]int{}
	for line := range strings.Lines(a) {
		in[line]++
	}
	for line := range strings.Lines(b) {
		in[line]--
	}
	var said []string
	for line, n := range in {
		if n != 0 {
			said = append(said, fmt.Sprintf("%+d %s", -n, line))
		}
	}
	slices.Sort(said)
	return strings.Join(said[:min(len(said), 12)], "")
}
