package store_test

import (
	"strings"
	"testing"

	"misimportd/era"
	"misimportd/store"
	"misimportd/store/storetest"
)

// TestLessonsOfSomeDaysAreFoundByTheirDays: SQLite must not hold each lesson of the year against
// each of the days that a night reads.
func TestLessonsOfSomeDaysAreFoundByTheirDays(t *testing.T) {
	database := storetest.SQLite(t)
	begin(t, database)
	var days []era.Date
	for d := first; d < last; d = d.AddDays(3) { // no two follow each other
		days = append(days, d, d.AddDays(1))
	}
	for what, query := range map[string]string{
		"lessons": "SELECT l.id, l.code FROM lessons l WHERE " + store.OnDays(days) + " ORDER BY l.id",
		"commitments": "SELECT c.id FROM commitments c JOIN lessons l ON l.id = c.lesson_id WHERE " +
			store.OnDays(days) + " ORDER BY c.id",
	} {
		rows, err := storetest.Raw(t, database).Query("EXPLAIN QUERY PLAN "+query, 1)
		if err != nil {
			t.Fatal(err)
		}
		var steps []string
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatal(err)
			}
			steps = append(steps, detail)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		if plan := strings.Join(steps, "; "); !strings.Contains(plan, "lessons_on_date (on_date=?)") ||
			strings.Contains(plan, "SCAN") {
			t.Errorf("%s: %s", what, plan)
		}
	}
}
