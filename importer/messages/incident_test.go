package messages

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"misimportd/era"
	"misimportd/importer/daemon"
	"misimportd/importer/guard"
	"misimportd/importer/report"
	"misimportd/mis"
	"misimportd/mis/cache"
	"misimportd/store/model"
)

// wire is a channel that takes messages while it is not cut, and notes when.
type wire struct {
	mutex sync.Mutex
	cut   bool
	tries int
	got   []string
	texts []Message
}

func (w *wire) name() string { return "mail to office@school.example" }

func (w *wire) label() string { return byMail }

func (w *wire) send(_ context.Context, m Message) error {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.tries++
	if w.cut {
		return errors.New("mail server smtp.school.example:587: it answered 421 come back later")
	}
	w.got = append(w.got, time.Now().UTC().Format("Mon 15:04")+" "+m.Subject)
	w.texts = append(w.texts, m)
	return nil
}

// setCut cuts the wire, or mends it.
func (w *wire) setCut(cut bool) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.cut = cut
}

// school is a daemon and its record as a Messenger sees them, in the time of a synctest bubble.
type school struct {
	*testing.T
	*Messenger
	wire     *wire
	schedule daemon.Schedule
	imports  model.Imports
	runs     map[model.ID]report.Past
	problems report.ProblemList
	away     error
	night    func(at time.Time) report.Report // what an import comes to
	state    string
	settings Settings
	stop     func()
}

// newSchool is one whose clock shows Monday 3 January 2000, 00:00.
func newSchool(t *testing.T, s Settings) *school {
	t.Helper()
	time.Sleep(48 * time.Hour) // a bubble begins on Saturday
	schedule, err := daemon.NewSchedule("0 3 * * *", "07:00", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	w := &school{T: t, wire: &wire{}, schedule: schedule, runs: map[model.ID]report.Past{}, state: t.TempDir(),
		settings: s}
	if err := os.Mkdir(filepath.Join(w.state, cache.Incoming), 0o700); err != nil {
		t.Fatal(err)
	}
	// It has imported on the day before.
	w.record(report.Report{Result: model.Applied}, time.Now().Add(-21*time.Hour))
	w.start()
	return w
}

// start starts the service's messages, as a restart does.
func (w *school) start() {
	w.Helper()
	w.Messenger = New(prometheus.NewPedanticRegistry(), slog.New(slog.DiscardHandler))
	w.open = func(Settings) ([]channel, error) { return []channel{w.wire}, nil }
	if err := w.Configure(Setup{Settings: &w.settings, State: w.state,
		Run:      func(_ context.Context, id model.ID) (report.Past, error) { return w.runs[id], nil },
		Problems: func(context.Context) (report.ProblemList, error) { return w.problems, nil }}); err != nil {
		w.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); w.Serve(ctx) }()
	w.stop = func() { cancel(); <-done }
}

// record puts an import into the record, as a run of its own.
func (w *school) record(r report.Report, at time.Time) model.ID {
	id := model.ID(len(w.runs) + 1)
	r.Run, r.AsOf = id, era.DateOf(at)
	past := report.Past{Report: r, Kind: model.Import, StartedAt: at, FinishedAt: at.Add(time.Minute)}
	run := model.Run{ID: id, Result: r.Result, StartedAt: at, FinishedAt: past.FinishedAt, Error: r.Error}
	switch r.Result {
	case model.Held:
		for _, before := range w.imports.Waiting {
			replaced := w.runs[before]
			replaced.Decision, replaced.DecidedBy = model.Replaced, id
			w.runs[before] = replaced
		}
		past.Decision, w.imports.Waiting = model.Waiting, []model.ID{id}
	case model.Applied, model.Unchanged:
		w.imports.LastSuccess = past.FinishedAt
	}
	w.runs[id] = past
	w.imports.Newest = slices.Insert(w.imports.Newest, 0, run)
	return id
}

// decided has a person decide on what waits.
func (w *school) decided(how model.Decision) {
	for _, id := range w.imports.Waiting {
		run := w.runs[id]
		run.Decision, run.DecidedBy = how, id+1
		w.runs[id] = run
	}
	w.imports.Waiting = nil
}

// until lets the daemon look once a minute, and import when an import is due, until a time such as "Wed 12:00".
func (w *school) until(when string) {
	w.Helper()
	for range 8 * 24 * 60 {
		if time.Now().UTC().Format("Mon 15:04") == when {
			return
		}
		time.Sleep(time.Minute)
		w.look()
	}
	w.Fatalf("%s never comes", when)
}

func (w *school) look() {
	now := time.Now()
	o := w.schedule.Outlook(now, w.imports)
	if w.away != nil {
		o = daemon.Outlook{At: now, Zone: time.UTC, Away: w.away, Due: o.Due}
	}
	if w.away == nil && !o.Next.After(now) && !o.Next.IsZero() {
		w.Began(now)
		r := w.night(now)
		r.Run = w.record(r, now)
		w.Ended(now, r, nil)
		o = w.schedule.Outlook(now, w.imports)
	}
	w.Looked(o)
	synctest.Wait()
}

func (w *school) expect(want ...string) {
	w.Helper()
	w.wire.mutex.Lock()
	defer w.wire.mutex.Unlock()
	if diff := cmp.Diff(want, w.wire.got); diff != "" {
		w.Errorf("(-want +sent):\n%s", diff)
	}
}

// the lists of what nights come to
var (
	fails = func(time.Time) report.Report {
		return report.Report{Result: model.Failed, Error: "fetching from school.example: it answered 503"}
	}
	applies = func(time.Time) report.Report {
		return report.Report{Result: model.Applied,
			Changes: []model.Count{{Entity: model.PupilEntity, Action: model.Create, Count: 3}}}
	}
	holds = func(time.Time) report.Report {
		return report.Report{Result: model.Held, Hold: model.HoldRemovals,
			Waiting: []model.Count{{Entity: model.MembershipEntity, Action: model.End, Count: 1200}},
			Guard: []guard.Finding{{Limit: guard.MembershipsEnding, About: "set", Breached: true,
				Says: "1,200 of 9,000 (13.3 %) would end"}}}
	}
)

var usual = Settings{Digest: Weekdays, Morning: 7 * time.Hour, Late: 2 * time.Hour,
	Page: "https://misimportd.school.example"}

// TestAnIncidentOfThreeNights plays nights that fail, one that is held, and what a person does: each is told of once, and
// once when it is over, across a restart; and each weekday has its digest.
func TestAnIncidentOfThreeNights(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newSchool(t, usual)
		w.night = fails // iSAMS is away for two nights
		w.until("Tue 04:00")
		w.stop()
		w.start() // and a restart forgets nothing
		w.until("Tue 23:00")
		w.night = holds // the third brings half a document
		w.until("Wed 09:30")
		w.decided(model.Approved)
		w.night = applies
		w.until("Thu 12:00")
		w.stop()
		w.expect(
			"Mon 06:47 An import failed, and is not tried again before the next night",
			"Mon 07:00 Run 19: failed",
			"Tue 07:00 Run 37: failed",
			"Wed 03:00 Run 38 waits for a person",
			"Wed 07:00 Run 38: held",
			"Wed 09:31 Over: Run 38 does not wait any more",
			"Thu 07:00 Run 39: applied",
		)
		for i, want := range map[int]string{0: "it answered 503", 3: "they had failed since Monday 3 January 2000",
			4: "run 38 waits for a person, since Wednesday 5 January 2000 03:00"} {
			if !strings.Contains(w.wire.texts[i].Text, want) {
				t.Errorf("%q is missing in\n%s", want, w.wire.texts[i].Text)
			}
		}
		for _, m := range w.wire.texts {
			t.Logf("%s\n%s", m.Subject, m.Text)
		}
	})
}

// TestHeldNightsAreOneIncident as long as each takes the place of the one before, and nobody decides.
func TestHeldNightsAreOneIncident(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := usual
		s.Digest = Off
		w := newSchool(t, s)
		w.night = holds
		w.until("Wed 12:00")
		w.decided(model.Rejected)
		w.until("Thu 12:00") // and the next one is another
		w.stop()
		w.expect("Mon 03:00 Run 2 waits for a person", "Wed 12:01 Over: Run 4 does not wait any more",
			"Thu 03:00 Run 5 waits for a person")
		if text := w.wire.texts[1].Text; !strings.Contains(text, "was rejected") ||
			!strings.Contains(text, "since Monday") {
			t.Error(text)
		}
	})
}

// TestLateIsToldOnce when the database is away for a night, and not while failures are tried again.
func TestLateIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := usual
		s.Digest = Off
		w := newSchool(t, s)
		w.night = applies
		w.until("Mon 20:00")
		w.away = errors.New("PostgreSQL database scheduler: connection refused")
		w.until("Tue 09:00")
		w.away = nil
		w.until("Tue 12:00")
		w.stop()
		w.expect("Tue 05:01 An import is late", "Tue 09:01 Over: The import that was late has ended")
		if text := w.wire.texts[0].Text; !strings.Contains(text, "connection refused") {
			t.Error(text)
		}
	})
}

// TestAnImportThatDoesNotEndIsLate though the daemon, which makes it, does not look as long.
func TestAnImportThatDoesNotEndIsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := usual
		s.Digest = Off
		w := newSchool(t, s)
		w.night = func(at time.Time) report.Report {
			w.Looked(w.schedule.Outlook(at, w.imports))
			time.Sleep(5 * time.Hour)
			return applies(at)
		}
		w.until("Mon 08:01")
		w.stop()
		if len(w.wire.got) != 2 || !strings.HasPrefix(w.wire.got[0], "Mon 05:0") ||
			!strings.HasSuffix(w.wire.got[0], "An import is late") ||
			!strings.HasSuffix(w.wire.got[1], "Over: The import that was late has ended") {
			t.Errorf("%q", w.wire.got)
		}
	})
}

// TestPausesAndTheYear are told of as their alerts are, and a pause has no digests.
func TestPausesAndTheYear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newSchool(t, usual)
		w.night = applies
		today := era.DateOf(time.Now())
		w.imports.Pauses = []era.Pause{{Interval: era.Interval{From: today - 44, To: today + 3}, Why: "summer"}}
		w.imports.EraEnds = today + 31
		w.until("Tue 12:00") // 30 days
		w.imports.HasNext = true
		w.until("Fri 06:00")
		w.stop()
		w.expect("Tue 00:00 The academic year ends, and there is no next one",
			"Tue 00:01 Imports have been paused for long",
			"Tue 12:01 Over: The next academic year is entered", "Fri 00:00 Over: Imports are not paused any more")
		w.imports.EraEnds = era.DateOf(time.Now()) + 7
		w.wire.got = nil
		w.start()
		w.until("Fri 06:10")
		w.imports.EraEnds += 365
		w.until("Fri 06:20")
		w.stop()
		w.expect("Fri 06:01 The academic year ends, and the next one waits to begin",
			"Fri 06:11 Over: Nobody has to roll into the next academic year any more")
	})
}

// TestADigestTellsOfNewProblemsOnly those of the weekend on Monday, and those of one night on the next day.
func TestADigestTellsOfNewProblemsOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newSchool(t, usual)
		found := []mis.Problem{}
		add := func(at time.Time, section, id string) {
			found = append(found, mis.Problem{Section: section, ID: id, Reason: mis.UnknownTutor, Since: era.DateOf(at)})
		}
		add(time.Now().AddDate(0, 0, -30), "Forms", "old")
		w.night = func(at time.Time) report.Report {
			add(at, "Forms", at.Format("Mon")+"1")
			add(at, "extra_groups", "Jane Doe")
			w.problems = report.ProblemList{Run: model.ID(len(w.runs) + 1), AsOf: era.DateOf(at), Count: len(found),
				Problems: report.ListProblems(found)}
			return applies(at)
		}
		w.until("Tue 12:00")
		time.Sleep(4 * 24 * time.Hour) // the machine was off, and imports on Saturday at noon
		w.until("Mon 12:00")
		w.stop()
		w.expect("Mon 07:00 Run 2: applied", "Tue 07:00 Run 3: applied", "Mon 07:00 Run 6: applied")
		for i, want := range [][]string{{"Mon1"}, {"Tue1"}, {"Sat1", "Sun1", "Mon1"}} {
			text := w.wire.texts[i].Text
			for _, id := range []string{"old", "Mon1", "Tue1", "Sat1", "Sun1"} {
				if strings.Contains(text, id) != slices.Contains(want, id) {
					t.Errorf("digest %d, %s:\n%s", i, id, text)
				}
			}
			if strings.Contains(text, "Jane") || !strings.Contains(text, "extra_groups") {
				t.Errorf("an id that can be a name:\n%s", text)
			}
		}
	})
}

// TestWhatCannotBeDelivered is tried again with growing pauses and across restarts, is shown and counted, and is given
// up after a day; what comes later waits behind it.
func TestWhatCannotBeDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := usual
		s.Digest = Off
		w := newSchool(t, s)
		w.night, w.wire.cut = holds, true
		w.until("Mon 04:00")
		list := w.Undelivered()
		if len(list) != 1 || list[0].Tries < 4 || list[0].Tries > 7 || list[0].GivenUp ||
			!strings.Contains(list[0].Error, "421") || list[0].Subject != "Run 2 waits for a person" {
			t.Fatalf("%+v", list)
		}
		w.stop()
		w.start()
		w.wire.setCut(false)
		w.until("Mon 05:30")
		w.expect("Mon 04:00 Run 2 waits for a person")
		if list := w.Undelivered(); len(list) != 0 {
			t.Errorf("%+v", list)
		}
		if list := w.Newest(5); len(list) != 1 || list[0].Channel != w.wire.name() {
			t.Errorf("%+v", list)
		}

		w.wire.setCut(true)
		w.decided(model.Approved)
		w.night = applies
		w.until("Wed 12:00")
		if list = w.Undelivered(); len(list) != 1 || !list[0].GivenUp || w.wire.tries > 50 {
			t.Errorf("%d tries, %+v", w.wire.tries, list)
		}
		info, err := os.Stat(filepath.Join(w.state, File))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v %v", info, err)
		}
		w.stop()
	})
}

// TestAMemoryThatCannotBeRead is told of, and begun anew.
func TestAMemoryThatCannotBeRead(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, File)
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if m, err := recall(folder); err == nil || !strings.Contains(err.Error(), path) || len(m.Queue) != 0 {
		t.Errorf("%+v %v", m, err)
	}
	if err := (&memory{}).keep(filepath.Join(folder, "none"), time.Now()); err == nil {
		t.Error("a folder that is not there")
	}
}
