package importer_test

import (
	"math"
	"testing"
	"time"

	"misimportd/importer"
	"misimportd/mis/isams/isamstest"
	"misimportd/store/storetest"
)

// loads are first imports of some 10,000 to 400,000 changes: schools, and how many lessons
// they have in two weeks.
var loads = []struct {
	size    isamstest.Size
	lessons int
}{
	{isamstest.Size{Pupils: 60, Staff: 12, Forms: 7, Sets: 14, SetLists: 200}, 80},
	{isamstest.Size{Pupils: 60, Staff: 12, Forms: 7, Sets: 14, SetLists: 200}, 480},
	{isamstest.Typical, 1000},
	{isamstest.Typical, 4000},
}

// BenchmarkUndoGrows undoes first imports, each larger than the one before: a change must not
// take more than 1.2 times as long in the largest as in the smallest. Of several times the
// best counts: the machine is shared.
func BenchmarkUndoGrows(b *testing.B) {
	for name, database := range map[string]func(testing.TB) string{"postgres": storetest.Postgres, "sqlite": storetest.SQLite} {
		b.Run(name, func(b *testing.B) {
			const limit = 1.2
			var first, worst float64
			for _, load := range loads {
				y := &yard{B: b, document: isamstest.New(1, load.size).Teach(load.lessons).Document()}
				changes, took := 0, time.Duration(math.MaxInt64)
				for range 3 {
					n, t := y.undoFirst(database)
					changes, took = n, min(took, t)
				}
				each := took.Seconds() / float64(changes)
				b.Logf("%d changes: %.1f µs each", changes, 1e6*each)
				if first == 0 {
					first = each
				}
				worst = max(worst, each/first)
			}
			b.ReportMetric(worst, "×smallest")
			if worst > limit {
				b.Errorf("a change takes %.2f times as long to undo as in the smallest run; the limit is %.1f", worst, limit)
			}
		})
	}
}

// undoFirst makes a first import and undoes it. It returns how many changes that were, and how
// long the undo took.
func (y *yard) undoFirst(database func(testing.TB) string) (changes int, took time.Duration) {
	y.Helper()
	im := y.freshIn(database(y))
	y.run(im)
	im.Guard.Undo = importer.Limits{}
	begin := time.Now()
	report, err := im.Undo(y.Context(), 1)
	if err != nil || report.Hold != "" {
		y.Fatalf("%s %v", report.Hold, err)
	}
	took = time.Since(begin)
	for _, c := range report.Changes {
		changes += c.Count
	}
	return changes, took
}
