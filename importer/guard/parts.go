package guard

import (
	"fmt"
	"slices"

	"misimportd/era"
	"misimportd/importer/want"
	"misimportd/importer/words"
	"misimportd/mis"
	"misimportd/store/model"
)

// part is what belongs together in a school: the pupils of a form, the sets of a department,
// the lessons of a teacher.
type part struct {
	has, loses int
	entries    map[string]bool // of what it loses: of lessons those of the timetable, on whatever days
}

type parts map[string]*part

func (p parts) of(name string) *part {
	if p[name] == nil {
		p[name] = &part{entries: map[string]bool{}}
	}
	return p[name]
}

// together looks for losses that are few for the whole school, and all of one form, one
// department or one teacher.
func (j *judgement) together() []Finding {
	found, limit := parts{}, j.limit(LossesTogether)
	j.pupilsOfForms(found)
	j.setsOfDepartments(found)
	j.lessonsOfTeachers(found)
	f := Finding{Limit: LossesTogether, Holds: model.HoldRemovals}
	causes := tallied{}
	for name, p := range found {
		if f.Of++; p.has == 0 || p.loses <= 0 || len(p.entries) < max(limit.AtLeast, 1) {
			continue
		}
		share := float64(p.loses) / float64(p.has)
		f.Value = max(f.Value, share)
		if share*100 > limit.Percent {
			f.Count++
			causes[name] = p.loses
		}
	}
	if f.Breached = !limit.Off && f.Count > 0; f.Breached {
		f.Causes = causes.largest()
		f.Says = fmt.Sprintf("%s would lose more than %g %% of its pupils, its sets or its lessons on one night; "+
			"allowed are fewer than %d",
			words.Many(f.Count, "form, department or teacher"), limit.Percent, limit.AtLeast)
		if f.Count > 1 {
			f.Says = fmt.Sprintf("%s forms, departments or teachers would lose more than %g %% of their pupils, "+
				"sets or lessons on one night; allowed are fewer than %d each",
				words.Thousands(f.Count), limit.Percent, limit.AtLeast)
		}
	}
	return []Finding{f.under(limit)}
}

func (j *judgement) pupilsOfForms(found parts) {
	gone := map[model.ID]bool{}
	for _, c := range j.Plan.Changes {
		if p, ok := c.Record().(model.Pupil); ok && goes(c) {
			gone[p.ID] = true
		}
	}
	if len(gone) == 0 {
		return
	}
	for _, m := range j.State.Memberships {
		if j.groups[m.GroupID].GroupKind != model.FormGroup {
			continue
		}
		p := found.of("pupils of " + j.groupName(m.GroupID))
		if p.has++; gone[m.ElementID] {
			p.loses++
			p.entries[fmt.Sprint(m.ElementID)] = true
		}
	}
}

func (j *judgement) setsOfDepartments(found parts) {
	if len(j.ending) == 0 {
		return
	}
	for _, g := range j.State.Groups {
		if g.GroupKind != model.SetGroup || !g.Current || g.SubjectID == 0 {
			continue
		}
		p := found.of(j.subject(g.SubjectID))
		if p.has++; j.ending[g.ID] {
			p.loses++
			p.entries[g.SourceID] = true
		}
	}
	for _, c := range j.Plan.Changes {
		if g, ok := c.After.(model.Group); ok && c.Action == model.Create && g.SubjectID != 0 {
			found.of(j.subject(g.SubjectID)).loses--
		}
	}
}

func (j *judgement) subject(id model.ID) string {
	for _, s := range j.State.Subjects {
		if s.ID == id {
			return "sets of " + words.Clean(s.Name)
		}
	}
	return "sets"
}

// lessonsOfTeachers counts what goes on the days that were read, which are those that change, against
// all that each teacher has from the as-of date on: a week less is no loss of a teacher. Lessons
// that go with their set are no loss of the teacher's, nor are those that move, or that
// another takes over.
func (j *judgement) lessonsOfTeachers(found parts) {
	if !slices.ContainsFunc(j.Plan.Changes, func(c model.Change) bool {
		return goes(c) && c.Entity() == model.CommitmentEntity
	}) {
		return
	}
	teachers, noLoss, taught := j.teachersWhoStay(), map[model.ID]bool{}, map[model.ID]string{}
	for _, l := range j.State.Lessons {
		if l.Kind == string(mis.Taught) {
			taught[l.ID] = l.SourceID
		}
	}
	for _, c := range j.State.Commitments {
		noLoss[c.LessonID] = noLoss[c.LessonID] || j.ending[c.ElementID]
		if name := teachers[c.ElementID]; name != "" && taught[c.LessonID] != "" && !c.IsCover() {
			found.of(name).has++
		}
	}
	for _, c := range j.Plan.Changes {
		switch r := c.Record().(type) {
		case model.Lesson:
			noLoss[r.ID] = noLoss[r.ID] || goes(c) && c.Why == model.InGap
		case model.Commitment:
			if name := teachers[r.ElementID]; name != "" && !goes(c) && !r.IsCover() {
				noLoss[r.LessonID] = true
				found.of(name).loses--
			}
		}
	}
	j.lessonsOfOtherDays(teachers, found)
	for _, c := range j.Plan.Changes {
		r, ok := c.Record().(model.Commitment)
		entry, name := taught[r.LessonID], teachers[r.ElementID]
		if ok && goes(c) && !r.IsCover() && entry != "" && name != "" && !noLoss[r.LessonID] {
			found.of(name).loses++
			found.of(name).entries[entry] = true
		}
	}
}

// lessonsOfOtherDays counts the lessons of days that were not read: they are as they are wanted.
func (j *judgement) lessonsOfOtherDays(teachers map[model.ID]string, found parts) {
	read := map[era.Date]bool{}
	for i := range j.State.Lessons {
		read[j.State.Lessons[i].OnDate] = true
	}
	if j.Wanted == nil || j.Wanted.Table == nil {
		return
	}
	table := j.Wanted.Table
	for _, day := range table.Days {
		if read[day.Date] {
			continue
		}
		for _, s := range day.Slots {
			if table.Lessons[s.Lesson].Kind != mis.Taught {
				continue
			}
			for _, id := range table.Lessons[s.Lesson].Staff {
				if name := teachers[j.Wanted.Elements[want.Ref{Kind: "staff", ID: id}]]; name != "" {
					found.of(name).has++
				}
			}
		}
	}
}

// teachersWhoStay are the staff, by what their lessons are called. Who leaves is counted there.
func (j *judgement) teachersWhoStay() map[model.ID]string {
	teachers := map[model.ID]string{}
	for _, s := range j.State.Staff {
		teachers[s.ID] = "lessons of staff #" + words.Clean(s.SourceID)
	}
	for _, c := range j.Plan.Changes {
		if s, ok := c.Record().(model.Staff); ok && goes(c) {
			delete(teachers, s.ID)
		}
	}
	return teachers
}
