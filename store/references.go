package store

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jmoiron/sqlx"

	"misimportd/store/model"
)

// recordLabels writes down how the records are called that a run refers to and does not hold
// itself (R39). It is called before the run changes anything.
func (db *DB) recordLabels(ctx context.Context, tx *sqlx.Tx, run model.ID, p model.Proposal) error {
	missing := missingLabels(p)
	for _, what := range []string{model.OfElement, model.OfEra, model.OfLesson} {
		for some := range inChunks(slices.Sorted(maps.Keys(missing[what]))) {
			_, err := tx.ExecContext(ctx, fmt.Sprintf(`INSERT INTO run_labels
				(run_id, what, record_id, kind, source_id, name, on_date) SELECT %d, '%s', l.* FROM (%s
				WHERE e.id IN (%s)) AS l`, run, what, labelQueries[what], some))
			if err != nil {
				return db.failed("recording names", err)
			}
		}
	}
	return nil
}

// missingLabels lists, by what they are of, the ids of records that changes refer to and that
// no change is of. Records that the plan makes have no id yet, and are in it.
func missingLabels(p model.Proposal) map[string]map[model.ID]bool {
	told, missing := map[string]map[model.ID]bool{}, map[string]map[model.ID]bool{}
	for _, what := range []string{model.OfElement, model.OfEra, model.OfLesson} {
		told[what], missing[what] = map[model.ID]bool{}, map[model.ID]bool{}
	}
	note := func(what string, id model.ID) {
		if id > 0 && !told[what][id] {
			missing[what][id] = true
		}
	}
	for _, plan := range []model.Plan{p.Plan, p.Waiting} {
		for _, c := range plan.Changes {
			if id := c.Record().RowID(); id > 0 && model.CalledAs(c.Entity()) != "" {
				told[model.CalledAs(c.Entity())][id] = true
			}
		}
		for _, c := range plan.Changes {
			model.EachReference(c.Before, note)
			model.EachReference(c.After, note)
		}
	}
	return missing
}
