package importer_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"misimportd/era"
	"misimportd/importer"
	"misimportd/importer/entry"
	"misimportd/store"
	"misimportd/store/storetest"
)

// TestR32SeveralAtOnce starts imports, an approval and an undo at the same moment, each in a
// process of its own, some with a state folder of their own: one works, the others say that
// it does, or that what they were to do is not to be done any more; and no lock is left.
func TestR32SeveralAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database string) {
		o := newOrdeal(t, database)
		for round := range soak(100, 4) {
			day := date(t, o.asOf()).AddDays(30)
			added, err := o.desk().AddSuspension(t.Context(), era.Suspension{Name: fmt.Sprintf("Trip %d", round),
				Kind: era.Gap, From: day.At(9 * 60),
				To: day.At(10 * 60)})
			if err != nil {
				t.Fatal(err)
			}
			undo, approve := fmt.Sprintf("undo %d", added.ID), o.ready("approve")
			what := []string{"run", "run", "run", approve, undo}[:2+round%4]
			if round%2 == 0 {
				what = append(what, approve, undo)
			}
			o.drop(o.document(1 - o.reflects))
			start := make(chan struct{})
			said := make([]string, len(what))
			var all sync.WaitGroup
			for i, do := range what {
				cmd := o.victim(do, database)
				if do == "run" && i == 1 { // with a folder of its own, in which there is no document
					cmd.Env = append(cmd.Env, "VICTIM_STATE="+t.TempDir())
				}
				all.Go(func() {
					<-start
					out, err := cmd.CombinedOutput()
					said[i] = outcome(string(out), err)
				})
			}
			close(start)
			all.Wait()
			for i, s := range said {
				verb, _, _ := strings.Cut(what[i], " ")
				o.tally[verb+" "+s]++
				if strings.HasPrefix(s, "?") {
					t.Errorf("%s: %s", what[i], s)
				}
			}
			if !slices.ContainsFunc(said, func(s string) bool { return s != "said that another is at work" }) {
				t.Errorf("of %v none had its turn: %v", what, said)
			}
			o.drop(o.document(o.reflects))
			o.finish("run")
		}
		t.Logf("TABLE %v", o.tally)
	})
}

// outcome is how a process ended that was one of several.
func outcome(out string, err error) string {
	switch {
	case err == nil:
		return "worked"
	case strings.Contains(out, "is under way"), strings.Contains(out, "is in use: misimportd"):
		return "said that another is at work"
	case strings.Contains(out, "no document to import"):
		return "found no document"
	case strings.Contains(out, "was replaced by run"), strings.Contains(out, "was approved already"),
		strings.Contains(out, "was held"):
		return "found another plan"
	case strings.Contains(out, "cannot be undone"):
		return "was refused"
	}
	return fmt.Sprintf("? %v %s", err, out)
}

// diary is another program, which writes to groups and memberships of its own all the while
// and notes what it wrote, and for how long it had to wait.
type diary struct {
	*world
	group   int64
	pupils  []int64
	holds   map[int64]string // member → days, as it wrote them
	longest time.Duration
	writes  int
}

func newDiary(w *world) *diary {
	d := &diary{world: w, holds: map[int64]string{}}
	for _, query := range []string{
		`INSERT INTO elements (kind, name) VALUES ('group', 'Netball')`,
		`INSERT INTO groups (id, kind, era_id, starts_on, ends_on)
			SELECT e.id, 'user', s.current_era_id, '2016-08-15', '2017-08-14' FROM elements e, settings s
			WHERE e.name = 'Netball'`,
	} {
		w.exec(query)
	}
	if err := w.raw.QueryRow(`SELECT id FROM elements WHERE name = 'Netball'`).Scan(&d.group); err != nil {
		w.Fatal(err)
	}
	rows, err := w.raw.Query(`SELECT id FROM pupils ORDER BY id LIMIT 20`)
	if err != nil {
		w.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			w.Fatal(err)
		}
		d.pupils = append(d.pupils, id)
	}
	if err := rows.Err(); err != nil {
		w.Fatal(err)
	}
	return d
}

// write puts somebody into the group, changes the days, or takes somebody out.
func (d *diary) write(dice *rand.Rand) error {
	pupil := d.pupils[dice.IntN(len(d.pupils))]
	begin := time.Now()
	defer func() { d.longest = max(d.longest, time.Since(begin)); d.writes++ }()
	switch _, there := d.holds[pupil]; {
	case !there:
		_, err := d.raw.Exec(`INSERT INTO memberships (group_id, element_id, starts_on, ends_on)
			VALUES ($1, $2, '2016-09-01', '2016-12-16')`, d.group, pupil)
		d.holds[pupil] = "2016-12-16"
		return err
	case dice.IntN(2) == 0:
		until := fmt.Sprintf("2017-%02d-01", 1+dice.IntN(7))
		_, err := d.raw.Exec(`UPDATE memberships SET ends_on = $1 WHERE group_id = $2 AND element_id = $3`, until,
			d.group, pupil)
		d.holds[pupil] = until
		return err
	}
	_, err := d.raw.Exec(`DELETE FROM memberships WHERE group_id = $1 AND element_id = $2`, d.group, pupil)
	delete(d.holds, pupil)
	return err
}

// TestAnotherProgramWritesAllTheWhile to groups and memberships of its own in the same
// tables, while nights, approvals and undos go on: nothing of its is changed or lost, and
// neither waits for longer than a transaction of the other takes.
func TestAnotherProgramWritesAllTheWhile(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database string) {
		o := newOrdeal(t, database)
		d := newDiary(o.world)
		ctx, stop := context.WithCancel(t.Context())
		var writing sync.WaitGroup
		writing.Go(func() {
			dice := rand.New(rand.NewPCG(2, 2))
			for ctx.Err() == nil {
				if err := d.write(dice); err != nil {
					t.Errorf("the other program: %v", err)
					return
				}
				time.Sleep(time.Millisecond)
			}
		})
		var longest time.Duration
		for range soak(60, 4) {
			for _, what := range operations {
				do := o.ready(what)
				begin := time.Now()
				if err := operation(do, o.im); err != nil {
					t.Fatalf("%s: %v", do, err)
				}
				longest = max(longest, time.Since(begin))
				time.Sleep(50 * time.Millisecond) // no two nights follow each other without a pause
			}
		}
		stop()
		writing.Wait()
		got := o.rows(`SELECT CAST(element_id AS text) || ' ' || CAST(ends_on AS text) FROM memberships
			WHERE group_id = $1 ORDER BY 1`, d.group)
		var want []string
		for pupil, until := range d.holds {
			want = append(want, fmt.Sprintf("%d %s", pupil, until))
		}
		slices.Sort(want)
		o.expect("the other program's memberships", got, want...)
		o.expect("its group",
			o.rows(`SELECT e.name || CAST(g.starts_on AS text) || CAST(g.ends_on AS text)
				|| CASE WHEN e.current THEN '' ELSE ' gone' END FROM groups g JOIN elements e ON e.id = g.id
				WHERE g.kind = 'user'`), "Netball2016-08-152017-08-14")
		if touched := o.rows(`SELECT DISTINCT CAST(record_id AS text) FROM changes WHERE entity = 'membership'
			AND (CAST(after AS text) LIKE $1 OR CAST(before AS text) LIKE $1)`,
			fmt.Sprintf(`%%"group_id":%d,%%`, d.group)); len(touched) > 0 {
			t.Errorf("recorded as changed: %v", touched)
		}
		const noise = 5 * time.Second
		if d.writes < 50 || d.longest > longest+noise {
			t.Errorf("the other program wrote %d times and waited for up to %s; the longest run took %s", d.writes,
				d.longest, longest)
		}
		t.Logf("TABLE the other program wrote %d times, waiting %s at most; the longest run took %s", d.writes,
			d.longest, longest)
	})
}

// TestALockDoesNotOutliveItsHolder: a process that has it is stopped dead, then killed.
func TestALockDoesNotOutliveItsHolder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database string) {
		o := newOrdeal(t, database)
		do := o.ready("undo")
		blocker, err := o.im.DB.Lock(t.Context(), store.NewHolder("test"))
		if err != nil {
			t.Fatal(err)
		}
		for _, what := range []string{do, "approve 1"} {
			if err := operation(what, o.im); !importer.IsBusy(err) && !isNotWaiting(err) {
				t.Errorf("%s while another has the lock: %v", what, err)
			}
		}
		if err := (entry.Desk{DB: o.im.DB}).Reject(t.Context(), 1); !importer.IsBusy(err) {
			t.Errorf("reject while another has the lock: %v", err)
		}
		if err := blocker.Unlock(); err != nil {
			t.Fatal(err)
		}
		o.finish(do)
	})
}

func isNotWaiting(err error) bool {
	var not *store.NotWaitingError
	return errors.As(err, &not)
}
