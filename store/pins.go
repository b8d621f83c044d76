package store

import (
	"context"

	"misimportd/store/model"
)

// Find finds the elements that the MIS's records of a kind and an id are; groups are
// looked for in one era. There is one at most, for each MIS.
func (v *View) Find(ctx context.Context, kind, sourceID string, era model.ID) ([]model.ID, error) {
	ids := []model.ID{}
	if v.empty {
		return ids, nil
	}
	table, ok := map[string]string{"pupil": "pupils", "staff": "staff", "location": "locations", "subject": "subjects",
		"house": "houses"}[kind]
	if ok {
		err := v.tx.SelectContext(ctx, &ids, `SELECT id FROM `+table+` WHERE source_id = $1 ORDER BY id`, sourceID)
		return ids, v.db.failed("looking for a record", err)
	}
	err := v.tx.SelectContext(ctx, &ids, `SELECT id FROM groups WHERE kind = $1 AND source_id = $2 AND era_id = $3
		ORDER BY id`, kind, sourceID, era)
	return ids, v.db.failed("looking for a record", err)
}
