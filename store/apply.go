package store

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"

	"misimportd/store/model"
)

// changeRow is a row of the table changes.
type changeRow struct {
	seq           int
	entity        string
	action        string
	recordID      model.ID
	why           string
	before, after []byte // images; nil where there is none
}

type changeRows = iter.Seq[*changeRow]

// apply records p as what run changes, and then carries out what is recorded: the
// two cannot differ. The changes of one kind that follow each other are one
// statement for each table they touch.
func (db *DB) apply(ctx context.Context, tx *sqlx.Tx, run model.ID, p model.Plan) (assigned, error) {
	if p.IsEmpty() {
		return nil, db.rememberDays(ctx, tx, p) // somebody had changed them, and to no effect
	}
	ids, err := db.assign(ctx, tx, p)
	if err != nil {
		return nil, db.failed("reserving ids", err)
	}
	if err := db.dialect.recordChanges(ctx, tx, "changes", run, ids.rows(p)); err != nil {
		return nil, db.failed("recording the changes", err)
	}
	for from := 0; from < len(p.Changes); {
		to := from + 1
		for to < len(p.Changes) && p.Changes[to].Entity() == p.Changes[from].Entity() &&
			p.Changes[to].Action == p.Changes[from].Action {
			to++
		}
		step := step{db: db, tx: tx, run: run, shape: model.Shapes[p.Changes[from].Entity()],
			action: p.Changes[from].Action, from: from + 1, to: to}
		if err := step.do(ctx); err != nil {
			return nil, err
		}
		from = to
	}
	return ids, db.rememberDays(ctx, tx, p)
}

// rememberDays notes what the days are that p looked at, for the next time.
func (db *DB) rememberDays(ctx context.Context, tx *sqlx.Tx, p model.Plan) error {
	const atOnce = 500
	days := slices.Sorted(maps.Keys(p.Days))
	for chunk := range slices.Chunk(days, atOnce) {
		var forget, values []string
		for _, d := range chunk {
			forget = append(forget, "'"+d.String()+"'")
			values = append(values, fmt.Sprintf("(%d, '%s', '%s')", p.Datasource, d, p.Days[d]))
		}
		if _, err := tx.ExecContext(ctx, fmt.Sprintf(`DELETE FROM lesson_days WHERE datasource_id = %d
			AND on_date IN (%s)`, p.Datasource, strings.Join(forget, ", "))); err != nil {
			return db.failed("forgetting days", err)
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO lesson_days (datasource_id, on_date, digest) VALUES `+
			strings.Join(values, ", ")); err != nil {
			return db.failed("remembering days", err)
		}
	}
	return nil
}

// assigned holds the ids that stand for a plan's provisional ones: that of -n is at n.
type assigned []model.ID

// real is the id that a provisional one has become. One that no record was given is kept:
// it stands for a record that waits.
func (a assigned) real(id model.ID) model.ID {
	if id < 0 && int(-id) < len(a) && a[-id] != 0 {
		return a[-id]
	}
	return id
}

// assign reserves an id for each record that p creates.
func (db *DB) assign(ctx context.Context, tx *sqlx.Tx, p model.Plan) (assigned, error) {
	ids := make(assigned, p.Provisional()+1)
	need, next := map[string]int{}, map[string]model.ID{}
	for _, c := range p.Changes {
		if isNew(c) {
			need[model.Shapes[c.Entity()].Sequence]++
		}
	}
	for _, table := range []string{"eras", "elements", "memberships", "lessons", "commitments", "suspensions",
		"group_suspensions", "absences", "pins", "unwanted_documents", "datasources", "pauses"} {
		if need[table] == 0 {
			continue
		}
		first, err := db.dialect.reserve(ctx, tx, table, need[table])
		if err != nil {
			return nil, err
		}
		next[table] = first
	}
	for _, c := range p.Changes {
		if isNew(c) {
			table := model.Shapes[c.Entity()].Sequence
			ids[-c.After.RowID()] = next[table]
			next[table]++
		}
	}
	return ids, nil
}

// isNew tells whether c makes a record that never was: an undo brings back those that were,
// under their own ids.
func isNew(c model.Change) bool { return c.Action == model.Create && c.After.RowID() < 0 }

// rows gives a plan's changes as rows, one at a time; each is valid until the next.
func (a assigned) rows(p model.Plan) changeRows {
	return func(yield func(*changeRow) bool) {
		var before, after []byte
		row := &changeRow{}
		for i, c := range p.Changes {
			s := model.Shapes[c.Entity()]
			*row = changeRow{
				seq: i + 1, entity: string(s.Entity), action: c.Action.String(),
				recordID: a.real(c.Record().RowID()), why: c.Because(),
			}
			if c.Before != nil {
				before = s.AppendImage(before[:0], c.Before, a.real)
				row.before = before
			}
			if c.After != nil {
				after = s.AppendImage(after[:0], c.After, a.real)
				row.after = after
			}
			if !yield(row) {
				return
			}
		}
	}
}

// step is a stretch of recorded changes of one entity and action.
type step struct {
	db       *DB
	tx       *sqlx.Tx
	run      model.ID
	shape    *model.Shape
	action   model.Action
	from, to int // seq, both included
}

func (s step) do(ctx context.Context) error {
	tables := s.shape.Tables
	for i := range tables {
		var query string
		exact := true
		switch s.action {
		case model.Create:
			query = s.insert(tables[i])
		case model.Delete:
			query = s.delete(tables[len(tables)-1-i])
		default:
			query, exact = s.update(tables[i]), false
		}
		doing := fmt.Sprintf("%s of %ss", s.action, s.shape.Entity)
		result, err := s.tx.ExecContext(ctx, query, s.run, s.from, s.to)
		if err != nil {
			return s.db.failed(doing, err)
		}
		done, err := result.RowsAffected()
		if err != nil {
			return s.db.failed(doing, err)
		}
		if want := int64(s.to - s.from + 1); exact && done != want {
			return fmt.Errorf("%s: %s: %d rows are there where the plan has %d", s.db.name, doing, done, want)
		}
	}
	return nil
}

const ofStep = `x.run_id = $1 AND x.seq BETWEEN $2 AND $3`

func (s step) insert(t model.Table) string {
	names, values := []string{"id"}, []string{"x.record_id"}
	for _, c := range t.Columns {
		names, values = append(names, c.Name), append(values, s.value(t, c))
	}
	return fmt.Sprintf(`INSERT INTO %s (%s) SELECT %s FROM changes x WHERE %s`,
		t.Name, strings.Join(names, ", "), strings.Join(values, ", "), ofStep)
}

// update leaves rows alone that are as they should be, so that a pupil whose name
// changes is written once and not in both tables.
func (s step) update(t model.Table) string {
	var set, differs []string
	for _, c := range t.Columns {
		set = append(set, c.Name+" = "+s.value(t, c))
		differs = append(differs, "t."+c.Name+" IS DISTINCT FROM "+s.value(t, c))
	}
	return fmt.Sprintf(`UPDATE %s AS t SET %s FROM changes x WHERE %s AND t.id = x.record_id AND (%s)`,
		t.Name, strings.Join(set, ", "), ofStep, strings.Join(differs, " OR "))
}

func (s step) delete(t model.Table) string {
	return fmt.Sprintf(`DELETE FROM %s WHERE id IN (SELECT x.record_id FROM changes x WHERE %s)`, t.Name, ofStep)
}

func (s step) value(t model.Table, c model.Column) string {
	return s.db.dialect.cast("(x.after ->> '"+t.Key(c)+"')", c.SQL)
}
