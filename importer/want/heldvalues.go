package want

import (
	"slices"
	"strings"

	"misimportd/store/model"
)

// holdFields gives wanted records the values that they have of the fields of which changes are
// held. A pupil's name is held without the form, which follows (R8).
func (w *Wanted) holdFields() {
	if len(w.HoldValues) == 0 {
		return
	}
	stays := map[model.ID]bool{}
	noteCurrent(stays, w.Staff)
	noteCurrent(stays, w.Subjects)
	noteCurrent(stays, w.Houses)
	k := keeper{w.HoldValues, stays}
	keepFields(k, w.Pupils, w.withoutForms(w.State.Pupils))
	keepFields(k, w.Staff, w.State.Staff)
	keepFields(k, w.Groups, w.State.Groups)
	keepFields(k, w.Locations, w.State.Locations)
	keepFields(k, w.Subjects, w.State.Subjects)
	keepFields(k, w.Houses, w.State.Houses)
}

// keeper says what of a record is kept: these fields, but for references to what goes.
type keeper struct {
	fields map[model.FieldKind]bool
	stays  map[model.ID]bool
}

func noteCurrent[T Element](stays map[model.ID]bool, records []T) {
	for _, r := range records {
		stays[r.RowID()] = r.IsCurrent()
	}
}

func keepFields[T Element](k keeper, want, have []T) {
	had := make(map[model.ID]T, len(have))
	for _, h := range have {
		had[h.RowID()] = h
	}
	for i := range want {
		h, known := had[want[i].RowID()]
		for f := range k.fields {
			if !known || !h.IsCurrent() || f.Kind != model.KindOfRecord(h) {
				continue
			}
			if to, refers := model.ValueOf(h, f.Field).(model.ID); !refers || k.stays[to] {
				want[i] = model.Keep(want[i], h, f.Field)
			}
		}
	}
}

// withoutForms is the pupils under their names without the form, where the MIS says one: it
// is put there again.
func (w *Wanted) withoutForms(pupils []model.Pupil) []model.Pupil {
	names := map[model.ID]string{}
	for _, g := range w.State.Groups {
		names[g.ID] = g.Name
	}
	pupils = slices.Clone(pupils)
	for i := range pupils {
		p := &pupils[i]
		if _, said := w.readable[p.SourceID]; said {
			p.Name = strings.TrimSuffix(p.Name, " ("+names[w.FormOf[p.ID].ID]+")")
		}
	}
	return pupils
}
