package isams_test

import (
	"bytes"
	"encoding/xml"
	"slices"
	"testing"
	"time"

	"misimportd/mis/isams"
	"misimportd/mis/isams/isamstest"
)

// tokenPass is the yardstick: what the standard library needs to look at each token.
func tokenPass(document []byte) {
	d := xml.NewDecoder(bytes.NewReader(document))
	for {
		if _, err := d.Token(); err != nil {
			return
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	for name, size := range map[string]isamstest.Size{"pupils=1000": isamstest.Typical,
		"pupils=20000": isamstest.Huge} {
		document := isamstest.New(1, size).Document()
		b.Run(name, func(b *testing.B) {
			var ratios []float64
			for b.Loop() {
				start := time.Now()
				tokenPass(document)
				bare := time.Since(start)
				start = time.Now()
				if _, err := isams.Decode(bytes.NewReader(document)); err != nil {
					b.Fatal(err)
				}
				ratios = append(ratios, time.Since(start).Seconds()/bare.Seconds())
			}
			slices.Sort(ratios)
			b.ReportMetric(ratios[len(ratios)/2], "×tokenpass")
			b.ReportMetric(float64(len(document))/1e6, "MB")
		})
	}
}
