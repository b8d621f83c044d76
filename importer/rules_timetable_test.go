package importer_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-ical"

	"misimportd/era"
	"misimportd/importer/ask"
	"misimportd/importer/guard"
	"misimportd/importer/text"
)

// timetabled is the small school with a timetable and two lessons: 7Mat1 with Ms White in
// period 11, and 7Mat2 with Mr Grey in period 21.
func timetabled() *doc {
	return small().coded(3, "Ms White", "WHI").coded(4, "Mr Grey", "GRE").room(5, "Lab").room(6, "Hall").
		taught().lesson(101, 21, "7Mat1", 11, "WHI", 5).lesson(102, 22, "7Mat2", 21, "GRE", 6)
}

func (w *world) expectLessons(want ...string) {
	w.Helper()
	w.expect("lessons", w.rows(lessonsQuery), want...)
}

const (
	mat1 = ": 7Mat1 | Ms White | Lab"
	mat2 = ": 7Mat2 | Mr Grey | Hall"
)

func TestR23LessonsOnEveryDateOfTheirWeeks(t *testing.T) {
	each(t, func(w *world) {
		r := w.night("2016-09-20", timetabled().xml())
		w.expectLessons(
			"schedule/102 7Mat2 2016-09-20 09:00-10:00"+mat2,
			"schedule/101 7Mat1 2016-09-26 09:00-10:00"+mat1, "schedule/102 7Mat2 2016-09-27 09:00-10:00"+mat2,
			"schedule/101 7Mat1 2016-10-24 09:00-10:00"+mat1, "schedule/102 7Mat2 2016-10-25 09:00-10:00"+mat2,
			"schedule/101 7Mat1 2016-10-31 09:00-10:00"+mat1, "schedule/102 7Mat2 2016-11-01 09:00-10:00"+mat2,
		)
		w.expectProblems(r)
		if r.Timetable != "Ours" {
			t.Errorf("timetable %q", r.Timetable)
		}
		before := w.dump()
		if again := w.night("2016-09-20", timetabled().xml()); again.Result != "unchanged" || w.dump() != before {
			t.Errorf("again: %s", again.Result)
		}
	})
}

func TestR22LessonsBeforeTheAsOfDateStay(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-09-20", timetabled().xml())
		r := w.night("2016-10-25", small().coded(3, "Ms White", "WHI").coded(4, "Mr Grey", "GRE").room(5, "Lab").
			room(6, "Hall").taught().lesson(101, 21, "7Mat1", 12, "WHI", 5).xml())
		w.expectLessons(
			"schedule/102 7Mat2 2016-09-20 09:00-10:00"+mat2,
			"schedule/101 7Mat1 2016-09-26 09:00-10:00"+mat1, "schedule/102 7Mat2 2016-09-27 09:00-10:00"+mat2,
			"schedule/101 7Mat1 2016-10-24 09:00-10:00"+mat1, "schedule/101 7Mat1 2016-10-31 10:00-11:00"+mat1,
		)
		w.expectCounts(r, "lesson update 1", "lesson delete 2", "commitment delete 6")
	})
}

func TestR24TwoTeachersAreOneLesson(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-10-31", timetabled().lesson(99, 21, "7Mat1", 11, "GRE", 5).xml())
		w.expectLessons("schedule/99 7Mat1 2016-10-31 09:00-10:00: 7Mat1 | Mr Grey, Ms White | Lab",
			"schedule/102 7Mat2 2016-11-01 09:00-10:00"+mat2)
		// When the record goes by which the lesson is known, it is another lesson; when
		// one comes that could have given the name, it is not.
		w.night("2016-10-31", timetabled().lesson(99, 21, "7Mat1", 11, "GRE", 5).lesson(98, 22, "7Mat2", 21, "WHI", 6).
			xml())
		w.expectLessons("schedule/99 7Mat1 2016-10-31 09:00-10:00: 7Mat1 | Mr Grey, Ms White | Lab",
			"schedule/102 7Mat2 2016-11-01 09:00-10:00: 7Mat2 | Mr Grey, Ms White | Hall")
	})
}

func TestAMovedLessonIsTheSameLesson(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-10-31", timetabled().xml())
		moved := small().coded(3, "Ms White", "WHI").coded(4, "Mr Grey", "GRE").room(5, "Lab").room(6, "Hall").taught().
			lesson(101, 21, "7M1", 12, "GRE", 6).lesson(102, 22, "7Mat2", 21, "GRE", 6)
		r := w.night("2016-10-31", moved.xml())
		w.expectLessons("schedule/101 7M1 2016-10-31 10:00-11:00: 7Mat1 | Mr Grey | Hall",
			"schedule/102 7Mat2 2016-11-01 09:00-10:00"+mat2)
		w.expectCounts(r, "lesson update 1", "commitment create 2", "commitment delete 2")
	})
}

func TestR34AMissingTimetableTakesNothingAway(t *testing.T) {
	each(t, func(w *world) {
		w.suspend("- {name: Exams, kind: suspension, years: [7], from: 2016-10-31, to: 2016-11-06}")
		w.night("2016-10-24", timetabled().xml())
		lessons, days := w.rows(lessonsQuery), w.rows(groupDaysQuery)
		for _, missing := range []string{"Schedules", "Structure", "TimetableAllocations"} {
			d := timetabled()
			delete(d.timetable, missing)
			r := w.night("2016-10-24", d.xml())
			w.expect("lessons", w.rows(lessonsQuery), lessons...)
			w.expect("days", w.rows(groupDaysQuery), days...)
			if len(r.Problems) == 0 {
				t.Errorf("nothing is said of %s", missing)
			}
		}
		w.night("2016-10-24", timetabled().xml())
		w.expect("lessons", w.rows(lessonsQuery), lessons...)
	})
}

func TestR33AFaultyScheduleTakesNothingAway(t *testing.T) {
	each(t, func(w *world) {
		two := func() *doc { return timetabled().lesson(103, 22, "7Mat2", 21, "WHI", 6) }
		w.night("2016-10-31", two().xml())
		lessons := w.rows(lessonsQuery)
		for _, id := range []string{`"x9"`, `""`, `"101"`} {
			d := two()
			// Of 101 there are two that differ; or there is one whose id cannot be read.
			d.timetable["Schedules"][0] = strings.Replace(d.timetable["Schedules"][0], `"101"`, id, 1)
			d.timetable["Schedules"][2] = strings.Replace(d.timetable["Schedules"][2], `"103"`, `"7x"`, 1)
			if id == `"101"` {
				d.lesson(101, 21, "7Mat1", 12, "WHI", 5)
			}
			r := w.night("2016-10-31", d.xml())
			w.expect("lessons with "+id, w.rows(lessonsQuery), lessons...)
			if len(r.Problems) == 0 {
				t.Error("nothing is said")
			}
		}
	})
}

func TestDanglingReferencesOfTheTimetable(t *testing.T) {
	each(t, func(w *world) {
		d := timetabled().lesson(103, 77, "nosuch", 11, "NOBODY", 99).lesson(104, 21, "7Mat1", 999, "WHI", 5).
			in("TimetableAllocations", `<TimetableAllocation Id="9"><Year>2016</Year><Week>46</Week>`+
				`<TimetableWeekId>8</TimetableWeekId></TimetableAllocation>`).
			in("YearSchedules", `<YearSchedule Id="1"><Name>Chapel</Name><NationalCurriculumYear>`+
				`7</NationalCurriculumYear><PeriodId>12</PeriodId><RoomId>6</RoomId><TeacherId>1</TeacherId>`+
				`</YearSchedule>`).
			in("Tutorials", `<Tutorial Id="1"><DisplayName>Violin</DisplayName><RoomId>6</RoomId><Periods><Period>`+
				`<PeriodId>21</PeriodId></Period></Periods><Teachers><Teacher><TeacherId>77</TeacherId></Teacher>`+
				`</Teachers><Pupils><Pupil><PupilId>nobody</PupilId></Pupil></Pupils></Tutorial>`)
		r := w.night("2016-10-31", d.xml())
		w.expectProblems(r, "Schedules 104: unknown period", "Schedules 103: unknown room",
			"Schedules 103: unknown set", "Schedules 103: unknown teacher",
			"TimetableAllocations 9: unknown timetable week", "Tutorials 1: unknown pupil",
			"Tutorials 1: unknown teacher")
		w.expectLessons("schedule/101 7Mat1 2016-10-31 09:00-10:00"+mat1,
			"schedule/103 nosuch 2016-10-31 09:00-10:00:  |  | ",
			"year/1  2016-10-31 10:00-11:00: 7A, 7B | Ms Brown | Hall", "schedule/102 7Mat2 2016-11-01 09:00-10:00"+
				mat2, "tutorial/1  2016-11-01 09:00-10:00:  |  | Hall")
	})
}

func TestOddPeriodsAndWeeks(t *testing.T) {
	each(t, func(w *world) {
		d := timetabled()
		d.timetable["Structure"] = append(d.timetable["Structure"],
			`<Week Id="2"><Name>B</Name><Days><Day><Day>4</Day><Periods>`+period(31, "09:00", "10:00")+
				period(32, "09:30", "10:30")+
				period(33, "17:00", "16:30")+period(34, "23:00", "01:00")+`</Periods></Day></Days></Week>`)
		// Both weeks are one week's; the week after, which is in term, has none.
		d.in("TimetableAllocations", `<TimetableAllocation Id="20"><Year>2016</Year><Week>44</Week><TimetableWeekId>`+
			`2</TimetableWeekId></TimetableAllocation>`)
		d.in("Terms", `<Term Id="2"><StartDate>2016-10-24T00:00:00</StartDate><FinishDate>`+
			`2016-11-11T00:00:00</FinishDate></Term>`)
		d.lesson(105, 21, "7Mat1", 31, "WHI", 5).lesson(106, 21, "7Mat1", 33, "WHI", 5)
		d.in("Structure")
		r := w.night("2016-10-24", d.xml())
		w.expectProblems(r, "Structure 34: crosses midnight", "Structure 33: ends before it starts",
			"Structure 32: periods overlap", "TimetableAllocations : no timetable week")
		if got := r.Problems[len(r.Problems)-1].Detail; !strings.HasSuffix(got,
			"allocated to week 46 of 2016 (with 7 November 2016)") {
			t.Error(got)
		}
		if n := len(w.rows(`SELECT source_id FROM lesson_details WHERE source_id = 'schedule/105'`)); n != 1 {
			t.Errorf("%d lessons in week B", n)
		}
	})
}

// TestSomebodyElsesChangesAreFound changes lessons behind the import's back: it puts them
// right, though the document is the same.
func TestSomebodyElsesChangesAreFound(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-10-31", timetabled().xml())
		lessons := w.rows(lessonsQuery)
		for _, change := range []string{
			"UPDATE lessons SET code = 'x' WHERE source_id = 'schedule/101'",
			"DELETE FROM commitments WHERE id = (SELECT min(id) FROM commitments)",
			"DELETE FROM lessons WHERE source_id = 'schedule/102'",
			"UPDATE commitments SET element_id = (SELECT id FROM elements WHERE name = 'Ms Brown') WHERE id = " +
				"(SELECT max(id) FROM commitments)",
			"INSERT INTO commitments (lesson_id, element_id) SELECT (SELECT min(id) FROM lessons), (SELECT id FROM " +
				"elements WHERE name = 'Ms Brown')",
			"UPDATE lessons SET on_date = '2016-12-24' WHERE source_id = 'schedule/101'",
		} {
			w.exec(change)
			if r := w.night("2016-10-31", timetabled().xml()); r.Result != "applied" {
				t.Errorf("%s: %s", change, r.Result)
			}
			w.expect("after "+change, w.rows(lessonsQuery), lessons...)
		}
		// What users put there is theirs.
		w.exec("INSERT INTO lessons (era_id, code, on_date, starts_at, ends_at) SELECT era_id, 'mine', " +
			"'2016-10-31', '2016-10-31 12:00:00', '2016-10-31 13:00:00' FROM lessons LIMIT 1")
		w.night("2016-10-31", timetabled().xml())
		if n := len(w.rows("SELECT code FROM lessons WHERE code = 'mine'")); n != 1 {
			t.Error("a user's lesson is gone")
		}
	})
}

// lessonsText shows a day's lessons.
func (w *world) lessonsText(day string, of ask.LessonsOf) string {
	w.Helper()
	of.Days = era.Interval{From: date(w, day), To: date(w, day)}
	list, err := ask.Lessons(w.Context(), w.im.DB, of)
	if err != nil {
		w.Fatal(err)
	}
	var b bytes.Buffer
	if err := text.WriteLessons(&b, of.Days, list, text.Style{}); err != nil {
		w.Fatal(err)
	}
	return b.String()
}

func withMeeting() *doc {
	const meeting = `<StaffMeeting Id="%d"><MeetingGroupId>9</MeetingGroupId><PeriodId>12</PeriodId><TeacherId>` +
		`%d</TeacherId><RoomId>6</RoomId><DisplayName>Heads; of, departments</DisplayName></StaffMeeting>`
	return timetabled().in("StaffMeetings", fmt.Sprintf(meeting, 1, 3), fmt.Sprintf(meeting, 2, 1))
}

func TestGoldenTimetable(t *testing.T) {
	each(t, func(w *world) {
		w.im.Guard = guard.NewGuard()
		w.night("2016-10-24", withMeeting().xml())
		w.suspend("- {name: Exams, kind: suspension, years: [7], from: 2016-10-31, to: 2016-10-31 10:00}",
			"- {name: Half term, kind: gap, from: 2016-10-24, to: 2016-10-28}",
			"- {name: Study leave, kind: suspension, years: [7], from: 2016-11-01, to: 2016-11-04}")
		other := small().coded(3, "Ms White", "WHI").coded(4, "Mr Grey", "GRE").room(5, "Lab").room(6, "Hall").taught().
			lesson(101, 21, "7Mat1", 12, "WHI", 6).lesson(102, 22, "7Mat2", 21, "GRE", 6)
		golden(w.T, "plan-timetable.txt", planText(w.T, w.plan("2016-10-24", other.xml()), text.Style{}))
		w.night("2016-10-24", withMeeting().xml())
		var said strings.Builder
		for _, of := range []ask.LessonsOf{{}, {Staff: "whi"}, {Room: "hall"}, {Group: "set/21"}, {Group: "7mat1"},
			{Pupil: "zoe"}} {
			fmt.Fprintf(&said, "%q %q %q %q\n%s\n", of.Staff, of.Room, of.Group, of.Pupil,
				w.lessonsText("2016-10-31", of))
		}
		golden(w.T, "lessons.txt", said.String()+w.lessonsText("2016-10-24", ask.LessonsOf{}))
	})
}

// TestACalendarOfADay is read by another library: times of the school's clock in winter
// and in summer, suspended lessons cancelled.
func TestACalendarOfADay(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	each(t, func(w *world) {
		w.suspend("- {name: Exams, kind: suspension, years: [7], from: 2016-10-31, to: 2016-10-31 10:00}")
		w.night("2016-09-05", withMeeting().xml())
		var got []string
		for _, day := range []string{"2016-10-24", "2016-10-31"} { // the clock changes between them
			list, err := ask.Lessons(w.Context(), w.im.DB, ask.LessonsOf{Days: era.Interval{From: date(w, day),
				To: date(w, day)}})
			if err != nil {
				w.Fatal(err)
			}
			var b bytes.Buffer
			if err := text.WriteCalendar(&b, list, london, time.Unix(0, 0)); err != nil {
				w.Fatal(err)
			}
			calendar, err := ical.NewDecoder(&b).Decode()
			if err != nil {
				w.Fatal(err)
			}
			for _, e := range calendar.Events() {
				start, err := e.DateTimeStart(london)
				if err != nil {
					w.Fatal(err)
				}
				text := func(name string) string {
					value, err := e.Props.Text(name)
					if err != nil {
						w.Fatal(err)
					}
					return value
				}
				got = append(got, strings.Join([]string{start.UTC().Format("15:04"), start.In(london).Format("15:04"),
					text(ical.PropUID), text(ical.PropSummary), text(ical.PropLocation), text(ical.PropStatus)}, " "))
			}
		}
		w.expect("events", got,
			"08:00 09:00 schedule-101-2016-10-24@misimportd 7Mat1 Lab CONFIRMED",
			"09:00 10:00 meeting-1-2016-10-24@misimportd Heads; of, departments Hall CONFIRMED",
			"09:00 09:00 schedule-101-2016-10-31@misimportd 7Mat1 Lab CANCELLED",
			"10:00 10:00 meeting-1-2016-10-31@misimportd Heads; of, departments Hall CONFIRMED")
	})
}

// TestDaysThatAreKnownAreNotRead changes a lesson so that nobody is told. The night does
// not notice, for it does not look: what it knows of the day is what the MIS says. So it
// is after a first run, which entered its era itself.
func TestDaysThatAreKnownAreNotRead(t *testing.T) {
	each(t, func(w *world) {
		w.exec("UPDATE settings SET current_era_id = NULL")
		w.exec("DELETE FROM eras WHERE name = '2016/17'")
		w.night("2016-10-24", timetabled().xml())
		if strings.Contains(w.Name(), "postgres") {
			w.exec("ALTER TABLE lessons DISABLE TRIGGER USER")
		} else {
			w.exec("DROP TRIGGER lessons_changed")
		}
		w.exec("UPDATE lessons SET code = 'x'")
		if r := w.night("2016-10-24", timetabled().xml()); r.Result != "unchanged" {
			t.Errorf("%s: %v", r.Result, r.Changes)
		}
		if r := w.night("2016-10-25", timetabled().lesson(103, 22, "7Mat2", 12, "GRE", 6).
			xml()); r.Result != "applied" {
			t.Errorf("%s: %v", r.Result, r.Changes)
		}
	})
}
