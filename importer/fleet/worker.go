//go:build !single

package fleet

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"misimportd/importer/daemon"
)

// Opened is a school that is ready to be imported.
type Opened struct {
	Setup *daemon.Setup
	Host  string       // that is asked for documents, "" for none
	Close func() error // releases what was opened for it

	// LastGoodAfter is for how long a night has to be tried in vain before it goes on with an older document, where the
	// school allows that.
	LastGoodAfter time.Duration
}

// Worker takes schools' nights and makes them. All fields have to be set, but for those that say what zero means.
type Worker struct {
	Fleet     *Fleet
	ID        string // no other worker has it
	Version   string
	Machine   string // by which people know where it is
	Address   string // from which hosts are asked: workers that share it share its limit
	Jobs      int    // schools at once
	MaxMemory int64  // bytes that all imports may take together
	Open      func(context.Context, School) (*Opened, error)
	Registry  prometheus.Registerer
	Log       *slog.Logger
	Pace      Pace             // the zero one is the usual
	Clock     func() time.Time // of this machine; nil is time.Now

	clock   clock
	memory  *memory
	silent  silentServers
	metrics *metrics
	health  health
	queue   inserter

	mutex  sync.Mutex
	inHand map[int64]string    // schools, by job
	ended  map[int64]time.Time // jobs that were in hand until then: River may be about to note their end
}

// Pace is how often a worker does what it does by the clock.
type Pace struct {
	Beat  time.Duration // to show that it lives
	Dead  time.Duration // for so long unseen, others take it for dead
	Tick  time.Duration // to queue what is due, as the leader
	Again time.Duration // to look again at a school whose lock somebody has
	Quiet time.Duration // to ask a server again that said nothing, for all of its schools together
	Stop  time.Duration // for imports to come to an end when the worker is to stop; then they are rolled back
}

// usual takes up the school of a worker that was killed within a minute and a half.
var usual = Pace{Beat: 10 * time.Second, Dead: 45 * time.Second, Tick: 55 * time.Second, Again: 30 * time.Second,
	Quiet: 2 * time.Minute, Stop: 15 * time.Second}

// Work takes jobs until ctx is done, and then comes to an end within half a minute. It fails at once when it cannot
// begin.
func (w *Worker) Work(ctx context.Context) error {
	w.inHand, w.ended = map[int64]string{}, map[int64]time.Time{}
	if w.Pace == (Pace{}) {
		w.Pace = usual
	}
	if w.Clock == nil {
		w.Clock = time.Now
	}
	w.memory = newMemory(w.MaxMemory)
	w.metrics = newMetrics(w.Registry, w)
	var err error
	if w.queue, err = newInserter(w.Fleet.pool); err != nil {
		return err
	}
	if err := w.beat(ctx); err != nil {
		return err
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &delivery{worker: w})
	client, err := river.NewClient(riverpgxv5.New(w.Fleet.pool), &river.Config{
		ID: w.ID, Schema: schema, Workers: workers, Logger: slog.New(quieter{w.Log.Handler(), &lately{}}),
		Queues:     map[string]river.QueueConfig{queue: {MaxWorkers: w.Jobs}},
		JobTimeout: -1, RescueStuckJobsAfter: neverByTime, // a beat decides who is dead, and not how long it takes
		CompletedJobRetentionPeriod: 24 * time.Hour, SoftStopTimeout: w.Pace.Stop,
	})
	if err != nil {
		return err
	}
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	if err := client.Start(working); err != nil {
		return w.Fleet.failed("starting to work", err)
	}
	w.Log.Info("ready", "worker", w.ID, "fleet", w.Fleet.String(), "jobs", w.Jobs)
	beating := make(chan struct{})
	go func() {
		defer close(beating)
		w.keepBeating(working)
	}()
	<-ctx.Done()
	w.Log.Info("stopping", "at work", w.atWork())
	stop() // begins the soft stop
	<-client.Stopped()
	<-beating
	w.leave(context.WithoutCancel(ctx))
	w.Log.Info("stopped")
	return nil
}

// neverByTime is longer than any import takes.
const neverByTime = 30 * 24 * time.Hour

// atWork is how many schools are in hand.
func (w *Worker) atWork() int {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return len(w.inHand)
}

// hold notes that a job is in hand until release is called.
func (w *Worker) hold(job int64, school string) (release func()) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.inHand[job] = school
	return func() {
		w.mutex.Lock()
		defer w.mutex.Unlock()
		delete(w.inHand, job)
		w.ended[job] = time.Now()
	}
}

// known are the jobs in hand, and those that were a moment ago.
func (w *Worker) known() []int64 {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	maps.DeleteFunc(w.ended, func(_ int64, at time.Time) bool { return time.Since(at) > w.Pace.Dead })
	return emptyNotNull(slices.Concat(slices.Collect(maps.Keys(w.inHand)), slices.Collect(maps.Keys(w.ended))))
}

// now is the time by the clock of the fleet's database: this machine's may be wrong.
func (w *Worker) now() time.Time { return w.Clock().Add(w.clock.offset()) }

// Now is the time by the clock of the fleet's database, once the worker works.
func (w *Worker) Now() time.Time {
	if w.Clock == nil {
		return time.Now()
	}
	return w.now()
}

// Ready tells why the worker is of no use now, nil when it is.
func (w *Worker) Ready() error { return w.health.ready() }

// Well tells why the worker is stuck, nil when it is not: a database that is away is no reason.
func (w *Worker) Well() error { return w.health.well() }

// Line tells in one line what the worker is at.
func (w *Worker) Line() string {
	if err := w.Ready(); err != nil {
		return err.Error()
	}
	return fmt.Sprintf("at work on %d of %d schools at once", w.atWork(), w.Jobs)
}

// delivery is what River hands jobs to.
type delivery struct {
	river.WorkerDefaults[Night]
	worker *Worker
}

// Timeout says that River ends no job: an import takes what it takes.
func (d *delivery) Timeout(*river.Job[Night]) time.Duration { return -1 }

// NextRetry says when a job comes again that could not be taken or finished, for the fleet's database was away.
func (d *delivery) NextRetry(*river.Job[Night]) time.Time { return d.worker.now().Add(time.Second) }

// Work makes one attempt at a school's night, and another at once when somebody asks for that meanwhile: the school
// cannot be queued as long as it has a job.
func (d *delivery) Work(ctx context.Context, job *river.Job[Night]) error {
	const most = 3
	w := d.worker
	defer w.hold(job.ID, job.Args.School)()
	for range most {
		began := time.Now()
		t, isThere, err := w.take(ctx, job.Args)
		if err != nil || !isThere {
			return err
		}
		end := w.attend(ctx, t)
		w.metrics.ended(end, time.Since(began))
		again, err := w.finish(ctx, t, end)
		if err != nil || !again || ctx.Err() != nil {
			return err
		}
	}
	return nil
}

// quieter keeps River from telling what is told elsewhere, or is nobody's business: while the fleet's database is
// away it says the same again and again.
type quieter struct {
	slog.Handler
	said *lately
}

// lately is when something was said last.
type lately struct {
	mutex sync.Mutex
	at    time.Time
}

// sayOnceIn is how long River is not heard again.
const sayOnceIn = time.Minute

// Enabled tells whether a record is of interest.
func (q quieter) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && q.Handler.Enabled(ctx, level)
}

// Handle tells it, unless something was told a moment ago.
func (q quieter) Handle(ctx context.Context, r slog.Record) error {
	q.said.mutex.Lock()
	tells := time.Since(q.said.at) > sayOnceIn
	if tells {
		q.said.at = time.Now()
	}
	q.said.mutex.Unlock()
	if !tells {
		return nil
	}
	return q.Handler.Handle(ctx, r)
}

// WithAttrs keeps it so.
func (q quieter) WithAttrs(attrs []slog.Attr) slog.Handler {
	return quieter{q.Handler.WithAttrs(attrs), q.said}
}

// WithGroup keeps it so.
func (q quieter) WithGroup(name string) slog.Handler {
	return quieter{q.Handler.WithGroup(name), q.said}
}

var errStuck = errors.New("the worker is stuck: it has not come round to showing that it lives")
