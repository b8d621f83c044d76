package importer_test

import (
	"strings"
	"testing"

	"misimportd/importer"
	"misimportd/importer/report"
)

// TestOneWhoIsTwoBecomesOne: what the one who is lost is in and teaches goes over to the one who is kept,
// no day twice (R18); an undo puts all back.
func TestOneWhoIsTwoBecomesOne(t *testing.T) {
	each(t, func(w *world) {
		d := small().taught().coded(31, "Ann Ash", "AA").coded(32, "A Ash", "AB").room(41, "Hall").
			form("9", "9A", 9, 32).pupil(17, "Zoe OBrien", "", 7).set(88, "7Mu1", 7, 17).set(89, "7Ar1", 7, 11, 17).
			lesson(1, 88, "7Mu1", 11, "AA", 41).lesson(1, 88, "7Mu1", 11, "AB", 41).lesson(2, 89, "7Ar1", 12, "AB", 41)
		w.night("2016-09-05", d.xml())
		before := w.dump()
		do := func(act importer.SourceAct) report.Report {
			w.Helper()
			r, err := act.Do(w.Context())
			if err != nil {
				w.Fatal(err)
			}
			return r
		}
		pupils, staff := do(w.im.Merge("pupil", "11", "17", false)), do(w.im.Merge("staff", "31", "32", false))
		got := strings.Join(w.rows(`SELECT group_source_id || ' ' || member_source_id FROM membership_details
			WHERE group_source_id IN ('88', '89') ORDER BY 1`), ", ")
		if got != "88 11, 89 11" {
			w.Errorf("in sets: %s", got)
		}
		if n := w.rowsOf(`SELECT c.id FROM commitments c JOIN staff s ON s.id = c.element_id
			WHERE s.source_id = '32'`); n > 0 {
			w.Errorf("the one who is lost still takes %d lessons", n)
		}
		if n := w.rowsOf(`SELECT g.id FROM groups g JOIN staff s ON s.id = g.tutor_id WHERE s.source_id = '31'
			AND g.source_id = '9'`); n != 1 {
			w.Error("the form's tutor is not the one who is kept")
		}
		if n := w.rowsOf(`SELECT id FROM elements WHERE name LIKE 'A Ash%' AND current`); n > 0 {
			w.Error("the one who is lost is current")
		}
		w.undo(staff.Run)
		w.undo(pupils.Run)
		if w.dump() != before {
			w.Error("undone, a merge leaves something behind")
		}

		// Two of different forms: the one who is kept is in one form, on each day.
		w.night("2016-09-06", d.form("9B", "9B", 9, 31).pupil(61, "Di Dee", "9", 9).pupil(62, "D Dee", "9B", 9).xml())
		before = w.dump()
		twins := do(w.im.Merge("pupil", "61", "62", false))
		if got := w.rows(`SELECT group_source_id FROM membership_details WHERE member_source_id = '61'
			AND group_kind = 'form'`); len(got) != 1 || got[0] != "9" {
			w.Errorf("in forms: %v", got)
		}
		w.undo(twins.Run)
		renamed := do(w.im.Rekey("set", "88", "188"))
		w.undo(renamed.Run)
		if w.dump() != before {
			w.Error("undone, another id leaves something behind")
		}
	})
}

// TestAdoptingWhatIsThereAlready is refused, and nothing is adopted.
func TestAdoptingWhatIsThereAlready(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-09-05", small().xml())
		w.exec(`INSERT INTO elements (kind, name) VALUES ('pupil', 'Old Zoë')`)
		w.exec(`INSERT INTO pupils (id, source_id) SELECT id, '11' FROM elements WHERE name = 'Old Zoë'`)
		w.exec(`INSERT INTO elements (kind, name) VALUES ('pupil', 'A user''s')`)
		w.exec(`INSERT INTO pupils (id) SELECT id FROM elements WHERE name = 'A user''s'`)
		before := w.dump()
		if _, err := w.im.Adopt("iSAMS", false).Do(w.Context()); err == nil ||
			!strings.Contains(err.Error(), "has rows of the same ids already: pupil 11; nothing is adopted") {
			w.Errorf("%v", err)
		}
		if w.dump() != before {
			w.Error("refused, and something changed")
		}
		if found := w.faults(); len(found) != 1 || found[0].Table != "elements" || found[0].Mend == "" {
			w.Errorf("check-database: %+v", found)
		}
	})
}
