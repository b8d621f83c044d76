package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
	"github.com/pressly/goose/v3"

	"misimportd/store/model"
)

//go:embed migrations
var migrations embed.FS

type postgres struct{}

// openPostgres keeps url out of every error: it may hold a password, and a URL that
// cannot be parsed is quoted in full by those who tried.
func openPostgres(address string) (*DB, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, &URLError{"write it as postgres://USER:PASSWORD@HOST:PORT/NAME, with %xx for special characters " +
			"in it"}
	}
	if strings.Contains(u.Path+u.Fragment, "@") || u.Fragment != "" || u.User == nil &&
		strings.Contains(u.RawQuery, "@") {
		return nil, &URLError{"a user or password with one of @ / ? # in it has to be written with %xx"}
	}
	if strings.Trim(u.Path, "/") == "" {
		return nil, &URLError{"it names no database: write postgres://USER@HOST/NAME"}
	}
	config, err := pq.NewConfig(address)
	if err != nil {
		return nil, &URLError{"check its settings, after the question mark"}
	}
	if config.SSLMode == "" || !u.Query().Has("sslmode") && config.SSLMode == pq.SSLModeRequire {
		config.SSLMode = pq.SSLModePrefer
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = time.Minute // longer than the patience of the service, which says it better
	}
	if config.ApplicationName == "" {
		config.ApplicationName = "misimportd"
	}
	connector, err := pq.NewConnectorConfig(config)
	if err != nil {
		return nil, &URLError{"check its settings, after the question mark"}
	}
	connector.Dialer(pqDialer{})
	return &DB{sql: sqlx.NewDb(sqlOpen(attentive{connector}), "postgres"), dialect: postgres{}, name: place(u),
		server: net.JoinHostPort(config.Host, fmt.Sprint(config.Port))}, nil
}

// attentive connections are those whose server soon notices that this process is gone, and with
// it its lock, even in the middle of a statement; and within a minute that this machine is gone, or the
// network between the two.
type attentive struct{ driver.Connector }

func (a attentive) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := a.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	if execer, ok := conn.(driver.ExecerContext); ok {
		_, err = execer.ExecContext(ctx, `SET client_connection_check_interval = '100ms'; SET tcp_keepalives_idle = 20;
			SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3; SET tcp_user_timeout = '50s'`, nil)
	}
	if err != nil {
		quiet(conn.Close)
		return nil, err
	}
	return conn, nil
}

// place is a database's address without user, password and settings.
func place(u *url.URL) string {
	host := u.Host
	if host == "" {
		host = u.Query().Get("host")
	}
	return fmt.Sprintf("PostgreSQL database %s on %s", u.Path[min(1, len(u.Path)):], host)
}

func (postgres) goose() (goose.Dialect, fs.FS) {
	files, _ := fs.Sub(migrations, "migrations/postgres") // a constant path that is embedded
	return goose.DialectPostgres, files
}

func (postgres) cast(expression, sqlType string) string {
	return "CAST(" + expression + " AS " + sqlType + ")"
}

func (postgres) day(column string) string {
	return "coalesce(" + column + " - date '0001-01-01' + 1, 0)"
}

func (postgres) minute(column string) string {
	return "(CAST(extract(epoch FROM " + column + ") AS bigint) / 60 + 1035594720)"
}

func (postgres) elements(column string) string { return "jsonb_array_length(" + column + ")" }

func (postgres) hasTable() string { return "SELECT to_regclass($1) IS NOT NULL" }

// reserve asks for n numbers and is content when they follow each other. They do
// unless someone else asks at the same moment.
func (postgres) reserve(ctx context.Context, tx *sqlx.Tx, table string, n int) (model.ID, error) {
	const attempts = 100
	for range attempts {
		var first, last int64
		err := tx.QueryRowxContext(ctx, `SELECT min(v), max(v) FROM
			(SELECT nextval(s) AS v
			FROM CAST(pg_get_serial_sequence($1, 'id') AS regclass) AS s, generate_series(1, $2)) AS
			numbers`, table, n).Scan(&first, &last)
		if err != nil {
			return 0, err
		}
		if last-first+1 == int64(n) {
			return model.ID(first), nil
		}
	}
	return 0, fmt.Errorf("cannot reserve %d ids of %s: another program keeps taking some of them", n, table)
}

func (postgres) recordChanges(ctx context.Context, tx *sqlx.Tx, table string, run model.ID,
	rows changeRows) (err error) {
	stmt, err := tx.PrepareContext(ctx, `COPY `+table+
		` (run_id, seq, entity, action, record_id, why, before, after) FROM STDIN`)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stmt.Close()) }()
	for row := range rows {
		_, err := stmt.ExecContext(ctx, int64(run), row.seq, row.entity, row.action, int64(row.recordID), row.why,
			nullable(row.before), nullable(row.after))
		if err != nil {
			return err
		}
	}
	_, err = stmt.ExecContext(ctx)
	return err
}

func nullable(image []byte) any {
	if image == nil {
		return nil
	}
	return string(image)
}

func (postgres) alone(ctx context.Context, tx *sqlx.Tx) error {
	_, err := tx.ExecContext(ctx, `LOCK TABLE memberships, commitments IN SHARE ROW EXCLUSIVE MODE`)
	return err
}

// lockClass marks our advisory locks among those of other programs: "misi".
const lockClass = 0x6d697369

// lock is an advisory one, of the session: it is gone when the connection is. The
// run must use that connection for all it does, and none else.
func (postgres) lock(ctx context.Context, db *DB, holder Holder) (*sqlx.Conn, func() error, error) {
	conn, err := db.sql.Connx(ctx)
	if err != nil {
		return nil, nil, err
	}
	// The name comes first, so that nobody has the lock without one.
	var missing bool
	err = conn.GetContext(ctx, &missing,
		`SELECT current_schema() IS NULL FROM set_config('application_name', $1, false)`, holder.String())
	switch {
	case err != nil || !missing:
	case db.BeginSchema:
		_, err = conn.ExecContext(ctx, beginSchema)
	default:
		err = errors.New("the schema that search_path names in the URL is not there: create it first, or name another")
	}
	if err == nil {
		err = tryLock(ctx, conn)
	}
	if err != nil {
		quiet(conn.Close)
		return nil, nil, err
	}
	unlock := func() error {
		const patience = 5 * time.Second
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		_, err := conn.ExecContext(ctx, `SELECT pg_advisory_unlock_all()`)
		return errors.Join(unlessGone(err), unlessGone(conn.Close()))
	}
	return conn, unlock, nil
}

// beginSchema makes the schema that the URL names (search_path), where it is not there yet.
const beginSchema = `DO $$ BEGIN EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I',
	btrim(split_part(current_setting('search_path'), ',', 1), ' "')); END $$`

// tryLock takes the lock, or says who has it. When nobody does, for the holder left in
// between, it tries again.
func tryLock(ctx context.Context, conn *sqlx.Conn) error {
	const attempts = 5
	for range attempts {
		var locked bool
		if err := conn.GetContext(ctx, &locked, `SELECT pg_try_advisory_lock($1, hashtext(current_schema()))`,
			lockClass); err != nil || locked {
			return err
		}
		busy := &BusyError{}
		err := conn.GetContext(ctx, &busy.Holder,
			`SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
			WHERE l.locktype = 'advisory' AND l.granted AND l.classid::bigint = $1
			  AND l.objid::bigint = hashtext(current_schema())::bigint & 4294967295
			  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) LIMIT 1`, lockClass)
		switch {
		case err == nil:
			return busy
		case !errors.Is(err, sql.ErrNoRows):
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
	return &BusyError{Holder: "somebody who comes and goes"}
}

// unlessGone is err, unless it says that the connection is gone: then so is its lock.
func unlessGone(err error) error {
	if errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) {
		return nil
	}
	return err
}

func (postgres) serialization(err error) bool {
	return pq.As(err, pqerror.TRSerializationFailure, pqerror.TRDeadlockDetected) != nil
}

func (postgres) away(err error) bool {
	said := pq.As(err)
	return said != nil && slices.Contains([]string{"08", "53", "57"},
		string(said.Code.Class())) // of connections, resources, operators
}

// explain leaves out the error's detail: it quotes rows.
func (postgres) explain(err error) error {
	var network *net.OpError
	if errors.As(err, &network) {
		return fmt.Errorf("%w; is PostgreSQL running, and is the address right?", network)
	}
	said := pq.As(err)
	if said == nil {
		return err
	}
	told := &databaseError{message: said.Message, code: string(said.Code), constraint: said.Constraint, err: err}
	switch said.Code.Class() {
	case "28":
		told.hint = "check the user and the password, and pg_hba.conf on the server"
	case "3D":
		told.hint = "create the database first, for example with createdb"
	case "53":
		told.hint = "make room on the database server, then run again"
	case "57":
		told.hint = "the server is starting, stopping or was told to cancel; try again"
	}
	switch said.Code {
	case pqerror.UndefinedObject:
		told.hint = "check the settings in the URL of the database, after the question mark"
	case pqerror.ReadOnlySQLTransaction:
		told.hint = "the database is read-only: is it a standby server, or did somebody set " +
			"default_transaction_read_only?"
	case pqerror.InsufficientPrivilege:
		told.hint = "the database user needs the right to do this"
	}
	return told
}

// databaseError is what a server said, less the values of rows.
type databaseError struct {
	message, code, constraint, hint string
	err                             error
}

func (e *databaseError) Error() string {
	text := fmt.Sprintf("%s (SQLSTATE %s", e.message, e.code)
	if e.constraint != "" {
		text += ", constraint " + e.constraint
	}
	text += ")"
	if e.hint != "" {
		text += "; " + e.hint
	}
	return text
}

func (e *databaseError) Unwrap() error { return e.err }
