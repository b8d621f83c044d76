//go:build !single

package fleet

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"misimportd/importer/words"
)

// Standing is a school and how it stands.
type Standing struct {
	School      string `db:"name"`
	Zone        string `db:"zone"`
	Schedule    string `db:"schedule"`
	Database    string `db:"database"`
	Canary      bool   `db:"canary"`
	PausedUntil When   `db:"paused_until"`
	PausedWhy   string `db:"paused_why"`
	AsideAt     When   `db:"aside_at"` // it was set aside then
	AsideWhy    string `db:"aside_why"`
	WishedAt    When   `db:"wished_at"`
	AddedAt     When   `db:"added_at"`
	status
	Worker  string `db:"worker"` // that is at it
	TakenAt When   `db:"taken_at"`
}

// Overview is a whole fleet at one moment of its database.
type Overview struct {
	At        time.Time
	Standings []Standing // in order of name
	Waits     []string   // canaries for which the others wait
	Soon      []string   // likewise, but for schools that were never imported
	Stop      *Stop      // nil: nights are begun
	Workers   []WorkerSeen
	Minutes   []Minute // of the last twelve hours
	Lag       time.Duration
}

// Stop says why no more nights are begun.
type Stop struct {
	At  time.Time
	Why string
}

// WorkerSeen is a worker that has shown lately that it lives.
type WorkerSeen struct {
	ID, Version string
	Since, Seen time.Time
	Jobs        int
	Leader      bool
}

// Minute is how a night stood at the end of a minute: how many schools were queued and running then, and how many of
// the others had been done, held and failed in the twelve hours before.
type Minute struct {
	At                                  time.Time
	Queued, Running, Done, Held, Failed int
}

// Overview reads all that there is to be seen of the fleet.
func (f *Fleet) Overview(ctx context.Context) (o Overview, err error) {
	err = f.within(ctx, "looking at the fleet", func(tx pgx.Tx) error {
		if o, err = standingIn(ctx, tx); err != nil {
			return err
		}
		if o.Workers, err = collect[WorkerSeen](ctx, tx, `SELECT w.id, w.version, w.since, w.seen, w.jobs,
				EXISTS (SELECT FROM fleet.river_leader l WHERE l.leader_id = w.id AND l.expires_at > now()) AS leader
			FROM fleet.workers w WHERE w.seen > now() - interval '10 minutes' ORDER BY w.id`); err != nil {
			return err
		}
		o.Minutes, err = collect[Minute](ctx, tx, `SELECT at, queued, running, done, held, failed FROM fleet.minutes
			WHERE at > now() - interval '12 hours' ORDER BY at`)
		return err
	})
	return o, err
}

// Why tells why a school is as it is, or waits; "" where there is nothing to tell.
func (o Overview) Why(s Standing) string {
	isDue := !s.due().After(o.At)
	switch state := s.State(o.At); {
	case state == Aside:
		return s.AsideWhy
	case state == Held && s.Why != "":
		return s.Why
	case state == Paused:
		return s.PausedWhy
	case s.LostWhy != "":
		return s.LostWhy
	case s.Why != "":
		return s.Why
	case isDue && s.Worker == "" && o.Stop != nil:
		return "the fleet has stopped"
	case isDue && s.Worker == "" && !s.Canary:
		return o.waitsFor(s)
	}
	return ""
}

func (o Overview) waitsFor(s Standing) string {
	first := o.Waits
	if !s.RanAt.IsZero() {
		first = slices.Concat(o.Waits, o.Soon)
	}
	if len(first) == 0 {
		return ""
	}
	return "waits for " + words.Listed(first, 3) + ", which " + goes(len(first)) + " first"
}

func goes(n int) string {
	if n == 1 {
		return "goes"
	}
	return "go"
}

func collect[T any](ctx context.Context, tx pgx.Tx, sql string, args ...any) ([]T, error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[T])
}

// standingIn reads how the schools stand, and whether they may begin.
func standingIn(ctx context.Context, tx pgx.Tx) (o Overview, err error) {
	if err := tx.QueryRow(ctx, `SELECT now(), lag FROM fleet.settings`).Scan(&o.At, &o.Lag); err != nil {
		return o, err
	}
	o.Standings, err = collect[Standing](ctx, tx, `SELECT s.name, s.zone, s.schedule, s.database, s.canary,
			s.paused_until, s.paused_why, s.aside_at, s.aside_why, s.wished_at, s.added_at, t.worker, t.taken_at, `+
		statusColumns+` FROM fleet.schools s JOIN fleet.school_status t ON t.school = s.name ORDER BY s.name`)
	if err != nil {
		return o, err
	}
	for _, of := range []struct {
		names *[]string
		which string
	}{{&o.Waits, canariesAwaited}, {&o.Soon, canariesSoon}} {
		rows, err := tx.Query(ctx, `SELECT s.name `+of.which+` ORDER BY s.name`)
		if err != nil {
			return o, err
		}
		if *of.names, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			return o, err
		}
	}
	o.Stop, err = stopIn(ctx, tx)
	return o, err
}

func stopIn(ctx context.Context, q querier) (*Stop, error) {
	var s Stop
	err := q.QueryRow(ctx, `SELECT at, why FROM fleet.stops WHERE resumed_at IS NULL`).Scan(&s.At, &s.Why)
	if isNoRows(err) {
		return nil, nil
	}
	return &s, err
}
