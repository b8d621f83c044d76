package importer

import (
	"fmt"

	"misimportd/store/model"
)

// isAwaited tells whether an element that the MIS no longer has is not to be ended yet, and
// notes for how many nights it has been absent. The same night once more
// counts once (R29). A section that is missing, and that a
// person has said to be empty, is not waited for.
func (w *Wanted) isAwaited(h model.Record, isBelieved bool) bool {
	if w.grace == 0 || isBelieved || w.whyGone(h) == model.NotImported {
		return false
	}
	absence := w.absenceOf(h.RowID())
	if w.night > absence.LastOn {
		absence.Nights, absence.LastOn = absence.Nights+1, w.night
	}
	if absence.Nights > w.grace {
		return false
	}
	w.absent = append(w.absent, absence)
	return true
}

// absenceOf is what the database holds of an element's absence.
func (w *Wanted) absenceOf(element model.ID) model.Absence {
	if w.absences == nil {
		w.absences = map[model.ID]model.Absence{}
		for _, a := range w.State.Absences {
			w.absences[a.ElementID] = a
		}
	}
	a := w.absences[element]
	a.ElementID = element
	return a
}

// changeAbsences plans the record of who is awaited. Of those whose end is held, or of whom
// nobody knows, it stays as it is.
func (d *differ) changeAbsences() {
	for _, a := range d.State.Absences {
		if d.kept[a.ElementID] == 0 {
			d.plan.Change(model.Delete, a, nil, model.NotAbsent)
		}
	}
	for _, a := range d.absent {
		why := model.AbsentSoFar + model.Reason(fmt.Sprintf(": %d of %s", a.Nights, nights(d.grace)))
		switch had := d.absenceOf(a.ElementID); {
		case had.ID == 0:
			a.ID = d.plan.NewID()
			d.plan.Create(a, why)
		case had != a:
			d.plan.Change(model.Update, had, a, why)
		}
	}
}

func nights(n int) string {
	if n == 1 {
		return "1 night"
	}
	return fmt.Sprintf("%d nights", n)
}
