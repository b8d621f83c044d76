package entry

import (
	"context"
	"fmt"
	"slices"

	"misimportd/era"
	"misimportd/era/hint"
	"misimportd/importer/report"
	"misimportd/importer/schoolfiles"
	"misimportd/store"
	"misimportd/store/model"
)

// Suspensions lists those of the file, and those that were entered by command, by their
// beginning.
func Suspensions(ctx context.Context, db *store.DB, file string) (listed []report.ListedSuspension, err error) {
	listed = []report.ListedSuspension{}
	inFile, err := schoolfiles.ReadSuspensions(file)
	if err != nil {
		return listed, err
	}
	list := func(s era.Suspension, id model.ID, in string) {
		years := append([]era.Year{}, s.Years...)
		listed = append(listed, report.ListedSuspension{ID: id, Name: s.Name, Kind: s.Kind, Years: years, From: s.From,
			To: s.To, Daily: s.Daily, In: in})
	}
	err = db.View(ctx, func(v *store.View) error {
		stored, err := v.Suspensions(ctx)
		if err != nil {
			return err
		}
		for _, s := range inFile {
			same := model.ToStored(s, model.InFile)
			var id model.ID
			for _, h := range stored {
				if same.ID = h.ID; same == h {
					id = h.ID
				}
			}
			list(s, id, model.InFile)
		}
		for _, s := range stored {
			if s.Origin == model.ByCommand {
				list(model.FromStored(s), s.ID, model.ByCommand)
			}
		}
		return nil
	})
	slices.SortStableFunc(listed, func(a, b report.ListedSuspension) int { return int(a.From - b.From) })
	return listed, err
}

// AddSuspension enters a suspension or a gap in the database. Lessons and groups follow
// with the next import.
func (d Desk) AddSuspension(ctx context.Context, s era.Suspension) (model.Run, error) {
	if err := s.Check(); err != nil {
		return model.Run{}, err
	}
	return d.changeByHand(ctx, "suspension add", "suspension", func(v *store.View, plan *model.Plan) error {
		stored, err := v.Suspensions(ctx)
		after := model.ToStored(s, model.ByCommand)
		for _, h := range stored {
			if after.ID = h.ID; after == h {
				return fmt.Errorf("it is there already, as number %d", h.ID)
			}
		}
		after.ID = plan.NewID()
		plan.Create(after, model.ByHand)
		return err
	})
}

// RemoveSuspension takes one that was entered by command out of the database again.
func (d Desk) RemoveSuspension(ctx context.Context, id model.ID) (model.Run, error) {
	return d.changeByHand(ctx, "suspension remove", "suspension",
		func(v *store.View, plan *model.Plan) error {
			stored, err := v.Suspensions(ctx)
			if err != nil {
				return err
			}
			i := slices.IndexFunc(stored, func(s model.Suspension) bool { return s.ID == id })
			switch {
			case i < 0:
				return fmt.Errorf("there is no suspension %d: \"%s\" lists them", id, hint.Command("suspension list"))
			case stored[i].Origin == model.InFile:
				return fmt.Errorf("suspension %d, %s, stands in the file of suspensions: take it out there", id,
					stored[i].Name)
			}
			plan.Change(model.Delete, stored[i], nil, model.ByHand)
			return nil
		})
}
