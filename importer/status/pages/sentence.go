package pages

import (
	"fmt"
	"strings"

	"misimportd/importer/report"
	"misimportd/importer/words"
	"misimportd/store/model"
)

// happened is what people say of changes that they ask for first, with how many there are.
var happened = []struct {
	entity  model.Entity
	actions []model.Action
	one     string // with a noun for one, and for many
	many    string
}{
	{model.PupilEntity, []model.Action{model.Create, model.Reopen}, "1 pupil is new", "%s pupils are new"},
	{model.PupilEntity, []model.Action{model.End, model.Delete}, "1 pupil has left", "%s pupils have left"},
	{model.StaffEntity, []model.Action{model.Create, model.Reopen}, "1 member of staff is new",
		"%s members of staff are new"},
	{model.StaffEntity, []model.Action{model.End, model.Delete}, "1 member of staff has left",
		"%s members of staff have left"},
	{model.GroupEntity, []model.Action{model.Create, model.Reopen}, "1 group is new", "%s groups are new"},
	{model.GroupEntity, []model.Action{model.End, model.Delete}, "1 group has ended", "%s groups have ended"},
	{model.MembershipEntity, []model.Action{model.Create, model.Reopen}, "1 place in a group was taken",
		"%s places in groups were taken"},
	{model.MembershipEntity, []model.Action{model.End, model.Delete}, "1 was given up", "%s were given up"},
	{model.LessonEntity, []model.Action{model.Create}, "1 lesson is new", "%s lessons are new"},
	{model.LessonEntity, []model.Action{model.Delete}, "1 lesson is gone", "%s lessons are gone"},
	{model.LessonEntity, []model.Action{model.Update}, "1 lesson is changed", "%s lessons are changed"},
}

// sentence tells what a run did, to be read aloud.
func (v *visit) sentence(past report.Past) string {
	when := past.StartedAt.In(v.zone()).Format("Monday 2 January, 15:04")
	switch {
	case past.Result == model.Failed || past.Result == model.Aborted:
		return fmt.Sprintf("The import of %s failed and changed nothing.", when)
	case past.Result == model.Unchanged:
		return fmt.Sprintf("The import of %s found nothing to change.", when)
	case past.Result == model.Held && len(past.Changes) == 0:
		return fmt.Sprintf("The import of %s changed nothing: all of it %s.", when, became(past))
	}
	said := fmt.Sprintf("The import of %s went well: %s.", when, happenings(past.Report))
	if past.Result == model.Held {
		said = fmt.Sprintf("The import of %s was done in part: %s. The rest %s.", when,
			happenings(past.Report), became(past))
	}
	return said
}

// became is what became of that which a run held.
func became(past report.Past) string {
	if past.Decision == model.Waiting {
		return "waits for a person"
	}
	return "was " + decidedOf(past)
}

// happenings is what people ask for first, and how much more there was.
func happenings(r report.Report) string {
	var parts []string
	others := 0
	for _, c := range r.Changes {
		others += c.Count
	}
	for _, of := range happened {
		n := 0
		for _, action := range of.actions {
			n += r.Count(of.entity, action)
		}
		others -= n
		switch {
		case n == 1:
			parts = append(parts, of.one)
		case n > 1:
			parts = append(parts, fmt.Sprintf(of.many, words.Thousands(n)))
		}
	}
	if others > 0 {
		parts = append(parts, words.Many(others, "other change"))
	}
	return strings.Join(parts, ", ")
}
