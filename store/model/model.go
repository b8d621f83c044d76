// Package model is what the store and those who plan hand each other: the records, the State that
// the database is in, the Plan that changes it, and the Run that tells of it. It is data, and how
// that data is laid out; it knows no SQL that is run, no driver, and no MIS.
package model

import (
	"database/sql/driver"
	"fmt"

	"misimportd/era"
)

// ID is a row's id. 0 is none, NULL in the database. A negative ID is provisional:
// a Plan gives one to each record that it creates, so that other records of the
// Plan can refer to it; Apply replaces it.
type ID int64

// Value is how id is stored.
func (id ID) Value() (driver.Value, error) {
	if id == 0 {
		return nil, nil
	}
	return int64(id), nil
}

// Scan reads id from a database column.
func (id *ID) Scan(value any) error {
	switch v := value.(type) {
	case nil:
		*id = 0
	case int64:
		*id = ID(v)
	default:
		return fmt.Errorf("cannot read an id from a %T", value)
	}
	return nil
}

// Entity is a kind of record that a Plan can change.
type Entity string

const (
	EraEntity        Entity = "era"
	SettingsEntity   Entity = "setting"
	StaffEntity      Entity = "staff"
	SubjectEntity    Entity = "subject"
	HouseEntity      Entity = "house"
	LocationEntity   Entity = "location"
	PupilEntity      Entity = "pupil"
	GroupEntity      Entity = "group"
	MembershipEntity Entity = "membership"
	LessonEntity     Entity = "lesson"
	CommitmentEntity Entity = "commitment"
	SuspensionEntity Entity = "suspension"
	// GroupSuspensionEntity is a stretch of days on which a group is suspended (R27).
	GroupSuspensionEntity Entity = "group_suspension"
	AbsenceEntity         Entity = "absence"
	PinEntity             Entity = "pin"
	UnwantedEntity        Entity = "unwanted_document"
	DatasourceEntity      Entity = "datasource"
	PauseEntity           Entity = "pause"
)

// Entities is every Entity in the order in which people are told of them.
var Entities = []Entity{
	EraEntity, SettingsEntity, DatasourceEntity, PupilEntity, StaffEntity, LocationEntity, SubjectEntity, HouseEntity,
	GroupEntity,
	MembershipEntity,
	LessonEntity, CommitmentEntity, SuspensionEntity, GroupSuspensionEntity, AbsenceEntity, PinEntity, UnwantedEntity,
	PauseEntity,
}

// Record is a row, or for elements the two rows, that a Change is about. Records of
// one type can be compared: what == says of their values is what counts.
type Record interface {
	Entity() Entity
	RowID() ID
}

// Element is what can belong to a group: the part that all kinds share.
type Element struct {
	ID      ID     `db:"id"`
	Kind    string `db:"kind"`
	Name    string `db:"name"`
	Current bool   `db:"current"`
}

// RowID is the element's id.
func (e Element) RowID() ID { return e.ID }

// IsCurrent tells whether the school has e now.
func (e Element) IsCurrent() bool { return e.Current }

// Called is the element's name.
func (e Element) Called() string { return e.Name }

// Origin says which MIS a record comes from, and its id there (R1).
type Origin struct {
	DatasourceID ID     `db:"datasource_id"`
	SourceID     string `db:"source_id"`
}

// Source is the id in the MIS.
func (o Origin) Source() string { return o.SourceID }

// Staff is a member of staff.
type Staff struct {
	Element
	Origin
	Initials         string `db:"initials"`
	Code             string `db:"code"`
	Title            string `db:"title"`
	Forename         string `db:"forename"`
	Surname          string `db:"surname"`
	Email            string `db:"email"`
	Teaching         bool   `db:"teaching"`
	PreviousSourceID string `db:"previous_source_id"`
}

// Pupil is a pupil. Name carries the form (R8).
type Pupil struct {
	Element
	Origin
	SchoolID        string   `db:"school_id"`
	Forename        string   `db:"forename"`
	Surname         string   `db:"surname"`
	KnownAs         string   `db:"known_as"`
	Email           string   `db:"email"`
	Year            era.Year `db:"year"`
	HouseID         ID       `db:"house_id"`
	BoardingHouseID ID       `db:"boarding_house_id"`
}

// Location is a room.
type Location struct {
	Element
	Origin
	ShortName string `db:"short_name"`
}

// Subject is what is taught.
type Subject struct {
	Element
	Origin
	Code string `db:"code"`
}

// House is an academic or a boarding house.
type House struct {
	Element
	Origin
	Type string `db:"type"`
	Code string `db:"code"`
}

// The kinds of group that an import makes.
const (
	FormGroup      = "form"
	SetGroup       = "set"
	ActivityGroup  = "activity"
	CustomGroup    = "custom"    // gathered by staff in the MIS
	HouseGroup     = "house"     // a house's pupils, or its tutors
	AutomaticGroup = "automatic" // follows from the rest
	ExtraGroup     = "extra"     // of the school's own file
)

// GroupKinds are all kinds of group, those that users make too.
var GroupKinds = []string{FormGroup, SetGroup, ActivityGroup, CustomGroup, AutomaticGroup, ExtraGroup, HouseGroup,
	"user"}

// IsDerived tells whether the groups of a kind follow from other records: what becomes of them has its cause
// elsewhere.
func IsDerived(kind string) bool { return kind == HouseGroup || kind == AutomaticGroup }

// Group is a group in one era. It lives from StartsOn to EndsOn, both included.
type Group struct {
	Element
	Origin
	GroupKind string   `db:"kind"`
	EraID     ID       `db:"era_id"`
	Year      era.Year `db:"year"`
	StartsOn  era.Date `db:"starts_on"`
	EndsOn    era.Date `db:"ends_on"`
	SubjectID ID       `db:"subject_id"`
	TutorID   ID       `db:"tutor_id"`
	Suspended bool     `db:"suspended"` // on the as-of date (R27)
	HouseID   ID       `db:"house_id"`  // that a form belongs to
	OwnerID   ID       `db:"owner_id"`  // of a custom group
	Shared    bool     `db:"shared"`    // likewise
}

// Life is the days on which g exists.
func (g Group) Life() era.Interval { return era.Interval{From: g.StartsOn, To: g.EndsOn} }

// Membership says that an element is in a group from StartsOn to EndsOn, both
// included; without an end when EndsOn is zero.
type Membership struct {
	ID        ID       `db:"id"`
	GroupID   ID       `db:"group_id"`
	ElementID ID       `db:"element_id"`
	StartsOn  era.Date `db:"starts_on"`
	EndsOn    era.Date `db:"ends_on"`
}

// Lesson is one entry of the timetable on one date. Its times are those of the school's
// clock, so that a change of the clock moves nothing.
type Lesson struct {
	ID ID `db:"id"`
	Origin
	EraID     ID         `db:"era_id"`
	Kind      string     `db:"kind"`
	Code      string     `db:"code"`
	Name      string     `db:"name"`
	OnDate    era.Date   `db:"on_date"`
	StartsAt  era.Moment `db:"starts_at"`
	EndsAt    era.Moment `db:"ends_at"`
	Suspended bool       `db:"suspended"`

	Note        string `db:"note"`         // of an event of the school's own
	OrganiserID ID     `db:"organiser_id"` // likewise, a member of staff
}

// Commitment says that a lesson takes an element: a group, a pupil, a teacher, a room, a subject. One that
// covers is of a teacher in the place of another's.
type Commitment struct {
	ID        ID     `db:"id"`
	LessonID  ID     `db:"lesson_id"`
	ElementID ID     `db:"element_id"`
	CoversID  ID     `db:"covers_id"` // whose place is taken, 0 for nobody's
	SourceID  string `db:"source_id"` // of a cover, in the MIS; "" for one that a person entered
}

// IsCover tells whether c is of somebody in another's place.
func (c Commitment) IsCover() bool { return c.CoversID != 0 }

// IsByHand tells whether c is a cover that a person entered: no import touches it.
func (c Commitment) IsByHand() bool { return c.CoversID != 0 && c.SourceID == "" }

// Where a suspension was entered.
const (
	InFile    = "file"
	ByCommand = "command"
)

// Suspension is a suspension or a gap, as it was entered.
type Suspension struct {
	ID       ID         `db:"id"`
	Name     string     `db:"name"`
	Kind     string     `db:"kind"`
	StartsAt era.Moment `db:"starts_at"`
	EndsAt   era.Moment `db:"ends_at"`
	Daily    bool       `db:"daily"`
	Years    string     `db:"years"`  // apart by spaces; none means all
	Origin   string     `db:"origin"` // InFile or ByCommand
}

// GroupSuspension is days, both included, on which a group is suspended (R27).
type GroupSuspension struct {
	ID       ID       `db:"id"`
	GroupID  ID       `db:"group_id"`
	StartsOn era.Date `db:"starts_on"`
	EndsOn   era.Date `db:"ends_on"`
}

// Absence says for how many nights in a row an element has been absent from the MIS that
// is to be ended only after some more.
type Absence struct {
	ID        ID       `db:"id"`
	ElementID ID       `db:"element_id"`
	Nights    int      `db:"nights"`
	LastOn    era.Date `db:"last_on"` // the newest of them
}

// Pin says what an import is to leave as it is: a field of an element, or, where Field is
// blank, whether the element is in a group.
type Pin struct {
	ID        ID     `db:"id"`
	ElementID ID     `db:"element_id"`
	Field     string `db:"field"`
	GroupID   ID     `db:"group_id"`
}

// UnwantedDocument is a document, by its hash, that is not to be imported again: the run
// that did was undone.
type UnwantedDocument struct {
	ID     ID     `db:"id"`
	SHA256 string `db:"sha256"`
}
