package guard

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"misimportd/store/model"
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
	PupilsLeaving       = "pupils_leaving"
	StaffLeaving        = "staff_leaving"
	GroupsEnding        = "groups_ending"
	GroupsShrinking     = "groups_shrinking" // percent is of each group's members, at_least counts groups
	GroupsEmptied       = "groups_emptied"   // that go on
	MembershipsEnding   = "memberships_ending"
	MembershipsMoving   = "memberships_moving" // from one group of a kind and year to another
	LossesTogether      = "losses_together"    // of a form's pupils, a department's sets, a teacher's lessons
	RecentLosses        = "recent_losses"      // of the last seven nights of imports together
	LessonsRemoved      = "lessons_removed"
	CommitmentsEnding   = "commitments_ending"   // of lessons that stay
	CoversEnding        = "covers_ending"        // the MIS's, of lessons that stay
	CommitmentsChanging = "commitments_changing" // of lessons that stay, and take another of the kind instead
	LessonsSuspended    = "lessons_suspended"
	SuspensionsRemoved  = "suspensions_removed"
	SectionsMissing     = "sections_missing"
	SectionShrinks      = "section_shrinks"
	YearsAbsent         = "years_absent"
	RecordsNew          = "records_new" // pupils but for the two year groups that most join
	DocumentDiffers     = "document_differs"
	IDsChanged          = "ids_changed"
	RecordsSkipped      = "records_skipped"
	ValuesLost          = "values_lost"      // fields that would be blank and are not, of each kind and field by itself
	ValuesChanged       = "values_changed"   // that would be others, likewise
	ValuesShared        = "values_shared"    // that were apart, likewise
	ValuesGarbled       = "values_garbled"   // that look like text in a wrong encoding, likewise
	GroupsDropped       = "groups_dropped"   // by a roll: they would begin after the year's last day
	MembershipsCut      = "memberships_cut"  // by a roll: they reach beyond that day, or have no end
	PupilsUnmatched     = "pupils_unmatched" // of the previous MIS, by a convert
	StaffUnmatched      = "staff_unmatched"
	PlacesUnmatched     = "places_unmatched" // rooms, subjects and houses together

	ProtectedGroups = "protected" // no limit: groups that a person named, of which no member goes
)

// comeAndGo are the kinds of group that staff begin and end as they like.
var comeAndGo = map[string]bool{model.CustomGroup: true, model.ActivityGroup: true}

// of is l for what it is about: of groups that come and go three times as much may.
func (l Limit) of(about string) Limit {
	const wider, everything = 3, 100
	if comeAndGo[about] {
		l.Percent = min(everything, wider*l.Percent)
	}
	return l
}

// Limits are the limits by name. One that is not there is off.
type Limits map[string]Limit

// theLimits is every limit in the order in which they are shown.
var theLimits = []struct {
	name     string
	imports  Limit
	rollover *Limit // of the first import into an era: the oldest year group has left, and some staff. nil: as ever
	undo     *Limit // of an undo, which a person asked for: nil for what is about documents
	special  *Limit // of a roll into the next era, or of a convert: nil for all but what is about one of these
}{
	{PupilsLeaving, Limit{Percent: 10, AtLeast: 20}, &Limit{Percent: 35, AtLeast: 20}, half(20), nil},
	{StaffLeaving, Limit{Percent: 20, AtLeast: 5}, &Limit{Percent: 40, AtLeast: 5}, half(5), nil},
	{GroupsEnding, Limit{Percent: 10, AtLeast: 10}, nil, half(10), nil},
	{GroupsShrinking, Limit{Percent: 50, AtLeast: 6}, nil, nil, nil},
	{GroupsEmptied, Limit{}, nil, nil, nil},
	{MembershipsEnding, Limit{Percent: 5, AtLeast: 50}, nil, half(100), nil},
	{MembershipsMoving, Limit{Percent: 40, AtLeast: 100}, nil, nil, nil},
	{LessonsRemoved, Limit{Percent: 10, AtLeast: 100}, nil, half(200), nil},
	{CommitmentsEnding, Limit{Percent: 20, AtLeast: 500}, nil, half(500), nil},
	{CoversEnding, Limit{Percent: 50, AtLeast: 40}, nil, half(40), nil},
	{CommitmentsChanging, Limit{Percent: 40, AtLeast: 500}, nil, nil, nil},
	{LessonsSuspended, Limit{Percent: 30, AtLeast: 500}, nil, half(500), nil},
	{SuspensionsRemoved, Limit{Percent: 50, AtLeast: 5}, nil, half(5), nil},
	{LossesTogether, Limit{Percent: 80, AtLeast: 5}, &Limit{Off: true}, nil, nil},
	{RecentLosses, Limit{Percent: 15, AtLeast: 20}, &Limit{Off: true}, nil, nil},
	{SectionsMissing, Limit{}, nil, nil, nil},
	{SectionShrinks, Limit{Percent: 30, AtLeast: 20}, &Limit{Percent: 50, AtLeast: 20}, nil, nil},
	{YearsAbsent, Limit{}, &Limit{AtLeast: 2}, nil, nil},
	{RecordsNew, Limit{Percent: 5, AtLeast: 10}, &Limit{Off: true}, nil, nil},
	{DocumentDiffers, Limit{Percent: 50, AtLeast: 20}, nil, nil, nil},
	{IDsChanged, Limit{Percent: 5, AtLeast: 10}, nil, nil, nil},
	{RecordsSkipped, Limit{Percent: 5, AtLeast: 20}, nil, nil, nil},
	{ValuesLost, Limit{Percent: 20, AtLeast: 10}, nil, nil, nil},
	{ValuesChanged, Limit{Percent: 10, AtLeast: 10}, &Limit{Off: true}, nil, nil},
	{ValuesShared, Limit{Percent: 5, AtLeast: 5}, nil, nil, nil},
	{ValuesGarbled, Limit{AtLeast: 3}, nil, nil, nil},
	{GroupsDropped, Limit{}, nil, nil, &Limit{Percent: 10, AtLeast: 10}},
	{MembershipsCut, Limit{}, nil, nil, &Limit{Percent: 10, AtLeast: 100}},
	{PupilsUnmatched, Limit{}, nil, nil, &Limit{Percent: 10, AtLeast: 20}},
	{StaffUnmatched, Limit{}, nil, nil, &Limit{Percent: 20, AtLeast: 10}},
	{PlacesUnmatched, Limit{}, nil, nil, &Limit{Percent: 40, AtLeast: 20}},
}

// perNight are limits on what one night may do: after several days, it may do more.
var perNight = map[string]bool{PupilsLeaving: true, StaffLeaving: true, GroupsEnding: true, MembershipsEnding: true,
	MembershipsMoving: true,
	LessonsRemoved:    true, RecordsNew: true, ValuesChanged: true}

// half keeps an undo from taking away half of a school at one word.
func half(atLeast int) *Limit { return &Limit{Percent: 50, AtLeast: atLeast} }

// LimitNames is every limit in the order in which they are shown.
var LimitNames = func() (names []string) {
	for _, l := range theLimits {
		names = append(names, l.name)
	}
	return append(names, ProtectedGroups)
}()

// DefaultLimits are those of an import.
func DefaultLimits() Limits {
	limits := Limits{}
	for _, l := range theLimits {
		if l.special == nil {
			limits[l.name] = l.imports
		}
	}
	return limits
}

// RolloverLimits are those of the first import into an era, on top of DefaultLimits.
func RolloverLimits() Limits {
	limits := Limits{}
	for _, l := range theLimits {
		if l.rollover != nil {
			limits[l.name] = *l.rollover
		}
	}
	return limits
}

// UndoLimits are those of an undo.
func UndoLimits() Limits {
	limits := Limits{}
	for _, l := range theLimits {
		if l.undo != nil {
			limits[l.name] = *l.undo
		}
	}
	return limits
}

// RollLimits are those of a roll into the next era.
func RollLimits() Limits { return some(GroupsDropped, MembershipsCut) }

// ConvertLimits are those of the first import from a new MIS: nothing of the previous one's ids, groups
// and values is left to compare with, and so its records are held against the document alone, and against
// how much of the previous MIS they are.
func ConvertLimits() Limits {
	return some(PupilsUnmatched, StaffUnmatched, PlacesUnmatched, SectionsMissing, YearsAbsent, RecordsSkipped,
		ValuesShared,
		ValuesGarbled)
}

// some are limits of these names, with the defaults that they have where they are judged.
func some(names ...string) Limits {
	limits := Limits{}
	for _, l := range theLimits {
		switch {
		case !slices.Contains(names, l.name):
		case l.special != nil:
			limits[l.name] = *l.special
		default:
			limits[l.name] = l.imports
		}
	}
	return limits
}

// AWeek is how many nights of imports are judged together, and after how many days without
// one a night may do twice as much.
const AWeek = 7

// after is what is allowed when so many days have gone by since the last import: a sixth of
// the share more for each day that had none, until it is twice as much.
func (l Limit) after(days int) Limit {
	more := min(max(days, 1), AWeek) - 1
	l.Percent = min(100, l.Percent*float64(AWeek-1+more)/(AWeek-1))
	return l
}

// Guard is how imports and undos are judged.
type Guard struct {
	Import, Rollover, Undo Limits
	Roll, Convert          Limits
	Hold                   model.Hold // HoldRemovals, or HoldAll
	GraceNights            int        // for so many nights a record may be absent before it is ended
	Protected              []string   // groups of which no member goes unapproved, as set/1234 or form/7A
}

// NewGuard is a guard with the limits that hold where nothing else is said.
func NewGuard() Guard {
	g := Guard{Import: DefaultLimits(), Rollover: DefaultLimits(), Undo: UndoLimits(),
		Roll: RollLimits(), Convert: ConvertLimits(), Hold: model.HoldRemovals}
	maps.Copy(g.Rollover, RolloverLimits())
	return g
}

// Allows tells in words what a limit allows.
func (l Limit) Allows() string {
	switch {
	case l.Percent == 0 && l.AtLeast <= 1:
		return "none is allowed"
	case l.AtLeast <= 1:
		return fmt.Sprintf("allowed are up to %s %%", l.percent())
	case l.Percent == 0:
		return fmt.Sprintf("allowed are fewer than %d", l.AtLeast)
	}
	return fmt.Sprintf("allowed are up to %s %%, or fewer than %d", l.percent(), l.AtLeast)
}

// percent is the share with one decimal at most.
func (l Limit) percent() string { return strconv.FormatFloat(math.Round(l.Percent*10)/10, 'f', -1, 64) }
