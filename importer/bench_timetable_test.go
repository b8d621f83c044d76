package importer_test

import (
	"fmt"
	"testing"

	"misimportd/mis/isams/isamstest"
)

// BenchmarkFirstTimetable is the night on which a school that is there already gets its
// timetable: the lessons of an era, each with what it takes. The yardstick is a pass over
// the document's tokens and psql's COPY of the same rows, with the record of the changes
// and without.
func BenchmarkFirstTimetable(b *testing.B) {
	school := isamstest.New(1, isamstest.Typical)
	plain := school.Document()
	y := &yard{B: b}
	with := school.Teach(2400).Document()
	var ratios, bare, seconds []float64
	lessons := []string{"lessons", "commitments"}
	for b.Loop() {
		im := y.fresh()
		y.document = plain
		y.run(im)
		y.psql("ANALYZE;")
		before := b.TempDir()
		y.export(before)
		y.document = with
		took := y.run(im).Seconds()
		files := b.TempDir()
		script := ""
		for _, table := range lessons {
			script += fmt.Sprintf("\\copy (SELECT * FROM %s ORDER BY 1) TO '%s/%s'\n", table, files, table)
		}
		y.psql(script + fmt.Sprintf("\\copy (SELECT * FROM changes WHERE run_id = 2 ORDER BY seq) TO '%s/changes'\n",
			files))
		load := func(of []string) float64 {
			y.copyOf(before, tables)
			script := "BEGIN;\n"
			for _, table := range of {
				script += fmt.Sprintf("\\copy %s FROM '%s/%s'\n", table, files, table)
			}
			return y.psql(script + "COMMIT;\n").Seconds()
		}
		pass := y.tokenPass().Seconds()
		seconds = append(seconds, took)
		ratios = append(ratios, took/(pass+load(append(lessons, "changes"))))
		bare = append(bare, took/(pass+load(lessons)))
	}
	b.ReportMetric(median(seconds), "s")
	b.ReportMetric(median(ratios), "×(tokenpass+COPY)")
	b.ReportMetric(median(bare), "×(tokenpass+COPY-without-changes)")
}

// BenchmarkNothingToDoWithTimetable is a night in which nothing changes, against the same
// night of the same school without a timetable.
func BenchmarkNothingToDoWithTimetable(b *testing.B) {
	school := isamstest.New(1, isamstest.Typical)
	plain := &yard{B: b, document: school.Document()}
	with := &yard{B: b, document: school.Teach(2400).Document()}
	imPlain, imWith := plain.fresh(), with.fresh()
	for _, y := range []*yard{plain, with} {
		im := imPlain
		if y == with {
			im = imWith
		}
		y.run(im)
		y.psql("ANALYZE;")
	}
	var ratios, passes, seconds []float64
	for b.Loop() {
		base, took := plain.run(imPlain).Seconds(), with.run(imWith).Seconds()
		seconds = append(seconds, took)
		ratios = append(ratios, took/base)
		passes = append(passes, with.tokenPass().Seconds()/plain.tokenPass().Seconds())
	}
	b.ReportMetric(median(seconds), "s")
	b.ReportMetric(median(ratios), "×without")
	b.ReportMetric(median(passes), "×tokens")
}
