// Package store keeps what the program knows: it reads a State out of the database
// and carries out a Plan in it, on PostgreSQL and on SQLite alike. It knows tables,
// transactions and locks. It must never know an MIS, and decides nothing about what
// should change.
package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"
	"sync"

	"github.com/jmoiron/sqlx"
)

// DB is a database that may or may not yet hold our tables. It is safe for use by
// several goroutines.
type DB struct {
	sql     *sqlx.DB
	dialect dialect
	name    string // where it is, without secrets
	server  string // host and port, "" for a file

	// Waiting is told when a lock is waited for whose holder was killed. It may be nil, and is
	// set before the database is used.
	Waiting func(holder string)

	// BeginSchema has the schema made that the URL names (search_path), where it is not there yet. Without it a name
	// that was mistyped is an error.
	BeginSchema bool

	newest        sync.Once // finds the newest migration
	newestVersion int64
	newestErr     error
}

// Open prepares to use the database that url names: postgres://… or sqlite:PATH. It
// writes nothing, and reaches for the server only to say early that it is not there.
// No error holds the url's password.
func Open(ctx context.Context, url string) (*DB, error) {
	db, err := Prepare(url)
	if err != nil {
		return nil, err
	}
	if _, isPostgres := db.dialect.(postgres); !isPostgres {
		return db, nil
	}
	if err := db.sql.PingContext(ctx); err != nil {
		quiet(db.Close)
		return nil, db.failed("connecting", err)
	}
	return db, nil
}

// Prepare is Open for those who can wait for a server: it does not reach for it.
func Prepare(url string) (*DB, error) {
	switch {
	case strings.HasPrefix(url, "postgres://"), strings.HasPrefix(url, "postgresql://"):
		return openPostgres(url)
	case strings.HasPrefix(url, "sqlite:"):
		return openSQLite(strings.TrimPrefix(url, "sqlite:"))
	}
	return nil, &URLError{"begin it with postgres:// or sqlite:, as in postgres://USER@HOST/NAME or sqlite:PATH"}
}

// URLError says why the URL of a database cannot be used. It does not quote it: there
// may be a password in it.
type URLError struct{ Reason string }

func (e *URLError) Error() string { return "the URL of the database cannot be used: " + e.Reason }

// IsAway tells whether err means that the database cannot be reached now, as when its
// server is being restarted: nothing is wrong that somebody would have to mend here.
func (db *DB) IsAway(err error) bool {
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || db.dialect.away(err)
}

// Close releases the connections.
func (db *DB) Close() error {
	if db.sql == nil {
		return nil
	}
	return db.sql.Close()
}

// IsMissing tells whether the database is a file that was not there when it was opened.
func (db *DB) IsMissing() bool { return db.sql == nil }

// String says which database it is, without any secret.
func (db *DB) String() string { return db.name }

// Server is on which host and port it is, "" for a file.
func (db *DB) Server() string { return db.server }

// quiet is for closing what is given up anyway: its error would hide the one that
// matters.
func quiet(close func() error) { _ = close() }
