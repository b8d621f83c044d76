// Package store keeps what the program knows: it reads a State out of the database
// and carries out a Plan in it, on PostgreSQL and on SQLite alike. It knows tables,
// transactions and locks. It must never know an MIS, and decides nothing about what
// should change.
package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"
)

// DB is a database that may or may not yet hold our tables. It is safe for use by
// several goroutines.
type DB struct {
	sql     *sqlx.DB
	dialect dialect
	name    string // where it is, without secrets

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

// String says which database it is, without any secret.
func (db *DB) String() string { return db.name }

// Holder says who runs an import: what others are told while it does.
type Holder struct {
	Command string // such as run
	PID     int
	Host    string
	Since   time.Time
}

// NewHolder is this process, from now on.
func NewHolder(command string) Holder {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return Holder{Command: command, PID: os.Getpid(), Host: host, Since: time.Now()}
}

// maxHolder is as much as PostgreSQL keeps of an application's name.
const maxHolder = 63

func (h Holder) String() string {
	since := h.Since.UTC().Format(time.RFC3339)
	who := fmt.Sprintf("misimportd %s, process %d", h.Command, h.PID)
	room := maxHolder - len(who) - len(" on ") - len(" since ") - len(since)
	if room > 0 {
		who += " on " + h.Host[:min(len(h.Host), room)]
	}
	return who + " since " + since
}

// BusyError says that another run has the lock (R32).
type BusyError struct{ Holder string }

func (e *BusyError) Error() string {
	return fmt.Sprintf("another run is under way: %s; wait for it to end", e.Holder)
}

// quiet is for closing what is given up anyway: its error would hide the one that
// matters.
func quiet(close func() error) { _ = close() }
