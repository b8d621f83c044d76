package undo

import (
	"fmt"
	"slices"
	"strings"

	"misimportd/era"
	"misimportd/importer/words"
	"misimportd/store/model"
)

// done is what a run did, to be looked up by record.
type done struct {
	run  model.ID
	made []model.Change
	last map[model.Entity]map[model.ID]int // the last change of each record
}

func newDone(run model.ID, made []model.Change) done {
	d := done{run, made, map[model.Entity]map[model.ID]int{}}
	for i, c := range made {
		of := d.last[c.Entity()]
		if of == nil {
			of = map[model.ID]int{}
			d.last[c.Entity()] = of
		}
		of[c.Record().RowID()] = i
	}
	return d
}

// has tells whether the run changed a record.
func (d done) has(entity model.Entity, id model.ID) bool {
	_, ok := d.last[entity][id]
	return ok
}

// Later gathers which later runs touched what a run made.
type Later struct {
	*grounds
	by   map[model.ID]int // how many changes of each
	with *blockers
}

// mostBlockers is how many changes in the way are remembered: of more, nothing is offered.
const mostBlockers = 5000

// blockers are the changes in the way.
type blockers struct{ changes []model.Change }

// Later is to be shown every change that was made since and still counts. labels are those of the groups.
func (r Run) Later(labels map[model.ID]model.Label) Later {
	return Later{r.done.grounds(labels), map[model.ID]int{}, &blockers{}}
}

// Saw looks at a change that a later run made.
func (l Later) Saw(by model.ID, r model.Recorded) error {
	c, err := r.Typed()
	if err == nil && (l.touchedBy(c) || l.refersTo(r, l.created)) {
		l.by[by]++
		if len(l.with.changes) <= mostBlockers {
			l.with.changes = append(l.with.changes, c)
		}
	}
	return err
}

// InTheWay fails with a *NotUndoneError that names the later runs, if there are any.
func (l Later) InTheWay() error {
	if len(l.by) == 0 {
		return nil
	}
	return inTheWay(l.run, l.by, l.describe())
}

// Left compares the records that a run changed with what they are now.
type Left struct {
	done
	standing []bool
	differs  map[int]model.Record
}

// Left is to be shown every record that the run changed and that is there still.
func (r Run) Left() *Left {
	return &Left{r.done, make([]bool, len(r.made)), map[int]model.Record{}}
}

// Saw looks at a record as it is now.
func (l *Left) Saw(now model.Record) {
	last, isOfPart := l.last[now.Entity()][now.RowID()]
	if !isOfPart {
		return
	}
	if l.standing[last] = true; l.made[last].After != now {
		l.differs[last] = now
	}
}

// InTheWay fails with a *NotUndoneError that names the first record which is not as the run left it.
func (l *Left) InTheWay() error {
	for _, c := range l.made {
		last := l.last[c.Entity()][c.Record().RowID()]
		left := l.made[last].After
		if now, ok := l.differs[last]; ok || l.standing[last] != (left != nil) {
			return refusef(l.run, "another program has changed %s since (row %d of its "+
				"table%s), and what is there now would be lost: change it back first, or leave the run as it is",
				words.Describe(c.Record()), c.Record().RowID(), fieldsThatDiffer(left, now))
		}
	}
	return nil
}

// UsedBy fails with a *NotUndoneError when other programs point at what the run created.
func (r Run) UsedBy(others []model.Key) error {
	others = slices.DeleteFunc(slices.Clone(others), func(k model.Key) bool { return !r.has(k.Entity, k.ID) })
	if len(others) == 0 {
		return nil
	}
	first := r.made[r.last[others[0].Entity][others[0].ID]].Record()
	return refusef(r.run, "it created %s that other programs use since, the first of them %s: "+
		"take what uses them out first", words.Many(len(others), "record"), words.Describe(first))
}

// Needs are the elements that have to be there for what the run deleted to come back, each with what
// needs it.
func (r Run) Needs() map[model.ID]model.Entity {
	of := map[model.ID]model.Entity{}
	need := func(id model.ID, by model.Entity) {
		isMade := func(kind model.Entity) bool { return r.has(kind, id) } // it is looked at itself
		if !slices.ContainsFunc(model.ElementEntities, isMade) {
			of[id] = by
		}
	}
	for _, c := range r.made {
		if c.Action != model.Delete {
			continue
		}
		switch m := c.Before.(type) {
		case model.Membership:
			need(m.GroupID, m.Entity())
			need(m.ElementID, m.Entity())
		case model.Commitment:
			need(m.ElementID, m.Entity())
		}
	}
	return of
}

// Misses fails with a *NotUndoneError when some of those that it needs are gone.
func (r Run) Misses(gone []model.ID) error {
	if len(gone) == 0 {
		return nil
	}
	return refusef(r.run, "it deleted a %s of something that another program has deleted since "+
		"(%d such)", r.Needs()[gone[0]], len(gone))
}

// grounds are what a run took or left: what a later change must keep off.
type grounds struct {
	done
	created map[model.ID]bool
	places  map[position]bool
	groups  map[model.ID]bool // whose lives hold memberships that come back
	labels  map[model.ID]model.Label
}

func (d done) grounds(labels map[model.ID]model.Label) *grounds {
	g := &grounds{d, map[model.ID]bool{}, map[position]bool{}, map[model.ID]bool{}, labels}
	for _, c := range d.made {
		for _, at := range g.placesOf(c) {
			g.places[at] = true
		}
		if m, ok := c.Record().(model.Membership); ok {
			g.groups[m.GroupID] = true
		}
		if c.Action == model.Create {
			g.created[c.After.RowID()] = true
		}
	}
	return g
}

// touchedBy tells whether a later change is of the same record or place, or of the life of a
// group whose memberships come back.
func (g *grounds) touchedBy(c model.Change) bool {
	if g.has(c.Entity(), c.Record().RowID()) {
		return true
	}
	if of, ok := c.Record().(model.Group); ok && g.groups[of.ID] && lifeOf(c.Before) != lifeOf(c.After) {
		return true
	}
	return slices.ContainsFunc(g.placesOf(c), func(at position) bool { return g.places[at] })
}

// lifeOf is the days of a group, none where there is no group.
func lifeOf(r model.Record) era.Interval {
	g, _ := r.(model.Group)
	return g.Life()
}

// position is what there is one row for, or few that exclude each other: another row may stand in
// the place of one that an undo would bring back.
type position struct {
	entity   model.Entity
	of, with model.ID
	text     string
}

// placesOf are the places that a change takes or leaves. A pupil has one place in all forms.
func (g *grounds) placesOf(c model.Change) (places []position) {
	for _, r := range []model.Record{c.Before, c.After} {
		if at, ok := placeOf(r); ok {
			places = append(places, at)
		}
		if m, ok := r.(model.Membership); ok && g.labels[m.GroupID].Kind == model.FormGroup {
			places = append(places, position{entity: model.PupilEntity, of: m.ElementID})
		}
	}
	return places
}

func placeOf(r model.Record) (position, bool) {
	switch r := r.(type) {
	case model.Membership:
		return position{r.Entity(), r.GroupID, r.ElementID, ""}, true
	case model.Commitment:
		at := position{entity: r.Entity(), of: r.LessonID, with: r.ElementID}
		if r.IsCover() {
			at.text = fmt.Sprint(r.CoversID)
		}
		return at, true
	case model.Lesson:
		return position{r.Entity(), model.ID(r.OnDate), 0, r.SourceID}, true
	case model.Group:
		return position{r.Entity(), r.EraID, 0, r.GroupKind + "\x00" + r.SourceID}, true
	case model.GroupSuspension:
		return position{r.Entity(), r.GroupID, 0, ""}, true
	case model.Absence:
		return position{r.Entity(), r.ElementID, 0, ""}, true
	case model.Pin:
		return position{r.Entity(), r.ElementID, r.GroupID, r.Field}, true
	case model.UnwantedDocument:
		return position{r.Entity(), 0, 0, r.SHA256}, true
	case model.Era:
		return position{r.Entity(), 0, 0, r.Name}, true
	}
	return position{}, false
}

// referring are the columns that hold the id of an element, a lesson or an era.
var referring = map[string]bool{"group_id": true, "element_id": true, "tutor_id": true, "owner_id": true,
	"subject_id": true, "covers_id": true, "organiser_id": true,
	"house_id": true, "boarding_house_id": true,
	"lesson_id": true, "era_id": true, "current_era_id": true, "next_era_id": true, "previous_era_id": true}

// refersTo tells whether a later change speaks of a record that was created. Ids of elements
// are not those of lessons and eras: created is a first sieve, the kind of record the second.
func (d done) refersTo(c model.Recorded, created map[model.ID]bool) bool {
	for _, image := range []model.Image{c.Before.V, c.After.V} {
		for column := range image {
			id := image.ID(column)
			if !referring[column] || !created[id] {
				continue
			}
			if slices.ContainsFunc(referred(column), func(of model.Entity) bool { return d.has(of, id) }) {
				return true
			}
		}
	}
	return false
}

// referred are the kinds of record that a column can refer to.
func referred(column string) []model.Entity {
	switch column {
	case "lesson_id":
		return []model.Entity{model.LessonEntity}
	case "era_id", "current_era_id", "next_era_id", "previous_era_id":
		return []model.Entity{model.EraEntity}
	}
	return []model.Entity{model.PupilEntity, model.StaffEntity, model.LocationEntity, model.SubjectEntity,
		model.HouseEntity, model.GroupEntity}
}

// fieldsThatDiffer names the fields in which a record is not as it was left.
func fieldsThatDiffer(left, now model.Record) string {
	if left == nil || now == nil {
		return ""
	}
	change := model.Change{Action: model.Update, Before: left, After: now}.Recorded()
	var fields []string
	for column, value := range change.After.V {
		if value != change.Before.V[column] {
			fields = append(fields, strings.ReplaceAll(column, "_", " "))
		}
	}
	slices.Sort(fields)
	return ": " + strings.Join(fields, ", ")
}
