package store

import (
	"context"
	"encoding/json"

	"misimportd/era"
)

// Night is what the record says of one import: when it was, and what the guard found.
type Night struct {
	ID    ID                    `db:"id"`
	AsOf  era.Date              `db:"as_of"`
	Hold  Hold                  `db:"hold"`
	First bool                  `db:"first"` // the first one into its era
	Guard JSON[json.RawMessage] `db:"guard"`
}

// Recent is the newest imports into an era, newest first, that came to an end and were not
// undone, as of a day or an earlier one: so many at most. What a person approved is not among
// them.
func (v *View) Recent(ctx context.Context, era string, until era.Date, most int) ([]Night, error) {
	nights := []Night{}
	if v.empty {
		return nights, nil
	}
	err := v.tx.SelectContext(ctx, &nights, `SELECT id, as_of, hold, guard,
		coalesce(id = (SELECT min(f.id) FROM runs f WHERE f.era = $1 AND f.kind IN ('import', 'approval') AND f.undone_by IS NULL
			AND f.result IN ('applied', 'held') AND CAST(f.counts AS text) <> '[]'), false) AS first
		FROM runs WHERE kind = 'import' AND era = $1 AND as_of <= $2 AND undone_by IS NULL AND result IN ('applied', 'unchanged', 'held')
		ORDER BY id DESC LIMIT $3`, era, until, most)
	return nights, v.db.failed("reading the runs", err)
}
