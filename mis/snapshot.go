// Package mis holds what a school's management information system says on one
// night: a Snapshot, and the Problems found in it. It is the same for every MIS.
// It must never know a database, nor how any particular MIS writes its documents.
package mis

import (
	"slices"
	"strings"

	"misimportd/era"
)

// StaffMember is one member of staff.
type StaffMember struct {
	ID         string // the MIS's own
	Initials   string
	Code       string // how the timetable names a teacher
	Title      string
	Forename   string
	Surname    string
	Name       string // in full; never blank (R9)
	Email      string // lower-case (R9)
	Teaching   bool
	PreviousID string // the id in the MIS before this one
}

// Pupil is one pupil.
type Pupil struct {
	ID            string
	SchoolID      string
	Forename      string
	Surname       string
	KnownAs       string
	Name          string // in full, without the form; never blank (R9)
	Email         string // lower-case (R9)
	Year          era.Year
	DivisionID    string
	FormID        string // "" for none; may name a form that does not exist
	House         string // an academic house's name, "" for none
	BoardingHouse string // likewise
}

// Location is a room.
type Location struct {
	ID        string
	Name      string
	ShortName string
}

// Subject is what is taught.
type Subject struct {
	ID   string
	Name string
	Code string
}

// HouseKind tells academic houses from boarding houses: their ids overlap.
type HouseKind string

const (
	Academic HouseKind = "academic"
	Boarding HouseKind = "boarding"
)

// House is an academic or a boarding house.
type House struct {
	ID   string // the kind and the MIS's own id: "boarding/3"
	Kind HouseKind
	Name string
	Code string
}

// Form is a tutor group.
type Form struct {
	ID      string
	Name    string
	Year    era.Year
	TutorID string // a StaffMember's ID, "" for none
}

// Set is a teaching group.
type Set struct {
	ID        string
	Name      string
	Code      string
	Year      era.Year
	SubjectID string // "" for none
}

// Member says that a pupil is in a group.
type Member struct {
	ID      string // the record's own, "" when it has none; identity is the pair below
	GroupID string
	PupilID string
}

// CustomGroup is a group that a member of staff gathered in the MIS.
type CustomGroup struct {
	ID         string
	Name       string // without the category
	CategoryID string // "" for none
	Category   string // its name
	Author     string // a StaffMember's Code; once Resolve is done, the ID
	Shared     bool
	ExpiresOn  era.Date // the last day, 0 for none
	Over       bool     // deleted, or its author is no current member of staff (R14)
	Nameless   bool     // it has a category, and nobody knows what that is called
}

// Category is what custom groups are sorted by.
type Category struct{ ID, Name string }

// Activity is a group of an extra-curricular activity. It has its own days.
type Activity struct {
	ID   string
	Name string
	Days era.Interval // without a last day when that is 0
}

// ActivityMember says that a pupil is in an activity on some days.
type ActivityMember struct {
	ID         string
	ActivityID string
	SchoolID   string
	PupilID    string       // once Resolve is done
	Days       era.Interval // without a first or a last day where that is 0
}

// Division is a part of the school with its year groups.
type Division struct {
	ID    string
	Years []era.Year
}

// Roll is all that a document says of one kind of record.
type Roll[T any] struct {
	Section string // as the MIS calls it, for people and for metrics
	Present bool   // the document has the section, be it empty
	Seen    int    // records of the section, faulty ones too
	Records []T    // the usable ones, in order of id, each id once
	Faulty  map[string]bool
	// Unreadable holds the names in faulty records whose very id could not be read,
	// "" for one without a name: a record that is missing may be one of them.
	Unreadable map[string]bool
	Believed   bool // missing, and yet taken at its word: see Believing
	LeftOut    bool // not looked at, on purpose: see Without
}

// SaysNothing tells whether r is no evidence of anything: the section is missing
// or empty (R34).
func (r *Roll[T]) SaysNothing() bool { return !r.Present || r.Seen == 0 }

// SilentOn tells whether it is unknown what the MIS says of a record, so that its
// absence from Records must not end it (R33, R34). name is what it is called so far; a
// pupil's may carry the form. A faulty record that has no id and no name either may be
// any: then r is silent on all.
func (r *Roll[T]) SilentOn(id, name string) bool {
	if r.SaysNothing() || r.Faulty[id] || r.Unreadable[""] || r.Unreadable[name] {
		return true
	}
	form := strings.LastIndex(name, " (")
	return form > 0 && r.Unreadable[name[:form]]
}

// MayHold tells whether the MIS may have a record of this id that is not in Records.
func (r *Roll[T]) MayHold(id string) bool {
	return r.SaysNothing() || len(r.Unreadable) > 0 || r.Faulty[id]
}

// MemberLists is all that a document says of who is in which group of a kind.
type MemberLists struct {
	Roll[Member]
	FaultyIn map[string]bool // groups with a member who could not be read
	FaultyOf map[string]bool // pupils in a group that could not be read
	Unplaced []Member        // who is said to be in a group whose own record cannot be read
}

// SilentOn tells whether it is unknown if this pupil is in this group (R33).
func (l *MemberLists) SilentOn(groupID, pupilID string) bool {
	return l.SaysNothing() || len(l.Unreadable) > 0 || l.FaultyIn[groupID] || l.FaultyOf[pupilID]
}

// ActivityMembers is all that is said of who is in which activity.
type ActivityMembers struct {
	Roll[ActivityMember]
	FaultyIn map[string]bool // activities with a member who could not be read
}

// SilentOn tells whether it is unknown who is in an activity (R33).
func (l *ActivityMembers) SilentOn(activityID string) bool {
	return l.SaysNothing() || len(l.Unreadable) > 0 || l.FaultyIn[activityID]
}

// leaveOut forgets what could not be read, too.
func (l *ActivityMembers) leaveOut() {
	l.Roll.leaveOut()
	l.FaultyIn = nil
}

// Section is what sections have in common, whatever their records are.
type Section interface {
	Name() string // as the MIS calls it
	Size() int    // records of it, faulty ones too
	SaysNothing() bool
	IsLeftOut() bool
	call(name string)
	believe()
	leaveOut()
}

// Name is what the MIS calls the section.
func (r *Roll[T]) Name() string { return r.Section }

func (r *Roll[T]) call(name string) { r.Section = name }

// Size is how many records of the section there are, faulty ones too.
func (r *Roll[T]) Size() int { return r.Seen }

// believe takes a section that says nothing at its word: there is no such record.
func (r *Roll[T]) believe() { r.Present, r.Seen, r.Believed = true, 1, true }

// IsLeftOut tells whether the section was not looked at, on purpose.
func (r *Roll[T]) IsLeftOut() bool { return r.LeftOut }

// leaveOut makes the section one that says nothing.
func (r *Roll[T]) leaveOut() {
	*r = Roll[T]{Section: r.Section, LeftOut: true}
}

// leaveOut forgets who is said to be in a set that cannot be read, too.
func (l *MemberLists) leaveOut() {
	l.Roll.leaveOut()
	*l = MemberLists{Roll: l.Roll}
}

// Snapshot is what the MIS says. The order of a document's records leaves no
// trace in it (R30).
type Snapshot struct {
	Staff          Roll[StaffMember]
	Pupils         Roll[Pupil]
	Locations      Roll[Location]
	Subjects       Roll[Subject]
	AcademicHouses Roll[House]
	BoardingHouses Roll[House]
	Divisions      Roll[Division]
	Forms          Roll[Form]
	Sets           Roll[Set]
	SetLists       MemberLists
	Custom         Roll[CustomGroup]
	Categories     Roll[Category]
	CustomMembers  MemberLists
	Activities     Roll[Activity]
	ActivityLinks  ActivityMembers
	Covers         Roll[Cover]
	Timetable      Timetable
	Problems       Problems
}

// sections are all that hold records. A section that is added to a Snapshot is added here.
func (s *Snapshot) sections() []Section {
	return []Section{&s.Staff, &s.Pupils, &s.Locations, &s.Subjects, &s.AcademicHouses, &s.BoardingHouses,
		&s.Divisions, &s.Forms, &s.Sets, &s.SetLists, &s.Custom, &s.Categories, &s.CustomMembers, &s.Activities,
		&s.ActivityLinks, &s.Covers}
}

// Believing is s with these sections, which are missing, taken at their word: what a person
// approves who says that there really are none. s is left as it is.
func (s *Snapshot) Believing(missing map[string]bool) *Snapshot {
	b := *s
	for _, section := range b.sections() {
		if missing[section.Name()] && section.SaysNothing() {
			section.believe()
		}
	}
	b.Timetable = s.Timetable.believing(missing)
	return &b
}

// Without is s as if it did not say anything of these sections: what they hold is neither changed nor
// missed. s is left as it is.
func (s *Snapshot) Without(sections ...string) *Snapshot {
	w := *s
	for _, section := range w.sections() {
		if slices.Contains(sections, section.Name()) {
			section.leaveOut()
		}
	}
	if slices.Contains(sections, s.Timetable.Section) {
		w.Timetable.Lessons, w.Timetable.Speaks, w.Timetable.LeftOut = nil, false, true
		w.Timetable.Silent = map[LessonKind]bool{Event: true}
	}
	return &w
}

// OfGroups are the sections without which a document says nothing of groups and lessons.
func (s *Snapshot) OfGroups() []string {
	return []string{s.Forms.Section, s.Sets.Section, s.SetLists.Section, s.Custom.Section, s.CustomMembers.Section,
		s.Activities.Section, s.ActivityLinks.Section, s.Covers.Section, s.Timetable.Section}
}

// Counts is how many records there were of each section, faulty ones too.
func (s *Snapshot) Counts() map[string]int {
	counts := map[string]int{}
	for _, section := range s.sections() {
		counts[section.Name()] += section.Size()
	}
	for _, r := range s.Timetable.Rolls {
		counts[r.Section] += r.Seen
	}
	return counts
}

// Nothing is what an MIS says that has every section of another's document, and in each no record.
func Nothing(like *Snapshot) *Snapshot {
	n := &Snapshot{}
	names := map[string]bool{}
	mine := n.sections()
	for i, section := range like.sections() {
		mine[i].call(section.Name())
		names[section.Name()] = true
	}
	n.Timetable.Section = like.Timetable.Section
	names[like.Timetable.Section] = true
	return n.Believing(names)
}
