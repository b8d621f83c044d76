package store

import (
	"context"
	"fmt"
	"reflect"
	"strings"
)

// Key names a record.
type Key struct {
	Entity Entity
	ID     ID
}

// Typed is r as the Change that was made.
func (r Recorded) Typed() (c Change, err error) {
	c = Change{Action: r.Action, Why: r.Why}
	if r.Before.V != nil {
		if c.Before, err = recordOf(r.Entity, r.RecordID, r.Before.V); err != nil {
			return c, err
		}
	}
	if r.After.V != nil {
		c.After, err = recordOf(r.Entity, r.RecordID, r.After.V)
	}
	return c, err
}

// Standing reads the records that a run changed as they are now; those that are no longer
// there are not among them.
func (v *View) Standing(ctx context.Context, run ID) (map[Key]Record, error) {
	found := map[Key]Record{}
	var entities []Entity
	if err := v.tx.SelectContext(ctx, &entities, `SELECT DISTINCT entity FROM changes WHERE run_id = $1 ORDER BY entity`, run); err != nil {
		return nil, v.db.failed("reading the changes", err)
	}
	for _, entity := range entities {
		s, known := shapes[entity]
		if !known {
			return nil, fmt.Errorf("run %d changed a %s, which this program does not know", run, entity)
		}
		if err := v.standing(ctx, run, s, found); err != nil {
			return nil, v.db.failed("reading the records", err)
		}
	}
	return found, nil
}

func (v *View) standing(ctx context.Context, run ID, s *shape, into map[Key]Record) error {
	columns, from := []string{"x.record_id"}, "(SELECT DISTINCT record_id FROM changes WHERE run_id = $1 AND entity = $2) AS x"
	for i, t := range s.tables {
		alias := string("tu"[i])
		from += fmt.Sprintf(" JOIN %s %s ON %s.id = x.record_id", t.name, alias, alias)
		for _, c := range t.columns {
			column := alias + "." + c.name
			if c.sql == "text" { // NULL where the record is not of an MIS
				column = "coalesce(" + column + ", '')"
			}
			columns = append(columns, column)
		}
	}
	rows, err := v.tx.QueryContext(ctx, "SELECT "+strings.Join(columns, ", ")+" FROM "+from, run, string(s.entity))
	if err != nil {
		return err
	}
	defer quiet(rows.Close)
	record := reflect.New(s.record).Elem()
	id := record.FieldByName("ID").Addr().Interface().(*ID)
	targets := []any{id}
	for _, c := range s.columns {
		targets = append(targets, record.FieldByIndex(c.index).Addr().Interface())
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		into[Key{s.entity, *id}] = record.Interface().(Record)
	}
	return rows.Err()
}

// Since calls each with every change that was made after a run and still counts: neither
// was it undone nor did it undo another of these.
func (v *View) Since(ctx context.Context, run ID, each func(by ID, c Recorded)) error {
	rows, err := v.tx.QueryxContext(ctx, `SELECT c.run_id, c.entity, c.action, c.record_id, c.why,
		coalesce(CAST(c.before AS text), 'null') AS before, coalesce(CAST(c.after AS text), 'null') AS after
		FROM changes c JOIN runs r ON r.id = c.run_id
		WHERE c.run_id > $1 AND r.undone_by IS NULL AND c.run_id NOT IN (SELECT undone_by FROM runs WHERE undone_by IS NOT NULL AND id > $1)
		ORDER BY c.run_id, c.seq`, run)
	if err != nil {
		return v.db.failed("reading the changes", err)
	}
	defer quiet(rows.Close)
	for rows.Next() {
		var row struct {
			RunID ID `db:"run_id"`
			Recorded
		}
		if err := rows.StructScan(&row); err != nil {
			return v.db.failed("reading the changes", err)
		}
		each(row.RunID, row.Recorded)
	}
	return v.db.failed("reading the changes", rows.Err())
}

// Clinging lists what a run created and rows point at that it neither made nor changed: other
// programs' memberships, bookings, days and references. It cannot be taken away.
func (v *View) Clinging(ctx context.Context, run ID) ([]Key, error) {
	var found []Key
	seen := map[Key]bool{}
	for _, to := range []struct {
		table, column string
		owner         Entity   // what rows of the table are
		created       []Entity // what the column points at
	}{
		{"memberships", "group_id", MembershipEntity, []Entity{GroupEntity}},
		{"memberships", "element_id", MembershipEntity, elementEntities},
		{"commitments", "element_id", CommitmentEntity, elementEntities},
		{"commitments", "lesson_id", CommitmentEntity, []Entity{LessonEntity}},
		{"group_suspensions", "group_id", GroupSuspensionEntity, []Entity{GroupEntity}},
		{"groups", "tutor_id", GroupEntity, []Entity{StaffEntity}},
		{"groups", "subject_id", GroupEntity, []Entity{SubjectEntity}},
		{"groups", "era_id", GroupEntity, []Entity{EraEntity}},
		{"lessons", "era_id", LessonEntity, []Entity{EraEntity}},
		{"pupils", "house_id", PupilEntity, []Entity{HouseEntity}},
		{"pupils", "boarding_house_id", PupilEntity, []Entity{HouseEntity}},
	} {
		for _, entity := range to.created {
			var ids []ID
			// A join that leaves out, not NOT IN: PostgreSQL hashes that only while it is small.
			err := v.tx.SelectContext(ctx, &ids, `SELECT DISTINCT x.record_id FROM changes x JOIN `+to.table+` t ON t.`+to.column+` = x.record_id
				LEFT JOIN (SELECT DISTINCT record_id FROM changes WHERE run_id = $1 AND entity = $3) AS own ON own.record_id = t.id
				WHERE x.run_id = $1 AND x.action = 'create' AND x.entity = $2 AND own.record_id IS NULL ORDER BY 1`, run, string(entity), string(to.owner))
			if err != nil {
				return nil, v.db.failed("reading the records", err)
			}
			for _, id := range ids {
				if key := (Key{entity, id}); !seen[key] {
					seen[key] = true
					found = append(found, key)
				}
			}
		}
	}
	return found, nil
}

// elementEntities are the kinds of element.
var elementEntities = []Entity{PupilEntity, StaffEntity, LocationEntity, SubjectEntity, HouseEntity, GroupEntity}
