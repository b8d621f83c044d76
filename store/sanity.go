package store

import (
	"context"
	"database/sql"
	"fmt"

	"misimportd/era"
	"misimportd/store/model"
)

// Odd is something that is not as it should be in a school.
type Odd struct {
	Kind     string   `db:"kind"`
	SourceID string   `db:"source_id"`
	Name     string   `db:"name"`
	OnDate   era.Date `db:"on_date"` // of a lesson
}

// sanityQueries look for what is odd on a day, or for lessons on the days from $1 to $2, by what it is.
var sanityQueries = []struct {
	what, query string
	bothDays    bool // $2 is asked for, too
}{
	{"pupils in no form", `SELECT 'pupil' AS kind, coalesce(p.source_id, '') AS source_id, e.name,
			CAST(NULL AS date) AS on_date
		FROM pupils p JOIN elements e ON e.id = p.id WHERE e.current
			AND NOT EXISTS (SELECT 1 FROM memberships m JOIN groups g ON g.id = m.group_id AND g.kind = 'form'
				WHERE m.element_id = p.id AND m.starts_on <= $1 AND (m.ends_on IS NULL OR m.ends_on >= $1))
		ORDER BY e.name, p.id`, false},
	{"sets without members", `SELECT g.kind, coalesce(g.source_id, '') AS source_id, e.name, CAST(NULL AS date) AS
		on_date
		FROM groups g JOIN elements e ON e.id = g.id WHERE g.kind = 'set' AND g.starts_on <= $1
			AND (g.ends_on IS NULL OR g.ends_on >= $1)
			AND NOT EXISTS (SELECT 1 FROM memberships m WHERE m.group_id = g.id AND m.starts_on <= $1
				AND (m.ends_on IS NULL OR m.ends_on >= $1)) ORDER BY e.name, g.id`, false},
	{"lessons without a room", `SELECT l.kind, coalesce(l.source_id, '') AS source_id,
			coalesce(nullif(l.name, ''), l.code) AS name, l.on_date
		FROM lessons l WHERE l.on_date BETWEEN $1 AND $2 AND l.kind IN ('lesson', 'tutorial')
			AND NOT EXISTS (SELECT 1 FROM commitments c JOIN locations r ON r.id = c.element_id WHERE c.lesson_id =
				l.id)
		ORDER BY l.on_date, l.starts_at, l.id`, true},
	{"lessons without a teacher", `SELECT l.kind, coalesce(l.source_id, '') AS source_id,
			coalesce(nullif(l.name, ''), l.code) AS name, l.on_date
		FROM lessons l WHERE l.on_date BETWEEN $1 AND $2 AND l.kind IN ('lesson', 'tutorial')
			AND NOT EXISTS (SELECT 1 FROM commitments c JOIN staff s ON s.id = c.element_id
				WHERE c.lesson_id = l.id AND c.covers_id IS NULL)
		ORDER BY l.on_date, l.starts_at, l.id`, true},
}

// FirstLesson is the day of the first lesson of the timetable from a day on; that day where there is none.
func (v *View) FirstLesson(ctx context.Context, on era.Date) (first era.Date, err error) {
	if v.empty {
		return on, nil
	}
	err = v.tx.GetContext(ctx, &first, `SELECT min(on_date) FROM lessons WHERE on_date >= $1 AND kind = 'lesson'`, on)
	if first == 0 {
		first = on
	}
	return first, v.db.failed("reading the lessons", err)
}

// Oddities looks for what is odd on a day, and of lessons on some days.
func (v *View) Oddities(ctx context.Context, on era.Date, days era.Interval, each func(what string,
	found []Odd)) error {
	for _, q := range sanityQueries {
		found := []Odd{}
		if !v.empty {
			args := []any{on}
			if q.bothDays {
				args = []any{days.From, days.To}
			}
			if err := v.tx.SelectContext(ctx, &found, q.query, args...); err != nil {
				return v.db.failed("looking for "+q.what, err)
			}
		}
		each(q.what, found)
	}
	return nil
}

// SetsOn lists the sets that live on a day, by name.
func (v *View) SetsOn(ctx context.Context, on era.Date) (list []Found, err error) {
	if v.empty {
		return nil, nil
	}
	err = v.tx.SelectContext(ctx, &list, `SELECT g.id, g.kind, coalesce(g.source_id, '') AS source_id, e.name FROM
		groups g
		JOIN elements e ON e.id = g.id WHERE g.kind = 'set' AND g.starts_on <= $1 AND (g.ends_on IS NULL OR
			g.ends_on >= $1)
		ORDER BY e.name, g.id`, on)
	return list, v.db.failed("reading the sets", err)
}

// AllBookings reads all that lessons of some days take, by the kind of what is taken. Whose bookings they are is
// not said by name: it is asked for when it matters.
func (v *View) AllBookings(ctx context.Context, days era.Interval) (map[string][]model.Booking, error) {
	by := map[string][]model.Booking{}
	if v.empty {
		return by, nil
	}
	minute := v.db.dialect.minute
	rows, err := v.tx.QueryContext(ctx, fmt.Sprintf(`SELECT l.id, c.element_id, coalesce(c.covers_id, 0), %s, %s,
			coalesce(nullif(l.name, ''), l.code), l.suspended, e.kind
		FROM lessons l JOIN commitments c ON c.lesson_id = l.id JOIN elements e ON e.id = c.element_id
		WHERE l.on_date BETWEEN $1 AND $2 AND e.kind <> 'subject' ORDER BY l.starts_at, l.id, c.id`,
		minute("l.starts_at"),
		minute("l.ends_at")), days.From, days.To)
	if err != nil {
		return nil, v.db.failed("reading the commitments", err)
	}
	defer quiet(rows.Close)
	var lesson, element, covers int64
	var b model.Booking
	var kind string
	for rows.Next() {
		if err := rows.Scan(&lesson, &element, &covers, &b.StartsAt, &b.EndsAt, &b.Title, &b.Suspended,
			&kind); err != nil {
			return nil, v.db.failed("reading the commitments", err)
		}
		b.LessonID, b.ElementID, b.CoversID = model.ID(lesson), model.ID(element), model.ID(covers)
		by[kind] = append(by[kind], b)
	}
	return by, v.db.failed("reading the commitments", rows.Err())
}

// PupilsIn reads which pupils are in any of some groups on any of some days.
func (v *View) PupilsIn(ctx context.Context, groups []model.ID, days era.Interval) (list []model.Membership,
	err error) {
	if v.empty {
		return nil, nil
	}
	for some := range inChunks(groups) {
		var nested bool // seeing through groups within groups costs much, and few schools have lessons of such
		if err := v.tx.GetContext(ctx, &nested, `SELECT EXISTS (SELECT 1 FROM memberships m JOIN groups g
			ON g.id = m.element_id WHERE m.group_id IN (`+some+`))`); err != nil {
			return nil, v.db.failed("reading the memberships", err)
		}
		from := map[bool]string{true: "flat_memberships", false: "memberships"}[nested]
		rows, err := v.tx.QueryContext(ctx, fmt.Sprintf(`SELECT m.group_id, m.element_id, %s, %s FROM `+from+` m
			JOIN pupils p ON p.id = m.element_id
			WHERE m.group_id IN (%s) AND m.starts_on <= $2 AND (m.ends_on IS NULL OR m.ends_on >= $1)`,
			v.db.dialect.day("m.starts_on"), v.db.dialect.day("m.ends_on"), some), days.From, days.To)
		if err != nil {
			return nil, v.db.failed("reading the memberships", err)
		}
		list, err = appendMemberships(list, rows)
		if err != nil {
			return nil, v.db.failed("reading the memberships", err)
		}
	}
	return list, nil
}

func appendMemberships(list []model.Membership, rows *sql.Rows) ([]model.Membership, error) {
	defer quiet(rows.Close)
	var group, element, from, to int64
	for rows.Next() {
		if err := rows.Scan(&group, &element, &from, &to); err != nil {
			return nil, err
		}
		list = append(list, model.Membership{GroupID: model.ID(group), ElementID: model.ID(element),
			StartsOn: era.Date(from), EndsOn: era.Date(to)})
	}
	return list, rows.Err()
}
