package undo

import (
	"fmt"
	"slices"
	"strings"

	"misimportd/store/model"
)

// Part is what of a run is undone, or left of it.
type Part struct {
	Run
	Whole bool // it is all that is left of the run
}

// kinds are those of which a part can be, as they are written, and how they are called in records.
var kinds = map[string]string{"pupil": "pupil", "staff": "staff", "room": "location", "location": "location",
	"subject": "subject", "house": "house", "schedule": "lesson", "meeting": "lesson", "year": "lesson",
	"tutorial": "lesson", "event": "lesson", model.FormGroup: "group", model.SetGroup: "group",
	model.ActivityGroup: "group",
	model.CustomGroup:   "group", model.AutomaticGroup: "group", model.ExtraGroup: "group"}

// CheckOnly fails when what a part is to be of is not written as KIND/ID.
func CheckOnly(only []string) error {
	for _, of := range only {
		kind, id, _ := strings.Cut(of, "/")
		if kinds[kind] == "" || id == "" {
			return fmt.Errorf("%q is no KIND/ID: write pupil/1234, staff/57, room/5, form/7A, set/130 or a lesson's "+
				"id such as schedule/3001", of)
		}
	}
	return nil
}

// Without is what is left of a run once parts of it are undone: records that they changed are as before it.
func (r Run) Without(undone map[model.Key]bool) Run {
	if len(undone) == 0 {
		return r
	}
	left := slices.DeleteFunc(r.made, func(c model.Change) bool {
		return undone[model.Key{Entity: c.Entity(), ID: c.Record().RowID()}]
	})
	return Run{newDone(r.run, left)}
}

// CheckPart fails with a *NotUndoneError when a run can be undone as a whole only.
func CheckPart(run model.Run) error {
	if run.Kind != model.Import && run.Kind != model.Approval || run.Options.V.Convert {
		return refusef(run.ID, "it can be undone as a whole only, for it is no import but of the kind %s: leave out "+
			"--only", run.Kind)
	}
	return nil
}

// Only is what of a run concerns some records, each written as KIND/ID: what happened to them, their memberships, and
// whatever has to be undone with it. labels are those of elements. It fails with a *NotUndoneError where the run did
// nothing to one of them.
func (r Run) Only(only []string, labels map[model.ID]model.Label) (Part, error) {
	p := r.parting(labels)
	in := map[int]bool{}
	for _, of := range only {
		first := p.about(of)
		if len(first) == 0 {
			return Part{}, refusef(r.run, "it changed nothing of %s", of)
		}
		p.take(in, first)
	}
	return Part{Run{newDone(r.run, p.changes(in))}, len(in) == len(r.made)}, nil
}

// named is a record as others refer to it.
type named struct {
	what string // element, lesson or era
	id   model.ID
}

// parting finds which changes of a run belong together. Changes are told by their place in the run.
type parting struct {
	*grounds
	byRecord  map[model.Key][]int
	byPlace   map[position][]int
	to        map[named][]int // that refer to a record
	taken     map[named][]int // that delete a record
	creates   map[named][]int // that create a record
	memberOf  map[model.ID][]int
	inLessons map[model.ID][]int
}

func (r Run) parting(labels map[model.ID]model.Label) *parting {
	p := &parting{grounds: r.grounds(labels), byRecord: map[model.Key][]int{}, byPlace: map[position][]int{},
		to: map[named][]int{}, taken: map[named][]int{}, creates: map[named][]int{}, memberOf: map[model.ID][]int{},
		inLessons: map[model.ID][]int{}}
	for i, c := range r.done.made {
		record := c.Record()
		key := model.Key{Entity: c.Entity(), ID: record.RowID()}
		p.byRecord[key] = append(p.byRecord[key], i)
		for _, at := range p.placesOf(c) {
			p.byPlace[at] = append(p.byPlace[at], i)
		}
		model.EachReference(c.After, func(what string, id model.ID) {
			p.to[named{what, id}] = append(p.to[named{what, id}], i)
		})
		as := named{model.CalledAs(c.Entity()), record.RowID()}
		switch c.Action {
		case model.Create:
			p.creates[as] = append(p.creates[as], i)
		case model.Delete:
			p.taken[as] = append(p.taken[as], i)
		}
		switch record := record.(type) {
		case model.Membership:
			p.memberOf[record.GroupID] = append(p.memberOf[record.GroupID], i)
		case model.Commitment:
			p.inLessons[record.LessonID] = append(p.inLessons[record.LessonID], i)
		}
	}
	return p
}

// changes are those of some places, in their order.
func (p *parting) changes(in map[int]bool) (some []model.Change) {
	for i, c := range p.done.made {
		if in[i] {
			some = append(some, c)
		}
	}
	return some
}

// about are the changes that concern a record which is written as KIND/ID.
func (p *parting) about(of string) (found []int) {
	kind, id, _ := strings.Cut(of, "/")
	elements := p.elements(kind, id)
	for i, c := range p.done.made {
		if l, ok := c.Record().(model.Lesson); ok && l.SourceID == of || p.concerns(c, elements) {
			found = append(found, i)
		}
	}
	return found
}

// elements are the rows of a record: those that are there, and those that the run deleted.
func (p *parting) elements(kind, id string) map[model.ID]bool {
	found := map[model.ID]bool{}
	as := kind
	if kinds[kind] == "location" {
		as = "location"
	}
	for row, label := range p.labels {
		if label.Kind == as && label.SourceID == id {
			found[row] = true
		}
	}
	for _, c := range p.done.made {
		if g, ok := c.Record().(model.Group); ok && g.GroupKind == kind && g.SourceID == id {
			found[g.ID] = true
		}
	}
	return found
}

// concerns tells whether a change is of one of some elements, or of where it is a member. Of a lesson that comes
// or goes who takes part follows from the lesson.
func (p *parting) concerns(c model.Change, elements map[model.ID]bool) bool {
	switch r := c.Record().(type) {
	case model.Membership:
		return elements[r.GroupID] || elements[r.ElementID]
	case model.Commitment:
		return (elements[r.ElementID] || elements[r.CoversID]) && !p.comesOrGoes(r.LessonID)
	case model.GroupSuspension:
		return elements[r.GroupID]
	case model.Absence:
		return elements[r.ElementID]
	case model.Pin:
		return elements[r.ElementID] || elements[r.GroupID]
	}
	return slices.Contains(model.ElementEntities, c.Entity()) && elements[c.Record().RowID()]
}

func (p *parting) comesOrGoes(lesson model.ID) bool {
	return len(p.creates[named{model.OfLesson, lesson}])+len(p.taken[named{model.OfLesson, lesson}]) > 0
}

// take takes changes in, and with each all that has to be undone with it.
func (p *parting) take(in map[int]bool, some []int) {
	for len(some) > 0 {
		i := some[len(some)-1]
		some = some[:len(some)-1]
		if in[i] {
			continue
		}
		in[i] = true
		some = append(some, p.with(p.done.made[i])...)
	}
}

// with are the changes that have to be undone with one: of the same record and the same places, of what refers to a
// record that would go, of what a record refers to that would come back, and of the days that hold a membership.
func (p *parting) with(c model.Change) (some []int) {
	record := c.Record()
	some = append(some, p.byRecord[model.Key{Entity: c.Entity(), ID: record.RowID()}]...)
	for _, at := range p.placesOf(c) {
		some = append(some, p.byPlace[at]...)
	}
	if as := (named{model.CalledAs(c.Entity()), record.RowID()}); c.Action == model.Create && as.what != "" {
		some = append(some, p.to[as]...)
	}
	model.EachReference(c.Before, func(what string, id model.ID) { some = append(some, p.taken[named{what, id}]...) })
	switch record := record.(type) {
	case model.Lesson:
		if c.Action != model.Update {
			some = append(some, p.inLessons[record.ID]...)
		}
	case model.Commitment:
		if p.comesOrGoes(record.LessonID) {
			some = append(some, p.byRecord[model.Key{Entity: model.LessonEntity, ID: record.LessonID}]...)
		}
		some = append(some, p.instead(record)...)
	case model.Membership:
		some = append(some, p.withMembership(record)...)
	case model.Group:
		if c.After != nil && c.Before != nil && !lifeOf(c.After).Within(lifeOf(c.Before)) { // its days would be fewer
			some = append(some, p.memberOf[record.ID]...)
		}
	}
	return some
}

// instead are the changes of a lesson in which one took the place of another of its kind: else a lesson would be left
// without a teacher, or without a room.
func (p *parting) instead(r model.Commitment) (some []int) {
	for _, i := range p.inLessons[r.LessonID] {
		other, ok := p.done.made[i].Record().(model.Commitment)
		if ok && other.IsCover() == r.IsCover() && p.labels[other.ElementID].Kind == p.labels[r.ElementID].Kind {
			some = append(some, i)
		}
	}
	return some
}

// withMembership are the changes that go with one of a membership: of its group's days, and of the name of a pupil, who
// is called by the form.
func (p *parting) withMembership(m model.Membership) (some []int) {
	for _, i := range p.byRecord[model.Key{Entity: model.GroupEntity, ID: m.GroupID}] {
		if c := p.done.made[i]; lifeOf(c.Before) != lifeOf(c.After) {
			some = append(some, i)
		}
	}
	if p.labels[m.GroupID].Kind == model.FormGroup {
		some = append(some, p.byRecord[model.Key{Entity: model.PupilEntity, ID: m.ElementID}]...)
	}
	return some
}
