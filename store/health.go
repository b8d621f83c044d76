package store

import (
	"context"
	"fmt"

	"misimportd/era/hint"
	"misimportd/store/model"
)

// wrong is a sort of fault, by the query for the ids of the rows that have it.
type wrong struct {
	what, table string
	mend        string // the command that does
	query       string
}

const farFuture = `'9999-12-31'`

// wrongs are the faults that may be in tables which were filled before the database kept them out.
var wrongs = []wrong{
	{"it has no group or no member", "memberships", "trim",
		`SELECT m.id FROM memberships m WHERE NOT EXISTS (SELECT 1 FROM groups g WHERE g.id = m.group_id)
			OR NOT EXISTS (SELECT 1 FROM elements e WHERE e.id = m.element_id)`},
	{"it ends before it starts", "memberships", "trim", `SELECT m.id FROM memberships m WHERE m.ends_on < m.starts_on`},
	{"it reaches outside of its group's life (R19)", "memberships", "trim",
		`SELECT m.id FROM memberships m JOIN groups g ON g.id = m.group_id WHERE m.starts_on < g.starts_on
			OR coalesce(m.ends_on, ` + farFuture + `) > coalesce(g.ends_on, ` + farFuture + `)`},
	{"it shares a day with another of the same element in the same group (R18)", "memberships", "trim",
		`SELECT DISTINCT m.id FROM memberships m JOIN memberships o ON o.group_id = m.group_id
			AND o.element_id = m.element_id AND o.id <> m.id AND o.starts_on <= coalesce(m.ends_on, ` + farFuture + `)
			AND coalesce(o.ends_on, ` + farFuture + `) >= m.starts_on`},
	{"its lesson or what it takes is not there", "commitments", "",
		`SELECT c.id FROM commitments c WHERE NOT EXISTS (SELECT 1 FROM lessons l WHERE l.id = c.lesson_id)
			OR NOT EXISTS (SELECT 1 FROM elements e WHERE e.id = c.element_id)
			OR c.covers_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM elements e WHERE e.id = c.covers_id)`},
	{"it ends before it starts", "groups", "", `SELECT g.id FROM groups g WHERE g.ends_on < g.starts_on`},
	{"it is a member of itself, through others", "groups", "", `WITH RECURSIVE below (outermost, id) AS (
			SELECT m.group_id, m.element_id FROM memberships m JOIN groups g ON g.id = m.element_id
		UNION
			SELECT b.outermost, m.element_id FROM below b JOIN memberships m ON m.group_id = b.id
				JOIN groups g ON g.id = m.element_id
		) SELECT DISTINCT outermost AS id FROM below WHERE outermost = id`},
	{"its tutor or its subject is not there", "groups", "",
		`SELECT g.id FROM groups g WHERE g.tutor_id IS NOT NULL
				AND NOT EXISTS (SELECT 1 FROM staff s WHERE s.id = g.tutor_id)
			OR g.subject_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM subjects s WHERE s.id = g.subject_id)`},
	{"its house or its owner is not there", "groups", "",
		`SELECT g.id FROM groups g WHERE g.house_id IS NOT NULL
				AND NOT EXISTS (SELECT 1 FROM houses h WHERE h.id = g.house_id)
			OR g.owner_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM staff s WHERE s.id = g.owner_id)`},
	{"a house of it is not there", "pupils", "",
		`SELECT p.id FROM pupils p WHERE p.house_id IS NOT NULL
				AND NOT EXISTS (SELECT 1 FROM houses h WHERE h.id = p.house_id)
			OR p.boarding_house_id IS NOT NULL
				AND NOT EXISTS (SELECT 1 FROM houses h WHERE h.id = p.boarding_house_id)`},
	{"its era is not there", "lessons", "",
		`SELECT l.id FROM lessons l WHERE NOT EXISTS (SELECT 1 FROM eras r WHERE r.id = l.era_id)`},
	{"it ends before it starts", "lessons", "", `SELECT l.id FROM lessons l WHERE l.ends_at <= l.starts_at`},
	{"it ends before it starts", "suspensions", "", `SELECT s.id FROM suspensions s WHERE s.ends_at <= s.starts_at`},
	{"it ends before it starts", "eras", "", `SELECT r.id FROM eras r WHERE r.ends_on <= r.starts_on`},
	{"its era is not there", "groups", "",
		`SELECT g.id FROM groups g WHERE NOT EXISTS (SELECT 1 FROM eras r WHERE r.id = g.era_id)`},
	{"its group is not there", "group_suspensions", "",
		`SELECT s.id FROM group_suspensions s WHERE NOT EXISTS (SELECT 1 FROM groups g WHERE g.id = s.group_id)`},
	{"it has an id of an MIS and no datasource", "elements", "adopt NAME", unadopted()},
}

// kindTables are the tables of the kinds of element.
var kindTables = map[string]string{"pupil": "pupils", "staff": "staff", "location": "locations",
	"subject": "subjects", "house": "houses", "group": "groups"}

func unadopted() (query string) {
	for _, table := range []string{"pupils", "staff", "locations", "subjects", "houses", "groups"} {
		if query != "" {
			query += " UNION ALL "
		}
		query += "SELECT id FROM " + table + " WHERE datasource_id IS NULL AND source_id IS NOT NULL"
	}
	return query
}

// Faults lists what is wrong in the tables, of each sort as many as most at the most.
func (v *View) Faults(ctx context.Context, most int) ([]model.Fault, error) {
	faults := []model.Fault{}
	if v.empty {
		return faults, nil
	}
	all := wrongs
	for _, kind := range []string{"pupil", "staff", "location", "subject", "house", "group"} {
		table := kindTables[kind]
		all = append(all, wrong{"there is no row of it in " + table, "elements", "",
			fmt.Sprintf(`SELECT e.id FROM elements e WHERE e.kind = '%s' AND NOT EXISTS (SELECT 1 FROM %s t
				WHERE t.id = e.id)`, kind, table)})
	}
	for _, w := range all {
		var ids []model.ID
		if err := v.tx.SelectContext(ctx, &ids, fmt.Sprintf(`SELECT id FROM (%s) AS found ORDER BY id LIMIT %d`,
			w.query,
			most)); err != nil {
			return nil, v.db.failed("looking for faults", err)
		}
		for _, id := range ids {
			f := model.Fault{What: w.what, Table: w.table, ID: id}
			if w.mend != "" {
				f.Mend = hint.Command("%s", w.mend)
			}
			faults = append(faults, f)
		}
	}
	return faults, nil
}

// Broken reads the memberships that break R18 or R19, with all that it takes to mend them.
func (v *View) Broken(ctx context.Context) (b model.Broken, err error) {
	if v.empty {
		return b, nil
	}
	faulty := ""
	for _, w := range wrongs {
		if w.table != "memberships" {
			continue
		}
		if faulty != "" {
			faulty += " UNION "
		}
		faulty += w.query
	}
	var missing []model.ID
	for _, read := range []func() error{
		func() error {
			return readRecords(ctx, v.tx, &b.Memberships, `EXISTS (SELECT 1 FROM memberships x
				WHERE x.group_id = t.group_id AND x.element_id = t.element_id AND x.id IN (`+faulty+`))`)
		},
		func() error {
			return readRecords(ctx, v.tx, &b.Groups, `t.id IN (SELECT x.group_id FROM memberships x WHERE x.id IN (`+
				faulty+`))`)
		},
		func() error {
			return v.tx.SelectContext(ctx, &missing, `SELECT DISTINCT x.element_id FROM memberships x WHERE NOT EXISTS
				(SELECT 1 FROM elements e WHERE e.id = x.element_id)`)
		},
	} {
		if err := read(); err != nil {
			return b, v.db.failed("looking for broken memberships", err)
		}
	}
	b.Missing = make(map[model.ID]bool, len(missing))
	for _, id := range missing {
		b.Missing[id] = true
	}
	return b, nil
}
