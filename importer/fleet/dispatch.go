//go:build !single

package fleet

import (
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// dispatch queues the schools that are due, unless that was done less than a minute ago; it tells whether it did.
// Whether a school is due was worked out when it was last looked at; whoever takes its job works it out again.
func (w *Worker) dispatch(ctx context.Context) (done bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, leadAtMost)
	defer cancel()
	var stopped string
	err = w.Fleet.within(ctx, "queueing what is due", func(tx pgx.Tx) (err error) {
		err = tx.QueryRow(ctx, `UPDATE fleet.settings SET dispatched_at = now(), lag = coalesce((`+lag+`), interval '0')
			WHERE dispatched_at < now() - $1::interval OR dispatched_at > now() RETURNING true`,
			w.Pace.Tick).Scan(&done)
		if isNoRows(err) {
			return nil
		}
		if err == nil {
			stopped, err = guardIn(ctx, tx)
		}
		if err == nil {
			err = lockQueue(ctx, tx)
		}
		if err == nil {
			err = bringBack(ctx, tx)
		}
		if err == nil {
			err = w.queueIn(ctx, tx)
		}
		if err == nil {
			err = noteMinute(ctx, tx)
		}
		return err
	})
	if err == nil && stopped != "" {
		w.Log.Error("no more nights are begun until somebody says so", "why", stopped)
	}
	return done && err == nil, err
}

// isDue is the schools that are due by themselves.
const (
	mayBegin = `s.aside_at IS NULL AND (s.paused_until IS NULL OR s.paused_until <= now())`
	isDue    = mayBegin + ` AND (t.next IS NULL OR t.next <= now())`
)

// dueSince is since when a school that is not paused has been due, whatever it was put back for.
const dueSince = `greatest(coalesce(t.due_at, t.next, s.changed_at), s.paused_until)`

// canaries are those that may begin.
const canaries = `FROM fleet.schools s JOIN fleet.school_status t ON t.school = s.name WHERE s.canary AND ` + mayBegin

// canariesAwaited is the canaries that have not made their night: they are due or at work, or in trouble. Until they
// have, no other school begins.
const canariesAwaited = canaries + ` AND (` + inTrouble + ` OR NOT ` + isLost + ` AND (
		t.next IS NULL OR t.next <= now() OR t.due_at IS NOT NULL OR t.worker <> ''))`

// canariesSoon is the canaries whose night is about to come. The others wait for them, too, but for their first import.
const canariesSoon = canaries + ` AND NOT ` + isLost + ` AND t.held_since IS NULL
	AND t.next > now() AND t.next < now() + interval '6 hours'
	AND coalesce(t.ran_at, '-infinity') < now() - interval '12 hours'`

// gate is what keeps nights from beginning; mayPass tells whether it lets a school through.
const (
	gate = `SELECT EXISTS (SELECT FROM fleet.stops WHERE resumed_at IS NULL) AS stopped,
		EXISTS (SELECT ` + canariesAwaited + `) AS awaited, EXISTS (SELECT ` + canariesSoon + `) AS soon`
	mayPass = `(s.canary OR NOT awaited AND (NOT soon OR t.ran_at IS NULL))`
)

// isLook is the schools that are to be looked at, though they may not begin: somebody has done something there, or may
// have.
const isLook = `(t.look OR t.held_since IS NOT NULL)`

// lag is for how long the school has been due that has waited longest and could have begun. Who waits for a canary has
// waited since that was due.
const lag = `WITH gate AS (` + gate + `), first AS (SELECT
		max(CASE WHEN t.next <= now() OR t.due_at IS NOT NULL THEN ` + dueSince + ` 
			ELSE coalesce(t.trouble_since, t.ran_at) END) AS since ` +
	canaries + `)
	SELECT now() - min(greatest(` + dueSince + `, CASE WHEN NOT s.canary THEN first.since END))
	FROM gate, first, fleet.schools s JOIN fleet.school_status t ON t.school = s.name
	WHERE ` + mayBegin + ` AND NOT ` + isLost + ` AND t.worker = '' AND ` + dueSince + ` < now() AND NOT stopped
		AND (s.canary OR awaited OR ` + mayPass + `)`

// isLost is the schools that cannot be looked at.
const isLost = `t.lost <> ''`

// queueIn queues what is due and may begin: what a person wishes always, though not more often than it can be tried,
// the canaries unless the fleet has stopped, and the others when the canaries are well. What is queued already stays
// so.
func (w *Worker) queueIn(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, `WITH gate AS (`+gate+`)
		SELECT s.name, coalesce(s.wished_at, t.due_at, t.next, now()), s.wished_at IS NOT NULL
		FROM gate, fleet.schools s JOIN fleet.school_status t ON t.school = s.name
		WHERE (s.wished_at IS NOT NULL AND (t.next IS NULL OR t.next <= now() OR t.looked_at IS NULL
				OR t.looked_at < s.wished_at)
			OR t.look AND t.next <= now()
			OR `+isDue+` AND (`+isLook+` OR NOT stopped AND `+mayPass+`))
			AND NOT EXISTS (SELECT FROM fleet.river_job j WHERE j.kind = $1 AND `+isLive+`
				AND j.args->>'school' = s.name)
		ORDER BY 3 DESC, 2, 1`, kind)
	if err != nil {
		return err
	}
	nights, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (n Night, err error) {
		return n, row.Scan(&n.School, &n.Night, &n.Wish)
	})
	if err != nil || len(nights) == 0 {
		return err
	}
	return w.queue.insert(ctx, tx, nights)
}

// bringBack has jobs taken that a worker put off by a clock of its own that is ahead. None is put off for long on
// purpose.
func bringBack(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `UPDATE fleet.river_job SET state = 'available', scheduled_at = now() WHERE kind = $1
		AND state IN ('available', 'retryable', 'scheduled') AND scheduled_at > now() + interval '1 minute'`, kind)
	return err
}

// resumed is when somebody last said that the fleet goes on. What ended before then has been looked at.
const resumed = `coalesce((SELECT max(resumed_at) FROM fleet.stops), '-infinity')`

// inTrouble is the schools whose newest run of this night was held or failed, or which cannot be looked at, and nobody
// has said since that the fleet goes on.
const inTrouble = `CASE WHEN ` + isLost + ` THEN t.lost_since
	WHEN t.trouble_since IS NOT NULL AND t.ended_at > now() - interval '12 hours' THEN t.ended_at
	ELSE '-infinity' END > ` + resumed

// guardIn looks at what came of the schools that ran this night, and stops the fleet when too much of it looks alike.
// It returns why, "" when there is nothing new.
func guardIn(ctx context.Context, tx pgx.Tx) (why string, err error) {
	settings, err := settingsIn(ctx, tx)
	if err != nil {
		return "", err
	}
	if why, err = canaryTrouble(ctx, tx); err != nil {
		return "", err
	}
	if why == "" {
		t, err := tallyIn(ctx, tx)
		if err != nil {
			return "", err
		}
		why, _ = t.verdict(settings)
	}
	if why == "" {
		return "", nil
	}
	tag, err := tx.Exec(ctx, `INSERT INTO fleet.stops (why) VALUES ($1) ON CONFLICT DO NOTHING`, why)
	var clash *pgconn.PgError
	if errors.As(err, &clash) || tag.RowsAffected() == 0 {
		why = ""
	}
	return why, err
}

// canaryTrouble tells of a canary that does not get well by itself.
func canaryTrouble(ctx context.Context, tx pgx.Tx) (why string, err error) {
	var school, result, reason string
	var isAside bool
	err = tx.QueryRow(ctx, `SELECT s.name, t.result, CASE WHEN `+isLost+` THEN t.lost ELSE t.reason END,
			s.aside_at IS NOT NULL FROM fleet.schools s
		JOIN fleet.school_status t ON t.school = s.name
		WHERE s.canary AND (s.aside_at > greatest(`+resumed+`, now() - interval '12 hours')
			OR `+mayBegin+` AND `+inTrouble+` AND
			CASE WHEN `+isLost+` THEN t.worker = '' AND t.lost_since < now() - interval '20 minutes'
				ELSE t.gave_up OR t.result = 'held' END)
		ORDER BY s.name LIMIT 1`).Scan(&school, &result, &reason, &isAside)
	switch {
	case isNoRows(err):
		return "", nil
	case isAside:
		return school + ", which goes first, was set aside: its job has " + endsWorkers, err
	}
	why = school + ", which goes first, " + outcomeOf(result, reason)
	if reason != byRecord {
		why += " (" + reason + ")"
	}
	return why, err
}

// endsWorkers is the trouble of a school that was set aside.
const endsWorkers = "ended its workers"

func outcomeOf(result, reason string) string {
	switch {
	case slices.Contains(ofLooking, reason):
		return "cannot be looked at"
	case result == "held":
		return "was held"
	}
	return "failed"
}

// tallyIn counts the schools that ran this night, and those whose trouble began with it.
func tallyIn(ctx context.Context, tx pgx.Tx) (t tally, err error) {
	t.trouble = map[string]int{}
	rows, err := tx.Query(ctx, `SELECT CASE WHEN s.aside_at > n.begins THEN $1
			WHEN t.trouble_since >= n.begins AND t.reason <> ALL ($2) THEN t.reason ELSE '' END, count(*)
		FROM fleet.schools s JOIN fleet.school_status t ON t.school = s.name,
			(SELECT greatest(now() - interval '12 hours', `+resumed+`) AS begins) n
		WHERE t.ended_at > n.begins OR s.aside_at > n.begins GROUP BY 1`, endsWorkers,
		append([]string{passes, byRecord}, ofLooking...))
	if err != nil {
		return t, err
	}
	var reason string
	var n int
	_, err = pgx.ForEachRow(rows, []any{&reason, &n}, func() error {
		t.ran += n
		if reason != "" {
			t.trouble[reason] += n
		}
		return nil
	})
	return t, err
}

// noteMinute notes how the night stands, for the chart, and forgets what nobody looks at any more.
func noteMinute(ctx context.Context, tx pgx.Tx) error {
	batch := &pgx.Batch{}
	batch.Queue(`INSERT INTO fleet.minutes (at, queued, running, done, held, failed)
		SELECT date_trunc('minute', now()), q.queued, q.running, d.done, d.held, d.failed
		FROM (SELECT count(*) FILTER (WHERE state <> 'running') AS queued,
				count(*) FILTER (WHERE state = 'running') AS running
			FROM fleet.river_job j WHERE kind = $1 AND `+isLive+`) q,
			(SELECT count(*) FILTER (WHERE result IN ('applied', 'unchanged', 'held') AND held_since IS NULL) AS done,
				count(*) FILTER (WHERE held_since IS NOT NULL) AS held,
				count(*) FILTER (WHERE result = 'failed' AND held_since IS NULL) AS failed
			FROM fleet.school_status t WHERE ended_at > now() - interval '12 hours' AND NOT EXISTS
				(SELECT FROM fleet.river_job j WHERE j.kind = $1 AND j.args->>'school' = t.school AND `+isLive+`)) d
		ON CONFLICT (at) DO UPDATE SET queued = excluded.queued, running = excluded.running, done = excluded.done,
			held = excluded.held, failed = excluded.failed`, kind)
	batch.Queue(`DELETE FROM fleet.minutes WHERE at < now() - interval '7 days'`)
	batch.Queue(`DELETE FROM fleet.workers WHERE seen < now() - interval '1 day'`)
	return tx.SendBatch(ctx, batch).Close()
}
