package importer_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"misimportd/importer"
	"misimportd/importer/guard"
	"misimportd/importer/report"
	"misimportd/importer/text"
	"misimportd/mis/isams/isamstest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares text with a file of testdata/golden, or writes it there.
func golden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("..", "testdata", "golden", name)
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// aNight is small on the next day: of everything that can happen, something.
func aNight() []byte {
	d := (&doc{}).teacher(1, "Ms Brown").teacher(3, "Dr White").
		form("7/A", "7A", 7, 3).form("7/B", "7B", 7, 99).
		pupil(11, "Zoë O’Brien", "7/A", 7).pupil(12, "Ömer Khan", "7/B", 7).pupil(14, "Siân Evans", "7/C", 7).
		set(21, "7Maths1", 7, 11, 14, 15).set(23, "7Art1", 7, 11, 12)
	d.pupils = append(d.pupils, `<Pupil Id="seven"><Fullname>Nobody</Fullname></Pupil>`)
	return d.xml()
}

func planText(t *testing.T, r report.Report, style text.Style) string {
	t.Helper()
	var b bytes.Buffer
	if err := text.WritePlan(&b, r, style); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGoldenPlan(t *testing.T) {
	each(t, func(w *world) {
		w.im.Guard = guard.NewGuard()
		golden(w.T, "plan-first.txt", planText(w.T, w.plan("2016-09-05", small().xml()), text.Style{}))
		w.night("2016-09-05", small().xml())
		report := w.plan("2016-09-06", aNight())
		golden(w.T, "plan.txt", planText(w.T, report, text.Style{}))
		golden(w.T, "plan-verbose.txt", planText(w.T, report, text.Style{Verbose: true}))
		golden(w.T, "plan-colour.txt", planText(w.T, report, text.Style{Colour: true}))
		seconds := regexp.MustCompile(`"seconds":[0-9.e-]+`)
		golden(w.T, "plan.json", strings.ReplaceAll(seconds.ReplaceAllString(mustJSON(report), `"seconds":0`), "},{",
			"},\n{")+"\n")
		again := w.night("2016-09-06", aNight())
		var b bytes.Buffer
		past, err := importer.Show(w.Context(), w.im.DB, again.Run)
		if err != nil {
			w.Fatal(err)
		}
		past.StartedAt, past.FinishedAt, past.Host = past.StartedAt.Truncate(0), past.StartedAt, "here"
		if err := text.WriteOneRun(&b, past, w.im.Zone, text.Style{}); err != nil {
			w.Fatal(err)
		}
		shown := regexp.MustCompile(`Started .*, took`).ReplaceAllString(b.String(), "Started then, took")
		golden(w.T, "runs-show.txt", shown)
	})
}

func TestGoldenPlanIsFolded(t *testing.T) {
	w := newWorld(t, postgresFor(t))
	w.im.Guard = guard.NewGuard()
	school := isamstest.New(7, isamstest.Size{Pupils: 200, Staff: 30, Forms: 14, Sets: 60, SetLists: 1200})
	w.night("2016-09-05", school.Document())
	school.Night()
	golden(t, "plan-folded.txt", planText(t, w.plan("2016-09-06", school.Document()), text.Style{}))
}
