package isams

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"misimportd/era"
	"misimportd/mis"
)

func (t *timetables) note(id string, reason mis.Reason, format string, args ...any) {
	t.d.snap.Problems.Add(mis.Problem{Section: publishedTimetables, ID: id, Reason: reason,
		Detail: fmt.Sprintf(format, args...)})
}

// lessons under way of being made: entries that are one lesson go by one key.
type making struct {
	t      *timetables
	by     map[string]*mis.Lesson
	keys   []string
	staff  map[string]string // id by code
	sets   map[string]*mis.Set
	byCode map[string][]string // ids of sets
	forms  map[string]*mis.Form
	taught map[string]string // id of the form by what its lessons are called
	school map[string]*mis.Pupil
}

func (t *timetables) makeLessons(rolls map[string]*mis.Roll[entry]) {
	s := t.d.snap
	m := &making{t: t, by: map[string]*mis.Lesson{}, staff: map[string]string{}, sets: map[string]*mis.Set{},
		byCode: map[string][]string{},
		forms:  map[string]*mis.Form{}, taught: map[string]string{}, school: map[string]*mis.Pupil{}}
	for _, r := range s.Staff.Records {
		if r.Code != "" {
			m.staff[r.Code] = r.ID
		}
	}
	for i := range s.Sets.Records {
		r := &s.Sets.Records[i]
		m.sets[r.ID] = r
		m.byCode[cmp.Or(r.Code, r.Name)] = append(m.byCode[cmp.Or(r.Code, r.Name)], r.ID)
	}
	byName := map[string]string{}
	for i := range s.Forms.Records {
		r := &s.Forms.Records[i]
		m.forms[r.ID], byName[r.Name] = r, r.ID
	}
	for _, r := range t.forms.roll.Records {
		if form := cmp.Or(idOf(m.forms, r.form), byName[r.form]); form != "" {
			m.taught[r.code] = form
		}
	}
	for i := range s.Pupils.Records {
		m.school[s.Pupils.Records[i].SchoolID] = &s.Pupils.Records[i]
	}
	for _, section := range []string{schedules, staffMeetings, yearSchedules, tutorials} {
		for _, e := range rolls[section].Records {
			m.make(e)
		}
	}
	for _, key := range m.keys {
		l := m.by[key]
		slices.SortFunc(l.IDs, compareLessonIDs)
		for _, list := range []*[]string{&l.Sets, &l.Forms, &l.Staff, &l.Locations, &l.Pupils} {
			slices.SortFunc(*list, mis.CompareIDs)
			*list = slices.Compact(*list)
		}
		slices.Sort(l.Years)
		l.Years = slices.Compact(l.Years)
		s.Timetable.Lessons = append(s.Timetable.Lessons, *l)
	}
	slices.SortFunc(s.Timetable.Lessons, func(a, b mis.Lesson) int { return compareLessonIDs(a.IDs[0], b.IDs[0]) })
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
	m.t.d.snap.Problems.Add(mis.Problem{Section: e.section, ID: e.id, Reason: reason,
		Detail: fmt.Sprintf(format, args...)})
}

// add makes a lesson of an entry, or adds what it says to the one of the same key.
func (m *making) add(e entry, kind mis.LessonKind, period, key, id string) {
	if _, ok := m.t.d.periods[period]; !ok {
		tt := &m.t.d.snap.Timetable
		if period == "" || m.t.d.conflicting[period] ||
			m.t.d.lostPeriods { // it is somewhere, and nobody knows where (R33)
			tt.Faulty[lessonID(e.section, e.id)] = true
			tt.Doubtful[e.code], tt.Doubtful[e.name] = true, true
			if m.t.d.conflicting[period] {
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
		case unreadable(&m.t.d.snap.Staff):
			l.Unsure.Staff = true
			if isID && m.t.d.snap.Staff.MayHold(id) {
				l.Staff = append(l.Staff, id)
			}
		default:
			m.note(e, mis.UnknownTeacher, "no member of staff has the code or the id %q; imported without",
				clip(teacher))
		}
	}
	switch {
	case e.teacherCode == "":
	case m.staff[e.teacherCode] != "":
		l.Staff = append(l.Staff, m.staff[e.teacherCode])
	case unreadable(&m.t.d.snap.Staff):
		l.Unsure.Staff = true
	default:
		m.note(e, mis.UnknownTeacher, "no member of staff has the code %q; imported without", clip(e.teacherCode))
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
	_, found := slices.BinarySearchFunc(m.t.d.snap.Staff.Records, id,
		func(r mis.StaffMember, id string) int { return mis.CompareIDs(r.ID, id) })
	return found
}

func (m *making) addRoom(l *mis.Lesson, e entry) {
	s := m.t.d.snap
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
	s := m.t.d.snap
	if e.bySet {
		id := e.set
		if byCode := m.byCode[e.code]; m.sets[id] == nil && len(byCode) > 0 {
			id = byCode[0]
		}
		switch {
		case m.sets[id] != nil:
			l.Sets = append(l.Sets, id)
			l.Years = appendYear(l.Years, m.sets[id].Year)
		case id != "" && s.Sets.MayHold(id):
			l.Sets, l.Unsure.Groups = append(l.Sets, id), true
		case id == "" && unreadable(&s.Sets):
			l.Unsure.Groups = true
		default:
			m.note(e, mis.UnknownSet, "no set has the id %q or the code %q; imported without", id, clipName(e.code))
		}
		return
	}
	form := cmp.Or(m.taught[e.code], idOf(m.forms, e.code))
	if form == "" && (unreadable(&s.Forms) || unreadable(m.t.forms.roll)) {
		l.Unsure.Groups = true
	}
	if form == "" {
		m.note(e, mis.UnknownForm, "no form is taught by the name %q; imported without", clipName(e.code))
		return
	}
	l.Forms = append(l.Forms, form)
	l.Years = appendYear(l.Years, m.forms[form].Year)
}

// addYear brings the forms of a year to what the whole year goes to.
func (m *making) addYear(l *mis.Lesson, e entry) {
	if !e.year.Known() {
		return
	}
	l.Years = append(l.Years, e.year)
	l.Unsure.Groups = l.Unsure.Groups || unreadable(&m.t.d.snap.Forms)
	for _, f := range m.t.d.snap.Forms.Records {
		if f.Year == e.year {
			l.Forms = append(l.Forms, f.ID)
		}
	}
}

func (m *making) addPupils(l *mis.Lesson, e entry) {
	for _, school := range of(e.pupils) {
		p := m.school[school]
		if p == nil && unreadable(&m.t.d.snap.Pupils) {
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
