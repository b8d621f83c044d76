//go:build !single

// Package fleet makes the nights of many schools on many machines. It knows which schools there are, which are due, and
// which worker is at which; River, a job queue in PostgreSQL, delivers. That there is one import a night is decided
// by the record of runs in each school's own database, under its lock, and by nothing else: so a job that is delivered
// twice does no harm. What an import is it need not know, and it must never know what is in a document.
package fleet

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"misimportd/era/hint"
	"misimportd/store"
)

//go:embed migrations
var migrations embed.FS

// schema is where all tables of a fleet are, River's too.
const schema = "fleet"

// Fleet is a fleet's database. It is safe for use by several goroutines.
type Fleet struct {
	pool *pgxpool.Pool
	name string // where it is, without secrets
}

// URLError says why the URL of a fleet's database cannot be used, without quoting it: there may be a password in it.
type URLError struct{ Reason string }

func (e *URLError) Error() string {
	return "the URL of the fleet's database (--fleet) cannot be used: " + e.Reason
}

// SchemaError says that a database holds no fleet, or that of another version of the program.
type SchemaError struct {
	Database   string
	Has, Knows int64
}

func (e *SchemaError) Error() string {
	switch {
	case e.Has == 0:
		return fmt.Sprintf("%s holds no fleet yet: \"%s\" begins one", e.Database, hint.Command("fleet init"))
	case e.Has > e.Knows:
		return fmt.Sprintf("%s has the fleet's schema version %d and this program knows versions up to %d: use a "+
			"newer misimportd", e.Database, e.Has, e.Knows)
	}
	return fmt.Sprintf("%s has the fleet's schema version %d and this program needs %d: \"%s\" brings it up to date",
		e.Database, e.Has, e.Knows, hint.Command("fleet init"))
}

// Open connects to a fleet's database, which has to be set up.
func Open(ctx context.Context, url string) (*Fleet, error) {
	f, err := connect(ctx, url)
	if err != nil {
		return nil, err
	}
	if err := f.check(ctx); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// connect opens the pool that fleet and River share.
func connect(ctx context.Context, url string) (*Fleet, error) {
	if !strings.HasPrefix(url, "postgres://") && !strings.HasPrefix(url, "postgresql://") {
		return nil, &URLError{"begin it with postgres://, as in postgres://USER@HOST/NAME"}
	}
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, &URLError{"write it as postgres://USER:PASSWORD@HOST:PORT/NAME, with %xx for special characters " +
			"in it"}
	}
	c := config.ConnConfig
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = 10 * time.Second
	}
	c.DialFunc = store.Dialer.DialContext
	if c.RuntimeParams["application_name"] == "" {
		c.RuntimeParams["application_name"] = "misimportd fleet"
	}
	config.AfterConnect = endSoon
	f := &Fleet{name: fmt.Sprintf("the fleet's PostgreSQL database %s on %s", c.Database, c.Host)}
	if f.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return nil, &URLError{"check its settings, after the question mark"}
	}
	if err := f.pool.Ping(ctx); err != nil {
		f.pool.Close()
		return nil, f.failed("connecting", err)
	}
	return f, nil
}

// endSoon has the server notice within a minute that a worker is cut off, and end what it had begun: nobody is to wait
// for a row that such a worker has locked.
func endSoon(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, `SET tcp_keepalives_idle = 20; SET tcp_keepalives_interval = 10;
		SET tcp_keepalives_count = 3; SET tcp_user_timeout = '50s'; SET idle_in_transaction_session_timeout = '60s'`)
	return err
}

// Close releases the connections.
func (f *Fleet) Close() { f.pool.Close() }

// String says which database it is, without any secret.
func (f *Fleet) String() string { return f.name }

// failed says what was being done when err came, without the values of rows.
func (f *Fleet) failed(doing string, err error) error {
	var said *pgconn.PgError
	var connecting *pgconn.ConnectError
	var unknown *UnknownError
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.As(err, &unknown):
		return err
	case errors.As(err, &said):
		return fmt.Errorf("%s: %s: %s (SQLSTATE %s)", f.name, doing, said.Message, said.Code)
	case errors.As(err, &connecting):
		return fmt.Errorf("%s: %s: %w; is PostgreSQL running, and is the address right?", f.name, doing,
			errors.Unwrap(connecting))
	}
	return fmt.Errorf("%s: %s: %w", f.name, doing, err)
}

// knows is the newest version of the fleet's own tables that the program has.
const knows = 3

// check finds out whether the program can work with the tables: they are those that it knows, or newer ones that suit
// it, too, by what the newer program wrote there. So workers of two versions get on beside each other.
func (f *Fleet) check(ctx context.Context) error {
	has, err := f.version(ctx)
	suits := int64(knows)
	if err == nil && has > knows {
		err = f.failed("looking for the fleet", f.pool.QueryRow(ctx, `SELECT suits FROM fleet.settings`).Scan(&suits))
	}
	if err == nil && (has < knows || suits > knows) {
		err = &SchemaError{f.name, has, knows}
	}
	return err
}

// version is that of the fleet's tables, 0 for none.
func (f *Fleet) version(ctx context.Context) (has int64, err error) {
	var exists bool
	err = f.pool.QueryRow(ctx, `SELECT to_regclass('fleet.goose_db_version') IS NOT NULL`).Scan(&exists)
	if err == nil && exists {
		err = f.pool.QueryRow(ctx, `SELECT coalesce(max(version_id), 0) FROM fleet.goose_db_version WHERE is_applied`).
			Scan(&has)
	}
	return has, f.failed("looking for the fleet", err)
}

// Init sets a fleet up in a database, or brings one up to date: its own tables and River's. Two at once wait for each
// other. It tells whether there was anything to do.
func Init(ctx context.Context, url string, log *slog.Logger) (name string, changed bool, err error) {
	f, err := connect(ctx, url)
	if err != nil {
		return "", false, err
	}
	defer f.Close()
	has, err := f.version(ctx)
	if err == nil && has > knows {
		err = &SchemaError{f.name, has, knows}
	}
	if err != nil {
		return f.name, false, err
	}
	if _, err := f.pool.Exec(ctx, `CREATE SCHEMA IF NOT EXISTS fleet`); err != nil {
		return f.name, false, f.failed("creating the schema fleet", err)
	}
	changed, err = f.migrate(ctx, log)
	return f.name, changed, f.failed("creating the tables", err)
}

// migrate brings both sets of tables up to date under one lock.
func (f *Fleet) migrate(ctx context.Context, log *slog.Logger) (changed bool, err error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return false, err
	}
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return false, err
	}
	db := stdlib.OpenDBFromPool(f.pool)
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := locker.SessionLock(ctx, conn); err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, locker.SessionUnlock(context.WithoutCancel(ctx), conn)) }()
	own, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithDisableGlobalRegistry(true),
		goose.WithTableName(schema+".goose_db_version"))
	if err != nil {
		return false, err
	}
	done, err := own.Up(ctx)
	if err != nil {
		return false, err
	}
	river, err := rivermigrate.New(riverpgxv5.New(f.pool), &rivermigrate.Config{Schema: schema, Logger: log})
	if err != nil {
		return false, err
	}
	queue, err := river.Migrate(ctx, rivermigrate.DirectionUp, nil)
	if err != nil {
		return false, err
	}
	return len(done)+len(queue.Versions) > 0, nil
}

// within calls do in one transaction.
func (f *Fleet) within(ctx context.Context, doing string, do func(pgx.Tx) error) error {
	return f.failed(doing, pgx.BeginFunc(ctx, f.pool, do))
}
