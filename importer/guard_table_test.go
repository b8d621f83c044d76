package importer_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"misimportd/importer/report"
	"misimportd/mis/isams/isamstest"
	"misimportd/store/model"
	"misimportd/store/storetest"
)

// nightOf is what a school says on one night, and what a sane person would make of it.
type nightOf struct {
	what string
	want verdict
	make func(s *isamstest.School, dice *rand.Rand) []byte
}

// verdict is what is to become of a night.
type verdict string

const (
	passes verdict = "passes" // ordinary
	once   verdict = "once"   // ordinary, and so rare that a person looks at it
	held   verdict = "held"   // harmful
)

// of is a night whose records change does something to.
func of(change func(s *isamstest.School, dice *rand.Rand)) func(*isamstest.School, *rand.Rand) []byte {
	return func(s *isamstest.School, dice *rand.Rand) []byte {
		change(s, dice)
		return s.Document()
	}
}

// spoiling is a night whose document something happens to.
func spoiling(spoil func([]byte, *rand.Rand) []byte) func(*isamstest.School, *rand.Rand) []byte {
	return func(s *isamstest.School, dice *rand.Rand) []byte { return spoil(s.Document(), dice) }
}

// inTheTable is the school that all documents are of: with a timetable, as large as the limits
// need it.
func inTheTable() *isamstest.School { return isamstest.New(1, someSchool).Teach(300) }

// TestR38GuardTable shows some eighty documents to the guard, harmful and ordinary: what it
// makes of each, and what it says, stands in a golden file.
func TestR38GuardTable(t *testing.T) {
	path := filepath.Join("..", "testdata", "golden", "guard.txt")
	eachInSoak(t, storetest.SQLite, func(w *world) {
		guarded(w)
		w.night("2016-09-05", inTheTable().Document())
		var b strings.Builder
		few := soak(1, 8)
		if strings.HasSuffix(w.Name(), "sqlite") {
			few = 1
		}
		golden, err := os.ReadFile(path)
		if err != nil {
			w.Fatal(err)
		}
		for i, night := range slices.Concat(harmfulNights, ordinaryNights, spoiltNights()) {
			if i%few != 0 { // the guard knows no database: PostgreSQL sees some
				continue
			}
			r := w.plan("2016-09-06", night.make(inTheTable(), rand.New(rand.NewPCG(uint64(i), 38))))
			if (r.Hold != model.HoldNothing) != (night.want != passes) {
				w.Errorf("%s: hold %q, want it %s; %q", night.what, r.Hold, night.want, breaches(r))
			}
			said := row(night, r)
			b.WriteString(said)
			if !strings.Contains(string(golden), said) && !*update {
				w.Errorf("not in %s:\n%s", path, said)
			}
		}
		if few > 1 {
			return
		}
		if *update {
			if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
				w.Fatal(err)
			}
		} else if diff := cmp.Diff(string(golden), b.String()); diff != "" {
			w.Errorf("(-golden +got):\n%s", diff)
		}
	})
}

// row is a night in the golden file.
func row(night nightOf, r report.Report) string {
	var b strings.Builder
	hold := string(r.Hold)
	if hold == "" {
		hold = "nothing"
	}
	fmt.Fprintf(&b, "%s (%s): holds %s\n", night.what, night.want, hold)
	for _, f := range r.Guard {
		if f.Breached {
			fmt.Fprintf(&b, "    %s: %s\n", strings.TrimSpace(f.Limit+" "+f.About), f.Says)
		}
	}
	return b.String()
}

// spoiltNights are documents that TestBadDocuments knows, and that can be read.
func spoiltNights() (nights []nightOf) {
	for _, bad := range badDocuments {
		if bad.hold != "" {
			nights = append(nights, nightOf{bad.what, held, spoiling(bad.spoil)})
		}
	}
	return nights
}
