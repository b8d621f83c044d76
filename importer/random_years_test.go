package importer_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"misimportd/era"
	"misimportd/importer"
	"misimportd/importer/guard"
	"misimportd/importer/report"
	"misimportd/importer/sources"
	"misimportd/mis/isams/isamstest"
	"misimportd/store/model"
	"misimportd/store/storetest"
)

// yearly is a school that lives through years, in no order that a school would choose.
type yearly struct {
	*world
	rand   *rand.Rand
	school *isamstest.School
	day    era.Date
	mis    int // how many there have been
	done   []step
	tally  map[string]int
}

// step is what was done, and what the database held before.
type step struct {
	run    model.ID
	what   string
	before string
}

// TestRandomYears does what a school year and a change of MIS ask for in random order, nights in between,
// and takes back the newest of it now and then: all is as it was before.
func TestRandomYears(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database string) {
		for seed := range uint64(soak(60, 2)) {
			y := &yearly{world: newWorld(t, storetestAnother(t, database)), rand: rand.New(rand.NewPCG(seed, 13)),
				day: year2016.StartsOn + 20, tally: map[string]int{},
				school: isamstest.New(seed, isamstest.Size{Pupils: 30, Staff: 8, Forms: 7, Sets: 10,
					SetLists: 90}).Teach(12)}
			y.im.Guard, y.im.Conversion.Pupils, y.im.Force = guard.Guard{}, sources.BySameID, true
			for range soak(40, 25) {
				y.step()
			}
			t.Logf("seed %d: %v", seed, y.tally)
		}
	})
}

// storetestAnother is another database of the same kind.
func storetestAnother(t *testing.T, database string) string {
	t.Helper()
	if database[:6] == "sqlite" {
		return storetest.SQLite(t)
	}
	return storetest.Postgres(t)
}

func (y *yearly) step() {
	y.Helper()
	y.day++
	y.on(y.day.String())
	before := y.dump()
	var r report.Report
	var err error
	what := []string{"night", "night", "night", "edit", "next", "roll", "ahead", "merge", "rekey", "convert",
		"undo"}[y.rand.IntN(11)]
	switch what {
	case "undo":
		y.undoNewest()
		return
	case "night":
		y.school.Night()
		r, err = y.runNow()
	case "edit":
		e := y.current()
		r, err = y.im.EditEra(y.Context(), e.Name, importer.EraChange{To: e.EndsOn + era.Date(y.rand.IntN(40)-20)},
			true)
	case "next":
		run, failed := y.desk().CreateNextEra(y.Context(), y.current().Following())
		r.Run, r.Result, err = run.ID, run.Result, failed
	case "roll":
		r, err = y.im.Roll(y.Context(), true, true)
	case "ahead":
		y.im.NextYear = &model.NextYear{Era: y.current().Following().Name, Years: 1}
		r, err = y.runNow()
		y.im.NextYear = nil
	case "merge":
		a, b := y.school.Pupils[y.rand.IntN(20)].ID, y.school.Pupils[y.rand.IntN(20)].ID
		r, err = y.im.Merge("pupil", fmt.Sprint(a), fmt.Sprint(b), true).Do(y.Context())
	case "rekey":
		p := &y.school.Pupils[y.rand.IntN(20)]
		r, err = y.im.Rekey("pupil", fmt.Sprint(p.ID), fmt.Sprint(p.ID+1_000_000*(1+y.mis))).Do(y.Context())
	case "convert":
		if y.rowsOf(`SELECT e.id FROM elements e JOIN pupils p ON p.id = e.id WHERE e.current`) == 0 {
			return // there is nothing to convert
		}
		y.changeMIS()
		before = y.dump()
		r, err = y.convert(before)
	}
	var refused *importer.RefusedError
	var unconverted *importer.NotConvertedError // as after the undo of a convert
	if errors.As(err, &refused) || errors.As(err, &unconverted) || err != nil && what == "next" {
		if y.dump() != before {
			y.Fatalf("%s was refused (%v), and something changed", what, err)
		}
		y.tally[what+" refused"]++
		return
	}
	if err != nil {
		y.Fatalf("%s on %s: %v", what, y.day, err)
	}
	y.tally[what]++
	if r.Result == model.Applied {
		y.done = append(y.done, step{r.Run, what, before})
	}
	if faults := y.faults(); len(faults) > 0 {
		y.Fatalf("after %s: %+v", what, faults)
	}
}

func (y *yearly) runNow() (report.Report, error) {
	y.drop(y.school.Document())
	return y.im.Run(y.Context())
}

// current is the current era.
func (y *yearly) current() era.Era {
	y.Helper()
	s, err := y.im.EraStatus(y.Context())
	if err != nil || s.Current == nil {
		y.Fatalf("%+v %v", s, err)
	}
	return *s.Current
}

// changeMIS has another MIS from now on.
func (y *yearly) changeMIS() {
	y.mis++
	name := fmt.Sprintf("MIS %d", y.mis)
	y.must(y.desk().CreateDatasource(y.Context(), name))
	y.must(y.desk().SetDatasource(y.Context(), model.CurrentMIS, name))
	y.done = nil // what was done before is another MIS's
}

// convert makes the first import from the new MIS, which knows all by the same ids, and once more after it
// was undone.
func (y *yearly) convert(before string) (report.Report, error) {
	y.im.Convert = true
	defer func() { y.im.Convert = false }()
	r, err := y.runNow()
	if err == nil && r.Result == model.Applied {
		y.undo(r.Run)
		if y.dump() != before {
			y.Fatal("undone, a convert leaves something behind")
		}
		r, err = y.runNow()
	}
	return r, err
}

// undoNewest takes back the newest step.
func (y *yearly) undoNewest() {
	y.Helper()
	if len(y.done) == 0 {
		return
	}
	newest := y.done[len(y.done)-1]
	y.done = y.done[:len(y.done)-1]
	r, err := y.im.Undo(y.Context(), newest.run)
	if err != nil || r.Result != model.Applied {
		y.Fatalf("undo of %s: %s %v", newest.what, r.Result, err)
	}
	if y.dump() != newest.before {
		y.Fatalf("undone, %s leaves something behind", newest.what)
	}
	y.tally["undo of "+newest.what]++
}
