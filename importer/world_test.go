package importer_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"misimportd/era"
	"misimportd/importer"
	"misimportd/importer/entry"
	"misimportd/importer/report"
	"misimportd/mis/cache"
	"misimportd/store"
	"misimportd/store/model"
	"misimportd/store/storetest"
)

// world is a school with a database and a state folder, in which nights can pass.
type world struct {
	*testing.T
	im  *importer.Importer
	raw *sql.DB // as another program sees the database

	isolation sql.IsolationLevel // at which several reads are of one moment
	dumps     map[string][]byte  // of the MIS's tables, that come with each document
}

// each tells a story once on each kind of database.
func each(t *testing.T, story func(w *world)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, database string) { story(newWorld(t, database)) })
}

// eachInSoak tells a long story, of what knows no database, on one kind of them, and in the soak on each.
func eachInSoak(t *testing.T, database func(testing.TB) string, story func(w *world)) {
	t.Helper()
	if soak(1, 0) == 1 {
		each(t, story)
		return
	}
	t.Run("one", func(t *testing.T) {
		t.Parallel()
		story(newWorld(t, database(t)))
	})
}

// onSQLite tells a story on SQLite alone: what it is about knows no database.
func onSQLite(t *testing.T, story func(w *world)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { story(newWorld(t, storetest.SQLite(t))) })
}

// eachVariant tells one of a story's many variants on SQLite, and every third of them on
// PostgreSQL too; all of them in the soak.
func eachVariant(t *testing.T, variant int, story func(w *world)) {
	t.Helper()
	if variant%soak(1, 3) == 0 {
		each(t, story)
		return
	}
	onSQLite(t, story)
}

var year2016 = era.Era{Name: "2016/17", StartsOn: era.NewDate(2016, 8, 15), EndsOn: era.NewDate(2017, 8, 14)}

func newWorld(t *testing.T, database string) *world {
	t.Helper()
	db, err := store.Open(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	w := &world{T: t, raw: storetest.Raw(t, database), im: &importer.Importer{
		DB: db, State: cache.Folder(t.TempDir()), Zone: time.UTC, AcademicYearStarts: era.FirstSeptember,
		Version: "test", Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}}
	if strings.HasPrefix(database, "postgres") {
		w.isolation = sql.LevelRepeatableRead
	}
	w.must(entry.Desk{DB: db, Version: "test"}.CreateEra(t.Context(), year2016))
	w.must(entry.Desk{DB: db, Version: "test"}.SetEra(t.Context(), entry.CurrentEra, year2016.Name))
	return w
}

// desk is where a person enters things.
func (w *world) desk() entry.Desk { return entry.Desk{DB: w.im.DB, Version: "test"} }

func (w *world) must(_ model.Run, err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) drop(document []byte) {
	w.Helper()
	folder := filepath.Join(string(w.im.State.Scratch()), cache.PreFetched)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		w.Fatal(err)
	}
	files := map[string][]byte{"data.xml": document}
	maps.Copy(files, w.dumps)
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			w.Fatal(err)
		}
	}
}

// night imports a document as of a day.
func (w *world) night(day string, document []byte) report.Report {
	w.Helper()
	w.drop(document)
	w.im.AsOf = date(w, day)
	report, err := w.im.Run(context.Background())
	if err != nil {
		w.Fatal(err)
	}
	return report
}

// plan says what a document would change as of a day.
func (w *world) plan(day string, document []byte) report.Report {
	w.Helper()
	w.drop(document)
	w.im.AsOf = date(w, day)
	report, err := w.im.Plan(context.Background())
	if err != nil {
		w.Fatal(err)
	}
	return report
}

func date(t testing.TB, text string) era.Date {
	t.Helper()
	d, err := era.ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// rows runs a query of one text column and returns its rows.
func (w *world) rows(query string, args ...any) []string {
	w.Helper()
	rows, err := w.raw.Query(query, args...)
	if err != nil {
		w.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	found := []string{}
	for rows.Next() {
		var row string
		if err := rows.Scan(&row); err != nil {
			w.Fatal(err)
		}
		found = append(found, row)
	}
	if err := rows.Err(); err != nil {
		w.Fatal(err)
	}
	return found
}

func (w *world) exec(query string, args ...any) {
	w.Helper()
	if _, err := w.raw.Exec(query, args...); err != nil {
		w.Fatal(err)
	}
}

func (w *world) expect(what string, got []string, want ...string) {
	w.Helper()
	if want == nil {
		want = []string{}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

const (
	membershipsQuery = `SELECT group_name || ': ' || coalesce(member_source_id, member_name) || ' '
		|| CAST(starts_on AS text) || ' ' || coalesce(CAST(ends_on AS text), 'open')
		FROM membership_details ORDER BY group_name, era, member_source_id, starts_on`
	groupsQuery = `SELECT kind || ' ' || name || ' ' || CAST(starts_on AS text) || ' '
		|| coalesce(CAST(ends_on AS text), 'open') || CASE WHEN current THEN '' ELSE ' gone' END
		FROM group_details ORDER BY kind, name, starts_on`
	elementsQuery = `SELECT kind || ' ' || name || CASE WHEN current THEN '' ELSE ' gone' END FROM elements
		WHERE kind <> 'group' ORDER BY kind, name, id`
)

func (w *world) expectMemberships(want ...string) {
	w.Helper()
	w.expect("memberships", w.rows(membershipsQuery), want...)
}

func (w *world) expectGroups(want ...string) {
	w.Helper()
	w.expect("groups", w.rows(groupsQuery), want...)
}

func (w *world) expectElements(want ...string) {
	w.Helper()
	w.expect("elements", w.rows(elementsQuery), want...)
}

func (w *world) expectCounts(r report.Report, want ...string) {
	w.Helper()
	got := []string{}
	for _, c := range r.Changes {
		got = append(got, fmt.Sprintf("%s %s %d", c.Entity, c.Action, c.Count))
	}
	w.expect("counts", got, want...)
}

func (w *world) expectProblems(r report.Report, want ...string) {
	w.Helper()
	got := []string{}
	for _, p := range r.Problems {
		got = append(got, fmt.Sprintf("%s %s: %s", p.Section, p.ID, p.Reason))
	}
	w.expect("problems", got, want...)
}

// dump is every row of every table that an import can change, and how often each was
// written where the database tells.
func (w *world) dump() string {
	w.Helper()
	var b strings.Builder
	tx, err := w.raw.BeginTx(context.Background(),
		&sql.TxOptions{Isolation: w.isolation}) // one view: somebody may just be committing
	if err != nil {
		w.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	for _, table := range []string{"eras", "settings", "elements", "staff", "pupils", "locations", "subjects", "houses",
		"groups", "memberships",
		"lessons", "commitments", "suspensions", "group_suspensions", "absences", "pins", "datasources", "pauses"} {
		rows, err := tx.Query("SELECT * FROM " + table + " ORDER BY id")
		if err != nil {
			w.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			w.Fatal(err)
		}
		for rows.Next() {
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new(any)
			}
			if err := rows.Scan(values...); err != nil {
				w.Fatal(err)
			}
			fmt.Fprint(&b, table)
			for i, v := range values {
				fmt.Fprintf(&b, " %s=%v", columns[i], *v.(*any))
			}
			fmt.Fprintln(&b)
		}
		if err := rows.Close(); err != nil {
			w.Fatal(err)
		}
	}
	return b.String()
}

func postgresFor(t *testing.T) string {
	t.Helper()
	return storetest.Postgres(t)
}
