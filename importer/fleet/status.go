//go:build !single

package fleet

import (
	"cmp"
	"context"
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
	Lost         string           `db:"lost"` // why it could not be looked at, "" where it could
	LostWhy      string           `db:"lost_why"`
	LostSince    When             `db:"lost_since"`
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

const statusColumns = `t.run, t.result, t.reason, t.why, t.ran_at, t.ended_at, t.trouble_since, t.lost, t.lost_why,
	t.lost_since, t.held_since,
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
	Waits       bool     `db:"waits"`   // for a canary, if its night is due
	Look        bool     `db:"look"`    // something was done there
	Paths       []string `db:"paths"`
	Contents    [][]byte `db:"contents"`
}

// take notes that this worker is at a job's school, and reads what there is to know of it. The school may have been
// removed. It is two statements, so that the second sees all of what whoever had the school's row before has changed.
func (w *Worker) take(ctx context.Context, job Night) (t taken, isThere bool, err error) {
	batch := &pgx.Batch{}
	batch.Queue(`UPDATE fleet.school_status SET tries = tries + 1, worker = $2, taken_at = now() WHERE school = $1`,
		job.School, w.ID)
	batch.Queue(`WITH gate AS (`+gate+`)
		SELECT `+schoolColumns+`, `+statusColumns+`, `+settingsColumns+`, s.paused_until, s.aside_at, s.wished_at,
			clock_timestamp() AS now, stopped, NOT `+mayPass+` AS waits, t.look,
			ARRAY (SELECT path FROM fleet.school_files f WHERE f.school = s.name ORDER BY path) AS paths,
			ARRAY (SELECT content FROM fleet.school_files f WHERE f.school = s.name ORDER BY path) AS contents
		FROM gate, fleet.settings g, fleet.schools s JOIN fleet.school_status t ON t.school = s.name
		WHERE s.name = $1`, job.School).Query(func(rows pgx.Rows) (err error) {
		t, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[taken])
		return err
	})
	err = w.Fleet.pool.SendBatch(ctx, batch).Close()
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
// to be looked at next is for whoever has said so meanwhile; finish tells whether somebody has.
func (w *Worker) finish(ctx context.Context, t taken, e ending) (again bool, err error) {
	const patience = 8 * time.Second
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	s := t.status.after(e, w.now())
	batch := &pgx.Batch{}
	if e.wishDone && !t.WishedAt.IsZero() {
		batch.Queue(`UPDATE fleet.schools SET wished_at = NULL WHERE name = $1 AND wished_at = $2`, t.Name, t.WishedAt)
	}
	switch {
	case e.aside != "":
		batch.Queue(`SELECT FROM fleet.schools WHERE name = $1 FOR UPDATE`, t.Name) // so that a resume is seen
		batch.Queue(`UPDATE fleet.schools s SET aside_at = now(), aside_why = $2 FROM fleet.school_status t
			WHERE s.name = $1 AND t.school = s.name AND t.touched = $3`, t.Name, e.aside, t.Touched)
	case e.outlook != nil && t.isWellAgain(*e.outlook):
		batch.Queue(`UPDATE fleet.schools SET aside_at = NULL, aside_why = '' WHERE name = $1 AND aside_at = $2`,
			t.Name, t.AsideAt)
	}
	// Schools are changed before their status, by everybody, so that nobody waits for who waits for him.
	batch.Queue(`UPDATE fleet.school_status SET worker = '', taken_at = NULL, looked_at = now(), run = @run,
			result = @result, reason = @reason, why = @why, ran_at = @ran_at, ended_at = @ended_at,
			trouble_since = @trouble_since, lost = @lost, lost_why = @lost_why, lost_since = @lost_since,
			held_since = @held_since, last_success = @last_success, data_at = @data_at,
			problems = @problems, gave_up = @gave_up, due_at = @due_at, unrecorded = @unrecorded,
			look = look AND (touched <> @touched OR NOT @saw),
			next = CASE WHEN touched = @touched THEN @next ELSE least(next, now()) END,
			tries = CASE WHEN touched = @touched THEN @tries ELSE least(tries, @tries) END
		WHERE school = @school AND worker = @worker RETURNING touched <> @touched`, pgx.NamedArgs{
		"school": t.Name, "worker": w.ID, "touched": s.Touched, "run": s.Run, "result": s.Result, "reason": s.Reason,
		"why": s.Why, "ran_at": s.RanAt, "ended_at": s.EndedAt, "trouble_since": s.TroubleSince,
		"lost": s.Lost, "lost_why": s.LostWhy, "lost_since": s.LostSince, "saw": e.outlook != nil,
		"held_since": s.HeldSince, "last_success": s.LastSuccess, "data_at": s.DataAt, "problems": s.Problems,
		"gave_up": s.GaveUp, "next": s.Next, "due_at": s.DueAt, "tries": s.Tries,
		"unrecorded": emptyNotNull(s.Unrecorded)}).
		QueryRow(func(row pgx.Row) error {
			if err := row.Scan(&again); !isNoRows(err) {
				return err
			}
			return nil // another worker has taken it
		})
	return again, w.Fleet.failed("noting what came of a school", w.Fleet.pool.SendBatch(ctx, batch).Close())
}

// isWellAgain tells whether a school that was set aside has had an import since that ended well: somebody asked for it.
func (t taken) isWellAgain(o daemon.Outlook) bool {
	if t.AsideAt.IsZero() {
		return false
	}
	for _, run := range o.Imports.Newest {
		if run.StartedAt.After(t.AsideAt.Time) && (run.Result == model.Applied || run.Result == model.Unchanged) {
			return true
		}
	}
	return false
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
		if s.DueAt = before.DueAt; s.DueAt.IsZero() && !e.free && !before.Next.After(now) {
			s.DueAt = When{cmp.Or(before.Next.Time, now)}
		}
	} else {
		s.Tries = 0
	}
	if e.outlook != nil {
		s.readRecord(e, now)
	}
	if e.attempt != nil && (e.report.Run == 0 || e.outlook == nil) {
		s.readAttempt(e, now)
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
	switch {
	case e.lost != "":
		s.Lost, s.LostWhy = e.lost, e.lostWhy
		if before.Lost != e.lost || before.LostSince.IsZero() {
			s.LostSince = When{now}
		}
	case e.outlook != nil:
		s.Lost, s.LostWhy, s.LostSince = "", "", When{}
	}
	return s
}

// readAttempt takes over what is known of an import that no database knows of, or that cannot be asked now.
func (s *status) readAttempt(e ending, now time.Time) {
	s.Result, s.RanAt, s.EndedAt = string(model.Failed), When{e.attempt.At}, When{e.attempt.Ended}
	s.Reason, s.Why = "", ""
	if e.report.Run != 0 {
		s.Run = int64(e.report.Run)
	}
	if e.err == nil {
		s.Result = string(e.report.Result)
	}
	switch {
	case e.err == nil && e.report.Result == model.Held && s.HeldSince.IsZero():
		s.HeldSince = When{now}
	case e.err == nil && e.report.Result != model.Held:
		s.LastSuccess = When{e.attempt.Ended}
	}
}

// byRecord is the reason of a failure that a school's own record tells of, and of whose end the fleet has not heard:
// its kind is not recorded, and so it is no sign for the fleet's guard.
const byRecord = "by its record"

// readRecord takes over what a school's own record says.
func (s *status) readRecord(e ending, now time.Time) {
	record := e.outlook.Imports
	s.LastSuccess, s.GaveUp = When{record.LastSuccess}, e.outlook.GaveUp
	if len(record.Newest) > 0 && int64(record.Newest[0].ID) != s.Run {
		run := record.Newest[0]
		s.Run, s.Result = int64(run.ID), string(run.Result)
		s.RanAt, s.EndedAt = When{run.StartedAt}, When{run.FinishedAt}
		s.Reason, s.Why = "", ""
		switch run.Result {
		case model.Failed:
			s.Reason, s.Why = byRecord, run.Error
		case model.Held:
			s.Reason, s.Why = heldBefore(run)
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
