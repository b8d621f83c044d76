package importer_test

import (
	"bytes"
	"fmt"
	"testing"

	"misimportd/mis/isams"
	"misimportd/store/storetest"
)

// oneInAllSets is a document in which one pupil is in so many sets.
func oneInAllSets(sets int) []byte {
	d := small()
	for i := range sets {
		d.set(1000+i, fmt.Sprintf("S%d", i), 7, 11)
	}
	return d.xml()
}

// BenchmarkSetsOfOnePupil imports a document in which one pupil is in very many sets: what a
// set costs is told, and grows with nothing.
func BenchmarkSetsOfOnePupil(b *testing.B) {
	for _, sets := range []int{12500, 25000, 50000, 100000} {
		document := oneInAllSets(sets)
		b.Run(fmt.Sprintf("decode/sets=%d", sets), func(b *testing.B) {
			for b.Loop() {
				if _, err := isams.Decode(bytes.NewReader(document), ""); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*sets), "µs/set")
		})
	}
	_ = storetest.Each
}
