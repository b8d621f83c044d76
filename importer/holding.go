package importer

import (
	"slices"
	"strings"

	"misimportd/store"
)

// holdFields gives wanted records the values that they have of the fields of which changes are
// held. A pupil's name is held without the form, which follows (R8).
func (d *differ) holdFields() {
	if len(d.holdValues) == 0 {
		return
	}
	keepFields(d.holdValues, d.want.pupils, d.withoutForms(d.state.Pupils))
	keepFields(d.holdValues, d.want.staff, d.state.Staff)
	keepFields(d.holdValues, d.want.groups, d.state.Groups)
	keepFields(d.holdValues, d.want.locations, d.state.Locations)
	keepFields(d.holdValues, d.want.subjects, d.state.Subjects)
	keepFields(d.holdValues, d.want.houses, d.state.Houses)
}

func keepFields[T element](fields map[fieldKind]bool, want, have []T) {
	had := make(map[store.ID]T, len(have))
	for _, h := range have {
		had[h.RowID()] = h
	}
	for i := range want {
		for f := range fields {
			if h, known := had[want[i].RowID()]; known && h.IsCurrent() && f.kind == kindOfRecord(h) {
				want[i] = store.Keep(want[i], h, f.field)
			}
		}
	}
}

// withoutForms is the pupils under their names without the form, where the MIS says one: it
// is put there again.
func (d *differ) withoutForms(pupils []store.Pupil) []store.Pupil {
	names := map[store.ID]string{}
	for _, g := range d.state.Groups {
		names[g.ID] = g.Name
	}
	pupils = slices.Clone(pupils)
	for i := range pupils {
		p := &pupils[i]
		if _, said := d.said[p.SourceID]; said {
			p.Name = strings.TrimSuffix(p.Name, " ("+names[d.formOf[p.ID].ID]+")")
		}
	}
	return pupils
}
