package importer_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sort"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"misimportd/era"
	"misimportd/store/model"
	"misimportd/store/storetest"
)

// How many random schools a test goes through: a slice in make test, more in make soak.
func TestMain(m *testing.M) {
	if os.Getenv(victimIs) != "" {
		if err := victim(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	flag.Parse()
	schools := "8"
	if os.Getenv("MISIMPORTD_SOAK") != "" {
		schools = "600"
	}
	_ = flag.Set("rapid.checks", schools)
	_ = flag.Set("test.parallel", "4") // for half of the time they wait, for processes and timeouts
	os.Exit(m.Run())
}

// ledger is what the database ought to hold, worked out with no thought of intervals:
// for each day that was looked at, who is in which group. It shares no code with the
// diff.
type ledger struct {
	days map[era.Date]map[string]bool
}

// night says that from day on the pairs are those of a document, and nothing before
// that day changes.
func (m *ledger) night(day era.Date, pairs map[string]bool) {
	if m.days[day] == nil {
		m.days[day] = nil // from now on this day is looked at
	}
	// The day before is one to look at too. What held on it is what held on the last day
	// before it that is known.
	eve := day.AddDays(-1)
	if _, known := m.days[eve]; !known {
		m.days[eve] = m.on(eve)
	}
	for d := range m.days {
		if d >= day {
			m.days[d] = pairs
		}
	}
	m.days[year2016.EndsOn] = pairs
}

// on is who was in which group on a day between those that are known.
func (m *ledger) on(day era.Date) map[string]bool {
	last := era.Date(0)
	for d := range m.days {
		if d <= day && d > last {
			last = d
		}
	}
	return m.days[last]
}

// randomSchool is a school in which anything can happen from night to night.
type randomSchool struct {
	t *rapid.T
}

func (s *randomSchool) some(label string, n int) []int {
	return rapid.SliceOfNDistinct(rapid.IntRange(1, n), 0, n, rapid.ID[int]).Draw(s.t, label)
}

// draw makes a document and says who it puts into which group, and who is in it.
func (s *randomSchool) draw() (document []byte, pairs map[string]bool, people []string) {
	d, pairs := &doc{}, map[string]bool{}
	tutors := append(s.some("staff", 3), 4)
	for _, id := range tutors {
		name := rapid.SampledFrom([]string{"Ms Brown", "Mr Green"}).Draw(s.t, "name")
		d.teacher(id, name)
		people = append(people, fmt.Sprintf("staff %d %s", id, name))
	}
	forms := append(s.some("forms", 3), 4)
	for _, id := range forms {
		d.form(fmt.Sprintf("7/%d", id), fmt.Sprintf("7F%d", id), 7, rapid.SampledFrom(tutors).Draw(s.t, "tutor"))
	}
	pupils := append(s.some("pupils", 6), 7)
	for _, id := range pupils {
		form := rapid.IntRange(0, 6).Draw(s.t, "form")
		name := rapid.SampledFrom([]string{"Zoë O’Brien", "Ömer Khan"}).Draw(s.t, "name")
		d.pupil(id, name, fmt.Sprintf("7/%d", form), 7)
		if slices.Contains(forms, form) {
			pairs[fmt.Sprintf("form 7/%d %d", form, id)] = true
			name += fmt.Sprintf(" (7F%d)", form)
		}
		people = append(people, fmt.Sprintf("pupil %d %s", id, name))
	}
	sets := append(s.some("sets", 4), 5)
	for _, id := range sets {
		members := s.some("members", 7)
		d.set(id, fmt.Sprintf("7Set%d", id), 7, members...)
		for _, pupil := range members {
			if slices.Contains(pupils, pupil) {
				pairs[fmt.Sprintf("set %d %d", id, pupil)] = true
			}
		}
	}
	// A list of a set that no longer exists, one that stands twice, and one that makes
	// sure that the section is not empty.
	d.lists = append(d.lists, `<SetList Id="1" SetId="99" PupilId="7"/>`, `<SetList Id="2" SetId="5" PupilId="7"/>`,
		`<SetList Id="2" SetId="5" PupilId="7"/>`)
	pairs["set 5 7"] = true
	sort.Strings(people)
	return d.xml(), pairs, people
}

func TestRandomNights(t *testing.T) {
	storetest.Each(t, func(t *testing.T, _ string) {
		fresh := storetest.SQLite
		if strings.HasSuffix(t.Name(), "postgres") {
			fresh = storetest.Postgres
		}
		rapid.Check(t, func(r *rapid.T) {
			w := newWorld(t, fresh(t))
			defer func() { _, _ = w.im.DB.Close(), w.raw.Close() }()
			m := &ledger{days: map[era.Date]map[string]bool{}}
			school := &randomSchool{t: r}
			day := era.NewDate(2016, 9, 5)
			for range rapid.IntRange(1, 6).Draw(r, "nights") {
				// Mostly later, sometimes the same day again, now and then an earlier one.
				day = min(max(day.AddDays(rapid.SampledFrom([]int{0, 1, 1, 7, 30, -3}).Draw(r, "days")),
					year2016.StartsOn.AddDays(5)), year2016.EndsOn.AddDays(-5))
				document, pairs, people := school.draw()
				planned := w.plan(day.String(), document)
				again := w.plan(day.String(), shuffleRecords(document, rapid.Uint64().Draw(r, "order")))
				if a, b := mustJSON(planned.Lines), mustJSON(again.Lines); a != b {
					r.Fatalf("R30: the order of records matters:\n%s\n%s", a, b)
				}
				applied := w.night(day.String(), document)
				if a, b := mustJSON(planned.Changes), mustJSON(applied.Changes); a != b {
					r.Fatalf("the plan said %s and the run did %s", a, b)
				}
				if second := w.night(day.String(), document); second.Result != model.Unchanged {
					r.Fatalf("R29: the second run changed %v", second.Changes)
				}
				m.night(day, pairs)
				w.compare(r, m, people)
			}
		})
	})
}

func mustJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// compare holds the database against the model, on every day that the model knows.
func (w *world) compare(r *rapid.T, m *ledger, people []string) {
	for day, want := range m.days {
		got := w.rows(fmt.Sprintf(`SELECT group_kind || ' ' || group_source_id || ' ' || member_source_id
			FROM membership_details
			WHERE starts_on <= '%s' AND ends_on >= '%s' ORDER BY 1`, day, day))
		var wanted []string
		for pair := range want {
			wanted = append(wanted, pair)
		}
		sort.Strings(wanted)
		sort.Strings(got)
		if !slices.Equal(got, wanted) {
			r.Fatalf("on %s\ngot  %q\nwant %q", day, got, wanted)
		}
	}
	got := w.rows(`SELECT e.kind || ' ' || coalesce(p.source_id, s.source_id) || ' ' || e.name FROM elements e
		LEFT JOIN pupils p ON p.id = e.id LEFT JOIN staff s ON s.id = e.id
		WHERE e.kind <> 'group' AND e.current`)
	sort.Strings(got)
	if !slices.Equal(got, people) {
		r.Fatalf("people\ngot  %q\nwant %q", got, people)
	}
}

// shuffleRecords puts the sections of a document, and the records of each, into
// another order.
func shuffleRecords(document []byte, seed uint64) []byte {
	random := rand.New(rand.NewPCG(seed, 3))
	text := strings.TrimSuffix(strings.TrimPrefix(string(document), "<iSAMS>"), "</iSAMS>")
	sections := strings.SplitAfter(text, "Manager>\n")
	for i, section := range sections {
		records := strings.Split(section, "\n")
		if len(records) > 2 {
			// The first and last lines open and close the section: what stands between moves.
			inner := records[1 : len(records)-2]
			random.Shuffle(len(inner), func(a, b int) { inner[a], inner[b] = inner[b], inner[a] })
			sections[i] = strings.Join(records, "\n")
		}
	}
	sections = sections[:len(sections)-1]
	random.Shuffle(len(sections), func(a, b int) { sections[a], sections[b] = sections[b], sections[a] })
	return []byte("<iSAMS>" + strings.Join(sections, "") + "</iSAMS>")
}
