package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"misimportd/era/hint"
	"misimportd/store/model"
)

// Runs reads the newest runs, at most limit of them, newest first.
func (v *View) Runs(ctx context.Context, limit int) ([]model.Run, error) {
	runs := []model.Run{}
	if v.empty {
		return runs, nil
	}
	err := v.tx.SelectContext(ctx, &runs, `SELECT `+runColumns+` FROM runs ORDER BY id DESC LIMIT $1`, limit)
	return runs, v.db.failed("reading the runs", err)
}

// ListedRuns reads the newest runs as a list shows them, without guard, stages and problems but how many of those
// there are: at most limit of them, newest first. Deeds are what people did, without the nights.
func (v *View) ListedRuns(ctx context.Context, limit int, deeds bool) ([]model.ListedRun, error) {
	runs := []model.ListedRun{}
	if v.empty {
		return runs, nil
	}
	where := ""
	if deeds {
		where = ` WHERE kind NOT IN ('import', 'ahead') OR operator <> '' OR decided_operator <> '' OR decision =
			'rejected'`
	}
	err := v.tx.SelectContext(ctx, &runs, `SELECT id, kind, result, started_at, finished_at, as_of, source_sha256,
		counts, about, decision, decided_by, decided_at, undone_by, operator, decided_operator,
		`+v.db.dialect.elements("problems")+` AS problem_count FROM runs`+where+` ORDER BY id DESC LIMIT $1`, limit)
	return runs, v.db.failed("reading the runs", err)
}

// enoughImports is more than a night can have, with all its failures.
const enoughImports = 200

// Imports reads the newest imports. Those that were aborted are not among them: they
// came to no end. It reads the tables of older programs too, which the next run brings up
// to date.
func (db *DB) Imports(ctx context.Context) (model.Imports, error) {
	var found model.Imports
	ready, err := db.isSetUp(ctx)
	var schema *SchemaError
	if errors.As(err, &schema) && schema.Has < schema.Knows {
		ready, err = true, nil
	}
	if err != nil || !ready {
		return found, err
	}
	if schema == nil {
		if err := db.sql.SelectContext(ctx, &found.Waiting,
			`SELECT id FROM runs WHERE decision = 'waiting' ORDER BY id`); err != nil {
			return found, db.failed("reading the runs", err)
		}
		if err := db.readYear(ctx, &found); err != nil {
			return found, err
		}
	}
	if err := db.sql.SelectContext(ctx, &found.Newest,
		`SELECT id, kind, result, started_at, finished_at, error FROM runs
		WHERE kind IN ('import', 'convert') AND result <> 'aborted' ORDER BY id DESC LIMIT $1`,
		enoughImports); err != nil {
		return found, db.failed("reading the runs", err)
	}
	if schema == nil && len(found.Newest) > 0 && found.Newest[0].Result == model.Held {
		newest := &found.Newest[0]
		if err := db.sql.GetContext(ctx, &newest.Guard, `SELECT guard FROM runs WHERE id = $1`, newest.ID); err != nil {
			return found, db.failed("reading the runs", err)
		}
	}
	for _, last := range []struct {
		into  *time.Time
		where string
	}{{&found.LastSuccess, `result IN ('applied', 'unchanged')`},
		{&found.LastNew, `result IN ('applied', 'unchanged', 'held') AND NOT source_unchanged`}} {
		err = db.sql.GetContext(ctx, last.into,
			`SELECT finished_at FROM runs WHERE kind IN ('import', 'approval', 'convert')
			AND `+last.where+` ORDER BY id DESC LIMIT 1`)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return found, db.failed("reading the runs", err)
		}
	}
	return found, nil
}

// NoRunError says that there is no run of a number.
type NoRunError struct{ ID model.ID }

func (e *NoRunError) Error() string {
	return fmt.Sprintf("there is no run %d: \"%s\" lists them", e.ID, hint.Command("runs"))
}

// Run reads one run. It fails with a *NoRunError when there is none of this id.
func (v *View) Run(ctx context.Context, id model.ID) (model.Run, error) {
	var run model.Run
	if v.empty {
		return run, &NoRunError{id}
	}
	err := v.tx.GetContext(ctx, &run, `SELECT `+runColumns+` FROM runs WHERE id = $1`, id)
	if errors.Is(err, sql.ErrNoRows) {
		return run, &NoRunError{id}
	}
	return run, v.db.failed("reading the run", err)
}

// Recording is what is recorded of one run: what it changed or, when Held, what waits or
// waited of it; of some entities only, where they are named.
type Recording struct {
	Run  model.ID
	Held bool
	Only []model.Entity
	Most int // the first so many; 0 for all
}

// from is what SQL selects from.
func (r Recording) from() string {
	table := "changes"
	if r.Held {
		table = "held_changes"
	}
	text := fmt.Sprintf(" FROM %s WHERE run_id = %d", table, r.Run)
	if r.Only == nil {
		return text
	}
	names := make([]string, len(r.Only))
	for i, e := range r.Only {
		names[i] = "'" + string(e) + "'"
	}
	return text + " AND entity IN (" + strings.Join(names, ", ") + ")"
}

// Each calls each with what is recorded, in the order in which it was or would be done. Only
// one is in memory at a time: a first load has hundreds of thousands.
func (v *View) Each(ctx context.Context, of Recording, each func(model.Recorded) error) error {
	if v.empty || of.Only != nil && len(of.Only) == 0 {
		return nil
	}
	const columns = `entity, action, record_id, why, CAST(before AS text), CAST(after AS text)`
	query := `SELECT ` + columns + of.from() + ` ORDER BY seq`
	if of.Most > 0 {
		query += fmt.Sprintf(` LIMIT %d`, of.Most)
	}
	rows, err := v.tx.QueryContext(ctx, query)
	if err != nil {
		return v.db.failed("reading the changes", err)
	}
	defer quiet(rows.Close)
	for rows.Next() {
		var c model.Recorded
		var before, after sql.RawBytes
		if err := rows.Scan(&c.Entity, &c.Action, &c.RecordID, &c.Why, &before, &after); err != nil {
			return v.db.failed("reading the changes", err)
		}
		if c.Before.V, err = readImage(before); err == nil {
			c.After.V, err = readImage(after)
		}
		if err != nil {
			return v.db.failed("reading the changes", err)
		}
		if err := each(c); err != nil {
			return err
		}
	}
	return v.db.failed("reading the changes", rows.Err())
}

func readImage(text []byte) (image model.Image, err error) {
	if text != nil {
		err = json.Unmarshal(text, &image)
	}
	return image, err
}

// Changes reads what a run changed, in the order in which it did.
func (v *View) Changes(ctx context.Context, id model.ID) ([]model.Recorded, error) {
	return v.all(ctx, Recording{Run: id})
}

// HeldChanges reads what a run did not change, for it waits, or waited, for a person.
func (v *View) HeldChanges(ctx context.Context, id model.ID) ([]model.Recorded, error) {
	return v.all(ctx, Recording{Run: id, Held: true})
}

func (v *View) all(ctx context.Context, of Recording) ([]model.Recorded, error) {
	changes := []model.Recorded{}
	err := v.Each(ctx, of, func(c model.Recorded) error {
		changes = append(changes, c)
		return nil
	})
	return changes, err
}
