package guard

import (
	"fmt"

	"misimportd/importer/words"
	"misimportd/store/model"
)

// JudgeRoll holds the plan of a roll against its limits: most groups end on the year's last day
// anyway, and many that do not are a sign that the year's dates are wrong.
func JudgeRoll(limits Limits, holds model.Belongings, plan model.Plan) []Finding {
	j := &judgement{limits: limits}
	dropped, cut := 0, 0
	for _, c := range plan.Changes {
		switch c.Record().(type) {
		case model.Group:
			dropped += btoi(c.Action == model.Delete)
		case model.Membership:
			cut++
		}
	}
	groups, members := len(holds.Groups), len(holds.Memberships)
	return []Finding{
		j.finding(GroupsDropped, measure{holds: model.HoldAll, count: dropped, of: groups,
			says: fmt.Sprintf("%s groups would begin after the year's last day, and go", words.Share(dropped,
				groups))}),
		j.finding(MembershipsCut, measure{holds: model.HoldAll, count: cut, of: members,
			says: fmt.Sprintf("%s memberships reach beyond the year's last day, and would end on it",
				words.Share(cut, members))}),
	}
}
