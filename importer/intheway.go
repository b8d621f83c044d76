package importer

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"misimportd/era"
	"misimportd/importer/words"
	"misimportd/store"
	"misimportd/store/model"
)

// doneBy is what a run did, to be looked up by record.
type doneBy struct {
	run  model.ID
	made []model.Change
	last map[model.Entity]map[model.ID]int // the last change of each record
}

func newDoneBy(run model.ID, made []model.Change) doneBy {
	p := doneBy{run, made, map[model.Entity]map[model.ID]int{}}
	for i, c := range made {
		of := p.last[c.Entity()]
		if of == nil {
			of = map[model.ID]int{}
			p.last[c.Entity()] = of
		}
		of[c.Record().RowID()] = i
	}
	return p
}

// has tells whether the run changed a record.
func (p doneBy) has(entity model.Entity, id model.ID) bool {
	_, ok := p.last[entity][id]
	return ok
}

// checkUntouched finds out whether the records that a run changed are still as it left
// them. It names what is in the way.
func checkUntouched(ctx context.Context, v *store.View, id model.ID, made []model.Change) error {
	p := newDoneBy(id, made)
	for _, check := range []func(context.Context, *store.View) error{p.changedLater, p.changedByOthers,
		p.usedByOthers, p.missesOthers} {
		if err := check(ctx, v); err != nil {
			return err
		}
	}
	return nil
}

// changedLater names the later runs that touched what the run made.
func (p doneBy) changedLater(ctx context.Context, v *store.View) error {
	newest, err := v.IsNewest(ctx, p.run)
	if err != nil || newest {
		return err
	}
	taken, err := p.grounds(ctx, v)
	if err != nil {
		return err
	}
	later := map[model.ID]int{}
	err = v.Since(ctx, p.run, func(by model.ID, r model.Recorded) error {
		c, err := r.Typed()
		if err == nil && (taken.touchedBy(c) || p.refersTo(r, taken.created)) {
			later[by]++
		}
		return err
	})
	if err == nil && len(later) > 0 {
		err = inTheWay(p.run, later)
	}
	return err
}

// changedByOthers finds a record that is not as the run left it.
func (p doneBy) changedByOthers(ctx context.Context, v *store.View) error {
	standing, differs := make([]bool, len(p.made)), map[int]model.Record{}
	err := v.Standing(ctx, p.run, func(now model.Record) {
		last := p.last[now.Entity()][now.RowID()]
		if standing[last] = true; p.made[last].After != now {
			differs[last] = now
		}
	})
	if err != nil {
		return err
	}
	for _, c := range p.made {
		last := p.last[c.Entity()][c.Record().RowID()]
		left := p.made[last].After
		if now, ok := differs[last]; ok || standing[last] != (left != nil) {
			return &NotUndoneError{p.run, fmt.Sprintf("another program has changed %s since (row %d of its "+
				"table%s), and what is there now would be lost: change it back first, or leave the run as it is",
				words.Describe(c.Record()), c.Record().RowID(), fieldsThatDiffer(left, now))}
		}
	}
	return nil
}

// usedByOthers finds what the run created and other programs point at.
func (p doneBy) usedByOthers(ctx context.Context, v *store.View) error {
	clinging, err := v.Clinging(ctx, p.run)
	if err != nil || len(clinging) == 0 {
		return err
	}
	first := p.made[p.last[clinging[0].Entity][clinging[0].ID]].Record()
	return &NotUndoneError{p.run, fmt.Sprintf("it created %s that other programs use since, the first of them %s: "+
		"take what uses them out first", words.Many(len(clinging), "record"), words.Describe(first))}
}

// grounds are what a run took or left: what a later change must keep off.
type grounds struct {
	doneBy
	created map[model.ID]bool
	places  map[position]bool
	groups  map[model.ID]bool // whose lives hold memberships that come back
	labels  map[model.ID]model.Label
}

func (p doneBy) grounds(ctx context.Context, v *store.View) (*grounds, error) {
	labels, err := v.Labels(ctx)
	g := &grounds{p, map[model.ID]bool{}, map[position]bool{}, map[model.ID]bool{}, labels}
	for _, c := range p.made {
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
	return g, err
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
		return position{r.Entity(), r.LessonID, r.ElementID, ""}, true
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
var referring = map[string]bool{"group_id": true, "element_id": true, "tutor_id": true, "subject_id": true,
	"house_id": true, "boarding_house_id": true,
	"lesson_id": true, "era_id": true, "current_era_id": true, "next_era_id": true, "previous_era_id": true}

// refersTo tells whether a later change speaks of a record that was created. Ids of elements
// are not those of lessons and eras: created is a first sieve, the kind of record the second.
func (p doneBy) refersTo(c model.Recorded, created map[model.ID]bool) bool {
	for _, image := range []model.Image{c.Before.V, c.After.V} {
		for column := range image {
			id := image.ID(column)
			if !referring[column] || !created[id] {
				continue
			}
			if slices.ContainsFunc(referred(column), func(of model.Entity) bool { return p.has(of, id) }) {
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

// inTheWay names the later runs that changed the same records, the newest first.
func inTheWay(id model.ID, later map[model.ID]int) error {
	var runs []model.ID
	for run := range later {
		runs = append(runs, run)
	}
	slices.Sort(runs)
	slices.Reverse(runs)
	const shown = 5
	said := ""
	for i, run := range runs[:min(len(runs), shown)] {
		said += []string{"", ", "}[min(i, 1)] + fmt.Sprintf("run %d (%s)", run, words.Many(later[run], "change"))
	}
	if len(runs) > shown {
		said += fmt.Sprintf(" and %d more", len(runs)-shown)
	}
	if len(runs) == 1 {
		return &NotUndoneError{id, fmt.Sprintf("the same records were changed later, by %s: undo that first", said)}
	}
	return &NotUndoneError{id, fmt.Sprintf("the same records were changed later, by %s: undo those first, the "+
		"newest first", said)}
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

// missesOthers finds a record that the run deleted, and that refers to one which another program has deleted
// since: it cannot come back.
func (p doneBy) missesOthers(ctx context.Context, v *store.View) error {
	needed, of := map[model.ID]bool{}, map[model.ID]model.Entity{}
	need := func(id model.ID, by model.Entity) {
		for _, kind := range model.ElementEntities {
			if p.has(kind, id) { // it is looked at itself
				return
			}
		}
		needed[id], of[id] = true, by
	}
	for _, c := range p.made {
		if c.Action != model.Delete {
			continue
		}
		switch r := c.Before.(type) {
		case model.Membership:
			need(r.GroupID, r.Entity())
			need(r.ElementID, r.Entity())
		case model.Commitment:
			need(r.ElementID, r.Entity())
		}
	}
	if len(needed) == 0 {
		return nil
	}
	gone, err := v.Gone(ctx, needed)
	if err != nil || len(gone) == 0 {
		return err
	}
	return &NotUndoneError{p.run, fmt.Sprintf("it deleted a %s of something that another program has deleted since "+
		"(%d such)", of[gone[0]], len(gone))}
}
