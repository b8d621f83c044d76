//go:build !single

package fleet

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"
)

const (
	kind  = "school"
	queue = "schools"

	byWish, byNight = 1, 2 // priorities: what a person asked for goes first
)

// Night is a job: one attempt at what a school's night asks for. It carries no data. A school has at most one job that
// is not over, be it for a night or for a wish.
type Night struct {
	School string    `json:"school" river:"unique"`
	Night  time.Time `json:"night"` // when it was due, or asked for
	Wish   bool      `json:"wish,omitempty"`
}

// Kind is how River knows the job.
func (Night) Kind() string { return kind }

// InsertOpts says how it is queued.
func (n Night) InsertOpts() river.InsertOpts {
	const deliveries = 1000 // how often a job may be delivered; when a school is set aside, tries decide
	opts := river.InsertOpts{Queue: queue, Priority: byNight, MaxAttempts: deliveries, UniqueOpts: river.UniqueOpts{
		ByArgs: true, ByState: []rivertype.JobState{rivertype.JobStateAvailable, rivertype.JobStatePending,
			rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled}}}
	if n.Wish {
		opts.Priority = byWish
	}
	return opts
}

// isLive is the jobs that are still to be done, or being done.
const isLive = `j.state IN ('available', 'pending', 'retryable', 'running', 'scheduled')`

// inserter puts jobs into the queue.
type inserter struct{ client *river.Client[pgx.Tx] }

func newInserter(pool *pgxpool.Pool) (inserter, error) {
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{Schema: schema,
		Logger: slog.New(slog.DiscardHandler)})
	return inserter{client}, err
}

// insert queues nights. A school that has a job already keeps it; it goes first from then on if that is a person's
// wish.
func (i inserter) insert(ctx context.Context, tx pgx.Tx, nights []Night) error {
	const atOnce = 1000
	if err := lockQueue(ctx, tx); err != nil {
		return err
	}
	var wished []string
	for len(nights) > 0 {
		some := nights[:min(atOnce, len(nights))]
		nights = nights[len(some):]
		params := make([]river.InsertManyParams, len(some))
		for at, night := range some {
			params[at].Args = night
			if night.Wish {
				wished = append(wished, night.School)
			}
		}
		if _, err := i.client.InsertManyTx(ctx, tx, params); err != nil {
			return fmt.Errorf("queueing: %w", err)
		}
	}
	if len(wished) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `UPDATE fleet.river_job SET priority = $1, scheduled_at = least(scheduled_at, now())
		WHERE kind = $2 AND state IN ('available', 'scheduled', 'retryable') AND args->>'school' = ANY($3)`, byWish,
		kind,
		wished)
	return err
}

// lockQueue has two who are about to change the same jobs, in whatever order, wait for each other here alone.
func lockQueue(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('misimportd fleet queue'))`)
	return err
}

func isNoRows(err error) bool { return errors.Is(err, pgx.ErrNoRows) }
