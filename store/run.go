package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"misimportd/era/hint"
	"misimportd/store/model"
)

const runColumns = `id, kind, result, started_at, finished_at, as_of, era, source_sha256, source_bytes,
	source_unchanged,
	counts, problems, stages, error, program, host, records, guard, hold, waiting, about,
	decision, decided_by, decided_at, undone_by, options, operator, decided_operator`

// Lock is the right to change the database, which one process has at a time (R32).
type Lock struct {
	db     *DB
	conn   *sqlx.Conn
	unlock func() error
}

// Lock takes the right to change the database and brings its tables up to date. It
// fails at once with a *BusyError when another process has it. Whatever happens to
// this process, the lock does not outlive it, or only until the server notices: whoever
// comes after a process of this machine that was killed waits for that.
func (db *DB) Lock(ctx context.Context, holder Holder) (*Lock, error) {
	var conn *sqlx.Conn
	var unlock func() error
	var busy *BusyError
	err := Outwait(ctx, db.Waiting, func() (by string, err error) {
		if conn, unlock, err = db.dialect.lock(ctx, db, holder); errors.As(err, &busy) {
			return busy.Holder, err
		}
		return "", err
	})
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
// makes a Proposal; what its plan changes, the changes, those that wait and the record are
// stored together or not at all. When another transaction comes between, prepare is
// called again. A plan without changes stores the record only. The returned Run has its
// id, its result and the time that applying took.
func (l *Lock) Run(ctx context.Context, prepare func(*View) (model.Proposal, error)) (model.Run, error) {
	return l.persist(ctx, false, prepare, nil)
}

// RunFiling is Run with something to be kept together with the run, or not at all: file is called when the run is
// recorded, before the commit. It may be nil.
func (l *Lock) RunFiling(ctx context.Context, prepare func(*View) (model.Proposal, error),
	file func(*Filing, model.Run) error) (model.Run, error) {
	return l.persist(ctx, false, prepare, file)
}

// RunAlone is RunFiling for a plan that deletes what others may be about to refer to: as long as it
// takes, nobody else writes memberships and commitments.
func (l *Lock) RunAlone(ctx context.Context, prepare func(*View) (model.Proposal, error),
	file func(*Filing, model.Run) error) (model.Run, error) {
	return l.persist(ctx, true, prepare, file)
}

func (l *Lock) persist(ctx context.Context, alone bool, prepare func(*View) (model.Proposal, error),
	file func(*Filing, model.Run) error) (model.Run, error) {
	const attempts = 5
	for attempt := 1; ; attempt++ {
		run, err := l.try(ctx, alone, prepare, file)
		if err == nil || attempt == attempts || !l.db.dialect.serialization(err) {
			return run, err
		}
	}
}

func (l *Lock) try(ctx context.Context, alone bool, prepare func(*View) (model.Proposal, error),
	file func(*Filing, model.Run) error) (model.Run, error) {
	options := &sql.TxOptions{}
	if _, isPostgres := l.db.dialect.(postgres); isPostgres {
		options.Isolation = snapshot
	}
	tx, err := l.conn.BeginTxx(ctx, options)
	if err != nil {
		return model.Run{}, l.db.failed("beginning", err)
	}
	defer quiet(tx.Rollback)
	if alone {
		if err := l.db.dialect.alone(ctx, tx); err != nil {
			return model.Run{}, l.db.failed("keeping others from writing", err)
		}
	}
	p, err := prepare(&View{db: l.db, tx: tx})
	if err != nil {
		return p.Run, err
	}
	if err := l.carryOut(ctx, tx, &p); err != nil {
		return p.Run, err
	}
	if file != nil {
		if err := file(&Filing{db: l.db, tx: tx, ctx: ctx}, p.Run); err != nil {
			return p.Run, err
		}
	}
	return p.Run, l.db.failed("committing", tx.Commit())
}

// carryOut does what is proposed, and records it and what waits.
func (l *Lock) carryOut(ctx context.Context, tx *sqlx.Tx, p *model.Proposal) (err error) {
	run, begin := &p.Run, time.Now()
	if run.ID, err = l.db.dialect.reserve(ctx, tx, "runs", 1); err != nil {
		return l.db.failed("reserving ids", err)
	}
	if err := l.db.recordLabels(ctx, tx, run.ID, *p); err != nil {
		return err
	}
	ids, err := l.db.apply(ctx, tx, run.ID, p.Plan)
	if err != nil {
		return err
	}
	if !p.Waiting.IsEmpty() {
		if err := l.db.dialect.recordChanges(ctx, tx, "held_changes", run.ID, ids.rows(p.Waiting)); err != nil {
			return l.db.failed("recording what waits", err)
		}
	}
	run.Result, run.Counts.V, run.Waiting.V = model.Applied, p.Plan.Counts(), p.Waiting.Counts()
	switch {
	case run.Hold != model.HoldNothing:
		run.Result, run.Decision = model.Held, model.Waiting
	case p.Plan.IsEmpty():
		run.Result = model.Unchanged
	}
	run.FinishedAt = time.Now()
	run.Stages.V = append(run.Stages.V, model.Stage{Name: "apply", Seconds: run.FinishedAt.Sub(begin).Seconds()})
	if err := insertRun(ctx, tx, *run); err != nil {
		return l.db.failed("recording the run", err)
	}
	return l.db.failed("recording the run", l.settle(ctx, tx, *run, *p))
}

// settle notes in the records of earlier runs what becomes of them through this one.
func (l *Lock) settle(ctx context.Context, tx *sqlx.Tx, run model.Run, p model.Proposal) error {
	at := run.FinishedAt.UTC()
	const decide = `UPDATE runs SET decision = $1, decided_by = $2, decided_at = $3, decided_operator = $4
		WHERE decision = 'waiting' AND id `
	if p.Settles != 0 {
		if _, err := tx.ExecContext(ctx, decide+`= $5`, p.As, run.ID, at, run.Operator, p.Settles); err != nil {
			return err
		}
	}
	if p.Replaces {
		of := ` AND kind NOT IN ('roll', 'ahead')`
		if run.Kind == model.Ahead {
			of = ` AND kind = 'ahead'`
		}
		if _, err := tx.ExecContext(ctx, decide+`<> $5`+of, model.Replaced, run.ID, at, run.Operator,
			run.ID); err != nil {
			return err
		}
	}
	if p.Undoes == 0 || run.Result == model.Held {
		return nil
	}
	if err := noteUndone(ctx, tx, p.Undoes, run.ID); err != nil {
		return err
	}
	// What is undone holds nothing any more.
	_, err := tx.ExecContext(ctx, decide+`= $5`, model.Replaced, run.ID, at, run.Operator, p.Undoes)
	return err
}

// noteUndone notes that a run is undone by another. When it was an undo itself, what it had
// undone is in force again; when that was one too, what that had undone no longer is; and so
// on. An undo of a part of a run leaves that run in force, be it undone itself or not.
func noteUndone(ctx context.Context, tx *sqlx.Tx, id, by model.ID) error {
	for {
		if _, err := tx.ExecContext(ctx, `UPDATE runs SET undone_by = $1 WHERE id = $2`, by, int64(id)); err != nil {
			return err
		}
		var run struct {
			Kind    string
			About   model.ID
			Options model.JSON[model.Options]
		}
		err := tx.GetContext(ctx, &run, `SELECT kind, about, options FROM runs WHERE id = $1`, int64(id))
		if err != nil || run.Kind != model.Undo || run.Options.V.Part {
			return err
		}
		if by == 0 { // it is in force
			by = id
		} else {
			by = 0
		}
		id = run.About
	}
}

// Reject closes a held run: what waits of it will not be approved any more. It fails with
// a *NotWaitingError when nothing of that run waits. operator is who did it, blank for a command.
func (l *Lock) Reject(ctx context.Context, id model.ID, operator string) error {
	result, err := l.conn.ExecContext(ctx, `UPDATE runs SET decision = 'rejected', decided_at = $1,
		decided_operator = $3 WHERE id = $2 AND decision = 'waiting'`, time.Now().UTC(), int64(id), operator)
	if err != nil {
		return l.db.failed("recording the decision", err)
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, &NotWaitingError{ID: id})
	}
	return nil
}

// NotWaitingError says that nothing of a run waits for a person: it never did, or what
// became of it is in Run.
type NotWaitingError struct {
	ID     model.ID
	Run    model.Run
	Undone model.ID // the run that undid the approval, 0 for none
}

func (e *NotWaitingError) Error() string {
	var by string
	if e.Run.DecidedBy != 0 {
		by = fmt.Sprintf(" by run %d", e.Run.DecidedBy)
	}
	switch e.Run.Decision {
	case model.Approved:
		if e.Undone != 0 {
			return fmt.Sprintf("run %d was approved already%s, and run %d has undone that: \"%s\" brings it back", e.ID,
				by, e.Undone, hint.Command("undo %d", e.Undone))
		}
		return fmt.Sprintf("run %d was approved already%s", e.ID, by)
	case model.Rejected:
		return fmt.Sprintf("run %d was rejected: the next import makes a plan of its own", e.ID)
	case model.Replaced:
		return fmt.Sprintf("what run %d held was replaced%s, which made its own plan: \"%s\" shows what waits now",
			e.ID, by, hint.Command("runs"))
	}
	return fmt.Sprintf("run %d is not held: nothing of it waits for a person", e.ID)
}

// NotWaiting says what became of a run of which nothing waits: a *NotWaitingError, unless the
// database fails.
func (v *View) NotWaiting(ctx context.Context, run model.Run) error {
	not := &NotWaitingError{ID: run.ID, Run: run}
	if run.Decision == model.Approved {
		approval, err := v.Run(ctx, run.DecidedBy)
		if err != nil {
			return err
		}
		not.Undone = approval.UndoneBy
	}
	return not
}

// RecordFailure stores the record of a run that failed, or was aborted, and changed
// nothing. It does not use the connection of the lock, which may be what failed.
func (l *Lock) RecordFailure(ctx context.Context, run model.Run) (model.Run, error) {
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

func insertRun(ctx context.Context, tx *sqlx.Tx, run model.Run) error {
	run.StartedAt, run.FinishedAt = run.StartedAt.UTC(), run.FinishedAt.UTC()
	_, err := tx.NamedExecContext(ctx, `INSERT INTO runs (`+runColumns+
		`, labelled) VALUES (:id, :kind, :result, :started_at, :finished_at, :as_of, :era,
		:source_sha256, :source_bytes, :source_unchanged, :counts, :problems, :stages, :error,
		:program, :host, :records, :guard, :hold, :waiting, :about, :decision, :decided_by, :decided_at,
		:undone_by, :options, :operator, :decided_operator, true)`, run)
	return err
}
