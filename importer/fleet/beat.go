//go:build !single

package fleet

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// clock is by how much that of the fleet's database is ahead of this machine's.
type clock struct {
	mutex sync.Mutex
	ahead time.Duration
}

func (c *clock) offset() time.Duration {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.ahead
}

// set learns what the database's clock showed between two moments of this machine's.
func (c *clock) set(shown, asked, answered time.Time) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.ahead = shown.Sub(asked.Add(answered.Sub(asked) / 2))
}

// health is whether a worker is well.
type health struct {
	mutex sync.Mutex
	round time.Time // it last came round, whether the database answered or not
	away  error
	since time.Time // it has shown without a gap that it lives
	last  time.Time // it last showed that it lives
	leads bool
}

const (
	stuckAfter = 2 * time.Minute
	askAtMost  = 30 * time.Second
	leadAtMost = 15 * time.Second // so that a leader that waits for the database is not taken for dead
)

func (h *health) well() error {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if time.Since(h.round) > stuckAfter {
		return errStuck
	}
	return nil
}

func (h *health) ready() error {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.away != nil {
		return fmt.Errorf("waiting for the fleet's database: %w", h.away)
	}
	return nil
}

func (h *health) leader() bool {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return h.leads && h.away == nil
}

// came notes that the worker came round, and what came of it. It tells whether that is news.
func (h *health) came(err error, dead time.Duration) (isNews bool) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	isNews = (err == nil) != (h.away == nil)
	now := time.Now()
	h.round, h.away = now, err
	if err != nil {
		return isNews
	}
	if now.Sub(h.last) > dead/2 {
		h.since = now
	}
	h.last = now
	return isNews
}

// isSteady tells whether the worker has shown for long enough that it lives: after the fleet's database was away,
// nobody else has had a chance to, and nobody is to be taken for dead.
func (h *health) isSteady(dead time.Duration) bool {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return time.Since(h.last) < dead/2 && time.Since(h.since) > dead
}

// keepBeating shows again and again that the worker lives, and does what its leader does if it is that.
func (w *Worker) keepBeating(ctx context.Context) {
	tick := time.NewTicker(w.Pace.Beat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			_ = w.beat(ctx) // it has been told
		}
	}
}

// beat is one round: the worker shows that it lives, takes away from dead ones what they had in hand, and, as the
// leader, queues what is due.
func (w *Worker) beat(ctx context.Context) error {
	err := w.show(ctx)
	if err == nil && w.health.leader() {
		var done bool
		if done, err = w.dispatch(ctx); err == nil && (done || !w.metrics.leader.isKnown()) {
			looking, cancel := context.WithTimeout(ctx, leadAtMost)
			err = w.metrics.look(looking, w.Fleet)
			cancel()
		}
	}
	if ctx.Err() != nil {
		return err
	}
	if w.health.came(err, w.Pace.Dead) {
		if err != nil {
			w.Log.Warn("waiting for the fleet's database", "error", err)
		} else {
			w.Log.Info("the fleet's database is there")
		}
	}
	return err
}

// show shows that the worker lives.
func (w *Worker) show(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, askAtMost)
	defer cancel()
	steady, asked := w.health.isSteady(w.Pace.Dead), w.Clock()
	var shown time.Time
	var leads bool
	batch := &pgx.Batch{}
	batch.Queue(`INSERT INTO fleet.workers (id, version, jobs) VALUES ($1, $2, $3)
		ON CONFLICT (id) DO UPDATE SET seen = now(), jobs = excluded.jobs, version = excluded.version
		RETURNING clock_timestamp(),
			EXISTS (SELECT FROM fleet.river_leader WHERE leader_id = $1 AND expires_at > now())`,
		w.ID, w.Version, w.atWork()).QueryRow(func(row pgx.Row) error { return row.Scan(&shown, &leads) })
	var rescued []string
	if steady {
		batch.Queue(rescue, kind, w.Pace.Dead, w.ID, w.known()).
			Query(func(rows pgx.Rows) (err error) {
				rescued, err = pgx.CollectRows(rows, pgx.RowTo[string])
				return err
			})
	}
	if err := w.Fleet.pool.SendBatch(ctx, batch).Close(); err != nil {
		return w.Fleet.failed("showing that this worker lives", err)
	}
	w.clock.set(shown, asked, w.Clock())
	w.health.mutex.Lock()
	w.health.leads = leads
	w.health.mutex.Unlock()
	for _, school := range rescued {
		w.Log.Warn("a worker is gone, and what it had in hand is queued again", "school", school)
	}
	return nil
}

// rescue queues again what nobody is at: the jobs of workers that are gone, and those that this worker was given and
// does not know of any more, as when the news of their end was lost. It may be wrong about a worker that was stopped
// for a while; then the school's lock keeps the two apart.
const rescue = `UPDATE fleet.river_job j SET state = 'available', scheduled_at = now()
	WHERE j.kind = $1 AND j.state = 'running' AND (
		NOT EXISTS (SELECT FROM fleet.workers w WHERE w.id = j.attempted_by[cardinality(j.attempted_by)]
			AND w.seen > now() - $2::interval)
		OR j.attempted_by[cardinality(j.attempted_by)] = $3 AND NOT j.id = ANY($4)
			AND j.attempted_at < now() - $2::interval)
	RETURNING args->>'school'`

// leave says that the worker is gone, so that nobody has to wait to find out.
func (w *Worker) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if _, err := w.Fleet.pool.Exec(ctx, `DELETE FROM fleet.workers WHERE id = $1`, w.ID); err != nil {
		w.Log.Warn("leaving the fleet", "error", w.Fleet.failed("leaving", err))
	}
}
