//go:build !single

package fleet

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// affect has a statement change the schools that its first argument names, and fails with an *UnknownError, changing
// nothing, when some are not there. The statement returns the names of those that it found.
func affect(ctx context.Context, tx pgx.Tx, names []string, sql string, args ...any) error {
	rows, err := tx.Query(ctx, sql, append([]any{names}, args...)...)
	if err != nil {
		return err
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	return allFound(names, found)
}

func allFound(names, found []string) error {
	isThere := map[string]bool{}
	for _, name := range found {
		isThere[name] = true
	}
	unknown := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return isThere[name] })
	if len(unknown) > 0 {
		return &UnknownError{unknown}
	}
	return nil
}

// Pause has no import of schools begin by itself until a moment, one for each.
func (f *Fleet) Pause(ctx context.Context, names []string, until map[string]time.Time, why string) error {
	moments := make([]time.Time, len(names))
	for i, name := range names {
		moments[i] = until[name]
	}
	return f.within(ctx, "pausing", func(tx pgx.Tx) error {
		if err := affect(ctx, tx, names, `UPDATE fleet.schools s SET paused_until = p.until, paused_why = $3
			FROM unnest($1::text[], $2::timestamptz[]) AS p (name, until) WHERE s.name = p.name RETURNING s.name`,
			moments, why); err != nil {
			return err
		}
		// A program of before put a school off until its pause ended, and this one may end earlier.
		return affect(ctx, tx, names, `UPDATE fleet.school_status SET next = least(next, now()), touched = touched + 1
			WHERE school = ANY($1) RETURNING school`)
	})
}

// Resume ends the pauses of schools, and has those tried again that were set aside.
func (f *Fleet) Resume(ctx context.Context, names []string) error {
	return f.within(ctx, "resuming", func(tx pgx.Tx) error {
		if err := affect(ctx, tx, names, `UPDATE fleet.schools SET paused_until = NULL, paused_why = '',
			aside_at = NULL, aside_why = '' WHERE name = ANY($1) RETURNING name`); err != nil {
			return err
		}
		return affect(ctx, tx, names, `UPDATE fleet.school_status SET tries = 0, next = now(), due_at = NULL,
			touched = touched + 1 WHERE school = ANY($1) RETURNING school`)
	})
}

// ResumeAll has nights begin again after the fleet's guard has stopped them. It tells whether it had.
func (f *Fleet) ResumeAll(ctx context.Context, operator string) (had bool, err error) {
	tag, err := f.pool.Exec(ctx, `UPDATE fleet.stops SET resumed_at = now(), resumed_by = $1 WHERE resumed_at IS NULL`,
		operator)
	return tag.RowsAffected() > 0, f.failed("resuming", err)
}

// LookAgain has a school looked at when a worker is free, after what is queued already: somebody has done something
// there.
func (f *Fleet) LookAgain(ctx context.Context, name string) error {
	return f.within(ctx, "having a school looked at", func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE fleet.school_status SET next = least(next, now()), look = true,
			touched = touched + 1 WHERE school = $1`, name); err != nil {
			return err
		}
		return f.queueNow(ctx, tx, []string{name}, false)
	})
}

// queueNow queues schools at once.
func (f *Fleet) queueNow(ctx context.Context, tx pgx.Tx, names []string, isWish bool) error {
	inserter, err := newInserter(f.pool)
	if err != nil {
		return err
	}
	now, err := timeIn(ctx, tx)
	if err != nil {
		return err
	}
	nights := make([]Night, len(names))
	for i, name := range names {
		nights[i] = Night{School: name, Night: now, Wish: isWish}
	}
	return inserter.insert(ctx, tx, nights)
}

// Wish asks for an import of schools now, before those that are merely due, whether they are paused or not. One that
// was set aside is tried as often as any other.
func (f *Fleet) Wish(ctx context.Context, names []string) error {
	return f.within(ctx, "asking for imports", func(tx pgx.Tx) error {
		if err := affect(ctx, tx, names, `UPDATE fleet.schools SET wished_at = now() WHERE name = ANY($1)
			RETURNING name`); err != nil {
			return err
		}
		if err := affect(ctx, tx, names, `UPDATE fleet.school_status SET tries = 0, touched = touched + 1
			WHERE school = ANY($1) RETURNING school`); err != nil {
			return err
		}
		return f.queueNow(ctx, tx, names, true)
	})
}

func timeIn(ctx context.Context, q querier) (now time.Time, err error) {
	err = q.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&now)
	return now, err
}

// Remove takes schools out of the fleet. Their databases stay as they are.
func (f *Fleet) Remove(ctx context.Context, names []string) error {
	return f.within(ctx, "removing schools", func(tx pgx.Tx) error {
		found, err := removeIn(ctx, tx, names)
		if err != nil {
			return err
		}
		return allFound(names, found)
	})
}

// removeIn takes schools and what is queued of them away. A job under way finds its school gone.
func removeIn(ctx context.Context, tx pgx.Tx, names []string) (found []string, err error) {
	rows, err := tx.Query(ctx, `DELETE FROM fleet.schools WHERE name = ANY($1) RETURNING name`, names)
	if err == nil {
		found, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	if err == nil {
		_, err = tx.Exec(ctx, `DELETE FROM fleet.river_job WHERE kind = $2 AND state <> 'running'
			AND args->>'school' = ANY($1)`, names, kind)
	}
	return found, err
}
