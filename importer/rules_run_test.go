package importer_test

import (
	"strings"
	"testing"

	"misimportd/store/model"
)

func TestR29ASecondRunWritesNothing(t *testing.T) {
	each(t, func(w *world) {
		for _, day := range []string{"2016-09-05", "2016-10-03"} {
			d := small()
			if day > "2016-10" {
				d = withoutMat2()
			}
			if r := w.night(day, d.xml()); r.Result != model.Applied {
				t.Errorf("first: %s", r.Result)
			}
			before := w.dump()
			r := w.night(day, d.xml())
			if r.Result != model.Unchanged || len(r.Changes) != 0 || !r.Source.Unchanged {
				w.Errorf("second: %+v", r)
			}
			if after := w.dump(); after != before {
				w.Errorf("the second run changed rows:\n%s\n%s", before, after)
			}
			w.expect("changes", w.rows(`SELECT CAST(count(*) AS text) FROM changes WHERE run_id = $1`, int64(r.Run)),
				"0")
		}
	})
}

func TestR33WhatIsSkippedEndsNothing(t *testing.T) {
	for name, c := range map[string]struct {
		spoil    func(string) string
		problems []string
		counts   []string
	}{
		"a pupil without a name": {
			func(s string) string { return strings.Replace(s, "<Fullname>Ann Lee</Fullname>", "", 1) },
			[]string{"CurrentPupils 13: no name"}, nil},
		"a pupil twice, differing": {
			func(s string) string {
				return strings.Replace(s, "</CurrentPupils>",
					`<Pupil Id="13"><Fullname>Ann Li</Fullname><NCYear>8</NCYear></Pupil></CurrentPupils>`, 1)
			},
			[]string{"CurrentPupils 13: same id, different content"}, nil},
		"a pupil whose id cannot be read": {
			func(s string) string { return strings.Replace(s, `Pupil Id="13"`, `Pupil Id="13a"`, 1) },
			[]string{"CurrentPupils 13a: id is not a number"}, nil},
		"a pupil whose id cannot be read, and another who is gone": {
			func(s string) string {
				return strings.NewReplacer(`Pupil Id="13"`, `Pupil Id="13a"`,
					`<Pupil Id="12"><Fullname>Ömer Khan</Fullname><Form>7/A</Form><NCYear>7</NCYear></Pupil>`, "").
					Replace(s)
			},
			[]string{"CurrentPupils 13a: id is not a number"}, []string{"pupil end 1", "membership end 2"}},
		"a pupil of whom nothing can be read, and another who is gone": {
			func(s string) string {
				return strings.NewReplacer(`<Pupil Id="13"><Fullname>Ann Lee</Fullname>`, `<Pupil Id="">`,
					`<Pupil Id="12"><Fullname>Ömer Khan</Fullname><Form>7/A</Form><NCYear>7</NCYear></Pupil>`, "").
					Replace(s)
			},
			[]string{"CurrentPupils : no id"}, nil},
		"a set without a name": {
			func(s string) string { return strings.Replace(s, "<Name>7Mat2</Name>", "", 1) },
			[]string{"Sets 22: no name"}, nil},
		"a form twice, differing": {
			func(s string) string {
				return strings.Replace(s, "</Forms>", `<Form Id="7/B"><Form>7Z</Form></Form></Forms>`, 1)
			},
			[]string{"Forms 7/B: same id, different content"}, nil},
		"a set of which nothing can be read, and a pupil who moves between two that can": {
			func(s string) string {
				return strings.NewReplacer("</Sets>", "<Set/></Sets>", `SetId="22" PupilId="13"`,
					`SetId="21" PupilId="13"`).Replace(s)
			},
			[]string{"Sets : no id"}, []string{"membership create 1", "membership end 1"}},
		"a form whose id is too long to keep": {
			func(s string) string {
				return strings.Replace(s, "</Forms>", `<Form Id="`+strings.Repeat("y", 9000)+
					`"><Form>Endless</Form></Form></Forms>`, 1)
			},
			[]string{"Forms (no id): record too large"}, nil},
		"a set list whose pupil cannot be read": {
			func(s string) string {
				return strings.Replace(s, `SetId="22" PupilId="13"`, `SetId="22" PupilId="?"`, 1)
			},
			[]string{"SetLists 2213: id is not a number"}, nil},
		"a set list whose set cannot be read": {
			func(s string) string {
				return strings.Replace(s, `SetId="22" PupilId="13"`, `SetId="" PupilId="13"`, 1)
			},
			[]string{"SetLists 2213: no id"}, nil},
		"a teacher without a name": {
			func(s string) string { return strings.Replace(s, "<FullName>Mr Green</FullName>", "", 1) },
			[]string{"CurrentStaff 2: no name"}, nil},
		"two pupils, one skipped and one gone": {
			func(s string) string {
				s = strings.Replace(s, "<Fullname>Ann Lee</Fullname>", "", 1)
				return strings.Replace(s, `<Pupil Id="12"><Fullname>Ömer Khan</Fullname><Form>7/A</Form><NCYear>`+
					`7</NCYear></Pupil>`, "", 1)
			},
			[]string{"CurrentPupils 13: no name", "SetLists 2112: unknown pupil"},
			[]string{"pupil end 1", "membership end 2"}},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(w *world) {
				good := string(small().xml())
				w.night("2016-09-05", []byte(good))
				spoiled := c.spoil(good)
				if spoiled == good {
					t.Fatal("nothing was spoiled")
				}
				r := w.night("2016-10-03", []byte(spoiled))
				w.expectProblems(r, c.problems...)
				w.expectCounts(r, c.counts...)
			})
		})
	}
}

func TestR34AMissingOrEmptySectionEndsNothing(t *testing.T) {
	for _, section := range []string{"CurrentStaff", "CurrentPupils", "Forms", "Sets", "SetLists"} {
		t.Run(section, func(t *testing.T) {
			each(t, func(w *world) {
				w.night("2016-09-05", small().xml())
				r := w.night("2016-10-03", small().leaveOut(section).xml())
				w.expectProblems(r, section+" : section absent or empty")
				w.expectCounts(r)
				emptied := small()
				map[string]func(){
					"CurrentStaff": func() { emptied.staff = nil }, "CurrentPupils": func() { emptied.pupils = nil },
					"Forms": func() { emptied.forms = nil },
					"Sets":  func() { emptied.sets = nil }, "SetLists": func() { emptied.lists = nil },
				}[section]()
				r = w.night("2016-10-04", emptied.xml())
				w.expectProblems(r, section+" : section absent or empty")
				w.expectCounts(r)
			})
		})
	}
}
