package isams

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"misimportd/era"
	"misimportd/mis"
)

// The dumps of activities and of what happens in them.
const (
	activityDump     = "TblActivityManagerGroup"
	linkDump         = "TblActivityManagerGroupPupilLink"
	eventDump        = "TblActivityManagerEvent"
	occurrenceDump   = "TblActivityManagerEventOccurrence"
	eventTeacherDump = "TblActivityManagerEventTeacherLink"
)

// activities gathers what the dumps say.
type activities struct {
	snap        *mis.Snapshot
	groups      *collector[mis.Activity]
	links       *collector[mis.ActivityMember]
	events      *collector[event]
	occurrences *collector[occurrence]
	teachers    *collector[eventTeacher]
}

// event is what happens beside lessons, on dates of its own.
type event struct {
	id, name, room, group string
	from, to              era.Clock
}

type occurrence struct {
	event     string
	on        era.Date
	at        era.Clock // when it begins that day, 0 where that is not said
	cancelled bool
}

type eventTeacher struct{ event, code string }

func (d *decoder) activitySections(problems *mis.Problems) {
	a := &activities{snap: d.snap,
		groups:      newCollector(&d.snap.Activities, activityDump, problems),
		links:       newCollector(&d.snap.ActivityLinks.Roll, linkDump, problems),
		events:      newCollector(&mis.Roll[event]{}, eventDump, problems),
		occurrences: newCollector(&mis.Roll[occurrence]{}, occurrenceDump, problems),
		teachers:    newCollector(&mis.Roll[eventTeacher]{}, eventTeacherDump, problems)}
	d.activities = a
	d.snap.ActivityLinks.FaultyIn = map[string]bool{}
	dumped(d.tables, a.groups, readActivity, "TblActivityManagerGroupId", "txtName", "dteStartDate", "dteEndDate")
	dumped(d.tables, a.links, a.readLink, "TblActivityManagerGroupPupilLinkId", "txtSchoolID", "intGroup",
		"dteStartDate",
		"dteEndDate")
	dumped(d.tables, a.events, readEvent, "TblActivityManagerEventId", "txtSubject", "txtLocation", "dteStartDate",
		"dteEndDate", "blnAllDayEvent", "intGroup")
	dumped(d.tables, a.occurrences, readOccurrence, "TblActivityManagerEventOccurrenceId", "intEventId",
		"dteOccurrenceDate",
		"blnCancelled")
	dumped(d.tables, a.teachers, readEventTeacher, "TblEventTeacherLinkId", "intEventId", "txtTeacherId")
	d.done = append(d.done, a.finish)
}

// dumped has a dump read into a collector. The first column holds the id.
func dumped[T comparable](tables map[string]*table, c *collector[T], read func(*collector[T], *row, string) (T, bool),
	columns ...string) {
	tables[c.roll.Section] = &table{columns: columns, note: c.note, begin: c.enter,
		broken: func() { c.roll.Unreadable[""] = true },
		row: func(r *row) {
			c.roll.Seen++
			id, ok := number(r.text(columns[0]))
			if !ok {
				c.skipUnreadable(r.text(columns[0]), "", r.line)
				return
			}
			if value, ok := read(c, r, id); ok {
				c.add(id, value, r.line)
			}
		}}
}

// readDump reads a dump, if it is one of those that are known.
func (d *decoder) readDump(dump Dump) (err error) {
	t := d.tables[strings.TrimSuffix(dump.Name, ".csv")]
	if t == nil {
		return nil
	}
	file, err := dump.Open()
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	return t.read(file)
}

func readActivity(c *collector[mis.Activity], r *row, id string) (mis.Activity, bool) {
	g := mis.Activity{ID: id, Name: r.text("txtName")}
	var err error
	g.Days, err = daysOf(r, "dteStartDate", "dteEndDate")
	const kept = "skipped, and what the database holds of it is left as it is"
	switch {
	case err != nil:
		c.skip(id, mis.BadValue, r.line, "%v; %s", err, kept)
	case g.Days.To != 0 && g.Days.To < g.Days.From:
		c.skip(id, mis.Backwards, r.line, "it starts on %s and ends on %s; %s", g.Days.From, g.Days.To, kept)
	case g.Name == "":
		c.skip(id, mis.NoName, r.line, "txtName is blank; %s", kept)
	default:
		return g, true
	}
	return g, false
}

func (a *activities) readLink(c *collector[mis.ActivityMember], r *row, id string) (mis.ActivityMember, bool) {
	m := mis.ActivityMember{ID: id, SchoolID: r.text("txtSchoolID")}
	activity, ok := number(r.text("intGroup"))
	if !ok {
		c.skip(id, mis.BadValue, r.line, "intGroup %q is not a number; skipped, and nobody leaves any activity "+
			"because of it", clip(r.text("intGroup")))
		c.roll.Unreadable[""] = true
		return m, false
	}
	m.ActivityID = activity
	var err error
	m.Days, err = daysOf(r, "dteStartDate", "dteEndDate")
	switch {
	case err != nil:
		c.skip(id, mis.BadValue, r.line, "%v; skipped, and nobody leaves activity %s because of it", err, activity)
	case m.Days.To != 0 && m.Days.To < m.Days.From:
		c.skip(id, mis.Backwards, r.line, "it starts on %s and ends on %s; skipped, and nobody leaves activity %s "+
			"because of it", m.Days.From, m.Days.To, activity)
	case m.SchoolID == "":
		c.skip(id, mis.NoID, r.line, "txtSchoolID is blank; skipped, and nobody leaves activity %s because of it",
			activity)
	default:
		return m, true
	}
	a.snap.ActivityLinks.FaultyIn[activity] = true
	return m, false
}

func readEvent(c *collector[event], r *row, id string) (event, bool) {
	e := event{id: id, name: r.text("txtSubject"), room: roomName(r.text("txtLocation"))}
	e.group, _ = reference(r.text("intGroup"))
	_, from, errFrom := timeOf(r.text("dteStartDate"))
	_, to, errTo := timeOf(r.text("dteEndDate"))
	if e.from, e.to = from, to; r.flag("blnAllDayEvent") {
		e.from, e.to = 0, era.MinutesOfDay
		return e, true
	}
	switch {
	case errFrom != nil || errTo != nil:
		c.skip(id, mis.BadValue, r.line, "its times cannot be read; left out, and lessons of it are left as they are")
	case e.to <= e.from:
		c.skip(id, mis.Backwards, r.line, "it starts at %s and ends at %s; left out, and lessons of it are left as "+
			"they are",
			e.from, e.to)
	default:
		return e, true
	}
	return e, false
}

// roomName is what of a location may be a room's name: what stands in brackets after it is more than that.
func roomName(location string) string {
	if at := strings.IndexByte(location, '('); at > 0 && strings.HasSuffix(location, ")") {
		location = location[:at]
	}
	return strings.TrimSpace(location)
}

func readOccurrence(c *collector[occurrence], r *row, id string) (occurrence, bool) {
	o := occurrence{cancelled: r.flag("blnCancelled")}
	var ok bool
	if o.event, ok = number(r.text("intEventId")); !ok {
		c.skip(id, mis.BadValue, r.line, "intEventId %q is not a number; skipped, and no event ends because of it",
			clip(r.text("intEventId")))
		c.roll.Unreadable[""] = true
		return o, false
	}
	var err error
	if o.on, o.at, err = timeOf(r.text("dteOccurrenceDate")); err != nil {
		c.skip(id, mis.BadValue, r.line, "dteOccurrenceDate %q is not a date; skipped, and lessons of event %s "+
			"are left as they are", clip(r.text("dteOccurrenceDate")), o.event)
		c.roll.Faulty["event "+o.event] = true
		return o, false
	}
	return o, true
}

func readEventTeacher(c *collector[eventTeacher], r *row, id string) (eventTeacher, bool) {
	t := eventTeacher{code: r.text("txtTeacherId")}
	var ok bool
	if t.event, ok = number(r.text("intEventId")); !ok {
		c.skip(id, mis.BadValue, r.line, "intEventId %q is not a number; skipped", clip(r.text("intEventId")))
		c.roll.Unreadable[""] = true
		return t, false
	}
	const nobody = "-4995"
	return t, t.code != "" && t.code != "0" && t.code != nobody
}

// finish puts the usable records into their rolls.
func (a *activities) finish() {
	for _, h := range a.links.byID {
		if h.conflicting { // the other's activity is not known any more
			a.links.roll.Unreadable[""] = true
		}
	}
	for _, h := range a.occurrences.byID {
		if h.conflicting {
			a.occurrences.roll.Unreadable[""] = true
		}
	}
	a.groups.finish()
	a.links.finish()
	a.events.finish()
	a.occurrences.finish()
	a.teachers.finish()
}

// addEvents makes lessons of the events, for a school that is known, and adds them to those of its
// timetable. It returns what was found wrong with them.
func (a *activities) addEvents(s *mis.Snapshot) []mis.Problem {
	tt := &s.Timetable
	count(tt.Rolls, a.events.roll)
	count(tt.Rolls, a.occurrences.roll)
	count(tt.Rolls, a.teachers.roll)
	tt.Silent[mis.Event] = a.events.roll.SaysNothing() || a.occurrences.roll.SaysNothing() ||
		len(a.events.roll.Unreadable)+len(a.occurrences.roll.Unreadable) > 0
	for id := range a.events.roll.Faulty {
		tt.Faulty[lessonID(eventDump, id)] = true
	}
	for id := range a.occurrences.roll.Faulty {
		if of, ok := strings.CutPrefix(id, "event "); ok {
			tt.Faulty[lessonID(eventDump, of)] = true
		}
	}
	m := &eventMaking{school: s, links: a.teachers.roll, staff: staffByCode(s), rooms: map[string]string{},
		teachers: map[string][]string{}, begins: map[string]era.Clock{}}
	m.nameAll()
	tt.Dates = map[string][]mis.EventDate{}
	for _, e := range a.events.roll.Records {
		l := m.lesson(e)
		tt.Lessons = append(tt.Lessons, l)
		tt.Periods[l.PeriodID] = mis.Period{ID: l.PeriodID, From: e.from, To: e.to}
		tt.Dates[l.IDs[0]] = nil
		m.begins[l.IDs[0]] = e.from
	}
	m.dates(tt, a.occurrences.roll, a.events.roll)
	slices.SortFunc(tt.Lessons, func(a, b mis.Lesson) int { return compareLessonIDs(a.IDs[0], b.IDs[0]) })
	return m.problems
}

// eventMaking makes lessons of events.
type eventMaking struct {
	school   *mis.Snapshot
	links    *mis.Roll[eventTeacher]
	staff    map[string]string    // id by code
	rooms    map[string]string    // id by name, in small letters
	teachers map[string][]string  // codes by event
	begins   map[string]era.Clock // when each event begins, by lesson
	problems []mis.Problem
}

func (m *eventMaking) note(section, id string, reason mis.Reason, format string, args ...any) {
	m.problems = append(m.problems, mis.Problem{Section: section, ID: id, Reason: reason,
		Detail: fmt.Sprintf(format, args...)})
}

func (m *eventMaking) nameAll() {
	for _, r := range slices.Backward(m.school.Locations.Records) { // of rooms of one name the first counts
		for _, name := range []string{r.ShortName, r.Name} {
			if name != "" {
				m.rooms[strings.ToLower(name)] = r.ID
			}
		}
	}
	for _, l := range m.links.Records {
		m.teachers[l.event] = append(m.teachers[l.event], l.code)
	}
}

func (m *eventMaking) lesson(e event) mis.Lesson {
	id := lessonID(eventDump, e.id)
	l := mis.Lesson{IDs: []string{id}, Kind: mis.Event, Name: e.name, PeriodID: id}
	activities := &m.school.Activities
	_, found := slices.BinarySearchFunc(activities.Records, e.group,
		func(r mis.Activity, id string) int { return mis.CompareIDs(r.ID, id) })
	switch {
	case e.group == "":
	case found:
		l.Activities = []string{e.group}
	case activities.MayHold(e.group):
		l.Activities, l.Unsure.Groups = []string{e.group}, true
	default:
		m.note(eventDump, e.id, mis.UnknownActivity, "no activity has the id %s; imported without", e.group)
	}
	m.addTeachers(&l, e)
	if e.room == "" {
		return l
	}
	if room := m.rooms[strings.ToLower(e.room)]; room != "" {
		l.Locations = []string{room}
	} else if unreadable(&m.school.Locations) {
		l.Unsure.Locations = true
	} else {
		m.note(eventDump, e.id, mis.UnknownRoom, "txtLocation is the name of no room; imported without")
	}
	return l
}

func (m *eventMaking) addTeachers(l *mis.Lesson, e event) {
	l.Unsure.Staff = unreadable(m.links)
	for _, code := range m.teachers[e.id] {
		switch id := m.staff[code]; {
		case id != "":
			l.Staff = append(l.Staff, id)
		case unreadable(&m.school.Staff):
			l.Unsure.Staff = true
		default:
			m.note(eventTeacherDump, e.id, mis.UnknownTeacher, "no member of staff has the code %q, said to lead "+
				"event %s; imported without", clip(code), e.id)
		}
	}
	slices.SortFunc(l.Staff, mis.CompareIDs)
	l.Staff = slices.Compact(l.Staff)
}

// dates places the events on their days. One that is there twice on a day is cancelled if both are.
func (m *eventMaking) dates(tt *mis.Timetable, occurrences *mis.Roll[occurrence], events *mis.Roll[event]) {
	for _, o := range occurrences.Records {
		id := lessonID(eventDump, o.event)
		dates, known := tt.Dates[id]
		if !known {
			if !events.MayHold(o.event) {
				m.note(occurrenceDump, o.event, mis.UnknownEvent, "no event has the id %s, said to be on %s; skipped",
					o.event,
					o.on)
			}
			continue
		}
		if o.at != 0 && o.at != m.begins[id] {
			m.note(occurrenceDump, o.event, mis.TimesDiffer, "on %s it is said to begin at %s, and event %s "+
				"begins at %s; the event's time is taken", o.on, o.at, o.event, m.begins[id])
		}
		at, twice := slices.BinarySearchFunc(dates, o.on, func(d mis.EventDate,
			on era.Date) int {
			return cmp.Compare(d.On, on)
		})
		if twice {
			dates[at].Cancelled = dates[at].Cancelled && o.cancelled
			continue
		}
		tt.Dates[id] = slices.Insert(dates, at, mis.EventDate{On: o.on, Cancelled: o.cancelled})
	}
}
