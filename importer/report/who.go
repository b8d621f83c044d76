package report

import "misimportd/era"

// Who is all there is of a pupil, a member of staff or a room.
type Who struct {
	Kind     string        `json:"kind"`
	SourceID string        `json:"id"` // in the MIS
	Name     string        `json:"name"`
	Current  bool          `json:"current"`
	Fields   []Fact        `json:"fields"`
	On       era.Date      `json:"on"`
	Groups   []PersonGroup `json:"groups"`  // on that day
	Before   []PersonGroup `json:"before"`  // each stretch of days, the newest first
	ToCome   []PersonGroup `json:"to_come"` // likewise
	Tutors   []PersonGroup `json:"tutors"`  // of which a member of staff is the tutor, or which one gathered
	Lessons  []DayLesson   `json:"lessons"` // of that day
}

// Fact is a field that is not blank.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// PersonGroup is a group, and from when to when somebody is in it.
type PersonGroup struct {
	Kind     string   `json:"kind"`
	SourceID string   `json:"id"`
	Name     string   `json:"name"`
	Era      string   `json:"era"`
	StartsOn era.Date `json:"starts_on"`
	EndsOn   era.Date `json:"ends_on"`
}

// Cover says who takes whose place in a lesson.
type Cover struct {
	Covered string `json:"covered"`
	By      string `json:"by"`
	ByHand  bool   `json:"by_hand,omitempty"` // a person entered it
}

// Clash is a person or a room in two places at once.
type Clash struct {
	Who  string `json:"who"`
	With string `json:"with"` // the other lesson
	At   string `json:"at"`
}

// Listed is a member of staff or a room in a list.
type Listed struct {
	SourceID string `json:"id"`
	Code     string `json:"code"` // of a room its short name
	Name     string `json:"name"`
}

// Match is somebody or something that a text can mean.
type Match struct {
	Of       string `json:"of"`   // pupil, staff, location or group
	Kind     string `json:"kind"` // of a group its kind, else the same
	SourceID string `json:"id"`
	Name     string `json:"name"`
	Current  bool   `json:"current"`
	Days     string `json:"days,omitempty"` // of a group: its era, and from when to when it lives
}
