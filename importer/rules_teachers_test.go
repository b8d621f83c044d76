package importer_test

import (
	"fmt"
	"testing"

	"misimportd/importer/guard"
	"misimportd/mis/isams/isamstest"
	"misimportd/store/model"
)

const teachersQuery = `SELECT source_id || ': ' || coalesce(staff, '') FROM lesson_details
	WHERE source_id NOT LIKE 'schedule/%' ORDER BY source_id`

// met is a meeting, an assembly and a tutorial whose TeacherId are these.
func met(d *doc, teachers ...string) *doc {
	for i, teacher := range teachers {
		d.in("StaffMeetings", fmt.Sprintf(`<StaffMeeting Id="%d"><PeriodId>12</PeriodId><TeacherId>%s</TeacherId>`+
			`<DisplayName>Heads</DisplayName></StaffMeeting>`, i+1, esc(teacher)))
		d.in("YearSchedules", fmt.Sprintf(`<YearSchedule Id="%d"><Name>Chapel %d</Name><NationalCurriculumYear>`+
			`7</NationalCurriculumYear><PeriodId>12</PeriodId><TeacherId>%s</TeacherId></YearSchedule>`, i+1, i+1,
			esc(teacher)))
		d.in("Tutorials", fmt.Sprintf(`<Tutorial Id="%d"><DisplayName>Violin</DisplayName><Periods><Period>`+
			`<PeriodId>21</PeriodId></Period></Periods><Teachers><Teacher><TeacherId>%s</TeacherId></Teacher>`+
			`</Teachers></Tutorial>`, i+1, esc(teacher)))
	}
	return d
}

// TestTeachersOfMeetingsAreCodesOrIds has teachers named as iSAMS does it, by UserCode, and
// as its documentation says, by id, with codes that look like ids and codes that look like
// nothing else.
func TestTeachersOfMeetingsAreCodesOrIds(t *testing.T) {
	for _, c := range []struct{ what, teacher, want string }{
		{"a code", "WHI", "Ms White"},
		{"an id", "3", "Ms White"},
		{"an id with noughts before it", "003", "Ms White"},
		{"one's code and another's id", "12", "Mr Twelve"},
		{"a code that is no number", "012", "Mrs Nought"},
		{"a code of nought", "0", "Mx None"},
		{"a code with a space", "O'B & SON", "Mr Odd"},
		{"a code that another's begins with", "O'B", "Mr Brief"},
		{"a code in other letters", "ÖĐ/-.7", "Ms Far"},
		{"nobody", "00", ""},
		{"blank", " ", ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			each(t, func(w *world) {
				school := timetabled().coded(12, "Ms Id", "IDS").coded(40, "Mr Twelve", "12").
					coded(41, "Mrs Nought", "012").
					coded(42, "Mr Odd", "O'B &amp; SON").coded(43, "Mr Brief", "O'B").coded(44, "Ms Far", "ÖĐ/-.7").
					coded(45, "Mx None", "0")
				r := w.night("2016-10-31", met(school, c.teacher).xml())
				w.expect("teachers", w.rows(teachersQuery), "meeting/1: "+c.want, "tutorial/1: "+c.want, "year/1: "+
					c.want)
				w.expectProblems(r)
			})
		})
	}
}

func TestOnlyWhatIsNeitherCodeNorIdIsDangling(t *testing.T) {
	each(t, func(w *world) {
		r := w.night("2016-10-31", met(timetabled(), "GONE", "77").xml())
		w.expectProblems(r, "StaffMeetings 1: unknown teacher", "StaffMeetings 2: unknown teacher",
			"Tutorials 1: unknown teacher", "Tutorials 2: unknown teacher", "YearSchedules 1: unknown teacher",
			"YearSchedules 2: unknown teacher")
		for _, p := range r.Problems {
			if want := map[string]string{"1": "GONE",
				"2": "77"}[p.ID]; p.Detail != fmt.Sprintf("no member of staff has the code or the id %q; imported "+
				"without", want) {
				t.Errorf("%s %s: %s", p.Section, p.ID, p.Detail)
			}
		}
	})
}

// A record of staff that cannot be read may be whoever is named (R33), and so may anybody
// where the section is missing (R34).
func TestR33TeachersByCodeWhoCannotBeRead(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-10-31", met(timetabled(), "WHI", "GRE").xml())
		before := w.rows(teachersQuery)
		faulty := met(timetabled(), "WHI", "GRE")
		faulty.staff[len(faulty.staff)-1] = `<StaffMember Id="4"><UserCode>GRE</UserCode></StaffMember>`
		r := w.night("2016-10-31", faulty.xml())
		w.expect("teachers", w.rows(teachersQuery), before...)
		w.expectProblems(r, "CurrentStaff 4: no name")
		w.night("2016-10-31", met(timetabled(), "WHI", "GRE").leaveOut("CurrentStaff").xml())
		w.expect("teachers", w.rows(teachersQuery), before...)
	})
}

// TestARightDocumentIsAppliedWhole imports a school as iSAMS writes it.
func TestARightDocumentIsAppliedWhole(t *testing.T) {
	each(t, func(w *world) {
		school := isamstest.New(1, isamstest.Size{Pupils: 60, Staff: 20, Forms: 7, Sets: 20, SetLists: 300}).Teach(40)
		w.im.Guard = guard.NewGuard()
		r := w.night("2016-09-05", school.Document())
		if r.Result != model.Applied {
			t.Errorf("%s", r.Result)
		}
		for _, p := range r.Problems {
			if p.Section == "StaffMeetings" || p.Section == "YearSchedules" || p.Section == "Tutorials" {
				t.Errorf("%+v", p)
			}
		}
	})
}
