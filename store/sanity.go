package store

import (
	"context"
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
	{"sets without members", `SELECT g.kind, coalesce(g.source_id, '') AS source_id, e.name, CAST(NULL AS date) AS on_date
		FROM groups g JOIN elements e ON e.id = g.id WHERE g.kind = 'set' AND g.starts_on <= $1
			AND (g.ends_on IS NULL OR g.ends_on >= $1)
			AND NOT EXISTS (SELECT 1 FROM memberships m WHERE m.group_id = g.id AND m.starts_on <= $1
				AND (m.ends_on IS NULL OR m.ends_on >= $1)) ORDER BY e.name, g.id`, false},
	{"sets without a teacher", `SELECT g.kind, coalesce(g.source_id, '') AS source_id, e.name,
			CAST(NULL AS date) AS on_date
		FROM groups g JOIN elements e ON e.id = g.id WHERE g.kind = 'set' AND g.starts_on <= $1
			AND (g.ends_on IS NULL OR g.ends_on >= $1)
			AND NOT EXISTS (SELECT 1 FROM lessons l JOIN commitments c ON c.lesson_id = l.id AND c.element_id = g.id
				JOIN commitments t ON t.lesson_id = l.id AND t.covers_id IS NULL
				JOIN staff s ON s.id = t.element_id WHERE l.on_date BETWEEN $1 AND $2) ORDER BY e.name, g.id`, true},
	{"lessons without a room", `SELECT l.kind, coalesce(l.source_id, '') AS source_id,
			coalesce(nullif(l.name, ''), l.code) AS name, l.on_date
		FROM lessons l WHERE l.on_date BETWEEN $1 AND $2 AND l.kind IN ('lesson', 'tutorial')
			AND NOT EXISTS (SELECT 1 FROM commitments c JOIN locations r ON r.id = c.element_id WHERE c.lesson_id = l.id)
		ORDER BY l.on_date, l.starts_at, l.id`, true},
}

// Oddities looks for what is odd on the first of some days, and of lessons on all of them.
func (v *View) Oddities(ctx context.Context, days era.Interval, each func(what string, found []Odd)) error {
	for _, q := range sanityQueries {
		found := []Odd{}
		if !v.empty {
			args := []any{days.From}
			if q.bothDays {
				args = append(args, days.To)
			}
			if err := v.tx.SelectContext(ctx, &found, q.query, args...); err != nil {
				return v.db.failed("looking for "+q.what, err)
			}
		}
		each(q.what, found)
	}
	return nil
}

// BookingsOfKind reads what takes any element of a kind on some days.
func (v *View) BookingsOfKind(ctx context.Context, days era.Interval, kind string) (list []model.Booking, err error) {
	if v.empty {
		return nil, nil
	}
	err = v.tx.SelectContext(ctx, &list, v.bookings("e.kind = '"+kind+"'"), days.From, days.To)
	return list, v.db.failed("reading the commitments", err)
}

// BookingsOfPupils reads which lessons take which pupils on some days, by themselves or through the groups that they
// are in; those alone that share a minute with another of the pupil.
func (v *View) BookingsOfPupils(ctx context.Context, days era.Interval) (list []model.Booking, err error) {
	if v.empty {
		return nil, nil
	}
	minute := v.db.dialect.minute
	err = v.tx.SelectContext(ctx, &list, fmt.Sprintf(`WITH taken AS (
			SELECT l.id AS lesson_id, l.starts_at, l.ends_at, coalesce(nullif(l.name, ''), l.code) AS title, c.element_id,
				l.on_date
			FROM lessons l JOIN commitments c ON c.lesson_id = l.id
			WHERE l.on_date BETWEEN $1 AND $2 AND NOT l.suspended
		), busy AS (
			SELECT t.lesson_id, t.starts_at, t.ends_at, t.title, t.element_id FROM taken t JOIN pupils p ON p.id = t.element_id
		UNION
			SELECT t.lesson_id, t.starts_at, t.ends_at, t.title, m.element_id FROM taken t
			JOIN memberships m ON m.group_id = t.element_id AND m.starts_on <= t.on_date
				AND (m.ends_on IS NULL OR m.ends_on >= t.on_date) JOIN pupils p ON p.id = m.element_id
		), counted AS (
			SELECT b.*, lead(b.starts_at) OVER w AS next_at, max(b.ends_at) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING
				AND 1 PRECEDING) AS last_end
			FROM busy b WINDOW w AS (PARTITION BY b.element_id ORDER BY b.starts_at, b.lesson_id)
		)
		SELECT b.lesson_id, b.element_id, CAST(0 AS bigint) AS covers_id, %s AS starts_at, %s AS ends_at, e.name, b.title,
			false AS suspended
		FROM counted b JOIN elements e ON e.id = b.element_id WHERE b.next_at < b.ends_at OR b.last_end > b.starts_at
		ORDER BY b.starts_at, b.lesson_id, b.element_id`, minute("b.starts_at"), minute("b.ends_at")), days.From, days.To)
	return list, v.db.failed("reading who is where", err)
}
