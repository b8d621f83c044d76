//go:build !single

package fleet

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"misimportd/importer/daemon"
	"misimportd/store/model"
)

// status is what a fleet remembers of a school from one job to the next. All of it but tries and unrecorded can be
// found
// out again from the school's own record, and is, at each look.
type status struct {
	Run          int64
	Result       string
	Reason, Why  string
	RanAt        *time.Time
	EndedAt      *time.Time
	TroubleSince *time.Time
	HeldSince    *time.Time
	LastSuccess  *time.Time
	DataAt       *time.Time
	Problems     int
	GaveUp       bool
	Next         *time.Time
	Tries        int
	Unrecorded   []daemon.Attempt
}

// take reads what there is to know of a job's school, and notes that this worker is at it.
func (w *Worker) take(ctx context.Context, job Night) (t taken, err error) {
	t = taken{school: School{Name: job.School, Files: map[string][]byte{}}}
	var paused, aside, wished *time.Time
	var paths []string
	var contents [][]byte
	c, s, set := &t.school, &t.status, &t.settings
	err = w.Fleet.pool.QueryRow(ctx, `WITH t AS (UPDATE fleet.school_status SET tries = tries + 1, worker = $2,
				taken_at = now() WHERE school = $1 RETURNING *)
		SELECT s.configuration, s.zone, s.schedule, s.give_up, s.database, s.secrets, s.canary, s.paused_until,
			s.aside_at,
			s.wished_at, t.run, t.result, t.reason, t.why, t.ran_at, t.ended_at, t.trouble_since, t.held_since,
			t.last_success, t.data_at, t.problems, t.gave_up, t.next, t.tries, t.unrecorded, clock_timestamp(),
			EXISTS (SELECT FROM fleet.stops WHERE resumed_at IS NULL), g.window_length, g.per_host, g.per_address,
			ARRAY (SELECT path FROM fleet.school_files f WHERE f.school = s.name ORDER BY path),
			ARRAY (SELECT content FROM fleet.school_files f WHERE f.school = s.name ORDER BY path)
		FROM t JOIN fleet.schools s ON s.name = t.school, fleet.settings g`, job.School, w.ID).
		Scan(&c.Configuration, &c.Zone, &c.Schedule, &c.GiveUp, &c.Database, &c.Secrets, &c.Canary, &paused, &aside,
			&wished, &s.Run, &s.Result, &s.Reason, &s.Why, &s.RanAt, &s.EndedAt, &s.TroubleSince, &s.HeldSince,
			&s.LastSuccess, &s.DataAt, &s.Problems, &s.GaveUp, &s.Next, &s.Tries, &s.Unrecorded, &t.now, &t.stop,
			&set.Window, &set.PerHost, &set.PerAddress, &paths, &contents)
	if isNoRows(err) {
		return t, nil
	}
	if err != nil {
		return t, w.Fleet.failed("taking a school", err)
	}
	for i, path := range paths {
		c.Files[path] = contents[i]
	}
	t.isThere, t.isAside, t.paused, t.wished = true, aside != nil, valueOf(paused), valueOf(wished)
	return t, nil
}

// finish notes what came of a job. The school is free again, unless another worker has taken it meanwhile.
func (w *Worker) finish(ctx context.Context, t taken, e ending) error {
	const patience = 8 * time.Second
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	s := t.status.after(e, w.now())
	_, err := w.Fleet.pool.Exec(ctx, `WITH s AS (UPDATE fleet.schools SET
			wished_at = CASE WHEN @wish_done AND wished_at = @wished THEN NULL ELSE wished_at END,
			aside_at = CASE WHEN @aside <> '' THEN now() ELSE aside_at END,
			aside_why = CASE WHEN @aside <> '' THEN @aside ELSE aside_why END
			WHERE name = @school AND (@wish_done AND wished_at IS NOT NULL OR @aside <> ''))
		UPDATE fleet.school_status SET worker = '', taken_at = NULL, looked_at = now(), run = @run, result = @result,
			reason = @reason, why = @why, ran_at = @ran_at, ended_at = @ended_at, trouble_since = @trouble_since,
			held_since = @held_since, last_success = @last_success, data_at = @data_at, problems = @problems,
			gave_up = @gave_up, next = @next, tries = @tries, unrecorded = @unrecorded
		WHERE school = @school AND worker = @worker`, pgx.NamedArgs{
		"school": t.school.Name, "worker": w.ID, "wish_done": e.wishDone, "wished": t.wished, "aside": e.aside,
		"run": s.Run, "result": s.Result, "reason": s.Reason, "why": s.Why, "ran_at": s.RanAt, "ended_at": s.EndedAt,
		"trouble_since": s.TroubleSince, "held_since": s.HeldSince, "last_success": s.LastSuccess, "data_at": s.DataAt,
		"problems": s.Problems, "gave_up": s.GaveUp, "next": s.Next, "tries": s.Tries, "unrecorded": s.Unrecorded,
	})
	return w.Fleet.failed("noting what came of a school", err)
}

// ofLooking is the reasons why a school could not be looked at.
var ofLooking = []string{"settings", "database", "version"}

// after is s after a job.
func (s status) after(e ending, now time.Time) status {
	before := s
	s.Next, s.Unrecorded = timeOf(e.next), e.unrecorded
	if s.Unrecorded == nil {
		s.Unrecorded = []daemon.Attempt{}
	}
	if e.undone {
		s.Tries = max(0, s.Tries-1)
	} else {
		s.Tries = 0
	}
	if e.outlook != nil {
		s.readRecord(e, now)
	}
	if e.attempt != nil && e.report.Run == 0 { // no database knows of it
		s.Result, s.RanAt, s.EndedAt = string(model.Failed), &e.attempt.At, &e.attempt.Ended
	}
	if e.attempt != nil && e.err == nil {
		s.Problems, s.DataAt = len(e.report.Problems), timeOf(e.report.Taken)
	}
	if e.reason != "" {
		s.Reason, s.Why = e.reason, e.why
	}
	switch {
	case s.Reason == "":
		s.TroubleSince = nil
	case s.Reason != before.Reason || before.TroubleSince == nil:
		s.TroubleSince = &now
	}
	return s
}

// readRecord takes over what a school's own record says.
func (s *status) readRecord(e ending, now time.Time) {
	record := e.outlook.Imports
	s.LastSuccess, s.GaveUp = timeOf(record.LastSuccess), e.outlook.GaveUp
	if slices.Contains(ofLooking, s.Reason) {
		s.Reason, s.Why = "", ""
	}
	if len(record.Newest) > 0 && int64(record.Newest[0].ID) != s.Run {
		run := record.Newest[0]
		s.Run, s.Result = int64(run.ID), string(run.Result)
		s.RanAt, s.EndedAt = timeOf(run.StartedAt), timeOf(run.FinishedAt)
		s.Reason, s.Why = "", ""
		if run.Result == model.Failed || run.Result == model.Held {
			s.Reason, s.Why = string(run.Result), run.Error
		}
	}
	switch {
	case len(record.Waiting) == 0:
		s.HeldSince = nil
		if s.Result == string(model.Held) {
			s.Reason, s.Why = "", ""
		}
	case s.HeldSince == nil:
		s.HeldSince = &now
	}
}

func timeOf(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
