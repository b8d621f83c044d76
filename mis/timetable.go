package mis

import (
	"maps"
	"strings"

	"misimportd/era"
)

// LessonKind is what a lesson is: taught, or met for otherwise.
type LessonKind string

const (
	Taught   LessonKind = "lesson"
	Meeting  LessonKind = "meeting"  // of staff
	Assembly LessonKind = "assembly" // of year groups: chapel, assembly
	Tutorial LessonKind = "tutorial" // of a few pupils
	Event    LessonKind = "activity" // on dates of its own, beside the timetable
	Own      LessonKind = "event"    // of the school's own files: no MIS knows it
)

// Lesson is an entry of the timetable: what comes again every week of the timetable.
// All its lists are in order, and hold each thing once.
type Lesson struct {
	// IDs are those of the MIS's records that make it, each with its kind: two schedules
	// of one lesson with two teachers are one Lesson (R24).
	IDs   []string
	Kind  LessonKind
	Code  string
	Name  string // "" where the code is all
	Years []era.Year

	PeriodID   string
	Sets       []string // ids, as of all below
	Forms      []string
	Activities []string
	Staff      []string
	Locations  []string
	Pupils     []string
	Subjects   []string // what is taught in it

	// Unsure is true of those kinds of what it takes that could not be found because what
	// is said of them cannot be read: what the database has of these stays (R33, R34).
	Unsure Unsure
}

// Unsure says of which kinds of elements it is not known which a lesson takes.
type Unsure struct{ Groups, Staff, Locations, Pupils bool }

// Period is a part of a day in a week of the timetable.
type Period struct {
	ID       string
	WeekID   string
	Weekday  int // 0 is Sunday
	Name     string
	From, To era.Clock
}

// IsAllDay tells whether p is as long as the day.
func (p Period) IsAllDay() bool { return p.From == 0 && p.To == era.MinutesOfDay }

// Week is a week of the timetable.
type Week struct{ ID, Name, Short string }

// Letter is how people call the week: A, B.
func (w Week) Letter() string {
	if w.Short != "" {
		return w.Short
	}
	return w.Name[strings.LastIndexByte(w.Name, ' ')+1:]
}

// Allocation says which week of the timetable a week of the year is.
type Allocation struct {
	Week   era.Week
	WeekID string
}

// Timetable is what is taught when. Order in a document leaves no trace in it.
type Timetable struct {
	Section     string // as the MIS calls what holds it
	Name        string // of the published timetable that was chosen
	LeftOut     bool   // not looked at, on purpose: see Snapshot.Without
	Speaks      bool   // what it does not say is not so; false where sections are missing
	Periods     map[string]Period
	Weeks       []Week                // in order of id
	Allocations map[era.Week][]string // ids of the timetable's weeks
	Terms       []era.Interval        // none when nobody says
	Lessons     []Lesson              // in order of their first id
	// Dates are those of events, by their only id: they are in no week.
	Dates map[string][]EventDate
	Rolls []RollOf // of the sections that make the lessons

	// Records that could not be read: the lessons that came of them stay as they are (R33).
	Faulty     map[string]bool // by id, with the kind
	FaultyCode map[string]bool // by code or name, where the id could not be read; "" may be any
	Doubtful   map[string]bool // codes and names of lessons that faulty records may be a part of

	Silent     map[LessonKind]bool // kinds of which the document has no section, or an empty one (R34)
	WeeksFault bool                // some allocation could not be read: weeks without any say nothing
	TermsFault bool                // some term could not be read: nobody knows all days that are in one
}

// EventDate is a day on which an event takes place, or was to.
type EventDate struct {
	On        era.Date
	Cancelled bool
}

// RollOf is how much of a section there is.
type RollOf struct {
	Section string
	Makes   LessonKind // "" for none
	Seen    int
	Present bool
}

// believing is t with these sections, which are missing, taken at their word.
func (t *Timetable) believing(missing map[string]bool) Timetable {
	b := *t
	b.Silent = maps.Clone(t.Silent)
	for _, r := range t.Rolls {
		if missing[r.Section] {
			delete(b.Silent, r.Makes)
		}
	}
	if missing[t.Section] && !t.Speaks {
		silent := b.Silent[Event]
		b.Speaks, b.Silent = true, map[LessonKind]bool{Event: silent}
	}
	return b
}

// SilentOn tells whether it is unknown if a lesson of this id and code is in the
// timetable (R33).
func (t *Timetable) SilentOn(kind LessonKind, id, code, name string) bool {
	if at := strings.LastIndex(id, "/"); at > strings.Index(id, "/") &&
		t.Faulty[id[:at]] { // one of several of a record
		return true
	}
	return t.SilentOnKind(kind) || t.Faulty[id] || t.FaultyCode[""] || t.FaultyCode[code] || name != "" &&
		t.FaultyCode[name]
}

// SilentOnKind tells whether nothing is known of the lessons of a kind.
func (t *Timetable) SilentOnKind(kind LessonKind) bool {
	return t.Silent[kind] || kind != Event && !t.Speaks
}

// ProtectsTaught tells whether t is silent on anything of what is taught.
func (t *Timetable) ProtectsTaught() bool {
	for id := range t.Faulty {
		if !strings.HasPrefix(id, "event/") {
			return true
		}
	}
	return t.SilentOnKind(Taught) || len(t.FaultyCode) > 0
}

// Protects tells whether t is silent on anything.
func (t *Timetable) Protects() bool { return !t.Speaks || len(t.Faulty)+len(t.FaultyCode) > 0 }

// On lists the lessons of a day, in no order: those of the week of the timetable, or
// weeks, that the week of the year is.
func (t *Timetable) On(d era.Date, by map[PlaceInWeek][]int) (lessons []int) {
	for _, week := range t.Allocations[d.Week()] {
		lessons = append(lessons, by[PlaceInWeek{week, int(d.Weekday())}]...)
	}
	return lessons
}

// PlaceInWeek is a day of a week of the timetable.
type PlaceInWeek struct {
	WeekID  string
	Weekday int
}

// ByPlace is the lessons, by their index, of each day of the timetable's weeks.
func (t *Timetable) ByPlace() map[PlaceInWeek][]int {
	by := map[PlaceInWeek][]int{}
	for i := range t.Lessons {
		p := t.Periods[t.Lessons[i].PeriodID]
		at := PlaceInWeek{p.WeekID, p.Weekday}
		by[at] = append(by[at], i)
	}
	return by
}
