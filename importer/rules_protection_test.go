package importer_test

import (
	"strings"
	"testing"
)

// full is a school with every kind of lesson.
func full() *doc {
	return timetabled().lesson(103, 22, "7Mat2", 21, "WHI", 6).
		in("Schedules", `<Schedule Id="200"><Code>Form7A</Code><Teacher>GRE</Teacher><PeriodId>12</PeriodId><RoomId>`+
			`5</RoomId><Set>0</Set></Schedule>`).
		in("TeachingForms", `<TeachingForm Id="1"><FormCode>7/A</FormCode><TimetableCode>Form7A</TimetableCode>`+
			`</TeachingForm>`).
		in("StaffMeetings", `<StaffMeeting Id="1"><MeetingGroupId>9</MeetingGroupId><PeriodId>12</PeriodId>`+
			`<TeacherId>3</TeacherId><RoomId>6</RoomId><DisplayName>Heads</DisplayName></StaffMeeting>`).
		in("YearSchedules", `<YearSchedule Id="1"><Name>Chapel</Name><NationalCurriculumYear>`+
			`7</NationalCurriculumYear><PeriodId>12</PeriodId><RoomId>6</RoomId>`+
			`<TeacherId>1</TeacherId></YearSchedule>`).
		in("Tutorials", `<Tutorial Id="5"><DisplayName>Violin</DisplayName><RoomId>6</RoomId><Periods><Period>`+
			`<PeriodId>11</PeriodId></Period><Period><PeriodId>21</PeriodId></Period></Periods><Teachers><Teacher>`+
			`<TeacherId>3</TeacherId></Teacher></Teachers><Pupils><Pupil><PupilId>S11</PupilId></Pupil></Pupils>`+
			`</Tutorial>`).
		schooled()
}

// schooled gives the first pupil a SchoolId.
func (d *doc) schooled() *doc {
	d.pupils[0] = strings.Replace(d.pupils[0], "</Pupil>", "<SchoolId>S11</SchoolId></Pupil>", 1)
	return d
}

// TestR33R34WhatCannotBeReadTakesNothingFromLessons makes one thing unreadable after the
// other: lessons stay as they are, with all that they take, suspended or not.
func TestR33R34WhatCannotBeReadTakesNothingFromLessons(t *testing.T) {
	drop := func(section string) func(*doc) { return func(d *doc) { d.leaveOut(section) } }
	empty := func(section string) func(*doc) { return func(d *doc) { delete(d.timetable, section) } }
	for what, spoil := range map[string]func(*doc){
		"no staff": drop("CurrentStaff"), "no pupils": drop("CurrentPupils"), "no forms": drop("Forms"),
		"no sets": drop("Sets"), "no rooms": drop("Buildings"),
		"no teaching forms": empty("TeachingForms"), "no meetings": empty("StaffMeetings"),
		"no year schedules": empty("YearSchedules"), "no tutorials": empty("Tutorials"),
		"a faulty teacher": func(d *doc) { d.coded(3, "Ms Whiter", "WHI") },
		"a faulty set":     func(d *doc) { d.set(21, "7Mat9", 7) },
		"a faulty form":    func(d *doc) { d.form("7/A", "7X", 7, 1) },
		"a faulty room":    func(d *doc) { d.room(6, "Gym") },
		"a faulty period": func(d *doc) {
			d.timetable["Structure"][0] = strings.Replace(d.timetable["Structure"][0], "10:00</EndTime>", "x</EndTime>",
				1)
		},
		"a nameless period": func(d *doc) {
			d.timetable["Structure"][0] = strings.Replace(d.timetable["Structure"][0], `<Period Id="12">`,
				`<Period Id="?">`, 1)
		},
		"a faulty tutorial": func(d *doc) {
			d.in("Tutorials",
				`<Tutorial Id="5"><DisplayName>Cello</DisplayName></Tutorial>`)
		},
		"a faulty allocation": func(d *doc) {
			d.timetable["TimetableAllocations"][5] = `<TimetableAllocation Id="6"><Year>2016</Year><Week>60</Week>` +
				`</TimetableAllocation>`
		},
		"a faulty second schedule": func(d *doc) {
			d.in("Schedules", `<Schedule Id="103"><Code>7Mat2</Code><PeriodId>11</PeriodId></Schedule>`)
		},
		"a faulty first schedule": func(d *doc) {
			d.in("Schedules", `<Schedule Id="102"><Code>7Mat2</Code><PeriodId>11</PeriodId></Schedule>`)
		},
	} {
		t.Run(what, func(t *testing.T) {
			each(t, func(w *world) {
				w.suspend("- {name: Exams, kind: suspension, years: [7], from: 2016-10-31 08:00, to: 2016-10-31 10:30}",
					"- {name: Trip, kind: gap, years: [7], from: 2016-11-01, to: 2016-11-01}")
				w.night("2016-10-24", full().xml())
				before := w.rows(lessonsQuery)
				d := full()
				spoil(d)
				r := w.night("2016-10-24", d.xml())
				w.expect("lessons", w.rows(lessonsQuery), before...)
				if len(r.Problems) == 0 && what != "no teaching forms" {
					t.Error("nothing is said")
				}
				if again := w.night("2016-10-24", d.xml()); again.Result != "unchanged" {
					t.Errorf("again: %v", again.Changes)
				}
				w.night("2016-10-24", full().xml())
				w.expect("lessons afterwards", w.rows(lessonsQuery), before...)
			})
		})
	}
}

// TestALessonGetsWhatComesLater has a set that could not be read on the first night.
func TestALessonGetsWhatComesLater(t *testing.T) {
	each(t, func(w *world) {
		d := timetabled()
		d.set(21, "7Mat9", 7)
		w.night("2016-10-31", d.xml())
		w.night("2016-10-31", timetabled().xml())
		w.expectLessons("schedule/101 7Mat1 2016-10-31 09:00-10:00"+mat1, "schedule/102 7Mat2 2016-11-01 09:00-10:00"+
			mat2)
	})
}

// TestAFaultElsewhereHoldsNothingUp moves one lesson while another's record is faulty.
func TestAFaultElsewhereHoldsNothingUp(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-10-31", timetabled().xml())
		d := small().coded(3, "Ms White", "WHI").coded(4, "Mr Grey", "GRE").room(5, "Lab").room(6, "Hall").taught().
			lesson(101, 21, "7Mat1", 11, "GRE", 6).lesson(102, 22, "7Mat2", 21, "GRE", 6).
			lesson(500, 22, "other", 11, "WHI", 5).lesson(500, 22, "other", 12, "WHI", 5)
		w.night("2016-10-31", d.xml())
		w.expectLessons("schedule/101 7Mat1 2016-10-31 09:00-10:00: 7Mat1 | Mr Grey | Hall",
			"schedule/102 7Mat2 2016-11-01 09:00-10:00"+mat2)
	})
}

// TestALessonOutlivesTheRecordThatNamedIt loses the teacher by whose schedule it was known.
func TestALessonOutlivesTheRecordThatNamedIt(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-10-31", timetabled().lesson(99, 21, "7Mat1", 11, "GRE", 5).xml())
		r := w.night("2016-10-31", timetabled().xml())
		w.expectCounts(r, "lesson update 1", "commitment delete 1")
		w.expectLessons("schedule/101 7Mat1 2016-10-31 09:00-10:00"+mat1, "schedule/102 7Mat2 2016-11-01 09:00-10:00"+
			mat2)
	})
}

// TestR11AGroupThatAPastLessonTakes cannot be deleted, and nothing fails because of it.
func TestR11AGroupThatAPastLessonTakes(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-10-24", timetabled().xml())
		w.night("2016-10-26", timetabled().set(23, "7Art1", 7, 11).xml())
		w.exec("INSERT INTO commitments (lesson_id, element_id) SELECT (SELECT min(id) FROM lessons WHERE on_date = " +
			"'2016-10-24'), (SELECT id FROM elements WHERE name = '7Art1')")
		w.night("2016-10-26", timetabled().xml())
		w.night("2016-10-27", timetabled().set(24, "7Art2", 7, 11).lesson(105, 24, "7Art2", 12, "GRE", 6).xml())
		r := w.night("2016-10-27", timetabled().xml())
		w.expectCounts(r, "group delete 1", "membership delete 1", "lesson delete 1", "commitment delete 3")
	})
}

// TestDaysAreRememberedAgain after somebody touched them to no effect.
func TestDaysAreRememberedAgain(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-10-31", timetabled().xml())
		count := func() string { return w.rows("SELECT CAST(count(*) AS text) FROM lesson_days")[0] }
		known := count()
		w.exec("UPDATE lessons SET suspended = suspended")
		if forgotten := count(); forgotten == known {
			t.Errorf("%s days are known, as before", forgotten)
		}
		w.night("2016-10-31", timetabled().xml())
		if again := count(); again != known {
			t.Errorf("%s days are known, and %s were", again, known)
		}
	})
}
