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
	s.resolveCustom()
	s.resolveCustomMembers()
	s.resolveActivityLinks()
}

func (s *Snapshot) note(section, id string, reason Reason, format string, args ...any) {
	s.Problems.Add(Problem{Section: section, ID: id, Reason: reason, Detail: fmt.Sprintf(format, args...)})
}

// dangling notes that something names a record that is not there, and may have been: to is its id or code, and of what
// names it.
func (s *Snapshot) dangling(section, id string, reason Reason, to, of, detail string) {
	s.Problems.Add(Problem{Section: section, ID: id, Reason: reason, Detail: detail, To: to, Of: of})
}

func (s *Snapshot) resolveForms() {
	staff := index(&s.Staff, func(m StaffMember) string { return m.ID })
	for i := range s.Forms.Records {
		f := &s.Forms.Records[i]
		switch {
		case f.TutorID == "":
			s.note(s.Forms.Section, f.ID, NoTutor, "imported without a tutor")
		case !staff.holds(f.TutorID) && !s.Staff.MayHold(f.TutorID):
			s.dangling(s.Forms.Section, f.ID, UnknownTutor, f.TutorID, f.ID,
				fmt.Sprintf("no member of staff has the id %s; imported without a tutor", f.TutorID))
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
		case !sets.holds(m.GroupID):
			switch {
			case s.Sets.SaysNothing():
			case s.Sets.MayHold(m.GroupID):
				s.SetLists.Unplaced = append(s.SetLists.Unplaced, m)
			default:
				s.note(s.SetLists.Section, m.ID, UnknownSet,
					"no set has the id %s, which pupil %s is said to be in; skipped", m.GroupID, m.PupilID)
			}
		case !pupils.holds(m.PupilID):
			if !s.Pupils.MayHold(m.PupilID) {
				s.dangling(s.SetLists.Section, m.ID, UnknownPupil, m.PupilID, m.GroupID,
					fmt.Sprintf("no pupil has the id %s, said to be in set %s; skipped", m.PupilID, m.GroupID))
			}
		default:
			kept = append(kept, m)
		}
	}
	s.SetLists.Records = kept
}

// resolveCustom finds the authors of custom groups and the names of their categories. A group whose author is
// no current member of staff, or that is deleted, is not there (R14).
func (s *Snapshot) resolveCustom() {
	authors := index(&s.Staff, func(m StaffMember) string { return m.Code })
	categories := index(&s.Categories, func(c Category) string { return c.ID })
	someUnread := s.Staff.SaysNothing() || len(s.Staff.Faulty)+len(s.Staff.Unreadable) > 0
	kept := s.Custom.Records[:0]
	for _, g := range s.Custom.Records {
		author := authors.find(g.Author)
		switch {
		case g.Over:
		case author != nil && g.Author != "":
			g.Author = author.ID
		case g.Author != "" && someUnread: // nobody knows: it stays as it is
			s.Custom.Faulty[g.ID] = true
			continue
		default:
			g.Over = true
			s.dangling(s.Custom.Section, g.ID, UnknownAuthor, g.Author, g.ID,
				"no current member of staff has the author's code; taken as absent")
		}
		if !g.Over {
			s.nameCategory(&g, categories)
		}
		kept = append(kept, g)
	}
	s.Custom.Records = kept
}

func (s *Snapshot) nameCategory(g *CustomGroup, categories roster[Category]) {
	switch c := categories.find(g.CategoryID); {
	case c != nil:
		g.Category = c.Name
	case g.CategoryID == "":
	case s.Categories.MayHold(g.CategoryID):
		g.Nameless = true
	default:
		s.note(s.Custom.Section, g.ID, UnknownCategory, "no category has the id %s; imported without one", g.CategoryID)
	}
}

// resolveCustomMembers leaves out members of groups that are not there, which are many and no fault: groups are
// deleted and their members stay listed.
func (s *Snapshot) resolveCustomMembers() {
	groups := index(&s.Custom, func(g CustomGroup) string { return g.ID })
	pupils := index(&s.Pupils, func(p Pupil) string { return p.ID })
	kept := s.CustomMembers.Records[:0]
	for _, m := range s.CustomMembers.Records {
		switch {
		case !groups.holds(m.GroupID) || groups.find(m.GroupID).Over:
		case !pupils.holds(m.PupilID):
			if !s.Pupils.MayHold(m.PupilID) {
				s.dangling(s.CustomMembers.Section, m.ID, UnknownPupil, m.PupilID, m.GroupID,
					fmt.Sprintf("no pupil has the id %s, said to be in custom group %s; skipped", m.PupilID, m.GroupID))
			}
		default:
			kept = append(kept, m)
		}
	}
	s.CustomMembers.Records = kept
}

// resolveActivityLinks finds the pupils of activities by their school ids, and keeps them within the days of
// the activity.
func (s *Snapshot) resolveActivityLinks() {
	activities := index(&s.Activities, func(a Activity) string { return a.ID })
	pupils := index(&s.Pupils, func(p Pupil) string { return p.SchoolID })
	someUnread := s.Pupils.SaysNothing() || len(s.Pupils.Faulty)+len(s.Pupils.Unreadable) > 0
	l, twice := &s.ActivityLinks, map[string]bool{}
	for i := range s.Pupils.Records {
		p := &s.Pupils.Records[i]
		twice[p.SchoolID] = twice[p.SchoolID] || pupils.find(p.SchoolID) != p
	}
	kept := l.Records[:0]
	for _, m := range l.Records {
		activity, pupil := activities.find(m.ActivityID), pupils.find(m.SchoolID)
		switch {
		case activity == nil:
			if !s.Activities.MayHold(m.ActivityID) {
				s.note(l.Section, m.ID, UnknownActivity, "no activity has the id %s; skipped", m.ActivityID)
			}
		case pupil != nil && twice[m.SchoolID]:
			l.FaultyIn[m.ActivityID] = true
			s.note(l.Section, m.ID, Conflicting, "several pupils have the school id %s; skipped, and nobody "+
				"leaves activity %s because of it", m.SchoolID, m.ActivityID)
		case pupil != nil && m.SchoolID != "":
			m.PupilID = pupil.ID
			if s.keepWithin(&m, activity.Days) {
				kept = append(kept, m)
			}
		case someUnread:
			l.FaultyIn[m.ActivityID] = true
		default:
			s.note(l.Section, m.ID, UnknownPupil, "no pupil has the school id %s, said to be in activity %s; skipped",
				m.SchoolID, m.ActivityID)
		}
	}
	l.Records = kept
}

// keepWithin cuts a membership to the days of its activity, and tells whether there are any left.
func (s *Snapshot) keepWithin(m *ActivityMember, days era.Interval) bool {
	said := m.Days
	m.Days.From = max(m.Days.From, days.From)
	if days.To != 0 && (m.Days.To == 0 || m.Days.To > days.To) {
		m.Days.To = days.To
	}
	isEmpty := m.Days.To != 0 && m.Days.From > m.Days.To
	if said.From != 0 && said.From < days.From || said.To != 0 && days.To != 0 && said.To > days.To || isEmpty {
		s.note(s.ActivityLinks.Section, m.ID, OutsideGroup, "its days reach outside those of activity %s; what is "+
			"within is taken", m.ActivityID)
	}
	return !isEmpty
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
