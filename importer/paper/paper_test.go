package paper_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"misimportd/era"
	"misimportd/importer/cycle"
	"misimportd/importer/paper"
	"misimportd/importer/report"
	"misimportd/mis"
	"misimportd/mis/isams"
	"misimportd/mis/isams/isamstest"
)

// printed is how many sheets a real browser prints of a page.
func printed(t *testing.T, write func(io.Writer) error) int {
	t.Helper()
	var page bytes.Buffer
	if err := write(&page); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	html, pdf := filepath.Join(folder, "page.html"), filepath.Join(folder, "page.pdf")
	if err := os.WriteFile(html, page.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	browser := exec.CommandContext(ctx, "chromium", "--headless", "--no-sandbox", "--disable-gpu",
		"--disable-dev-shm-usage",
		"--no-first-run", "--user-data-dir="+filepath.Join(folder, "profile"), "--no-pdf-header-footer",
		"--print-to-pdf="+pdf, "file://"+html)
	browser.Env = append(os.Environ(), "HOME="+folder)
	if said, err := browser.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	text, err := os.ReadFile(pdf)
	if err != nil {
		t.Fatal(err)
	}
	return len(regexp.MustCompile(`/Type\s*/Page[^s]`).FindAll(text, -1))
}

func snapshot(t *testing.T) *mis.Snapshot {
	t.Helper()
	school := isamstest.New(1, isamstest.Typical).Teach(2400)
	snap, err := isams.Decode(bytes.NewReader(school.Document()))
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

// TestWallTimetablesAreOfOnePage for each week, be it of a form, a teacher or a room.
func TestWallTimetablesAreOfOnePage(t *testing.T) {
	snap := snapshot(t)
	staff := snap.Timetable.Lessons[0].Staff[0]
	for _, asked := range []cycle.Asked{{Week: "A", Group: "10A"}, {Week: "B", Staff: staff}, {Week: "A",
		Room: "room 2"},
		{Week: "all", Group: "7B"}} {
		cycles, err := cycle.Of(snap, asked)
		if err != nil {
			t.Fatal(err)
		}
		if sheets := printed(t, func(w io.Writer) error {
			return paper.WriteCycles(w,
				cycles)
		}); sheets != len(cycles) {
			t.Errorf("%+v: %d weeks on %d sheets", asked, len(cycles), sheets)
		}
		t.Logf("TABLE %+v: %d weeks, each on one sheet", asked, len(cycles))
	}
}

// TestClassListsAreOfOnePage from nobody to more than any class has.
func TestClassListsAreOfOnePage(t *testing.T) {
	for _, count := range []int{0, 1, 30, 75} {
		m := report.Members{Group: report.ListedGroup{Kind: "set", Name: "7Mat1"}, On: era.NewDate(2016, 9, 12)}
		for i := range count {
			m.Members = append(m.Members, report.ListedMember{Name: fmt.Sprintf("Nguyễn-<b>Montgomery</b> %d (10A)",
				i)})
		}
		if sheets := printed(t, func(w io.Writer) error { return paper.WriteClassList(w, m) }); sheets != 1 {
			t.Errorf("%d members are on %d sheets", count, sheets)
		}
	}
}

// TestPagesAreHarmless: what a school wrote is text in them, and nothing else.
func TestPagesAreHarmless(t *testing.T) {
	var b bytes.Buffer
	week := report.Cycle{Week: "<script>", Of: `"><img>`, Days: []report.CycleDay{{Day: "Monday",
		Lessons: []report.CycleLesson{{Code: "<i>7Mat1", Staff: []string{"<u>"}, Rooms: []string{"\u202e"},
			From: "00:00",
			To:   "01:00"}}}}, Periods: []report.CyclePeriod{{Name: "<u>", From: "00:00", To: "01:00"}}}
	if err := paper.WriteCycles(&b, []report.Cycle{week}); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<script>", "<img>", "<i>", "<u>", "\u202e"} {
		if strings.Contains(b.String(), bad) {
			t.Errorf("%q is in the page", bad)
		}
	}
	if !strings.Contains(b.String(), "&lt;i&gt;7Mat1") {
		t.Error(b.String())
	}
}

// TestWeeksOfTheTimetable hold what the MIS says of a group, a teacher, a room and a pupil, and no more.
func TestWeeksOfTheTimetable(t *testing.T) {
	snap := snapshot(t)
	count := func(asked cycle.Asked) (n int) {
		t.Helper()
		cycles, err := cycle.Of(snap, asked)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cycles {
			for _, day := range c.Days {
				n += len(day.Lessons)
			}
		}
		return n
	}
	if all := count(cycle.Asked{Week: "all"}); all != len(snap.Timetable.Lessons) {
		t.Errorf("%d lessons of %d", all, len(snap.Timetable.Lessons))
	}
	want := map[string]int{}
	first := snap.Timetable.Lessons[slices.IndexFunc(snap.Timetable.Lessons, func(l mis.Lesson) bool {
		return l.Kind == mis.Taught
	})]
	for _, l := range snap.Timetable.Lessons {
		for _, id := range l.Staff {
			want["staff "+id]++
		}
		for _, id := range l.Locations {
			want["room "+id]++
		}
		for _, id := range l.Sets {
			want["set/"+id]++
		}
	}
	for got, n := range map[int]int{
		count(cycle.Asked{Week: "all", Staff: first.Staff[0]}):         want["staff "+first.Staff[0]],
		count(cycle.Asked{Week: "all", Room: first.Locations[0]}):      want["room "+first.Locations[0]],
		count(cycle.Asked{Week: "all", Group: "set/" + first.Sets[0]}): want["set/"+first.Sets[0]],
	} {
		if got != n || n == 0 {
			t.Errorf("%d lessons, want %d", got, n)
		}
	}
	for _, asked := range []cycle.Asked{{Week: "C"}, {Week: "A", Staff: "nobody"}, {Week: "A", Room: "room"},
		{Week: "A",
			Group: "10"}} {
		if _, err := cycle.Of(snap, asked); err == nil {
			t.Errorf("%+v is answered", asked)
		}
	}
}
