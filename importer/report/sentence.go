package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"misimportd/era/hint"
	"misimportd/importer/guard"
	"misimportd/mis"
	"misimportd/store/model"
)

// Plural names many of an entity, in the school's words.
var Plural = map[model.Entity]string{
	model.EraEntity: "eras", model.SettingsEntity: "settings", model.PupilEntity: "pupils", model.StaffEntity: "staff",
	model.LocationEntity: "locations", model.SubjectEntity: "subjects", model.HouseEntity: "houses",
	model.GroupEntity: "groups", model.MembershipEntity: "memberships",
	model.LessonEntity: "lessons", model.SuspensionEntity: "suspensions",
	model.CommitmentEntity:      "lessons' groups, staff and rooms",
	model.GroupSuspensionEntity: "groups' suspended days",
	model.AbsenceEntity:         "absences", model.PinEntity: "pins", model.UnwantedEntity: "unwanted documents",
	model.DatasourceEntity: "datasources", model.PauseEntity: "pauses",
}

var done = map[model.Action]string{
	model.Create: "created", model.Update: "updated", model.End: "ended", model.Reopen: "reopened",
	model.Delete: "deleted",
}

// counted is what happens to the records of one entity, in words.
type counted struct {
	Entity model.Entity
	Done   string
}

func ByEntity(counts []model.Count) (list []counted) {
	for i := 0; i < len(counts); {
		entity := counts[i].Entity
		var parts []string
		for ; i < len(counts) && counts[i].Entity == entity; i++ {
			parts = append(parts, fmt.Sprintf("%d %s", counts[i].Count, done[counts[i].Action]))
		}
		list = append(list, counted{entity, strings.Join(parts, ", ")})
	}
	return list
}

// Sentence tells what a run did in one line that can be read aloud.
func (r Report) Sentence() string {
	var b strings.Builder
	took := 0.0
	for _, s := range r.Stages {
		took += s.Seconds
	}
	fmt.Fprintf(&b, "run %d: %s in %.1f s, as of %s", r.Run, r.Result, took, r.AsOf.Long())
	separator := ": "
	for _, of := range ByEntity(r.Changes) {
		fmt.Fprintf(&b, "%s%s %s", separator, Plural[of.Entity], of.Done)
		separator = "; "
	}
	if n := Total(r.Problems); n > 0 {
		fmt.Fprintf(&b, "%s%d problems in the document", separator, n)
	}
	if r.Result != model.Held {
		return b.String()
	}
	b.WriteString(". Waiting for a person")
	separator = ": "
	for _, of := range ByEntity(r.Waiting) {
		fmt.Fprintf(&b, "%s%s %s", separator, Plural[of.Entity], of.Done)
		separator = "; "
	}
	for _, f := range TellingFirst(r.Guard) {
		if f.Breached {
			fmt.Fprintf(&b, ". %s: %s", strings.TrimSpace(f.Limit+" "+f.About), f.Says)
		}
	}
	fmt.Fprintf(&b, ". \"%s\" shows it; \"%s\" or \"%s\" decides",
		hint.Command("runs show %d", r.Run), hint.Command("approve %d", r.Run), hint.Command("reject %d", r.Run))
	return b.String()
}

// IsUnwanted tells whether the document was left alone, for an undo said so.
func IsUnwanted(problems []mis.Problem) bool {
	return slices.ContainsFunc(problems, func(p mis.Problem) bool { return p.Reason == mis.Unwanted })
}

// Total counts problems, those that are not listed too.
func Total(problems []mis.Problem) int {
	n := len(problems)
	for _, p := range problems {
		n += p.More
	}
	return n
}

// TellingFirst puts first what says most: that a document is another school's explains why
// everybody would leave.
func TellingFirst(findings []guard.Finding) []guard.Finding {
	told := slices.Clone(findings)
	slices.SortStableFunc(told, func(a, b guard.Finding) int {
		first := func(f guard.Finding) int {
			switch {
			case !f.Breached || f.Holds != model.HoldAll:
				return 2
			case f.Limit == guard.IDsChanged:
				return 0
			}
			return 1
		}
		return cmp.Compare(first(a), first(b))
	})
	return told
}

// Count is how many changes of a kind there were.
func (r Report) Count(entity model.Entity, action model.Action) (n int) {
	for _, c := range r.Changes {
		if c.Entity == entity && c.Action == action {
			n += c.Count
		}
	}
	return n
}
