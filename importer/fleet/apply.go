//go:build !single

package fleet

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// Settings are what a fleet goes by.
type Settings struct {
	Window time.Duration `db:"window_length"` // over which a night's schools are spread

	// When more than so many of a hundred schools that ran this night are in trouble of one kind, and at least so many,
	// no more are begun.
	StopPercent int `db:"stop_percent"`
	StopAtLeast int `db:"stop_at_least"`

	PerHost    int `db:"per_host"`    // requests a minute to one host, 0 for no limit
	PerAddress int `db:"per_address"` // and from one address
}

const settingsColumns = `g.window_length, g.stop_percent, g.stop_at_least, g.per_host, g.per_address`

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
		// Two at once wait for each other; those who work do not wait for them.
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('misimportd fleet apply'))`); err != nil {
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

// applyIn carries the steps out, in one round to the database.
func applyIn(ctx context.Context, tx pgx.Tx, wanted Wanted, steps []Step, remove bool) error {
	named := map[string]School{}
	for _, school := range wanted.Schools {
		named[school.Name] = school
	}
	batch := &pgx.Batch{}
	var gone []string
	for _, step := range steps {
		switch {
		case step.School == "":
			s := wanted.Settings
			batch.Queue(`UPDATE fleet.settings SET window_length = $1, stop_percent = $2, stop_at_least = $3,
				per_host = $4, per_address = $5`, s.Window, s.StopPercent, s.StopAtLeast, s.PerHost, s.PerAddress)
		case step.Action != Remove:
			put(batch, named[step.School])
		case remove:
			gone = append(gone, step.School)
		}
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil || len(gone) == 0 {
		return err
	}
	_, err := removeIn(ctx, tx, gone)
	return err
}

// put writes a school, and has a worker look at it again: what it goes by may be other.
func put(batch *pgx.Batch, s School) {
	batch.Queue(`INSERT INTO fleet.schools (name, configuration, zone, schedule, give_up, database, secrets, canary)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (name) DO UPDATE SET configuration = excluded.configuration, zone = excluded.zone,
			schedule = excluded.schedule, give_up = excluded.give_up, database = excluded.database,
			secrets = excluded.secrets, canary = excluded.canary, changed_at = now()`,
		s.Name, s.Configuration, s.Zone, s.Schedule, s.GiveUp, s.Database, emptyNotNull(s.Secrets), s.Canary)
	batch.Queue(`INSERT INTO fleet.school_status AS t (school) VALUES ($1)
		ON CONFLICT (school) DO UPDATE SET next = now(), touched = t.touched + 1`, s.Name)
	batch.Queue(`DELETE FROM fleet.school_files WHERE school = $1`, s.Name)
	for _, path := range slices.Sorted(maps.Keys(s.Files)) {
		batch.Queue(`INSERT INTO fleet.school_files (school, path, content) VALUES ($1, $2, $3)`, s.Name, path,
			s.Files[path])
	}
}

func settingsIn(ctx context.Context, q querier) (Settings, error) {
	rows, err := q.Query(ctx, `SELECT `+settingsColumns+` FROM fleet.settings g`)
	if err != nil {
		return Settings{}, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Settings])
}
