package importer_test

import (
	"testing"

	"misimportd/mis/isams/isamstest"
	"misimportd/store/storetest"
)

// BenchmarkNightWithTimetable is a night in which one in a hundred of everything changes, over a
// year's lessons, on each database: SQLite must not take much longer than PostgreSQL.
func BenchmarkNightWithTimetable(b *testing.B) {
	const limit = 1.2
	school := isamstest.New(1, isamstest.Typical).Teach(2400)
	document := school.Document()
	postgres, sqlite := &yard{B: b, document: document}, &yard{B: b, document: document}
	imPostgres, imSQLite := postgres.fresh(), sqlite.freshIn(storetest.SQLite(b))
	postgres.run(imPostgres)
	postgres.psql("ANALYZE;")
	sqlite.run(imSQLite)
	var seconds, ratios []float64
	for b.Loop() {
		school.Night()
		postgres.document = school.Document()
		sqlite.document = postgres.document
		imPostgres.AsOf = imPostgres.AsOf.AddDays(1)
		imSQLite.AsOf = imPostgres.AsOf
		base, took := postgres.run(imPostgres).Seconds(), sqlite.run(imSQLite).Seconds()
		seconds, ratios = append(seconds, took), append(ratios, took/base)
	}
	b.ReportMetric(median(seconds), "SQLite-s")
	b.ReportMetric(median(ratios), "×PostgreSQL")
	if ratio := median(ratios); ratio > limit {
		b.Errorf("SQLite takes %.2f times as long as PostgreSQL; the limit is %.1f", ratio, limit)
	}
}
