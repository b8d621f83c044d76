//go:build !single

package fleet

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"misimportd/era/hint"
	"misimportd/importer/words"
)

// School is a school of a fleet, as it is configured.
type School struct {
	Name          string
	Configuration string // YAML as for a single school; secrets stand in it by name only
	Zone          string
	Schedule      string
	GiveUp        string
	Database      string   // where it is, without user and password
	Secrets       []string // names that a worker has to know
	Canary        bool     // it goes first
	Files         map[string][]byte
}

// Settings are what a fleet goes by.
type Settings struct {
	Window      time.Duration // over which a night's schools are spread
	StopPercent int           // of the schools that ran this night: with more in trouble of one kind, no more are begun
	StopAtLeast int           // and at least so many
	PerHost     int           // requests a minute to one host, 0 for no limit
	PerAddress  int           // and from one address
}

// Wanted is the fleet as a folder describes it.
type Wanted struct {
	Schools  []School
	Settings Settings
}

// Step is something that differs between a fleet and what is wanted of it.
type Step struct {
	Action string   `json:"action"`           // create, update or remove
	School string   `json:"school,omitempty"` // "" for the fleet's own settings
	What   []string `json:"what,omitempty"`   // of what is updated
}

// The actions of a Step.
const (
	Create = "create"
	Update = "update"
	Remove = "remove"
)

// Plan says what Apply would do.
func (f *Fleet) Plan(ctx context.Context, wanted Wanted) (steps []Step, err error) {
	err = f.within(ctx, "reading the schools", func(tx pgx.Tx) error {
		steps, err = planIn(ctx, tx, wanted)
		return err
	})
	return steps, err
}

// Apply makes the fleet what is wanted, in one transaction, and says what it did. Schools that are not wanted stay, and
// are told of all the same, unless remove says that they go.
func (f *Fleet) Apply(ctx context.Context, wanted Wanted, remove bool) (steps []Step, err error) {
	err = f.within(ctx, "applying the schools", func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `LOCK TABLE fleet.schools IN SHARE ROW EXCLUSIVE MODE`); err != nil {
			return err
		}
		if steps, err = planIn(ctx, tx, wanted); err != nil {
			return err
		}
		return applyIn(ctx, tx, wanted, steps, remove)
	})
	return steps, err
}

// planIn compares what is wanted with what is there.
func planIn(ctx context.Context, tx pgx.Tx, wanted Wanted) ([]Step, error) {
	has, err := schoolsIn(ctx, tx)
	if err != nil {
		return nil, err
	}
	before, err := settingsIn(ctx, tx)
	if err != nil {
		return nil, err
	}
	return differ(has, before, wanted), nil
}

// differ lists the steps from what is there to what is wanted, in order of the schools' names.
func differ(has map[string]School, before Settings, wanted Wanted) []Step {
	steps := []Step{}
	if before != wanted.Settings {
		steps = append(steps, Step{Action: Update, What: settingsThatDiffer(before, wanted.Settings)})
	}
	named := map[string]School{}
	for _, school := range wanted.Schools {
		named[school.Name] = school
	}
	all := maps.Clone(has)
	maps.Copy(all, named)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		was, isThere := has[name]
		school, isWanted := named[name]
		switch {
		case !isThere:
			steps = append(steps, Step{Action: Create, School: name})
		case !isWanted:
			steps = append(steps, Step{Action: Remove, School: name})
		default:
			if what := whatDiffers(was, school); len(what) > 0 {
				steps = append(steps, Step{Action: Update, School: name, What: what})
			}
		}
	}
	return steps
}

func settingsThatDiffer(a, b Settings) (what []string) {
	for _, of := range []struct {
		name    string
		differs bool
	}{{"window", a.Window != b.Window}, {"stop", a.StopPercent != b.StopPercent || a.StopAtLeast != b.StopAtLeast},
		{"per_host", a.PerHost != b.PerHost}, {"per_address", a.PerAddress != b.PerAddress}} {
		if of.differs {
			what = append(what, of.name)
		}
	}
	return what
}

// whatDiffers names what is different of a school, in the words of its configuration.
func whatDiffers(a, b School) (what []string) {
	for _, of := range []struct {
		name    string
		differs bool
	}{{"timezone", a.Zone != b.Zone}, {"schedule", a.Schedule != b.Schedule || a.GiveUp != b.GiveUp},
		{"database", a.Database != b.Database}, {"secrets", !slices.Equal(a.Secrets, b.Secrets)},
		{"canary", a.Canary != b.Canary}} {
		if of.differs {
			what = append(what, of.name)
		}
	}
	if !maps.EqualFunc(a.Files, b.Files, bytes.Equal) {
		what = append(what, "files")
	}
	if a.Configuration != b.Configuration && len(what) == 0 {
		what = append(what, "configuration")
	}
	return what
}

// applyIn carries the steps out.
func applyIn(ctx context.Context, tx pgx.Tx, wanted Wanted, steps []Step, remove bool) error {
	named := map[string]School{}
	for _, school := range wanted.Schools {
		named[school.Name] = school
	}
	for _, step := range steps {
		var err error
		switch {
		case step.School == "":
			s := wanted.Settings
			_, err = tx.Exec(ctx, `UPDATE fleet.settings SET window_length = $1, stop_percent = $2, stop_at_least = $3,
				per_host = $4, per_address = $5`, s.Window, s.StopPercent, s.StopAtLeast, s.PerHost, s.PerAddress)
		case step.Action != Remove:
			err = put(ctx, tx, named[step.School])
		case remove:
			_, err = removeIn(ctx, tx, []string{step.School})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// put writes a school, and has a worker look at it again: what it goes by may be other.
func put(ctx context.Context, tx pgx.Tx, s School) error {
	_, err := tx.Exec(ctx, `INSERT INTO fleet.schools (name, configuration, zone, schedule, give_up, database, secrets,
			canary)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (name) DO UPDATE SET configuration = excluded.configuration, zone = excluded.zone,
			schedule = excluded.schedule, give_up = excluded.give_up, database = excluded.database,
			secrets = excluded.secrets, canary = excluded.canary, changed_at = now()`,
		s.Name, s.Configuration, s.Zone, s.Schedule, s.GiveUp, s.Database, emptyNotNull(s.Secrets), s.Canary)
	if err == nil {
		_, err = tx.Exec(ctx, `INSERT INTO fleet.school_status AS s (school) VALUES ($1)
			ON CONFLICT (school) DO UPDATE SET next = NULL`, s.Name)
	}
	if err == nil {
		_, err = tx.Exec(ctx, `DELETE FROM fleet.school_files WHERE school = $1`, s.Name)
	}
	for _, path := range slices.Sorted(maps.Keys(s.Files)) {
		if err == nil {
			_, err = tx.Exec(ctx, `INSERT INTO fleet.school_files (school, path, content) VALUES ($1, $2, $3)`, s.Name,
				path, s.Files[path])
		}
	}
	return err
}

func emptyNotNull(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// schoolsIn reads all schools, by name.
func schoolsIn(ctx context.Context, tx pgx.Tx) (map[string]School, error) {
	all := map[string]School{}
	rows, err := tx.Query(ctx, `SELECT name, configuration, zone, schedule, give_up, database, secrets, canary
		FROM fleet.schools`)
	if err != nil {
		return nil, err
	}
	var s School
	_, err = pgx.ForEachRow(rows, []any{&s.Name, &s.Configuration, &s.Zone, &s.Schedule, &s.GiveUp, &s.Database,
		&s.Secrets, &s.Canary}, func() error {
		s.Secrets = slices.Clone(s.Secrets)
		all[s.Name] = s
		return nil
	})
	if err != nil {
		return nil, err
	}
	rows, err = tx.Query(ctx, `SELECT school, path, content FROM fleet.school_files`)
	if err != nil {
		return nil, err
	}
	var name, path string
	var content []byte
	_, err = pgx.ForEachRow(rows, []any{&name, &path, &content}, func() error {
		school := all[name]
		if school.Files == nil {
			school.Files = map[string][]byte{}
		}
		school.Files[path] = slices.Clone(content)
		all[name] = school
		return nil
	})
	return all, err
}

func settingsIn(ctx context.Context, q querier) (s Settings, err error) {
	err = q.QueryRow(ctx, `SELECT window_length, stop_percent, stop_at_least, per_host, per_address FROM
		fleet.settings`).
		Scan(&s.Window, &s.StopPercent, &s.StopAtLeast, &s.PerHost, &s.PerAddress)
	return s, err
}

// querier is a pool or a transaction.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// UnknownError says that a fleet has no schools of some names.
type UnknownError struct{ Names []string }

func (e *UnknownError) Error() string {
	return fmt.Sprintf("the fleet has no %s %s: \"%s\" names those that it has",
		words.PlainPlural(len(e.Names), "school"), words.Listed(e.Names, 10), hint.Command("fleet list"))
}

// School is a school with its files. It fails with an *UnknownError when there is none of that name.
func (f *Fleet) School(ctx context.Context, name string) (s School, err error) {
	s = School{Name: name, Files: map[string][]byte{}}
	err = f.within(ctx, "reading a school", func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `SELECT configuration, zone, schedule, give_up, database, secrets, canary
			FROM fleet.schools WHERE name = $1`, name).
			Scan(&s.Configuration, &s.Zone, &s.Schedule, &s.GiveUp, &s.Database, &s.Secrets, &s.Canary)
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `SELECT path, content FROM fleet.school_files WHERE school = $1`, name)
		if err != nil {
			return err
		}
		var path string
		var content []byte
		_, err = pgx.ForEachRow(rows, []any{&path, &content}, func() error {
			s.Files[path] = slices.Clone(content)
			return nil
		})
		return err
	})
	if isNoRows(err) {
		return s, &UnknownError{[]string{name}}
	}
	return s, err
}

// affect has a statement change schools, named in its first argument, and fails with an *UnknownError, changing
// nothing, when some are not there. The statement returns the names of those that it found.
func (f *Fleet) affect(ctx context.Context, doing string, names []string, sql string, args ...any) error {
	return f.within(ctx, doing, func(tx pgx.Tx) error {
		return affectIn(ctx, tx, names, sql, args...)
	})
}

func affectIn(ctx context.Context, tx pgx.Tx, names []string, sql string, args ...any) error {
	rows, err := tx.Query(ctx, sql, append([]any{names}, args...)...)
	if err != nil {
		return err
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	var unknown []string
	for _, name := range names {
		if !slices.Contains(found, name) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		return &UnknownError{unknown}
	}
	return nil
}

// Pause has no import of schools begin by itself until a moment.
func (f *Fleet) Pause(ctx context.Context, names []string, until map[string]time.Time, why string) error {
	moments := make([]time.Time, len(names))
	for i, name := range names {
		moments[i] = until[name]
	}
	return f.affect(ctx, "pausing", names, `UPDATE fleet.schools s SET paused_until = p.until, paused_why = $3
		FROM unnest($1::text[], $2::timestamptz[]) AS p (name, until) WHERE s.name = p.name RETURNING s.name`, moments,
		why)
}

// Resume ends the pauses of schools, and has those tried again that were set aside.
func (f *Fleet) Resume(ctx context.Context, names []string) error {
	return f.within(ctx, "resuming", func(tx pgx.Tx) error {
		if err := affectIn(ctx, tx, names, `UPDATE fleet.schools SET paused_until = NULL, paused_why = '',
			aside_at = NULL, aside_why = '' WHERE name = ANY($1) RETURNING name`); err != nil {
			return err
		}
		return affectIn(ctx, tx, names, `UPDATE fleet.school_status SET tries = 0, next = now() WHERE school = ANY($1)
			RETURNING school`)
	})
}

// LookAgain has a school looked at within a minute: somebody has done something there.
func (f *Fleet) LookAgain(ctx context.Context, name string) error {
	_, err := f.pool.Exec(ctx, `UPDATE fleet.school_status SET next = least(next, now()) WHERE school = $1`, name)
	return f.failed("having a school looked at", err)
}

// Wish asks for an import of schools now, before those that are merely due, whether they are paused or not.
func (f *Fleet) Wish(ctx context.Context, names []string) error {
	return f.within(ctx, "asking for imports", func(tx pgx.Tx) error {
		if err := affectIn(ctx, tx, names, `UPDATE fleet.schools SET wished_at = now() WHERE name = ANY($1)
			RETURNING name`); err != nil {
			return err
		}
		inserter, err := newInserter(f.pool)
		if err != nil {
			return err
		}
		wishes := make([]Night, len(names))
		now, err := timeIn(ctx, tx)
		for i, name := range names {
			wishes[i] = Night{School: name, Night: now, Wish: true}
		}
		if err != nil {
			return err
		}
		return inserter.insert(ctx, tx, wishes)
	})
}

// Remove takes schools out of the fleet. Their databases stay as they are.
func (f *Fleet) Remove(ctx context.Context, names []string) error {
	return f.within(ctx, "removing schools", func(tx pgx.Tx) error {
		found, err := removeIn(ctx, tx, names)
		if err != nil {
			return err
		}
		var unknown []string
		for _, name := range names {
			if !slices.Contains(found, name) {
				unknown = append(unknown, name)
			}
		}
		if len(unknown) > 0 {
			return &UnknownError{unknown}
		}
		return nil
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

func timeIn(ctx context.Context, q querier) (now time.Time, err error) {
	err = q.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&now)
	return now, err
}

// Stop says why no more nights are begun.
type Stop struct {
	At  time.Time `json:"at"`
	Why string    `json:"why"`
}

// ResumeAll has nights begin again after the fleet's guard has stopped them. It tells whether it had.
func (f *Fleet) ResumeAll(ctx context.Context, operator string) (had bool, err error) {
	tag, err := f.pool.Exec(ctx, `UPDATE fleet.stops SET resumed_at = now(), resumed_by = $1 WHERE resumed_at IS NULL`,
		operator)
	return tag.RowsAffected() > 0, f.failed("resuming", err)
}

// Standing is a school and how it stands.
type Standing struct {
	School, Why, Result, Worker, PausedWhy                                      string
	Run                                                                         int64
	Problems, Tries                                                             int
	Canary, GaveUp                                                              bool
	RanAt, HeldSince, TroubleSince, LastSuccess, DataAt, Next, PausedUntil, Set time.Time // Set aside; zero for never
	Taken, Added, Wished                                                        time.Time
	Zone, Database, Schedule                                                    string
	Reason                                                                      string
}

// Overview is a whole fleet at one moment of its database.
type Overview struct {
	At        time.Time
	Standings []Standing // in order of name
	Stop      *Stop
	Workers   []WorkerSeen
	Minutes   []Minute // of the last twelve hours
	Lag       time.Duration
	Ticked    time.Time // when the leader last looked for what is due
}

// WorkerSeen is a worker that has said that it lives, a while ago at most.
type WorkerSeen struct {
	ID, Version string
	Since, Seen time.Time
	Jobs        int
	Leader      bool
}

// Minute is how a night stood at the end of a minute: how many schools were queued and running then, and how many had
// been done, held and failed in the twelve hours before.
type Minute struct {
	At                                  time.Time
	Queued, Running, Done, Held, Failed int
}

// Overview reads all that there is to be seen of the fleet.
func (f *Fleet) Overview(ctx context.Context) (o Overview, err error) {
	err = f.within(ctx, "looking at the fleet", func(tx pgx.Tx) error {
		if o.Standings, err = standingsIn(ctx, tx); err != nil {
			return err
		}
		var ticked *time.Time
		err := tx.QueryRow(ctx, `SELECT now(), lag, CASE WHEN isfinite(dispatched_at) THEN dispatched_at END
			FROM fleet.settings`).Scan(&o.At, &o.Lag, &ticked)
		if err != nil {
			return err
		}
		o.Ticked = valueOf(ticked)
		if o.Stop, err = stopIn(ctx, tx); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `SELECT w.id, w.version, w.since, w.seen, w.jobs,
				EXISTS (SELECT FROM fleet.river_leader l WHERE l.leader_id = w.id AND l.expires_at > now())
			FROM fleet.workers w WHERE w.seen > now() - interval '10 minutes' ORDER BY w.id`)
		if err != nil {
			return err
		}
		if o.Workers, err = pgx.CollectRows(rows, pgx.RowToStructByPos[WorkerSeen]); err != nil {
			return err
		}
		rows, err = tx.Query(ctx, `SELECT at, queued, running, done, held, failed FROM fleet.minutes
			WHERE at > now() - interval '12 hours' ORDER BY at`)
		if err == nil {
			o.Minutes, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Minute])
		}
		return err
	})
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

func standingsIn(ctx context.Context, tx pgx.Tx) ([]Standing, error) {
	rows, err := tx.Query(ctx, `SELECT s.name, s.zone, s.database, s.schedule, s.canary, s.paused_until, s.paused_why,
			s.aside_at, s.aside_why, s.wished_at, s.added_at, t.run, t.result, t.reason, t.why, t.ran_at,
			t.trouble_since, t.held_since, t.last_success, t.data_at, t.problems, t.gave_up, t.next, t.tries, t.worker,
			t.taken_at
		FROM fleet.schools s JOIN fleet.school_status t ON t.school = s.name ORDER BY s.name`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (s Standing, err error) {
		var paused, aside, wished, ran, trouble, held, success, data, next, taken *time.Time
		var asideWhy string
		err = row.Scan(&s.School, &s.Zone, &s.Database, &s.Schedule, &s.Canary, &paused, &s.PausedWhy, &aside,
			&asideWhy, &wished, &s.Added, &s.Run, &s.Result, &s.Reason, &s.Why, &ran, &trouble, &held, &success, &data,
			&s.Problems, &s.GaveUp, &next, &s.Tries, &s.Worker, &taken)
		s.PausedUntil, s.Set, s.Wished, s.RanAt = valueOf(paused), valueOf(aside), valueOf(wished), valueOf(ran)
		s.TroubleSince, s.HeldSince, s.LastSuccess = valueOf(trouble), valueOf(held), valueOf(success)
		s.DataAt, s.Next, s.Taken = valueOf(data), valueOf(next), valueOf(taken)
		s.Why = cmp.Or(asideWhy, s.Why)
		return s, err
	})
}

func valueOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
