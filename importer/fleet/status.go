//go:build !single

package fleet

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"misimportd/importer/daemon"
	"misimportd/store/model"
)

// status is what a fleet remembers of a school from one job to the next. All of it but tries, due and unrecorded can be
// found out again from the school's own record, and is, at each look.
type status struct {
	Run          int64            `db:"run"`
	Result       string           `db:"result"`
	Reason       string           `db:"reason"` // of the trouble, "" for none
	Why          string           `db:"why"`
	RanAt        When             `db:"ran_at"`
	EndedAt      When             `db:"ended_at"`
	TroubleSince When             `db:"trouble_since"`
	HeldSince    When             `db:"held_since"`
	LastSuccess  When             `db:"last_success"`
	DataAt       When             `db:"data_at"`
	Problems     int              `db:"problems"`
	GaveUp       bool             `db:"gave_up"`
	Next         When             `db:"next"`
	DueAt        When             `db:"due_at"`
	Tries        int              `db:"tries"`
	Touched      int              `db:"touched"`
	Unrecorded   []daemon.Attempt `db:"unrecorded"`
}

const statusColumns = `t.run, t.result, t.reason, t.why, t.ran_at, t.ended_at, t.trouble_since, t.held_since,
	t.last_success, t.data_at, t.problems, t.gave_up, t.next, t.due_at, t.tries, t.touched, t.unrecorded`

// taken is a school that a worker has in hand, and all it has to know of it.
type taken struct {
	School
	status   // as it was; with this try
	Settings // of the fleet

	Now         When     `db:"now"`
	PausedUntil When     `db:"paused_until"`
	AsideAt     When     `db:"aside_at"`
	WishedAt    When     `db:"wished_at"`
	Stopped     bool     `db:"stopped"` // the fleet is
	Paths       []string `db:"paths"`
	Contents    [][]byte `db:"contents"`
}

// take reads what there is to know of a job's school, and notes that this worker is at it. The school may have been
// removed.
func (w *Worker) take(ctx context.Context, job Night) (t taken, isThere bool, err error) {
	rows, err := w.Fleet.pool.Query(ctx, `WITH t AS (UPDATE fleet.school_status SET tries = tries + 1, worker = $2,
				taken_at = now() WHERE school = $1 RETURNING *)
		SELECT `+schoolColumns+`, `+statusColumns+`, `+settingsColumns+`, s.paused_until, s.aside_at, s.wished_at,
			clock_timestamp() AS now, EXISTS (SELECT FROM fleet.stops WHERE resumed_at IS NULL) AS stopped,
			ARRAY (SELECT path FROM fleet.school_files f WHERE f.school = s.name ORDER BY path) AS paths,
			ARRAY (SELECT content FROM fleet.school_files f WHERE f.school = s.name ORDER BY path) AS contents
		FROM t JOIN fleet.schools s ON s.name = t.school, fleet.settings g`, job.School, w.ID)
	if err == nil {
		t, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[taken])
	}
	if isNoRows(err) {
		return t, false, nil
	}
	if err != nil {
		return t, false, w.Fleet.failed("taking a school", err)
	}
	t.Files = map[string][]byte{}
	for i, path := range t.Paths {
		t.Files[path] = t.Contents[i]
	}
	return t, true, nil
}

// finish notes what came of a job. The school is free again, unless another worker has taken it meanwhile. When it is
// to be looked at next is for whoever has said so meanwhile.
func (w *Worker) finish(ctx context.Context, t taken, e ending) error {
	const patience = 8 * time.Second
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	s := t.status.after(e, w.now())
	batch := &pgx.Batch{}
	batch.Queue(`UPDATE fleet.school_status SET worker = '', taken_at = NULL, looked_at = now(), run = @run,
			result = @result, reason = @reason, why = @why, ran_at = @ran_at, ended_at = @ended_at,
			trouble_since = @trouble_since, held_since = @held_since, last_success = @last_success, data_at = @data_at,
			problems = @problems, gave_up = @gave_up, due_at = @due_at, unrecorded = @unrecorded,
			next = CASE WHEN touched = @touched THEN @next ELSE least(next, now()) END,
			tries = CASE WHEN touched = @touched THEN @tries ELSE tries END
		WHERE school = @school AND worker = @worker`, pgx.NamedArgs{"school": t.Name, "worker": w.ID,
		"touched": s.Touched, "run": s.Run, "result": s.Result, "reason": s.Reason, "why": s.Why, "ran_at": s.RanAt,
		"ended_at": s.EndedAt, "trouble_since": s.TroubleSince, "held_since": s.HeldSince,
		"last_success": s.LastSuccess, "data_at": s.DataAt, "problems": s.Problems, "gave_up": s.GaveUp,
		"next": s.Next, "due_at": s.DueAt, "tries": s.Tries, "unrecorded": emptyNotNull(s.Unrecorded)})
	if e.wishDone && !t.WishedAt.IsZero() {
		batch.Queue(`UPDATE fleet.schools SET wished_at = NULL WHERE name = $1 AND wished_at = $2`, t.Name, t.WishedAt)
	}
	switch {
	case e.aside != "":
		batch.Queue(`UPDATE fleet.schools SET aside_at = now(), aside_why = $2 WHERE name = $1`, t.Name, e.aside)
	case !t.AsideAt.IsZero() && e.attempt != nil && e.attempt.Completed: // a wish has shown that it is well again
		batch.Queue(`UPDATE fleet.schools SET aside_at = NULL, aside_why = '' WHERE name = $1 AND aside_at = $2`,
			t.Name, t.AsideAt)
	}
	return w.Fleet.failed("noting what came of a school", w.Fleet.pool.SendBatch(ctx, batch).Close())
}

// ofLooking is the reasons why a school could not be looked at.
var ofLooking = []string{inSettings, inDatabase, inVersion, inPlace}

const (
	inSettings = "settings" // it cannot be opened: a secret is missing, for example
	inDatabase = "database"
	inVersion  = "version" // its database is that of a newer program
	inPlace    = "place"   // another school has the same
)

// after is s after a job.
func (s status) after(e ending, now time.Time) status {
	before := s
	s.Next, s.Unrecorded = When{e.next}, e.unrecorded
	s.DueAt = When{}
	if e.undone {
		s.Tries = max(0, s.Tries-1)
		if s.DueAt = before.DueAt; s.DueAt.IsZero() && !e.free {
			s.DueAt = When{cmp.Or(before.Next.Time, now)}
		}
	} else {
		s.Tries = 0
	}
	if e.outlook != nil {
		s.readRecord(e, now)
	}
	if e.attempt != nil && e.report.Run == 0 { // no database knows of it
		s.Result, s.RanAt, s.EndedAt = string(model.Failed), When{e.attempt.At}, When{e.attempt.Ended}
	}
	if e.attempt != nil && e.err == nil {
		s.Problems, s.DataAt = len(e.report.Problems), When{e.report.Taken}
	}
	if e.reason != "" {
		s.Reason, s.Why = e.reason, e.why
	}
	switch {
	case s.Reason == "":
		s.TroubleSince = When{}
	case s.Reason != before.Reason || before.TroubleSince.IsZero():
		s.TroubleSince = When{now}
	}
	return s
}

// readRecord takes over what a school's own record says.
func (s *status) readRecord(e ending, now time.Time) {
	record := e.outlook.Imports
	s.LastSuccess, s.GaveUp = When{record.LastSuccess}, e.outlook.GaveUp
	if slices.Contains(ofLooking, s.Reason) {
		s.Reason, s.Why = "", ""
	}
	if len(record.Newest) > 0 && int64(record.Newest[0].ID) != s.Run {
		run := record.Newest[0]
		s.Run, s.Result = int64(run.ID), string(run.Result)
		s.RanAt, s.EndedAt = When{run.StartedAt}, When{run.FinishedAt}
		s.Reason, s.Why = "", ""
		if run.Result == model.Failed || run.Result == model.Held {
			s.Reason, s.Why = string(run.Result), run.Error
		}
	}
	switch {
	case len(record.Waiting) == 0:
		s.HeldSince = When{}
		if s.Result == string(model.Held) {
			s.Reason, s.Why = "", ""
		}
	case s.HeldSince.IsZero():
		s.HeldSince = When{now}
	}
}
