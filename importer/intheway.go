package importer

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"misimportd/store"
)

// checkUntouched finds out whether the records that a run changed are still as it left
// them. It names what is in the way.
func checkUntouched(ctx context.Context, v *store.View, id store.ID, made []store.Change) error {
	labels, err := v.Labels(ctx)
	if err != nil {
		return err
	}
	left, created, places := map[store.Key]store.Record{}, map[store.ID]bool{}, map[string]bool{}
	groups := map[store.ID]bool{} // whose lives hold memberships that come back
	for _, c := range made {
		left[keyOf(c)] = c.After
		for _, place := range placesOf(c.Recorded(), labels) {
			places[place] = true
		}
		if m, ok := c.Record().(store.Membership); ok {
			groups[m.GroupID] = true
		}
		if c.Action == store.Create {
			created[c.After.RowID()] = true
		}
	}
	later := map[store.ID]int{}
	err = v.Since(ctx, id, func(by store.ID, c store.Recorded) {
		_, touched := left[store.Key{Entity: c.Entity, ID: c.RecordID}]
		for _, place := range placesOf(c, labels) {
			touched = touched || places[place]
		}
		touched = touched || c.Entity == store.GroupEntity && groups[c.RecordID] && (c.Before.V["starts_on"] != c.After.V["starts_on"] || c.Before.V["ends_on"] != c.After.V["ends_on"])
		if touched || refersTo(c, created, left) {
			later[by]++
		}
	})
	if err != nil {
		return err
	}
	if len(later) > 0 {
		return inTheWay(id, later)
	}
	standing, err := v.Standing(ctx, id)
	if err != nil {
		return err
	}
	for _, c := range made {
		key := keyOf(c)
		now, there := standing[key]
		if after := left[key]; there != (after != nil) || there && now != after {
			return &NotUndoneError{id, fmt.Sprintf("another program has changed %s since (row %d of its table%s), and what is there now would be lost: change it back first, or leave the run as it is", describe(c.Record()), key.ID, fieldsThatDiffer(left[key], now))}
		}
	}
	clinging, err := v.Clinging(ctx, id)
	if err != nil || len(clinging) == 0 {
		return err
	}
	at := slices.IndexFunc(made, func(c store.Change) bool { return keyOf(c) == clinging[0] && c.Action == store.Create })
	return &NotUndoneError{id, fmt.Sprintf("it created %s that other programs use since, the first of them %s: take what uses them out first", many(len(clinging), "record"), describe(made[at].Record()))}
}

// unique are the columns by which there is one row only of an entity, or few that exclude each
// other: another row may stand in the place of one that an undo would bring back.
var unique = map[store.Entity][]string{
	store.MembershipEntity: {"group_id", "element_id"}, store.CommitmentEntity: {"lesson_id", "element_id"}, store.LessonEntity: {"source_id", "on_date"},
	store.GroupEntity: {"era_id", store.KindOfGroup, "source_id"}, store.GroupSuspensionEntity: {"group_id"}, store.AbsenceEntity: {"element_id"},
	store.PinEntity: {"element_id", "field", "group_id"}, store.UnwantedEntity: {"sha256"}, store.EraEntity: {"name"},
}

// placesOf are the places that a change takes or leaves. A pupil has one place in all forms.
func placesOf(c store.Recorded, labels map[store.ID]store.Label) (places []string) {
	columns, ok := unique[c.Entity]
	if !ok {
		return nil
	}
	for _, image := range []store.Image{c.Before.V, c.After.V} {
		if image == nil {
			continue
		}
		place := string(c.Entity)
		for _, column := range columns {
			place += fmt.Sprintf("\x00%v", image[column])
		}
		places = append(places, place)
		if c.Entity == store.MembershipEntity && labels[image.ID("group_id")].Kind == store.FormGroup {
			places = append(places, fmt.Sprintf("form of %d", image.ID("element_id")))
		}
	}
	return places
}

func keyOf(c store.Change) store.Key { return store.Key{Entity: c.Entity(), ID: c.Record().RowID()} }

// referring are the columns that hold the id of an element, a lesson or an era.
var referring = map[string]bool{"group_id": true, "element_id": true, "tutor_id": true, "subject_id": true, "house_id": true, "boarding_house_id": true,
	"lesson_id": true, "era_id": true, "current_era_id": true, "next_era_id": true, "previous_era_id": true}

// refersTo tells whether a later change speaks of a record that was created. Ids of elements
// are not those of lessons and eras: created is a first sieve, left the second.
func refersTo(c store.Recorded, created map[store.ID]bool, left map[store.Key]store.Record) bool {
	for _, image := range []store.Image{c.Before.V, c.After.V} {
		for column := range image {
			id := image.ID(column)
			if !referring[column] || !created[id] {
				continue
			}
			for _, entity := range referred(column) {
				if _, ok := left[store.Key{Entity: entity, ID: id}]; ok {
					return true
				}
			}
		}
	}
	return false
}

// referred are the kinds of record that a column can refer to.
func referred(column string) []store.Entity {
	switch column {
	case "lesson_id":
		return []store.Entity{store.LessonEntity}
	case "era_id", "current_era_id", "next_era_id", "previous_era_id":
		return []store.Entity{store.EraEntity}
	}
	return []store.Entity{store.PupilEntity, store.StaffEntity, store.LocationEntity, store.SubjectEntity, store.HouseEntity, store.GroupEntity}
}

// inTheWay names the later runs that changed the same records, the newest first.
func inTheWay(id store.ID, later map[store.ID]int) error {
	var runs []store.ID
	for run := range later {
		runs = append(runs, run)
	}
	slices.Sort(runs)
	slices.Reverse(runs)
	const shown = 5
	said := ""
	for i, run := range runs[:min(len(runs), shown)] {
		said += []string{"", ", "}[min(i, 1)] + fmt.Sprintf("run %d (%s)", run, many(later[run], "change"))
	}
	if len(runs) > shown {
		said += fmt.Sprintf(" and %d more", len(runs)-shown)
	}
	if len(runs) == 1 {
		return &NotUndoneError{id, fmt.Sprintf("the same records were changed later, by %s: undo that first", said)}
	}
	return &NotUndoneError{id, fmt.Sprintf("the same records were changed later, by %s: undo those first, the newest first", said)}
}

// describe names a record, people by their ids.
func describe(r store.Record) string {
	switch r := r.(type) {
	case store.Group:
		return fmt.Sprintf("%s #%s", r.GroupKind, clean(r.SourceID))
	case interface{ Source() string }:
		return fmt.Sprintf("%s #%s", r.(store.Record).Entity(), clean(r.Source()))
	}
	return fmt.Sprintf("a %s", r.Entity())
}

// fieldsThatDiffer names the fields in which a record is not as it was left.
func fieldsThatDiffer(left, now store.Record) string {
	if left == nil || now == nil {
		return ""
	}
	change := store.Change{Action: store.Update, Before: left, After: now}.Recorded()
	var fields []string
	for column, value := range change.After.V {
		if value != change.Before.V[column] {
			fields = append(fields, strings.ReplaceAll(column, "_", " "))
		}
	}
	slices.Sort(fields)
	return ": " + strings.Join(fields, ", ")
}
