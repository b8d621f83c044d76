//go:build !single

package fleet

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"misimportd/importer/report"
	"misimportd/store/model"
)

// metrics are what Prometheus sees of a worker, and of the fleet where the worker leads it: then, and only then, there
// is one series for each school. No label of a histogram holds a school.
type metrics struct {
	runs   *prometheus.CounterVec
	took   prometheus.Histogram
	leader *leaderMetrics
}

var results = []model.Result{model.Applied, model.Unchanged, model.Held, model.Failed, model.Aborted}

func newMetrics(registry prometheus.Registerer, w *Worker) *metrics {
	m := &metrics{
		runs: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "fleet_runs_total",
			Help: "Imports that this worker made, by result."}, []string{"result"}),
		took: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "fleet_job_duration_seconds",
			Help:    "How long this worker took for a school's job, looking only included.",
			Buckets: []float64{.1, 1, 3, 10, 30, 100, 600, 3600}}),
		leader: &leaderMetrics{worker: w},
	}
	for _, result := range results {
		m.runs.WithLabelValues(string(result))
	}
	registry.MustRegister(m.runs, m.took, m.leader, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		gaugeFunc("fleet_jobs_running", "Schools that this worker has in hand.", func() float64 {
			return float64(w.atWork())
		}),
		gaugeFunc("fleet_memory_taken_bytes", "What the imports under way are reckoned to take, of max_memory.",
			func() float64 { return float64(w.memory.taken()) }),
		gaugeFunc("fleet_leader", "1 on the worker that leads the fleet.",
			func() float64 { return oneIf(w.health.leader()) }),
		gaugeFunc("fleet_database_up", "1 when this worker could read the fleet's database at its last look.",
			func() float64 { return oneIf(w.health.ready() == nil) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "misimport_build_info", Help: "Which version this is.",
			ConstLabels: prometheus.Labels{"version": w.Version}}, func() float64 { return 1 }))
	return m
}

func gaugeFunc(name, help string, of func() float64) prometheus.GaugeFunc {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, of)
}

func oneIf(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// ended notes how a job ended.
func (m *metrics) ended(e ending, took time.Duration) {
	m.took.Observe(took.Seconds())
	if e.attempt != nil || e.report.Result == model.Aborted {
		m.runs.WithLabelValues(string(resultOf(e.report))).Inc()
	}
}

func resultOf(done report.Report) model.Result {
	if slices.Contains(results, done.Result) {
		return done.Result
	}
	return model.Failed
}

// look reads the fleet for those who scrape its leader.
func (m *metrics) look(ctx context.Context, f *Fleet) error {
	ctx, cancel := context.WithTimeout(ctx, askAtMost)
	defer cancel()
	seen, err := f.counts(ctx)
	if err == nil {
		m.leader.set(seen)
	}
	return err
}

// leaderMetrics are those of the fleet as a whole.
type leaderMetrics struct {
	worker *Worker
	mutex  sync.Mutex
	seen   counts
}

// counts is a fleet in numbers.
type counts struct {
	states      map[string]int
	lag         time.Duration
	workers     int
	stopped     bool
	lastSuccess map[string]time.Time // by school
}

func (l *leaderMetrics) set(seen counts) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.seen = seen
}

func (l *leaderMetrics) isKnown() bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.seen.states != nil
}

var (
	schoolsDesc = prometheus.NewDesc("fleet_schools", "Schools of the fleet, by state; each has one.",
		[]string{"state"}, nil)
	lagDesc = prometheus.NewDesc("fleet_lag_seconds",
		"How long the school has been due that has waited longest and has not begun.", nil, nil)
	workersDesc = prometheus.NewDesc("fleet_workers", "Workers that have shown within a minute that they live.", nil,
		nil)
	stoppedDesc = prometheus.NewDesc("fleet_stopped",
		"1 while no nights are begun, for the fleet's guard has stopped them.", nil, nil)
	successDesc = prometheus.NewDesc("fleet_school_last_success_timestamp_seconds",
		"When an import of a school last ended well, in seconds since 1970, 0 for never.", []string{"school"}, nil)
)

// Describe is for the registry.
func (l *leaderMetrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{schoolsDesc, lagDesc, workersDesc, stoppedDesc, successDesc} {
		to <- d
	}
}

// Collect is for the registry. A worker that does not lead has nothing to say.
func (l *leaderMetrics) Collect(to chan<- prometheus.Metric) {
	if !l.worker.health.leader() {
		return
	}
	l.mutex.Lock()
	seen := l.seen
	l.mutex.Unlock()
	tell := func(desc *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	for _, state := range States {
		tell(schoolsDesc, float64(seen.states[state]), state)
	}
	tell(lagDesc, seen.lag.Seconds())
	tell(workersDesc, float64(seen.workers))
	tell(stoppedDesc, oneIf(seen.stopped))
	for _, school := range slices.Sorted(maps.Keys(seen.lastSuccess)) {
		at := seen.lastSuccess[school]
		seconds := 0.0
		if !at.IsZero() {
			seconds = float64(at.UnixMilli()) / 1000
		}
		tell(successDesc, seconds, school)
	}
}

// counts reads the fleet in numbers.
func (f *Fleet) counts(ctx context.Context) (counts, error) {
	o, err := f.Overview(ctx)
	c := counts{states: map[string]int{}, lag: o.Lag, stopped: o.Stop != nil, lastSuccess: map[string]time.Time{}}
	for _, s := range o.Standings {
		c.states[s.State(o.At)]++
		c.lastSuccess[s.School] = s.LastSuccess.Time
	}
	for _, w := range o.Workers {
		if o.At.Sub(w.Seen) < time.Minute {
			c.workers++
		}
	}
	return c, err
}
