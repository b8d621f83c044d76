package guard

import (
	"slices"

	"misimportd/store/model"
)

// TakesAway tells whether a plan ends or deletes what people rely on.
func TakesAway(plan model.Plan) bool {
	return slices.ContainsFunc(plan.Changes, func(c model.Change) bool {
		return goes(c) && c.Why != model.Doubled && c.Entity() != model.AbsenceEntity &&
			c.Entity() != model.UnwantedEntity
	})
}

// IsRollover tells whether the MIS has people in the database, and no group in an era yet.
func IsRollover(s *model.State, eraID model.ID) bool {
	return len(s.Pupils) > 0 && !slices.ContainsFunc(s.Groups, func(g model.Group) bool { return g.EraID == eraID })
}

func IsBreached(findings []Finding, limit string) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool { return f.Limit == limit && f.Breached })
}
