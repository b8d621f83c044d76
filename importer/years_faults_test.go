package importer_test

import (
	"fmt"
	"strings"
	"testing"

	"misimportd/importer"
	"misimportd/importer/guard"
	"misimportd/mis/isams/isamstest"
	"misimportd/store/model"
	"misimportd/store/storetest"
)

// deeds are what a year's end and a change of MIS ask for, that something comes between.
var deeds = []string{"roll", "merge", "convert"}

// deed is a database in which a deed is to be done. Whatever comes between, it holds what it held before, or
// what it holds when all is done; and then the deed can be done, and undone.
type deed struct {
	*ordeal
	what     string
	document []byte
	before   string
	seen     map[string]int
}

func newDeed(t *testing.T, database, what string) *deed {
	o := &ordeal{world: newWorld(t, database), database: database, tally: map[string]int{}}
	d := &deed{ordeal: o, what: what, seen: map[string]int{}}
	school := isamstest.New(61, isamstest.Size{Pupils: 40, Staff: 8, Forms: 7, Sets: 10, SetLists: 120}).Teach(20)
	d.document = school.Document()
	o.im.Guard, o.im.Force = guard.NewGuard(), true
	o.im.AsOf = date(t, "2016-09-12")
	switch what {
	case "roll":
		o.must(o.desk().CreateNextEra(t.Context(), year2017))
		o.night("2016-09-05", d.document)
	case "merge":
		o.night("2016-09-05", small().pupil(17, "Zoe OBrien", "", 7).set(88, "7Mu1", 7, 17).set(89, "7Ar1", 7, 11,
			17).xml())
	case "convert": // the MIS that was is another, with the same ids
		o.night("2016-09-05", d.document)
		o.must(o.desk().CreateDatasource(t.Context(), "Another"))
		o.must(o.desk().SetDatasource(t.Context(), model.CurrentMIS, "Another"))
	}
	o.im.AsOf = date(t, "2016-09-12")
	d.before = o.dump()
	return d
}

// ready puts the document there that a convert takes.
func (d *deed) ready() {
	if d.what == "convert" {
		d.drop(d.document)
	}
}

// applied is the run that did the deed and still counts, 0 for none. A connection that is cut while it commits
// may leave the record of a failure after it: nobody knew.
func (d *deed) applied() model.ID {
	d.Helper()
	newest, err := importer.Runs(d.Context(), d.im.DB, 3)
	if err != nil {
		d.Fatal(err)
	}
	for _, r := range newest {
		if r.Kind == d.what && r.Result == model.Applied && r.UndoneBy == 0 {
			return r.Run
		}
	}
	return 0
}

// check looks at what came of a deed that something came between, and brings all back.
func (d *deed) check(how string, at int, err error) {
	d.Helper()
	run := d.applied()
	done := run != 0
	switch now := d.dump(); {
	case !done && now != d.before:
		d.Fatalf("%s %s at %d: half done: %v", d.what, how, at, err)
	case done && now == d.before:
		d.Fatalf("%s %s at %d: said to be done, and nothing is", d.what, how, at)
	case err == nil && !done:
		d.Fatalf("%s %s at %d: no error, and not done", d.what, how, at)
	}
	d.seen[map[bool]string{true: "done", false: "as before"}[done]]++
	if !done { // the next one at once, with nothing between
		d.ready()
		d.finish(d.what)
		run = d.applied()
	}
	guards := d.im.Guard
	d.im.Guard.Undo = guard.Limits{} // it takes away a whole school
	d.undo(run)
	d.im.Guard = guards
	if d.dump() != d.before {
		d.Fatalf("%s %s at %d: undone, it leaves something behind", d.what, how, at)
	}
}

// TestR31YearAndMISCutOffAtEveryStatement cuts the connection to PostgreSQL, or kills the process, at each
// statement of a roll, a merge and a convert.
func TestR31YearAndMISCutOffAtEveryStatement(t *testing.T) {
	for _, what := range deeds {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			d := newDeed(t, storetest.Postgres(t), what)
			w := storetest.NewWire(t, d.database)
			for _, how := range []string{"cut", "killed"} {
				for at := 1; ; at += soak(1, 31) {
					d.ready()
					err := d.throughWire(w, how, what, at, 0, at%2 == 0)
					_, _, happened := w.Seen()
					d.check(how, at, err)
					if !happened {
						break
					}
				}
			}
			t.Logf("%s: %v", what, d.seen)
		})
	}
}

// TestR31YearAndMISInSQLiteAtEveryStatement kills the process, or has the database fail, at each statement.
func TestR31YearAndMISInSQLiteAtEveryStatement(t *testing.T) {
	for _, what := range deeds {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			d := newDeed(t, storetest.SQLite(t), what)
			for how, fails := range map[string]string{"killed": "", "fails": "yes"} {
				for at := 1; ; at += soak(1, 31) {
					d.ready()
					out, err := d.victim(what, d.database, fmt.Sprintf("VICTIM_DIES_AT=%d", at), "VICTIM_FAILS="+fails).
						CombinedOutput()
					if err != nil && !strings.Contains(err.Error()+string(out), map[string]string{"killed": "killed",
						"fails": "bad day"}[how]) {
						t.Fatalf("%s %s at %d: %v: %s", what, how, at, err, out)
					}
					d.check(how, at, err)
					if err == nil {
						break
					}
				}
			}
			t.Logf("%s: %v", what, d.seen)
		})
	}
}
