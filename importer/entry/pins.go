package entry

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"misimportd/era/hint"
	"misimportd/importer/report"
	"misimportd/store"
	"misimportd/store/model"
)

// Pins lists what imports leave as it is.
func Pins(ctx context.Context, db *store.DB) (listed []report.ListedPin, err error) {
	listed = []report.ListedPin{}
	err = db.View(ctx, func(v *store.View) error {
		pins, err := v.Pins(ctx)
		if err != nil {
			return err
		}
		labels, err := v.Labels(ctx)
		for _, p := range pins {
			label := labels[p.ElementID]
			l := report.ListedPin{ID: p.ID, Kind: label.Kind, SourceID: label.SourceID, Name: label.Name,
				Field: p.Field}
			if p.GroupID != 0 {
				group := labels[p.GroupID]
				l.Group = &report.GroupRef{Kind: group.Kind, SourceID: group.SourceID, Name: group.Name}
			}
			listed = append(listed, l)
		}
		return err
	})
	return listed, err
}

// PinKinds are the kinds of record that can be pinned.
var PinKinds = []string{"pupil", "staff", "location", "subject", "house", model.FormGroup, model.SetGroup,
	model.CustomGroup, model.ActivityGroup}

// AddPin has imports leave a field of a record as it is in the database, or, where what is
// a group such as set/1234, whether a pupil is in that group. Groups are those of the
// current era.
func (d Desk) AddPin(ctx context.Context, kind, sourceID, what string) (model.Run, error) {
	return d.changeByHand(ctx, "pin", "pin", func(v *store.View, plan *model.Plan) error {
		groupKind, id, isGroup := strings.Cut(what, "/")
		if isGroup && kind != "pupil" {
			return fmt.Errorf("only a pupil's place in a group can be pinned, not that of a %s", kind)
		}
		element, err := findOne(ctx, v, kind, sourceID)
		if err != nil {
			return err
		}
		pin := model.Pin{ElementID: element}
		if isGroup {
			if pin.GroupID, err = findOne(ctx, v, groupKind, id); err != nil {
				return err
			}
		} else if pin.Field, err = pinnable(kind, what); err != nil {
			return err
		}
		pins, err := v.Pins(ctx)
		if err != nil {
			return err
		}
		for _, p := range pins {
			if pin.ID = p.ID; p == pin {
				return fmt.Errorf("that is pinned already, by pin %d", p.ID)
			}
		}
		pin.ID = plan.NewID()
		plan.Create(pin, model.ByHand)
		return nil
	})
}

// findOne finds the record that the MIS has under a kind and an id.
func findOne(ctx context.Context, v *store.View, kind, sourceID string) (model.ID, error) {
	if !slices.Contains(PinKinds, kind) {
		return 0, fmt.Errorf("%q is no kind of record that can be pinned: choose one of %s", kind,
			strings.Join(PinKinds, ", "))
	}
	calendar, err := v.Calendar(ctx)
	if err != nil {
		return 0, err
	}
	in := calendar.Settings.CurrentEraID
	if kind == model.CustomGroup { // they have no end
		in = calendar.Settings.PerpetualEraID
	}
	ids, err := v.Find(ctx, kind, sourceID, in)
	if err != nil {
		return 0, err
	}
	if len(ids) == 0 {
		return 0, fmt.Errorf("there is no %s with the id %s: the id is the MIS's own, as \"%s\" and the views for "+
			"reports have it", kind, sourceID, hint.Command("plan --json"))
	}
	return ids[0], nil
}

// pinnable is the column that a field's name means.
func pinnable(kind, field string) (string, error) {
	entity := model.Entity(kind)
	if slices.Contains(model.GroupKinds, kind) && kind != model.HouseGroup {
		entity = model.GroupEntity
	}
	fields := model.Pinnable(entity)
	for _, column := range []string{field, field + "_id"} {
		if slices.Contains(fields, column) {
			return column, nil
		}
	}
	return "", fmt.Errorf("a %s has no field %q that can be pinned: choose one of %s", kind, field,
		strings.Join(fields, ", "))
}

// RemovePin lets imports change again what was pinned.
func (d Desk) RemovePin(ctx context.Context, id model.ID) (model.Run, error) {
	return d.changeByHand(ctx, "pins remove", "pin", func(v *store.View, plan *model.Plan) error {
		pins, err := v.Pins(ctx)
		if err != nil {
			return err
		}
		for _, p := range pins {
			if p.ID == id {
				plan.Change(model.Delete, p, nil, model.ByHand)
				return nil
			}
		}
		return fmt.Errorf("there is no pin %d: \"%s\" lists them", id, hint.Command("pins list"))
	})
}
