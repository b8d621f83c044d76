package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"misimportd/store/model"
)

// calledQuery is how people and groups are called that an MIS has: of a group that was there in several years, the
// newest comes last.
const calledQuery = `SELECT kind, source_id, code, name FROM (
	SELECT 'pupil' AS kind, p.source_id, '' AS code, e.name, 0 AS era FROM pupils p JOIN elements e ON e.id = p.id
		WHERE p.source_id IN (IDS)
	UNION ALL SELECT 'staff', s.source_id, s.code, e.name, 0 FROM staff s JOIN elements e ON e.id = s.id
		WHERE s.source_id IN (IDS) OR s.code IN (IDS)
	UNION ALL SELECT g.kind, g.source_id, '', e.name, g.era_id FROM groups g JOIN elements e ON e.id = g.id
		WHERE g.source_id IN (IDS)) AS known ORDER BY era, kind, source_id`

// Called reads how people and groups are called that have one of these ids in the MIS, or staff one of these codes.
func (v *View) Called(ctx context.Context, ids []string) (model.KnownAs, error) {
	const atOnce = 1000 // placeholders of one query
	called := model.KnownAs{}
	if v.empty {
		return called, nil
	}
	for some := range slices.Chunk(ids, atOnce) {
		places, args := make([]string, len(some)), make([]any, len(some))
		for i, id := range some {
			places[i], args[i] = fmt.Sprintf("$%d", i+1), id
		}
		var rows []struct {
			Kind     string `db:"kind"`
			SourceID string `db:"source_id"`
			Code     string `db:"code"`
			Name     string `db:"name"`
		}
		query := strings.ReplaceAll(calledQuery, "IDS", strings.Join(places, ", "))
		if err := v.tx.SelectContext(ctx, &rows, query, args...); err != nil {
			return nil, v.db.failed("reading names", err)
		}
		for _, r := range rows {
			called[model.CalledBy{Kind: r.Kind, ID: r.SourceID}] = r.Name
			if r.Code != "" {
				called[model.CalledBy{Kind: r.Kind, ID: r.Code}] = r.Name
			}
		}
	}
	return called, nil
}
