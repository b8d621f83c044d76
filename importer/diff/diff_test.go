package diff_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"

	"misimportd/era"
	"misimportd/importer/diff"
	"misimportd/importer/want"
	"misimportd/mis"
	"misimportd/mis/isams"
	"misimportd/mis/isams/isamstest"
	"misimportd/store/model"
)

// database is the model of one: what it holds, and what the plans of its nights begin with.
type database struct {
	*testing.T
	state *model.State
	next  model.Plan
	year  model.Era
}

func newDatabase(t *testing.T) *database {
	return &database{
		T:    t,
		year: model.Era{ID: 1, Era: era.Academic(era.NewDate(2016, 9, 5), era.FirstSeptember)},
		state: &model.State{
			DatasourceID: 1, NeededElsewhere: map[model.ID]bool{}, TakenBy: map[model.ID]int{},
			LessonDays: map[era.Date]model.Digest{},
		},
	}
}

func (d *database) read(school *isamstest.School) *mis.Snapshot {
	d.Helper()
	snap, err := isams.Decode(bytes.NewReader(school.Document()))
	if err != nil {
		d.Fatal(err)
	}
	return snap
}

// plan is what leads to a snapshot, and what was wanted of it.
func (d *database) plan(snap *mis.Snapshot, asOf era.Date, on want.Terms) (model.Plan, *want.Wanted) {
	plan := d.next
	// A View reads no days before the as-of date.
	maps.DeleteFunc(d.state.LessonDays, func(date era.Date, _ model.Digest) bool { return date < asOf })
	w := want.Of(want.Given{State: d.state, Snap: snap, Era: d.year, AsOf: asOf, NewID: plan.NewID, Terms: on})
	w.Spell(d.state.DayLessons)
	diff.Make(&plan, d.state, w, []era.Era{d.year.Era})
	return plan, w
}

func (d *database) carryOut(plan model.Plan, asOf era.Date) {
	d.state, d.next = d.state.After(plan, asOf), plan.Next()
}

// TestNothingIsLeftToDo: once a plan is carried out, the same document asks for nothing more,
// whatever the document, and whatever is held.
func TestNothingIsLeftToDo(t *testing.T) {
	terms := map[string]want.Terms{
		"as it is":         {},
		"with a grace":     {Grace: 3},
		"removals held":    {Hold: true},
		"a timetable held": {HoldTimetable: true},
		"nothing suspends": {HoldSuspend: true},
		"surnames held":    {HoldValues: map[model.FieldKind]bool{{Kind: "pupil", Field: "surname"}: true}},
	}
	for name, on := range terms {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(4) {
				d := newDatabase(t)
				school := small(seed)
				day := era.NewDate(2016, 9, 5)
				d.night(school, day, want.Terms{})
				for range 6 {
					day++
					school.Change(0.05)
					on.Night = day
					d.night(school, day, on)
				}
			}
		})
	}
}

func small(seed uint64) *isamstest.School {
	size := isamstest.Size{Pupils: 60, Staff: 12, Forms: 6, Sets: 18, SetLists: 300}
	return isamstest.New(seed, size).Teach(60)
}

func (d *database) night(school *isamstest.School, day era.Date, on want.Terms) {
	d.Helper()
	snap := d.read(school)
	plan, _ := d.plan(snap, day, on)
	d.carryOut(plan, day)
	known := d.state.LessonDays
	d.state.LessonDays = nil // so that the lessons of each day are looked at once more
	again, _ := d.plan(snap, day, on)
	d.state.LessonDays = known
	if !again.IsEmpty() {
		d.Fatalf("left to do on %s: %v", day, again.Counts())
	}
}

// TestAPlanLeadsToWhatIsWanted: a state with a plan carried out holds the records that were wanted.
func TestAPlanLeadsToWhatIsWanted(t *testing.T) {
	for seed := range uint64(4) {
		d := newDatabase(t)
		school := small(seed)
		for night := range 4 {
			day := era.NewDate(2016, 9, 5).AddDays(night)
			plan, w := d.plan(d.read(school), day, want.Terms{Night: day})
			if night == 0 && plan.IsEmpty() {
				t.Fatal("a first night changed nothing")
			}
			d.carryOut(plan, day)
			holds(t, "pupils", d.state.Pupils, w.Pupils)
			holds(t, "staff", d.state.Staff, w.Staff)
			holds(t, "rooms", d.state.Locations, w.Locations)
			holds(t, "groups", d.state.Groups, w.Groups)
			var pairs []want.Pair
			for _, m := range d.state.Memberships {
				pairs = append(pairs, want.PairOf(m))
			}
			slices.SortFunc(pairs, want.ComparePairs)
			if !slices.Equal(slices.Compact(pairs), w.Memberships) {
				t.Errorf("%d memberships, wanted %d", len(pairs), len(w.Memberships))
			}
			holdsLessons(t, d.state, w)
			school.Change(0.05)
		}
	}
}

func holds[T want.Element](t *testing.T, what string, have, wanted []T) {
	t.Helper()
	by := want.BySource(have)
	for _, w := range wanted {
		if got := by[w.Source()]; fmt.Sprint(got) != fmt.Sprint(w) {
			t.Errorf("%s: %v, wanted %v", what, got, w)
		}
	}
	current := 0
	for _, h := range have {
		if h.IsCurrent() {
			current++
		}
	}
	if current != len(wanted) {
		t.Errorf("%s: %d current, wanted %d", what, current, len(wanted))
	}
}

// holdsLessons tells whether a state has the lessons of each day that are wanted, with what each takes.
func holdsLessons(t *testing.T, state *model.State, w *want.Wanted) {
	t.Helper()
	takes := map[model.ID][]model.ID{}
	for _, c := range state.Commitments {
		takes[c.LessonID] = append(takes[c.LessonID], c.ElementID)
	}
	var have, wanted []string
	told := func(on era.Date, code string, elements []model.ID) string {
		return fmt.Sprint(on, " ", code, " ", slices.Sorted(slices.Values(elements)))
	}
	for _, l := range state.Lessons {
		if l.OnDate >= w.AsOf {
			have = append(have, told(l.OnDate, l.Code, takes[l.ID]))
		}
	}
	for _, day := range w.Table.Days {
		for _, s := range day.Slots {
			lesson := w.Table.Lessons[s.Lesson]
			var elements []model.ID
			for _, reference := range want.Takes(lesson) {
				if id := w.Elements[reference]; id != 0 {
					elements = append(elements, id)
				}
			}
			wanted = append(wanted, told(day.Date, lesson.Code, elements))
		}
	}
	slices.Sort(have)
	slices.Sort(wanted)
	if len(wanted) == 0 || !slices.Equal(have, wanted) {
		t.Errorf("%d lessons, wanted %d, or not the same", len(have), len(wanted))
	}
}

// TestRecordsInAnyOrder: the order of a document's records changes nothing.
func TestRecordsInAnyOrder(t *testing.T) {
	d := newDatabase(t)
	school := small(1)
	day := era.NewDate(2016, 9, 5)
	d.night(school, day, want.Terms{})
	for seed := range uint64(5) {
		snap, err := isams.Decode(bytes.NewReader(school.Shuffled(seed)))
		if err != nil {
			t.Fatal(err)
		}
		if plan, _ := d.plan(snap, day, want.Terms{}); !plan.IsEmpty() {
			t.Errorf("%v", plan.Counts())
		}
	}
}
