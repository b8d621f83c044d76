package era_test

import (
	"testing"
	"time"

	"misimportd/era"
)

// TestPausesFollowEachOther: days of pauses that touch or overlap are one stretch, yearly ones too, over
// New Year and in leap years.
func TestPausesFollowEachOther(t *testing.T) {
	yearly := func(from, to era.MonthDay) era.Pause {
		return era.Pause{Yearly: true, Begins: from, Finishes: to, Why: "y"}
	}
	once := func(from, to string) era.Pause { return era.Pause{Interval: span(t, from, to), Why: "once"} }
	summer := yearly(era.MonthDay{Month: time.July, Day: 20}, era.MonthDay{Month: time.August, Day: 25})
	newYear := yearly(era.MonthDay{Month: time.December, Day: 20}, era.MonthDay{Month: time.January, Day: 3})
	always := yearly(era.MonthDay{Month: time.January, Day: 1}, era.MonthDay{Month: time.December, Day: 31})
	for _, c := range []struct {
		pauses     []era.Pause
		day        string
		since, end string // "" for no pause
	}{
		{nil, "2026-08-01", "", ""},
		{[]era.Pause{summer}, "2026-07-19", "", ""},
		{[]era.Pause{summer}, "2026-07-20", "2026-07-20", "2026-08-25"},
		{[]era.Pause{summer}, "2027-08-25", "2027-07-20", "2027-08-25"},
		{[]era.Pause{summer}, "2027-08-26", "", ""},
		{[]era.Pause{newYear}, "2026-12-31", "2026-12-20", "2027-01-03"},
		{[]era.Pause{newYear}, "2027-01-01", "2026-12-20", "2027-01-03"},
		{[]era.Pause{newYear}, "2027-01-04", "", ""},
		{[]era.Pause{once("2026-12-10", "2026-12-19"), newYear}, "2026-12-24", "2026-12-10", "2027-01-03"},
		{[]era.Pause{newYear, once("2027-01-02", "2027-01-09")}, "2026-12-24", "2026-12-20", "2027-01-09"},
		{[]era.Pause{once("2026-05-01", "2026-05-03"), once("2026-05-05", "2026-05-06")}, "2026-05-02", "2026-05-01",
			"2026-05-03"},
	} {
		days, _, on := era.Paused(c.pauses, day(t, c.day))
		if on != (c.since != "") || on && (days != span(t, c.since, c.end)) {
			t.Errorf("%s: %v %s, want %q to %q", c.day, on, days, c.since, c.end)
		}
	}
	if days, _, on := era.Paused([]era.Pause{always}, day(t, "2026-05-02")); !on || days.To < day(t, "2030-01-01") {
		t.Errorf("a pause without end: %v %s", on, days)
	}
}
