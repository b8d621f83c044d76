package store

import (
	"context"
	"io/fs"

	"github.com/jmoiron/sqlx"
	"github.com/pressly/goose/v3"

	"misimportd/store/model"
)

// dialect is all in which the two databases differ. Everything else is one SQL text
// for both.
type dialect interface {
	goose() (goose.Dialect, fs.FS)

	// cast turns an expression that gives JSON's text into a value of an SQL type.
	cast(expression, sqlType string) string

	// day turns a date column into a number, an era.Date: quicker to read than text.
	day(column string) string

	// minute turns a timestamp column into a number, an era.Moment.
	minute(column string) string

	// elements counts the elements of a column of lists.
	elements(column string) string

	// hasTable is a query that tells whether the table $1 exists.
	hasTable() string

	// reserve sets n ids of a table aside and returns the first. Nobody else gets them.
	reserve(ctx context.Context, tx *sqlx.Tx, table string, n int) (model.ID, error)

	// recordChanges writes rows to a table of changes, in bulk.
	recordChanges(ctx context.Context, tx *sqlx.Tx, table string, run model.ID, rows changeRows) error

	// alone keeps others from writing memberships and commitments until the transaction ends. It is
	// to be the first that the transaction does: what it reads then is the newest.
	alone(ctx context.Context, tx *sqlx.Tx) error

	// lock takes the lock that only one run can have, until unlock is called or the
	// process ends. It fails at once with a *BusyError when another has it.
	lock(ctx context.Context, db *DB, holder Holder) (conn *sqlx.Conn, unlock func() error, err error)

	// explain turns a driver's error into one that says what to do.
	explain(err error) error

	// serialization tells whether err means that another transaction came between,
	// and trying again will do.
	serialization(err error) bool

	// away tells whether err says that the server is starting, stopping or full up.
	away(err error) bool
}
