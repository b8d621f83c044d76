package importer_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"misimportd/importer"
	"misimportd/mis/isams/isamstest"
)

const lessonsQuery = `SELECT source_id || ' ' || code || ' ' || CAST(on_date AS text) || ' ' || substr(CAST(starts_at AS text), 12, 5) || '-' || substr(CAST(ends_at AS text), 12, 5)
	|| CASE WHEN suspended THEN ' suspended' ELSE '' END || ': ' || coalesce(groups, '') || ' | ' || coalesce(staff, '') || ' | ' || coalesce(rooms, '') FROM lesson_details ORDER BY on_date, starts_at, source_id`

// suspend writes the school's file of suspensions.
func (w *world) suspend(lines ...string) {
	w.Helper()
	w.im.SuspensionsFile = filepath.Join(string(w.im.State), "suspensions.yml")
	if err := os.WriteFile(w.im.SuspensionsFile, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		w.Fatal(err)
	}
}

// TestATypicalTimetable loads a school's, takes lessons away and brings them back.
func TestATypicalTimetable(t *testing.T) {
	each(t, func(w *world) {
		school := isamstest.New(1, isamstest.Typical).Teach(2400)
		document := school.Document()
		count := func(step string, r importer.Report) {
			w.Helper()
			var parts []string
			for _, c := range r.Changes {
				parts = append(parts, fmt.Sprintf("%s %s %d", c.Entity, c.Action, c.Count))
			}
			w.Logf("TABLE %s (%v): %s %s", step, r.Stages, r.Result, strings.Join(parts, ", "))
			for _, p := range r.Problems {
				w.Logf("%s %s %s %s", p.Section, p.ID, p.Reason, p.Detail)
			}
		}
		count("first load", w.night("2016-09-05", document))
		count("again", w.night("2016-09-05", document))
		w.suspend("- {name: Study leave, kind: suspension, years: [11, 13], from: 2017-05-08, to: 2017-06-23}")
		count("study leave", w.night("2016-09-05", document))
		w.suspend()
		count("no study leave", w.night("2016-09-05", document))
		w.suspend("- {name: Half term, kind: gap, from: 2016-10-24, to: 2016-10-28}")
		count("half term", w.night("2016-09-05", document))
		w.suspend()
		count("no half term", w.night("2016-09-05", document))
		count("again", w.night("2016-09-05", document))
		count("the day after", w.night("2016-09-06", document))
		school.Night()
		count("a night", w.night("2016-09-07", school.Document()))
	})
}
