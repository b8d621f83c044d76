package sources

import (
	"misimportd/mis"
	"misimportd/store/model"
)

// olds are the rows of the previous MIS as candidates.
func olds[T model.Record](rows []T, of func(T) candidate) (list []candidate) {
	for _, r := range rows {
		c := of(r)
		c.row = r
		list = append(list, c)
	}
	return list
}

// news are the records of the new MIS that have no row of their own.
func news[T any](k *kind, to model.ID, records []T, of func(T) candidate) {
	for _, r := range records {
		if c := of(r); !k.known[c.id] {
			c.row = origin{model.Origin{DatasourceID: to, SourceID: c.id}}
			k.new = append(k.new, c)
		}
	}
}

func known[T interface{ Source() string }](rows []T) map[string]bool {
	ids := make(map[string]bool, len(rows))
	for _, r := range rows {
		ids[r.Source()] = true
	}
	return ids
}

// pupils are matched by what the school's configuration names.
func (m Matching) pupils() kind {
	k := kind{name: "pupil", by: m.Pupils, known: known(m.Known.Pupils)}
	k.old = olds(m.Old.Pupils, func(p model.Pupil) candidate {
		return candidate{id: p.SourceID, name: p.Name, current: p.Current,
			key: map[string]string{BySchoolID: p.SchoolID, BySameID: p.SourceID, ByEmail: folded(p.Email)}[m.Pupils]}
	})
	news(&k, m.Known.DatasourceID, m.Snap.Pupils.Records, func(p mis.Pupil) candidate {
		return candidate{id: p.ID, name: p.Name,
			key: map[string]string{BySchoolID: p.SchoolID, BySameID: p.ID, ByEmail: folded(p.Email)}[m.Pupils]}
	})
	return k
}

// staff are matched by the id that the new MIS says they had in the previous one.
func (m Matching) staff() kind {
	k := kind{name: "staff", by: "previous id", known: known(m.Known.Staff)}
	k.old = olds(m.Old.Staff, func(s model.Staff) candidate {
		return candidate{id: s.SourceID, name: s.Name, current: s.Current, key: s.SourceID}
	})
	news(&k, m.Known.DatasourceID, m.Snap.Staff.Records, func(s mis.StaffMember) candidate {
		return candidate{id: s.ID, name: s.Name, key: s.PreviousID}
	})
	return k
}

// places are matched by name, as subjects and houses are.
func (m Matching) places() kind {
	k := kind{name: "location", by: "name", known: known(m.Known.Locations)}
	k.old = olds(m.Old.Locations, func(l model.Location) candidate {
		return candidate{id: l.SourceID, name: l.Name, current: l.Current, key: folded(l.Name)}
	})
	news(&k, m.Known.DatasourceID, m.Snap.Locations.Records, func(l mis.Location) candidate {
		return candidate{id: l.ID, name: l.Name, key: folded(l.Name)}
	})
	return k
}

func (m Matching) subjects() kind {
	k := kind{name: "subject", by: "name", known: known(m.Known.Subjects)}
	k.old = olds(m.Old.Subjects, func(s model.Subject) candidate {
		return candidate{id: s.SourceID, name: s.Name, current: s.Current, key: folded(s.Name)}
	})
	news(&k, m.Known.DatasourceID, m.Snap.Subjects.Records, func(s mis.Subject) candidate {
		return candidate{id: s.ID, name: s.Name, key: folded(s.Name)}
	})
	return k
}

// houses of the two types are apart.
func (m Matching) houses() kind {
	k := kind{name: "house", by: "name", known: known(m.Known.Houses)}
	k.old = olds(m.Old.Houses, func(h model.House) candidate {
		return candidate{id: h.SourceID, name: h.Name, current: h.Current, key: h.Type + " " + folded(h.Name)}
	})
	for _, roll := range []*mis.Roll[mis.House]{&m.Snap.AcademicHouses, &m.Snap.BoardingHouses} {
		news(&k, m.Known.DatasourceID, roll.Records, func(h mis.House) candidate {
			return candidate{id: h.ID, name: h.Name, key: string(h.Kind) + " " + folded(h.Name)}
		})
	}
	return k
}
