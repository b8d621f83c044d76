package store

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"misimportd/store/model"
)

const madeQuery = `SELECT entity, action, record_id, why, coalesce(CAST(before AS text), 'null') AS before,
	coalesce(CAST(after AS text), 'null') AS after FROM changes WHERE run_id = $1 ORDER BY seq`

// Made reads what a run changed, in the order in which it did. Of the record's text no more than
// one change is held at a time: a first load's is some hundred megabytes.
func (v *View) Made(ctx context.Context, run model.Run) ([]model.Change, error) {
	count := 0
	for _, c := range run.Counts.V {
		count += c.Count
	}
	made := make([]model.Change, 0, count)
	rows, err := v.tx.QueryContext(ctx, madeQuery, run.ID)
	if err != nil {
		return nil, v.db.failed("reading the changes", err)
	}
	defer quiet(rows.Close)
	var r model.Recorded
	for rows.Next() {
		r.Before.V, r.After.V = cleared(r.Before.V), cleared(r.After.V)
		if err := rows.Scan(&r.Entity, &r.Action, &r.RecordID, &r.Why, &r.Before, &r.After); err != nil {
			return nil, v.db.failed("reading the changes", err)
		}
		c, err := r.Typed()
		if err != nil {
			return nil, err
		}
		made = append(made, c)
	}
	return made, v.db.failed("reading the changes", rows.Err())
}

// cleared is an image without its columns, to be filled again.
func cleared(image model.Image) model.Image {
	clear(image)
	return image
}

// Standing calls each with the records that a run changed as they are now; those that are no
// longer there are not among them.
func (v *View) Standing(ctx context.Context, run model.ID, each func(model.Record)) error {
	var entities []model.Entity
	if err := v.tx.SelectContext(ctx, &entities,
		`SELECT DISTINCT entity FROM changes WHERE run_id = $1 ORDER BY entity`, run); err != nil {
		return v.db.failed("reading the changes", err)
	}
	for _, entity := range entities {
		s, known := model.Shapes[entity]
		if !known {
			return fmt.Errorf("run %d changed a %s, which this program does not know", run, entity)
		}
		if err := v.standing(ctx, run, s, each); err != nil {
			return v.db.failed("reading the records", err)
		}
	}
	return nil
}

// standingOf is the query for the records of a shape, as they are now, that the run $1 changed.
func standingOf(s *model.Shape) string {
	columns := []string{"x.record_id"}
	from := "(SELECT DISTINCT record_id FROM changes WHERE run_id = $1 AND entity = '" + string(s.Entity) + "') AS x"
	for i, t := range s.Tables {
		alias := string("tu"[i])
		from += fmt.Sprintf(" JOIN %s %s ON %s.id = x.record_id", t.Name, alias, alias)
		for _, c := range t.Columns {
			column := alias + "." + c.Name
			if c.SQL == "text" { // NULL where the record is not of an MIS
				column = "coalesce(" + column + ", '')"
			}
			columns = append(columns, column)
		}
	}
	return "SELECT " + strings.Join(columns, ", ") + " FROM " + from
}

func (v *View) standing(ctx context.Context, run model.ID, s *model.Shape, each func(model.Record)) error {
	rows, err := v.tx.QueryContext(ctx, standingOf(s), run)
	if err != nil {
		return err
	}
	defer quiet(rows.Close)
	record := reflect.New(s.Record).Elem()
	targets := []any{record.FieldByName("ID").Addr().Interface()}
	for _, c := range s.Columns {
		targets = append(targets, record.FieldByIndex(c.Index).Addr().Interface())
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		each(record.Interface().(model.Record))
	}
	return rows.Err()
}

// counting is the condition that a change was made after the run $1 and still counts: neither
// was it undone nor did it undo another of these, or a part of one that is undone as a whole since.
const counting = `FROM changes c JOIN runs r ON r.id = c.run_id WHERE c.run_id > $1 AND r.undone_by IS NULL
	AND c.run_id NOT IN (SELECT undone_by FROM runs WHERE undone_by IS NOT NULL AND id > $1)
	AND NOT (r.kind = 'undo' AND r.about IN (SELECT id FROM runs WHERE undone_by IS NOT NULL AND id > $1))`

// UndoneParts lists the undos in force of parts of a run that is not undone as a whole, the oldest first, and the
// records that they put back.
func (v *View) UndoneParts(ctx context.Context, run model.ID) (undos []model.ID, records map[model.Key]bool,
	err error) {
	const inForce = `SELECT id FROM runs WHERE kind = 'undo' AND about = $1 AND undone_by IS NULL
		AND result = 'applied'`
	if err := v.tx.SelectContext(ctx, &undos, inForce+` ORDER BY id`, run); err != nil || len(undos) == 0 {
		return nil, nil, v.db.failed("reading the runs", err)
	}
	var keys []model.Key
	err = v.tx.SelectContext(ctx, &keys, `SELECT DISTINCT entity, record_id FROM changes WHERE run_id IN (`+inForce+`)`,
		run)
	records = map[model.Key]bool{}
	for _, key := range keys {
		records[key] = true
	}
	return undos, records, v.db.failed("reading the changes", err)
}

const sinceQuery = `SELECT c.run_id, c.entity, c.action, c.record_id, c.why,
	coalesce(CAST(c.before AS text), 'null') AS before,
	coalesce(CAST(c.after AS text), 'null') AS after ` + counting + ` ORDER BY c.run_id, c.seq`

// IsNewest tells whether no change that still counts was made after a run.
func (v *View) IsNewest(ctx context.Context, run model.ID) (newest bool, err error) {
	err = v.tx.GetContext(ctx, &newest, `SELECT NOT EXISTS (SELECT 1 `+counting+`)`, run)
	return newest, v.db.failed("reading the changes", err)
}

// Since calls each with every change that was made after a run and still counts.
func (v *View) Since(ctx context.Context, run model.ID, each func(by model.ID, c model.Recorded) error) error {
	rows, err := v.tx.QueryxContext(ctx, sinceQuery, run)
	if err != nil {
		return v.db.failed("reading the changes", err)
	}
	defer quiet(rows.Close)
	for rows.Next() {
		var row struct {
			RunID model.ID `db:"run_id"`
			model.Recorded
		}
		if err := rows.StructScan(&row); err != nil {
			return v.db.failed("reading the changes", err)
		}
		if err := each(row.RunID, row.Recorded); err != nil {
			return err
		}
	}
	return v.db.failed("reading the changes", rows.Err())
}

// pointer is a column that points at records of some kinds.
type pointer struct {
	table, column string
	owner         model.Entity   // what rows of the table are
	to            []model.Entity // what the column points at
}

var pointers = []pointer{
	{"memberships", "group_id", model.MembershipEntity, []model.Entity{model.GroupEntity}},
	{"memberships", "element_id", model.MembershipEntity, model.ElementEntities},
	{"commitments", "element_id", model.CommitmentEntity, model.ElementEntities},
	{"commitments", "covers_id", model.CommitmentEntity, []model.Entity{model.StaffEntity}},
	{"lessons", "organiser_id", model.LessonEntity, []model.Entity{model.StaffEntity}},
	{"commitments", "lesson_id", model.CommitmentEntity, []model.Entity{model.LessonEntity}},
	{"group_suspensions", "group_id", model.GroupSuspensionEntity, []model.Entity{model.GroupEntity}},
	{"groups", "tutor_id", model.GroupEntity, []model.Entity{model.StaffEntity}},
	{"groups", "owner_id", model.GroupEntity, []model.Entity{model.StaffEntity}},
	{"groups", "house_id", model.GroupEntity, []model.Entity{model.HouseEntity}},
	{"groups", "subject_id", model.GroupEntity, []model.Entity{model.SubjectEntity}},
	{"groups", "era_id", model.GroupEntity, []model.Entity{model.EraEntity}},
	{"lessons", "era_id", model.LessonEntity, []model.Entity{model.EraEntity}},
	{"pupils", "datasource_id", model.PupilEntity, []model.Entity{model.DatasourceEntity}},
	{"staff", "datasource_id", model.StaffEntity, []model.Entity{model.DatasourceEntity}},
	{"groups", "datasource_id", model.GroupEntity, []model.Entity{model.DatasourceEntity}},
	{"pupils", "house_id", model.PupilEntity, []model.Entity{model.HouseEntity}},
	{"pupils", "boarding_house_id", model.PupilEntity, []model.Entity{model.HouseEntity}},
}

// clinging is the query for what the run $1 created and rows point at that it did not touch.
// Sets are taken from each other, which both databases do in one pass over each: of a join
// that leaves out, SQLite makes a scan for each row.
func (r pointer) clinging() string {
	kind := "'" + string(r.to[0]) + "'"
	if len(r.to) > 1 {
		kind = "(SELECT e.kind FROM elements e WHERE e.id = t." + r.column + ")"
	}
	return `WITH loose AS (
		SELECT t.id FROM ` + r.table + ` t WHERE t.` + r.column + ` IN (
			SELECT record_id FROM changes WHERE run_id = $1 AND action = 'create' AND entity IN (` + quoted(r.to) + `))
		EXCEPT SELECT record_id FROM changes WHERE run_id = $1 AND entity = '` + string(r.owner) + `')
	SELECT DISTINCT ` + kind + ` AS entity, t.` + r.column + ` AS record_id FROM ` + r.table +
		` t WHERE t.id IN (SELECT id FROM loose) ORDER BY 1, 2`
}

func quoted(entities []model.Entity) string {
	list := make([]string, len(entities))
	for i, e := range entities {
		list[i] = "'" + string(e) + "'"
	}
	return strings.Join(list, ", ")
}

// Clinging lists what a run created and rows point at that it neither made nor changed: other
// programs' memberships, bookings, days and references. It cannot be taken away.
func (v *View) Clinging(ctx context.Context, run model.ID) ([]model.Key, error) {
	var found []model.Key
	seen := map[model.Key]bool{}
	for _, r := range pointers {
		var keys []model.Key
		if err := v.tx.SelectContext(ctx, &keys, r.clinging(), run); err != nil {
			return nil, v.db.failed("reading the records", err)
		}
		for _, key := range keys {
			if !seen[key] {
				seen[key] = true
				found = append(found, key)
			}
		}
	}
	return found, nil
}

// Gone lists those of some elements that are not there, in order.
func (v *View) Gone(ctx context.Context, elements []model.ID) (gone []model.ID, err error) {
	var there []model.ID
	if err := v.tx.SelectContext(ctx, &there, `SELECT id FROM elements`); err != nil {
		return nil, v.db.failed("reading the elements", err)
	}
	left := make(map[model.ID]bool, len(elements))
	for _, id := range elements {
		left[id] = true
	}
	for _, id := range there {
		delete(left, id)
	}
	return slices.Sorted(maps.Keys(left)), nil
}
