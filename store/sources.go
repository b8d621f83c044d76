package store

import (
	"context"

	"misimportd/store/model"
)

// ElementsOf reads the elements that a datasource owns. Those of none, 0, are the ones that have an id
// of an MIS all the same, and wait to be adopted.
func (v *View) ElementsOf(ctx context.Context, datasource model.ID) (e model.Elements, err error) {
	if v.empty {
		return e, nil
	}
	where, args := owned, []any{datasource}
	if datasource == 0 {
		where, args = "t.datasource_id IS NULL AND t.source_id IS NOT NULL", nil
	}
	for _, read := range []func() error{
		func() error { return readRecords(ctx, v.tx, &e.Staff, where, args...) },
		func() error { return readRecords(ctx, v.tx, &e.Pupils, where, args...) },
		func() error { return readRecords(ctx, v.tx, &e.Locations, where, args...) },
		func() error { return readRecords(ctx, v.tx, &e.Subjects, where, args...) },
		func() error { return readRecords(ctx, v.tx, &e.Houses, where, args...) },
		func() error { return readRecords(ctx, v.tx, &e.Groups, where, args...) },
	} {
		if err := read(); err != nil {
			return e, v.db.failed("reading the elements", err)
		}
	}
	return e, nil
}

// Pointing reads what refers to elements: memberships, commitments, groups of tutors and of subjects,
// pupils of houses, pins and absences. Each is in order of the elements, and then of id.
func (v *View) Pointing(ctx context.Context, at ...model.ID) (p model.Pointing, err error) {
	for _, id := range at {
		for _, read := range []func() error{
			func() error { return readRecords(ctx, v.tx, &p.Memberships, "t.element_id = $1", id) },
			func() error {
				return readRecords(ctx, v.tx, &p.Commitments, "t.element_id = $1 OR t.covers_id = $1", id)
			},
			func() error { return readRecords(ctx, v.tx, &p.Groups, "t.tutor_id = $1 OR t.subject_id = $1", id) },
			func() error {
				return readRecords(ctx, v.tx, &p.Pupils, "t.house_id = $1 OR t.boarding_house_id = $1", id)
			},
			func() error { return readRecords(ctx, v.tx, &p.Pins, "t.element_id = $1", id) },
			func() error { return readRecords(ctx, v.tx, &p.Absences, "t.element_id = $1", id) },
			func() error {
				var forms []model.ID
				err := v.tx.SelectContext(ctx, &forms, `SELECT DISTINCT g.id FROM groups g JOIN memberships m
					ON m.group_id = g.id WHERE g.kind = 'form' AND m.element_id = $1 ORDER BY g.id`, id)
				p.Forms = append(p.Forms, forms...)
				return err
			},
		} {
			if err := read(); err != nil {
				return p, v.db.failed("reading what refers to a record", err)
			}
		}
	}
	return p, nil
}
