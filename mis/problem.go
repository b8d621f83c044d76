package mis

import (
	"cmp"
	"slices"

	"misimportd/era"
)

// Reason is why a record was skipped or could not be used in full. There are few,
// so that they can be counted and name a metric's series.
type Reason string

const (
	NoID              Reason = "no id"
	BadID             Reason = "id is not a number"
	Conflicting       Reason = "same id, different content"
	Repeated          Reason = "repeated"
	NoName            Reason = "no name"
	BadValue          Reason = "value cannot be read"
	TooLarge          Reason = "record too large"
	NoYearGroup       Reason = "no year group"
	NoTutor           Reason = "no tutor"
	UnknownTutor      Reason = "unknown tutor"
	UnknownForm       Reason = "unknown form"
	UnknownHouse      Reason = "unknown house"
	UnknownSet        Reason = "unknown set"
	UnknownPupil      Reason = "unknown pupil"
	UnknownSubject    Reason = "unknown subject"
	UnknownPeriod     Reason = "unknown period"
	UnknownWeek       Reason = "unknown timetable week"
	UnknownRoom       Reason = "unknown room"
	UnknownTeacher    Reason = "unknown teacher"
	UnknownTimetable  Reason = "unknown timetable"
	SeveralTimetables Reason = "several timetables"
	Overlapping       Reason = "periods overlap"
	Backwards         Reason = "ends before it starts"
	CrossesMidnight   Reason = "crosses midnight"
	NoWeek            Reason = "no timetable week"
	NotUnderstood     Reason = "not understood yet"
	OutsideEras       Reason = "outside every era"
	NobodyInYear      Reason = "nobody is in the year"
	OverlapsAnother   Reason = "overlaps another"
	LastGood          Reason = "the last document once more"
	SectionIsAbsent   Reason = "section absent or empty"
	Unwanted          Reason = "not imported again"
	WouldClash        Reason = "would clash with what is kept"
	YearEnds          Reason = "academic year ends"
	NoMatch           Reason = "no match"
	UnknownAuthor     Reason = "unknown author"
	UnknownCategory   Reason = "unknown category"
	UnknownActivity   Reason = "unknown activity"
	UnknownEvent      Reason = "unknown event"
	UnknownGroup      Reason = "unknown group"
	UnknownMember     Reason = "unknown member"
	Ambiguous         Reason = "fits more than one"
	InItself          Reason = "group in itself"
	SameName          Reason = "same name"
	OutsideGroup      Reason = "outside its group's days"
	TimesDiffer       Reason = "times differ"
	DumpUnreadable    Reason = "dump cannot be read"
	UnknownLesson     Reason = "unknown lesson"
	NotThatDay        Reason = "not on that day"
	NoTeacher         Reason = "no teacher"
	Clash             Reason = "clash"
	NeverTakesPlace   Reason = "never takes place"
	NoneIsValid       Reason = "none is valid"
)

// Problem is a fault in a document that does not stop the night (R33). It names
// records by id, never by a person's name.
type Problem struct {
	Section string `json:"section"`
	ID      string `json:"id"` // "" where the record has none that can be read
	Reason  Reason `json:"reason"`
	Detail  string `json:"detail,omitempty"` // what was found, and what was done about it
	Line    int    `json:"line,omitempty"`   // in the document; 0 for the whole of it
	More    int    `json:"more,omitempty"`   // this many like it are not listed

	To string `json:"to,omitempty"` // the id or the code of what it names and is not there, where somebody may know it
	Of string `json:"of,omitempty"` // what names it, where that is no record of its own: a class's code, a group's id

	Since era.Date `json:"since,omitzero"` // the day of the first of the runs in a row that met it; 0 until one does
}

// maxListed is how many problems of one section and reason are listed; the rest are
// counted. A document of nothing but faults must not fill the memory.
const maxListed = 1000

// Problems gathers problems. The zero value is ready for use.
type Problems struct {
	listed []Problem
	counts map[Problem]int // by section and reason, all else blank
}

// Add notes a problem.
func (p *Problems) Add(q Problem) {
	if p.counts == nil {
		p.counts = map[Problem]int{}
	}
	kind := Problem{Section: q.Section, Reason: q.Reason}
	if p.counts[kind]++; p.counts[kind] <= maxListed {
		p.listed = append(p.listed, q)
	}
}

// List is the problems in the order in which they are shown. Where there are too many
// of a kind to list, the last of the kind says how many more there were.
func (p *Problems) List() []Problem {
	list := append([]Problem{}, p.listed...)
	SortProblems(list)
	for i := range list {
		kind := Problem{Section: list[i].Section, Reason: list[i].Reason}
		last := i+1 == len(list) || list[i+1].Section != kind.Section || list[i+1].Reason != kind.Reason
		if more := p.counts[kind] - maxListed; last && more > 0 {
			list[i].More = more
		}
	}
	return list
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

// CompareIDs orders ids as people do: numbers by size, so that 9 comes before 10, and
// after them texts by their letters.
func CompareIDs(a, b string) int {
	switch numberA, numberB := isNumber(a), isNumber(b); {
	case numberA != numberB:
		return -cmp.Compare(btoi(numberA), btoi(numberB))
	case numberA && len(a) != len(b):
		return cmp.Compare(len(a), len(b))
	}
	return cmp.Compare(a, b)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func isNumber(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
