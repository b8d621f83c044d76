package importer_test

import (
	"context"
	"fmt"
	"testing"

	"misimportd/era"
	"misimportd/importer/entry"
	"misimportd/mis/isams/isamstest"
	"misimportd/store/storetest"
)

// BenchmarkGapGrows is a night on which a week of a timetable has become a gap: the lessons of that
// week go, and each says into which gap it fell. Ten times the lessons are to cost ten times as much.
func BenchmarkGapGrows(b *testing.B) {
	for name, database := range map[string]func(testing.TB) string{"postgres": storetest.Postgres,
		"sqlite": storetest.SQLite} {
		b.Run(name, func(b *testing.B) {
			each := map[int]float64{} // microseconds for a lesson, by the lessons of the cycle
			for b.Loop() {
				for _, lessons := range []int{2400, 24000} {
					y := &yard{B: b, document: isamstest.New(1, isamstest.Typical).Teach(lessons).Document()}
					im := y.freshIn(database(b))
					y.run(im)
					monday := era.NewDate(2016, 11, 7)
					week := era.Suspension{Name: "Expedition week", Kind: era.Gap, From: monday.At(0),
						To: monday.AddDays(5).At(0)}
					desk := entry.Desk{DB: im.DB, Version: "bench"}
					if _, err := desk.AddSuspension(context.Background(), week); err != nil {
						b.Fatal(err)
					}
					took := y.run(im)
					each[lessons] = float64(took.Microseconds()) / float64(lessons)
					b.ReportMetric(each[lessons], fmt.Sprintf("µs/lesson-of-%d", lessons))
				}
			}
			b.ReportMetric(each[24000]/each[2400], "×cost/lesson")
		})
	}
}
