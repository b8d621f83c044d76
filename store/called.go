package store

import (
	"context"

	"misimportd/store/model"
)

// calledQuery is how people and groups are called that an MIS has: of a group that was there in several years, the
// newest comes last.
const calledQuery = `SELECT kind, source_id, code, name FROM (
	SELECT 'pupil' AS kind, p.source_id, '' AS code, e.name, 0 AS era FROM pupils p JOIN elements e ON e.id = p.id
	UNION ALL SELECT 'staff', s.source_id, s.code, e.name, 0 FROM staff s JOIN elements e ON e.id = s.id
	UNION ALL SELECT g.kind, g.source_id, '', e.name, g.era_id FROM groups g JOIN elements e ON e.id = g.id) AS known
	WHERE source_id IS NOT NULL ORDER BY era, kind, source_id`

// Called reads how people and groups are called, by their ids in the MIS, and staff by their codes too.
func (v *View) Called(ctx context.Context) (model.KnownAs, error) {
	called := model.KnownAs{}
	if v.empty {
		return called, nil
	}
	var rows []struct {
		Kind     string `db:"kind"`
		SourceID string `db:"source_id"`
		Code     string `db:"code"`
		Name     string `db:"name"`
	}
	if err := v.tx.SelectContext(ctx, &rows, calledQuery); err != nil {
		return nil, v.db.failed("reading names", err)
	}
	for _, r := range rows {
		called[model.CalledBy{Kind: r.Kind, ID: r.SourceID}] = r.Name
		if r.Code != "" {
			called[model.CalledBy{Kind: r.Kind, ID: r.Code}] = r.Name
		}
	}
	return called, nil
}
