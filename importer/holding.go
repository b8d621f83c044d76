package importer

import (
	"slices"
	"strings"

	"misimportd/store/model"
)

// holdFields gives wanted records the values that they have of the fields of which changes are
// held. A pupil's name is held without the form, which follows (R8).
func (w *Wanted) holdFields() {
	if len(w.holdValues) == 0 {
		return
	}
	stays := map[model.ID]bool{}
	noteCurrent(stays, w.staff)
	noteCurrent(stays, w.subjects)
	noteCurrent(stays, w.houses)
	k := keeper{w.holdValues, stays}
	keepFields(k, w.pupils, w.withoutForms(w.State.Pupils))
	keepFields(k, w.staff, w.State.Staff)
	keepFields(k, w.groups, w.State.Groups)
	keepFields(k, w.locations, w.State.Locations)
	keepFields(k, w.subjects, w.State.Subjects)
	keepFields(k, w.houses, w.State.Houses)
}

// keeper says what of a record is kept: these fields, but for references to what goes.
type keeper struct {
	fields map[fieldKind]bool
	stays  map[model.ID]bool
}

func noteCurrent[T element](stays map[model.ID]bool, records []T) {
	for _, r := range records {
		stays[r.RowID()] = r.IsCurrent()
	}
}

func keepFields[T element](k keeper, want, have []T) {
	had := make(map[model.ID]T, len(have))
	for _, h := range have {
		had[h.RowID()] = h
	}
	for i := range want {
		h, known := had[want[i].RowID()]
		for f := range k.fields {
			if !known || !h.IsCurrent() || f.kind != kindOfRecord(h) {
				continue
			}
			if to, refers := valueOf(h, f.field).(model.ID); !refers || k.stays[to] {
				want[i] = model.Keep(want[i], h, f.field)
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
		if _, said := w.said[p.SourceID]; said {
			p.Name = strings.TrimSuffix(p.Name, " ("+names[w.formOf[p.ID].ID]+")")
		}
	}
	return pupils
}
