package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"misimportd/era"
	"misimportd/store/model"
)

// LessonsOf reads the lessons of some days that take any of some elements, or all where none is named, by their
// times.
func (v *View) LessonsOf(ctx context.Context, days era.Interval, elements []model.ID) (list []model.TakingLesson,
	err error) {
	if v.empty {
		return nil, nil
	}
	where := "l.on_date BETWEEN $1 AND $2"
	if elements != nil {
		where += " AND (l.organiser_id IN (" + idList(elements) + ") OR EXISTS (SELECT 1 FROM commitments c WHERE " +
			"c.lesson_id = l.id AND +c.element_id IN (" +
			idList(elements) + ")))"
	}
	if err := v.tx.SelectContext(ctx, &list, `SELECT l.id, coalesce(l.source_id, '') AS source_id, l.kind, l.code,
		l.name,
			l.on_date, l.starts_at, l.ends_at, l.suspended, l.note, coalesce(l.organiser_id, 0) AS organiser_id,
			coalesce(o.name, '') AS organiser
		FROM lessons l LEFT JOIN elements o ON o.id = l.organiser_id
		WHERE `+where+` ORDER BY l.starts_at, l.ends_at, l.code, l.id`, days.From, days.To); err != nil {
		return nil, v.db.failed("reading the lessons", err)
	}
	at, ids := map[model.ID]int{}, make([]model.ID, len(list))
	for i, l := range list {
		at[l.ID], ids[i] = i, l.ID
	}
	for some := range inChunks(ids) {
		if err := v.readTaken(ctx, list, at, some); err != nil {
			return nil, v.db.failed("reading the commitments", err)
		}
	}
	return list, nil
}

func (v *View) readTaken(ctx context.Context, list []model.TakingLesson, at map[model.ID]int, some string) error {
	rows, err := v.tx.QueryContext(ctx, `SELECT c.lesson_id, e.kind, e.name, e.id, w.name,
			coalesce(c.covers_id, 0), c.covers_id IS NOT NULL AND c.source_id IS NULL
		FROM commitments c JOIN elements e ON e.id = c.element_id LEFT JOIN elements w ON w.id = c.covers_id
		WHERE c.lesson_id IN (`+some+`) ORDER BY e.kind, e.name, e.id`)
	if err != nil {
		return err
	}
	defer quiet(rows.Close)
	for rows.Next() {
		var lesson model.ID
		var t model.Taken
		var covers sql.NullString
		if err := rows.Scan(&lesson, &t.Kind, &t.Name, &t.ID, &covers, &t.CoversID, &t.ByHand); err != nil {
			return err
		}
		t.Covers = covers.String
		list[at[lesson]].Takes = append(list[at[lesson]].Takes, t)
	}
	return rows.Err()
}

// Bookings reads what else takes any of some people and rooms on some days, with who covers whom.
func (v *View) Bookings(ctx context.Context, days era.Interval, elements []model.ID) (list []model.Booking, err error) {
	if v.empty || len(elements) == 0 {
		return nil, nil
	}
	// The signs keep the databases from going through all that an element ever had.
	err = v.tx.SelectContext(ctx, &list, v.bookings(`(+c.element_id IN (`+idList(elements)+`)
		OR +c.covers_id IN (`+idList(elements)+`))`), days.From, days.To)
	return list, v.db.failed("reading the commitments", err)
}

// bookings is the query for the bookings of the days from $1 to $2 that meet a condition.
func (v *View) bookings(where string) string {
	return fmt.Sprintf(`SELECT c.lesson_id, c.element_id, coalesce(c.covers_id, 0) AS covers_id, %s AS starts_at,
			%s AS ends_at, e.name, coalesce(nullif(l.name, ''), l.code) AS title, l.suspended
		FROM lessons l JOIN commitments c ON c.lesson_id = l.id JOIN elements e ON e.id = c.element_id
		WHERE l.on_date BETWEEN $1 AND $2 AND %s ORDER BY l.starts_at, l.id, c.id`, v.db.dialect.minute("l.starts_at"),
		v.db.dialect.minute("l.ends_at"), where)
}

// idList is ids as a list of SQL's.
func idList(ids []model.ID) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = fmt.Sprint(int64(id))
	}
	return strings.Join(texts, ", ")
}

// GroupsAround lists an element and the groups that it is in on a day, at any depth: what its lessons take.
func (v *View) GroupsAround(ctx context.Context, element model.ID, on era.Date) (ids []model.ID, err error) {
	if v.empty {
		return []model.ID{element}, nil
	}
	err = v.tx.SelectContext(ctx, &ids, `WITH RECURSIVE around (id) AS (
			SELECT CAST($1 AS bigint)
		UNION
			SELECT m.group_id FROM around a JOIN memberships m ON m.element_id = a.id
			WHERE m.starts_on <= $2 AND (m.ends_on IS NULL OR m.ends_on >= $2)
		) SELECT id FROM around ORDER BY id`, element, on)
	return ids, v.db.failed("reading the memberships", err)
}
