package store

import (
	"context"
	"fmt"

	"misimportd/era"
	"misimportd/store/model"
)

// Datasources lists the MISs by name.
func (v *View) Datasources(ctx context.Context) (list model.Datasources, err error) {
	if v.empty { // as the tables will begin
		return model.Datasources{{Name: "iSAMS", Role: model.CurrentMIS}}, nil
	}
	err = v.tx.SelectContext(ctx, &list, `SELECT id, name, role FROM datasources ORDER BY name`)
	return list, v.db.failed("reading the datasources", err)
}

// Pauses lists what a person entered, by first day.
func (v *View) Pauses(ctx context.Context) (list []model.Pause, err error) {
	if v.empty {
		return nil, nil
	}
	err = readRecords(ctx, v.tx, &list, "1 = 1")
	return list, v.db.failed("reading the pauses", err)
}

// Belongings reads what an era holds, whoever owns it: all its groups with their memberships, and
// those of its lessons that are on other days than these.
func (v *View) Belongings(ctx context.Context, eraID model.ID, but era.Interval) (b model.Belongings, err error) {
	if v.empty {
		return b, nil
	}
	const others = `t.era_id = $1 AND (t.on_date < $2 OR t.on_date > $3)`
	for _, read := range []func() error{
		func() error { return readRecords(ctx, v.tx, &b.Groups, "t.era_id = $1", eraID) },
		func() error {
			return readRecords(ctx, v.tx, &b.Memberships,
				"t.group_id IN (SELECT g.id FROM groups g WHERE g.era_id = $1)", eraID)
		},
		func() error { return readRecords(ctx, v.tx, &b.Lessons, others, eraID, but.From, but.To) },
		func() error {
			return readRecords(ctx, v.tx, &b.Commitments, `t.lesson_id IN (SELECT t.id FROM lessons t WHERE `+others+`)
				OR t.element_id IN (SELECT g.id FROM groups g WHERE g.era_id = $1 AND g.starts_on > $3)`,
				eraID, but.From, but.To)
		},
		func() error { return v.readMemberGroups(ctx, &b, eraID) },
		func() error { return v.readGone(ctx, &b, eraID) },
		func() error {
			return readRecords(ctx, v.tx, &b.GroupSuspensions,
				"t.group_id IN (SELECT g.id FROM groups g WHERE g.era_id = $1)", eraID)
		},
	} {
		if err := read(); err != nil {
			return b, v.db.failed("reading what the era holds", err)
		}
	}
	return b, nil
}

// readMemberGroups finds the groups of an era that are members of other groups.
func (v *View) readMemberGroups(ctx context.Context, b *model.Belongings, eraID model.ID) error {
	var ids []model.ID
	err := v.tx.SelectContext(ctx, &ids, `SELECT DISTINCT m.element_id FROM memberships m
		JOIN groups g ON g.id = m.element_id WHERE g.era_id = $1`, eraID)
	b.Needed = make(map[model.ID]bool, len(ids))
	for _, id := range ids {
		b.Needed[id] = true
	}
	return err
}

// Waiting is the newest run of a kind that waits for a person, 0 for none.
func (v *View) Waiting(ctx context.Context, kind string) (run model.ID, err error) {
	if v.empty {
		return 0, nil
	}
	err = v.tx.GetContext(ctx, &run, `SELECT coalesce(max(id), 0) FROM runs WHERE decision = 'waiting' AND kind = $1`,
		kind)
	return run, v.db.failed("reading the runs", err)
}

// readYear reads the pauses, and until when the current era goes on.
func (db *DB) readYear(ctx context.Context, found *model.Imports) error {
	return db.View(ctx, func(v *View) error {
		pauses, err := v.Pauses(ctx)
		if err != nil {
			return err
		}
		for _, p := range pauses {
			found.Pauses = append(found.Pauses, era.Pause{Interval: era.Interval{From: p.StartsOn, To: p.EndsOn},
				Why: p.Why})
		}
		calendar, err := v.Calendar(ctx)
		if current := calendar.Current(); current != nil {
			found.EraEnds, found.HasNext = current.EndsOn, calendar.Next() != nil
		}
		return err
	})
}

// WasImported tells whether an import into an era ever came to something that still counts, be it under
// a name that the era had before.
func (v *View) WasImported(ctx context.Context, e model.Era) (was bool, err error) {
	if v.empty {
		return false, nil
	}
	const imports = `SELECT 1 FROM runs WHERE kind IN ('import', 'approval', 'convert') AND undone_by IS NULL
		AND (result IN ('applied', 'unchanged') OR result = 'held' AND CAST(counts AS text) <> '[]') AND era `
	err = v.tx.GetContext(ctx, &was, `SELECT EXISTS (`+imports+`= $1) OR EXISTS (`+imports+`IN (
		SELECT c.before ->> 'name' FROM changes c JOIN runs r ON r.id = c.run_id
		WHERE r.kind = 'era' AND c.entity = 'era' AND c.action = 'update' AND c.record_id = $2))`, e.Name, e.ID)
	return was, v.db.failed("reading the runs", err)
}

// IsNew tells whether a datasource has nobody whom the school has now, and another has somebody.
func (v *View) IsNew(ctx context.Context, datasource, other model.ID) (isNew bool, err error) {
	if v.empty {
		return false, nil
	}
	const has = `EXISTS (SELECT 1 FROM pupils t JOIN elements e ON e.id = t.id
			WHERE t.datasource_id = %[1]s AND e.current)
		OR EXISTS (SELECT 1 FROM staff t JOIN elements e ON e.id = t.id WHERE t.datasource_id = %[1]s AND e.current)`
	err = v.tx.GetContext(ctx, &isNew, `SELECT NOT (`+fmt.Sprintf(has, "$1")+`) AND (`+fmt.Sprintf(has, "$2")+`)`,
		datasource, other)
	return isNew, v.db.failed("looking for people", err)
}

// ImportedSince is the newest import after a run that changed something and still counts, 0 for none.
func (v *View) ImportedSince(ctx context.Context, run model.ID) (newest model.ID, err error) {
	err = v.tx.GetContext(ctx, &newest, `SELECT coalesce(max(id), 0) FROM runs WHERE id > $1
		AND kind IN ('import', 'approval', 'convert') AND undone_by IS NULL AND result IN ('applied', 'held')
		AND CAST(counts AS text) <> '[]'`, run)
	return newest, v.db.failed("reading the runs", err)
}

// readGone finds the members of an era's groups whom the school no longer has.
func (v *View) readGone(ctx context.Context, b *model.Belongings, eraID model.ID) error {
	var ids []model.ID
	err := v.tx.SelectContext(ctx, &ids, `SELECT DISTINCT m.element_id FROM memberships m
		JOIN groups g ON g.id = m.group_id JOIN elements e ON e.id = m.element_id
		WHERE g.era_id = $1 AND NOT e.current`, eraID)
	b.Gone = make(map[model.ID]bool, len(ids))
	for _, id := range ids {
		b.Gone[id] = true
	}
	return err
}
