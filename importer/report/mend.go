package report

import (
	"cmp"
	"slices"
	"strings"

	"misimportd/era"
	"misimportd/mis"
	"misimportd/store/model"
)

// ProblemList is what there is to mend by the newest document.
type ProblemList struct {
	Run      model.ID        `json:"run"` // that read the document; 0 for none
	AsOf     era.Date        `json:"as_of"`
	Count    int             `json:"count"`
	Problems []ListedProblem `json:"problems"` // in the order in which somebody may go through them

	Called model.KnownAs `json:"-"` // how people and groups are called, for those who read
}

// ListedProblem is a problem, where it is mended, and how.
type ListedProblem struct {
	Where string `json:"where"` // the module of iSAMS, or the school's own file
	mis.Problem
	Mend string `json:"mend"`
	New  bool   `json:"new,omitempty"` // the run before did not meet it
}

// places are where sections are mended, in the order in which it is best done: what others refer to comes first.
var places = []struct{ where, sections string }{
	{"HR Manager", "CurrentStaff"},
	{"School Manager", "Years Terms SchoolDivisions AcademicHouses BoardingHouses Forms"},
	{"Pupil Manager", "CurrentPupils CustomGroupCategory CustomPupilGroups CustomPupilGroupMembershipItems"},
	{"Teaching Manager", "Departments Sets SetLists TeachingForms"},
	{"Estate Manager", "Buildings"},
	{"Timetable Manager", "PublishedTimetables Structure TimetableAllocations Schedules StaffMeetings YearSchedules " +
		"Tutorials"},
	{"Activity Manager", "TblActivityManagerGroup TblActivityManagerGroupPupilLink TblActivityManagerEvent " +
		"TblActivityManagerEventOccurrence TblActivityManagerEventTeacherLink"},
	{"Cover Manager", "TblCoverManagerCover CoverManager"},
	{"the school's own files", "suspensions events extra_groups"},
	{"the configuration", "guard eras convert document"},
}

// place is where a section is mended, and its place in the order.
type place struct {
	where string
	order int
}

var placeOfSection = func() map[string]place {
	of := map[string]place{}
	for _, p := range places {
		for section := range strings.FieldsSeq(p.sections) {
			of[section] = place{p.where, len(of) + 1}
		}
	}
	return of
}()

// Elsewhere is where problems are mended of sections that have no place.
const Elsewhere = "elsewhere"

func placeIn(section string) place {
	if of, known := placeOfSection[section]; known {
		return of
	}
	return place{Elsewhere, len(placeOfSection) + 1}
}

// mends says for each reason what to do.
var mends = map[mis.Reason]string{
	mis.NoID: "the export lacks an id: ask iSAMS's support", mis.BadID: "the id is no number: ask iSAMS's support",
	mis.Conflicting: "two records share one id: ask iSAMS's support", mis.Repeated: "take one of the two out",
	mis.NoName: "give it a name", mis.BadValue: "correct the value",
	mis.TooLarge:    "the record is too long: look for text that was pasted into it",
	mis.NoYearGroup: "set the National Curriculum year", mis.NoTutor: "choose a tutor",
	mis.UnknownTutor: "choose a tutor who is on the current staff", mis.UnknownForm: "choose a form that exists",
	mis.UnknownHouse: "choose a house that exists", mis.UnknownSet: "take it out, or choose a set that exists",
	mis.UnknownPupil: "take the pupil out, who is no current one", mis.UnknownSubject: "choose a subject that exists",
	mis.UnknownPeriod:   "move the lesson into a period of the timetable",
	mis.UnknownWeek:     "choose a week that the timetable has",
	mis.UnknownRoom:     "choose a room that exists",
	mis.UnknownTeacher:  "choose a teacher who is on the current staff",
	mis.UnknownActivity: "choose an activity that exists", mis.UnknownEvent: "take the occurrence out",
	mis.UnknownAuthor:    "give the group an owner who is on the current staff",
	mis.UnknownCategory:  "choose a category that exists",
	mis.UnknownTimetable: "name a timetable that exists (isams: timetable)", mis.SeveralTimetables: "say in the " +
		"configuration which timetable to import (isams: timetable)",
	mis.Overlapping: "let the periods not overlap", mis.Backwards: "correct the times or dates: it ends before it " +
		"starts",
	mis.CrossesMidnight: "let it end by midnight", mis.NoWeek: "allocate a week of the timetable, or enter a gap",
	mis.OutsideEras: "correct the dates, or enter the academic year", mis.NobodyInYear: "correct the year group",
	mis.OverlapsAnother: "make the two one", mis.SectionIsAbsent: "let the export hold it again",
	mis.OutsideGroup: "correct the dates, which lie outside of the group's", mis.TimesDiffer: "let both say one time",
	mis.DumpUnreadable: "export the dump again", mis.UnknownLesson: "take these covers out",
	mis.NotThatDay: "take these covers out, or correct their dates", mis.NoTeacher: "give the lesson a teacher",
	mis.Clash: "choose another teacher for the cover", mis.NeverTakesPlace: "correct the days",
	mis.NoneIsValid:  "say in the configuration which marks count (cover: valid_if)",
	mis.UnknownGroup: "name a group that exists", mis.UnknownMember: "name somebody who exists",
	mis.Ambiguous: "write the id", mis.InItself: "take the group out of itself", mis.SameName: "call it otherwise",
	mis.NoMatch: "write in matches.csv who it is", mis.YearEnds: "enter the next academic year, and choose it",
}

// WhereOf is where problems of a section are mended.
func WhereOf(section string) string { return placeIn(section).where }

// MendOf is what to do about problems of a reason, "" where only the problem itself tells.
func MendOf(reason mis.Reason) string { return mends[reason] }

// seeItself is what to do where only the problem itself tells.
const seeItself = "see what it says"

// ListProblems puts problems of a run that was true from a day on into the order in which somebody may go through them.
func ListProblems(problems []mis.Problem, asOf era.Date) (list []ListedProblem) {
	list = []ListedProblem{}
	for _, p := range problems {
		list = append(list, ListedProblem{WhereOf(p.Section), p, cmp.Or(MendOf(p.Reason), seeItself), IsNew(p, asOf)})
	}
	slices.SortStableFunc(list, func(a, b ListedProblem) int {
		return cmp.Or(cmp.Compare(placeIn(a.Section).order, placeIn(b.Section).order), cmp.Compare(a.Reason,
			b.Reason), mis.CompareIDs(a.ID, b.ID))
	})
	return list
}
