package messages

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
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
	database sync.Mutex // over runs and problems
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
		Run: func(_ context.Context, id model.ID) (report.Past, error) {
			w.database.Lock()
			defer w.database.Unlock()
			return w.runs[id], nil
		},
		Problems: func(context.Context) (report.ProblemList, error) {
			w.database.Lock()
			defer w.database.Unlock()
			return w.problems, nil
		}}); err != nil {
		w.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); w.Serve(ctx) }()
	w.stop = func() { cancel(); <-done }
}

// record puts an import into the record, as a run of its own.
func (w *school) record(r report.Report, at time.Time) model.ID {
	w.database.Lock()
	defer w.database.Unlock()
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
	w.imports.Newest = slices.Concat([]model.Run{run}, w.imports.Newest)
	return id
}

// decided has a person decide on what waits.
func (w *school) decided(how model.Decision) {
	w.database.Lock()
	defer w.database.Unlock()
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
