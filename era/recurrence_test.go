package era_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"misimportd/era"
)

// TestOccurrencesOfAMonth are those that a calendar on paper shows.
func TestOccurrencesOfAMonth(t *testing.T) {
	for text, want := range map[string][]string{ // Tuesdays
		"first":       {"2016-09-06", "2016-10-04", "2016-11-01"},
		"second":      {"2016-09-13", "2016-10-11", "2016-11-08"},
		"third":       {"2016-09-20", "2016-10-18", "2016-11-15"},
		"fourth":      {"2016-09-27", "2016-10-25", "2016-11-22"},
		"fifth":       {"2016-11-29"},
		"last":        {"2016-09-27", "2016-10-25", "2016-11-29"},
		"Penultimate": {"2016-09-20", "2016-10-18", "2016-11-22"},
	} {
		o, err := era.ParseOccurrence(text)
		if err != nil {
			t.Fatal(err)
		}
		r := era.Recurrence{Weekdays: []time.Weekday{time.Tuesday}, Occurrences: []era.Occurrence{o}}
		var got []string
		for d := era.NewDate(2016, 9, 1); d < era.NewDate(2016, 12, 1); d++ {
			if r.On(d) {
				got = append(got, d.String())
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v", text, got)
		}
	}
	for _, text := range []string{"sixth", "", "every"} {
		if _, err := era.ParseOccurrence(text); err == nil {
			t.Errorf("%q is an occurrence", text)
		}
	}
}

// TestRecurrences keep to their range, or to the very days that are named.
func TestRecurrences(t *testing.T) {
	day := func(text string) era.Date {
		d, err := era.ParseDate(text)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	within := era.Recurrence{Range: era.Interval{From: day("2016-09-05"), To: day("2016-09-07")}}
	named := era.Recurrence{Days: []era.Date{day("2016-09-06")}}
	for text, want := range map[string][2]bool{"2016-09-04": {false, false}, "2016-09-05": {true, false},
		"2016-09-06": {true, true}, "2016-09-07": {true, false}, "2016-09-08": {false, false}} {
		if within.On(day(text)) != want[0] || named.On(day(text)) != want[1] {
			t.Errorf("%s: %v %v", text, within.On(day(text)), named.On(day(text)))
		}
	}
	open := era.Recurrence{Range: era.Interval{From: day("2016-09-05")}}
	if open.On(day("2016-09-04")) || !open.On(day("2030-01-01")) {
		t.Error("an open range has an end")
	}
}

// TestDaysAsPeopleWriteThem on Wednesday, 14 September 2016.
func TestDaysAsPeopleWriteThem(t *testing.T) {
	said := era.Said{Today: era.NewDate(2016, time.September, 14), YearStarts: era.FirstSeptember}
	for text, want := range map[string]string{
		"2016-09-12": "2016-09-12", "today": "2016-09-14", "Yesterday": "2016-09-13", "tomorrow": "2016-09-15",
		"monday": "2016-09-19", "wed": "2016-09-14", "next wednesday": "2016-09-21", "last Wednesday": "2016-09-07",
		"this friday": "2016-09-16", "12 sep": "2016-09-12", "12 Sept": "2016-09-12", "sep 12": "2016-09-12",
		"12th September 2016": "2016-09-12", "1 august": "2017-08-01", "3 oct, 2015": "2015-10-03",
		"12/9/2016": "2016-09-12", "12/09": "2016-09-12", "12/9/16": "2016-09-12", "29 feb 2016": "2016-02-29",
		"12. Sep 2016": "2016-09-12", "2 march": "2017-03-02",
	} {
		if got, err := said.Parse(text); err != nil || got.String() != want {
			t.Errorf("%q: %s %v, want %s", text, got, err, want)
		}
	}
	said.Past = true
	for text, want := range map[string]string{"monday": "2016-09-12", "wed": "2016-09-14", "thursday": "2016-09-08",
		"20 aug": "2016-08-20", "12 sep": "2016-09-12", "15 sep": "2015-09-15"} {
		if got, err := said.Parse(text); err != nil || got.String() != want {
			t.Errorf("looking back, %q: %s %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "12 Oktober", "montag", "31 feb", "31/2/2016", "2016-02-31", "0016-09-05",
		"9/30/2016",
		"week 3", "12 sep 16 at noon", "sep", "m", "12", "-1 sep", "soon"} {
		if got, err := said.Parse(text); err == nil {
			t.Errorf("%q is understood as %s", text, got)
		} else if strings.TrimSpace(err.Error()) == "" {
			t.Errorf("%q: no word of what is wrong", text)
		}
	}
}

// TestDaysOfAWeek are those that have its number.
func TestDaysOfAWeek(t *testing.T) {
	for d := era.NewDate(2015, time.January, 1); d < era.NewDate(2018, time.January, 1); d++ {
		if days := d.Week().Days(); !slices.Contains(days, d) || len(days) > 7 ||
			slices.ContainsFunc(days, func(o era.Date) bool { return o.Week() != d.Week() }) {
			t.Fatalf("%s: %v", d, days)
		}
	}
}
