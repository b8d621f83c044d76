//go:build !single

package fleet

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"misimportd/importer/daemon"
	"misimportd/importer/report"
	"misimportd/store/model"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func TestASchoolHasOneState(t *testing.T) {
	ago := func(d time.Duration) When { return When{noon.Add(-d)} }
	ran, next := ago(9*time.Hour), ago(-15*time.Hour)
	of := func(s status, more ...func(*Standing)) Standing {
		school := Standing{AddedAt: ago(1000 * time.Hour), status: s}
		for _, change := range more {
			change(&school)
		}
		return school
	}
	added := func(at When) func(*Standing) { return func(s *Standing) { s.AddedAt = at } }
	paused := func(s *Standing) { s.PausedUntil = next }
	wasPaused := func(s *Standing) { s.PausedUntil = ago(time.Minute) }
	aside := func(s *Standing) { s.AsideAt = ran }
	working := func(s *Standing) { s.Worker = "w" }
	for _, c := range []struct {
		of   Standing
		want string
	}{
		{of(status{RanAt: ran, Result: "applied", Next: next}), Well},
		{of(status{}, added(ago(0))), New},
		{of(status{}, added(ago(2*time.Hour))), Overdue},
		{of(status{RanAt: ran, Result: "held", HeldSince: ran, Next: next}), Held},
		{of(status{RanAt: ran, Result: "held", Next: next}), Well}, // somebody has decided
		{of(status{RanAt: ran, Result: "failed", Next: next}), Failed},
		{of(status{RanAt: ran, Result: "applied", Next: next, GaveUp: true}), Overdue},
		{of(status{RanAt: ran, Result: "applied", Next: ago(61 * time.Minute)}), Overdue},
		{of(status{RanAt: ran, Result: "applied", Next: ago(59 * time.Minute)}), Well},
		{of(status{RanAt: ran, Result: "applied", Next: ago(-time.Minute), DueAt: ago(2 * time.Hour)}), Overdue},
		{of(status{RanAt: ran, Result: "applied", Next: ago(-time.Minute), Lost: inDatabase, DueAt: ago(0)}), Failed},
		{of(status{Lost: inSettings, Next: next}), Failed},
		{of(status{RanAt: ran, Result: "applied", Next: ago(2 * time.Hour)}, paused), Paused},
		{of(status{RanAt: ran, Result: "applied", Next: ago(2 * time.Hour)}, wasPaused), Well},
		{of(status{RanAt: ran, Result: "applied", Next: next}, working), Running},
		{of(status{RanAt: ran, Result: "held", HeldSince: ran}, working), Held},
		{of(status{RanAt: ran, Result: "applied", HeldSince: ran}, aside), Aside},
	} {
		if got := c.of.State(noon); got != c.want {
			t.Errorf("%+v is %s, and should be %s", c.of, got, c.want)
		}
		if !c.of.Is(c.want, noon) {
			t.Errorf("%+v is not found among those that are %s", c.of, c.want)
		}
	}
	o := Overview{At: noon, Standings: []Standing{of(status{RanAt: ran, Result: "failed", HeldSince: ran})}}
	for _, state := range []string{Held, Failed, ""} {
		if found, err := o.Where(state); err != nil || len(found) != 1 {
			t.Errorf("%s finds %v (%v)", state, found, err)
		}
	}
	var wrong *StateError
	if _, err := o.Where("ill"); !errors.As(err, &wrong) {
		t.Errorf("%v", err)
	}
}

func TestSchoolsAreSpreadOverTheWindow(t *testing.T) {
	const schools, parts = 2000, 10
	var counts [parts]int
	for i := range schools {
		name := fmt.Sprintf("school-%d", i)
		at := spread(name, time.Hour)
		if at < 0 || at >= time.Hour || at != spread(name, time.Hour) {
			t.Fatalf("%s is at %s", name, at)
		}
		counts[at*parts/time.Hour]++
	}
	for i, n := range counts {
		if n < schools/parts/2 || n > schools/parts*2 {
			t.Errorf("%d schools are in part %d of the window", n, i)
		}
	}
	if at := spread("a", 0); at != 0 {
		t.Errorf("without a window, a school is at %s", at)
	}
}

// TestCanariesAreNotSpread over the window: the others wait for them.
func TestCanariesAreNotSpread(t *testing.T) {
	schedule, err := daemon.NewSchedule("0 3 * * *", "07:00", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	three := time.Date(2026, 11, 27, 3, 0, 0, 0, time.UTC)
	found := ending{outlook: &daemon.Outlook{At: noon, Next: three}}
	of := taken{School: School{Name: "st-anne"}, Settings: Settings{Window: time.Hour}}
	if at := nextOf(of, found, schedule); !at.After(three) || !at.Before(three.Add(time.Hour)) {
		t.Errorf("a school is due at %s", at)
	}
	of.Canary = true
	if at := nextOf(of, found, schedule); !at.Equal(three) {
		t.Errorf("a canary is due at %s", at)
	}
}

func TestTheFleetsGuard(t *testing.T) {
	s := Settings{StopPercent: 20, StopAtLeast: 5}
	for _, c := range []struct {
		ran     int
		trouble map[string]int
		stops   bool
	}{
		{100, nil, false},
		{100, map[string]int{"pupils_leaving": 20}, false}, // not more than a fifth
		{100, map[string]int{"pupils_leaving": 21}, true},
		{10, map[string]int{"pupils_leaving": 4}, false}, // fewer than five
		{10, map[string]int{"pupils_leaving": 5}, true},
		{100, map[string]int{"pupils_leaving": 15, "document": 15}, false}, // not the same reason
	} {
		why, stops := tally{ran: c.ran, trouble: c.trouble}.verdict(s)
		if stops != c.stops || stops != (why != "") {
			t.Errorf("%d with %v: %v %q", c.ran, c.trouble, stops, why)
		}
	}
}

func TestWhatAFleetRemembersOfASchool(t *testing.T) {
	run := func(id model.ID, result model.Result) model.Run {
		return model.Run{ID: id, Result: result, StartedAt: noon, FinishedAt: noon.Add(time.Minute)}
	}
	looks := func(gaveUp bool, waiting []model.ID, runs ...model.Run) *daemon.Outlook {
		return &daemon.Outlook{At: noon, GaveUp: gaveUp, Imports: model.Imports{Newest: runs, Waiting: waiting}}
	}
	attempt := &daemon.Attempt{At: noon, Ended: noon.Add(time.Minute)}

	s := status{Tries: 1}.after(ending{outlook: looks(false, []model.ID{1}, run(1, model.Held)), attempt: attempt,
		report: report.Report{Run: 1, Result: model.Held}, reason: "pupils_leaving", why: "much goes"}, noon)
	if s.Result != "held" || s.Reason != "pupils_leaving" || s.HeldSince.IsZero() || s.TroubleSince.IsZero() ||
		s.Tries != 0 {
		t.Errorf("held: %+v", s)
	}
	later := noon.Add(24 * time.Hour)
	again := s.after(ending{outlook: looks(false, []model.ID{2}, run(2, model.Held)), attempt: attempt,
		report: report.Report{Run: 2, Result: model.Held}, reason: "pupils_leaving"}, later)
	if !again.HeldSince.Equal(noon) || !again.TroubleSince.Equal(noon) {
		t.Errorf("held for the same reason once more: %+v", again)
	}
	decided := again.after(ending{outlook: looks(false, nil, run(2, model.Held))}, later)
	if !decided.HeldSince.IsZero() || decided.Reason != "" || !decided.TroubleSince.IsZero() {
		t.Errorf("decided: %+v", decided)
	}
	lost := again.after(ending{lost: "database", lostWhy: "it is down", undone: true}, later)
	if lost.Lost != "database" || lost.LostSince.IsZero() || lost.DueAt.IsZero() || lost.Reason != "pupils_leaving" ||
		!lost.TroubleSince.Equal(noon) {
		t.Errorf("database away: %+v", lost)
	}
	back := lost.after(ending{outlook: looks(false, []model.ID{2}, run(2, model.Held))}, later.Add(time.Hour))
	if back.Lost != "" || !back.LostSince.IsZero() || !back.DueAt.IsZero() || back.Reason != "pupils_leaving" ||
		!back.TroubleSince.Equal(noon) {
		t.Errorf("database back: %+v", back)
	}
	if by := back.after(ending{outlook: looks(false, nil, run(3, model.Failed))}, later); by.Reason != byRecord {
		t.Errorf("a failure that another has made: %+v", by)
	}
	found := run(3, model.Held)
	found.Guard = model.JSON[json.RawMessage]{V: json.RawMessage(`[{"limit": "groups_removed"},
		{"limit": "pupils_leaving", "breached": true, "says": "much goes"}]`)}
	if by := back.after(ending{outlook: looks(false, []model.ID{3}, found)}, later); by.Reason != "pupils_leaving" ||
		!strings.Contains(by.Why, "much goes") {
		t.Errorf("held, and the news of its end was lost: %+v", by)
	}
	unseen := back.after(ending{attempt: attempt, report: report.Report{Run: 3, Result: model.Held},
		reason: "pupils_leaving", why: "much goes"}, later)
	if unseen.Run != 3 || unseen.Result != "held" || !unseen.EndedAt.Equal(noon.Add(time.Minute)) ||
		unseen.HeldSince.IsZero() || unseen.Reason != "pupils_leaving" {
		t.Errorf("held, and its record cannot be read: %+v", unseen)
	}
	if s := (status{Next: When{later}}).after(ending{undone: true}, noon); !s.DueAt.IsZero() {
		t.Errorf("due before its time: %+v", s)
	}
	unrecorded := back.after(ending{outlook: looks(false, nil, run(2, model.Held)), attempt: attempt,
		err: errors.New("x"), report: report.Report{Result: model.Failed}, reason: "failed",
		unrecorded: []daemon.Attempt{*attempt}}, later)
	if unrecorded.Result != "failed" || len(unrecorded.Unrecorded) != 1 || !unrecorded.RanAt.Equal(noon) {
		t.Errorf("a failure that no database has: %+v", unrecorded)
	}
	if s := (status{Tries: 3}).after(ending{undone: true}, noon); s.Tries != 2 {
		t.Errorf("put back: %+v", s)
	}
}

// TestASchoolIsWellAgain that was set aside, by what its record says: whoever made the import may not have said so.
func TestASchoolIsWellAgain(t *testing.T) {
	of := taken{AsideAt: When{noon}}
	for _, c := range []struct {
		at     time.Time
		result model.Result
		want   bool
	}{{noon.Add(time.Minute), model.Unchanged, true}, {noon.Add(time.Minute), model.Failed, false},
		{noon.Add(time.Minute), model.Held, false}, {noon.Add(-time.Minute), model.Applied, false}} {
		found := daemon.Outlook{Imports: model.Imports{Newest: []model.Run{{StartedAt: c.at, Result: c.result}}}}
		if of.isWellAgain(found) != c.want {
			t.Errorf("%s %s: not %v", c.at, c.result, c.want)
		}
	}
	if (taken{}).isWellAgain(daemon.Outlook{}) {
		t.Error("a school is well again that was not set aside")
	}
}

func TestWhatDiffersFromAFolder(t *testing.T) {
	has := map[string]School{"a": {Name: "a", Zone: "UTC"}, "b": {Name: "b"}, "c": {Name: "c", Configuration: "x"}}
	wanted := Wanted{Settings: Settings{Window: time.Hour}, Schools: []School{{Name: "a", Zone: "Europe/London"},
		{Name: "c", Configuration: "x"}, {Name: "d"}}}
	steps := differ(has, Settings{}, wanted)
	want := []Step{{Action: Update, What: []string{"window"}}, {Action: Update, School: "a",
		What: []string{"timezone"}},
		{Action: Remove, School: "b"}, {Action: Create, School: "d"}}
	if !slices.EqualFunc(steps, want, func(a, b Step) bool {
		return a.Action == b.Action && a.School == b.School && slices.Equal(a.What, b.What)
	}) {
		t.Errorf("%+v", steps)
	}
}

func TestMemoryIsServedInTurn(t *testing.T) {
	m := newMemory(4 * perImport)
	first, err := m.take(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	large := make(chan func(), 1)
	go func() {
		release, err := m.take(t.Context(), 1<<40) // more than there is: it gets all of it
		if err != nil {
			t.Error(err)
		}
		large <- release
	}()
	select {
	case <-large:
		t.Fatal("a large school was let in beside another")
	case <-time.After(50 * time.Millisecond):
	}
	first()
	release := <-large
	if m.taken() != 4*perImport {
		t.Errorf("%d bytes are taken", m.taken())
	}
	release()
	if m.taken() != 0 {
		t.Errorf("%d bytes are taken", m.taken())
	}
}

// TestASilentServerIsLeftAlone by all schools but one, again and again.
func TestASilentServerIsLeftAlone(t *testing.T) {
	var s silentServers
	const other = "b:5432"
	for range 2 {
		if !s.mayAsk("a:5432", time.Hour) {
			t.Error("one that was never silent may not be asked")
		}
	}
	s.note("a:5432", true, time.Hour)
	s.note("", true, time.Hour) // a file is no server
	if s.mayAsk("a:5432", time.Hour) || !s.mayAsk(other, time.Hour) || !s.mayAsk("", time.Hour) {
		t.Errorf("after it was silent: %v", s.until)
	}
	s.note("a:5432", true, -time.Second) // the while is over
	if !s.mayAsk("a:5432", time.Hour) || s.mayAsk("a:5432", time.Hour) {
		t.Error("when the while is over, it is not just one that may ask")
	}
	s.note("a:5432", false, time.Hour)
	if !s.mayAsk("a:5432", time.Hour) || len(s.until) != 0 {
		t.Errorf("after it has answered: %v", s.until)
	}
}

// TestHowLongANightWasTried goes by what failed since it was due.
func TestHowLongANightWasTried(t *testing.T) {
	at := func(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }
	look := daemon.Outlook{At: noon, Due: at(-60), Imports: model.Imports{Newest: []model.Run{
		{StartedAt: at(-5), Result: model.Failed}, {StartedAt: at(-20), Result: model.Failed},
		{StartedAt: at(-90), Result: model.Failed}, {StartedAt: at(-40), Result: model.Applied}}}}
	of := taken{}
	if !of.hasTriedFor(20*time.Minute, look) || of.hasTriedFor(21*time.Minute, look) {
		t.Error("by its record")
	}
	of.Unrecorded = []daemon.Attempt{{At: at(-70)}, {At: at(-30)}}
	if !of.hasTriedFor(30*time.Minute, look) || of.hasTriedFor(31*time.Minute, look) {
		t.Error("by what is in no record")
	}
}
