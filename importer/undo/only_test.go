package undo_test

import (
	"errors"
	"slices"
	"testing"

	"misimportd/importer/undo"
	"misimportd/store/model"
)

// aNight is a run that admitted Ben into form 7A, moved Ann from 7A to 7B, which her name tells, and gave a lesson
// another teacher. Its rows are called by labels.
func aNight() (made []model.Change, labels map[model.ID]model.Label) {
	renamed, ben := ann, ann
	renamed.Name = "Ann (7B)"
	ben.ID, ben.Name, ben.SourceID = 4, "Ben", "18"
	left, joined, bens := isIn, isIn, isIn
	left.EndsOn = term + 1
	joined.ID, joined.GroupID, joined.StartsOn = 5, 6, term+2
	bens.ID, bens.ElementID = 7, 4
	old := model.Commitment{ID: 10, LessonID: 20, ElementID: 30}
	fresh := model.Commitment{ID: 11, LessonID: 20, ElementID: 31}
	return []model.Change{{Action: model.Create, After: ben}, {Action: model.Update, Before: ann, After: renamed},
			{Action: model.Create, After: bens}, {Action: model.End, Before: isIn, After: left},
			{Action: model.Create, After: joined}, {Action: model.Delete, Before: old},
			{Action: model.Create, After: fresh}},
		map[model.ID]model.Label{1: {Kind: "pupil", SourceID: "17"}, 4: {Kind: "pupil", SourceID: "18"},
			2: {Kind: model.FormGroup, SourceID: "7/A"}, 6: {Kind: model.FormGroup, SourceID: "7/B"},
			30: {Kind: "staff", SourceID: "A"}, 31: {Kind: "staff", SourceID: "B"}}
}

// TestAPartHasAllThatBelongsTogether and nothing else.
func TestAPartHasAllThatBelongsTogether(t *testing.T) {
	for of, want := range map[string][]int{
		"pupil/18": {0, 2},          // who was created goes with the memberships
		"pupil/17": {1, 3, 4},       // who moved is in neither or both halves of it
		"form/7/B": {1, 3, 4},       // likewise, and the name tells the form
		"form/7/A": {0, 1, 2, 3, 4}, // Ben would be in no form
		"staff/B":  {5, 6},          // a lesson is left to its teacher of before
	} {
		made, labels := aNight()
		part, err := undo.Of(7, slices.Clone(made)).Only([]string{of}, labels)
		if err != nil || part.Whole {
			t.Errorf("%s: whole %v, %v", of, part.Whole, err)
			continue
		}
		var got []int
		for _, back := range part.Inverse().Changes {
			got = append(got, slices.IndexFunc(made, func(c model.Change) bool {
				return c.Before == back.After && c.After == back.Before
			}))
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: changes %v, want %v", of, got, want)
		}
	}
}

// TestWhatIsLeftOfARun is what no part has put back; what a run did nothing to is no part of it.
func TestWhatIsLeftOfARun(t *testing.T) {
	made, labels := aNight()
	pupils := map[model.Key]bool{}
	for _, c := range made[:5] {
		pupils[model.Key{Entity: c.Entity(), ID: c.Record().RowID()}] = true
	}
	left := undo.Of(7, made).Without(pupils)
	var refused *undo.NotUndoneError
	if _, err := left.Only([]string{"pupil/17"}, labels); !errors.As(err, &refused) {
		t.Errorf("a pupil who is put back already: %v", err)
	}
	if part, err := left.Only([]string{"staff/A"}, labels); err != nil || !part.Whole {
		t.Errorf("all that is left: %+v %v", part.Whole, err)
	}
	for _, wrong := range []string{"", "pupil", "pupil/", "planet/3"} {
		if undo.CheckOnly([]string{wrong}) == nil {
			t.Errorf("%q is taken for a record", wrong)
		}
	}
	if undo.CheckPart(model.Run{Kind: model.Roll}) == nil || undo.CheckPart(model.Run{Kind: model.Import}) != nil {
		t.Error("imports have parts, and rolls have none")
	}
}

// TestOffersKeepOffWhatIsInTheWay and name nothing that a later change touches.
func TestOffersKeepOffWhatIsInTheWay(t *testing.T) {
	made, labels := aNight()
	later := undo.Of(7, made).Later(labels)
	if err := later.Saw(8, model.Change{Action: model.Update, Before: ann, After: ann}.Recorded()); err != nil {
		t.Fatal(err)
	}
	if got := later.Offers(3); !slices.Equal(got, []string{"pupil/18"}) {
		t.Errorf("offers %v", got)
	}
}
