package report

import (
	"testing"

	"misimportd/era"
	"misimportd/mis"
	"misimportd/store/model"
)

// TestOneCauseIsOneLine in which people and groups have names, where they are known.
func TestOneCauseIsOneLine(t *testing.T) {
	called := model.KnownAs{
		{Kind: "staff", ID: "LEE"}: "Ann Lee", {Kind: "pupil", ID: "11"}: "Zoë Poe",
		{Kind: model.CustomGroup, ID: "7"}: "Ski trip",
	}
	teaches := func(id, to, of string) mis.Problem {
		return mis.Problem{Section: "Schedules", ID: id, Reason: mis.UnknownTeacher, To: to, Of: of}
	}
	for name, c := range map[string]struct {
		problems []mis.Problem
		want     []string
	}{
		"some classes": {[]mis.Problem{teaches("1", "LEE", "11Mat2"), teaches("2", "LEE", "9Spa4"),
			teaches("3", "LEE", "11Mat2")},
			[]string{"Ann Lee has left and still teaches 9Spa4 and 11Mat2 (3 lessons)"}},
		"two teachers": {[]mis.Problem{teaches("1", "LEE", "9A"), teaches("2", "XXX", "9B"), teaches("3", "LEE", "9C")},
			[]string{"Ann Lee has left and still teaches 9A and 9C", ""}},
		"without a code": {[]mis.Problem{{Section: "StaffMeetings", ID: "1", To: "LEE"}},
			[]string{"Ann Lee has left and is still to come to 1 meeting"}},
		"a group": {[]mis.Problem{{Section: "CustomPupilGroupMembershipItems", ID: "1", To: "11", Of: "7"}},
			[]string{"Zoë Poe has left and is still in Ski trip"}},
		"nothing named": {[]mis.Problem{{Section: "CurrentPupils", ID: "11"}, {Section: "CurrentPupils", ID: "12"}},
			[]string{"", ""}},
	} {
		causes := CausesOf(c.problems, called)
		if len(causes) != len(c.want) {
			t.Errorf("%s: %d causes, want %d", name, len(causes), len(c.want))
			continue
		}
		for i, want := range c.want {
			if causes[i].Says != want {
				t.Errorf("%s: %q, want %q", name, causes[i].Says, want)
			}
		}
	}
	clash := mis.Problem{Section: "TblCoverManagerCover", ID: "5", Detail: "staff #LEE covers 9A; staff #9 does not"}
	if got, want := DetailOf(clash, called), "Ann Lee covers 9A; staff #9 does not"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := About(mis.Problem{Section: "CurrentPupils", ID: "11"}, called); got != "CurrentPupils 11 (Zoë Poe)" {
		t.Error(got)
	}
}

// TestNewIsWhatTheDayMetFirst and not what was there before, or has no day.
func TestNewIsWhatTheDayMetFirst(t *testing.T) {
	day := era.NewDate(2016, 9, 6)
	for since, want := range map[era.Date]bool{0: false, day - 1: false, day: true} {
		if got := IsNew(mis.Problem{Since: since}, day); got != want {
			t.Errorf("%s: %v, want %v", since, got, want)
		}
	}
}
