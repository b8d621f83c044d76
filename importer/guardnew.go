package importer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"misimportd/era"
	"misimportd/store"
)

// strangers judges what is new: much of it on one night is another school's (R38). A school
// takes in many pupils at once, but into one or two of its year groups.
func (j *judgement) strangers() {
	created, years := map[string]int{}, map[era.Year]int{}
	for _, c := range j.plan.Changes {
		if c.Action != store.Create || !isJudged(c.Entity()) || c.Entity() == store.LessonEntity {
			continue
		}
		created[kindOfRecord(c.After)]++
		if p, ok := c.After.(store.Pupil); ok {
			years[p.Year]++
		}
	}
	kindsOfNew := []string{}
	for kind := range created {
		kindsOfNew = append(kindsOfNew, kind)
	}
	slices.Sort(kindsOfNew)
	j.worst(kindsOfNew, func(kind string) {
		c := measure{about: kind, holds: store.HoldAll, count: created[kind]}
		switch {
		case kind == "":
		case kind == string(store.PupilEntity):
			j.newPupils(&c, years)
		default:
			if c.of = len(recordsOf(j.state, kind)); c.of == 0 {
				c.count = 0 // the first of their kind
			}
			c.says = fmt.Sprintf("%s %s would be new, beside %s that there are", thousands(c.count), kinds(kind), thousands(c.of))
		}
		j.find(RecordsNew, c)
	})
}

// newPupils counts new pupils but for the two year groups that most of them join.
func (j *judgement) newPupils(c *measure, created map[era.Year]int) {
	known := []era.Year{}
	for year := range created {
		if year.Known() {
			known = append(known, year)
		}
	}
	slices.SortFunc(known, func(a, b era.Year) int { return cmp.Or(cmp.Compare(created[b], created[a]), cmp.Compare(a, b)) })
	intake := known[:min(2, len(known))]
	c.causes = tallied{}
	for year, n := range created {
		if slices.Contains(intake, year) {
			c.count -= n
		} else {
			c.causes[cmp.Or(prefixed("year ", year.String()), "no year")] = n
		}
	}
	for _, p := range j.state.Pupils {
		c.of += btoi(p.Current && !slices.Contains(intake, p.Year))
	}
	if countCurrent(j.state.Pupils) == 0 {
		c.count = 0
	}
	c.says = fmt.Sprintf("%s pupils would be new in year groups that no intake joins, beside %s that there are: are another school's among them?",
		thousands(c.count), thousands(c.of))
}

// absentYears looks for year groups of which the document has nobody.
func (j *judgement) absentYears() {
	if j.snap.Pupils.SaysNothing() {
		j.find(YearsAbsent, measure{holds: store.HoldRemovals})
		return
	}
	has, here, yearless := map[era.Year]int{}, map[era.Year]int{}, 0
	for i := range j.snap.Pupils.Records {
		year := j.snap.Pupils.Records[i].Year
		has[year]++
		yearless += btoi(!year.Known())
	}
	for i := range j.state.Pupils {
		if p := &j.state.Pupils[i]; p.Current && p.Year.Known() {
			here[p.Year]++
		}
	}
	c := measure{holds: store.HoldRemovals, causes: tallied{}}
	for year, n := range here {
		if n < large {
			continue
		}
		c.of++
		if has[year] == 0 {
			c.count++
			c.causes["year "+year.String()] = n
		}
	}
	c.says = fmt.Sprintf("%s of %s year groups have no pupil in the document", thousands(c.count), thousands(c.of))
	if yearless >= large {
		c.holds = store.HoldAll
		c.says += fmt.Sprintf(", which gives no year for %s pupils", thousands(yearless))
	}
	j.find(YearsAbsent, c)
}

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
func (j *judgement) together() {
	found, limit := parts{}, j.limit(LossesTogether)
	j.pupilsOfForms(found)
	j.setsOfDepartments(found)
	j.lessonsOfTeachers(found)
	f := Finding{Limit: LossesTogether, Holds: store.HoldRemovals}
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
		f.Says = fmt.Sprintf("%s would lose more than %g %% of its pupils, its sets or its lessons on one night; allowed are fewer than %d",
			many(f.Count, "form, department or teacher"), limit.Percent, limit.AtLeast)
		if f.Count > 1 {
			f.Says = fmt.Sprintf("%s forms, departments or teachers would lose more than %g %% of their pupils, sets or lessons on one night; allowed are fewer than %d each",
				thousands(f.Count), limit.Percent, limit.AtLeast)
		}
	}
	j.add(f, limit)
}

func (j *judgement) pupilsOfForms(found parts) {
	gone := map[store.ID]bool{}
	for _, c := range j.plan.Changes {
		if p, ok := c.Record().(store.Pupil); ok && goes(c) {
			gone[p.ID] = true
		}
	}
	if len(gone) == 0 {
		return
	}
	for _, m := range j.state.Memberships {
		if j.groups[m.GroupID].GroupKind != store.FormGroup {
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
	for _, g := range j.state.Groups {
		if g.GroupKind != store.SetGroup || !g.Current || g.SubjectID == 0 {
			continue
		}
		p := found.of(j.subject(g.SubjectID))
		if p.has++; j.ending[g.ID] {
			p.loses++
			p.entries[g.SourceID] = true
		}
	}
	for _, c := range j.plan.Changes {
		if g, ok := c.After.(store.Group); ok && c.Action == store.Create && g.SubjectID != 0 {
			found.of(j.subject(g.SubjectID)).loses--
		}
	}
}

func (j *judgement) subject(id store.ID) string {
	for _, s := range j.state.Subjects {
		if s.ID == id {
			return "sets of " + clean(s.Name)
		}
	}
	return "sets"
}

// lessonsOfTeachers counts, of the days that were read, which are those that change. Lessons
// that go with their set are no loss of the teacher's, nor are those that move.
func (j *judgement) lessonsOfTeachers(found parts) {
	lessons := map[store.ID]store.Lesson{}
	for _, c := range j.plan.Changes {
		if l, ok := c.Record().(store.Lesson); ok && goes(c) && !isInGap(c) {
			lessons[l.ID] = l
		}
	}
	if len(lessons) == 0 {
		return
	}
	teachers := map[store.ID]string{}
	for _, s := range j.state.Staff {
		teachers[s.ID] = "lessons of staff #" + clean(s.SourceID)
	}
	withTheirGroup := map[store.ID]bool{}
	for _, c := range j.state.Commitments {
		withTheirGroup[c.LessonID] = withTheirGroup[c.LessonID] || j.ending[c.ElementID]
	}
	for _, c := range j.state.Commitments {
		if name := teachers[c.ElementID]; name != "" {
			found.of(name).has++
		}
	}
	for _, c := range j.plan.Changes {
		r, ok := c.Record().(store.Commitment)
		name := teachers[r.ElementID]
		switch lesson, isGone := lessons[r.LessonID]; {
		case !ok || name == "":
		case c.Action == store.Create:
			found.of(name).loses--
		case isGone && !withTheirGroup[r.LessonID]:
			found.of(name).loses++
			found.of(name).entries[strings.TrimSpace(lesson.SourceID)] = true
		}
	}
}
