package store_test

import (
	"strings"
	"testing"

	"misimportd/store"
	"misimportd/store/storetest"
)

// TestUndoLooksNothingThroughForEachRow: SQLite goes through the tables of a query one inside
// the other. The outermost may be looked through from end to end, each other is reached by an
// index: else the time an undo takes grows with the square of the run.
func TestUndoLooksNothingThroughForEachRow(t *testing.T) {
	database := storetest.SQLite(t)
	begin(t, database)
	raw := storetest.Raw(t, database)
	for what, query := range store.UndoQueries() {
		rows, err := raw.Query("EXPLAIN QUERY PLAN "+query, 1)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		outermost := map[int]string{} // by the step that they are part of
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatal(err)
			}
			scans := strings.HasPrefix(detail, "SCAN ")
			if first, inside := outermost[parent]; scans && inside {
				t.Errorf("%s: for each row of %q it does %q", what, first, detail)
			}
			if scans || strings.HasPrefix(detail, "SEARCH ") {
				outermost[parent] = detail
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
}
