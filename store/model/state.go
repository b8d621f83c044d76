package model

import (
	"strings"

	"misimportd/era"
)

// Calendar is the eras and which of them is which.
type Calendar struct {
	Eras     []Era // by first day
	Settings Settings
}

// find is the era with an id, nil when there is none.
func (c Calendar) find(id ID) *Era {
	for i := range c.Eras {
		if id != 0 && c.Eras[i].ID == id {
			return &c.Eras[i]
		}
	}
	return nil
}

// Plain is the eras without their ids.
func (c Calendar) Plain() []era.Era {
	eras := make([]era.Era, len(c.Eras))
	for i, e := range c.Eras {
		eras[i] = e.Era
	}
	return eras
}

// Current is the current era, nil when none was set.
func (c Calendar) Current() *Era { return c.find(c.Settings.CurrentEraID) }

// Next is the next era, nil when none was set.
func (c Calendar) Next() *Era { return c.find(c.Settings.NextEraID) }

// Previous is the previous era, nil when none was set.
func (c Calendar) Previous() *Era { return c.find(c.Settings.PreviousEraID) }

// Perpetual is the era without an end.
func (c Calendar) Perpetual() *Era { return c.find(c.Settings.PerpetualEraID) }

// InForce is the ids of an era and of the perpetual one, in which groups without an end are.
func (c Calendar) InForce(id ID) []ID {
	if id == c.Settings.PerpetualEraID || c.Settings.PerpetualEraID == 0 {
		return []ID{id}
	}
	return []ID{id, c.Settings.PerpetualEraID}
}

// Named is the era of a name, nil when there is none.
func (c Calendar) Named(name string) *Era {
	for i := range c.Eras {
		if c.Eras[i].Name == name {
			return &c.Eras[i]
		}
	}
	return nil
}

// State is what the database holds of one datasource, as far as an import can
// change it: rows of others are not in it (R2). The groups are those of the eras that were asked for,
// the memberships those of these groups that reach the as-of date or a later one, in
// no order. The other lists are in order of id.
type State struct {
	DatasourceID ID
	Staff        []Staff
	Pupils       []Pupil
	Locations    []Location
	Subjects     []Subject
	Houses       []House
	Groups       []Group
	Memberships  []Membership

	Suspensions      []Suspension      // all there are, in order of id
	GroupSuspensions []GroupSuspension // of these groups, that reach the as-of date or a later one

	// LessonDays says what was known of the lessons of each day from the as-of date on, as
	// Plan.Days said it; nothing of days that somebody changed since.
	LessonDays map[era.Date]Digest
	DayLessons // of the days that were read

	// NeededElsewhere holds the groups that start on the as-of date or later and that
	// rows of others point at: they cannot be deleted.
	NeededElsewhere map[ID]bool

	Absences []Absence
	Pins     []Pin
	Unwanted []UnwantedDocument

	TakenBy map[ID]int // by how many lessons those groups are taken that start on the as-of date or later
}

// DayLessons are the lessons of some days with what they take, each in order of id.
type DayLessons struct {
	Lessons     []Lesson
	Commitments []Commitment
}

// Belongings is what an era holds, whoever owns it: groups with their memberships and the days on
// which they are suspended, and such lessons as were asked for. Each is in order of id.
type Belongings struct {
	Groups           []Group
	Memberships      []Membership
	GroupSuspensions []GroupSuspension
	DayLessons
	Needed map[ID]bool // groups that are members of others
	Gone   map[ID]bool // members whom the school no longer has
}

// LessonsAhead is how many lessons there are from a day on, how many commitments they have, and how many covers of
// the MIS's.
type LessonsAhead struct{ Lessons, Commitments, Covers int }

// With is s with the lessons of more days. s is left as it is.
func (s *State) With(more DayLessons) *State {
	n := *s
	n.Lessons, n.Commitments = append(s.Lessons, more.Lessons...), append(s.Commitments, more.Commitments...)
	return &n
}

// Digest stands for the lessons that there should be on a day: a sum of them, and the first letters of their kinds.
type Digest string

// NewDigest is the digest of lessons with this sum, of kinds with these first letters.
func NewDigest(sum, kinds string) Digest { return Digest(sum + ":" + kinds) }

// Has tells whether the day has lessons of a kind, "" for any.
func (d Digest) Has(kind string) bool {
	_, kinds, _ := strings.Cut(string(d), ":")
	return kinds != "" && (kind == "" || strings.Contains(kinds, KindLetter(kind)))
}

// HasTimetabled tells whether the day has lessons of a timetable, and not events alone.
func (d Digest) HasTimetabled() bool {
	_, kinds, _ := strings.Cut(string(d), ":")
	return strings.Trim(kinds, KindLetter("activity")+KindLetter("event")+KindLetter(Covers)) != ""
}

// Covers is what a digest calls a day on which somebody of the MIS's covers.
const Covers = "cover"

// KindLetter is the letter by which a digest knows a kind of lesson: the first one, but for activities, whose
// is that of assemblies.
func KindLetter(kind string) string {
	switch kind {
	case "activity":
		return "c"
	case Covers:
		return "v"
	}
	return kind[:1]
}

// Elements are people, places and groups, of all eras, each in order of id.
type Elements struct {
	Staff     []Staff
	Pupils    []Pupil
	Locations []Location
	Subjects  []Subject
	Houses    []House
	Groups    []Group
}

// Pointing is what refers to elements.
type Pointing struct {
	Memberships []Membership
	Commitments []Commitment
	Groups      []Group
	Pupils      []Pupil
	Pins        []Pin
	Absences    []Absence
	Forms       []ID // of the groups that they are in, those that are forms
}

// Broken is what breaks R18 and R19, with all that it takes to mend it: every membership of an element in a
// group of which one does, and those groups.
type Broken struct {
	Groups      []Group
	Memberships []Membership
	Missing     map[ID]bool // elements that are not there
}

// Fault is one thing that is wrong in the database.
type Fault struct {
	What  string `json:"what"`
	Table string `json:"table"`
	ID    ID     `json:"id"`
	Mend  string `json:"mend"` // the command that does; "" where none can
}
