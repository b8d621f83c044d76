package isams

import (
	"cmp"
	"encoding/xml"
	"slices"
	"strconv"
	"strings"

	"misimportd/era"
	"misimportd/mis"
)

// timetables gathers all that a document says of timetables: there may be several, and
// one is chosen when all are in.
type timetables struct {
	chosen      string // the name of the one to read, "" for the only one
	periods     periods
	weeks       *collector[week]
	allocations *collector[allocation]
	terms       *collector[term]
	forms       *collector[teachingForm]
	published   map[string]*published
	development map[string]*published // read for one that is named only
	current     *published            // whose records are being read
	teachers    map[string]string     // codes by the ids of the schedules, of the one that was chosen
}

// The sections that make lessons of a timetable, each with what its ids are called by.
const (
	publishedTimetables = "PublishedTimetables"

	schedules     = "Schedules"
	staffMeetings = "StaffMeetings"
	yearSchedules = "YearSchedules"
	tutorials     = "Tutorials"
)

// published is one published timetable. Its problems count when it is chosen.
type published struct {
	id, name string
	problems mis.Problems
	present  bool // of its schedules, at least the section is there
	entries  map[string]*collector[entry]
}

// entry is a record of a timetable, in the form that all four kinds have in common. Lists
// are texts apart by listSeparator, so that entries can be compared.
type entry struct {
	id, section               string
	code, name                string
	period, room              string
	teacherCode               string // of schedules
	teachers, pupils, periods string // teachers are codes or ids, pupils SchoolIds
	set                       string // its id
	bySet                     bool
	group                     string // of meetings
	year                      era.Year
}

// listSeparator is in no text of a record: those are of one line each.
const listSeparator = "\n"

// of is what a list of an entry holds.
func of(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, listSeparator)
}

type week struct{ id, name, short, periods string }

// allocation is one record of TimetableAllocations.
type allocation struct {
	id   string
	week era.Week
	of   string
}

type term struct {
	id   string
	days era.Interval
}

type teachingForm struct{ id, form, code, subject string }

func (d *decoder) timetableSections(problems *mis.Problems) {
	t := &timetables{periods: periods{known: map[string]mis.Period{}, conflicting: map[string]bool{}},
		published: map[string]*published{}, development: map[string]*published{}}
	d.timetables = t
	t.weeks = newCollector(&mis.Roll[week]{}, "Structure", problems)
	t.allocations = newCollector(&mis.Roll[allocation]{}, "TimetableAllocations", problems)
	t.terms = newCollector(&mis.Roll[term]{}, "Terms", problems)
	t.forms = newCollector(&mis.Roll[teachingForm]{}, "TeachingForms", problems)
	d.snap.Timetable = nothingTaught()
	section(d, "TimetableManager/Structure", "Week", t.weeks, number, plainName, t.periods.readWeek)
	section(d, "TimetableManager/TimetableAllocations", "TimetableAllocation", t.allocations, number, noName,
		readAllocation)
	section(d, "SchoolManager/Terms", "Term", t.terms, number, plainName, readTerm)
	section(d, "TeachingManager/TeachingForms", "TeachingForm", t.forms, number, noName, readTeachingForm)
	t.readThose(d.root.child("TimetableManager/PublishedTimetables/Timetable"), func() map[string]*published {
		return t.published
	})
	t.readThose(d.root.child("TimetableManager/DevelopmentTimetables/Timetable"), func() map[string]*published {
		if t.chosen == "" { // nobody looks for one of them
			return map[string]*published{}
		}
		return t.development
	})
}

// nothingTaught is the timetable of a document that says nothing of any.
func nothingTaught() mis.Timetable {
	tt := mis.Timetable{Section: publishedTimetables, Faulty: map[string]bool{}, FaultyCode: map[string]bool{},
		Doubtful: map[string]bool{}, Silent: map[mis.LessonKind]bool{mis.Event: true}}
	for _, name := range []string{"Structure", "TimetableAllocations", "Terms", "TeachingForms", schedules,
		staffMeetings, yearSchedules, tutorials, eventDump, occurrenceDump, eventTeacherDump} {
		tt.Rolls = append(tt.Rolls, mis.RollOf{Section: name, Makes: kindOf[name]})
	}
	return tt
}

// kindsOfEntry are the sections of a timetable, with what their records are called and how they are
// read.
var kindsOfEntry = map[string]struct {
	record string
	name   func(*record) string
	read   func(*collector[entry], *record, string) (entry, bool)
}{
	schedules: {"Schedule", codeName, readSchedule}, staffMeetings: {"StaffMeeting", displayName, readMeeting},
	yearSchedules: {"YearSchedule", plainName, readYearSchedule},
	tutorials:     {"Tutorial", displayName, readTutorial},
}

// readThose reads the timetables of a place, each into what into gives when it begins.
func (t *timetables) readThose(at *node, into func() map[string]*published) {
	at.enter = func(start xml.StartElement) { t.begin(start, into()) }
	at.child("Name").record = func(rec *record) { t.current.name = textOf(rec.Element) }
	for name, kind := range kindsOfEntry {
		place := at.child(name)
		place.enter = func(xml.StartElement) {
			t.current.present = t.current.present || name == schedules
			t.current.of(name).enter()
		}
		place.child(kind.record).record = func(rec *record) {
			c := t.current.of(name)
			id, ok := c.accepted(rec, number, kind.name)
			if !ok {
				return
			}
			if e, ok := kind.read(c, rec, id); ok {
				e.id, e.section = id, name
				c.add(id, e, rec.line)
			}
		}
	}
}

// begin notes that the records of a timetable follow, which is one of these.
func (t *timetables) begin(start xml.StartElement, among map[string]*published) {
	rec := &record{Element: toElement(start)}
	id, ok := number(rec.attr("Id"))
	if !ok {
		id = "no id" // several of them are one: their order must not matter
	}
	p := among[id]
	if p == nil {
		p = &published{id: id, entries: map[string]*collector[entry]{}}
		among[id] = p
	}
	t.current = p
}

func (p *published) of(section string) *collector[entry] {
	c := p.entries[section]
	if c == nil {
		c = newCollector(&mis.Roll[entry]{}, section, &p.problems)
		p.entries[section] = c
	}
	return c
}

func noName(*record) string { return "" }

func codeName(rec *record) string { return rec.text("Code") }

func displayName(rec *record) string {
	return cmp.Or(rec.text("DisplayName"), rec.text("DisplayCode"))
}

// field is what a record says of something, in an element or an attribute: releases
// differ.
func (r *record) field(name string) string { return cmp.Or(r.text(name), r.attr(name)) }

// pointer reads a reference of an entry. One that cannot be read is a Problem, and none.
func pointer(c *collector[entry], rec *record, id, name string) string {
	to, ok := reference(rec.field(name))
	if !ok {
		c.note(id, mis.BadValue, rec.line, "%s %q is not a number; taken as missing", name, clip(rec.field(name)))
	}
	return to
}

func readSchedule(c *collector[entry], rec *record, id string) (entry, bool) {
	e := entry{code: rec.field("Code"), teacherCode: rec.field("Teacher"), period: pointer(c, rec, id, "PeriodId"),
		room: pointer(c, rec, id, "RoomId")}
	e.bySet, _ = strconv.ParseBool(strings.ToLower(rec.field("Set")))
	if e.bySet {
		e.set = pointer(c, rec, id, "SetId")
	}
	return e, true
}

func readMeeting(c *collector[entry], rec *record, id string) (entry, bool) {
	return entry{name: displayName(rec), group: rec.field("MeetingGroupId"), period: pointer(c, rec, id, "PeriodId"),
		room:     pointer(c, rec, id, "RoomId"),
		teachers: rec.field("TeacherId")}, true
}

func readYearSchedule(c *collector[entry], rec *record, id string) (entry, bool) {
	return entry{name: plainName(rec), period: pointer(c, rec, id, "PeriodId"), room: pointer(c, rec, id, "RoomId"),
		teachers: rec.field("TeacherId"),
		year:     yearOf(c, rec, id, "NationalCurriculumYear", rec.field("NationalCurriculumYear"))}, true
}

func readTutorial(c *collector[entry], rec *record, id string) (entry, bool) {
	e := entry{code: rec.text("DisplayCode"), name: displayName(rec), room: pointer(c, rec, id, "RoomId"),
		year: era.NoYear}
	e.periods = listOf(rec, "Periods", "Period", "PeriodId", func(text string) string {
		to, ok := reference(text)
		if !ok {
			c.note(id, mis.BadValue, rec.line, "PeriodId is not a number; taken as missing")
		}
		return to
	})
	e.teachers = listOf(rec, "Teachers", "Teacher", "TeacherId", asItIs)
	e.pupils = listOf(rec, "Pupils", "Pupil", "PupilId", asItIs)
	return e, true
}

func asItIs(text string) string { return text }

// listOf is what the elements of a list within a record name, in order and each once.
func listOf(rec *record, list, element, name string, read func(string) string) string {
	within := rec.SelectElement(list)
	if within == nil {
		return ""
	}
	var found []string
	for _, child := range within.SelectElements(element) {
		item := &record{Element: child, line: rec.line}
		if text := read(cmp.Or(item.field(name), textOf(child))); text != "" {
			found = append(found, text)
		}
	}
	slices.SortFunc(found, mis.CompareIDs)
	return strings.Join(slices.Compact(found), listSeparator)
}

func readAllocation(c *collector[allocation], rec *record, id string) (allocation, bool) {
	year, errYear := strconv.Atoi(rec.field("Year"))
	n, errWeek := strconv.Atoi(rec.field("Week"))
	const most = 54
	of, ok := number(rec.field("TimetableWeekId"))
	if errYear != nil || errWeek != nil || !ok || n < 1 || n > most || year < 1900 || year > 9999 {
		c.skip(id, mis.BadValue, rec.line, "year, week or timetable week cannot be read; skipped")
		return allocation{}, false
	}
	return allocation{id, era.Week{Year: year, Number: n}, of}, true
}

func readTerm(c *collector[term], rec *record, id string) (term, bool) {
	from, errFrom := dateOf(rec.text("StartDate"))
	to, errTo := dateOf(rec.text("FinishDate"))
	if errFrom != nil || errTo != nil || to < from {
		c.skip(id, mis.BadValue, rec.line, "its dates cannot be read, or end before they start; skipped")
		return term{}, false
	}
	return term{id, era.Interval{From: from, To: to}}, true
}

// dateOf reads a date that iSAMS writes with a time.
func dateOf(text string) (era.Date, error) {
	text, _, _ = strings.Cut(text, "T")
	return era.ReadDate(text)
}

func readTeachingForm(c *collector[teachingForm], rec *record, id string) (teachingForm, bool) {
	subject, _ := reference(rec.field("SubjectId")) // of use for who teaches it only
	return teachingForm{id, rec.field("FormCode"), rec.field("TimetableCode"), subject}, true
}
