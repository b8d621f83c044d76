package importer_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"misimportd/mis/isams/isamstest"
)

const lessonsQuery = `SELECT source_id || ' ' || code || ' ' || CAST(on_date AS text) || ' '
	|| substr(CAST(starts_at AS text), 12, 5) || '-' || substr(CAST(ends_at AS text), 12, 5)
	|| CASE WHEN suspended THEN ' suspended' ELSE '' END || ': ' || coalesce(groups, '') || ' | ' || coalesce(staff, '')
	|| ' | ' || coalesce(rooms, '') FROM lesson_details ORDER BY on_date, starts_at, source_id`

// suspend writes the school's file of suspensions.
func (w *world) suspend(lines ...string) {
	w.Helper()
	w.im.SuspensionsFile = filepath.Join(string(w.im.State.Scratch()), "suspensions.yml")
	if err := os.WriteFile(w.im.SuspensionsFile, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		w.Fatal(err)
	}
}

// TestATypicalTimetable loads a school's timetable of 2,400 lessons a fortnight, takes
// lessons away and brings them back. It writes the table of what changed.
func TestATypicalTimetable(t *testing.T) {
	each(t, func(w *world) {
		school := isamstest.New(1, isamstest.Typical).Teach(2400)
		document := school.Document()
		step := func(what, day string, document []byte, want ...string) {
			w.Helper()
			r := w.night(day, document)
			w.expectCounts(r, want...)
			w.expectProblems(r)
			w.Logf("TABLE %s: %s, %s", what, r.Result, strings.Join(want, ", "))
		}
		step("first load", "2016-09-05", document, "pupil create 1000", "staff create 150", "location create 75",
			"subject create 18", "house create 6",
			"group create 656", "membership create 13000", "lesson create 55959", "commitment create 227378")
		all := w.rows(lessonsQuery)
		step("again", "2016-09-05", document)
		w.suspend("- {name: Study leave, kind: suspension, years: [11, 13], from: 2017-05-08, to: 2017-06-23}")
		step("study leave of years 11 and 13", "2016-09-05", document, "lesson update 2418", "suspension create 1",
			"group_suspension create 187")
		w.suspend()
		step("no study leave", "2016-09-05", document, "lesson update 2418", "suspension delete 1",
			"group_suspension delete 187")
		w.suspend("- {name: Half term, kind: gap, from: 2016-10-24, to: 2016-10-28}")
		step("half term", "2016-09-05", document, "lesson delete 1200", "commitment delete 4865", "suspension create 1")
		w.suspend()
		step("no half term", "2016-09-05", document, "lesson create 1200", "commitment create 4865",
			"suspension delete 1")
		w.expect("lessons", w.rows(lessonsQuery), all...)
		step("the day after", "2016-09-06", document)
	})
}

func TestR30TheOrderOfATimetableDoesNotMatter(t *testing.T) {
	each(t, func(w *world) {
		school := isamstest.New(2, isamstest.Size{Pupils: 60, Staff: 12, Forms: 7, Sets: 14, SetLists: 200}).Teach(120)
		w.night("2016-09-05", school.Document())
		for seed := range uint64(5) {
			if r := w.night("2016-09-05", school.Shuffled(seed)); r.Result != "unchanged" {
				t.Errorf("in another order: %s, %v", r.Result, r.Changes)
			}
		}
		for range 5 {
			school.Night()
			w.night("2016-09-05", school.Document())
			if r := w.night("2016-09-05", school.Shuffled(1)); r.Result != "unchanged" {
				t.Errorf("a night later, in another order: %s, %v", r.Result, r.Changes)
			}
		}
	})
}

// TestWeeksAtTheYearsEnd has a lesson on every Monday and Tuesday over the ends of years
// whose 1 January is on each of the seven weekdays, with their weeks 53 and 54, and over
// a 29 February that is a Monday.
func TestWeeksAtTheYearsEnd(t *testing.T) {
	each(t, func(w *world) {
		weekdays := map[time.Weekday]bool{}
		for year := 2009; year <= 2017; year++ {
			weekdays[time.Date(year+1, 1, 1, 0, 0, 0, 0, time.UTC).Weekday()] = true
			w.exec("UPDATE settings SET current_era_id = NULL")
			w.exec("DELETE FROM eras WHERE name = '2016/17'")
			d := small().coded(3, "Ms White", "WHI").room(5, "Lab").taught().lesson(101, 21, "7Mat1", 11, "WHI", 5).
				lesson(102, 21, "7Mat1", 21, "WHI", 5)
			d.timetable["TimetableAllocations"], d.timetable["Terms"] = nil, nil
			from, to := time.Date(year, 12, 7, 0, 0, 0, 0, time.UTC), time.Date(year+1, 3, 5, 0, 0, 0, 0, time.UTC)
			sunday := from.AddDate(0, 0, -int(from.Weekday()))
			// Each week with its numbers, counted from the first one of the year in Saturdays.
			for n, at := 0, sunday; at.Before(to); n, at = n+1, at.AddDate(0, 0, 7) {
				for _, day := range []time.Time{at, at.AddDate(0, 0, 6)} {
					number := 1
					for s := time.Date(day.Year(), 1, 1, 0, 0, 0, 0, time.UTC); s.Before(day); s = s.AddDate(0, 0, 1) {
						if s.Weekday() == time.Saturday {
							number++
						}
					}
					d.in("TimetableAllocations", fmt.Sprintf(`<TimetableAllocation Id="%d"><Year>%d</Year><Week>`+
						`%d</Week><TimetableWeekId>1</TimetableWeekId></TimetableAllocation>`, day.Unix()/86400,
						day.Year(), number))
				}
			}
			r := w.night(from.Format(time.DateOnly), d.xml())
			var want []string
			for at := from; at.Before(sunday.AddDate(0, 0,
				7*((int(to.Sub(sunday).Hours()/24)+6)/7))); at = at.AddDate(0, 0, 1) {
				if at.Weekday() == time.Monday || at.Weekday() == time.Tuesday {
					want = append(want, at.Format(time.DateOnly))
				}
			}
			w.expect(fmt.Sprint(year, r.Result), w.rows(`SELECT CAST(on_date AS text) FROM lesson_details ORDER BY 1`),
				want...)
			for _, table := range []string{"commitments", "lessons", "group_suspensions", "memberships",
				"lesson_days"} {
				w.exec("DELETE FROM " + table)
			}
			w.exec("DELETE FROM groups")
			w.exec("DELETE FROM elements WHERE kind = 'group'")
			w.exec("UPDATE settings SET current_era_id = NULL")
			w.exec("DELETE FROM eras WHERE ends_on IS NOT NULL")
		}
		if len(weekdays) != 7 {
			t.Errorf("1 January on %d weekdays", len(weekdays))
		}
	})
}
