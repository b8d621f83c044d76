package importer_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"misimportd/importer/want"
	"misimportd/mis"
	"misimportd/mis/isams/isamstest"
	"misimportd/store/model"
)

// busySchool is a small school with a timetable, activities, custom groups and covers.
func busySchool(seed uint64) *isamstest.School { return clubSchool(seed).CoverSome(60) }

// besides has covers count as usual, and reads the school's own events.
func besides(w *world, s *isamstest.School) *world {
	w.Helper()
	allKinds(w)
	w.im.Covers = want.CoverRules{ValidIf: []mis.CoverFlag{"visible", "enabled"}}
	lines := ""
	for _, e := range ownEvents {
		lines += "- " + strings.NewReplacer("TEACHER", s.Staff[0].Code, "ROOM", s.Rooms[3].Name, "FORM",
			s.Forms[0].ID).Replace(e.yaml) + "\n"
	}
	w.events(lines)
	return w
}

// events has the school's own events in a file.
func (w *world) events(text string) {
	w.Helper()
	folder := w.TempDir()
	if len(w.im.EventsFiles) > 0 {
		folder = filepath.Dir(w.im.EventsFiles[0])
	}
	w.im.EventsFiles = []string{filepath.Join(folder, "*.yml")}
	if err := os.WriteFile(filepath.Join(folder, "events.yml"), []byte(text), 0o600); err != nil {
		w.Fatal(err)
	}
}

// agreeBeside holds covers and events of the database against the model.
func (w *world) agreeBeside(s *isamstest.School, day string) {
	w.Helper()
	m := besideModel{}
	if diff := cmp.Diff(m.covers(s, day), w.rows(coversQuery, day)); diff != "" {
		w.Fatalf("covers as of %s (-model +database):\n%s", day, diff)
	}
	got := w.rows(`SELECT name || ' ' || CAST(on_date AS text) FROM lessons WHERE kind = 'event' AND on_date >= $1
		ORDER BY 1`, day)
	if diff := cmp.Diff(m.events(s, day), got); diff != "" {
		w.Fatalf("events as of %s (-model +database):\n%s", day, diff)
	}
}

// TestWhatStandsBesideLessons: covers, activities and the school's own events are there as the models say, a second
// night changes nothing, what a person entered stays, and an undo leaves what there was, byte for byte.
func TestWhatStandsBesideLessons(t *testing.T) {
	each(t, func(w *world) {
		s := busySchool(1)
		besides(w, s)
		before := w.dump()
		if r := w.nightOf(s, "2016-09-05"); r != model.Applied {
			w.Fatal(r)
		}
		w.agreeBeside(s, "2016-09-05")
		w.agree(&kindsModel{}, s, "2016-09-05", "2016-09-20")
		w.Logf("TABLE %d covers, %d events of its own, %d of activities", len(w.rows(coversQuery, "2016-09-05")),
			len(besideModel{}.events(s, "2016-09-05")), len((&kindsModel{}).eventsFrom(s, "2016-09-05")))
		filled := w.dump()
		for _, day := range []string{"2016-09-05", "2016-09-06"} {
			if r := w.nightOf(s, day); r != model.Unchanged || w.dump() != filled {
				w.Errorf("once more on %s: %s", day, r)
			}
		}
		w.coverByHand()
		byHand := w.rows(byHandQuery)
		entered := w.dump()
		s.Night()
		s.CoverNight()
		w.dumps = s.Dumps()
		w.drop(s.Document())
		w.im.AsOf = date(w, "2016-09-07")
		second, err := w.im.Run(w.Context())
		if err != nil || second.Result != model.Applied {
			w.Fatalf("%s %v", second.Result, err)
		}
		w.agreeBeside(s, "2016-09-07")
		w.expect("what a person entered", w.rows(byHandQuery), byHand...)
		w.undo(second.Run)
		w.expectTheSame("undone", strings.Split(entered, "\n"), strings.Split(w.dump(), "\n"))
		w.exec(`DELETE FROM commitments WHERE covers_id IS NOT NULL AND source_id IS NULL`)
		w.undo(firstImport(w))
		w.expectTheSame("all undone", strings.Split(before, "\n"), strings.Split(w.dump(), "\n"))
	})
}

const byHandQuery = `SELECT CAST(c.id AS text) || ' ' || CAST(c.lesson_id AS text) || ' ' || CAST(c.element_id AS text)
	FROM commitments c WHERE covers_id IS NOT NULL AND source_id IS NULL ORDER BY 1`

// coverByHand has a person enter a cover of every lesson of a day in November.
func (w *world) coverByHand() {
	w.Helper()
	w.exec(`INSERT INTO commitments (lesson_id, element_id, covers_id)
		SELECT l.id, (SELECT max(id) FROM staff), c.element_id FROM lessons l JOIN commitments c ON c.lesson_id = l.id
		JOIN staff s ON s.id = c.element_id
		WHERE l.on_date = '2016-11-09' AND l.kind = 'lesson' AND c.covers_id IS NULL
			AND c.element_id <> (SELECT max(id) FROM staff)`)
}

// TestRandomNightsBesideLessons lets random nights go by over covers, activities and events and holds each against
// the models.
func TestRandomNightsBesideLessons(t *testing.T) {
	for seed := range uint64(soak(30, 1)) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			eachVariant(t, int(seed), func(w *world) {
				s, m := busySchool(300+seed), &kindsModel{}
				besides(w, s)
				day := date(w, "2016-09-05")
				for range 8 {
					on := day.String()
					if r := w.nightOf(s, on); r != model.Applied && r != model.Unchanged {
						w.Fatalf("%s: %s", on, r)
					}
					w.agreeBeside(s, on)
					w.agree(m, s, on, day.AddDays(21).String())
					if r := w.nightOf(s, on); r != model.Unchanged {
						w.Fatalf("%s, once more: %s", on, r)
					}
					s.Night()
					s.GatherNight(on)
					s.CoverNight()
					day = day.AddDays(1 + int(seed%3))
				}
			})
		})
	}
}
