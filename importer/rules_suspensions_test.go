package importer_test

import (
	"strings"
	"testing"
)

func TestR25WhomASuspensionTouches(t *testing.T) {
	for _, c := range []struct{ what, line, want string }{
		{"no year", "from: 2016-10-31, to: 2016-10-31", "11 12"},
		{"the year", "years: [7], from: 2016-10-31, to: 2016-10-31", "11"},
		{"another year", "years: [8], from: 2016-10-31, to: 2016-10-31", ""},
		{"a minute of it", "from: 2016-10-31 09:59, to: 2016-10-31 10:00", "11"},
		{"up to it", "from: 2016-10-31 08:00, to: 2016-10-31 09:00", ""},
		{"daily, before", "from: 2016-10-30 10:00, to: 2016-11-01 12:00, daily: true", "12"},
		{"unbroken", "from: 2016-10-30 10:00, to: 2016-11-01 12:00", "11 12 21"},
	} {
		t.Run(c.what, func(t *testing.T) {
			each(t, func(w *world) {
				w.suspend("- {name: Exams, kind: suspension, " + c.line + "}")
				// The meeting in period 12 has no year group.
				w.night("2016-10-31", timetabled().in("StaffMeetings",
					`<StaffMeeting Id="1"><MeetingGroupId>9</MeetingGroupId><PeriodId>12</PeriodId><TeacherId>`+
						`3</TeacherId><DisplayName>Heads</DisplayName></StaffMeeting>`).xml())
				periods := map[string]string{"schedule/101": "11", "meeting/1": "12", "schedule/102": "21"}
				got := []string{}
				for _, id := range w.rows(`SELECT source_id FROM lesson_details WHERE suspended
					ORDER BY on_date, starts_at`) {
					got = append(got, periods[id])
				}
				if strings.Join(got, " ") != c.want {
					t.Errorf("suspended: %v, want %s", got, c.want)
				}
			})
		})
	}
}

func TestR26SuspendedStayAndGapsTakeAway(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-10-24", timetabled().xml())
		all := w.rows(lessonsQuery)
		w.suspend("- {name: Study leave, kind: suspension, years: [7], from: 2016-10-24, to: 2016-10-30}")
		r := w.night("2016-10-24", timetabled().xml())
		w.expectCounts(r, "group update 4", "lesson update 2", "suspension create 1", "group_suspension create 4")
		w.suspend("- {name: Half term, kind: gap, from: 2016-10-24, to: 2016-10-30}")
		r = w.night("2016-10-24", timetabled().xml())
		w.expectCounts(r, "group update 4", "lesson delete 2", "commitment delete 6", "suspension create 1",
			"suspension delete 1", "group_suspension delete 4")
		w.expectLessons("schedule/101 7Mat1 2016-10-31 09:00-10:00"+mat1, "schedule/102 7Mat2 2016-11-01 09:00-10:00"+
			mat2)
		w.suspend()
		w.night("2016-10-24", timetabled().xml())
		w.expect("lessons", w.rows(lessonsQuery), all...)
	})
}

const groupDaysQuery = `SELECT e.name || ' ' || CAST(s.starts_on AS text) || ' ' || CAST(s.ends_on AS text)
	|| CASE WHEN g.suspended THEN ' now' ELSE '' END
	FROM group_suspensions s JOIN elements e ON e.id = s.group_id JOIN groups g ON g.id = e.id
	ORDER BY e.name, s.starts_on`

func TestR27GroupsAreSuspendedForWholeSchoolDays(t *testing.T) {
	each(t, func(w *world) {
		// Together the two cover Monday's school day, 09:00 to 11:00, and the whole of Tuesday.
		w.suspend("- {name: Early, kind: suspension, years: [7], from: 2016-10-31 08:30, to: 2016-10-31 10:00}",
			"- {name: Late, kind: suspension, from: 2016-10-31 10:00, to: 2016-11-01}",
			"- {name: Not all of it, kind: suspension, years: [7], from: 2016-10-25 09:00, to: 2016-10-25 09:59}")
		w.night("2016-10-24", timetabled().form("x", "None", 0, 1).xml())
		// Year 0 is not 7; a day without a period counts from midnight to midnight.
		want := []string{"7A 2016-10-31 2016-11-01", "7B 2016-10-31 2016-11-01", "7Mat1 2016-10-31 2016-11-01",
			"7Mat2 2016-10-31 2016-11-01", "None 2016-11-01 2016-11-01"}
		w.expect("days", w.rows(groupDaysQuery), want...)
		// The day comes, and the state with it.
		r := w.night("2016-11-01", timetabled().form("x", "None", 0, 1).xml())
		w.expectCounts(r, "group update 5")
		for i := range want {
			want[i] += " now"
		}
		w.expect("days", w.rows(groupDaysQuery), want...)
		// It is prolonged in the middle of it, and then is over at once. The day before stays.
		w.suspend("- {name: All week, kind: suspension, years: [7], from: 2016-10-31 08:30, to: 2016-11-04}")
		w.night("2016-11-01", timetabled().form("x", "None", 0, 1).xml())
		w.expect("days", w.rows(groupDaysQuery), "7A 2016-10-31 2016-11-04 now", "7B 2016-10-31 2016-11-04 now",
			"7Mat1 2016-10-31 2016-11-04 now", "7Mat2 2016-10-31 2016-11-04 now")
		w.suspend()
		w.night("2016-11-02", timetabled().form("x", "None", 0, 1).xml())
		w.expect("days", w.rows(groupDaysQuery), "7A 2016-10-31 2016-11-01", "7B 2016-10-31 2016-11-01",
			"7Mat1 2016-10-31 2016-11-01", "7Mat2 2016-10-31 2016-11-01")
	})
}

func TestR28OnlyWhatASuspensionTouchesChanges(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-09-05", timetabled().xml())
		w.suspend("- {name: Exams, kind: suspension, years: [7], from: 2016-09-12, to: 2016-09-18}")
		w.expectCounts(w.night("2016-09-05", timetabled().xml()), "lesson update 2", "suspension create 1",
			"group_suspension create 4")
		w.suspend("- {name: Exams, kind: suspension, years: [7], from: 2016-09-13, to: 2016-09-19}")
		r := w.night("2016-09-05", timetabled().xml())
		// Mondays 12 and 19 change; Tuesday 13 does not.
		w.expectCounts(r, "lesson update 2", "suspension update 1", "group_suspension update 4")
	})
}

func TestSuspensionsThatMayNotBeMeant(t *testing.T) {
	each(t, func(w *world) {
		w.suspend("- {name: Last century, kind: gap, from: 1999-01-01, to: 1999-01-02}",
			"- {name: Sixth form, kind: suspension, years: [13], from: 2016-10-31, to: 2016-11-01}",
			"- {name: All, kind: suspension, from: 2016-11-01, to: 2016-11-02}")
		r := w.night("2016-10-24", timetabled().xml())
		w.expectProblems(r, "suspensions Sixth form: nobody is in the year",
			"suspensions Last century: outside every era", "suspensions All: overlaps another")
		for _, c := range []struct{ line, want string }{
			{"- {name: Backwards, kind: gap, from: 2016-10-31, to: 2016-10-30}",
				"suspensions.yml: line 1: Backwards: it ends (2016-10-30) before it begins (2016-10-31 00:00)"},
			{"- {name: X, kind: holiday, from: 2016-10-31, to: 2016-10-31}",
				`line 1: kind is "holiday": write suspension or gap`},
			{"- {name: X, kind: gap, from: 2016-10-31}", "line 1: from and to are needed"},
			{"- {name: X, kind: gap, form: 2016-10-31}", `line 1: unknown key "form"`},
			{"# first\n- {name: X, kind: gap, years: [seven], from: 2016-10-31, to: 2016-10-31}",
				`line 2: "seven" is not a year group`},
			{"- {name: X, kind: gap, from: 31.10.2016, to: 2016-10-31}",
				`line 1: from: "31.10.2016" is neither a day nor a day and a time`},
			{"- {name: X, kind: gap, from: 2016-10-31 10:00, to: 2016-11-01 09:00, daily: true}",
				"line 1: X: it is daily, and ends at an earlier time of day than it begins"},
			{"name: X", "line 1: expected a list"},
		} {
			before := w.dump()
			w.suspend(c.line)
			w.drop(timetabled().xml())
			_, err := w.im.Run(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.want) || w.dump() != before {
				t.Errorf("%s: %v, want %s", c.line, err, c.want)
			}
		}
	})
}
