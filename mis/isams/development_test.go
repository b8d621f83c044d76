package isams_test

import (
	"strings"
	"testing"

	"misimportd/mis"
	"misimportd/mis/isams"
)

// TestATimetableInDevelopment is read when it is named, and not otherwise; a published one of the name goes
// before it.
func TestATimetableInDevelopment(t *testing.T) {
	timetable := func(kind, id, name, code string) string {
		return `<` + kind + `><Timetable Id="` + id + `"><Name>` + name + `</Name><Schedules><Schedule Id="1"><Code>` +
			code + `</Code><PeriodId>11</PeriodId><Set>1</Set><SetId>5</SetId></Schedule></Schedules></Timetable></` +
			kind + `>`
	}
	document := func(timetables ...string) string {
		return `<iSAMS><TeachingManager><Sets><Set Id="5" YearId="7"><Name>7Ma1</Name></Set></Sets></TeachingManager>` +
			`<TimetableManager><Structure><Week Id="1"><Name>A</Name><Days><Day Id="1"><Day>2</Day>` +
			`<Periods><Period Id="11">` +
			`<StartTime>09:00</StartTime><EndTime>10:00</EndTime></Period></Periods></Day></Days></Week></Structure>` +
			strings.Join(timetables, "") + `</TimetableManager></iSAMS>`
	}
	published := timetable("PublishedTimetables", "1", "This year", "now")
	draft := timetable("DevelopmentTimetables", "1", "Draft", "next")
	for _, c := range []struct {
		what, document, name string
		code, says           string // of the lesson, and of a problem
	}{
		{"nobody names one", document(published, draft), "", "now", ""},
		{"the published one is named", document(published, draft), "This year", "now", ""},
		{"the draft is named", document(published, draft), "Draft", "next", ""},
		{"the draft comes first", document(draft, published), "Draft", "next", ""},
		{"nothing is published", document(draft), "Draft", "next", ""},
		{"nothing is published, and nobody names one", document(draft), "", "", ""},
		{"both have the name", document(timetable("DevelopmentTimetables", "1", "This year", "next"), published),
			"This year", "now", ""},
		{"none has the name", document(published, draft), "Drift", "",
			`no published timetable and no development timetable is called "Drift" (timetable): ` +
				`there is "This year", "Draft"`},
	} {
		snap, err := isams.DecodeChoosing(strings.NewReader(c.document), c.name)
		if err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		code := ""
		for _, l := range snap.Timetable.Lessons {
			code += l.Code
		}
		said := ""
		for _, p := range snap.Problems.List() {
			if p.Reason == mis.UnknownTimetable {
				said += p.Detail
			}
		}
		if code != c.code || !strings.Contains(said, c.says) || (said == "") != (c.says == "") {
			t.Errorf("%s: lessons %q, problems %q", c.what, code, said)
		}
	}
}
