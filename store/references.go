package store

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"
)

// recordLabels writes down how the records are called that a run refers to and does not hold
// itself (R39). It is called before the run changes anything.
func (db *DB) recordLabels(ctx context.Context, tx *sqlx.Tx, run ID, p Proposal) error {
	missing := missingLabels(p)
	for _, what := range []string{ofElement, ofEra, ofLesson} {
		for some := range inChunks(slices.Sorted(maps.Keys(missing[what]))) {
			_, err := tx.ExecContext(ctx, fmt.Sprintf(`INSERT INTO run_labels
				(run_id, what, record_id, kind, source_id, name, on_date) SELECT %d, '%s', l.* FROM (%s WHERE e.id IN (%s)) AS l`, run, what, labelQueries[what], some))
			if err != nil {
				return db.failed("recording names", err)
			}
		}
	}
	return nil
}

// missingLabels lists, by what they are of, the ids of records that changes refer to and that
// no change is of. Records that the plan makes have no id yet, and are in it.
func missingLabels(p Proposal) map[string]map[ID]bool {
	told, missing := map[string]map[ID]bool{}, map[string]map[ID]bool{}
	for _, what := range []string{ofElement, ofEra, ofLesson} {
		told[what], missing[what] = map[ID]bool{}, map[ID]bool{}
	}
	note := func(what string, id ID) {
		if id > 0 && !told[what][id] {
			missing[what][id] = true
		}
	}
	for _, plan := range []Plan{p.Plan, p.Waiting} {
		for _, c := range plan.Changes {
			if id := c.Record().RowID(); id > 0 && calledAs(c.Entity()) != "" {
				told[calledAs(c.Entity())][id] = true
			}
		}
		for _, c := range plan.Changes {
			eachReference(c.Before, note)
			eachReference(c.After, note)
		}
	}
	return missing
}

// eachReference calls each with every id of another record that r holds. Those of which there
// are hundreds of thousands take the short way.
func eachReference(r Record, each func(what string, id ID)) {
	switch r := r.(type) {
	case nil:
	case Commitment:
		each(ofLesson, r.LessonID)
		each(ofElement, r.ElementID)
	case Membership:
		each(ofElement, r.GroupID)
		each(ofElement, r.ElementID)
	case Lesson:
		each(ofEra, r.EraID)
	default:
		v := reflect.ValueOf(r)
		for _, to := range shapes[r.Entity()].references {
			each(to.what, ID(v.FieldByIndex(to.index).Int()))
		}
	}
}

// reference is a column that holds the id of another record.
type reference struct {
	what  string
	index []int
}

// referenceOf tells to what a column of ids refers; "" is nothing that has a name.
func referenceOf(c column) string {
	switch {
	case c.sql != "bigint" || c.name == "datasource_id":
		return ""
	case c.name == "lesson_id":
		return ofLesson
	case strings.HasSuffix(c.name, "era_id"):
		return ofEra
	}
	return ofElement
}
