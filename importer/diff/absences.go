package diff

import (
	"fmt"

	"misimportd/importer/words"
	"misimportd/store/model"
)

// changeAbsences plans the record of who is awaited. Of those whose end is held, or of whom
// nobody knows, it stays as it is.
func (d *differ) changeAbsences() {
	var changes []model.Change
	for _, a := range d.state.Absences {
		if d.Kept[a.ElementID] == 0 {
			changes = append(changes, model.Change{Action: model.Delete, Why: model.NotAbsent, Before: a})
		}
	}
	for _, a := range d.Absent {
		by := fmt.Sprintf("%d of %s", a.Nights, words.Nights(d.Grace))
		switch had := d.AbsenceOf(a.ElementID); {
		case had.ID == 0:
			a.ID = d.plan.NewID()
			changes = append(changes, model.Change{Action: model.Create, Why: model.AbsentSoFar, By: by, After: a})
		case had != a:
			changes = append(changes, model.Change{Action: model.Update, Why: model.AbsentSoFar, By: by, Before: had,
				After: a})
		}
	}
	d.add(changes)
}
