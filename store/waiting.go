package store

import (
	"context"

	"misimportd/store/model"
)

// WaitingMemberships lists the held runs, the newest first, that would change whether an element is in a group.
func (v *View) WaitingMemberships(ctx context.Context, group, element model.ID) (runs []model.Run, err error) {
	if v.empty {
		return nil, nil
	}
	id := func(column string) string {
		return v.db.dialect.cast("(coalesce(h.after, h.before) ->> '"+column+"')", "bigint")
	}
	err = v.tx.SelectContext(ctx, &runs, `SELECT r.id, r.kind, r.result, r.started_at, r.finished_at, r.as_of,
		r.guard, r.hold
		FROM runs r WHERE r.decision = 'waiting' AND EXISTS (SELECT 1 FROM held_changes h WHERE h.run_id = r.id
			AND h.entity = 'membership' AND `+id("group_id")+` = $1 AND `+id("element_id")+` = $2) ORDER BY r.id DESC`,
		group, element)
	return runs, v.db.failed("reading the runs", err)
}

// StretchesOf lists the days on which an element was, is or will be in a group, the first first.
func (v *View) StretchesOf(ctx context.Context, group, element model.ID) (list []model.Membership, err error) {
	if v.empty {
		return nil, nil
	}
	err = v.tx.SelectContext(ctx, &list, `SELECT id, group_id, element_id, starts_on, ends_on FROM memberships
		WHERE group_id = $1 AND element_id = $2 ORDER BY starts_on`, group, element)
	return list, v.db.failed("reading the memberships", err)
}
