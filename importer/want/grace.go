package want

import (
	"misimportd/store/model"
)

// isAwaited tells whether an element that the MIS no longer has is not to be ended yet. A section
// that is missing, and that a person has said to be empty, is not waited for.
func (w *Wanted) isAwaited(h model.Record, isBelieved bool) bool {
	return w.Grace > 0 && !isBelieved && !w.isOver(h) && w.WhyGone(h) != model.NotImported && w.absence(h.RowID()).
		Nights <= w.Grace
}

// isOver tells whether the MIS has a group still, and says that it is over: nobody waits for it.
func (w *Wanted) isOver(h model.Record) bool {
	g, isGroup := h.(model.Group)
	return isGroup && w.over[Ref{g.GroupKind, g.SourceID}]
}

// absence is for how many nights an element has been absent, tonight included: the same night once
// more counts once (R29).
func (w *Wanted) absence(element model.ID) model.Absence {
	a := w.AbsenceOf(element)
	if w.Night > a.LastOn {
		a.Nights, a.LastOn = a.Nights+1, w.Night
	}
	return a
}

// AbsenceOf is what the database holds of an element's absence.
func (w *Wanted) AbsenceOf(element model.ID) model.Absence {
	a := w.absences[element]
	a.ElementID = element
	return a
}
