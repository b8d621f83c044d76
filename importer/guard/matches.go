package guard

import (
	"fmt"

	"misimportd/importer/sources"
	"misimportd/importer/words"
	"misimportd/store/model"
)

// JudgeMatches holds against its limits how much of the previous MIS the new one did not have.
func JudgeMatches(limits Limits, found sources.Found) (findings []Finding) {
	j := &judgement{limits: limits}
	sums := map[string]sources.Count{}
	for _, c := range found.Counts {
		of := map[string]string{"pupil": PupilsUnmatched, "staff": StaffUnmatched}[c.Kind]
		if of == "" {
			of = PlacesUnmatched
		}
		sum := sums[of]
		sum.Old += c.Old
		sums[of] = sum
	}
	left := map[string]int{}
	for _, l := range found.Left {
		if l.Side != "old" {
			continue
		}
		switch l.Kind {
		case "pupil":
			left[PupilsUnmatched]++
		case "staff":
			left[StaffUnmatched]++
		default:
			left[PlacesUnmatched]++
		}
	}
	for _, of := range []struct{ limit, what string }{{PupilsUnmatched, "pupils"}, {StaffUnmatched, "staff"},
		{PlacesUnmatched, "rooms, subjects and houses"}} {
		n, all := left[of.limit], sums[of.limit].Old
		findings = append(findings, j.finding(of.limit, measure{holds: model.HoldAll, count: n, of: all,
			says: fmt.Sprintf("%s of the previous MIS's %s have no match in the new one, and would end", words.Share(n,
				all),
				of.what)}))
	}
	return findings
}
