package importer_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"misimportd/era"
	"misimportd/importer/entry"
	"misimportd/importer/guard"
	"misimportd/importer/undo"
	"misimportd/mis/isams/isamstest"
	"misimportd/store/model"
)

// What once got past the guard, or was held or undone wrongly.

// TestR34AMissingSectionAtRollover: nothing of the new era protects what would follow from it, so all is held.
func TestR34AMissingSectionAtRollover(t *testing.T) {
	each(t, func(w *world) {
		guarded(w)
		school := isamstest.New(11, someSchool)
		w.night("2016-09-05", school.Document())
		w.must(w.desk().CreateEra(w.Context(), era.Era{Name: "2017/18", StartsOn: era.NewDate(2017, 8, 15),
			EndsOn: era.NewDate(2018, 8, 14)}))
		w.must(w.desk().SetEra(w.Context(), entry.CurrentEra, "2017/18"))
		school.NewYear(84, 2500)
		before := w.dump()
		for _, section := range []string{"Forms", "Sets", "SetLists"} {
			r := w.night("2017-09-04", missing(section)(school.Document(), nil))
			if r.Hold != model.HoldAll || !slices.Contains(breaches(r), "sections_missing "+section) ||
				w.dump() != before {
				w.Errorf("%s: %s, held %q, %v", section, r.Result, r.Hold, breaches(r))
			}
		}
		if r := w.night("2017-09-04", school.Document()); r.Result != model.Applied {
			w.Errorf("the whole document: %s %v", r.Result, breaches(r))
		}
	})
}

// TestValuesThatGoBlank are judged too: no record ends, and much is lost.
func TestValuesThatGoBlank(t *testing.T) {
	school := isamstest.New(12, someSchool)
	good := school.Document()
	blank := func(pattern, with string) []byte { return regexp.MustCompile(pattern).ReplaceAll(good, []byte(with)) }
	each(t, func(w *world) {
		guarded(w)
		w.night("2016-09-05", good)
		before := w.dump()
		houses := 0
		for what, document := range map[string][]byte{
			"values_lost pupil email":   blank(`(EmailAddress>)P[0-9][^<]*<`, `$1<`),
			"values_lost group tutor":   blank(` TutorId="[0-9]*"`, ` TutorId=""`),
			"values_lost group subject": blank(` SubjectId="[0-9]*"`, ` SubjectId=""`),
			"values_lost pupil house": spoilt(good, func(line string) (string, bool) {
				if ofSection("AcademicHouses", line) {
					houses++
				}
				return line, !ofSection("AcademicHouses", line) || houses == 1
			}),
		} {
			r := w.night("2016-09-06", document)
			if r.Hold != model.HoldAll || !slices.Contains(breaches(r), what) || w.dump() != before {
				w.Errorf("%s: %s, held %q, %v: %s", what, r.Result, r.Hold, breaches(r), counts(r.Changes))
			}
		}
	})
}

// TestAnotherSchoolsDocumentWithoutPupils is known by its staff.
func TestAnotherSchoolsDocumentWithoutPupils(t *testing.T) {
	each(t, func(w *world) {
		guarded(w)
		w.night("2016-09-05", isamstest.New(13, someSchool).Document())
		before := w.dump()
		r := w.night("2016-09-06", missing("CurrentPupils")(isamstest.New(14, someSchool).Document(), nil))
		if r.Hold != model.HoldAll || !slices.Contains(breaches(r), "document_differs CurrentStaff") ||
			w.dump() != before {
			w.Errorf("%s, held %q, %v", r.Result, r.Hold, breaches(r))
		}
	})
}

// TestAnApprovedLossStays the next night, with the same document: nobody who is gone is a tutor.
func TestAnApprovedLossStays(t *testing.T) {
	each(t, func(w *world) {
		guarded(w)
		document := missing("CurrentStaff")(isamstest.New(15, someSchool).Document(), nil)
		w.night("2016-09-05", isamstest.New(15, someSchool).Document())
		held := w.night("2016-09-06", document)
		if r, err := w.im.Approve(w.Context(), held.Run); err != nil || r.Result != model.Applied {
			w.Fatalf("%s %v", r.Result, err)
		}
		if r := w.night("2016-09-07", document); r.Result != model.Unchanged {
			w.Errorf("%s: %s", r.Result, counts(r.Changes))
		}
		w.expect("tutors who are gone", w.rows(`SELECT e.name FROM groups g JOIN elements e ON e.id = g.tutor_id
			WHERE NOT e.current`))
	})
}

// TestAnApprovalBelievesWhatBreached a limit, and no other section: with sections_missing off,
// a missing section stays protected whatever else is approved.
func TestAnApprovalBelievesWhatBreached(t *testing.T) {
	each(t, func(w *world) {
		guarded(w)
		w.im.Guard.Import[guard.SectionsMissing] = guard.Limit{Off: true}
		good := isamstest.New(16, someSchool).Document()
		w.night("2016-09-05", good)
		half := without("CurrentPupils", 0.45)(good, rand.New(rand.NewPCG(1, 1)))
		held := w.night("2016-09-06", missing("CurrentStaff")(half, nil))
		if held.Hold != model.HoldRemovals || strings.Contains(counts(held.Waiting), "staff") {
			w.Fatalf("%q: %s", held.Hold, counts(held.Waiting))
		}
		r, err := w.im.Approve(w.Context(), held.Run)
		if err != nil || r.Result != model.Applied || strings.Contains(counts(r.Changes), "staff") {
			w.Errorf("%s %v: %s", r.Result, err, counts(r.Changes))
		}
	})
}

// TestAHeldLessonIsNotOnTwoDays: one that moves to another day stays, while removals are held,
// where it is, and nowhere else.
func TestAHeldLessonIsNotOnTwoDays(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-09-05", small().taught().coded(3, "Ms White", "WHI").room(5, "Lab").
			lesson(101, 21, "7Mat1", 11, "WHI", 5).xml())
		before := w.rows(lessonsQuery)
		w.im.Guard = guard.Guard{Hold: model.HoldRemovals, Import: guard.Limits{guard.PupilsLeaving: {}}}
		moved := leaver().taught().teacher(2, "Mr Green").coded(3, "Ms White", "WHI").room(5, "Lab").
			lesson(101, 21, "7Mat1", 21, "WHI", 5)
		r := w.night("2016-09-05", moved.xml())
		w.expect("lessons", w.rows(lessonsQuery), before...)
		if a, err := w.im.Approve(w.Context(), r.Run); err != nil || a.Result != model.Applied {
			w.Fatalf("%s %v %v", a.Result, a.Differs, err)
		}
		for _, row := range w.rows(lessonsQuery) {
			if on := strings.Fields(row)[2]; date(t, on).Weekday() != 2 {
				w.Errorf("after the approval: %s", row)
			}
		}
	})
}

// TestUndoTakesNothingOfOthers that came after, nor puts anybody into two forms.
func TestUndoTakesNothingOfOthers(t *testing.T) {
	refused := func(w *world, id model.ID, says string) {
		w.Helper()
		before := w.dump()
		_, err := w.im.Undo(w.Context(), id)
		var not *undo.NotUndoneError
		if !errors.As(err, &not) || !strings.Contains(err.Error(), says) || w.dump() != before {
			w.Errorf("%v, want %q", err, says)
		}
	}
	tell := func(what string, story func(w *world)) { t.Run(what, func(t *testing.T) { each(t, story) }) }
	tell("a booking", func(w *world) { // somebody books a supply teacher for a lesson
		r := w.night("2016-09-05", full().xml())
		w.exec(`INSERT INTO elements (kind, name) VALUES ('staff', 'Mr Cover')`)
		w.exec(`INSERT INTO staff (id) SELECT id FROM elements WHERE name = 'Mr Cover'`)
		w.exec(`INSERT INTO commitments (lesson_id, element_id) SELECT (SELECT min(id) FROM lessons), id FROM elements
			WHERE name = 'Mr Cover'`)
		refused(w, r.Run, "it created 1 record that other programs use since, the first of them lesson #")
	})
	tell("days and a tutor", func(w *world) { // or keeps a group from its lessons, or makes a new teacher its tutor
		r := w.night("2016-09-05", small().xml())
		w.exec(`INSERT INTO group_suspensions (group_id, starts_on, ends_on) SELECT id, '2016-10-01', '2016-10-02'
			FROM groups WHERE source_id = '21'`)
		refused(w, r.Run, "the first of them set #21")
		w.exec(`DELETE FROM group_suspensions`)
		w.exec(`INSERT INTO elements (kind, name) VALUES ('group', 'Netball')`)
		w.exec(`INSERT INTO groups (id, kind, era_id, starts_on, tutor_id)
			SELECT e.id, 'user', s.current_era_id, '2016-09-01', (SELECT min(id) FROM staff) FROM elements e, settings s
			WHERE e.name = 'Netball'`)
		refused(w, r.Run, "the first of them staff #1")
	})
	tell("two forms", func(w *world) { // a pupil who left a form, and joined another later
		w.night("2016-09-05", small().xml())
		w.must(w.desk().AddPin(w.Context(), "pupil", "11", "name"))
		formless := small()
		formless.pupils[0] = strings.Replace(formless.pupils[0], "<Form>7/A</Form>", "", 1)
		r := w.night("2016-09-06", formless.xml())
		elsewhere := small()
		elsewhere.pupils[0] = strings.Replace(elsewhere.pupils[0], "7/A", "7/B", 1)
		w.night("2016-09-07", elsewhere.xml())
		refused(w, r.Run, "changed later, by run")
	})
	tell("back in a set", func(w *world) { // one who left a set, and is back in it
		w.night("2016-09-05", small().xml())
		out := small()
		out.lists = out.lists[1:]
		r := w.night("2016-09-06", out.xml())
		w.night("2016-09-07", small().xml())
		refused(w, r.Run, "changed later, by run")
	})
}

// TestADocumentThatIsNotWanted leaves no trace: Current is what it was. By force it is held
// and approved like any other, and then is as good as any other.
func TestADocumentThatIsNotWanted(t *testing.T) {
	each(t, func(w *world) {
		guarded(w)
		good := isamstest.New(17, someSchool).Document()
		w.night("2016-09-05", good)
		bad := without("CurrentPupils", 0.06)(good, rand.New(rand.NewPCG(2, 2)))
		r := w.night("2016-09-06", bad)
		w.undo(r.Run)
		if r := w.night("2016-09-07", bad); r.Result != model.Unchanged {
			w.Fatalf("%s", r.Result)
		}
		if current, err := w.im.State.Reflected(); err != nil || current.Size() != int64(len(good)) {
			w.Errorf("Current is not what the database reflects: %v", err)
		}
		w.im.Guard.Hold, w.im.Force = model.HoldAll, true
		w.im.Guard.Import[guard.PupilsLeaving] = guard.Limit{}
		held := w.night("2016-09-07", bad)
		w.im.Force = false
		if a, err := w.im.Approve(w.Context(), held.Run); err != nil || a.Result != model.Applied {
			w.Fatalf("%s %v %v", a.Result, a.Differs, err)
		}
		if again := w.night("2016-09-08", bad); again.Result != model.Unchanged || len(again.Guard) == 0 {
			w.Errorf("%s %v", again.Result, again.Problems)
		}
	})
}

// TestAwaitedInTheHolidays: nights count though the as-of date stands still before an era's
// first day.
func TestAwaitedInTheHolidays(t *testing.T) {
	each(t, func(w *world) {
		w.im.Guard.GraceNights = 1
		now := era.NewDate(2016, 8, 1).At(3 * 60).In(w.im.Zone)
		w.im.Now = func() time.Time { return now }
		importOf := func(document []byte) string {
			w.drop(document)
			r, err := w.im.Run(w.Context())
			if err != nil {
				w.Fatal(err)
			}
			now = now.AddDate(0, 0, 1)
			return counts(r.Changes)
		}
		importOf(small().xml())
		if said := importOf(leaver().xml()); said != "absence create 3" {
			w.Errorf("the first night: %s", said)
		}
		if said := importOf(leaver().xml()); !strings.HasPrefix(said, "pupil end 1, staff end 1") {
			w.Errorf("the second night: %s", said)
		}
	})
}

// TestAPupilPinnedOutOfAForm stays in the one where a person put them.
func TestAPupilPinnedOutOfAForm(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-09-05", small().xml())
		w.exec(`UPDATE memberships SET group_id = (SELECT id FROM groups WHERE source_id = '7/B')
			WHERE group_id = (SELECT id FROM groups WHERE source_id = '7/A') AND element_id = (SELECT id FROM pupils
			WHERE source_id = '11')`)
		w.must(w.desk().AddPin(w.Context(), "pupil", "11", "form/7/A"))
		w.night("2016-09-06", small().xml())
		w.expect("Zoë's forms", w.rows(`SELECT group_name FROM membership_details WHERE group_kind = 'form'
			AND member_source_id = '11' AND starts_on <= '2016-09-06' AND ends_on >= '2016-09-06'`), "7B")
	})
}

// TestSuspensionsOfOneName are told apart when they are held: INSET days and exams are many.
func TestSuspensionsOfOneName(t *testing.T) {
	each(t, func(w *world) {
		line := func(day string) string {
			return "- {name: Inset, kind: suspension, from: " + day + ", to: " + day + "}"
		}
		w.suspend(line("2016-09-12"), line("2016-09-19"))
		w.night("2016-09-05", full().xml())
		before := w.rows(lessonsQuery)
		w.im.Guard = guard.Guard{Hold: model.HoldRemovals, Import: guard.Limits{guard.SuspensionsRemoved: {}}}
		w.suspend(line("2016-09-12"))
		r := w.night("2016-09-05", full().xml())
		if r.Hold != model.HoldRemovals || len(r.Changes) > 0 {
			w.Errorf("%s, held %q: %s", r.Result, r.Hold, counts(r.Changes))
		}
		w.expect("lessons", w.rows(lessonsQuery), before...)
		a, err := w.im.Approve(w.Context(), r.Run)
		if err != nil || a.Result != model.Applied || !strings.Contains(counts(a.Changes), "suspension delete 1") {
			w.Errorf("%s %v: %s", a.Result, err, counts(a.Changes))
		}
	})
}

// TestAnApprovalTakesItsOwnDocument, and not that of another database's run of the same number
// in the same folder.
func TestAnApprovalTakesItsOwnDocument(t *testing.T) {
	each(t, func(w *world) {
		guarded(w)
		good := isamstest.New(18, someSchool).Document()
		w.night("2016-09-05", good)
		held := w.night("2016-09-06", without("CurrentPupils", 0.45)(good, rand.New(rand.NewPCG(1, 1))))
		list, err := w.im.State.List()
		if err != nil {
			w.Fatal(err)
		}
		for _, archived := range list {
			if archived.Run != int64(held.Run) {
				continue
			}
			manifest := strings.TrimSuffix(archived.Path, ".xml.zst") + ".manifest.json"
			text, err := os.ReadFile(manifest)
			if err != nil {
				w.Fatal(err)
			}
			text = []byte(strings.Replace(string(text), archived.SHA256, strings.Repeat("0", 64), 1))
			if err := os.WriteFile(manifest, text, 0o600); err != nil {
				w.Fatal(err)
			}
		}
		if _, err := w.im.Approve(w.Context(), held.Run); err == nil ||
			!strings.Contains(err.Error(), "is not in the Archive") {
			w.Errorf("%v", err)
		}
	})
}

// TestApprovedInTheHolidays: the nights of grace are those of the held run.
func TestApprovedInTheHolidays(t *testing.T) {
	each(t, func(w *world) {
		now := time.Now().UTC()
		e := era.Era{Name: "later", StartsOn: era.DateOf(now.AddDate(5, 0, 0)),
			EndsOn: era.DateOf(now.AddDate(6, 0, 0))}
		w.must(w.desk().CreateEra(w.Context(), e))
		w.must(w.desk().SetEra(w.Context(), entry.CurrentEra, e.Name))
		w.im.Guard = guard.Guard{Hold: model.HoldRemovals, Import: guard.Limits{guard.SectionsMissing: {}},
			GraceNights: 2}
		w.im.AsOf = 0
		w.drop(small().xml())
		if _, err := w.im.Run(w.Context()); err != nil {
			w.Fatal(err)
		}
		w.drop(leaver().leaveOut("Sets").xml())
		held, err := w.im.Run(w.Context())
		if err != nil || held.Hold != model.HoldSections {
			w.Fatalf("%s %q %v", held.Result, held.Hold, err)
		}
		a, err := w.im.Approve(w.Context(), held.Run)
		if err != nil || a.Result != model.Applied || len(a.Differs) > 0 {
			w.Errorf("%s %q %v", a.Result, a.Differs, err)
		}
	})
}

// TestNoNamesOfPeopleInCauses: a tutorial is often called after its pupil.
func TestNoNamesOfPeopleInCauses(t *testing.T) {
	each(t, func(w *world) {
		w.im.Guard = guard.Guard{Hold: model.HoldRemovals, Import: guard.Limits{guard.LessonsRemoved: {}}}
		w.night("2016-09-05", full().xml())
		without := full()
		without.timetable["Tutorials"] = []string{strings.Replace(strings.Replace(without.timetable["Tutorials"][0],
			`Id="5"`, `Id="6"`, 1), "Violin", "Piano", 1)}
		r := w.night("2016-09-05", without.xml())
		if r.Result != model.Held || strings.Contains(mustJSON(r.Guard), "Violin") ||
			!strings.Contains(mustJSON(r.Guard), "no longer in the MIS: tutorial") {
			w.Errorf("%s %s", r.Result, mustJSON(r.Guard))
		}
	})
}

// TestR19AGroupKeptThatBeginsLater: an import as of an earlier day keeps a group, for its end is
// held or the document is silent on it, that begins only later: its members do not join before.
func TestR19AGroupKeptThatBeginsLater(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-09-05", small().xml())
		w.night("2016-09-20", small().set(23, "7Art1", 7, 11, 12).xml())
		before := w.rows(membershipsQuery)
		silent := small()
		silent.sets = append(silent.sets, `<Set Id="x" YearId="7"><Name>7Art1</Name></Set>`)
		w.night("2016-09-10", silent.xml())
		w.expect("silent on it", w.rows(membershipsQuery), before...)
		w.im.Guard = guard.Guard{Hold: model.HoldRemovals, Import: guard.Limits{guard.GroupsEnding: {}}}
		if r := w.night("2016-09-10", small().xml()); r.Hold != model.HoldRemovals {
			w.Errorf("%s %q", r.Result, r.Hold)
		}
		w.expect("its end is held", w.rows(membershipsQuery), before...)
	})
}
