package importer_test

import (
	"fmt"
	"testing"

	"misimportd/mis/isams/isamstest"
)

// BenchmarkKinds is a school with every kind of group: what a night costs in which nothing changes, beside one of the
// same school with forms and sets alone, and what the first night costs, beside psql's COPY of the same rows.
func BenchmarkKinds(b *testing.B) {
	for _, pupils := range []int{1000, 16000} {
		size := isamstest.Typical
		scale := pupils / size.Pupils
		size = isamstest.Size{Pupils: pupils, Staff: size.Staff * scale, Forms: size.Forms * scale,
			Sets:     size.Sets * scale,
			SetLists: size.SetLists * scale}
		b.Run(fmt.Sprintf("pupils=%d", pupils), func(b *testing.B) {
			s := isamstest.New(1, size).Teach(2400)
			plain := &yard{B: b, document: s.Document()}
			s.Gather(60*scale, 40*scale)
			whole := &yard{B: b, document: s.Document(), dumps: s.Dumps(), groups: everyKind()}
			before, im := plain.fresh(), whole.fresh()
			plain.run(before)
			whole.run(im)
			plain.psql("ANALYZE;")
			whole.psql("ANALYZE;")
			var ratios, first []float64
			for b.Loop() {
				alone := plain.run(before).Seconds()
				took := whole.run(im).Seconds()
				ratios = append(ratios, took/alone)
				loaded := &yard{B: b, document: whole.document, dumps: whole.dumps, groups: whole.groups}
				load := loaded.run(loaded.fresh()).Seconds()
				files := b.TempDir()
				loaded.export(files)
				first = append(first, load/(loaded.tokenPass().Seconds()+loaded.copyOf(files, tables).Seconds()))
			}
			b.ReportMetric(median(ratios), "×no-op-without")
			b.ReportMetric(median(first), "×(tokenpass+COPY)")
		})
	}
}
