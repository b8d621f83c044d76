package mis

import (
	"cmp"
	"slices"
)

// Reason is why a record was skipped or could not be used in full. There are few,
// so that they can be counted and name a metric's series.
type Reason string

const (
	NoID            Reason = "no id"
	BadID           Reason = "id is not a number"
	Conflicting     Reason = "same id, different content"
	Repeated        Reason = "repeated"
	NoName          Reason = "no name"
	BadValue        Reason = "value cannot be read"
	TooLarge        Reason = "record too large"
	NoYearGroup     Reason = "no year group"
	NoTutor         Reason = "no tutor"
	UnknownTutor    Reason = "unknown tutor"
	UnknownForm     Reason = "unknown form"
	UnknownHouse    Reason = "unknown house"
	UnknownSet      Reason = "unknown set"
	UnknownPupil    Reason = "unknown pupil"
	UnknownSubject  Reason = "unknown subject"
	SectionIsAbsent Reason = "section absent or empty"
)

// Problem is a fault in a document that does not stop the night (R33). It names
// records by id, never by a person's name.
type Problem struct {
	Section string `json:"section"`
	ID      string `json:"id"` // "" where the record has none that can be read
	Reason  Reason `json:"reason"`
	Detail  string `json:"detail,omitempty"` // what was found, and what was done about it
	Line    int    `json:"line,omitempty"`   // in the document; 0 for the whole of it
}

// SortProblems puts problems into the order in which they are shown: by section,
// reason and id.
func SortProblems(problems []Problem) {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(
			cmp.Compare(a.Section, b.Section),
			cmp.Compare(a.Reason, b.Reason),
			CompareIDs(a.ID, b.ID),
			cmp.Compare(a.Detail, b.Detail),
			cmp.Compare(a.Line, b.Line),
		)
	})
}

// CompareIDs orders ids as people do: numbers by size, before and among texts by
// their letters, so that 9 comes before 10.
func CompareIDs(a, b string) int {
	if len(a) != len(b) && isNumber(a) && isNumber(b) {
		return cmp.Compare(len(a), len(b))
	}
	return cmp.Compare(a, b)
}

func isNumber(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
