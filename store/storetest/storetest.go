// Package storetest gives tests a fresh database of each kind that the store can use.
package storetest

import (
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/lib/pq"  // the driver postgres
	_ "modernc.org/sqlite" // the driver sqlite
)

// Each runs a test once on PostgreSQL and once on SQLite, side by side, each with the URL of a
// database that is empty and its own. What comes after Each in a test does not wait for them.
func Each(t *testing.T, test func(t *testing.T, database string)) {
	t.Helper()
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, Postgres(t))
	})
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, SQLite(t))
	})
}

// Postgres is the URL of an empty schema, removed when the test ends.
func Postgres(t testing.TB) string {
	t.Helper()
	server := serverOf(t)
	schema := "test_" + strings.ToLower(rand.Text()[:12])
	db, err := sql.Open("postgres", server)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxIdleConns(0) // a test of hundreds of databases must not hold a connection for each
	if _, err := db.Exec("CREATE SCHEMA " + schema); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := db.Exec("DROP SCHEMA " + schema + " CASCADE"); err != nil {
			t.Error(err)
		}
		_ = db.Close()
	})
	return server + "&search_path=" + schema
}

// Database is the URL of an empty database of its own, removed when the test ends: for what is more than one schema.
func Database(t testing.TB) string {
	t.Helper()
	server := serverOf(t)
	name := "test_" + strings.ToLower(rand.Text()[:12])
	db, err := sql.Open("postgres", server)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxIdleConns(0)
	if _, err := db.Exec("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := db.Exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
		_ = db.Close()
	})
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

// serverOf is the URL of the server that the tests were given.
func serverOf(t testing.TB) string {
	t.Helper()
	server := os.Getenv("MISIMPORTD_TEST_POSTGRES")
	if server == "" {
		t.Fatal("this test needs PostgreSQL: run \"make test\", or \".ci/with-postgres go test ./...\"")
	}
	return server
}

// SQLite is the URL of a file that is not there yet.
func SQLite(t testing.TB) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "misimportd.db")
}

// Raw opens the database as another program would: with no help from the store.
func Raw(t testing.TB, database string) *sql.DB {
	t.Helper()
	driver, address := "postgres", database
	if path, ok := strings.CutPrefix(database, "sqlite:"); ok {
		driver = "sqlite"
		address = "file:" + path + "?" + url.Values{"_pragma": {"foreign_keys(1)", "busy_timeout(10000)"}}.Encode()
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
