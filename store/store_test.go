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
	"time"

	"github.com/google/go-cmp/cmp"

	"misimportd/era"
	"misimportd/store"
	"misimportd/store/storetest"
)

func open(t testing.TB, database string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// apply carries out the plan that make makes.
func apply(t testing.TB, db *store.DB, make func(*store.View, *store.Plan)) (store.Run, error) {
	t.Helper()
	lock, err := db.Lock(t.Context(), store.NewHolder("test"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := lock.Unlock(); err != nil {
			t.Error(err)
		}
	}()
	return lock.Run(t.Context(), func(v *store.View) (store.Run, store.Plan, error) {
		var plan store.Plan
		make(v, &plan)
		return store.Run{Kind: "test", StartedAt: time.Now()}, plan, nil
	})
}

var (
	first = era.NewDate(2016, 8, 15)
	last  = era.NewDate(2017, 8, 14)
)

// begin fills a database with one of everything and returns the ids by name.
func begin(t testing.TB, database string) (*store.DB, map[string]store.ID) {
	t.Helper()
	db := open(t, database)
	run, err := apply(t, db, func(v *store.View, p *store.Plan) {
		mis := store.Origin{DatasourceID: 1}
		of := func(id string) store.Origin { mis.SourceID = id; return mis }
		e := store.Era{ID: p.NewID(), Era: era.Era{Name: "2016/17", StartsOn: first, EndsOn: last}}
		staff := store.Staff{Element: store.Element{ID: p.NewID(), Kind: "staff", Name: "Ms Brown", Current: true}, Origin: of("1"), Code: "BRO", Teaching: true}
		subject := store.Subject{Element: store.Element{ID: p.NewID(), Kind: "subject", Name: "Maths", Current: true}, Origin: of("2"), Code: "Mat"}
		house := store.House{Element: store.Element{ID: p.NewID(), Kind: "house", Name: "Austin", Current: true}, Origin: of("academic/3"), Type: "academic"}
		room := store.Location{Element: store.Element{ID: p.NewID(), Kind: "location", Name: "Lab", Current: true}, Origin: of("4")}
		pupil := store.Pupil{Element: store.Element{ID: p.NewID(), Kind: "pupil", Name: `Zoë "O’Brien" \ (7A)`, Current: true}, Origin: of("5"), Year: 7, HouseID: house.ID}
		group := store.Group{Element: store.Element{ID: p.NewID(), Kind: "group", Name: "7Mat1", Current: true}, Origin: of("6"), GroupKind: store.SetGroup,
			EraID: e.ID, Year: 7, StartsOn: first, EndsOn: last, SubjectID: subject.ID, TutorID: staff.ID}
		member := store.Membership{ID: p.NewID(), GroupID: group.ID, ElementID: pupil.ID, StartsOn: first.AddDays(10), EndsOn: last}
		for _, r := range []store.Record{e, staff, subject, house, room, pupil, group, member} {
			p.Create(r, store.NewInMIS)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]store.ID{}
	if err := db.View(t.Context(), func(v *store.View) error {
		changes, err := v.Changes(t.Context(), run.ID)
		for _, c := range changes {
			ids[string(c.Entity)] = c.RecordID
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return db, ids
}

func state(t testing.TB, db *store.DB, eraID store.ID) *store.State {
	t.Helper()
	var s *store.State
	if err := db.View(t.Context(), func(v *store.View) (err error) {
		s, err = v.State(t.Context(), "iSAMS", eraID, first)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLookingLeavesNothingBehind(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database string) {
		db := open(t, database)
		if err := db.View(t.Context(), func(v *store.View) error {
			calendar, err := v.Calendar(t.Context())
			if err != nil || len(calendar.Eras) != 0 {
				t.Errorf("%v %v", calendar, err)
			}
			s, err := v.State(t.Context(), "iSAMS", 1, first)
			if err != nil || len(s.Pupils) != 0 {
				t.Errorf("%v %v", s, err)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if path, ok := strings.CutPrefix(database, "sqlite:"); ok {
			if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the file was made: %v", err)
			}
			return
		}
		var tables int
		if err := storetest.Raw(t, database).QueryRow(`SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()`).Scan(&tables); err != nil || tables > 0 {
			t.Errorf("%d tables were made: %v", tables, err)
		}
	})
}

func TestEverythingComesBackAsItWasStored(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database string) {
		db, ids := begin(t, database)
		s := state(t, db, ids["era"])
		mis := func(id string) store.Origin { return store.Origin{DatasourceID: 1, SourceID: id} }
		want := &store.State{
			DatasourceID: 1,
			Staff:        []store.Staff{{Element: store.Element{ID: ids["staff"], Kind: "staff", Name: "Ms Brown", Current: true}, Origin: mis("1"), Code: "BRO", Teaching: true}},
			Pupils: []store.Pupil{{Element: store.Element{ID: ids["pupil"], Kind: "pupil", Name: `Zoë "O’Brien" \ (7A)`, Current: true}, Origin: mis("5"),
				Year: 7, HouseID: ids["house"]}},
			Locations: []store.Location{{Element: store.Element{ID: ids["location"], Kind: "location", Name: "Lab", Current: true}, Origin: mis("4")}},
			Subjects:  []store.Subject{{Element: store.Element{ID: ids["subject"], Kind: "subject", Name: "Maths", Current: true}, Origin: mis("2"), Code: "Mat"}},
			Houses:    []store.House{{Element: store.Element{ID: ids["house"], Kind: "house", Name: "Austin", Current: true}, Origin: mis("academic/3"), Type: "academic"}},
			Groups: []store.Group{{Element: store.Element{ID: ids["group"], Kind: "group", Name: "7Mat1", Current: true}, Origin: mis("6"), GroupKind: store.SetGroup,
				EraID: ids["era"], Year: 7, StartsOn: first, EndsOn: last, SubjectID: ids["subject"], TutorID: ids["staff"]}},
			Memberships:     []store.Membership{{ID: ids["membership"], GroupID: ids["group"], ElementID: ids["pupil"], StartsOn: first.AddDays(10), EndsOn: last}},
			NeededElsewhere: map[store.ID]bool{},
		}
		if diff := cmp.Diff(want, s); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}

func TestFilesAreTheOwnersAlone(t *testing.T) {
	database := storetest.SQLite(t)
	begin(t, database)
	path := strings.TrimPrefix(database, "sqlite:")
	for _, name := range []string{path, path + ".lock"} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, info.Mode(), err)
		}
	}
}

// TestR36ChangesAreEnoughToUndo takes recorded changes backwards over what the
// database holds, and finds what it held before.
func TestR36ChangesAreEnoughToUndo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database string) {
		db, ids := begin(t, database)
		before := images(t, database)
		s := state(t, db, ids["era"])
		run, err := apply(t, db, func(v *store.View, p *store.Plan) {
			pupil, group, member, staff := s.Pupils[0], s.Groups[0], s.Memberships[0], s.Staff[0]
			renamed := pupil
			renamed.Name, renamed.HouseID, renamed.Year = "Zoë", 0, era.NoYear
			p.Change(store.Update, pupil, renamed, store.ChangedInMIS)
			gone := staff
			gone.Current = false
			p.Change(store.End, staff, gone, store.GoneFromMIS)
			fresh := store.Pupil{Element: store.Element{ID: p.NewID(), Kind: "pupil", Name: "New", Current: true}, Origin: store.Origin{DatasourceID: 1, SourceID: "9"}, Year: era.NoYear}
			p.Create(fresh, store.NewInMIS)
			other := group
			other.Element = store.Element{ID: p.NewID(), Kind: "group", Name: "7Mat2", Current: true}
			other.SourceID = "7"
			p.Create(other, store.NewInMIS)
			p.Create(store.Membership{ID: p.NewID(), GroupID: other.ID, ElementID: fresh.ID, StartsOn: first, EndsOn: last}, store.Joined)
			remove(p, member)
			remove(p, group)
		})
		if err != nil {
			t.Fatal(err)
		}
		after := images(t, database)
		if err := db.View(t.Context(), func(v *store.View) error {
			changes, err := v.Changes(t.Context(), run.ID)
			for i := len(changes) - 1; i >= 0; i-- {
				c := changes[i]
				key := fmt.Sprintf("%s %d", c.Entity, c.RecordID)
				if diff := cmp.Diff(c.After.V, after[key]); diff != "" {
					t.Errorf("%s after the run (-recorded +found):\n%s", key, diff)
				}
				after[key] = c.Before.V
				if c.Before.V == nil {
					delete(after, key)
				}
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("(-before +undone):\n%s", diff)
		}
	})
}

func remove(p *store.Plan, r store.Record) {
	p.Changes = append(p.Changes, store.Change{Action: store.Delete, Why: store.Left, Before: r})
}

func makeReadOnly(t testing.TB, v *store.View) {
	t.Helper()
	if err := v.MakeReadOnly(); err != nil {
		t.Fatal(err)
	}
}

// images reads every element and membership as the changes record them, by entity and
// id, without the store.
func images(t testing.TB, database string) map[string]store.Image {
	t.Helper()
	db := storetest.Raw(t, database)
	found := map[string]store.Image{}
	for entity, query := range map[string]string{
		"pupil":      "SELECT e.id, e.kind, e.name, e.current, datasource_id, source_id, school_id, forename, surname, known_as, email, year, house_id, boarding_house_id FROM pupils t JOIN elements e ON e.id = t.id",
		"staff":      "SELECT e.id, e.kind, e.name, e.current, datasource_id, source_id, initials, code, title, forename, surname, email, teaching, previous_source_id FROM staff t JOIN elements e ON e.id = t.id",
		"group":      "SELECT e.id, e.kind, e.name, e.current, datasource_id, source_id, t.kind AS group_kind, era_id, year, starts_on, ends_on, subject_id, tutor_id FROM groups t JOIN elements e ON e.id = t.id",
		"membership": "SELECT id, group_id, element_id, starts_on, ends_on FROM memberships",
	} {
		rows, err := db.Query(query)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new(any)
			}
			if err := rows.Scan(values...); err != nil {
				t.Fatal(err)
			}
			image := store.Image{}
			for i, c := range columns[1:] {
				image[c] = plain(c, *values[i+1].(*any))
			}
			found[fmt.Sprintf("%s %v", entity, *values[0].(*any))] = image
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// plain is a column's value as JSON has it. SQLite has its booleans as numbers.
func plain(column string, v any) any {
	switch v := v.(type) {
	case int64:
		if column == "current" || column == "teaching" {
			return v != 0
		}
		return float64(v)
	case time.Time:
		return v.Format("2006-01-02")
	case []byte:
		return string(v)
	}
	return v
}

func TestR31AFailingStepUndoesTheWhole(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database string) {
		db, ids := begin(t, database)
		before := images(t, database)
		_, err := apply(t, db, func(v *store.View, p *store.Plan) {
			s, err := v.State(t.Context(), "iSAMS", ids["era"], first)
			if err != nil {
				t.Fatal(err)
			}
			renamed := s.Pupils[0]
			renamed.Name = "Half done"
			p.Change(store.Update, s.Pupils[0], renamed, store.ChangedInMIS)
			doubled := s.Memberships[0]
			doubled.ID = p.NewID()
			p.Create(doubled, store.Joined)
		})
		if err == nil {
			t.Fatal("a membership could be doubled")
		}
		if diff := cmp.Diff(before, images(t, database)); diff != "" {
			t.Errorf("(-before +after):\n%s", diff)
		}
		var rows int
		if err := storetest.Raw(t, database).QueryRow(`SELECT count(*) FROM changes WHERE run_id > 1`).Scan(&rows); err != nil || rows > 0 {
			t.Errorf("%d changes are recorded of a run that failed: %v", rows, err)
		}
	})
}

func TestR31AMissingRowIsNoticed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database string) {
		db, ids := begin(t, database)
		_, err := apply(t, db, func(v *store.View, p *store.Plan) {
			remove(p, store.Membership{ID: ids["membership"] + 1000, GroupID: 1, ElementID: 2, StartsOn: first, EndsOn: last})
		})
		if err == nil || !strings.Contains(err.Error(), "0 rows are there where the plan has 1") {
			t.Errorf("%v", err)
		}
	})
}

// TestR18R19TheDatabaseKeepsThem goes past the store: whatever a program does, the
// database keeps memberships apart and within their group.
func TestR18R19TheDatabaseKeepsThem(t *testing.T) {
	for name, c := range map[string]struct {
		query string
		ok    bool
	}{
		"the same days":              {`INSERT INTO memberships (group_id, element_id, starts_on, ends_on) SELECT group_id, element_id, '2016-08-25', '2017-08-14' FROM memberships`, false},
		"sharing the last day":       {`INSERT INTO memberships (group_id, element_id, starts_on, ends_on) SELECT group_id, element_id, '2016-08-20', '2016-08-25' FROM memberships`, false},
		"up to the day before":       {`INSERT INTO memberships (group_id, element_id, starts_on, ends_on) SELECT group_id, element_id, '2016-08-20', '2016-08-24' FROM memberships`, true},
		"around":                     {`INSERT INTO memberships (group_id, element_id, starts_on, ends_on) SELECT group_id, element_id, '2016-08-15', '2017-08-14' FROM memberships`, false},
		"before the group":           {`INSERT INTO memberships (group_id, element_id, starts_on, ends_on) SELECT group_id, element_id, '2016-08-14', '2016-08-20' FROM memberships`, false},
		"without end":                {`UPDATE memberships SET ends_on = NULL`, false},
		"past the group":             {`UPDATE memberships SET ends_on = '2017-08-15'`, false},
		"backwards":                  {`UPDATE memberships SET ends_on = '2016-08-24'`, false},
		"shorter":                    {`UPDATE memberships SET ends_on = '2016-08-25'`, true},
		"group ends too early":       {`UPDATE groups SET ends_on = '2017-08-13'`, false},
		"group starts too late":      {`UPDATE groups SET starts_on = '2016-08-26'`, false},
		"group starts later":         {`UPDATE groups SET starts_on = '2016-08-25'`, true},
		"group goes on":              {`UPDATE groups SET ends_on = NULL`, true},
		"group goes":                 {`DELETE FROM groups`, false},
		"member goes":                {`DELETE FROM elements WHERE kind = 'pupil'`, false},
		"of no group":                {`INSERT INTO memberships (group_id, element_id, starts_on) SELECT 12345, element_id, '2016-08-25' FROM memberships`, false},
		"of nobody":                  {`INSERT INTO memberships (group_id, element_id, starts_on, ends_on) SELECT group_id, 12345, '2016-08-25', '2016-08-26' FROM memberships`, false},
		"in itself":                  {`INSERT INTO memberships (group_id, element_id, starts_on, ends_on) SELECT group_id, group_id, '2016-08-25', '2016-08-26' FROM memberships`, false},
		"another number":             {`UPDATE groups SET id = 77`, false},
		"two at once, sharing a day": {`INSERT INTO memberships (group_id, element_id, starts_on, ends_on) SELECT m.group_id, e.id, d.a, d.b FROM memberships m, elements e, (SELECT CAST('2016-08-20' AS date) AS a, CAST('2016-08-21' AS date) AS b UNION ALL SELECT '2016-08-21', '2016-08-22') d WHERE e.kind = 'staff'`, false},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, database string) {
				begin(t, database)
				query := c.query
				if strings.HasPrefix(database, "sqlite:") { // SQLite's dates are text
					query = strings.NewReplacer("CAST('2016-08-20' AS date)", "'2016-08-20'", "CAST('2016-08-21' AS date)", "'2016-08-21'").Replace(query)
				} else {
					query = strings.NewReplacer("element_id, '2016", "element_id, date '2016", ", '2017-08-14' FROM", ", date '2017-08-14' FROM", "SELECT '2016-08-21', '2016", "SELECT date '2016-08-21', date '2016",
						"group_id, '2016", "group_id, date '2016", "12345, '2016", "12345, date '2016", ", '2016-08-2", ", date '2016-08-2").Replace(query)
				}
				if _, err := storetest.Raw(t, database).Exec(query); (err == nil) != c.ok {
					t.Errorf("%v", err)
				}
			})
		})
	}
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
					if _, err := tx.Exec(`INSERT INTO memberships (group_id, element_id, starts_on, ends_on) VALUES ($1, $2, '2016-09-05', '2016-09-06')`, ids["group"], ids["staff"]); err == nil {
						_ = tx.Commit()
					}
				})
			}
			done.Wait()
			var kept int
			if err := raw.QueryRow(`SELECT count(*) FROM memberships WHERE element_id = $1`, ids["staff"]).Scan(&kept); err != nil || kept != 1 {
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
			if !errors.As(err, &busy) || !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), " since 20") {
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
	run, err := apply(t, db, func(v *store.View, p *store.Plan) {
		s, err := v.State(t.Context(), "iSAMS", ids["era"], first)
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
		p.Change(store.Update, s.Pupils[0], after, store.ChangedInMIS)
	})
	if err != nil || looks != 2 {
		t.Fatalf("%d looks: %v", looks, err)
	}
	if name := state(t, db, ids["era"]).Pupils[0].Name; name != "Edited again" {
		t.Errorf("run %d made it %q", run.ID, name)
	}
}

func TestANewerSchemaIsRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database string) {
		db, _ := begin(t, database)
		if _, err := storetest.Raw(t, database).Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, $1)`, true); err != nil {
			t.Fatal(err)
		}
		want := "has schema version 99 and this program knows versions up to 1: use a newer misimportd"
		if _, err := db.Lock(t.Context(), store.NewHolder("run")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("run: %v", err)
		}
		if err := db.View(t.Context(), func(*store.View) error { return nil }); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("plan: %v", err)
		}
	})
}

func TestDatabasesThatCannotBeUsed(t *testing.T) {
	notADatabase := t.TempDir() + "/text.db"
	if err := os.WriteFile(notADatabase, []byte(strings.Repeat("this is no database\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ database, want string }{
		"another scheme":    {"mysql://misimportd:hunter2@x", "the URL of the database cannot be used: begin it with postgres:// or sqlite:, as in postgres://USER@HOST/NAME or sqlite:PATH"},
		"no path":           {"sqlite:", "cannot be used: write the path of a file after sqlite:"},
		"a server's":        {"sqlite://misimportd:hunter2@host/x", "cannot be used: write the path of a file after sqlite:"},
		"settings":          {"host=/tmp user=x password=hunter2", "cannot be used: begin it with postgres:// or sqlite:"},
		"no name":           {"postgres://misimportd:hunter2@host/?x=y", "it names no database"},
		"a folder":          {"sqlite:" + t.TempDir(), "is a folder: name a file"},
		"not a database":    {"sqlite:" + notADatabase, "the file is damaged, or is no SQLite database: name another or restore it"},
		"nobody listens":    {"postgres://misimportd:hunter2@127.0.0.1:1/scheduler", "PostgreSQL database scheduler on 127.0.0.1:1: connecting: "},
		"no such socket":    {"postgres://misimportd:hunter2@/scheduler?host=/nowhere", "is PostgreSQL running, and is the address right?"},
		"a URL that is not": {"postgres://misimportd:hunter2@[::1/scheduler", "cannot be used: write it as postgres://USER:PASSWORD@HOST:PORT/NAME"},
		"a raw @ and /":     {"postgres://u:p@hunter2/w0rd@localhost/db", "has to be written with %xx"},
		"a raw ?":           {"postgres://u:12?hunter2@localhost/db", "has to be written with %xx"},
		"a raw #":           {"postgres://u:12#hunter2@localhost/db", "cannot be used"},
		"a bad setting":     {"postgres://misimportd:hunter2@/scheduler?sslmode=hunter2", "check its settings, after the question mark"},
	} {
		t.Run(name, func(t *testing.T) {
			db, err := store.Open(t.Context(), c.database)
			if err == nil {
				defer func() { _ = db.Close() }()
				_, err = db.Lock(t.Context(), store.NewHolder("run"))
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestAUserWhoMayOnlyRead is told so, and PostgreSQL's own word for a read-only server is
// explained too.
func TestAUserWhoMayOnlyRead(t *testing.T) {
	database := storetest.Postgres(t)
	begin(t, database)
	raw := storetest.Raw(t, database)
	var schema string
	if err := raw.QueryRow(`SELECT current_schema()`).Scan(&schema); err != nil {
		t.Fatal(err)
	}
	role := schema + "_reader"
	for _, query := range []string{
		"CREATE ROLE " + role + " LOGIN", "GRANT USAGE ON SCHEMA " + schema + " TO " + role,
		"GRANT SELECT ON ALL TABLES IN SCHEMA " + schema + " TO " + role, "GRANT SELECT, USAGE ON ALL SEQUENCES IN SCHEMA " + schema + " TO " + role,
	} {
		if _, err := raw.Exec(query); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if _, err := raw.Exec("DROP OWNED BY " + role + "; DROP ROLE " + role); err != nil {
			t.Error(err)
		}
	})
	for asked, want := range map[string]string{
		strings.Replace(database, "misimportd@", role+"@", 1): "permission denied for table changes (SQLSTATE 42501); the database user needs the right to do this",
		database: "in a read-only transaction (SQLSTATE 25006); the database is read-only: is it a standby server, or did somebody set default_transaction_read_only?",
	} {
		db := open(t, asked)
		_, err := apply(t, db, func(v *store.View, p *store.Plan) {
			p.Create(store.Era{ID: p.NewID(), Era: era.Era{Name: "x", StartsOn: 1, EndsOn: 2}}, store.ByHand)
			if asked == database {
				makeReadOnly(t, v)
			}
		})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v", err)
		}
	}
}

func TestErrorsQuoteNoRows(t *testing.T) {
	database := storetest.Postgres(t)
	db, _ := begin(t, database)
	_, err := apply(t, db, func(_ *store.View, p *store.Plan) {
		p.Create(store.Pupil{Element: store.Element{ID: p.NewID(), Kind: "pupil", Name: "Secret Name", Current: true}, Origin: store.Origin{DatasourceID: 1, SourceID: "5"}}, store.NewInMIS)
	})
	if err == nil || strings.Contains(err.Error(), "Secret") || !strings.Contains(err.Error(), "constraint pupils_datasource_id_source_id_key") {
		t.Errorf("%v", err)
	}
}

func TestACancelledRunChangesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database string) {
		db, ids := begin(t, database)
		lock, err := db.Lock(t.Context(), store.NewHolder("run"))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		_, err = lock.Run(ctx, func(v *store.View) (store.Run, store.Plan, error) {
			var p store.Plan
			p.Create(store.Era{ID: p.NewID(), Era: era.Era{Name: "x", StartsOn: 1, EndsOn: 2}}, store.ByHand)
			cancel()
			return store.Run{Kind: "test", StartedAt: time.Now()}, p, nil
		})
		if err == nil {
			t.Error("went on")
		}
		if err := lock.Unlock(); err != nil {
			t.Error(err)
		}
		if s := state(t, db, ids["era"]); len(s.Pupils) != 1 {
			t.Errorf("%+v", s)
		}
	})
}
