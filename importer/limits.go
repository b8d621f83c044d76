package importer

import (
	"fmt"
	"maps"

	"misimportd/store"
)

// Limit is how much a plan may do before it waits for a person: what goes beyond Percent
// and counts AtLeast so many breaches it. The zero Limit allows nothing.
type Limit struct {
	Percent float64
	AtLeast int
	Off     bool // everything is allowed
}

func (l Limit) breachedBy(count, of int) bool {
	return !l.Off && count > 0 && count >= l.AtLeast && float64(count)*100 > l.Percent*float64(of)
}

// The names of the limits, as the configuration has them.
const (
	PupilsLeaving      = "pupils_leaving"
	StaffLeaving       = "staff_leaving"
	GroupsEnding       = "groups_ending"
	GroupsShrinking    = "groups_shrinking" // percent is of each group's members, at_least counts groups
	MembershipsEnding  = "memberships_ending"
	LessonsRemoved     = "lessons_removed"
	CommitmentsEnding  = "commitments_ending" // of lessons that stay
	LessonsSuspended   = "lessons_suspended"
	SuspensionsRemoved = "suspensions_removed"
	SectionsMissing    = "sections_missing"
	SectionShrinks     = "section_shrinks"
	DocumentDiffers    = "document_differs"
	IDsChanged         = "ids_changed"
	RecordsSkipped     = "records_skipped"
	ValuesLost         = "values_lost" // fields that would be blank and are not, of each kind and field by itself
)

// Limits are the limits by name. One that is not there is off.
type Limits map[string]Limit

// LimitNames is every limit in the order in which they are shown.
var LimitNames = []string{PupilsLeaving, StaffLeaving, GroupsEnding, GroupsShrinking, MembershipsEnding, LessonsRemoved, CommitmentsEnding,
	LessonsSuspended, SuspensionsRemoved, SectionsMissing, SectionShrinks, DocumentDiffers, IDsChanged, RecordsSkipped, ValuesLost}

// DefaultLimits are those of an import.
func DefaultLimits() Limits {
	return Limits{
		PupilsLeaving: {Percent: 10, AtLeast: 20}, StaffLeaving: {Percent: 20, AtLeast: 5},
		GroupsEnding: {Percent: 10, AtLeast: 10}, GroupsShrinking: {Percent: 50, AtLeast: 6}, MembershipsEnding: {Percent: 10, AtLeast: 100},
		LessonsRemoved: {Percent: 20, AtLeast: 200}, CommitmentsEnding: {Percent: 20, AtLeast: 500},
		LessonsSuspended: {Percent: 30, AtLeast: 500}, SuspensionsRemoved: {Percent: 50, AtLeast: 5},
		SectionsMissing: {}, SectionShrinks: {Percent: 30, AtLeast: 20},
		DocumentDiffers: {Percent: 50, AtLeast: 20}, IDsChanged: {Percent: 5, AtLeast: 10}, RecordsSkipped: {Percent: 5, AtLeast: 20}, ValuesLost: {Percent: 20, AtLeast: 10},
	}
}

// RolloverLimits are those of the first import into an era, on top of DefaultLimits: the
// oldest year group has left, and with it some staff.
func RolloverLimits() Limits {
	return Limits{PupilsLeaving: {Percent: 35, AtLeast: 20}, StaffLeaving: {Percent: 40, AtLeast: 5}, SectionShrinks: {Percent: 50, AtLeast: 20}}
}

// UndoLimits are those of an undo, which a person asked for: they keep it from taking away
// half of a school at one word.
func UndoLimits() Limits {
	return Limits{
		PupilsLeaving: {Percent: 50, AtLeast: 20}, StaffLeaving: {Percent: 50, AtLeast: 5}, GroupsEnding: {Percent: 50, AtLeast: 10},
		MembershipsEnding: {Percent: 50, AtLeast: 100}, LessonsRemoved: {Percent: 50, AtLeast: 200}, CommitmentsEnding: {Percent: 50, AtLeast: 500},
		LessonsSuspended: {Percent: 50, AtLeast: 500}, SuspensionsRemoved: {Percent: 50, AtLeast: 5},
	}
}

// Guard is how imports and undos are judged.
type Guard struct {
	Import, Rollover, Undo Limits
	Hold                   store.Hold // HoldRemovals, or HoldAll
	GraceNights            int        // for so many nights a record may be absent before it is ended
}

// NewGuard is a guard with the limits that hold where nothing else is said.
func NewGuard() Guard {
	g := Guard{Import: DefaultLimits(), Rollover: DefaultLimits(), Undo: UndoLimits(), Hold: store.HoldRemovals}
	maps.Copy(g.Rollover, RolloverLimits())
	return g
}

// allows tells in words what a limit allows.
func (l Limit) allows() string {
	switch {
	case l.Percent == 0 && l.AtLeast <= 1:
		return "none is allowed"
	case l.AtLeast <= 1:
		return fmt.Sprintf("allowed are up to %g %%", l.Percent)
	case l.Percent == 0:
		return fmt.Sprintf("allowed are fewer than %d", l.AtLeast)
	}
	return fmt.Sprintf("allowed are up to %g %%, or fewer than %d", l.Percent, l.AtLeast)
}
