package importer_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"misimportd/importer"
	"misimportd/importer/entry"
	"misimportd/store/model"
)

// leaver is small without Ann, whose form is 7B and set 7Mat2, without Mr Green, and without 7Mat2.
func leaver() *doc {
	return (&doc{}).teacher(1, "Ms Brown").form("7/A", "7A", 7, 1).form("7/B", "7B", 7, 2).
		pupil(11, "Zoë O’Brien", "7/A", 7).pupil(12, "Ömer Khan", "7/A", 7).set(21, "7Mat1", 7, 11, 12)
}

// TestGraceNights: who is absent is ended after so many nights in a row, with all that they
// have; a night that is repeated counts once (R29), and who is back is as before.
func TestGraceNights(t *testing.T) {
	each(t, func(w *world) {
		w.im.Guard.GraceNights = 2
		w.night("2016-09-05", small().xml())
		before := w.standing("2016-09-05")
		awaited := func(night int) []string {
			return w.rows(fmt.Sprintf(`SELECT DISTINCT why FROM changes WHERE run_id = (SELECT max(run_id) FROM changes)
				AND entity = 'absence' AND why LIKE '%%%d of%%'`, night))
		}
		for night, day := range []string{"2016-09-06", "2016-09-07"} {
			if r := w.night(day, leaver().xml()); r.Result != model.Applied {
				t.Fatalf("night %d: %s", night+1, r.Result)
			}
			w.expect("reasons", awaited(night+1), fmt.Sprintf("absent: %d of 2 nights", night+1))
			if r := w.night(day, leaver().xml()); r.Result != model.Unchanged {
				t.Errorf("R29: the same night again: %s", counts(r.Changes))
			}
			w.expectTheSame("while they are awaited", before, w.standing(day))
		}

		// Back before it is too late: nothing has happened.
		w.night("2016-09-08", small().xml())
		w.expectTheSame("back", before, w.standing("2016-09-08"))
		if n := w.rowsOf(`SELECT id FROM absences`); n != 0 {
			t.Errorf("%d are awaited still", n)
		}

		// Gone for good.
		for _, day := range []string{"2016-09-09", "2016-09-10"} {
			w.night(day, leaver().xml())
		}
		r := w.night("2016-09-11", leaver().xml())
		w.expectCounts(r, "pupil end 1", "staff end 1", "group update 1", "group end 1", "membership end 2",
			"absence delete 3")
		w.expectElements("pupil Ann Lee (7B) gone", "pupil Zoë O’Brien (7A)", "pupil Ömer Khan (7A)",
			"staff Mr Green gone", "staff Ms Brown")
		w.undo(r.Run)
		w.expectTheSame("undone, they are awaited again", before, w.standing("2016-09-11"))
	})
}

// TestPinsLeaveWhatAPersonCorrected: fields of people and groups, and places in groups, both
// of those who are in and of those who are not.
func TestPinsLeaveWhatAPersonCorrected(t *testing.T) {
	pin := func(w *world, kind, id, what string) {
		w.Helper()
		w.must(w.desk().AddPin(w.Context(), kind, id, what))
	}
	each(t, func(w *world) {
		w.night("2016-09-05", small().xml())
		w.exec(`UPDATE staff SET code = 'MB' WHERE source_id = '1'`)
		w.exec(`UPDATE elements SET name = 'Maths set 1' WHERE name = '7Mat1'`)
		w.exec(`UPDATE memberships SET ends_on = '2016-09-05' WHERE element_id = (SELECT id FROM pupils
			WHERE source_id = '12') AND group_id = (SELECT id FROM groups WHERE source_id = '21')`)
		pin(w, "staff", "1", "code")
		pin(w, "set", "21", "name")
		pin(w, "pupil", "12", "set/21")   // a person took Ömer out of it
		pin(w, "pupil", "13", "form/7/B") // and leaves Ann in her form, whatever the MIS says

		moved := (&doc{}).teacher(1, "Ms Brown").teacher(2, "Mr Green").form("7/A", "7A", 7, 1).form("7/B", "7B", 7, 2).
			pupil(11, "Zoë O’Brien", "7/A", 7).pupil(12, "Ömer Khan", "7/A", 7).pupil(13, "Ann Lee", "7/A", 7).
			set(21, "7Mat1", 7, 11, 12).set(22, "7Mat2", 7, 13)
		planned := w.plan("2016-09-06", moved.xml())
		if len(planned.Pinned) != 4 || counts(planned.Changes) != "" {
			w.Errorf("%s; pinned: %s", counts(planned.Changes), mustJSON(planned.Pinned))
		}
		w.night("2016-09-06", moved.xml())
		w.expect("forms and sets on Tuesday", w.rows(`SELECT group_name || ' ' || member_source_id
			FROM membership_details WHERE starts_on <= '2016-09-06' AND ends_on >= '2016-09-06' ORDER BY 1`),
			"7A 11", "7A 12", "7B 13", "7Mat2 13", "Maths set 1 11")
		w.expect("names", w.rows(`SELECT name FROM elements WHERE kind = 'pupil' ORDER BY name`), "Ann Lee (7B)",
			"Zoë O’Brien (7A)", "Ömer Khan (7A)")
		w.expect("codes", w.rows(`SELECT code FROM staff WHERE code <> ''`), "MB")

		// Who leaves the school leaves, pinned or not, and a group that ends ends.
		gone := leaver()
		gone.sets = gone.sets[:0]
		gone.set(22, "7Mat2", 7, 11)
		w.night("2016-09-07", gone.xml())
		w.expect("on Wednesday", w.rows(`SELECT group_name || ' ' || member_source_id FROM membership_details
			WHERE starts_on <= '2016-09-07' AND ends_on >= '2016-09-07' ORDER BY 1`),
			"7A 11", "7A 12", "7Mat2 11")

		// Without the pins, the MIS has its say again.
		pins, err := entry.Pins(w.Context(), w.im.DB)
		if err != nil || len(pins) != 4 {
			w.Fatalf("%v %v", pins, err)
		}
		for _, p := range pins {
			w.must(w.desk().RemovePin(w.Context(), p.ID))
		}
		w.night("2016-09-08", moved.xml())
		w.expect("on Thursday", w.rows(`SELECT group_name || ' ' || member_source_id FROM membership_details
			WHERE starts_on <= '2016-09-08' AND ends_on >= '2016-09-08' ORDER BY 1`),
			"7A 11", "7A 12", "7A 13", "7Mat1 11", "7Mat1 12", "7Mat2 13")
	})
}

// withForeignKeys checks the references of lessons as they were checked before schema version 6.
func (w *world) withForeignKeys() {
	w.Helper()
	w.withoutCovers()
	for _, index := range []string{"groups_tutor", "groups_subject", "pupils_house", "pupils_boarding_house",
		"groups_house", "groups_owner"} {
		w.exec(`DROP INDEX ` + index)
	}
	for _, column := range []string{"house_id", "owner_id", "shared"} {
		w.exec(`ALTER TABLE groups DROP COLUMN ` + column)
	}
	w.exec(`DROP VIEW flat_memberships`)
	if w.isolation == sql.LevelDefault { // SQLite has its foreign keys still
		for _, trigger := range []string{"memberships_inserted_cycles", "memberships_updated_cycles"} {
			w.exec(`DROP TRIGGER ` + trigger)
		}
		w.exec(`DROP VIEW nested_groups`)
		w.exec(`DROP INDEX lesson_days_on_date`)
		return
	}
	for _, function := range []string{"check_commitments", "delete_commitments", "check_not_booked",
		"refuse_another_number", "refuse_to_empty_alone", "refuse_cycles"} {
		w.exec(`DROP FUNCTION ` + function + `() CASCADE`)
	}
	w.exec(`ALTER TABLE commitments ADD CONSTRAINT commitments_lesson_id_fkey FOREIGN KEY (lesson_id)
			REFERENCES lessons ON DELETE CASCADE,
		ADD CONSTRAINT commitments_element_id_fkey FOREIGN KEY (element_id) REFERENCES elements`)
}

// withoutCovers leaves out what schema version 10 brought. There are no lessons yet.
func (w *world) withoutCovers() {
	w.Helper()
	for _, index := range []string{"changes_record", "changes_left_group", "changes_left_member", "changes_left_lesson",
		"changes_lessons_gone", "changes_groups_gone", "lessons_organiser"} {
		w.exec(`DROP INDEX ` + index)
	}
	w.exec(`DROP VIEW lesson_details`)
	w.exec(`CREATE VIEW lesson_details AS SELECT id AS lesson_id FROM lessons`)
	w.exec(`ALTER TABLE lessons DROP COLUMN note`)
	w.exec(`ALTER TABLE lessons DROP COLUMN organiser_id`)
	if w.isolation == sql.LevelDefault { // SQLite
		w.exec(`DROP TABLE commitments`)
		w.exec(`CREATE TABLE commitments (id integer PRIMARY KEY AUTOINCREMENT,
			lesson_id bigint NOT NULL REFERENCES lessons ON DELETE CASCADE, element_id bigint NOT NULL REFERENCES
				elements,
			UNIQUE (lesson_id, element_id))`)
		return
	}
	w.exec(`ALTER TABLE commitments DROP COLUMN covers_id, DROP COLUMN source_id,
		ADD CONSTRAINT commitments_lesson_id_element_id_key UNIQUE (lesson_id, element_id)`)
}

// TestADatabaseOfBefore: one that the program of schema version 2 filled is brought up to
// date by the next run, which is judged as any other, and undone.
func TestADatabaseOfBefore(t *testing.T) {
	each(t, func(w *world) {
		first := w.night("2016-09-05", small().xml())
		told := w.linesOf(first.Run)
		before := w.standing("2016-09-05")
		for _, column := range []string{"records", "guard", "hold", "waiting", "about", "decision", "decided_by",
			"decided_at", "undone_by", "labelled", "options", "operator", "decided_operator"} {
			w.exec(`ALTER TABLE runs DROP COLUMN ` + column)
		}
		for _, table := range []string{"held_changes", "absences", "pins", "unwanted_documents", "run_labels",
			"pauses", "document_parts", "documents", "document_chunks", "document_contents",
			"fleet_school"} {
			w.exec(`DROP TABLE ` + table)
		}
		w.exec(`ALTER TABLE datasources DROP COLUMN role`)
		w.withForeignKeys()
		w.exec(`DELETE FROM goose_db_version WHERE version_id >= 3`)
		guarded(w)
		if _, err := importer.Runs(w.Context(), w.im.DB, 1); err == nil ||
			!strings.Contains(err.Error(), "has schema version 2 and this program needs 13: the next run brings it "+
				"up to date") {
			w.Errorf("runs: %v", err)
		}
		imports, err := w.im.DB.Imports(w.Context())
		if err != nil || len(imports.Newest) != 1 || len(imports.Waiting) != 0 {
			w.Errorf("what the service looks at: %+v %v", imports, err)
		}
		r := w.night("2016-09-06", aNight())
		if r.Result != model.Applied || len(r.Guard) == 0 {
			w.Fatalf("%s %v", r.Result, breaches(r))
		}
		w.undo(r.Run)
		w.expectTheSame("undone", before, w.standing("2016-09-06"))
		past, err := importer.Runs(w.Context(), w.im.DB, 10)
		if err != nil || len(past) != 5 {
			w.Errorf("%d runs, %v", len(past), err)
		}
		if now := w.linesOf(first.Run); now != told { // what its record lacks, the database has
			w.Errorf("the run of before told\n%s\nand tells\n%s", told, now)
		}
	})
}
