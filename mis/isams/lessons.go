package isams

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"misimportd/era"
	"misimportd/mis"
)

// made is the lessons that came of a timetable's entries, and what stood in their way.
type made struct {
	lessons  []mis.Lesson    // in order of their first id
	faulty   map[string]bool // ids of entries that are somewhere, and nobody knows where (R33)
	doubtful map[string]bool // their codes and names
	problems []mis.Problem
}

// making makes the lessons: entries that are one lesson go by one key.
type making struct {
	school  *mis.Snapshot // looked at only
	periods periods
	forms   *mis.Roll[teachingForm]
	made    made
	by      map[string]*mis.Lesson
	keys    []string
	names
}

// names finds records by what a timetable calls them.
type names struct {
	staff  map[string]string // id by code
	sets   map[string]*mis.Set
	byCode map[string][]string // ids of sets
	form   map[string]*mis.Form
	taught map[string]teachingForm // by what the lessons of a form are called; form is its id here
	pupils map[string]*mis.Pupil
}

// makeLessons makes the lessons of entries, which are given by the names of their sections.
func makeLessons(rolls map[string]*mis.Roll[entry], school *mis.Snapshot, p periods,
	forms *mis.Roll[teachingForm]) made {
	m := &making{school: school, periods: p, forms: forms, by: map[string]*mis.Lesson{}, names: namesIn(school, forms),
		made: made{faulty: map[string]bool{}, doubtful: map[string]bool{}}}
	for _, section := range []string{schedules, staffMeetings, yearSchedules, tutorials} {
		for _, e := range rolls[section].Records {
			m.make(e)
		}
	}
	for _, key := range m.keys {
		l := m.by[key]
		slices.SortFunc(l.IDs, compareLessonIDs)
		for _, list := range []*[]string{&l.Sets, &l.Forms, &l.Staff, &l.Locations, &l.Pupils,
			&l.Subjects} {
			slices.SortFunc(*list, mis.CompareIDs)
			*list = slices.Compact(*list)
		}
		slices.Sort(l.Years)
		l.Years = slices.Compact(l.Years)
		m.made.lessons = append(m.made.lessons, *l)
	}
	slices.SortFunc(m.made.lessons, func(a, b mis.Lesson) int { return compareLessonIDs(a.IDs[0], b.IDs[0]) })
	return m.made
}

func namesIn(school *mis.Snapshot, forms *mis.Roll[teachingForm]) names {
	n := names{staff: staffByCode(school), sets: map[string]*mis.Set{}, byCode: map[string][]string{},
		form: map[string]*mis.Form{}, taught: map[string]teachingForm{}, pupils: map[string]*mis.Pupil{}}
	for i := range school.Sets.Records {
		r := &school.Sets.Records[i]
		n.sets[r.ID] = r
		n.byCode[cmp.Or(r.Code, r.Name)] = append(n.byCode[cmp.Or(r.Code, r.Name)], r.ID)
	}
	byName := map[string]string{}
	for i := range school.Forms.Records {
		r := &school.Forms.Records[i]
		n.form[r.ID], byName[r.Name] = r, r.ID
	}
	for _, r := range forms.Records {
		if form := cmp.Or(idOf(n.form, r.form), byName[r.form]); form != "" {
			r.form = form
			n.taught[r.code] = r
		}
	}
	for i := range school.Pupils.Records {
		n.pupils[school.Pupils.Records[i].SchoolID] = &school.Pupils.Records[i]
	}
	return n
}

// compareLessonIDs puts a kind's ids in the order of their numbers.
func compareLessonIDs(a, b string) int {
	kindA, idA, _ := strings.Cut(a, "/")
	kindB, idB, _ := strings.Cut(b, "/")
	return cmp.Or(cmp.Compare(kindA, kindB), mis.CompareIDs(idA, idB))
}

func idOf[T any](m map[string]*T, id string) string {
	if m[id] == nil {
		return ""
	}
	return id
}

// make turns an entry into lessons, or adds it to one that is there (R24).
func (m *making) make(e entry) {
	switch e.section {
	case schedules:
		m.add(e, mis.Taught, e.period, strings.Join([]string{"schedule", e.code, e.period, e.room}, "\x00"), e.id)
	case staffMeetings:
		key := "alone " + e.id
		if e.group != "" && e.group != "0" {
			key = "of " + e.group
		}
		m.add(e, mis.Meeting, e.period, strings.Join([]string{"meeting", key, e.period}, "\x00"), e.id)
	case yearSchedules:
		m.add(e, mis.Assembly, e.period, strings.Join([]string{"year", e.name, e.period, e.room}, "\x00"), e.id)
	case tutorials:
		periods := of(e.periods)
		for _, period := range periods {
			id := e.id
			if len(periods) > 1 {
				id += "/" + period
			}
			m.add(e, mis.Tutorial, period, "tutorial\x00"+id, id)
		}
		if e.periods == "" {
			m.note(e, mis.UnknownPeriod, "it has no period; skipped")
		}
	}
}

func (m *making) note(e entry, reason mis.Reason, format string, args ...any) {
	m.made.problems = append(m.made.problems, mis.Problem{Section: e.section, ID: e.id, Reason: reason,
		Detail: fmt.Sprintf(format, args...)})
}

// noTeacher notes that nobody has the code, or the id, by which an entry names a teacher. A class's code is told too:
// other names may be people's.
func (m *making) noTeacher(e entry, by, teacher string) {
	problem := mis.Problem{Section: e.section, ID: e.id, Reason: mis.UnknownTeacher, To: clip(teacher),
		Detail: fmt.Sprintf("no member of staff has the %s %q; imported without", by, clip(teacher))}
	if e.section == schedules {
		problem.Of = clip(e.code)
	}
	m.made.problems = append(m.made.problems, problem)
}

// add makes a lesson of an entry, or adds what it says to the one of the same key.
func (m *making) add(e entry, kind mis.LessonKind, period, key, id string) {
	if _, ok := m.periods.known[period]; !ok {
		if period == "" || m.periods.conflicting[period] ||
			m.periods.lost { // it is somewhere, and nobody knows where (R33)
			m.made.faulty[lessonID(e.section, e.id)] = true
			m.made.doubtful[e.code], m.made.doubtful[e.name] = true, true
			if m.periods.conflicting[period] {
				return // the period's fault is reported
			}
		}
		m.note(e, mis.UnknownPeriod, "no period has the id %q; skipped", period)
		return
	}
	l := m.by[key]
	if l == nil {
		l = &mis.Lesson{Kind: kind, Code: e.code, Name: e.name, PeriodID: period}
		m.by[key] = l
		m.keys = append(m.keys, key)
	}
	l.IDs = append(l.IDs, lessonID(e.section, id))
	l.Name = min(l.Name, e.name) // whatever the order
	m.addStaff(l, e)
	m.addRoom(l, e)
	switch e.section {
	case schedules:
		m.addClass(l, e)
	case yearSchedules:
		m.addYear(l, e)
	case tutorials:
		m.addPupils(l, e)
	}
}

// addStaff finds who takes a lesson. Schedules name a code. The others have a field that
// is called an id and holds a code; some write an id there, so that is what is left to try.
func (m *making) addStaff(l *mis.Lesson, e entry) {
	for _, teacher := range of(e.teachers) {
		id, isID := reference(teacher)
		switch {
		case m.staff[teacher] != "":
			l.Staff = append(l.Staff, m.staff[teacher])
		case isID && (id == "" || m.holdsStaff(id)):
			l.Staff = appendID(l.Staff, id)
		case unreadable(&m.school.Staff):
			l.Unsure.Staff = true
			if isID && m.school.Staff.MayHold(id) {
				l.Staff = append(l.Staff, id)
			}
		default:
			m.noTeacher(e, "code or the id", teacher)
		}
	}
	switch {
	case e.teacherCode == "":
	case m.staff[e.teacherCode] != "":
		l.Staff = append(l.Staff, m.staff[e.teacherCode])
	case unreadable(&m.school.Staff):
		l.Unsure.Staff = true
	default:
		m.noTeacher(e, "code", e.teacherCode)
	}
}

func appendID(ids []string, id string) []string {
	if id == "" {
		return ids
	}
	return append(ids, id)
}

// unreadable tells whether what cannot be found in a roll may be in what of it cannot be
// read.
func unreadable[T any](r *mis.Roll[T]) bool {
	return r.SaysNothing() || len(r.Faulty)+len(r.Unreadable) > 0
}

func (m *making) holdsStaff(id string) bool {
	_, found := slices.BinarySearchFunc(m.school.Staff.Records, id,
		func(r mis.StaffMember, id string) int { return mis.CompareIDs(r.ID, id) })
	return found
}

func (m *making) addRoom(l *mis.Lesson, e entry) {
	s := m.school
	if e.room == "" {
		return
	}
	_, found := slices.BinarySearchFunc(s.Locations.Records, e.room,
		func(r mis.Location, id string) int { return mis.CompareIDs(r.ID, id) })
	if !found && !s.Locations.MayHold(e.room) {
		m.note(e, mis.UnknownRoom, "no room has the id %s; imported without", e.room)
		return
	}
	l.Unsure.Locations = l.Unsure.Locations || !found
	l.Locations = append(l.Locations, e.room)
}

// addClass finds whom a schedule is for: a set by its id or its code, or a form by what
// its lessons are called.
func (m *making) addClass(l *mis.Lesson, e entry) {
	s := m.school
	if e.bySet {
		id := e.set
		if byCode := m.byCode[e.code]; m.sets[id] == nil && len(byCode) > 0 {
			id = byCode[0]
		}
		switch {
		case m.sets[id] != nil:
			l.Sets = append(l.Sets, id)
			l.Years = appendYear(l.Years, m.sets[id].Year)
			l.Subjects = appendID(l.Subjects, m.sets[id].SubjectID)
		case id != "" && s.Sets.MayHold(id):
			l.Sets, l.Unsure.Groups = append(l.Sets, id), true
		case id == "" && unreadable(&s.Sets):
			l.Unsure.Groups = true
		default:
			m.note(e, mis.UnknownSet, "no set has the id %q or the code %q; imported without", id, clipName(e.code))
		}
		return
	}
	form := cmp.Or(m.taught[e.code].form, idOf(m.form, e.code))
	if form == "" && (unreadable(&s.Forms) || unreadable(m.forms)) {
		l.Unsure.Groups = true
	}
	if form == "" {
		m.note(e, mis.UnknownForm, "no form is taught by the name %q; imported without", clipName(e.code))
		return
	}
	l.Forms = append(l.Forms, form)
	l.Years = appendYear(l.Years, m.form[form].Year)
	l.Subjects = appendID(l.Subjects, m.taught[e.code].subject)
}

// addYear brings the forms of a year to what the whole year goes to.
func (m *making) addYear(l *mis.Lesson, e entry) {
	if !e.year.Known() {
		return
	}
	l.Years = append(l.Years, e.year)
	l.Unsure.Groups = l.Unsure.Groups || unreadable(&m.school.Forms)
	for _, f := range m.school.Forms.Records {
		if f.Year == e.year {
			l.Forms = append(l.Forms, f.ID)
		}
	}
}

func (m *making) addPupils(l *mis.Lesson, e entry) {
	for _, school := range of(e.pupils) {
		p := m.pupils[school]
		if p == nil && unreadable(&m.school.Pupils) {
			l.Unsure.Pupils, l.Unsure.Groups = true, true // and nobody knows of which year
			continue
		}
		if p == nil {
			m.note(e, mis.UnknownPupil, "no pupil has the SchoolId %q; imported without", clip(school))
			continue
		}
		l.Pupils = append(l.Pupils, p.ID)
		if p.Year.Known() {
			l.Years = append(l.Years, p.Year)
		}
	}
}

func appendYear(years []era.Year, year era.Year) []era.Year {
	if !year.Known() {
		return years
	}
	return append(years, year)
}
