package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/pressly/goose/v3"
	driver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"misimportd/era/files"
	"misimportd/store/model"
)

type sqlite struct{ path string }

// openSQLite names the file and does not make it: a plan on a fresh machine leaves
// nothing behind.
func openSQLite(path string) (*DB, error) {
	if path == "" || strings.HasPrefix(path, "//") {
		return nil, &URLError{"write the path of a file after sqlite:, as in sqlite:/var/lib/misimportd/misimportd.db"}
	}
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	// One file has one lock, whatever links lead to it.
	if target, err := filepath.EvalSymlinks(full); err == nil {
		full = target
	} else if folder, err := filepath.EvalSymlinks(filepath.Dir(full)); err == nil {
		full = filepath.Join(folder, filepath.Base(full))
	}
	db := &DB{dialect: sqlite{full}, name: "SQLite database " + full}
	info, err := os.Stat(full)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return db, nil
	case err != nil:
		return nil, db.failed("opening", err)
	case info.IsDir():
		return nil, fmt.Errorf("%s is a folder: name a file", db.name)
	}
	return db, db.connectSQLite(full)
}

func (db *DB) connectSQLite(path string) error {
	settings := url.Values{
		"_pragma":      {"busy_timeout(10000)", "foreign_keys(1)", "synchronous(normal)"},
		"_txlock":      {"immediate"},
		"_time_format": {"sqlite"},
	}
	address := &url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: settings.Encode()}
	handle, err := sqlx.Open("sqlite", address.String())
	if err != nil {
		return db.failed("opening", err)
	}
	db.sql = handle
	return nil
}

// createSQLite makes the file, readable by its owner alone: it holds children's data.
func (db *DB) createSQLite(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return db.failed("creating", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return db.failed("creating", err)
	}
	if err := file.Close(); err != nil {
		return db.failed("creating", err)
	}
	return db.connectSQLite(path)
}

func (sqlite) goose() (goose.Dialect, fs.FS) {
	files, _ := fs.Sub(migrations, "migrations/sqlite") // a constant path that is embedded
	return goose.DialectSQLite3, files
}

// cast leaves dates and times as the text that SQLite keeps them as.
func (sqlite) cast(expression, sqlType string) string {
	switch sqlType {
	case "date":
		return expression
	case "timestamp":
		return "(" + expression + " || ':00')"
	}
	return "CAST(" + expression + " AS " + sqlType + ")"
}

// day counts from Julian day 1721424.5, the beginning of 31 December of year 0.
func (sqlite) day(column string) string {
	return "CAST(coalesce(julianday(" + column + ") - 1721424.5, 0) AS integer)"
}

// minute counts from the same moment as day.
func (sqlite) minute(column string) string {
	return "(CAST(strftime('%s', " + column + ") AS integer) / 60 + 1035594720)"
}

func (sqlite) elements(column string) string { return "json_array_length(" + column + ")" }

func (sqlite) hasTable() string {
	return "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1)"
}

func (sqlite) reserve(ctx context.Context, tx *sqlx.Tx, table string, n int) (model.ID, error) {
	var last int64
	err := tx.GetContext(ctx, &last, `SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = $1`, table)
	return model.ID(last + 1), err
}

// recordChanges hands SQLite a few thousand rows at a time, as one JSON text.
func (sqlite) recordChanges(ctx context.Context, tx *sqlx.Tx, table string, run model.ID, rows changeRows) error {
	const enough = 1 << 20
	var batch bytes.Buffer
	flush := func() error {
		if batch.Len() == 0 {
			return nil
		}
		batch.WriteByte(']')
		_, err := tx.ExecContext(ctx, `INSERT INTO `+table+
			` (run_id, seq, entity, action, record_id, why, before, after)
			SELECT $1, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4,
				json_extract(value, '$[5]'), json_extract(value, '$[6]')
			  FROM json_each($2)`, int64(run), batch.String())
		batch.Reset()
		return err
	}
	encoder := json.NewEncoder(&batch)
	for row := range rows {
		batch.WriteByte("[,"[min(1, batch.Len())])
		err := encoder.Encode([]any{row.seq, row.entity, row.action, row.recordID, row.why, json.RawMessage(row.before),
			json.RawMessage(row.after)})
		if err != nil {
			return err
		}
		if batch.Len() > enough {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// alone is every transaction that writes.
func (sqlite) alone(context.Context, *sqlx.Tx) error { return nil }

// lock is one on a file beside the database: the system gives it up when the process
// ends, however it ends. The file stays; it says who had the lock last.
func (d sqlite) lock(ctx context.Context, db *DB, holder Holder) (*sqlx.Conn, func() error, error) {
	if db.sql == nil {
		if err := db.createSQLite(d.path); err != nil {
			return nil, nil, err
		}
	}
	unlock, err := files.Lock(d.path+".lock", holder.String())
	var locked *files.LockedError
	if errors.As(err, &locked) {
		return nil, nil, &BusyError{Holder: locked.Holder}
	}
	if err != nil {
		return nil, nil, err
	}
	conn, err := db.sql.Connx(ctx)
	if err == nil { // readers and the one writer are not to wait for each other
		_, err = conn.ExecContext(ctx, `PRAGMA journal_mode = wal`)
	}
	if err != nil {
		quiet(unlock)
		return nil, nil, err
	}
	return conn, func() error { return errors.Join(unlessGone(conn.Close()), unlock()) }, nil
}

func (sqlite) serialization(error) bool { return false }

func (sqlite) away(err error) bool {
	var said *driver.Error
	return errors.As(err, &said) && (said.Code()&0xff == sqlite3.SQLITE_BUSY ||
		said.Code()&0xff == sqlite3.SQLITE_LOCKED)
}

func (sqlite) explain(err error) error {
	var said *driver.Error
	if !errors.As(err, &said) {
		return err
	}
	hint := ""
	switch said.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		hint = "make room on the disk, then run again"
	case sqlite3.SQLITE_IOERR:
		hint = "the disk is full or failing: make room on it, then run again"
	case sqlite3.SQLITE_READONLY:
		hint = "the file or its folder is read-only for this user: check owner and mode"
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH:
		hint = "check that the folder exists and that this user may write to it"
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		hint = "another program is writing to it; try again"
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		hint = "the file is damaged, or is no SQLite database: name another or restore it"
	default:
		return err
	}
	return fmt.Errorf("%w; %s", err, hint)
}
