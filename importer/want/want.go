// Package want works out what the database should hold from a day on: what the MIS says, what the
// school's files and people say, and what stays because nobody knows better. Whatever is to be
// protected is wanted here, as the database has it. It must never know a database, nor what will
// become of what it wants.
package want

import (
	"slices"

	"misimportd/era"
	"misimportd/mis"
	"misimportd/store/model"
)

// Given holds what Of works out a night's Wanted from. Lessons are not in the State yet: of
// which days they have to be read, StaleDays tells.
type Given struct {
	State *model.State
	Snap  *mis.Snapshot
	Era   model.Era
	AsOf  era.Date
	Years []era.Year       // those to be imported; none means all
	File  []era.Suspension // of the school's file
	NewID func() model.ID  // of records that are to be made
	OtherGroups
	Beside
	Terms
}

// Beside says what stands beside lessons.
type Beside struct {
	Covers    CoverRules
	Events    []Event // of the school's own files
	HasEvents bool    // there are such files
	HadTerms  bool    // the last document said when the terms are
}

// Terms say how a document is to be taken.
type Terms struct {
	Hold        bool // what would end stays as it is, and with it what would come in its place
	HoldSuspend bool // nothing is suspended that is not

	HoldTimetable bool                     // each day whose lessons would change stays as it is, whole
	HoldValues    map[model.FieldKind]bool // these fields stay as they are

	Grace int      // for so many nights a record may be absent before it is ended
	Night era.Date // nights are told apart by it: the as-of date stands still before an era begins

	Ahead   bool // a later era is loaded: people and places stay as they are
	YearsUp int  // and pupils are so many years further
}

// whyKept is why an element stays that a document does not have.
type whyKept int

const (
	silent  whyKept = iota + 1 // nobody knows whether the MIS has it (R33, R34)
	held                       // it waits for a person
	Awaited                    // it may be back: it is absent for a few nights only
)

// Wanted is what the database should hold of an MIS's records from the as-of date on, in the
// database's own terms. Each list is in order of source id. A record that the MIS is silent on is
// wanted as the database has it: that is all the protection it needs (R33, R34).
type Wanted struct {
	Given

	Staff       []model.Staff
	Subjects    []model.Subject
	Houses      []model.House
	Locations   []model.Location
	Pupils      []model.Pupil
	Groups      []model.Group
	Memberships []Pair
	suspensions []era.Suspension // all that count
	Absent      []model.Absence  // of elements that stay for some nights more
	Table       *timetable       // nil when the MIS's timetable does not speak
	Days        []Day            // the lessons of the days that were read: Spell works them out

	// AsIs are memberships that stay as the database has them on each day, what ended or
	// begins later included (R40). They are not among the memberships above.
	AsIs map[Pair]bool
	// OwnDays are the days from the as-of date on of those of the memberships that are not as long as their
	// group: in order, and apart from each other.
	OwnDays  map[Pair][]era.Interval
	HandsOff map[Pair]bool  // memberships that are pinned, be they there or not
	Pinned   []model.Change // what the MIS would have changed
	Problems mis.Problems   // met on the way, beside those in the Snapshot

	Kept     map[model.ID]whyKept // elements that the document does not have, and that stay
	Unwanted map[Ref]bool         // what the MIS has and the school does not import
	Yearless map[string]bool      // pupils not imported, for their year is not known
	Elements map[Ref]model.ID     // what lessons can take
	Kinds    map[model.ID]string  // what an element is

	InFile    []era.Suspension // of the school's file, and what waits to leave it
	absences  map[model.ID]model.Absence
	suspended map[era.Year][]era.Interval
	hours     map[mis.PlaceInWeek][2]era.Clock // of the school's days
	yearOf    map[Ref]era.Year                 // of groups
	readable  map[string]mis.Pupil             // pupils of whom the MIS says where they are
	setSaid   map[string]bool                  // sets that can be read, and whose lists count
	FormOf    map[model.ID]model.Group         // each pupil's last form that the database has from the as-of date on
	houseOf   map[mis.House]model.ID           // by kind and name
	byRecord  map[string][]mis.Lesson          // lessons of the timetable, once somebody asks
	hadHouse  map[model.ID]model.ID            // by group, once somebody asks
	over      map[Ref]bool                     // groups that the MIS has, and that are over
	lives     map[model.ID]era.Interval        // of groups that are members of others
}

// Of is what is wanted. It is pure: the same arguments give the same, in the same order, and
// neither clock nor database is read.
func Of(given Given) *Wanted {
	w := &Wanted{Given: given, InFile: given.File, Kept: map[model.ID]whyKept{},
		suspended: map[era.Year][]era.Interval{}, absences: map[model.ID]model.Absence{},
		yearOf: map[Ref]era.Year{}, readable: map[string]mis.Pupil{}, Unwanted: map[Ref]bool{},
		setSaid: map[string]bool{}, over: map[Ref]bool{}, AsIs: map[Pair]bool{}, OwnDays: map[Pair][]era.Interval{},
		Yearless: map[string]bool{}, FormOf: map[model.ID]model.Group{}}
	if w.Hold {
		w.InFile = append(slices.Clone(w.File), w.notInTheFile()...)
	}
	for _, a := range w.State.Absences {
		w.absences[a.ElementID] = a
	}
	w.suspensions = inForce(w.InFile, w.State.Suspensions)
	w.readPins()
	w.wantStaff()
	w.wantSubjects()
	w.wantHouses()
	w.wantLocations()
	w.wantGroups()
	w.wantPupils()
	w.noteReadable()
	w.holdFields()
	w.wantMemberships()
	w.wantCustomMembers()
	w.wantActivityMembers()
	w.placeForms()
	w.pinPeople()
	w.expand()
	w.wantHouseGroups()
	w.noteLives()
	w.wantAutomatic()
	w.wantExtraMembers()
	w.finishDays()
	w.pinMemberships()
	slices.SortFunc(w.Memberships, ComparePairs)
	w.Memberships = slices.Compact(w.Memberships)
	w.suspendGroups()
	return w
}

// Pair says that an element is to be in a group from the as-of date on.
type Pair struct{ Group, Member model.ID }

// PairOf is the two that a membership joins.
func PairOf(m model.Membership) Pair { return Pair{m.GroupID, m.ElementID} }

// Place is where an element is among all groups of a kind.
type Place struct {
	Kind   string
	Member model.ID
}
