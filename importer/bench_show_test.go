package importer_test

import (
	"os/exec"
	"path/filepath"
	"testing"

	"misimportd/mis/isams/isamstest"
	"misimportd/store/storetest"
)

// sixteenThousand is sixteen schools in one.
var sixteenThousand = isamstest.Size{Pupils: 16000, Staff: 2400, Forms: 896, Sets: 9600, SetLists: 192000}

// shown is what is measured.
var shown = map[string][]string{
	"show": {"runs", "show", "1"}, "verbose": {"runs", "show", "1", "-v"}, "json": {"runs", "show", "1", "--json"},
	"undo": {"undo", "1", "--plan"},
}

// BenchmarkShow runs the program itself: it shows the first load of a school with a year's
// timetable as text and as JSON, and says what an undo of it would do. What it needs most
// memory for is told, and by what it grows from a thousand pupils to sixteen thousand.
func BenchmarkShow(b *testing.B) {
	program := filepath.Join(b.TempDir(), "misimportd")
	if out, err := exec.Command("go", "build", "-o", program, "misimportd/cmd/misimportd").
		CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	small := map[string][2]float64{}
	for _, school := range []struct {
		name string
		size isamstest.Size
	}{{"pupils=1000", isamstest.Typical}, {"pupils=16000", sixteenThousand}} {
		document := isamstest.New(1, school.size).Teach(2400).Document()
		for _, kind := range []string{"postgres", "sqlite"} {
			b.Run(school.name+"/"+kind, func(b *testing.B) {
				y := &yard{B: b, document: document}
				for b.Loop() {
					if y.fresh(); kind == "sqlite" {
						y.database = storetest.SQLite(b)
					}
					y.once(program, "run", "2016-09-05", "first")
					for what, args := range shown {
						seconds, megabytes := y.measure(exec.Command(program, append(args, "--state", y.folder)...),
							what)
						if was, ok := small[kind+what]; ok {
							b.ReportMetric(seconds/was[0], "×"+what+"-s")
							b.ReportMetric(megabytes/was[1], "×"+what+"-MB")
						} else {
							small[kind+what] = [2]float64{seconds, megabytes}
						}
					}
				}
			})
		}
	}
}
