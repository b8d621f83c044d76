package importer_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"misimportd/importer"
	"misimportd/mis/isams/isamstest"
	"misimportd/store"
	"misimportd/store/storetest"
)

// ordeal is a database in which things are done that something comes between: after each,
// the database holds what it held before or what it holds when all is done.
type ordeal struct {
	*world
	database  string
	documents [2][]byte // of two nights, which take turns
	reflects  int       // which of them the database reflects
	day       int
	tally     map[string]int
}

func newOrdeal(t *testing.T, database string) *ordeal {
	school := isamstest.New(9, isamstest.Size{Pupils: 70, Staff: 12, Forms: 7, Sets: 21, SetLists: 300}).Teach(42)
	o := &ordeal{world: guarded(newWorld(t, database)), database: database, tally: map[string]int{}, documents: [2][]byte{0: school.Document()}}
	school.Night()
	o.documents[1] = school.Document()
	o.im.Force = true
	o.night(o.asOf(), o.documents[0])
	return o
}

// asOf goes on a day every few times, so that it stays within the era for as long as an ordeal takes.
func (o *ordeal) asOf() string { return year2016.StartsOn.AddDays(21 + o.day/8).String() }

// operations are what the ordeal is about.
var operations = []string{"apply", "approve", "undo"}

// ready brings the database to where an operation can be done, and says what to do.
func (o *ordeal) ready(what string) string {
	o.Helper()
	o.day++
	other := 1 - o.reflects
	switch what {
	case "approve":
		o.reflects = other
		o.night(o.asOf(), o.documents[other])
		lost := 0 // a different third of the pupils each time
		held := o.night(o.asOf(), spoilt(o.documents[other], func(line string) (string, bool) {
			if !ofSection("CurrentPupils", line) {
				return line, true
			}
			lost++
			return line, (lost+o.day)%70 >= 25
		}))
		if held.Result != store.Held {
			o.Fatalf("not held: %s", held.Result)
		}
		return fmt.Sprintf("approve %d", held.Run)
	case "undo": // after which the database reflects what it did
		o.night(o.asOf(), o.documents[o.reflects]) // after an approval not all are there
		r := o.night(o.asOf(), o.documents[other])
		if r.Result != store.Applied {
			o.Fatalf("%s, not applied: %v", r.Result, breaches(r))
		}
		return fmt.Sprintf("undo %d", r.Run)
	}
	o.reflects = other
	o.drop(o.documents[other])
	o.im.AsOf = date(o, o.asOf())
	return "run"
}

// through does an operation while something comes between, and judges what is found.
func (o *ordeal) through(what, do string, come func() error) {
	o.Helper()
	before := o.dump()
	err := come()
	found := o.dump()
	if orphans := o.rows(`SELECT DISTINCT CAST(run_id AS text) FROM changes WHERE run_id NOT IN (SELECT id FROM runs)`); len(orphans) > 0 {
		o.Fatalf("%s: changes of runs that are not there: %v", what, orphans)
	}
	o.finish(do)
	switch finished := o.dump(); found {
	case before:
		o.tally[what+": before"]++
		if err == nil && before != finished {
			o.Fatalf("%s: it is said to be done, and nothing is", what)
		}
	case finished:
		o.tally[what+": after"]++
	default:
		o.Fatalf("%s (%v): neither before nor after:\n%s", what, err, differing(before, found))
	}
}

// finish does the operation with nothing in the way: no lock is left, and nothing is done
// twice.
func (o *ordeal) finish(do string) {
	o.Helper()
	const patience = 10 * time.Second
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		err := operation(do, o.im)
		var done *store.NotWaitingError
		var undone *importer.NotUndoneError
		switch {
		case err == nil, errors.As(err, &done) && done.Run.Decision == store.Approved, errors.As(err, &undone) && strings.Contains(err.Error(), "did that already"), importer.IsWithoutDocument(err):
			return
		case !importer.IsBusy(err) || time.Now().After(deadline):
			o.Fatalf("%s: %v", do, err)
		}
	}
}

// soak is many in the soak, and few in make test.
func soak(many, few int) int {
	if os.Getenv("MISIMPORTD_SOAK") != "" {
		return many
	}
	return few
}

// TestR31CutOffAtEveryStatement cuts the connection to PostgreSQL, or kills the process, at
// each statement of an import, an approval and an undo: before the statement gets through, and
// just after. It goes through every 19th statement, and all of them in the soak.
func TestR31CutOffAtEveryStatement(t *testing.T) {
	o := newOrdeal(t, storetest.Postgres(t))
	w := newWire(t, o.database)
	step := soak(1, 19)
	for _, what := range operations {
		for _, how := range []string{"cut", "killed"} {
			for _, after := range []bool{false, true} {
				for at := 1 + (len(what)+len(how))%step; ; at += step {
					do := o.ready(what)
					o.through(what+" "+how, do, func() error { return o.throughWire(w, how, do, at, 0, after) })
					if _, _, happened := w.seen(); !happened {
						break
					}
				}
			}
		}
	}
	o.Logf("TABLE %v", o.tally)
}

// throughWire does an operation over a wire on which something happens.
func (o *ordeal) throughWire(w *wire, how, do string, at, atByte int, after bool) error {
	if how == "killed" {
		cmd := o.victim(do, w.URL)
		w.arm(at, atByte, after, func() { _ = cmd.Process.Kill() })
		out, err := cmd.CombinedOutput()
		w.cut()
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	}
	w.arm(at, atByte, after, nil)
	db, err := store.Prepare(w.URL)
	if err != nil {
		o.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	im := *o.im
	im.DB = db
	err = operation(do, &im)
	w.cut()
	return err
}

// victim is a process of its own that is to do an operation.
func (o *ordeal) victim(do, database string, env ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), append(env, victimIs+"="+do, "VICTIM_DATABASE="+database, "VICTIM_STATE="+string(o.im.State), "VICTIM_AS_OF="+o.im.AsOf.String())...)
	return cmd
}

// TestR31CutOffAtRandomBytes cuts the connection in the middle of messages, in both
// directions.
func TestR31CutOffAtRandomBytes(t *testing.T) {
	o := newOrdeal(t, storetest.Postgres(t))
	w := newWire(t, o.database)
	dice := rand.New(rand.NewPCG(31, 31))
	for _, what := range operations {
		do := o.ready(what)
		if err := o.throughWire(w, "cut", do, 0, 0, false); err != nil {
			t.Fatal(err)
		}
		_, whole, _ := w.seen()
		for range soak(400, 25) {
			do := o.ready(what)
			o.through(what, do, func() error { return o.throughWire(w, "cut", do, 0, 1+dice.IntN(whole), false) })
		}
	}
	o.Logf("TABLE %v", o.tally)
}

// TestR31SQLiteAtEveryStatement kills the process, or has the statement fail, in the middle of
// every statement that writes.
func TestR31SQLiteAtEveryStatement(t *testing.T) {
	o := newOrdeal(t, storetest.SQLite(t))
	for _, what := range operations {
		for _, how := range []string{"killed", "fails"} {
			for at := 1; ; at += soak(1, 8) {
				do := o.ready(what)
				var err error
				o.through(what+" "+how, do, func() error {
					cmd := o.victim(do, o.database, fmt.Sprintf("VICTIM_DIES_AT=%d", at), "VICTIM_FAILS="+map[string]string{"fails": "yes"}[how])
					var out []byte
					if out, err = cmd.CombinedOutput(); err != nil {
						err = fmt.Errorf("%w: %s", err, out)
					}
					return err
				})
				if err == nil {
					break
				}
				if says := map[string]string{"killed": "killed", "fails": "bad day"}[how]; !strings.Contains(err.Error(), says) {
					t.Fatalf("%s %s at %d: %v", what, how, at, err)
				}
			}
		}
	}
	o.Logf("TABLE %v", o.tally)
}

// TestR31StatementTimeout has somebody hold each table that is written to for longer than
// statements may take: the operation fails, and says so; when the table is free again, it
// is done.
func TestR31StatementTimeout(t *testing.T) {
	o := newOrdeal(t, storetest.Postgres(t))
	for _, what := range operations {
		for _, table := range written {
			do := o.ready(what)
			var err error
			o.through(what, do, func() error {
				tx, locked := o.raw.Begin()
				if locked != nil {
					t.Fatal(locked)
				}
				defer func() { _ = tx.Rollback() }()
				if _, locked := tx.Exec(`LOCK TABLE ` + table + ` IN EXCLUSIVE MODE`); locked != nil {
					t.Fatal(locked)
				}
				db, opened := store.Prepare(o.database + "&statement_timeout=100")
				if opened != nil {
					t.Fatal(opened)
				}
				defer func() { _ = db.Close() }()
				im := *o.im
				im.DB = db
				err = operation(do, &im)
				return err
			})
			if err != nil && !strings.Contains(err.Error(), "57014") {
				t.Errorf("%s, %s: %v", what, table, err)
			}
			if err != nil {
				o.tally[what+": timed out"]++
			}
		}
	}
	o.Logf("TABLE %v", o.tally)
}

// TestR31SerializationFailure has another program change a row between the reading and the
// writing: once, and the operation is done all the same; each time, and it fails.
func TestR31SerializationFailure(t *testing.T) {
	o := newOrdeal(t, storetest.Postgres(t))
	for _, what := range operations {
		for _, times := range []int{1, 1000} {
			do := o.ready(what)
			left := times
			var err error
			o.through(what, do, func() error {
				im := *o.im
				im.Progress = func(stage string) {
					if stage == "apply" && left > 0 {
						left--
						o.exec(`UPDATE memberships SET ends_on = ends_on`)
						o.exec(`UPDATE elements SET name = name`)
					}
				}
				err = operation(do, &im)
				return err
			})
			if (err == nil) != (times == 1) || err != nil && !strings.Contains(err.Error(), "40001") {
				t.Errorf("%s, %d times: %v", what, times, err)
			}
			o.tally[fmt.Sprintf("%s: disturbed %d times", what, times-left)]++
		}
	}
	o.Logf("TABLE %v", o.tally)
}
