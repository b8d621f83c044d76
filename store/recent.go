package store

import (
	"context"

	"misimportd/era"
	"misimportd/store/model"
)

const ofRecent = `kind = 'import' AND era = $1 AND as_of <= $2 AND undone_by IS NULL AND result IN ('applied', ` +
	`'unchanged', 'held')`

// Recent is the newest imports into an era, newest first, that came to an end and were not
// undone, of the newest so many days up to a day that had any. What a person approved is not
// among them. What the guard said of those that changed nothing is left out.
func (v *View) Recent(ctx context.Context, era string, until era.Date, days int) ([]model.Night, error) {
	nights := []model.Night{}
	if v.empty {
		return nights, nil
	}
	err := v.tx.SelectContext(ctx, &nights,
		`SELECT id, as_of, hold, CASE WHEN result = 'unchanged' THEN '[]' ELSE CAST(guard AS text) END AS guard,
		coalesce(id = (SELECT min(f.id) FROM runs f WHERE f.era = $1 AND f.kind IN ('import', 'approval', 'convert')
		AND f.undone_by IS NULL
			AND f.result IN ('applied', 'held') AND CAST(f.counts AS text) <> '[]'), false) AS first
		FROM runs WHERE `+ofRecent+` AND as_of IN (SELECT DISTINCT as_of FROM runs WHERE `+ofRecent+
			` ORDER BY as_of DESC LIMIT $3)
		ORDER BY id DESC`, era, until, days)
	return nights, v.db.failed("reading the runs", err)
}
