package importer_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"misimportd/mis/isams/isamstest"
	"misimportd/store/storetest"
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

// BenchmarkFirstImportSQLite is the first import of a school with its timetable. SQLite has no COPY:
// the yardstick is a pass over the document's tokens, and the same rows put into empty tables by
// one INSERT … SELECT a table from the database that the import made.
func BenchmarkFirstImportSQLite(b *testing.B) {
	for _, school := range schools {
		b.Run(school.name, func(b *testing.B) {
			y := &yard{B: b, document: isamstest.New(1, school.size).Teach(2400).Document()}
			var seconds, ratios, bare []float64
			for b.Loop() {
				took := y.run(y.freshIn(storetest.SQLite(b))).Seconds()
				made := y.database
				pass := y.tokenPass().Seconds()
				whole := y.insertFrom(made, tables)
				without := y.insertFrom(made, tables[:len(tables)-2])
				seconds, ratios = append(seconds, took), append(ratios, took/(pass+whole))
				bare = append(bare, took/(pass+without))
			}
			y.report("first with a timetable", school.size, seconds, ratios, "×(tokenpass+INSERT)")
			b.ReportMetric(median(bare), "×(tokenpass+INSERT-without-changes)")
		})
	}
}

// insertFrom fills empty tables of SQLite from those of another file, and tells how many seconds
// that takes.
func (y *yard) insertFrom(database string, tables []string) float64 {
	y.Helper()
	y.freshIn(storetest.SQLite(y))
	db := storetest.Raw(y, y.database)
	db.SetMaxOpenConns(1) // what is attached is a connection's own
	run := func(statement string) {
		if _, err := db.ExecContext(y.Context(), statement); err != nil {
			y.Fatalf("%s: %v", statement, err)
		}
	}
	run("ATTACH '" + strings.TrimPrefix(database, "sqlite:") + "' AS made")
	begin := time.Now()
	run("BEGIN")
	run("DELETE FROM settings")
	run("DELETE FROM eras")
	for _, table := range tables {
		run("INSERT INTO " + table + " SELECT * FROM made." + table)
	}
	run("COMMIT")
	return time.Since(begin).Seconds()
}
