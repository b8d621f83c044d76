package undo_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"misimportd/era"
	"misimportd/importer/undo"
	"misimportd/store/model"
)

var (
	term = era.NewDate(2016, 9, 5)
	ann  = model.Pupil{Element: model.Element{ID: 1, Kind: "pupil", Name: "Ann", Current: true},
		Origin: model.Origin{DatasourceID: 1, SourceID: "17"}}
	form = model.Group{Element: model.Element{ID: 2, Kind: "group", Name: "7A", Current: true},
		Origin: model.Origin{DatasourceID: 1, SourceID: "7/A"}, GroupKind: model.FormGroup, StartsOn: term}
	isIn = model.Membership{ID: 3, GroupID: 2, ElementID: 1, StartsOn: term}
)

// made is a run that took Ann out of her form, which was renamed, and entered Ben.
func made() []model.Change {
	renamed, ben := form, ann
	renamed.Name = "7Alpha"
	ben.ID, ben.Name, ben.SourceID = 4, "Ben", "18"
	return []model.Change{{Action: model.Update, Before: form, After: renamed},
		{Action: model.Delete, Before: isIn}, {Action: model.Create, After: ben}}
}

func before() *model.State {
	return &model.State{Pupils: []model.Pupil{ann}, Groups: []model.Group{form}, Memberships: []model.Membership{isIn}}
}

// TestTheInverseLeadsBack: a run carried out and turned round leaves the state that there was.
func TestTheInverseLeadsBack(t *testing.T) {
	after := before().After(model.Plan{Changes: made()}, term)
	if len(after.Pupils) != 2 || len(after.Memberships) != 0 {
		t.Fatalf("the run did nothing: %+v", after)
	}
	back := after.After(undo.Of(7, made()).Inverse(), term)
	want := before().After(model.Plan{}, term)
	if diff := cmp.Diff(want, back); diff != "" {
		t.Error(diff)
	}
}

// TestWhatIsInTheWay names what happened since, and nothing where nothing did.
func TestWhatIsInTheWay(t *testing.T) {
	labels := map[model.ID]model.Label{2: {Kind: model.FormGroup}}
	other, elsewhere := isIn, form
	other.ID, other.ElementID, other.GroupID = 9, 1, 5
	elsewhere.ID, elsewhere.SourceID = 5, "7/B"
	labels[5] = model.Label{Kind: model.FormGroup}
	for what, c := range map[string]struct {
		later model.Change
		says  string
	}{
		"the pupil is in another form now": {model.Change{Action: model.Create, After: other}, "run 8 (1 change)"},
		"the form is renamed once more":    {model.Change{Action: model.Update, Before: form, After: form}, "run 8"},
		"another form begins":              {model.Change{Action: model.Create, After: elsewhere}, ""},
	} {
		later := undo.Of(7, made()).Later(labels)
		if err := later.Saw(8, c.later.Recorded()); err != nil {
			t.Fatal(err)
		}
		err := later.InTheWay()
		var refused *undo.NotUndoneError
		if errors.As(err, &refused) != (c.says != "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", what, err)
		}
	}
	left := undo.Of(7, made()).Left()
	left.Saw(made()[0].After)
	left.Saw(made()[2].After)
	if err := left.InTheWay(); err != nil {
		t.Errorf("all is as it was left: %v", err)
	}
	left.Saw(form) // its old name is back
	if err := left.InTheWay(); err == nil || !strings.Contains(err.Error(), "row 2 of its table: name") {
		t.Errorf("%v", err)
	}
	if needs := undo.Of(7, made()).Needs(); len(needs) != 1 || needs[1] != model.MembershipEntity {
		t.Errorf("%v", needs) // the form is looked at itself
	}
}
