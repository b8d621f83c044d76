package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"misimportd/store"
	"misimportd/store/model"
	"misimportd/store/storetest"
)

// TestR18R19TheDatabaseKeepsThem goes past the store: whatever a program does, the
// database keeps memberships apart and within their group.
func TestR18R19TheDatabaseKeepsThem(t *testing.T) {
	for name, c := range map[string]struct {
		query string
		ok    bool
	}{
		"the same days": {`INSERT INTO memberships (group_id, element_id, starts_on, ends_on)
			SELECT group_id, element_id, '2016-08-25', '2017-08-14' FROM memberships`, false},
		"sharing the last day": {`INSERT INTO memberships (group_id, element_id, starts_on, ends_on)
			SELECT group_id, element_id, '2016-08-20', '2016-08-25' FROM memberships`, false},
		"up to the day before": {`INSERT INTO memberships (group_id, element_id, starts_on, ends_on)
			SELECT group_id, element_id, '2016-08-20', '2016-08-24' FROM memberships`, true},
		"around": {`INSERT INTO memberships (group_id, element_id, starts_on, ends_on)
			SELECT group_id, element_id, '2016-08-15', '2017-08-14' FROM memberships`, false},
		"before the group": {`INSERT INTO memberships (group_id, element_id, starts_on, ends_on)
			SELECT group_id, element_id, '2016-08-14', '2016-08-20' FROM memberships`, false},
		"without end":           {`UPDATE memberships SET ends_on = NULL`, false},
		"past the group":        {`UPDATE memberships SET ends_on = '2017-08-15'`, false},
		"backwards":             {`UPDATE memberships SET ends_on = '2016-08-24'`, false},
		"shorter":               {`UPDATE memberships SET ends_on = '2016-08-25'`, true},
		"group ends too early":  {`UPDATE groups SET ends_on = '2017-08-13'`, false},
		"group starts too late": {`UPDATE groups SET starts_on = '2016-08-26'`, false},
		"group starts later":    {`UPDATE groups SET starts_on = '2016-08-25'`, true},
		"group goes on":         {`UPDATE groups SET ends_on = NULL`, true},
		"group goes":            {`DELETE FROM groups`, false},
		"member goes":           {`DELETE FROM elements WHERE kind = 'pupil'`, false},
		"of no group": {`INSERT INTO memberships (group_id, element_id, starts_on)
			SELECT 12345, element_id, '2016-08-25' FROM memberships`, false},
		"of nobody": {`INSERT INTO memberships (group_id, element_id, starts_on, ends_on)
			SELECT group_id, 12345, '2016-08-25', '2016-08-26' FROM memberships`, false},
		"in itself": {`INSERT INTO memberships (group_id, element_id, starts_on, ends_on)
			SELECT group_id, group_id, '2016-08-25', '2016-08-26' FROM memberships`, false},
		"another number": {`UPDATE groups SET id = 77`, false},
		"two at once, sharing a day": {`INSERT INTO memberships (group_id, element_id, starts_on, ends_on)
			SELECT m.group_id, e.id, d.a, d.b
			FROM memberships m, elements e, (SELECT CAST('2016-08-20' AS date) AS a, CAST('2016-08-21' AS date) AS b
			UNION ALL SELECT '2016-08-21', '2016-08-22') d WHERE e.kind = 'staff'`, false},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, database string) {
				begin(t, database)
				query := c.query
				if strings.HasPrefix(database, "sqlite:") { // SQLite's dates are text
					query = strings.NewReplacer("CAST('2016-08-20' AS date)", "'2016-08-20'",
						"CAST('2016-08-21' AS date)", "'2016-08-21'").Replace(query)
				} else {
					query = strings.NewReplacer("element_id, '2016", "element_id, date '2016", ", '2017-08-14' FROM",
						", date '2017-08-14' FROM", "SELECT '2016-08-21', '2016",
						"SELECT date '2016-08-21', date '2016",
						"group_id, '2016", "group_id, date '2016", "12345, '2016", "12345, date '2016", ", '2016-08-2",
						", date '2016-08-2").Replace(query)
				}
				if _, err := storetest.Raw(t, database).Exec(query); (err == nil) != c.ok {
					t.Errorf("%v", err)
				}
			})
		})
	}
}

// TestR18WithoutEnd: memberships that have no end are kept apart as others are.
func TestR18WithoutEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database string) {
		begin(t, database)
		raw := storetest.Raw(t, database)
		join := func(from string, to any) error {
			_, err := raw.Exec(`INSERT INTO memberships (group_id, element_id, starts_on, ends_on)
				SELECT (SELECT max(id) FROM groups), (SELECT min(id) FROM elements WHERE kind = 'staff'),
					CAST($1 AS text), $2`,
				from, to)
			return err
		}
		if strings.HasPrefix(database, "postgres") {
			join = func(from string, to any) error {
				_, err := raw.Exec(`INSERT INTO memberships (group_id, element_id, starts_on, ends_on)
					SELECT (SELECT max(id) FROM groups), (SELECT min(id) FROM elements WHERE kind = 'staff'),
						$1::date, $2::date`,
					from, to)
				return err
			}
		}
		if _, err := raw.Exec(`UPDATE groups SET ends_on = NULL`); err != nil {
			t.Fatal(err)
		}
		if err := join("2016-09-01", nil); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			from string
			to   any
			ok   bool
		}{{"2016-10-01", nil, false}, {"2016-10-01", "2016-10-02", false}, {"2016-08-20", "2016-09-01", false},
			{"2016-08-20", nil, false}, {"2016-08-20", "2016-08-31", true}} {
			if err := join(c.from, c.to); (err == nil) != c.ok {
				t.Errorf("%s to %v: %v", c.from, c.to, err)
			}
		}
	})
}

// TestR18TwoProgramsAtOnce lets two transactions that cannot see each other add the same
// membership, at each isolation level: never are both kept.
func TestR18TwoProgramsAtOnce(t *testing.T) {
	for _, level := range []sql.IsolationLevel{sql.LevelReadCommitted, sql.LevelRepeatableRead, sql.LevelSerializable} {
		t.Run(level.String(), func(t *testing.T) {
			database := storetest.Postgres(t)
			_, ids := begin(t, database)
			raw := storetest.Raw(t, database)
			var begun, done sync.WaitGroup
			begun.Add(2)
			for range 2 {
				done.Go(func() {
					tx, err := raw.BeginTx(context.Background(), &sql.TxOptions{Isolation: level})
					if err != nil {
						t.Error(err)
						return
					}
					defer func() { _ = tx.Rollback() }()
					var n int
					if err := tx.QueryRow(`SELECT count(*) FROM memberships`).Scan(&n); err != nil {
						t.Error(err)
					}
					begun.Done()
					begun.Wait() // both have their snapshot
					if _, err := tx.Exec(`INSERT INTO memberships (group_id, element_id, starts_on, ends_on)
						VALUES ($1, $2, '2016-09-05', '2016-09-06')`, ids["group"], ids["staff"]); err == nil {
						_ = tx.Commit()
					}
				})
			}
			done.Wait()
			var kept int
			if err := raw.QueryRow(`SELECT count(*) FROM memberships WHERE element_id = $1`, ids["staff"]).
				Scan(&kept); err != nil || kept != 1 {
				t.Errorf("%d are kept: %v", kept, err)
			}
		})
	}
}

func TestR32OneAtATime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database string) {
		db, other := open(t, database), open(t, database)
		lock, err := db.Lock(t.Context(), store.NewHolder("run"))
		if err != nil {
			t.Fatal(err)
		}
		for _, second := range []*store.DB{db, other} {
			_, err := second.Lock(t.Context(), store.NewHolder("run"))
			var busy *store.BusyError
			want := fmt.Sprintf("another run is under way: misimportd run, process %d on ", os.Getpid())
			if !errors.As(err, &busy) || !strings.HasPrefix(err.Error(), want) ||
				!strings.Contains(err.Error(), " since 20") {
				t.Errorf("got %v, want %s…", err, want)
			}
		}
		if err := lock.Unlock(); err != nil {
			t.Fatal(err)
		}
		lock, err = other.Lock(t.Context(), store.NewHolder("run"))
		if err != nil {
			t.Fatal(err)
		}
		if err := lock.Unlock(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestAnotherProgramInBetween changes what a run has read before it writes: the run
// looks again and comes to another plan.
func TestAnotherProgramInBetween(t *testing.T) {
	database := storetest.Postgres(t)
	db, ids := begin(t, database)
	raw := storetest.Raw(t, database)
	looks := 0
	run, err := apply(t, db, func(v *store.View, p *model.Plan) {
		s, err := v.State(t.Context(), 1, first, ids["era"])
		if err != nil {
			t.Fatal(err)
		}
		if looks++; looks == 1 {
			if _, err := raw.Exec(`UPDATE elements SET name = 'Edited' WHERE kind = 'pupil'`); err != nil {
				t.Fatal(err)
			}
		}
		after := s.Pupils[0]
		after.Name += " again"
		p.Change(model.Update, s.Pupils[0], after, model.ChangedInMIS)
	})
	if err != nil || looks != 2 {
		t.Fatalf("%d looks: %v", looks, err)
	}
	if name := state(t, db, ids["era"]).Pupils[0].Name; name != "Edited again" {
		t.Errorf("run %d made it %q", run.ID, name)
	}
}
