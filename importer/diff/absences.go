package diff

import (
	"fmt"

	"misimportd/importer/words"
	"misimportd/store/model"
)

// changeAbsences plans the record of who is awaited. Of those whose end is held, or of whom
// nobody knows, it stays as it is.
func (d *differ) changeAbsences() {
	for _, a := range d.State.Absences {
		if d.Kept[a.ElementID] == 0 {
			d.plan.Change(model.Delete, a, nil, model.NotAbsent)
		}
	}
	for _, a := range d.Absent {
		why := model.AbsentSoFar + model.Reason(fmt.Sprintf(": %d of %s", a.Nights, words.Nights(d.Grace)))
		switch had := d.AbsenceOf(a.ElementID); {
		case had.ID == 0:
			a.ID = d.plan.NewID()
			d.plan.Create(a, why)
		case had != a:
			d.plan.Change(model.Update, had, a, why)
		}
	}
}
