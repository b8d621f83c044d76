package mis

import (
	"fmt"

	"misimportd/era"
)

// Resolve checks what the records of s say of each other, drops references to
// records that do not exist, and fills in year groups that follow from other
// records. What it finds it adds to Problems. A reference is left alone when the
// section it points into is silent on it: then nobody knows. A decoder calls it
// once, when all records are in.
func (s *Snapshot) Resolve() {
	s.resolveForms()
	s.resolveSets()
	s.resolvePupils()
	s.resolveSetLists()
}

func (s *Snapshot) note(section, id string, reason Reason, format string, args ...any) {
	s.Problems.Add(Problem{Section: section, ID: id, Reason: reason, Detail: fmt.Sprintf(format, args...)})
}

func (s *Snapshot) resolveForms() {
	staff := index(&s.Staff, func(m StaffMember) string { return m.ID })
	for i := range s.Forms.Records {
		f := &s.Forms.Records[i]
		switch {
		case f.TutorID == "":
			s.note(s.Forms.Section, f.ID, NoTutor, "imported without a tutor")
		case !staff.holds(f.TutorID) && !s.Staff.MayHold(f.TutorID):
			s.note(s.Forms.Section, f.ID, UnknownTutor, "no member of staff has the id %s; imported without a tutor",
				f.TutorID)
			f.TutorID = ""
		}
	}
}

func (s *Snapshot) resolveSets() {
	subjects := index(&s.Subjects, func(r Subject) string { return r.ID })
	for i := range s.Sets.Records {
		r := &s.Sets.Records[i]
		if r.SubjectID != "" && !subjects.holds(r.SubjectID) && !s.Subjects.MayHold(r.SubjectID) {
			s.note(s.Sets.Section, r.ID, UnknownSubject, "no subject has the id %s; imported without one", r.SubjectID)
			r.SubjectID = ""
		}
	}
}

func (s *Snapshot) resolvePupils() {
	forms := index(&s.Forms, func(f Form) string { return f.ID })
	divisions := index(&s.Divisions, func(d Division) string { return d.ID })
	academic := index(&s.AcademicHouses, func(h House) string { return h.Name })
	boarding := index(&s.BoardingHouses, func(h House) string { return h.Name })
	for i := range s.Pupils.Records {
		p := &s.Pupils.Records[i]
		if p.FormID != "" && !forms.holds(p.FormID) && !s.Forms.MayHold(p.FormID) {
			s.note(s.Pupils.Section, p.ID, UnknownForm, "no form has the id %q; imported without a form", p.FormID)
			p.FormID = ""
		}
		if !p.Year.Known() {
			s.fillYear(p, forms.find(p.FormID), divisions.find(p.DivisionID))
		}
		s.resolveHouse(p, &p.House, academic, &s.AcademicHouses)
		s.resolveHouse(p, &p.BoardingHouse, boarding, &s.BoardingHouses)
	}
}

func (s *Snapshot) fillYear(p *Pupil, form *Form, division *Division) {
	switch {
	case form != nil && form.Year.Known():
		p.Year = form.Year
		s.note(s.Pupils.Section, p.ID, NoYearGroup, "taken from form %s: %s", form.ID, p.Year)
	case division != nil && len(division.Years) == 1:
		p.Year = division.Years[0]
		s.note(s.Pupils.Section, p.ID, NoYearGroup, "taken from division %s: %s", division.ID, p.Year)
	default:
		p.Year = era.NoYear
		s.note(s.Pupils.Section, p.ID, NoYearGroup, "neither the pupil, the form nor the division tells it")
	}
}

func (s *Snapshot) resolveHouse(p *Pupil, name *string, houses roster[House], roll *Roll[House]) {
	if *name == "" || houses.holds(*name) || roll.SaysNothing() || len(roll.Unreadable) > 0 || len(roll.Faulty) > 0 {
		return
	}
	s.note(s.Pupils.Section, p.ID, UnknownHouse, "%s has no house %q; imported without it", roll.Section, *name)
	*name = ""
}

func (s *Snapshot) resolveSetLists() {
	sets := index(&s.Sets, func(r Set) string { return r.ID })
	pupils := index(&s.Pupils, func(p Pupil) string { return p.ID })
	kept := s.SetLists.Records[:0]
	for _, m := range s.SetLists.Records {
		switch {
		case !sets.holds(m.SetID):
			switch {
			case s.Sets.SaysNothing():
			case s.Sets.MayHold(m.SetID):
				s.SetLists.Unplaced = append(s.SetLists.Unplaced, m)
			default:
				s.note(s.SetLists.Section, m.ID, UnknownSet,
					"no set has the id %s, which pupil %s is said to be in; skipped", m.SetID, m.PupilID)
			}
		case !pupils.holds(m.PupilID):
			if !s.Pupils.MayHold(m.PupilID) {
				s.note(s.SetLists.Section, m.ID, UnknownPupil, "no pupil has the id %s, said to be in set %s; skipped",
					m.PupilID, m.SetID)
			}
		default:
			kept = append(kept, m)
		}
	}
	s.SetLists.Records = kept
}

// roster finds the records of a roll by a key.
type roster[T any] map[string]*T

func index[T any](roll *Roll[T], key func(T) string) roster[T] {
	r := make(roster[T], len(roll.Records))
	for i := range roll.Records {
		r[key(roll.Records[i])] = &roll.Records[i]
	}
	return r
}

func (r roster[T]) holds(key string) bool { return r[key] != nil }

func (r roster[T]) find(key string) *T { return r[key] }
