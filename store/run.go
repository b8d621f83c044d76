package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"

	"misimportd/era"
)

// Result is how a run ended.
type Result string

const (
	Applied   Result = "applied"
	Unchanged Result = "unchanged"
	Failed    Result = "failed"
	Held      Result = "held"    // for a person to approve
	Aborted   Result = "aborted" // told to stop before it was done; nothing was changed
)

// Source is the document that a run imported.
type Source struct {
	SHA256    string `json:"sha256" db:"source_sha256"`
	Bytes     int64  `json:"bytes" db:"source_bytes"`
	Unchanged bool   `json:"unchanged" db:"source_unchanged"` // the same as the one before
}

// Stage is a part of a run and how long it took.
type Stage struct {
	Name    string  `json:"stage"`
	Seconds float64 `json:"seconds"`
}

// Run is the record of one run.
type Run struct {
	ID         ID        `db:"id"`
	Kind       string    `db:"kind"` // import, era …
	Result     Result    `db:"result"`
	StartedAt  time.Time `db:"started_at"`
	FinishedAt time.Time `db:"finished_at"`
	AsOf       era.Date  `db:"as_of"`
	Era        string    `db:"era"`
	Source
	Counts   JSON[[]Count]         `db:"counts"`
	Problems JSON[json.RawMessage] `db:"problems"` // as the importer wrote them
	Stages   JSON[[]Stage]         `db:"stages"`
	Error    string                `db:"error"`
	Program  string                `db:"program"` // its version
	Host     string                `db:"host"`
}

const runColumns = `id, kind, result, started_at, finished_at, as_of, era, source_sha256, source_bytes, source_unchanged,
	counts, problems, stages, error, program, host`

// Lock is the right to change the database, which one process has at a time (R32).
type Lock struct {
	db     *DB
	conn   *sqlx.Conn
	unlock func() error
}

// Lock takes the right to change the database and brings its tables up to date. It
// fails at once with a *BusyError when another process has it. Whatever happens to
// this process, the lock does not outlive it.
func (db *DB) Lock(ctx context.Context, holder Holder) (*Lock, error) {
	conn, unlock, err := db.dialect.lock(ctx, db, holder)
	var busy *BusyError
	switch {
	case errors.As(err, &busy):
		return nil, busy
	case err != nil:
		return nil, db.failed("locking", err)
	}
	if err := db.migrate(ctx); err != nil {
		quiet(unlock)
		return nil, err
	}
	return &Lock{db: db, conn: conn, unlock: unlock}, nil
}

// Unlock gives the right up.
func (l *Lock) Unlock() error { return l.unlock() }

// snapshot is what PostgreSQL needs to be told for all reads of a transaction to fit
// together; SQLite's always do.
var snapshot = sql.LevelRepeatableRead

// View calls look with one consistent view of the database. The tables may not be
// there yet: then the view is of an empty database.
func (db *DB) View(ctx context.Context, look func(*View) error) error {
	ready, err := db.isSetUp(ctx)
	if err != nil {
		return err
	}
	if !ready {
		return look(&View{db: db, empty: true})
	}
	options := &sql.TxOptions{ReadOnly: true}
	if _, isPostgres := db.dialect.(postgres); isPostgres {
		options.Isolation = snapshot
	}
	tx, err := db.sql.BeginTxx(ctx, options)
	if err != nil {
		return db.failed("reading", err)
	}
	defer quiet(tx.Rollback)
	return look(&View{db: db, tx: tx})
}

// Run carries out one run in one transaction (R31): prepare looks at the database and
// returns the run's record with the Plan; what the plan changes, the changes and the
// record are stored together or not at all. When another transaction comes between,
// prepare is called again. A plan without changes stores the record only. The
// returned Run has its id, its result and the time that applying took.
func (l *Lock) Run(ctx context.Context, prepare func(*View) (Run, Plan, error)) (Run, error) {
	const attempts = 5
	for attempt := 1; ; attempt++ {
		run, err := l.try(ctx, prepare)
		if err == nil || attempt == attempts || !l.db.dialect.serialization(err) {
			return run, err
		}
	}
}

func (l *Lock) try(ctx context.Context, prepare func(*View) (Run, Plan, error)) (Run, error) {
	options := &sql.TxOptions{}
	if _, isPostgres := l.db.dialect.(postgres); isPostgres {
		options.Isolation = snapshot
	}
	tx, err := l.conn.BeginTxx(ctx, options)
	if err != nil {
		return Run{}, l.db.failed("beginning", err)
	}
	defer quiet(tx.Rollback)
	run, plan, err := prepare(&View{db: l.db, tx: tx})
	if err != nil {
		return run, err
	}
	begin := time.Now()
	if run.ID, err = l.db.dialect.reserve(ctx, tx, "runs", 1); err != nil {
		return run, l.db.failed("reserving ids", err)
	}
	if err := l.db.apply(ctx, tx, run.ID, plan); err != nil {
		return run, err
	}
	run.Result, run.Counts.V = Applied, plan.Counts()
	if plan.IsEmpty() {
		run.Result = Unchanged
	}
	run.FinishedAt = time.Now()
	run.Stages.V = append(run.Stages.V, Stage{"apply", run.FinishedAt.Sub(begin).Seconds()})
	if err := insertRun(ctx, tx, run); err != nil {
		return run, l.db.failed("recording the run", err)
	}
	return run, l.db.failed("committing", tx.Commit())
}

// RecordFailure stores the record of a run that failed, or was aborted, and changed
// nothing. It does not use the connection of the lock, which may be what failed.
func (l *Lock) RecordFailure(ctx context.Context, run Run) (Run, error) {
	tx, err := l.db.sql.BeginTxx(ctx, nil)
	if err != nil {
		return run, l.db.failed("recording the failure", err)
	}
	defer quiet(tx.Rollback)
	if run.ID, err = l.db.dialect.reserve(ctx, tx, "runs", 1); err != nil {
		return run, l.db.failed("recording the failure", err)
	}
	run.FinishedAt = time.Now()
	if err := insertRun(ctx, tx, run); err != nil {
		return run, l.db.failed("recording the failure", err)
	}
	return run, l.db.failed("recording the failure", tx.Commit())
}

func insertRun(ctx context.Context, tx *sqlx.Tx, run Run) error {
	run.StartedAt, run.FinishedAt = run.StartedAt.UTC(), run.FinishedAt.UTC()
	_, err := tx.NamedExecContext(ctx, `INSERT INTO runs (`+runColumns+`) VALUES (:id, :kind, :result, :started_at, :finished_at, :as_of, :era,
		:source_sha256, :source_bytes, :source_unchanged, :counts, :problems, :stages, :error, :program, :host)`, run)
	return err
}
