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

// IsRollover tells whether the MIS has people in the database, and no group in the era yet.
func IsRollover(s *model.State) bool { return len(s.Groups) == 0 && len(s.Pupils) > 0 }

func IsBreached(findings []Finding, limit string) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool { return f.Limit == limit && f.Breached })
}
