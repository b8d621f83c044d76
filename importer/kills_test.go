package importer_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"misimportd/mis/cache"
	"misimportd/store/model"
	"misimportd/store/storetest"
)

// TestR31KilledAndTheNextRunAtOnce kills processes at random moments, and starts the next at
// once, before the system has buried the killed one and the server has missed it. The next
// does the work, or says that it is done; and all of it is done, and nothing twice. Every other
// time it is looked at what the kill left, before the next begins. There are 1,000 kills on
// each database in the soak.
func TestR31KilledAndTheNextRunAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database string) {
		o := newOrdeal(t, database)
		// of the two homes of documents, each is killed beside one database
		if strings.HasPrefix(database, "postgres") {
			o.inRows()
		}
		dice := rand.New(rand.NewPCG(41, 4))
		whole := map[string]time.Duration{}
		for i := range soak(1005, 10) {
			what := operations[i%len(operations)]
			do := o.ready(what)
			if whole[what] == 0 { // the first of each is to come through, and is timed
				begin := time.Now()
				o.succeeds(do, o.victim(do, database))
				whole[what] = time.Since(begin) * 5 / 4 // another may take a little longer
				continue
			}
			after := time.Duration(dice.Int64N(int64(whole[what])))
			if i%2 == 0 {
				o.killAndGoOn(what, do, after)
			} else {
				o.through(what+" killed", do, func() error { return o.kill(do, after) })
			}
			o.isComplete(what)
		}
		o.Logf("TABLE %v", o.tally)
	})
}

// kill starts an operation and kills it after a while.
func (o *ordeal) kill(do string, after time.Duration) error {
	o.Helper()
	cmd := o.victim(do, o.database)
	if err := cmd.Start(); err != nil {
		o.Fatal(err)
	}
	time.Sleep(after)
	_ = cmd.Process.Kill()
	return cmd.Wait()
}

// killAndGoOn kills an operation and does it again at once.
func (o *ordeal) killAndGoOn(what, do string, after time.Duration) {
	o.Helper()
	first := o.victim(do, o.database)
	if err := first.Start(); err != nil {
		o.Fatal(err)
	}
	time.Sleep(after)
	_ = first.Process.Kill()
	o.tally[what+" at once: "+o.succeeds(do, o.victim(do, o.database))]++
	_ = first.Wait()
}

// succeeds has a process do an operation that may have been done before, and tells which.
func (o *ordeal) succeeds(do string, cmd *exec.Cmd) string {
	o.Helper()
	out, err := cmd.CombinedOutput()
	switch {
	case err == nil:
		return "did it"
	case bytes.HasPrefix(out, []byte(doneBefore)):
		return "was done"
	}
	o.Fatalf("%s: %v\n%s", do, err, out)
	return ""
}

// isComplete looks whether an operation is done whole: the document that was imported would
// change nothing more, and an undo has put back what there was.
func (o *ordeal) isComplete(what string) {
	o.Helper()
	if what == "undo" {
		if now := o.dump(); now != o.restored {
			o.Fatalf("the undo did not put back what was there:\n%s", differing(o.restored, now))
		}
		return
	}
	o.drop(o.wanted)
	im := *o.im
	im.Force = true
	plan, err := im.Plan(o.Context())
	if err != nil {
		o.Fatal(err)
	}
	if len(plan.Changes) > 0 || len(plan.Waiting) > 0 || plan.Hold != model.HoldNothing {
		o.Fatalf("%s: not all of it is done: %v, and %v waits", what, plan.Changes, plan.Waiting)
	}
	if err := os.Remove(filepath.Join(string(o.im.State.Scratch()), cache.PreFetched, "data.xml")); err != nil {
		o.Fatal(err)
	}
	if what == "moved" {
		o.nobodyIsInTwoPlaces()
	}
}

// nobodyIsInTwoPlaces looks at the lessons of sets from the as-of date on: no two of one teacher,
// set or room are at the same time, for the documents have none. (They have meetings during
// lessons.)
func (o *ordeal) nobodyIsInTwoPlaces() {
	o.Helper()
	both := o.rows(`WITH taught AS (SELECT l.id, l.on_date, l.starts_at, l.ends_at, c.element_id FROM lessons l
		JOIN commitments c ON c.lesson_id = l.id
			WHERE l.on_date >= $1 AND EXISTS (SELECT 1 FROM commitments m JOIN groups g ON g.id = m.element_id
			WHERE m.lesson_id = l.id AND g.kind = 'set'))
		SELECT DISTINCT e.kind || ' ' || CAST(e.id AS text) || ' on ' || CAST(a.on_date AS text)
		FROM taught a JOIN taught b ON b.element_id = a.element_id AND b.on_date = a.on_date AND b.id > a.id
		AND b.starts_at < a.ends_at AND a.starts_at < b.ends_at
		JOIN elements e ON e.id = a.element_id ORDER BY 1 LIMIT 10`, o.im.AsOf.String())
	if len(both) > 0 {
		o.Fatalf("in two places: %s", strings.Join(both, "; "))
	}
}

// TestR32KilledInTheMiddleOfAStatement kills an import whose statement waits for a table that
// another program holds. PostgreSQL's server does not know that yet when the next import comes.
func TestR32KilledInTheMiddleOfAStatement(t *testing.T) {
	o := newOrdeal(t, storetest.Postgres(t))
	for i := 0; i < len(written); i += soak(1, 6) {
		table := written[i]
		do := o.ready("apply")
		tx, err := o.raw.Begin()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(`LOCK TABLE ` + table + ` IN EXCLUSIVE MODE`); err != nil {
			t.Fatal(err)
		}
		first, next := o.begun(do), (*begun)(nil)
		if waited := first.untilItWaits(); waited {
			_ = first.Process.Kill()
			o.tally["killed"]++
			next = o.begun(do)
			next.untilItWaits()
		}
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
		<-first.done
		if next != nil {
			<-next.done
			if said := next.out.String(); next.err != nil && !strings.HasPrefix(said, doneBefore) {
				t.Errorf("killed while it waited for %s, and the next: %v %s", table, next.err, said)
			}
		}
		o.isComplete("apply")
	}
	if o.tally["killed"] < 3 {
		t.Errorf("only %d tables were waited for", o.tally["killed"])
	}
}

// begun is a process that does an operation meanwhile.
type begun struct {
	*exec.Cmd
	o    *ordeal
	out  bytes.Buffer
	err  error
	done chan struct{}
}

func (o *ordeal) begun(do string) *begun {
	o.Helper()
	b := &begun{Cmd: o.victim(do, o.database), o: o, done: make(chan struct{})}
	b.Stdout, b.Stderr = &b.out, &b.out
	if err := b.Start(); err != nil {
		o.Fatal(err)
	}
	go func() {
		b.err = b.Wait()
		close(b.done)
	}()
	return b
}

// untilItWaits returns when the process waits for another's lock on a table, and tells so, or
// when it has ended.
func (b *begun) untilItWaits() bool {
	b.o.Helper()
	for {
		select {
		case <-b.done:
			return false
		case <-time.After(10 * time.Millisecond):
		}
		waiting := b.o.rows(`SELECT query FROM pg_stat_activity WHERE wait_event_type = 'Lock'
			AND wait_event = 'relation' AND application_name LIKE $1`,
			fmt.Sprintf("misimportd %%process %d %%", b.Process.Pid))
		if len(waiting) > 0 {
			return true
		}
	}
}
