package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"misimportd/store/model"
	"misimportd/store/storetest"
)

// booked is a database with a lesson that books a set and a teacher.
func booked(t testing.TB, database string) (*sql.DB, map[string]model.ID) {
	t.Helper()
	_, ids := begin(t, database)
	raw := storetest.Raw(t, database)
	ids["lesson"] = 900
	for _, query := range []string{
		fmt.Sprintf(`INSERT INTO lessons (id, datasource_id, source_id, era_id, on_date, starts_at, ends_at)
			VALUES (900, 1, 'L', %d, '2016-09-05', '2016-09-05 09:00:00', '2016-09-05 09:40:00')`, ids["era"]),
		fmt.Sprintf(`INSERT INTO commitments (lesson_id, element_id) VALUES (900, %d), (900, %d)`, ids["group"],
			ids["staff"]),
	} {
		if _, err := raw.Exec(query); err != nil {
			t.Fatal(err)
		}
	}
	return raw, ids
}

// TestTheDatabaseKeepsReferencesOfLessons goes past the store: whatever a program does, no lesson
// and no booking refers to what is not there.
func TestTheDatabaseKeepsReferencesOfLessons(t *testing.T) {
	const times = `'2016-09-06', '2016-09-06 09:00:00', '2016-09-06 09:40:00'`
	for name, c := range map[string]struct {
		query string
		ok    bool
	}{
		"a booking for no lesson": {`INSERT INTO commitments (lesson_id, element_id) VALUES (12345, STAFF)`,
			false},
		"a booking of nobody": {`INSERT INTO commitments (lesson_id, element_id) VALUES (900, 12345)`, false},
		"a booking": {`INSERT INTO commitments (lesson_id, element_id) VALUES (900, LOCATION)`,
			true},
		"one good and one bad": {`INSERT INTO commitments (lesson_id, element_id)
			VALUES (900, LOCATION), (900, 12345)`, false},
		"a booking goes astray":        {`UPDATE commitments SET element_id = 12345 WHERE element_id = STAFF`, false},
		"a booking goes to no lesson":  {`UPDATE commitments SET lesson_id = 12345`, false},
		"another is booked":            {`UPDATE commitments SET element_id = LOCATION WHERE element_id = STAFF`, true},
		"a teacher who is booked goes": {`DELETE FROM elements WHERE id = STAFF`, false},
		"a room goes":                  {`DELETE FROM elements WHERE id = LOCATION`, true},
		"a lesson in no era": {`INSERT INTO lessons (era_id, on_date, starts_at, ends_at) VALUES (12345, ` +
			times + `)`, false},
		"a lesson of no MIS there is": {`INSERT INTO lessons
			(datasource_id, source_id, era_id, on_date, starts_at, ends_at)
			VALUES (77, 'x', ERA, ` + times + `)`, false},
		"a user's lesson": {`INSERT INTO lessons (era_id, on_date, starts_at, ends_at) VALUES (ERA, ` +
			times + `)`, true},
		"a lesson leaves for no era": {`UPDATE lessons SET era_id = 12345`, false},
		"the era of a lesson goes":   {`DELETE FROM eras WHERE id = SPARE`, false},
		"the MIS of a lesson goes":   {`DELETE FROM datasources WHERE name = 'spare'`, false},
		"a lesson of another number": {`UPDATE lessons SET id = 901`, false},
		"an era of another number":   {`UPDATE eras SET id = 901 WHERE id = SPARE`, false},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, database string) {
				raw, ids := booked(t, database)
				for _, query := range []string{ // an era and an MIS that nothing but a lesson needs
					`INSERT INTO eras (id, name, starts_on, ends_on) VALUES (800, 'spare', '2030-01-01', '2030-12-31')`,
					`INSERT INTO datasources (id, name) VALUES (800, 'spare')`,
					`INSERT INTO lessons (datasource_id, source_id, era_id, on_date, starts_at, ends_at)
						VALUES (800, 'S', 800, ` + times + `)`,
				} {
					if _, err := raw.Exec(query); err != nil {
						t.Fatal(err)
					}
				}
				query := strings.NewReplacer("STAFF", fmt.Sprint(ids["staff"]), "LOCATION", fmt.Sprint(ids["location"]),
					"ERA", fmt.Sprint(ids["era"]), "SPARE", "800").Replace(c.query)
				if _, err := raw.Exec(query); (err == nil) != c.ok {
					t.Errorf("%v", err)
				}
			})
		})
	}
}

// TestBookingsGoWithTheirLesson, and lessons are emptied with their bookings or not at all.
func TestBookingsGoWithTheirLesson(t *testing.T) {
	left := func(t *testing.T, raw *sql.DB) (n int) {
		t.Helper()
		if err := raw.QueryRow(`SELECT count(*) FROM commitments`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	storetest.Each(t, func(t *testing.T, database string) {
		raw, _ := booked(t, database)
		if _, err := raw.Exec(`DELETE FROM lessons WHERE id = 900`); err != nil || left(t, raw) != 0 {
			t.Errorf("%d are left: %v", left(t, raw), err)
		}
	})
	raw, _ := booked(t, storetest.Postgres(t))
	if _, err := raw.Exec(`TRUNCATE lessons`); err == nil {
		t.Error("bookings without lessons")
	}
	if _, err := raw.Exec(`TRUNCATE lessons, commitments`); err != nil || left(t, raw) != 0 {
		t.Error(err)
	}
}

// TestNothingIsCheckedRowByRow of what a first load writes by the hundred thousand.
func TestNothingIsCheckedRowByRow(t *testing.T) {
	database := storetest.Postgres(t)
	begin(t, database)
	const forEachRow, onInsert = 1, 4
	var checks []string
	rows, err := storetest.Raw(t, database).
		Query(`SELECT tgrelid::regclass || ': ' || coalesce(c.conname, t.tgname) FROM pg_trigger t
			LEFT JOIN pg_constraint c ON c.oid = t.tgconstraint
		WHERE tgrelid IN ('memberships'::regclass, 'commitments'::regclass) AND tgtype & $1 > 0 AND tgtype & $2 > 0`,
			forEachRow, onInsert)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var check string
		if err := rows.Scan(&check); err != nil {
			t.Fatal(err)
		}
		checks = append(checks, check)
	}
	if err := rows.Err(); err != nil || len(checks) > 0 {
		t.Errorf("%s %v", strings.Join(checks, ", "), err)
	}
}

// TestNoBookingSlipsInBetween: one transaction books, another deletes what is booked, from a
// snapshot that is older, and each may be the first to commit. Never is a booking left that
// refers to nothing.
func TestNoBookingSlipsInBetween(t *testing.T) {
	for _, level := range []sql.IsolationLevel{sql.LevelReadCommitted, sql.LevelRepeatableRead, sql.LevelSerializable} {
		for _, what := range []string{"DELETE FROM lessons WHERE id = 901", "DELETE FROM elements WHERE id = 950",
			"DELETE FROM eras WHERE id = 952"} {
			for _, first := range []string{"book", "delete"} {
				t.Run(fmt.Sprintf("%s/%s/%s-first", level, strings.TrimPrefix(what, "DELETE FROM "), first),
					func(t *testing.T) {
						slip(t, level, what, first)
					})
			}
		}
	}
}

func slip(t *testing.T, level sql.IsolationLevel, what, first string) {
	raw, ids := booked(t, storetest.Postgres(t))
	for _, query := range []string{
		fmt.Sprintf(`INSERT INTO lessons (id, era_id, on_date, starts_at, ends_at)
			VALUES (901, %d, '2016-09-05', '2016-09-05 09:00', '2016-09-05 09:40')`, ids["era"]),
		`INSERT INTO elements (id, kind, name) VALUES (950, 'group', 'A set')`,
		`INSERT INTO elements (id, kind, name) VALUES (951, 'location', 'A room')`,
		`INSERT INTO locations (id) VALUES (951)`,
		`INSERT INTO eras (id, name, starts_on, ends_on) VALUES (952, 'spare', '2030-01-01', '2030-12-31')`,
		fmt.Sprintf(`INSERT INTO groups (id, kind, era_id, starts_on) VALUES (950, 'user', %d, '2016-09-01')`,
			ids["era"]),
	} {
		if _, err := raw.Exec(query); err != nil {
			t.Fatal(err)
		}
	}
	book := `INSERT INTO commitments (lesson_id, element_id) VALUES (901, 950), (901, 951)`
	if strings.Contains(what, "eras") {
		book = `INSERT INTO lessons (era_id, on_date, starts_at, ends_at)
			VALUES (952, '2030-09-05', '2030-09-05 09:00', '2030-09-05 09:40')`
	}
	var txs [2]*sql.Tx
	for i := range txs {
		tx, err := raw.BeginTx(t.Context(), &sql.TxOptions{Isolation: level})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = tx.Rollback() }()
		var n int
		if err := tx.QueryRow(`SELECT count(*) FROM commitments`).Scan(&n); err != nil { // it has its snapshot
			t.Fatal(err)
		}
		txs[i] = tx
	}
	queries := []string{book, what}
	if first == "delete" {
		queries = []string{what, book}
	}
	if _, err := txs[0].ExecContext(context.Background(), queries[0]); err != nil {
		t.Fatal(err)
	}
	second := make(chan error)
	go func() {
		_, err := txs[1].ExecContext(context.Background(), queries[1])
		if err == nil {
			err = txs[1].Commit()
		}
		second <- err
	}()
	if err := txs[0].Commit(); err != nil {
		t.Fatal(err)
	}
	said := <-second
	var stray int
	if err := raw.QueryRow(`SELECT count(*) FROM commitments c LEFT JOIN lessons l ON l.id = c.lesson_id
		LEFT JOIN elements e ON e.id = c.element_id
		WHERE l.id IS NULL OR e.id IS NULL`).Scan(&stray); err != nil || stray > 0 {
		t.Errorf("%d bookings refer to nothing, the second was told %v: %v", stray, said, err)
	}
}
