package importer_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"misimportd/importer"
	"misimportd/importer/guard"
	"misimportd/importer/report"
	"misimportd/importer/sources"
	"misimportd/mis/isams/isamstest"
	"misimportd/store"
	"misimportd/store/model"
)

// oldMIS fills a database as a program of before has left it: the people, rooms and groups of another MIS
// under its ids, with no datasource, and memberships of which some outlive their group. Two in a hundred
// are under no number that the new MIS knows, and five pupils are there twice.
type oldMIS struct {
	*world
	strays, doubles int
	tx              *sql.Tx
	ids             map[string]int64
}

func (w *world) oldMIS(school *isamstest.School) *oldMIS {
	w.Helper()
	o := &oldMIS{world: w, ids: map[string]int64{}}
	for _, trigger := range []string{"memberships_inserted", "memberships_updated"} { // of before there were any
		if w.isolation == sql.LevelDefault {
			w.exec(`DROP TRIGGER ` + trigger)
		} else {
			w.exec(`ALTER TABLE memberships DISABLE TRIGGER ` + trigger)
		}
	}
	tx, err := w.raw.Begin()
	if err != nil {
		w.Fatal(err)
	}
	o.tx = tx
	for i, s := range school.Staff {
		o.element("staff", o.number(i, s.ID-60000), s.Forename+" "+s.Surname)
	}
	for i, l := range school.Rooms {
		o.element("location", fmt.Sprint(9000+i), l.Name)
	}
	for _, f := range school.Forms {
		o.group("form", "old "+f.ID, f.ID, f.Year)
	}
	for i, p := range school.Pupils {
		id := o.number(i, p.ID)
		o.element("pupil", id, p.Forename+" "+p.Surname)
		o.member("form/old "+p.Form, "pupil/"+id, i%10 == 0)
		if i < 10 && i%2 == 0 {
			o.double(id, p.Forename+" "+p.Surname)
		}
	}
	if err := tx.Commit(); err != nil {
		w.Fatal(err)
	}
	return o
}

// number is the id that the old MIS had, which the new one does not know of two in a hundred.
func (o *oldMIS) number(i, id int) string {
	if i%50 == 49 {
		o.strays++
		return fmt.Sprint(700_000 + id)
	}
	return fmt.Sprint(id)
}

func (o *oldMIS) insert(query string, args ...any) (id int64) {
	o.Helper()
	if err := o.tx.QueryRow(query+" RETURNING id", args...).Scan(&id); err != nil {
		o.Fatalf("%s: %v", query, err)
	}
	return id
}

func (o *oldMIS) element(kind, sourceID, name string) {
	id := o.insert(`INSERT INTO elements (kind, name) VALUES ($1, $2)`, kind, name)
	o.ids[kind+"/"+sourceID] = id
	table := map[string]string{"pupil": "pupils", "staff": "staff", "location": "locations"}[kind]
	o.insert(`INSERT INTO `+table+` (id, source_id) VALUES ($1, $2)`, id, sourceID)
	if kind == "pupil" { // the old MIS's id is the school's number
		if _, err := o.tx.Exec(`UPDATE pupils SET school_id = source_id WHERE id = $1`, id); err != nil {
			o.Fatal(err)
		}
	}
}

// double enters a pupil a second time, under another id and the same number.
func (o *oldMIS) double(number, name string) {
	o.doubles++
	o.element("pupil", "8"+number, name)
	if _, err := o.tx.Exec(`UPDATE pupils SET school_id = $1 WHERE source_id = $2`, number, "8"+number); err != nil {
		o.Fatal(err)
	}
}

func (o *oldMIS) group(kind, sourceID, name string, year int) {
	id := o.insert(`INSERT INTO elements (kind, name) VALUES ('group', $1)`, name)
	o.ids[kind+"/"+sourceID] = id
	o.insert(`INSERT INTO groups (id, source_id, kind, era_id, year, starts_on, ends_on)
		SELECT $1, $2, $3, id, $4, starts_on, ends_on FROM eras WHERE name = '2016/17'`, id, sourceID, kind, year)
}

func (o *oldMIS) member(group, element string, outlives bool) {
	ends := `(SELECT ends_on FROM groups WHERE id = $1)`
	if outlives {
		ends = `NULL`
	}
	o.insert(`INSERT INTO memberships (group_id, element_id, starts_on, ends_on)
		SELECT $1, $2, starts_on, `+ends+` FROM groups WHERE id = $1`, o.ids[group], o.ids[element])
}

// TestAChangeOfMIS is such a change as a school goes through it.
func TestAChangeOfMIS(t *testing.T) {
	size := isamstest.Size{Pupils: soak(1000, 140), Staff: soak(120, 50), Forms: soak(49, 7), Sets: soak(420, 28),
		SetLists: soak(11_800, 700)}
	each(t, func(w *world) {
		w.im.Guard, w.im.Conversion.Pupils = guard.NewGuard(), sources.BySchoolID
		school := isamstest.New(51, size).Teach(soak(2400, 140))
		o := w.oldMIS(school)
		rows := w.rowsOf(`SELECT id FROM pupils`)
		step := func(what string, r report.Report, err error) report.Report {
			w.Helper()
			if err != nil {
				w.Fatalf("%s: %v", what, err)
			}
			w.Logf("%-24s run %2d %-9s %s", what, r.Run, r.Result, counts(r.Changes))
			return r
		}
		do := func(what string, act importer.SourceAct) report.Report {
			w.Helper()
			r, err := act.Do(w.Context())
			return step(what, r, err)
		}
		w.must(w.desk().CreateDatasource(w.Context(), "Old MIS"))
		w.must(w.desk().SetDatasource(w.Context(), model.PreviousMIS, "Old MIS"))
		before := w.dump()
		w.on("2016-11-07")
		adopted := do("adopt", w.im.Adopt("Old MIS", false))
		w.undo(adopted.Run)
		if w.dump() != before {
			w.Error("undone, adopting leaves something behind")
		}
		do("adopt again", w.im.Adopt("Old MIS", false))
		faults := w.faults()
		if len(faults) == 0 {
			w.Error("check-database finds nothing")
		}
		do("trim", w.im.Trim(false))
		if faults := w.faults(); len(faults) > 0 {
			w.Errorf("after trim: %+v", faults)
		}

		trimmed := w.dump()
		w.im.Convert = true
		w.on("2016-11-07")
		w.drop(school.Document())
		planned, err := w.im.Plan(w.Context())
		step("plan --convert", planned, err)
		for _, c := range planned.Convert.Counts {
			w.Logf("    %-10s by %-12s %4d matched of %4d old, %4d new", c.Kind, c.By, c.Matched, c.Old, c.New)
		}
		w.pairUp(planned.Convert.Left, school)
		w.drop(school.Document())
		r, err := w.im.Run(w.Context())
		step("run --convert", r, err)
		if r.Result != model.Applied {
			w.Fatalf("%s: %v", r.Result, breaches(r))
		}
		for _, c := range r.Convert.Counts {
			w.Logf("    %-10s by %-12s %4d matched of %4d old, %4d new", c.Kind, c.By, c.Matched, c.Old, c.New)
		}
		converted := r.Run
		undone, err := w.im.Undo(w.Context(), converted) // which takes away much, and waits for a person
		if err == nil && undone.Result == model.Held {
			undone, err = w.im.Approve(w.Context(), undone.Run)
		}
		if step("its undo, approved", undone, err); w.dump() != trimmed {
			w.Error("undone, converting leaves something behind")
		}
		w.im.Force = true
		w.drop(school.Document())
		if r, err = w.im.Run(w.Context()); err != nil || r.Result != model.Applied {
			w.Fatalf("once more: %s %v", r.Result, err)
		}
		w.im.Convert, w.im.Force = false, false
		if n := w.rowsOf(`SELECT id FROM pupils`); n != rows {
			w.Errorf("%d rows of pupils, and there were %d", n, rows)
		}
		if n := w.rowsOf(`SELECT e.id FROM pupils p JOIN elements e ON e.id = p.id JOIN datasources d ON
			d.id = p.datasource_id WHERE d.name = 'iSAMS' AND e.current`); n != size.Pupils {
			w.Errorf("%d pupils of the new MIS", n)
		}
		if n := w.rowsOf(`SELECT p.id FROM pupils p JOIN elements e ON e.id = p.id WHERE e.current AND NOT EXISTS
			(SELECT 1 FROM memberships m JOIN groups g ON g.id = m.group_id JOIN datasources d ON d.id = g.datasource_id
			WHERE m.element_id = p.id AND d.name = 'Old MIS' AND m.ends_on = '2016-11-06')`); n > 0 {
			w.Errorf("%d pupils have no history", n)
		}
		for _, night := range []string{"2016-11-08", "2016-11-09"} {
			r := w.nightOn(night, school.Document())
			step("the night of "+night, r, nil)
			if r.Result != model.Unchanged {
				w.Errorf("%s: %s", night, counts(r.Changes))
			}
		}
		w.im.Convert = true
		w.on("2016-11-10")
		w.drop(school.Document())
		var refused *importer.RefusedError
		if _, err := w.im.Run(w.Context()); !errors.As(err, &refused) || !strings.Contains(err.Error(),
			"nothing is left") {
			w.Errorf("converted twice: %v", err)
		}
		w.Logf("the old MIS had %d strays and %d doubles", o.strays, o.doubles)
	})
}

// faults is what check-database finds.
func (w *world) faults() (faults []model.Fault) {
	w.Helper()
	err := w.im.DB.View(w.Context(), func(v *store.View) (err error) {
		faults, err = v.Faults(w.Context(), 1000)
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return faults
}

// pairUp writes what was not matched into the file of matches, as a spreadsheet would: with a mark in
// front, semicolons and a heading.
func (w *world) pairUp(left []sources.Left, school *isamstest.School) {
	w.Helper()
	lines := "\ufeffkind;old id;new id\r\n"
	isNew := map[string]bool{}
	for _, l := range left {
		isNew[l.Kind+l.ID] = l.Side == "new"
	}
	for _, p := range school.Pupils {
		id := fmt.Sprint(p.ID)
		if isNew["pupil"+id] {
			old := fmt.Sprint(700_000 + p.ID)
			if _, is := isNew["pupil"+old]; !is {
				old = id // one of two
			}
			lines += fmt.Sprintf("pupil;%s;%s\r\n", old, id)
		}
	}
	for _, s := range school.Staff {
		if id := fmt.Sprint(s.ID); isNew["staff"+id] {
			lines += fmt.Sprintf("staff;%d;%s\r\n", 700_000+s.ID-60000, id)
		}
	}
	if err := os.WriteFile(filepath.Join(string(w.im.State.Scratch()), "matches.csv"), []byte(lines),
		0o600); err != nil {
		w.Fatal(err)
	}
}
