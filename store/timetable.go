package store

import (
	"context"
	"fmt"
	"strings"

	"misimportd/era"
	"misimportd/store/model"
)

func (v *View) readSuspensions(ctx context.Context, s *model.State, eras []model.ID, asOf era.Date) (err error) {
	if s.Suspensions, err = v.Suspensions(ctx); err != nil {
		return err
	}
	return v.tx.SelectContext(ctx, &s.GroupSuspensions, `SELECT x.id, x.group_id, x.starts_on, x.ends_on
		FROM group_suspensions x JOIN groups g ON g.id = x.group_id
		WHERE g.datasource_id = $1 AND g.era_id`+within(eras)+` AND x.ends_on >= $2 ORDER BY x.group_id, x.starts_on`,
		s.DatasourceID, asOf)
}

// Suspensions reads all that were entered, in order of id.
func (v *View) Suspensions(ctx context.Context) ([]model.Suspension, error) {
	list := []model.Suspension{}
	if v.empty {
		return list, nil
	}
	err := v.tx.SelectContext(ctx, &list, `SELECT id, name, kind, starts_at, ends_at, daily, years, origin
		FROM suspensions ORDER BY id`)
	return list, v.db.failed("reading the suspensions", err)
}

// readLessonDays reads what is known of the days from the as-of date on, but for those of other eras.
func (v *View) readLessonDays(ctx context.Context, s *model.State, eraID model.ID, asOf era.Date) error {
	rows, err := v.tx.QueryContext(ctx, fmt.Sprintf(`SELECT %s, digest FROM lesson_days d WHERE datasource_id = $1
		AND on_date >= $2 AND NOT EXISTS (SELECT 1 FROM eras e WHERE e.id <> $3 AND d.on_date BETWEEN e.starts_on
		AND e.ends_on)`, v.db.dialect.day("on_date")), s.DatasourceID, asOf, eraID)
	if err != nil {
		return err
	}
	defer quiet(rows.Close)
	for rows.Next() {
		var day int64
		var digest model.Digest
		if err := rows.Scan(&day, &digest); err != nil {
			return err
		}
		s.LessonDays[era.Date(day)] = digest
	}
	return rows.Err()
}

// Lessons reads a datasource's lessons on these days, which are in order, with their commitments.
func (v *View) Lessons(ctx context.Context, datasource model.ID, days []era.Date) (l model.DayLessons, err error) {
	if v.empty || len(days) == 0 {
		return l, nil
	}
	where := onDays(days)
	if l.Lessons, err = v.lessons(ctx, datasource, where); err != nil {
		return l, v.db.failed("reading the lessons", err)
	}
	if len(l.Lessons) > 0 {
		l.Commitments, err = v.commitments(ctx, datasource, where)
	}
	return l, v.db.failed("reading the commitments", err)
}

func (v *View) lessons(ctx context.Context, datasource model.ID, where string) (list []model.Lesson, err error) {
	day, minute := v.db.dialect.day, v.db.dialect.minute
	rows, err := v.tx.QueryContext(ctx,
		fmt.Sprintf(`SELECT l.id, l.source_id, l.era_id, l.kind, l.code, l.name, %s, %s, %s, l.suspended,
			l.note, coalesce(l.organiser_id, 0)
		FROM lessons l WHERE %s ORDER BY l.id`, day("l.on_date"), minute("l.starts_at"), minute("l.ends_at"), where),
		datasource)
	if err != nil {
		return nil, err
	}
	defer quiet(rows.Close)
	l := model.Lesson{Origin: model.Origin{DatasourceID: datasource}}
	var on, from, to int64
	for rows.Next() {
		if err := rows.Scan(&l.ID, &l.SourceID, &l.EraID, &l.Kind, &l.Code, &l.Name, &on, &from, &to,
			&l.Suspended, &l.Note, &l.OrganiserID); err != nil {
			return nil, err
		}
		l.OnDate, l.StartsAt, l.EndsAt = era.Date(on), era.Moment(from), era.Moment(to)
		list = append(list, l)
	}
	return list, rows.Err()
}

func (v *View) commitments(ctx context.Context, datasource model.ID, where string) (list []model.Commitment,
	err error) {
	rows, err := v.tx.QueryContext(ctx, fmt.Sprintf(`SELECT c.id, c.lesson_id, c.element_id,
			coalesce(c.covers_id, 0), coalesce(c.source_id, '') FROM commitments c
		JOIN lessons l ON l.id = c.lesson_id
		WHERE %s ORDER BY c.id`, where), datasource)
	if err != nil {
		return nil, err
	}
	defer quiet(rows.Close)
	var id, lesson, element, covers int64
	var source string
	for rows.Next() {
		if err := rows.Scan(&id, &lesson, &element, &covers, &source); err != nil {
			return nil, err
		}
		list = append(list, model.Commitment{ID: model.ID(id), LessonID: model.ID(lesson),
			ElementID: model.ID(element), CoversID: model.ID(covers), SourceID: source})
	}
	return list, rows.Err()
}

// onDays is the SQL condition that a lesson is of the datasource $1 and on one of days. It is a
// list, though days often follow each other, and the sign keeps SQLite from another index: it
// finds the days one by one, and need not hold every lesson of the year against each stretch.
func onDays(days []era.Date) string {
	texts := make([]string, len(days))
	for i, d := range days {
		texts[i] = "'" + d.String() + "'"
	}
	return "+l.datasource_id = $1 AND l.on_date IN (" + strings.Join(texts, ", ") + ")"
}
