package messages

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"misimportd/importer"
	"misimportd/importer/daemon"
	"misimportd/importer/report"
	"misimportd/store/model"
)

// Setup is what a Messenger goes by until it is given another.
type Setup struct {
	Settings *Settings // nil: nobody is told anything
	State    string    // the folder in which it remembers
	// Run reads the record of a run, and Problems what there is to mend by the newest document.
	Run      func(context.Context, model.ID) (report.Past, error)
	Problems func(context.Context) (report.ProblemList, error)
}

// Messenger tells people of what a daemon sees. It is a daemon.Watcher whose methods only take notes: what follows is
// done by the goroutine of Serve and those that it begins, so that no import ever waits for a message.
type Messenger struct {
	log     *slog.Logger
	now     func() time.Time
	metrics metrics
	open    func(Settings) ([]channel, error)
	looks   chan daemon.Outlook // the newest, if nobody has looked at it yet
	changed chan struct{}       // there is another setup; of capacity one

	mutex    sync.Mutex
	setup    Setup
	channels []channel
	wakes    []chan struct{} // of each channel: there is something to send
	memory   memory
	state    string // that memory is of

	taking sync.Mutex // apart from mutex, which is held while the memory is written: no import waits for a disk
	notes  notes
}

// notes are what a Messenger remembers while it runs.
type notes struct {
	began     time.Time // of the import under way, zero for none
	lastError string    // of the newest import, where no database took it
	failedAt  time.Time
}

// New makes a Messenger, and registers its metrics.
func New(registry prometheus.Registerer, log *slog.Logger) *Messenger {
	return &Messenger{log: log, now: time.Now, metrics: newMetrics(registry), open: Settings.channels,
		looks: make(chan daemon.Outlook, 1), changed: make(chan struct{}, 1)}
}

// Configure gives m another setup, and has what waits tried at once. It fails, and changes nothing, when the settings
// cannot be used.
func (m *Messenger) Configure(s Setup) error {
	var list []channel
	if s.Settings != nil {
		var err error
		if list, err = m.open(*s.Settings); err != nil {
			return err
		}
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.setup, m.channels, m.wakes = s, list, nil
	for range list {
		m.wakes = append(m.wakes, make(chan struct{}, 1))
	}
	m.remember()
	wake(m.changed)
	return nil
}

// remember reads the memory of the state folder, unless m has it, and drops what no channel waits for.
func (m *Messenger) remember() {
	if m.setup.Settings == nil {
		m.memory, m.state = memory{}, ""
		m.metrics.waiting.Set(0)
		return
	}
	if m.state != m.setup.State {
		var err error
		if m.memory, err = recall(m.setup.State); err != nil {
			m.log.Warn(err.Error())
		}
		m.state = m.setup.State
	}
	m.memory.Queue = slices.DeleteFunc(m.memory.Queue, func(q queued) bool {
		if slices.ContainsFunc(m.channels, func(c channel) bool { return c.name() == q.Channel }) {
			return false
		}
		m.log.Warn("a message is not sent: the configuration has its channel no more", "by", q.Channel, "kind",
			q.Message.Kind)
		return true
	})
	m.metrics.waiting.Set(float64(m.memory.waiting()))
}

// keep writes down what m knows. Without room on the disk it goes on, and may send something twice after a restart.
func (m *Messenger) keep() {
	if m.state == "" { // what was under way when the settings took messages away
		return
	}
	m.metrics.waiting.Set(float64(m.memory.waiting()))
	if err := m.memory.keep(m.state, m.now()); err != nil {
		m.log.Error("which messages were sent cannot be written down; after a restart some may come twice", "error",
			err)
	}
}

func wake(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Looked notes what the daemon found.
func (m *Messenger) Looked(o daemon.Outlook) {
	select {
	case <-m.looks: // the one before is old
	default:
	}
	m.looks <- o
}

// Began notes the beginning of an import.
func (m *Messenger) Began(at time.Time) { m.note(func(n *notes) { n.began = at }) }

// Ended notes the end of an import, and why it failed where no database took that.
func (m *Messenger) Ended(at time.Time, done report.Report, err error) {
	m.note(func(n *notes) {
		n.began = time.Time{}
		if importer.IsBusy(err) {
			return
		}
		n.lastError, n.failedAt = "", at
		if err != nil && done.Run == 0 {
			n.lastError = err.Error()
		}
	})
}

func (m *Messenger) note(how func(*notes)) {
	m.taking.Lock()
	defer m.taking.Unlock()
	how(&m.notes)
}

// Serve decides and delivers until ctx is done.
func (m *Messenger) Serve(ctx context.Context) {
	for ctx.Err() == nil {
		m.serve(ctx)
	}
}

// serve does so by one setup.
func (m *Messenger) serve(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	m.mutex.Lock()
	setup, channels, wakes := m.setup, m.channels, m.wakes
	select {
	case <-m.changed: // to this one
	default:
	}
	m.mutex.Unlock()
	var senders sync.WaitGroup
	for i, c := range channels {
		senders.Go(func() { m.deliver(ctx, c, wakes[i]) })
	}
	m.watch(ctx, setup)
	cancel()
	senders.Wait()
}

// watch looks at what the daemon sees until there is another setup. During an import the daemon does not look: then it
// goes by the look before.
func (m *Messenger) watch(ctx context.Context, setup Setup) {
	desk := desk{Messenger: m, Setup: setup}
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-m.changed:
			return
		case o := <-m.looks:
			desk.see(ctx, o)
		case <-tick.C:
			desk.again(ctx)
		}
	}
}
