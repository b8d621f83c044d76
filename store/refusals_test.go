package store_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"misimportd/era"
	"misimportd/store"
	"misimportd/store/model"
	"misimportd/store/storetest"
)

func TestANewerSchemaIsRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database string) {
		db, _ := begin(t, database)
		if _, err := storetest.Raw(t, database).
			Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, $1)`, true); err != nil {
			t.Fatal(err)
		}
		want := "has schema version 99 and this program knows versions up to 13: use a newer misimportd"
		if _, err := db.Lock(t.Context(), store.NewHolder("run")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("run: %v", err)
		}
		if err := db.View(t.Context(), func(*store.View) error { return nil }); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("plan: %v", err)
		}
	})
}

// TestASchemaThatIsNotThere is made for a fleet; a single school that mistypes one is told.
func TestASchemaThatIsNotThere(t *testing.T) {
	database := storetest.Database(t) + "&search_path=st_anne"
	db, err := store.Prepare(database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	want := "the schema that search_path names in the URL is not there"
	if _, err := db.Lock(t.Context(), store.NewHolder("run")); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v", err)
	}
	db.BeginSchema = true
	lock, err := db.Lock(t.Context(), store.NewHolder("run"))
	if err != nil {
		t.Fatal(err)
	}
	if err := lock.Unlock(); err != nil {
		t.Error(err)
	}
}

// TestWhoseDatabaseItIs is noted once, and given on only by whom it belongs to.
func TestWhoseDatabaseItIs(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database string) {
		db, err := store.Open(t.Context(), database)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		claim := func(school, want string) {
			t.Helper()
			if whose, err := db.Claim(t.Context(), school); whose != want || err != nil {
				t.Errorf("%s claims it, and it is %q (%v)", school, whose, err)
			}
		}
		claim("st-anne", "")
		lock, err := db.Lock(t.Context(), store.NewHolder("run"))
		if err != nil {
			t.Fatal(err)
		}
		if err := lock.Unlock(); err != nil {
			t.Fatal(err)
		}
		claim("st-anne", "st-anne")
		claim("st-bede", "st-anne")
		for _, from := range []string{"st-bede", "st-anne"} {
			if err := db.Reclaim(t.Context(), from, "st-john"); err != nil {
				t.Error(err)
			}
		}
		claim("st-anne", "st-john")
	})
}

func TestDatabasesThatCannotBeUsed(t *testing.T) {
	notADatabase := t.TempDir() + "/text.db"
	if err := os.WriteFile(notADatabase, []byte(strings.Repeat("this is no database\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ database, want string }{
		"another scheme": {"mysql://misimportd:hunter2@x",
			"the URL of the database cannot be used: begin it with postgres:// or sqlite:, as in " +
				"postgres://USER@HOST/NAME or sqlite:PATH"},
		"no path": {"sqlite:", "cannot be used: write the path of a file after sqlite:"},
		"a server's": {"sqlite://misimportd:hunter2@host/x",
			"cannot be used: write the path of a file after sqlite:"},
		"settings": {"host=/tmp user=x password=hunter2",
			"cannot be used: begin it with postgres:// or sqlite:"},
		"no name":  {"postgres://misimportd:hunter2@host/?x=y", "it names no database"},
		"a folder": {"sqlite:" + t.TempDir(), "is a folder: name a file"},
		"not a database": {"sqlite:" + notADatabase,
			"the file is damaged, or is no SQLite database: name another or restore it"},
		"nobody listens": {"postgres://misimportd:hunter2@127.0.0.1:1/scheduler",
			"PostgreSQL database scheduler on 127.0.0.1:1: connecting: "},
		"no such socket": {"postgres://misimportd:hunter2@/scheduler?host=/nowhere",
			"is PostgreSQL running, and is the address right?"},
		"a URL that is not": {"postgres://misimportd:hunter2@[::1/scheduler",
			"cannot be used: write it as postgres://USER:PASSWORD@HOST:PORT/NAME"},
		"a raw @ and /": {"postgres://u:p@hunter2/w0rd@localhost/db", "has to be written with %xx"},
		"a raw ?":       {"postgres://u:12?hunter2@localhost/db", "has to be written with %xx"},
		"a raw #":       {"postgres://u:12#hunter2@localhost/db", "cannot be used"},
		"a bad setting": {"postgres://misimportd:hunter2@/scheduler?sslmode=hunter2",
			"check its settings, after the question mark"},
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
		"GRANT SELECT ON ALL TABLES IN SCHEMA " + schema + " TO " + role,
		"GRANT SELECT, USAGE ON ALL SEQUENCES IN SCHEMA " + schema + " TO " + role,
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
		strings.Replace(database, "misimportd@", role+"@", 1): "permission denied for table changes (SQLSTATE " +
			"42501); the database user needs the right to do this",
		database: "in a read-only transaction (SQLSTATE 25006); the database is read-only: is it a standby server, " +
			"or did somebody set default_transaction_read_only?",
	} {
		db := open(t, asked)
		_, err := apply(t, db, func(v *store.View, p *model.Plan) {
			p.Create(model.Era{ID: p.NewID(), Era: era.Era{Name: "x", StartsOn: 1, EndsOn: 2}}, model.ByHand)
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
	_, err := apply(t, db, func(_ *store.View, p *model.Plan) {
		p.Create(model.Pupil{Element: model.Element{ID: p.NewID(), Kind: "pupil", Name: "Secret Name", Current: true},
			Origin: model.Origin{DatasourceID: 1, SourceID: "5"}}, model.NewInMIS)
	})
	if err == nil || strings.Contains(err.Error(), "Secret") ||
		!strings.Contains(err.Error(), "constraint pupils_datasource_id_source_id_key") {
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
		_, err = lock.Run(ctx, func(v *store.View) (model.Proposal, error) {
			p := model.Proposal{Run: model.Run{Kind: "test", StartedAt: time.Now()}}
			p.Plan.Create(model.Era{ID: p.Plan.NewID(), Era: era.Era{Name: "x", StartsOn: 1, EndsOn: 2}}, model.ByHand)
			cancel()
			return p, nil
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
