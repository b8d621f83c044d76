package status

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/expfmt"

	"misimportd/importer/daemon"
	"misimportd/importer/guard"
	"misimportd/importer/report"
	"misimportd/mis"
	"misimportd/mis/isams/batch"
	"misimportd/store"
	"misimportd/store/model"
)

// TestThePulse is felt for as long as the work goes on: the database's time is no fault
// of the daemon, and a look that does not come, or a document read without end, is.
func TestThePulse(t *testing.T) {
	now := time.Date(2026, 6, 10, 3, 0, 0, 0, time.UTC)
	p := NewPulse("test")
	p.now = func() time.Time { return now }
	p.FetchMost(20 * time.Minute)
	outlook := daemon.Outlook{At: now, Next: now.Add(24 * time.Hour), Zone: time.UTC}
	p.Looked(outlook)
	for _, c := range []struct {
		what  string
		do    func()
		after time.Duration
		want  string
	}{
		{"a look a minute", func() { p.Looked(outlook) }, time.Minute, ""},
		{"no look", func() {}, 5 * time.Minute, "no sign of work for 6m0s"},
		{"the database is away", func() { p.Looked(daemon.Outlook{At: now, Zone: time.UTC, Away: errors.New("gone")}) },
			time.Minute, ""},
		{"a long fetch", func() { p.Began(now); p.Stage("fetch") }, 45 * time.Minute, ""},
		{"a fetch without end", func() {}, 10 * time.Minute, "the stage fetch has taken 55m0s"},
		{"a lock in the database", func() { p.Stage("state") }, 5 * time.Hour, ""},
		{"a decoder without end", func() { p.Stage("decode") }, 31 * time.Minute, "the stage decode has taken 31m0s"},
		{"long writing", func() { p.Stage("apply") }, 3 * time.Hour, ""},
		{"the end of it", func() { p.Ended(now, report.Report{Run: 7, Result: model.Applied}, nil) }, time.Minute, ""},
	} {
		c.do()
		now = now.Add(c.after)
		err := p.Well()
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.what, err)
		case c.want != "" && (err == nil || err.Error() != c.want):
			t.Errorf("%s: %v, want %s", c.what, err, c.want)
		}
		recorder := httptest.NewRecorder()
		p.healthz(recorder, nil)
		if well := recorder.Code == 200; well != (c.want == "") {
			t.Errorf("%s: healthz says %d", c.what, recorder.Code)
		}
	}
}

// TestMetricsCount what imports did, and are as Prometheus wants metrics to be.
func TestMetricsCount(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	m := NewMetrics(registry, "1.2.3")
	at := time.Unix(1_000_000, 0)
	m.Began(at)
	m.Ended(at.Add(3*time.Second), report.Report{
		Run: 1, Result: model.Applied, Taken: at, Records: map[string]int{"CurrentPupils": 12},
		Changes: []model.Count{{Entity: model.PupilEntity, Action: model.Create, Count: 12}},
		Problems: []mis.Problem{{Section: "CurrentPupils", Reason: mis.NoID},
			{Section: "CurrentPupils", Reason: mis.NoID, More: 40}},
		Stages: []model.Stage{{Name: "fetch", Seconds: 2}},
		Guard: []guard.Finding{{Limit: guard.ValuesChanged, About: "pupil surname", Breached: true},
			{Limit: guard.PupilsLeaving}},
	}, nil)
	m.Began(at)
	m.Ended(at, report.NothingYet(), &store.BusyError{}) // is none
	m.Looked(daemon.Outlook{At: at, Next: at.Add(time.Hour),
		Imports: model.Imports{LastSuccess: at, Waiting: []model.ID{3},
			Newest: []model.Run{{Result: model.Failed, FinishedAt: at}}}})
	m.Downloaded(100)
	m.Downloaded(250)
	m.Attempted(batch.Retried)
	m.Downloaded(50) // of the next attempt
	for text, want := range map[string]string{
		"misimport_runs_total":                 `misimport_runs_total{result="applied"} 1`,
		"misimport_changes_total":              `misimport_changes_total{action="create",entity="pupil"} 12`,
		"misimport_source_problems":            `misimport_source_problems{reason="no id",section="CurrentPupils"} 42`,
		"misimport_fetch_bytes_total":          "misimport_fetch_bytes_total 300",
		"misimport_limit_breached":             `misimport_limit_breached{limit="values_changed"} 1`,
		"misimport_held":                       "misimport_held 1",
		"misimport_next_run_timestamp_seconds": "misimport_next_run_timestamp_seconds 1.0036e+06",
		"misimport_last_run_duration_seconds":  "misimport_last_run_duration_seconds 3",
		"misimport_source_records":             `misimport_source_records{section="CurrentPupils"} 12`,
	} {
		got, err := testutil.GatherAndFormat(registry, expfmt.TypeTextPlain, text)
		if err != nil || !strings.Contains(string(got), want+"\n") {
			t.Errorf("want %s, got %v %s", want, err, got)
		}
	}
	m.Began(at)
	m.Ended(at, report.Report{Run: 2, Result: model.Unchanged, Records: map[string]int{"CurrentPupils": 12}}, nil)
	for _, gone := range []string{`misimport_source_problems{reason="no id",section="CurrentPupils"}`,
		`misimport_limit_breached{limit="values_changed"}`,
		`misimport_planned_changes{action="create",entity="pupil"}`} {
		name, _, _ := strings.Cut(gone, "{")
		got, err := testutil.GatherAndFormat(registry, expfmt.TypeTextPlain, name)
		if err != nil || !strings.Contains(string(got), gone+" 0\n") {
			t.Errorf("want %s to be 0 after an import without, got %v %s", gone, err, got)
		}
	}
	problems, err := testutil.GatherAndLint(registry)
	if err != nil || len(problems) > 0 {
		t.Errorf("%v %v", err, problems)
	}
}
