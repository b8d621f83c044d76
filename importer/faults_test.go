package importer_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"

	"misimportd/store"
	"misimportd/store/storetest"
)

// TestR31CutOffAtEveryStatement cuts the connection to PostgreSQL, or kills the process, at
// each statement of imports, approvals and an undo: before the statement gets through, and
// just after. It goes through some of the statements, and all of them in the soak.
func TestR31CutOffAtEveryStatement(t *testing.T) {
	t.Parallel()
	o := newOrdeal(t, storetest.Postgres(t))
	w := storetest.NewWire(t, o.database)
	step := soak(1, 701)
	for _, what := range operations {
		for _, how := range []string{"cut", "killed"} {
			for _, after := range []bool{false, true} {
				for at := 1 + (len(what)+len(how))%step; ; at += step {
					do := o.ready(what)
					o.through(what+" "+how, do, func() error { return o.throughWire(w, how, do, at, 0, after) })
					if _, _, happened := w.Seen(); !happened {
						break
					}
				}
			}
		}
	}
	o.Logf("TABLE %v", o.tally)
}

// throughWire does an operation over a wire on which something happens.
func (o *ordeal) throughWire(w *storetest.Wire, how, do string, at, atByte int, after bool) error {
	if how == "killed" {
		cmd := o.victim(do, w.URL)
		w.Arm(at, atByte, after, func() { _ = cmd.Process.Kill() })
		out, err := cmd.CombinedOutput()
		w.Cut()
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	}
	w.Arm(at, atByte, after, nil)
	db, err := store.Prepare(w.URL)
	if err != nil {
		o.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	im := *o.im
	im.DB = db
	err = operation(do, &im)
	w.Cut()
	return err
}

// victim is a process of its own that is to do an operation.
func (o *ordeal) victim(do, database string, env ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), append(env, victimIs+"="+do, "VICTIM_DATABASE="+database, "VICTIM_STATE="+
		string(o.im.State.Scratch()), "VICTIM_AS_OF="+o.im.AsOf.String())...)
	if o.im.State.InRows() {
		cmd.Env = append(cmd.Env, "VICTIM_DOCUMENTS=database")
	}
	if o.im.Groups.Houses {
		cmd.Env = append(cmd.Env, "VICTIM_KINDS=yes")
	}
	for _, files := range o.im.EventsFiles {
		cmd.Env = append(cmd.Env, "VICTIM_EVENTS="+files)
	}
	return cmd
}

// TestR31CutOffAtRandomBytes cuts the connection in the middle of messages, in both
// directions.
func TestR31CutOffAtRandomBytes(t *testing.T) {
	t.Parallel()
	o := newOrdeal(t, storetest.Postgres(t)).inRows()
	w := storetest.NewWire(t, o.database)
	dice := rand.New(rand.NewPCG(31, 31))
	for _, what := range operations {
		do := o.ready(what)
		if err := o.throughWire(w, "cut", do, 0, 0, false); err != nil {
			t.Fatal(err)
		}
		_, whole, _ := w.Seen()
		for range soak(400, 2) {
			do := o.ready(what)
			o.through(what, do, func() error { return o.throughWire(w, "cut", do, 0, 1+dice.IntN(whole), false) })
		}
	}
	o.Logf("TABLE %v", o.tally)
}

// TestR31SQLiteAtEveryStatement kills the process, or has the statement fail, in the middle of
// every statement that writes.
func TestR31SQLiteAtEveryStatement(t *testing.T) {
	t.Parallel()
	o := newOrdeal(t, storetest.SQLite(t)).inRows()
	for _, what := range operations {
		for _, how := range []string{"killed", "fails"} {
			for at := 1; ; at += soak(1, 709) {
				do := o.ready(what)
				var err error
				o.through(what+" "+how, do, func() error {
					cmd := o.victim(do, o.database, fmt.Sprintf("VICTIM_DIES_AT=%d", at), "VICTIM_FAILS="+
						map[string]string{"fails": "yes"}[how])
					var out []byte
					if out, err = cmd.CombinedOutput(); err != nil {
						err = fmt.Errorf("%w: %s", err, out)
					}
					return err
				})
				if err == nil {
					break
				}
				if says := map[string]string{"killed": "killed",
					"fails": "bad day"}[how]; !strings.Contains(err.Error(), says) {
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
	t.Parallel()
	o := newOrdeal(t, storetest.Postgres(t))
	for n, what := range operations {
		for i, table := range written {
			if (i+n)%soak(1, 14) != 0 {
				continue // each table with some of the operations
			}
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
	t.Parallel()
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
						if what != "undo" { // which keeps others from writing these
							o.exec(`UPDATE memberships SET ends_on = ends_on`)
						}
						o.exec(`UPDATE elements SET name = name`)
						o.exec(`UPDATE lessons SET name = name`)
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
