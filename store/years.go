package store

import (
	"context"

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

// Waits tells whether a run of a kind waits for a person.
func (v *View) Waits(ctx context.Context, kind string) (waits bool, err error) {
	if v.empty {
		return false, nil
	}
	err = v.tx.GetContext(ctx, &waits, `SELECT EXISTS (SELECT 1 FROM runs WHERE decision = 'waiting' AND kind = $1)`,
		kind)
	return waits, v.db.failed("reading the runs", err)
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
