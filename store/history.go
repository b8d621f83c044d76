package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"misimportd/hint"
)

// JSON is a value that a column holds as JSON.
type JSON[T any] struct{ V T }

// Value is how j is stored.
func (j JSON[T]) Value() (driver.Value, error) {
	text, err := json.Marshal(j.V)
	if string(text) == "null" {
		text = []byte("[]")
		if reflect.TypeFor[T]().Kind() == reflect.Map {
			text = []byte("{}")
		}
	}
	return string(text), err
}

// Scan reads j from a database column.
func (j *JSON[T]) Scan(value any) error {
	switch v := value.(type) {
	case string:
		return json.Unmarshal([]byte(v), &j.V)
	case []byte:
		return json.Unmarshal(v, &j.V)
	}
	return fmt.Errorf("cannot read JSON from a %T", value)
}

// Runs reads the newest runs, at most limit of them, newest first.
func (v *View) Runs(ctx context.Context, limit int) ([]Run, error) {
	runs := []Run{}
	if v.empty {
		return runs, nil
	}
	err := v.tx.SelectContext(ctx, &runs, `SELECT `+runColumns+` FROM runs ORDER BY id DESC LIMIT $1`, limit)
	return runs, v.db.failed("reading the runs", err)
}

// Imports is what the record says of the imports so far.
type Imports struct {
	Newest      []Run // newest first, without their documents, counts, problems and stages
	Waiting     []ID  // held runs that wait for a person, oldest first
	LastSuccess time.Time
	LastNew     time.Time // when one last brought a document that was not the one before
}

// enoughImports is more than a night can have, with all its failures.
const enoughImports = 200

// Imports reads the newest imports. Those that were aborted are not among them: they
// came to no end. It reads the tables of older programs too, which the next run brings up
// to date.
func (db *DB) Imports(ctx context.Context) (Imports, error) {
	var found Imports
	ready, err := db.isSetUp(ctx)
	var schema *SchemaError
	if errors.As(err, &schema) && schema.Has < schema.Knows {
		ready, err = true, nil
	}
	if err != nil || !ready {
		return found, err
	}
	if schema == nil {
		if err := db.sql.SelectContext(ctx, &found.Waiting, `SELECT id FROM runs WHERE decision = 'waiting' ORDER BY id`); err != nil {
			return found, db.failed("reading the runs", err)
		}
	}
	if err := db.sql.SelectContext(ctx, &found.Newest, `SELECT id, kind, result, started_at, finished_at, error FROM runs
		WHERE kind = 'import' AND result <> 'aborted' ORDER BY id DESC LIMIT $1`, enoughImports); err != nil {
		return found, db.failed("reading the runs", err)
	}
	for _, last := range []struct {
		into  *time.Time
		where string
	}{{&found.LastSuccess, `result IN ('applied', 'unchanged')`}, {&found.LastNew, `result IN ('applied', 'unchanged', 'held') AND NOT source_unchanged`}} {
		err = db.sql.GetContext(ctx, last.into, `SELECT finished_at FROM runs WHERE kind IN ('import', 'approval') AND `+last.where+` ORDER BY id DESC LIMIT 1`)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return found, db.failed("reading the runs", err)
		}
	}
	return found, nil
}

// NoRunError says that there is no run of a number.
type NoRunError struct{ ID ID }

func (e *NoRunError) Error() string {
	return fmt.Sprintf("there is no run %d: \"%s\" lists them", e.ID, hint.Command("runs"))
}

// Run reads one run. It fails with a *NoRunError when there is none of this id.
func (v *View) Run(ctx context.Context, id ID) (Run, error) {
	var run Run
	if v.empty {
		return run, &NoRunError{id}
	}
	err := v.tx.GetContext(ctx, &run, `SELECT `+runColumns+` FROM runs WHERE id = $1`, id)
	if errors.Is(err, sql.ErrNoRows) {
		return run, &NoRunError{id}
	}
	return run, v.db.failed("reading the run", err)
}

// Recorded is one change as the database records it.
type Recorded struct {
	Entity   Entity      `db:"entity"`
	Action   Action      `db:"action"`
	RecordID ID          `db:"record_id"`
	Why      Reason      `db:"why"`
	Before   JSON[Image] `db:"before"`
	After    JSON[Image] `db:"after"`
}

// Shown is the image of the record afterwards, or before where it is gone.
func (r Recorded) Shown() Image {
	if r.After.V != nil {
		return r.After.V
	}
	return r.Before.V
}

// Changes reads what a run changed, in the order in which it did.
func (v *View) Changes(ctx context.Context, id ID) ([]Recorded, error) {
	return v.recorded(ctx, "changes", id)
}

// HeldChanges reads what a run did not change, for it waits, or waited, for a person.
func (v *View) HeldChanges(ctx context.Context, id ID) ([]Recorded, error) {
	return v.recorded(ctx, "held_changes", id)
}

func (v *View) recorded(ctx context.Context, table string, id ID) ([]Recorded, error) {
	changes := []Recorded{}
	if v.empty {
		return changes, nil
	}
	err := v.tx.SelectContext(ctx, &changes, `SELECT entity, action, record_id, why,
		coalesce(CAST(before AS text), 'null') AS before, coalesce(CAST(after AS text), 'null') AS after
		FROM `+table+` WHERE run_id = $1 ORDER BY seq`, id)
	return changes, v.db.failed("reading the changes", err)
}

// Label is how people call a record that another refers to.
type Label struct {
	Kind     string `db:"kind"`
	SourceID string `db:"source_id"` // "" for what no MIS owns
	Name     string `db:"name"`
}

// Labels reads how every element and era is called.
func (v *View) Labels(ctx context.Context) (map[ID]Label, error) {
	labels := map[ID]Label{}
	if v.empty {
		return labels, nil
	}
	var rows []struct {
		ID ID `db:"id"`
		Label
	}
	err := v.tx.SelectContext(ctx, &rows, `SELECT e.id, coalesce(g.kind, e.kind) AS kind, e.name,
		coalesce(p.source_id, s.source_id, g.source_id, u.source_id, h.source_id, r.source_id, '') AS source_id
		FROM elements e LEFT JOIN pupils p ON p.id = e.id LEFT JOIN staff s ON s.id = e.id LEFT JOIN groups g ON g.id = e.id
		LEFT JOIN subjects u ON u.id = e.id LEFT JOIN houses h ON h.id = e.id LEFT JOIN locations r ON r.id = e.id`)
	for _, r := range rows {
		labels[r.ID] = r.Label
	}
	return labels, v.db.failed("reading names", err)
}
