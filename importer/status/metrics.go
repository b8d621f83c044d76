package status

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"misimportd/era"
	"misimportd/importer"
	"misimportd/importer/daemon"
	"misimportd/importer/report"
	"misimportd/mis/isams"
	"misimportd/mis/isams/batch"
	"misimportd/store/model"
)

// Metrics are what Prometheus sees. Series are there from the start, at 0, but for those of
// what may never come, which are there once it came: problems, limits that were breached, and
// changes of what imports seldom touch. No label ever holds a person, a group or the text of
// an error. Times are timestamps, in seconds since 1970, and 0 for never.
type Metrics struct {
	lastSuccess, lastCompletion, nextRun, snapshot prometheus.Gauge
	changed, eraEnds, pausedSince, pausedUntil     prometheus.Gauge
	nextEra, autoRoll                              prometheus.Gauge
	inProgress, held, unchanged, databaseUp        prometheus.Gauge
	lastDuration                                   prometheus.Gauge
	runs, changes, attempts                        *prometheus.CounterVec
	planned, records, problems, breached           *prometheus.GaugeVec
	runSeconds, stageSeconds                       *prometheus.HistogramVec
	bytes                                          prometheus.Counter
	lastImport                                     map[prometheus.Gauge]bool
	began, failed                                  time.Time
	got                                            int64 // of the attempt under way
}

// namespace begins the name of every metric.
const namespace = "misimport"

var (
	results  = []model.Result{model.Applied, model.Unchanged, model.Held, model.Failed, model.Aborted}
	stages   = []string{"fetch", "state", "decode", "diff", "apply", "archive"}
	outcomes = []string{batch.Fetched, batch.Retried, batch.Refused}
	entities = []model.Entity{model.PupilEntity, model.StaffEntity, model.LocationEntity, model.SubjectEntity,
		model.HouseEntity, model.GroupEntity, model.MembershipEntity, model.LessonEntity, model.CommitmentEntity,
		model.SuspensionEntity}
	ofRuns     = []float64{1, 3, 10, 30, 100, 600, 3600}
	ofStages   = []float64{1, 10, 60, 600}
	secondsDoc = "seconds since 1970, 0 for never"
)

// NewMetrics registers the metrics of a daemon of a version.
func NewMetrics(registry prometheus.Registerer, version string) *Metrics {
	m := &Metrics{
		lastImport:  map[prometheus.Gauge]bool{},
		lastSuccess: gauge("last_success_timestamp_seconds", "When an import last ended well, "+secondsDoc+"."),
		lastCompletion: gauge("last_completion_timestamp_seconds", "When an import last ended, well or not, "+
			secondsDoc+"."),
		nextRun: gauge("next_run_timestamp_seconds", "When the next import is meant to begin, "+secondsDoc+
			"; in the past when it is overdue."),
		snapshot: gauge("source_snapshot_timestamp_seconds",
			"When the newest document that was imported came from the MIS, "+secondsDoc+"."),
		changed: gauge("source_changed_timestamp_seconds",
			"When an import last brought a document that was not the one before once more, "+secondsDoc+"."),
		eraEnds: gauge("era_ends_timestamp_seconds", "When the current academic year is over, at the end of its last "+
			"day, "+secondsDoc+"."),
		nextEra:     gauge("next_era", "1 when the next academic year is entered, and known to be the next."),
		autoRoll:    gauge("auto_roll", "1 when the service rolls into it by itself."),
		pausedSince: gauge("paused_since_timestamp_seconds", "When the pause began that is on, "+secondsDoc+"."),
		pausedUntil: gauge("paused_until_timestamp_seconds", "When the pause is over that is on, "+secondsDoc+"."),
		inProgress:  gauge("run_in_progress", "1 while an import is under way."),
		held:        gauge("held", "1 while a held run waits for a person."),
		unchanged:   gauge("source_unchanged", "1 when the last document imported was the one before once more."),
		databaseUp: gauge("database_up",
			"1 when the daemon could read the database at its last look, once a minute."),
		lastDuration: gauge("last_run_duration_seconds", "How long the last import took that did not fail."),
		bytes: prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Name: "fetch_bytes_total",
			Help: "Bytes that were downloaded from the MIS, of failed attempts too."}),
		runs:    counters("runs_total", "Imports that ended, by result.", "result"),
		changes: counters("changes_total", "Changes that were applied, by entity and action.", "entity", "action"),
		attempts: counters("fetch_attempts_total",
			"Attempts to fetch a document: fetched, retried after a fault that may pass, or refused for good.",
			"outcome"),
		planned: gauges("planned_changes", "Changes of the last plan that was made, those that wait for a "+
			"person too, by entity and action.", "entity", "action"),
		records: gauges("source_records", "Records of each section in the last document that was read, faulty "+
			"ones too.", "section"),
		problems: gauges("source_problems", "Problems in the last document that was read, by section and reason.",
			"section", "reason"),
		breached: gauges("limit_breached", "1 for each limit that the last document that was read breached, by "+
			"limit.", "limit"),
		runSeconds:   histograms("run_duration_seconds", "How long imports took, by result.", "result", ofRuns),
		stageSeconds: histograms("stage_duration_seconds", "How long the stages of imports took.", "stage", ofStages),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: "build_info",
		Help: "Always 1; the version is in the label.", ConstLabels: prometheus.Labels{"version": version}})
	build.Set(1)
	registry.MustRegister(collectors.NewGoCollector(collectors.WithGoCollectorMemStatsMetricsDisabled()),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), build,
		m.lastSuccess, m.lastCompletion, m.nextRun, m.snapshot, m.changed, m.eraEnds, m.nextEra, m.autoRoll,
		m.pausedSince, m.pausedUntil, m.inProgress, m.held, m.unchanged,
		m.databaseUp, m.lastDuration,
		m.bytes, m.runs, m.changes, m.attempts, m.planned, m.records, m.problems, m.breached, m.runSeconds,
		m.stageSeconds)
	m.fromTheStart()
	return m
}

func gauge(name, help string) prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help})
}

func gauges(name, help string, labels ...string) *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, labels)
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
}

func histograms(name, help, label string, buckets []float64) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help,
		Buckets: buckets}, []string{label})
}

// fromTheStart makes the series that a school is bound to have. Prometheus sees an increase
// only of a counter that was there before.
func (m *Metrics) fromTheStart() {
	for _, r := range results {
		m.runs.WithLabelValues(string(r))
		m.runSeconds.WithLabelValues(string(r))
	}
	for _, stage := range stages {
		m.stageSeconds.WithLabelValues(stage)
	}
	for _, outcome := range outcomes {
		m.attempts.WithLabelValues(outcome)
	}
	for _, entity := range entities {
		for _, action := range model.Actions {
			m.changes.WithLabelValues(string(entity), action.String())
			m.planned.WithLabelValues(string(entity), action.String())
		}
	}
	for _, section := range isams.Sections() {
		m.records.WithLabelValues(section)
	}
}

// ofTheImport is the value of a series that tells of one import.
func (m *Metrics) ofTheImport(vec *prometheus.GaugeVec, labels ...string) prometheus.Gauge {
	value := vec.WithLabelValues(labels...)
	m.lastImport[value] = true
	return value
}

// clear sets what was of the import before to 0. Series stay: a chart shows that it is over.
func (m *Metrics) clear() {
	for value := range m.lastImport {
		value.Set(0)
	}
}

// Looked takes over what the database says: other processes import too, and this one may
// have been started a moment ago.
func (m *Metrics) Looked(o daemon.Outlook) {
	m.databaseUp.Set(one(o.Away == nil))
	if o.Away != nil {
		return
	}
	m.nextRun.Set(stamp(o.Next))
	m.eraEnds.Set(endOf(o.EraEnds, o.Zone))
	m.nextEra.Set(one(o.HasNext))
	m.autoRoll.Set(one(o.Rolls))
	m.pausedSince.Set(0)
	m.pausedUntil.Set(endOf(o.Pause.To, o.Zone))
	if o.IsPaused() {
		m.pausedSince.Set(stamp(o.Pause.From.FirstIn(o.Zone)))
	}
	m.lastSuccess.Set(stamp(o.Imports.LastSuccess))
	m.changed.Set(stamp(o.Imports.LastNew))
	completed := m.failed // which the database may not have taken
	if len(o.Imports.Newest) > 0 && o.Imports.Newest[0].FinishedAt.After(completed) {
		completed = o.Imports.Newest[0].FinishedAt
	}
	m.lastCompletion.Set(stamp(completed))
	m.held.Set(one(len(o.Imports.Waiting) > 0))
}

// Began notes the beginning of an import.
func (m *Metrics) Began(at time.Time) {
	m.began = at
	m.inProgress.Set(1)
}

// Ended counts what an import did. When the last one ended is what the database says, at
// the look that follows.
func (m *Metrics) Ended(at time.Time, report report.Report, err error) {
	m.inProgress.Set(0)
	if importer.IsBusy(err) || importer.IsWithoutDocument(err) {
		return
	}
	took := at.Sub(m.began).Seconds()
	m.runs.WithLabelValues(string(report.Result)).Inc()
	m.runSeconds.WithLabelValues(string(report.Result)).Observe(took)
	for _, stage := range report.Stages {
		m.stageSeconds.WithLabelValues(stage.Name).Observe(stage.Seconds)
	}
	switch report.Result {
	case model.Failed:
		m.failed = at
		m.lastCompletion.Set(stamp(at))
	case model.Applied, model.Unchanged, model.Held:
		m.lastDuration.Set(took)
	}
	if report.Records == nil { // no document was read
		return
	}
	m.clear()
	for section, n := range report.Records {
		m.ofTheImport(m.records, section).Set(float64(n))
	}
	for _, p := range report.Problems {
		m.ofTheImport(m.problems, p.Section, string(p.Reason)).Add(float64(1 + p.More))
	}
	for _, f := range report.Guard {
		if f.Breached {
			m.ofTheImport(m.breached, f.Limit).Set(1)
		}
	}
	for _, c := range slices.Concat(report.Changes, report.Waiting) {
		m.ofTheImport(m.planned, string(c.Entity), c.Action.String()).Add(float64(c.Count))
	}
	if report.Result == model.Failed || report.Result == model.Aborted || report.Hold == model.HoldAll {
		return
	}
	for _, c := range report.Changes {
		m.changes.WithLabelValues(string(c.Entity), c.Action.String()).Add(float64(c.Count))
	}
	m.snapshot.Set(stamp(report.Taken))
	m.unchanged.Set(one(report.Source.Unchanged))
}

// Reflects notes when the document came that the database reflects.
func (m *Metrics) Reflects(since time.Time) { m.snapshot.Set(stamp(since)) }

// Attempted counts an attempt to fetch.
func (m *Metrics) Attempted(outcome string) {
	m.got = 0
	m.attempts.WithLabelValues(outcome).Inc()
}

// Downloaded notes how far the download of an attempt is, in bytes.
func (m *Metrics) Downloaded(bytes int64) {
	m.bytes.Add(float64(bytes - m.got))
	m.got = bytes
}

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

func stamp(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}

// endOf is the end of a day, 0 for none.
func endOf(d era.Date, zone *time.Location) float64 {
	if d == 0 {
		return 0
	}
	return stamp((d + 1).FirstIn(zone))
}
