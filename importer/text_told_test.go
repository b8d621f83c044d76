package importer_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"misimportd/era"
	"misimportd/importer"
	"misimportd/importer/report"
	"misimportd/importer/text"
	"misimportd/mis/isams/isamstest"
	"misimportd/store/model"
)

// TestRunsTellsTheWholeCause of a failure: two alerts send people there for it.
func TestRunsTellsTheWholeCause(t *testing.T) {
	cause := "fetching: the server said “403 Forbidden” to each of 5 attempts: " +
		"the key may have been withdrawn; look at it in iSAMS under Control Panel, and write the new one to " +
		"/etc/misimportd/isams.key"
	past := report.Past{Report: report.NothingYet(), Kind: model.Import}
	past.StartedAt = time.Date(2016, 9, 6, 3, 0, 0, 0, time.UTC)
	past.Run, past.AsOf, past.Error = 7, era.NewDate(2016, 9, 6), cause
	var b bytes.Buffer
	if err := text.WriteRuns(&b, []report.Past{past}, "", time.UTC, text.Style{}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
	if got := strings.Join(strings.Fields(strings.Join(lines[2:], " ")), " "); got != cause {
		t.Errorf("got %q", b.String())
	}
	for _, line := range lines[2:] {
		if !strings.HasPrefix(line, "       ") || len([]rune(line)) > 80 {
			t.Errorf("line %q", line)
		}
	}
}

// TestR34HeldSectionNamesItsLikelyCause: most often the key's rights; and says that doing
// nothing is safe.
func TestR34HeldSectionNamesItsLikelyCause(t *testing.T) {
	each(t, func(w *world) {
		guarded(w)
		school := isamstest.New(7, someSchool)
		w.night("2016-09-05", school.Document())
		r := w.night("2016-09-06", missing("SetLists")(school.Document(), nil))
		shown := w.shownAs(r.Run, text.Style{})
		for what, text := range map[string]string{"run": runText(t, r), "runs show": shown} {
			for _, want := range []string{"SetLists is missing", "the key", "Doing nothing is safe"} {
				if !strings.Contains(text, want) {
					w.Errorf("%s does not say %q:\n%s", what, want, text)
				}
			}
		}
		half := without("CurrentPupils", 0.5)(school.Document(), rand.New(rand.NewPCG(1, 1)))
		if text := runText(t, w.night("2016-09-07", half)); strings.Contains(text, "the key") {
			w.Errorf("no section is missing:\n%s", text)
		}
	})
}

func runText(t *testing.T, r report.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := text.WriteRun(&b, r, text.Style{}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestR23MovedLessonsAreTold in one line, with where they were and where they are: by their id
// in the MIS, or by name where it has another.
func TestR23MovedLessonsAreTold(t *testing.T) {
	before := func() *doc {
		return (&doc{}).taught().coded(1, "Ms Brown", "BRO").coded(2, "Mr Green", "GRE").room(1, "Lab").room(2, "Hall").
			pupil(11, "Zoë O’Brien", "7/A", 7).
			set(21, "7Mat1", 7, 11).set(22, "7Art1", 7, 11).set(23, "7Mus1", 7, 11).lesson(4, 23, "7Mus1", 12, "BRO", 2)
	}
	each(t, func(w *world) {
		w.night("2016-09-05", before().lesson(1, 21, "7Mat1", 11, "BRO", 1).lesson(2, 22, "7Art1", 11, "GRE", 2).xml())
		after := before().lesson(1, 21, "7Mat1", 21, "BRO", 2).lesson(3, 22, "7Art1", 21, "GRE", 1).xml()
		planned := w.plan("2016-09-05", after)
		r := w.night("2016-09-05", after)
		undone := w.undo(r.Run)
		for what, c := range map[string]struct {
			text string
			want []string
		}{
			"plan": {planText(t, planned, text.Style{}), []string{
				"~ 7Art1: Monday 09:00–10:00 → Tuesday 09:00–10:00, room Hall → Lab (6 times, 6 September – 1 " +
					"November 2016)",
				"~ 7Mat1: Monday 09:00–10:00 → Tuesday 09:00–10:00, room Lab → Hall (6 times, 6 September – 1 " +
					"November 2016)",
			}},
			"run": {w.shownAs(r.Run, text.Style{}),
				[]string{"~ 7Mat1: Monday 09:00–10:00 → Tuesday 09:00–10:00, room Lab → Hall (6 times,"}},
			"undo": {w.shownAs(undone.Run, text.Style{}),
				[]string{"~ 7Mat1: Tuesday 09:00–10:00 → Monday 09:00–10:00, room Hall → Lab (6 times,"}},
		} {
			for _, want := range c.want {
				if !strings.Contains(c.text, want) || regexp.MustCompile(`[−+] \d+ lesson`).MatchString(c.text) {
					w.Errorf("%s: %s", what, c.text)
				}
			}
		}
		// One that goes for good is told as such, and so is a new one.
		other := before().lesson(1, 21, "7Mat1", 11, "BRO", 1).lesson(5, 21, "7Mat9", 12, "GRE", 1)
		text := planText(t, w.plan("2016-09-06", other.xml()), text.Style{})
		for _, want := range []string{"− 5 lessons: no longer in the MIS", "+ 5 lessons: new in the MIS"} {
			if !strings.Contains(text, want) {
				w.Errorf("no %q in %s", want, text)
			}
		}
	})
}

// TestLinesAreWrittenAsOneObject: what is written as it is read is what would be written at once.
func TestLinesAreWrittenAsOneObject(t *testing.T) {
	each(t, func(w *world) {
		guarded(w)
		school := isamstest.New(7, someSchool)
		r := w.plan("2016-09-05", school.Document())
		w.night("2016-09-05", school.Document())
		held := w.night("2016-09-06", without("CurrentPupils", 0.5)(school.Document(), rand.New(rand.NewPCG(1, 1))))
		past, err := importer.Show(w.Context(), w.im.DB, held.Run)
		if err != nil || past.Held.IsZero() {
			w.Fatalf("nothing waits: %v", err)
		}
		past.Program = `<"plan":[[]]> & "waiting_plan":[[]]`
		for what, written := range map[string]func(*bytes.Buffer) (any, error){
			"plan": func(b *bytes.Buffer) (any, error) { return r, r.WriteJSON(b) },
			"run":  func(b *bytes.Buffer) (any, error) { return past, past.WriteJSON(b) },
		} {
			var b bytes.Buffer
			v, err := written(&b)
			if err != nil {
				w.Fatal(err)
			}
			want := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(mustJSON(v)) + "\n"
			if b.String() != want {
				w.Errorf("%s: %s", what, fmt.Sprint(b.Len(), " ", len(want)))
			}
		}
	})
}
