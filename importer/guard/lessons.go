package guard

import (
	"cmp"

	"misimportd/importer/words"
	"misimportd/store/model"
)

// lessonSum is what happens to lessons.
type lessonSum struct {
	removed, created, suspended, suspensions int
	why, by, names                           tallied
	going                                    map[model.ID]bool // removed, or into a gap
}

// lessons judges the timetable. A lesson that takes another room, or another teacher, instead
// of one loses none.
func (j *judgement) lessons() []Finding {
	s := lessonSum{why: tallied{}, by: tallied{}, names: tallied{}, going: map[model.ID]bool{}}
	for _, c := range j.Plan.Changes {
		switch r := c.Record().(type) {
		case model.Lesson:
			s.lesson(c, r)
		case model.Suspension:
			if goes(c) {
				s.suspensions++
				s.names[words.Clean(r.Name)]++
			}
		}
	}
	ahead, all := j.Ahead.Lessons, len(j.State.Suspensions)
	found := []Finding{
		j.finding(LessonsRemoved, measure{holds: model.HoldRemovals, count: s.removed, of: ahead,
			net: s.removed - s.created, causes: s.why,
			says: words.Share(s.removed, ahead) + " lessons would be removed"}),
		j.finding(LessonsSuspended, measure{holds: model.HoldRemovals, count: s.suspended, of: ahead, causes: s.by,
			says: words.Share(s.suspended, ahead) + " lessons would be suspended, or fall into gaps, that are not"}),
		j.finding(SuspensionsRemoved, measure{holds: model.HoldRemovals, count: s.suspensions, of: all,
			causes: s.names,
			says:   words.Share(s.suspensions, all) + " suspensions and gaps would be removed"}),
	}
	return append(found, j.commitments(s.going)...)
}

func (s *lessonSum) lesson(c model.Change, l model.Lesson) {
	before, was := c.Before.(model.Lesson)
	switch {
	case goes(c) && c.Why == model.InGap: // somebody entered it
		s.going[l.ID] = true
		s.suspended++
		s.by[words.Clean(c.Because())]++
	case goes(c):
		s.going[l.ID] = true
		s.removed++
		s.why[words.Clean(c.Because()+": "+cmp.Or(l.Code, l.Kind))]++ // a name may be a pupil's
	case !was:
		s.created++
	case l.Suspended && !before.Suspended:
		s.suspended++
		s.by[words.Clean(c.Because())]++
	}
}

// slotOf is what a lesson takes, but for which.
type slotOf struct {
	lesson model.ID
	kind   string
}

// commitments judges what lessons take that go on: what they lose, and what they take instead
// of another.
func (j *judgement) commitments(going map[model.ID]bool) []Finding {
	var leaving []model.Commitment
	coming := map[slotOf][]model.ID{} // in place of what leaves
	for _, c := range j.Plan.Changes {
		if r, ok := c.Record().(model.Commitment); ok && goes(c) && !going[r.LessonID] && !j.follows(r) {
			leaving = append(leaving, r)
			coming[j.slotOf(r)] = nil
		}
	}
	for _, c := range j.Plan.Changes {
		if r, ok := c.Record().(model.Commitment); ok && c.Action == model.Create && len(coming) > 0 && !j.follows(r) {
			at := j.slotOf(r)
			if others, leaves := coming[at]; leaves {
				coming[at] = append(others, r.ElementID)
			}
		}
	}
	ended, kinds, others := 0, tallied{}, map[string]map[model.ID]int{}
	for _, r := range leaving {
		at := j.slotOf(r)
		if len(coming[at]) == 0 {
			ended++
			kinds[at.kind]++
			continue
		}
		if others[at.kind] == nil {
			others[at.kind] = map[model.ID]int{}
		}
		others[at.kind][coming[at][0]]++
		coming[at] = coming[at][1:]
	}
	all := j.Ahead.Commitments
	found := []Finding{j.finding(CommitmentsEnding, measure{holds: model.HoldRemovals, count: ended, of: all,
		causes: kinds,
		says:   words.Share(ended, all) + " places of groups, staff and rooms in lessons would end"})}
	found = append(found, j.covers(going))
	if j.Snap == nil {
		return found
	}
	return append(found, j.changing(others)...)
}

// covers judges the covers that go though their lessons stay. One that another teacher takes over is no loss.
func (j *judgement) covers(going map[model.ID]bool) Finding {
	type covered struct{ lesson, teacher model.ID }
	taken, ended := map[covered]bool{}, 0
	for _, c := range j.Plan.Changes {
		if r, ok := c.Record().(model.Commitment); ok && r.IsCover() && !goes(c) {
			taken[covered{r.LessonID, r.CoversID}] = true
		}
	}
	for _, c := range j.Plan.Changes {
		r, ok := c.Record().(model.Commitment)
		if ok && r.IsCover() && goes(c) && !r.IsByHand() && !going[r.LessonID] &&
			!taken[covered{r.LessonID, r.CoversID}] {
			ended++
		}
	}
	return j.finding(CoversEnding, measure{holds: model.HoldRemovals, count: ended, of: j.Ahead.Covers,
		says: words.Share(ended, j.Ahead.Covers) + " covers would end"})
}

// changing judges of how many lessons the groups or the staff would be others. Rooms are
// ordinary, unless they all become one.
func (j *judgement) changing(others map[string]map[model.ID]int) []Finding {
	ahead := j.Ahead.Lessons
	return worst([]string{"group", "location", "pupil", "staff"}, func(kind string) Finding {
		count, most := 0, 0
		for _, n := range others[kind] {
			count, most = count+n, max(most, n)
		}
		says := " lessons would take another " + kind
		if kind == "location" {
			count, says = most, " lessons would be moved into one and the same room"
		}
		return j.finding(CommitmentsChanging, measure{about: kind, holds: model.HoldValues, count: count, of: ahead,
			says: words.Share(count, ahead) + says})
	})
}

// slotOf is what place a commitment takes.
func (j *judgement) slotOf(r model.Commitment) slotOf {
	return slotOf{r.LessonID, j.kindOf(r.ElementID)}
}

// follows tells whether a commitment is no place of its own: a subject is its set's, and a cover comes and goes.
func (j *judgement) follows(r model.Commitment) bool {
	return r.IsCover() || j.kindOf(r.ElementID) == string(model.SubjectEntity)
}

// kindOf is what an element is that a lesson takes.
func (j *judgement) kindOf(id model.ID) string {
	if j.Wanted != nil {
		if kind := j.Wanted.Kinds[id]; kind != "" {
			return kind
		}
	}
	return "element"
}
