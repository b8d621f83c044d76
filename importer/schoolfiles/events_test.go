package schoolfiles_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"misimportd/era"
	"misimportd/importer/schoolfiles"
)

func readEvents(t *testing.T, files map[string]string) ([]schoolfiles.Event, bool, error) {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return schoolfiles.ReadEvents([]string{filepath.Join(folder, "*.yml")})
}

// TestEventsOfSeveralFiles: a list gives what it says to what is below it, at any depth, and what an event says goes
// before.
func TestEventsOfSeveralFiles(t *testing.T) {
	events, isThere, err := readEvents(t, map[string]string{"a.yml": `
kind: duty
days: [mon, Tuesday]
from: 10:20
to: 10:40
events:
- {title: Playground, staff: [AB, CD], rooms: [Hall]}
- weeks: [B, A]
  organiser: EF
  events:
  - {title: Gate, to: 11:00, starts_on: 2016-09-05, ends_on: 2016-12-16}
  - {title: Library, days: fri, occurrence: [first, last], note: "Quiet,  please"}
`, "b.yml": `- {title: Open day, on: 2016-10-08, all_day: true, groups: [set/21, 8F]}`, "c.txt": "no: yaml"})
	if err != nil || !isThere || len(events) != 4 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	mention := func(text string, line int) schoolfiles.Mention { return schoolfiles.Mention{Text: text, Line: line} }
	mondays := []time.Weekday{time.Monday, time.Tuesday}
	for i, want := range []schoolfiles.Event{
		{Title: "Playground", Kind: "duty", When: era.Recurrence{Weekdays: mondays}, From: 620, To: 640, Line: 7,
			Staff: []schoolfiles.Mention{mention("AB", 7), mention("CD", 7)},
			Rooms: []schoolfiles.Mention{mention("Hall", 7)}},
		{Title: "Gate", Kind: "duty", Weeks: []string{"A", "B"}, From: 620, To: 660, Line: 11,
			Organiser: mention("EF", 9),
			When: era.Recurrence{Weekdays: mondays, Range: era.Interval{From: era.NewDate(2016, 9, 5),
				To: era.NewDate(2016, 12, 16)}}},
		{Title: "Library", Kind: "duty", Weeks: []string{"A", "B"}, From: 620, To: 640, Line: 12,
			Organiser: mention("EF", 9),
			Note:      "Quiet, please", When: era.Recurrence{Weekdays: []time.Weekday{time.Friday},
				Occurrences: []era.Occurrence{era.Last, 1}}},
		{Title: "Open day", Kind: "event", From: 0, To: era.MinutesOfDay, Line: 1,
			Groups: []schoolfiles.Mention{mention("set/21", 1), mention("8F", 1)},
			When:   era.Recurrence{Days: []era.Date{era.NewDate(2016, 10, 8)}}},
	} {
		events[i].File = ""
		if diff := cmp.Diff(want, events[i]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", want.Title, diff)
		}
	}
	own, _, err := readEvents(t, map[string]string{"a.yml": `
all_day: true
days: [mon]
events:
- {title: Early, from: 08:00, to: 24:00}
- {title: Once, on: 2016-10-08}
`})
	if err != nil || own[0].From != 480 || own[0].To != era.MinutesOfDay || own[1].From != 0 ||
		len(own[1].When.Weekdays) > 0 {
		t.Errorf("what an event says itself does not go before what stands above it: %+v %v", own, err)
	}
	if events, isThere, err := readEvents(t, nil); err != nil || isThere || events != nil {
		t.Errorf("no file: %v %v %v", events, isThere, err)
	}
	if events, isThere, err := readEvents(t, map[string]string{"a.yml": ""}); err != nil || !isThere || events != nil {
		t.Errorf("an empty file: %v %v %v", events, isThere, err)
	}
}

// TestFaultyEvents are told with file and line, all of them.
func TestFaultyEvents(t *testing.T) {
	const times = "from: 10:00, to: 11:00"
	for text, says := range map[string]string{
		"- {title: a, on: 2017-02-31, " + times + "}": `line 1: "2017-02-31" is not a date`,
		"- {title: a, days: all, starts_on: 2016-12-01, ends_on: 2016-11-30, " + times + "}": "line 1: it ends on " +
			"2016-11-30, before it starts on 2016-12-01",
		"- {title: a, from: 11:00, to: 10:00}": "line 1: it ends at 10:00, before " +
			"it starts at 11:00",
		"- {title: a, days: all, from: 10:00, to: 10:00}": "it ends when it begins, at 10:00",
		"\n- {title: a, from: 22:00, to: 02:00}": "line 2: from 22:00 to 02:00 goes " +
			"over midnight: write two events",
		"- {title: a}":                                "an event needs from and to",
		"- {" + times + "}":                           "line 1: an event needs a title",
		"- {title: a, from: ten, to: 11:00}":          "ten",
		"- {title: a, days: [montag], " + times + "}": `"montag" is no day of the week`,
		"- {title: a, occurrence: sixth, days: [mon], " + times + "}": `"sixth" is no occurrence in the ` +
			`month`,
		"- {title: a, occurrence: first, " + times + "}":           "on which days?",
		"- {title: a, on: 2016-10-08, days: [mon], " + times + "}": "on and days say two things: leave one out",
		"- {title: a, wekks: [A], " + times + "}":                  `unknown key "wekks"`,
		"- {title: a, title: b, " + times + "}":                    "title",
		"- {title: a, all_day: perhaps}":                           "all_day is true or false",
		"- {title: a, days: all, staff: [{x: y}], " + times + "}": "staff is a list of names, codes " +
			"or ids",
		"- {title: a, days: all, organiser: [AB, CD], " + times + "}":   "organiser is one member of staff",
		"- {title: a, days: all, weeks: [''], " + times + "}":           "weeks is a list such as [A, B]",
		"- {title: a, days: all, all_day: true, " + times + "}":         "all_day and from say two things",
		"- {title: a, days: all, occurrence: first, " + times + "}":     "first of which day of the week?",
		"- {title: a, days: [], " + times + "}":                         "days is a list such as",
		"just a text":                                                   "line 1: expected an event",
		"- {title: a, " + times + "}\n---\n- b":                         "a second document",
		"- {title: [":                                                   "line ",
		"- {title: " + strings.Repeat("long ", 50) + ", " + times + "}": "title is a text of at most 200 letters",
	} {
		_, _, err := readEvents(t, map[string]string{"duties.yml": text})
		if err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "duties.yml: line ") {
			t.Errorf("%s: %v", text, err)
		}
	}
	_, _, err := readEvents(t, map[string]string{"a.yml": "- {title: a}\n- {days: 1}", "b.yml": "- x"})
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("not all that is wrong is told: %v", err)
	}
}
