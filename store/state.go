package store

import (
	"context"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/jmoiron/sqlx"

	"misimportd/era"
	"misimportd/store/model"
)

// View is one look at the database: all that is read through it fits together,
// whatever others write meanwhile.
type View struct {
	db    *DB
	tx    *sqlx.Tx
	empty bool // our tables are not there yet
}

// Calendar reads the eras.
func (v *View) Calendar(ctx context.Context) (model.Calendar, error) {
	var c model.Calendar
	if v.empty {
		return c, nil
	}
	if err := v.tx.SelectContext(ctx, &c.Eras,
		`SELECT id, name, starts_on, ends_on FROM eras ORDER BY starts_on, id`); err != nil {
		return c, v.db.failed("reading the eras", err)
	}
	err := v.tx.GetContext(ctx, &c.Settings, `SELECT id, current_era_id, next_era_id, previous_era_id, perpetual_era_id
		FROM settings`)
	return c, v.db.failed("reading the settings", err)
}

// State reads what the database holds of a datasource, in a few queries whatever its
// size: groups of the eras with these ids, memberships that matter from asOf on. Lessons are those of the first era.
func (v *View) State(ctx context.Context, datasource model.ID, asOf era.Date, eras ...model.ID) (*model.State, error) {
	s := &model.State{DatasourceID: datasource, NeededElsewhere: map[model.ID]bool{}, TakenBy: map[model.ID]int{},
		LessonDays: map[era.Date]model.Digest{}}
	if v.empty {
		return s, nil
	}
	for _, read := range []func() error{
		func() error { return readRecords(ctx, v.tx, &s.Staff, owned, datasource) },
		func() error { return readRecords(ctx, v.tx, &s.Pupils, owned, datasource) },
		func() error { return readRecords(ctx, v.tx, &s.Locations, owned, datasource) },
		func() error { return readRecords(ctx, v.tx, &s.Subjects, owned, datasource) },
		func() error { return readRecords(ctx, v.tx, &s.Houses, owned, datasource) },
		func() error {
			return readRecords(ctx, v.tx, &s.Groups, owned+" AND t.era_id"+within(eras), datasource)
		},
		func() error { return v.readMemberships(ctx, s, eras, asOf) },
		func() error { return v.readNeeded(ctx, s, eras, asOf) },
		func() error { return v.readSuspensions(ctx, s, eras, asOf) },
		func() error { return v.readLessonDays(ctx, s, eras[0], asOf) },
		func() error {
			return v.tx.SelectContext(ctx, &s.Absences,
				`SELECT id, element_id, nights, last_on FROM absences ORDER BY id`)
		},
		func() error { return v.tx.SelectContext(ctx, &s.Pins, pinsQuery) },
		func() error {
			return v.tx.SelectContext(ctx, &s.Unwanted, `SELECT id, sha256 FROM unwanted_documents ORDER BY id`)
		},
	} {
		if err := read(); err != nil {
			return nil, v.db.failed("reading the state", err)
		}
	}
	return s, nil
}

// within is the condition that a column holds one of these ids.
func within(ids []model.ID) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = strconv.FormatInt(int64(id), 10)
	}
	return " IN (" + strings.Join(texts, ", ") + ")"
}

// owned is the condition that a row t belongs to the datasource $1.
const owned = "t.datasource_id = $1"

// readRecords reads the records of one type for which a condition on their table t holds.
func readRecords[T model.Record](ctx context.Context, tx *sqlx.Tx, into *[]T, where string, args ...any) error {
	var record T
	rows, err := tx.QueryContext(ctx, selecting(model.Shapes[record.Entity()])+" WHERE "+where+" ORDER BY t.id",
		args...)
	if err != nil {
		return err
	}
	defer quiet(rows.Close)
	fields := reflect.ValueOf(&record).Elem()
	targets := []any{fields.FieldByName("ID").Addr().Interface()}
	for _, c := range model.Shapes[record.Entity()].Columns {
		targets = append(targets, fields.FieldByIndex(c.Index).Addr().Interface())
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		*into = append(*into, record)
	}
	return rows.Err()
}

// selecting is the query for all records of a shape: elements e with the table t of their kind, or
// the table t alone.
func selecting(s *model.Shape) string {
	names := []string{"t.id"}
	from := s.Tables[len(s.Tables)-1].Name + " t"
	aliases := "t"
	if len(s.Tables) > 1 {
		from, aliases = "elements e JOIN "+from+" ON t.id = e.id", "et"
	}
	for i, table := range s.Tables {
		for _, c := range table.Columns {
			name := string(aliases[i]) + "." + c.Name
			if c.Name == "source_id" { // NULL where no MIS has the row
				name = "coalesce(" + name + ", '')"
			}
			names = append(names, name)
		}
	}
	return "SELECT " + strings.Join(names, ", ") + " FROM " + from
}

// readMemberships is the one query whose result is large.
func (v *View) readMemberships(ctx context.Context, s *model.State, eras []model.ID, asOf era.Date) error {
	rows, err := v.tx.QueryContext(ctx, fmt.Sprintf(`SELECT m.id, m.group_id, m.element_id, %s, %s
		FROM memberships m JOIN groups g ON g.id = m.group_id
		WHERE g.datasource_id = $1 AND g.era_id%s AND (m.ends_on IS NULL OR m.ends_on >= $2)`,
		v.db.dialect.day("m.starts_on"), v.db.dialect.day("m.ends_on"), within(eras)), s.DatasourceID, asOf)
	if err != nil {
		return err
	}
	defer quiet(rows.Close)
	var id, group, element, from, to int64
	targets := []any{&id, &group, &element, &from, &to}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		s.Memberships = append(s.Memberships, model.Membership{ID: model.ID(id), GroupID: model.ID(group),
			ElementID: model.ID(element), StartsOn: era.Date(from), EndsOn: era.Date(to)})
	}
	return rows.Err()
}

// readNeeded finds the groups that cannot be deleted. Memberships of the datasource's own groups do not count:
// whoever plans knows them.
func (v *View) readNeeded(ctx context.Context, s *model.State, eras []model.ID, asOf era.Date) error {
	var ids []model.ID
	if err := v.tx.SelectContext(ctx, &ids, `SELECT g.id FROM groups g WHERE g.datasource_id = $1
		AND g.era_id`+within(eras)+` AND g.starts_on >= $2
		AND EXISTS (SELECT 1 FROM memberships m JOIN groups o ON o.id = m.group_id WHERE m.element_id = g.id
			AND (o.datasource_id IS NULL OR o.datasource_id <> $1 OR o.era_id NOT`+within(eras)+`))`,
		s.DatasourceID, asOf); err != nil {
		return err
	}
	for _, id := range ids {
		s.NeededElsewhere[id] = true
	}
	var taken []struct {
		ID    model.ID `db:"id"`
		Count int      `db:"count"`
	}
	err := v.tx.SelectContext(ctx, &taken, `SELECT g.id, count(*) AS count FROM groups g
		JOIN commitments c ON c.element_id = g.id
		WHERE g.datasource_id = $1 AND g.era_id`+within(eras)+` AND g.starts_on >= $2 GROUP BY g.id`,
		s.DatasourceID, asOf)
	for _, t := range taken {
		s.TakenBy[t.ID] = t.Count
	}
	return err
}

const pinsQuery = `SELECT id, element_id, field, group_id FROM pins ORDER BY id`

// Pins reads what imports are to leave as it is, in order of id.
func (v *View) Pins(ctx context.Context) ([]model.Pin, error) {
	pins := []model.Pin{}
	if v.empty {
		return pins, nil
	}
	err := v.tx.SelectContext(ctx, &pins, pinsQuery)
	return pins, v.db.failed("reading the pins", err)
}

// LessonsAhead counts a datasource's lessons of some days, and what they take, but for covers and subjects.
func (v *View) LessonsAhead(ctx context.Context, datasource model.ID, days era.Interval) (ahead model.LessonsAhead,
	err error) {
	if v.empty {
		return ahead, nil
	}
	if days.To == 0 {
		days.To = era.NewDate(2199, 12, 31)
	}
	err = v.tx.QueryRowxContext(ctx, `SELECT count(*), coalesce(sum((SELECT count(*) FROM commitments c
		WHERE c.lesson_id = l.id AND c.covers_id IS NULL
			AND NOT EXISTS (SELECT 1 FROM subjects s WHERE s.id = c.element_id))), 0)
		FROM lessons l WHERE l.datasource_id = $1 AND l.on_date BETWEEN $2 AND $3`, datasource, days.From, days.To).
		Scan(&ahead.Lessons, &ahead.Commitments)
	if err == nil {
		err = v.tx.GetContext(ctx, &ahead.Covers, `SELECT count(*) FROM commitments c JOIN lessons l ON l.id =
			c.lesson_id
			WHERE c.covers_id IS NOT NULL AND c.source_id IS NOT NULL AND l.datasource_id = $1
			AND l.on_date BETWEEN $2 AND $3`, datasource, days.From, days.To)
	}
	return ahead, v.db.failed("counting the lessons", err)
}

// Baseline is how many records each section of the document had that the newest import
// brought of which nothing was held; nil when there is none.
func (v *View) Baseline(ctx context.Context) (map[string]int, error) {
	var records []model.JSON[map[string]int]
	if v.empty {
		return nil, nil
	}
	err := v.tx.SelectContext(ctx, &records, `SELECT records FROM runs WHERE kind IN ('import', 'approval', 'convert')
		AND result IN ('applied', 'unchanged')
		AND undone_by IS NULL AND CAST(records AS text) <> '{}' ORDER BY id DESC LIMIT 1`)
	if err != nil || len(records) == 0 {
		return nil, v.db.failed("reading the runs", err)
	}
	return records[0].V, nil
}

// NewestImport is the newest import that was applied, in whole or in part, and not undone;
// the zero Run when there is none.
func (v *View) NewestImport(ctx context.Context) (model.Run, error) {
	var runs []model.Run
	if v.empty {
		return model.Run{}, nil
	}
	err := v.tx.SelectContext(ctx, &runs, `SELECT `+runColumns+
		` FROM runs WHERE kind IN ('import', 'approval', 'convert') AND undone_by IS NULL
		AND CAST(records AS text) <> '{}'
		AND (result IN ('applied', 'unchanged') OR result = 'held' AND hold <> 'all' AND CAST(counts AS text) <> '[]')
		AND source_sha256 <> '' ORDER BY id DESC LIMIT 1`)
	if err != nil || len(runs) == 0 {
		return model.Run{}, v.db.failed("reading the runs", err)
	}
	return runs[0], nil
}

// NewestReading is the newest run that read a whole document, whatever came of it, with its problems; the zero Run
// when there is none.
func (v *View) NewestReading(ctx context.Context) (run model.Run, err error) {
	var runs []model.Run
	if v.empty {
		return run, nil
	}
	err = v.tx.SelectContext(ctx, &runs, `SELECT id, kind, result, started_at, finished_at, as_of, source_sha256,
		problems
		FROM runs WHERE kind IN ('import', 'approval', 'convert') AND result IN ('applied', 'unchanged', 'held')
		AND source_sha256 <> '' ORDER BY id DESC LIMIT 1`)
	if err != nil || len(runs) == 0 {
		return run, v.db.failed("reading the runs", err)
	}
	return runs[0], nil
}
