package importer_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"misimportd/importer/want"
	"misimportd/mis"
	"misimportd/mis/isams/isamstest"
	"misimportd/store/model"
)

const coverColumns = "TblCoverManagerCoverID,intCycle,TblTimetableManagerScheduleID,blnRecurring,dteDate," +
	"txtCoverTeacher,blnVisible,blnEnabled,blnPublished\n"

// covered has a dump of covers come with each document: id, schedule, day, teacher, and three flags.
func (w *world) covered(rows ...string) {
	text := coverColumns
	for _, row := range rows {
		fields := strings.Split(row, " ")
		text += strings.Join([]string{fields[0], "1", fields[1], "0", fields[2], fields[3], fields[4][:1],
			fields[4][1:2],
			fields[4][2:]}, ",") + "\n"
	}
	w.dumps = map[string][]byte{"TblCoverManagerCover.csv": []byte(text)}
}

// coveredLessons is every lesson with somebody covered: as reports see it.
func (w *world) coveredLessons() []string {
	w.Helper()
	return w.rows(`SELECT code || ' ' || CAST(on_date AS text) || ' ' || staff || ': ' || covered_by || ' for ' ||
		covered
		FROM lesson_details WHERE covered IS NOT NULL ORDER BY on_date, code`)
}

// coverSchool is the school with a timetable, a subject, and a cover of its lesson of 26 September.
func coverSchool(w *world) *doc {
	w.im.Covers = want.CoverRules{ValidIf: []mis.CoverFlag{"visible", "enabled"}}
	w.covered("1 101 2016-09-26 GRE 110")
	return timetabled()
}

const theCover = "7Mat1 2016-09-26 Ms White: Mr Grey for Ms White"

// TestACoverIsOfALesson on its day alone, and reports see who covers whom.
func TestACoverIsOfALesson(t *testing.T) {
	each(t, func(w *world) {
		school := coverSchool(w)
		school.subjects = append(school.subjects, `<Subject Id="4"><Name>Mathematics</Name></Subject>`)
		school.sets[0] = strings.Replace(school.sets[0], `YearId`, `SubjectId="4" YearId`, 1)
		if r := w.night("2016-09-20", school.xml()); len(r.Problems) != 0 {
			w.Errorf("%v", r.Problems)
		}
		w.expect("covers", w.coveredLessons(), theCover)
		w.expect("as reports see it", w.rows(`SELECT kind || ' ' || subject || ' ' || groups || ' ' || rooms || ' '
			|| note
			FROM lesson_details WHERE code = '7Mat1' AND on_date = '2016-09-26'`), "lesson Mathematics 7Mat1 Lab ")
		// It goes when the dump has it no more, and what was stays.
		w.covered("1 101 2016-09-26 GRE 110", "2 101 2016-10-31 GRE 111")
		w.night("2016-09-21", school.xml())
		w.expect("two", w.coveredLessons(), theCover, "7Mat1 2016-10-31 Ms White: Mr Grey for Ms White")
		w.covered()
		w.night("2016-10-03", school.xml()) // an empty dump says nothing (R34)
		w.expect("an empty dump", w.coveredLessons(), theCover, "7Mat1 2016-10-31 Ms White: Mr Grey for Ms White")
		w.covered("3 102 2016-10-25 WHI 110")
		w.night("2016-10-03", school.xml())
		w.expect("another", w.coveredLessons(), theCover, "7Mat2 2016-10-25 Mr Grey: Ms White for Mr Grey")
	})
}

// TestFaultyCovers: what can be read of a dump is used, and nothing ends because of what cannot.
func TestFaultyCovers(t *testing.T) {
	stays, gone := []string{theCover}, []string{}
	for what, c := range map[string]struct {
		rows   []string
		raw    string // instead of the rows
		covers []string
		says   string
	}{
		"not enabled": {rows: []string{"1 101 2016-09-26 GRE 101"}, covers: gone},
		"of another year": {rows: []string{"1 101 2019-09-26 GRE 110"}, covers: gone,
			says: "outside every era: 1 cover (1) of days outside of era 2016/17; left out"},
		"doubled": {rows: []string{"1 101 2016-09-26 GRE 110", "1 101 2016-09-26 GRE 110"}, covers: stays,
			says: "1 repeated"},
		"twice under two ids": {rows: []string{"1 101 2016-09-26 GRE 110", "2 101 2016-09-26 GRE 110"}, covers: stays},
		"one id, two teachers": {rows: []string{"1 101 2016-09-26 GRE 110", "1 101 2016-09-26 WHI 110"}, covers: stays,
			says: "1 same id, different content"},
		"by a teacher who is not there": {rows: []string{"1 101 2016-09-26 XXX 110"}, covers: stays,
			says: `1 unknown teacher: no member of staff has the code "XXX"; skipped`},
		"in small letters": {rows: []string{"1 101 2016-09-26 gre 110"}, covers: stays},
		"none is valid": {rows: []string{"1 101 2016-09-26 GRE 101", "2 101 2016-09-19 GRE 101",
			"3 102 2016-09-20 WHI 000",
			"4 102 2016-09-27 WHI 011", "5 102 2016-10-25 WHI 000"}, covers: stays,
			says: "none is valid: not one of 5 covers is all of visible and enabled (cover: valid_if), so covers stay"},
		"by the teacher": {rows: []string{"1 101 2016-09-26 WHI 110"}, covers: gone},
		"of no lesson": {rows: []string{"1 999 2016-09-26 GRE 110"}, covers: gone,
			says: "unknown lesson: 1 cover (1) of lessons that are no longer in the timetable; left out"},
		"on another day": {rows: []string{"1 101 2016-09-27 GRE 110"}, covers: gone,
			says: "not on that day: 1 cover (1) of lessons that do not take place on that day"},
		"no date": {rows: []string{"1 101 soon GRE 110"}, covers: stays, says: `1 value cannot be read: dteDate ` +
			`"soon" is not a date`},
		"no schedule": {rows: []string{"1 x 2016-09-26 GRE 110"}, covers: stays,
			says: `1 value cannot be read: TblTimetableManagerScheduleID "x" is not a number`},
		"no id": {rows: []string{"x 102 2016-09-27 WHI 110"}, covers: stays, says: "id is not a number"},
		"other columns": {raw: "CoverID,Date\n1,2016-09-26\n", covers: stays,
			says: "the column TblCoverManagerCoverID is missing"},
		"cut off": {raw: coverColumns + "1,1,101,0,2016", covers: stays, says: "the line is not whole"},
		"nothing": {raw: "", covers: stays, says: "dump cannot be read"},
		"coming again": {raw: coverColumns + "1,1,101,1,2016-09-26T00:00:00,GRE,True,true,NULL\n", covers: stays,
			says: "1 covers are said to come again"},
	} {
		t.Run(what, func(t *testing.T) {
			onSQLite(t, func(w *world) {
				w.night("2016-09-20", coverSchool(w).xml())
				if w.covered(c.rows...); c.rows == nil {
					w.dumps["TblCoverManagerCover.csv"] = []byte(c.raw)
				}
				r := w.night("2016-09-21", timetabled().xml())
				w.expect("covers", w.coveredLessons(), c.covers...)
				said := ""
				for _, p := range r.Problems {
					said += fmt.Sprintf("%s %s: %s\n", p.ID, p.Reason, p.Detail)
				}
				if !strings.Contains(said, c.says) || c.says == "" && said != "" {
					w.Errorf("said\n%s", said)
				}
				if again := w.night("2016-09-21", timetabled().xml()); len(again.Changes) > 0 {
					w.Errorf("once more: %v", again.Changes)
				}
			})
		})
	}
}

// TestACoverOfAScheduleThatCannotBeRead stays, as the lesson does (R33).
func TestACoverOfAScheduleThatCannotBeRead(t *testing.T) {
	onSQLite(t, func(w *world) {
		two := func() *doc { return coverSchool(w).lesson(103, 21, "7Mat1", 11, "GRE", 5).coded(7, "Ms Blue", "BLU") }
		school := two()
		w.covered("1 103 2016-09-26 BLU 110")
		w.night("2016-09-20", school.xml())
		there := w.coveredLessons()
		spoilt := two()
		w.covered("1 103 2016-09-26 BLU 110")
		last := len(spoilt.timetable["Schedules"]) - 1
		spoilt.timetable["Schedules"][last] = strings.Replace(spoilt.timetable["Schedules"][last], "<PeriodId>11",
			"<PeriodId>x", 1)
		w.night("2016-09-21", spoilt.xml())
		if len(there) != 1 {
			w.Fatal(there)
		}
		w.expect("covers", w.coveredLessons(), there...)
	})
}

// TestCoversThatClash are told with both lessons, and made all the same: it is not for an import to mend.
func TestCoversThatClash(t *testing.T) {
	each(t, func(w *world) {
		school := coverSchool(w).lesson(103, 22, "7Mat2", 11, "GRE", 6) // Mr Grey teaches then, too
		r := w.night("2016-09-20", school.xml())
		w.expect("busy", clashesOf(r.Problems), "1 on 26 September 2016 staff #4 covers 7Mat1 (schedule/101) and "+
			"takes 7Mat2 (schedule/103) at the same time")
		w.expect("covers", w.coveredLessons(), theCover)
		w.suspend("- {name: Trip, kind: suspension, from: 2016-09-26, to: 2016-09-26}")
		r = w.night("2016-09-21", school.xml())
		w.expect("suspended", clashesOf(r.Problems), "1 on 26 September 2016 staff #4 covers 7Mat1 "+
			"(schedule/101), which is suspended")
		// Who is covered in the one lesson is free for the other.
		w.suspend("[]")
		w.covered("1 101 2016-09-26 GRE 110", "2 103 2016-09-26 WHI 110")
		r = w.night("2016-09-22", school.xml())
		w.expect("both away", clashesOf(r.Problems))
	})
}

func clashesOf(problems []mis.Problem) (list []string) {
	list = []string{}
	for _, p := range problems {
		if p.Reason == mis.Clash {
			list = append(list, p.ID+" "+p.Detail)
		}
	}
	return list
}

// TestCoversOfTwoTeachers: a lesson with two may have both covered, by one or by each other's place.
func TestCoversOfTwoTeachers(t *testing.T) {
	each(t, func(w *world) {
		// the same lesson (R24)
		school := coverSchool(w).coded(7, "Ms Blue", "BLU").lesson(103, 21, "7Mat1", 11, "GRE", 5)
		w.covered("1 101 2016-09-26 BLU 110", "2 103 2016-09-26 BLU 110", "3 101 2016-09-19 GRE 110")
		w.night("2016-09-12", school.xml())
		w.expect("covers", w.coveredLessons(), "7Mat1 2016-09-19 Mr Grey, Ms White: Mr Grey for Ms White",
			"7Mat1 2016-09-26 Mr Grey, Ms White: Ms Blue, Ms Blue for Mr Grey, Ms White")
	})
}

// TestWhatAPersonEnteredIsLeftAlone: covers without a source, whatever the MIS says of the lesson, as long as there is
// one.
func TestWhatAPersonEnteredIsLeftAlone(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-09-20", coverSchool(w).xml())
		w.exec(`INSERT INTO commitments (lesson_id, element_id, covers_id) SELECT l.id, (SELECT id FROM staff WHERE
			code = 'GRE'),
			(SELECT id FROM staff WHERE code = 'WHI') FROM lessons l WHERE code = '7Mat1' AND on_date >= '2016-10-24'`)
		entered := []string{theCover, "7Mat1 2016-10-24 Ms White: Mr Grey for Ms White",
			"7Mat1 2016-10-31 Ms White: Mr Grey for Ms White"}
		w.expect("entered", w.coveredLessons(), entered...)
		before := w.dump()
		// The MIS says the same cover of one of them, and no other: nothing is there twice.
		w.covered("1 101 2016-09-26 GRE 110", "2 101 2016-10-24 GRE 110")
		r := w.night("2016-09-21", timetabled().xml())
		w.expect("twice", w.coveredLessons(), entered...)
		if len(r.Changes) > 0 || w.dump() != before {
			w.Errorf("%v", r.Changes)
		}
		// The lesson becomes another teacher's: the cover stays as it was entered, and tells of it.
		other := small().coded(3, "Ms White", "WHI").coded(4, "Mr Grey", "GRE").room(5, "Lab").room(6, "Hall").taught().
			lesson(101, 21, "7Mat1", 11, "GRE", 5).lesson(102, 22, "7Mat2", 21, "GRE", 6)
		changed := w.night("2016-09-21", other.xml())
		w.expect("another teacher", w.coveredLessons(), "7Mat1 2016-10-24 Mr Grey: Mr Grey for Ms White",
			"7Mat1 2016-10-31 Mr Grey: Mr Grey for Ms White")
		w.undo(changed.Run)
		if w.dump() != before {
			w.Error("the undo left something else")
		}
		// The lesson goes, and with it who covers it. An undo brings both back.
		w.covered("1 101 2016-09-26 GRE 110")
		gone := w.night("2016-09-21", timetabled().replaced(101, 102).xml())
		w.expect("no lesson", w.coveredLessons())
		w.undo(gone.Run)
		w.expect("undone", w.coveredLessons(), entered...)
	})
}

// replaced leaves out a lesson of the timetable but for one.
func (d *doc) replaced(gone, stays int) *doc {
	d.timetable["Schedules"] = slices.DeleteFunc(d.timetable["Schedules"], func(s string) bool {
		return strings.Contains(s, fmt.Sprintf(`Id="%d"`, gone)) && !strings.Contains(s,
			fmt.Sprintf(`Schedule Id="%d"`, stays))
	})
	return d
}

// TestAChangeOfTimetableIsOneLine, however many covers have lost their lessons by it.
func TestAChangeOfTimetableIsOneLine(t *testing.T) {
	each(t, func(w *world) {
		s := clubSchool(7).CoverSome(420)
		w.im.Covers = want.CoverRules{ValidIf: []mis.CoverFlag{"visible", "enabled"}}
		w.nightOf(s, "2016-09-05")
		had := len(w.rows(coversQuery, "2016-09-05"))
		for i := range s.Timetable.Schedules {
			s.Timetable.Schedules[i].ID += 500000
		}
		w.dumps = s.Dumps()
		r := w.night("2016-09-06", s.Document())
		lines := slices.DeleteFunc(r.Problems, func(p mis.Problem) bool { return p.Section != "TblCoverManagerCover" })
		if len(lines) != 1 || lines[0].Reason != mis.UnknownLesson || had < 250 {
			w.Fatalf("%d covers; %v", had, lines)
		}
		if left := w.rows(coversQuery, "2016-09-06"); r.Result != model.Applied || len(left) != 0 {
			w.Errorf("%s; %d covers are left", r.Result, len(left))
		}
		w.Logf("TABLE %d covers; %s", had, lines[0].Detail)
	})
}

// TestR35CoversThatVanish are held, where they are many: the marks of a dump may mean something else tonight.
func TestR35CoversThatVanish(t *testing.T) {
	onSQLite(t, func(w *world) {
		s := clubSchool(7).CoverSome(300)
		besides(guarded(w), s)
		w.nightOf(s, "2016-09-05")
		before := w.rows(coversQuery, "2016-09-06")
		for i := range s.Covers {
			s.Covers[i].Visible = i%5 == 0
		}
		w.dumps = s.Dumps()
		r := w.night("2016-09-06", s.Document())
		if r.Result != model.Held || !strings.Contains(strings.Join(heldBy(r), ";"), "covers would end") {
			w.Errorf("%s %v", r.Result, heldBy(r))
		}
		w.expect("covers", w.rows(coversQuery, "2016-09-06"), before...)
	})
}

// TestCoversOfAHeldNight wait with the day, and come with the approval.
func TestCoversOfAHeldNight(t *testing.T) {
	each(t, func(w *world) {
		s := busySchool(3)
		besides(w, s)
		w.nightOf(s, "2016-09-05")
		guarded(w)
		before := w.rows(coversQuery, "2016-09-06")
		less := isamstest.New(3, isamstest.Size{Pupils: 70, Staff: 12, Forms: 7, Sets: 21, SetLists: 300}).Teach(42).
			Gather(6, 5).CoverSome(60)
		less.Covers = less.Covers[:5]
		less.Timetable.Schedules = less.Timetable.Schedules[:10]
		w.dumps = less.Dumps()
		held := w.night("2016-09-06", less.Document())
		if held.Result != model.Held {
			w.Fatalf("%s", held.Result)
		}
		w.expect("held", w.rows(coversQuery, "2016-09-06"), before...)
		if _, err := w.im.Approve(w.Context(), held.Run); err != nil {
			w.Fatal(err)
		}
		if diff := len(besideModel{}.covers(less, "2016-09-06")) - len(w.rows(coversQuery, "2016-09-06")); diff != 0 {
			w.Errorf("approved: %d covers are amiss", diff)
		}
	})
}
