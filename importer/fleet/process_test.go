//go:build !single

package fleet_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "github.com/lib/pq" // the driver postgres
	"github.com/prometheus/client_golang/prometheus"

	"misimportd/era"
	"misimportd/importer"
	"misimportd/importer/daemon"
	"misimportd/importer/fleet"
	"misimportd/importer/guard"
	"misimportd/mis/cache"
	"misimportd/mis/isams/batch"
	"misimportd/store"
)

// A worker of these tests is a process: this test's own program, told so by the environment.
const workerIs = "MISIMPORTD_TEST_WORKER"

func TestMain(m *testing.M) {
	if os.Getenv(workerIs) != "" {
		if err := beWorker(); err != nil {
			fmt.Println("failed:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// quick is a pace at which a test sees what takes minutes otherwise.
var quick = fleet.Pace{Beat: 200 * time.Millisecond, Dead: 1500 * time.Millisecond, Tick: 700 * time.Millisecond,
	Again: 300 * time.Millisecond, Quiet: 2 * time.Second, Stop: 2 * time.Second}

// beWorker works for a fleet until it is told to stop.
func beWorker() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	f, err := fleet.Open(ctx, os.Getenv(workerIs))
	if err != nil {
		return err
	}
	defer f.Close()
	jobs, _ := strconv.Atoi(os.Getenv("WORKER_JOBS"))
	w := &fleet.Worker{Fleet: f, ID: "w-" + strings.ToLower(rand.Text()[:8]), Version: "test", Machine: "here",
		Address: "here", Jobs: max(1, jobs), MaxMemory: 1 << 30, Pace: quick, Registry: prometheus.NewRegistry(),
		Log: slog.New(slog.NewTextHandler(os.Stdout, nil)), Open: openIn(os.Getenv("WORKER_FOLDER"))}
	if shift, err := time.ParseDuration(os.Getenv("WORKER_CLOCK")); err == nil {
		w.Clock = func() time.Time { return time.Now().Add(shift) }
	}
	return w.Work(ctx)
}

// openIn opens schools whose configuration is the URL of their database and that of their documents.
func openIn(folder string) func(context.Context, fleet.School) (*fleet.Opened, error) {
	return func(_ context.Context, school fleet.School) (*fleet.Opened, error) {
		database, from, _ := strings.Cut(school.Configuration, " ")
		if schema, isThere := strings.CutPrefix(database, os.Getenv("WORKER_INSTEAD")); isThere && schema != database {
			database = os.Getenv("WORKER_THROUGH") + schema
		}
		zone, err := time.LoadLocation(school.Zone)
		if err != nil {
			return nil, err
		}
		schedule, err := daemon.NewSchedule(school.Schedule, school.GiveUp, zone)
		if err != nil {
			return nil, err
		}
		db, err := store.Prepare(database)
		if err != nil {
			return nil, err
		}
		db.BeginSchema = true
		log := slog.New(slog.DiscardHandler)
		client, err := batch.NewClient(batch.Settings{URL: from, InsecureHTTP: true, Timeout: 20 * time.Second,
			Connect: 5 * time.Second, Stall: 10 * time.Second, RetryFirst: 50 * time.Millisecond,
			RetryMost: 200 * time.Millisecond, MaxSize: 1 << 30, Requests: []batch.Request{{Key: school.Name}}}, log)
		if err != nil {
			return nil, err
		}
		state := filepath.Join(folder, school.Name)
		if err := os.MkdirAll(state, 0o700); err != nil {
			return nil, err
		}
		im := &importer.Importer{DB: db, State: homeOf(db, cache.Folder(state)), Zone: zone, Version: "test",
			AcademicYearStarts: era.FirstSeptember,
			Guard:              guard.NewGuard(), Log: log, Fetching: importer.Fetching{Client: client, Anew: true}}
		im.Progress = func(stage string) { misbehave(school.Name, stage) }
		return &fleet.Opened{Setup: &daemon.Setup{Importer: im, Schedule: schedule}, Host: "mis", Close: db.Close}, nil
	}
}

// misbehave has a school of some names kill its worker, or take long.
func misbehave(school, stage string) {
	switch {
	case stage != "diff":
	case strings.HasPrefix(school, "poison"):
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case strings.HasPrefix(school, "slow"):
		time.Sleep(3 * time.Second)
	}
}

// homeOf is where a school's documents are: in its database, so that any worker can take it.
func homeOf(db *store.DB, folder cache.Folder) cache.Home { return importer.InDatabase(db, folder) }

// process is a worker that was started.
type process struct {
	testing.TB
	cmd   *exec.Cmd
	ended chan struct{}
	mutex sync.Mutex
	said  strings.Builder
}

// work starts a worker.
func (y *yard) work(env ...string) *process {
	y.Helper()
	p, err := y.start(env...)
	if err != nil {
		y.Fatal(err)
	}
	y.Cleanup(func() {
		_ = p.cmd.Process.Signal(syscall.SIGCONT)
		_ = p.cmd.Process.Kill()
		<-p.ended
		if y.Failed() {
			y.Log(p.log())
		}
	})
	return p
}

// start starts a worker, whose end is the caller's to see to.
func (y *yard) start(env ...string) (*process, error) {
	p := &process{TB: y.TB, cmd: exec.Command(os.Args[0]), ended: make(chan struct{})}
	folder, err := os.MkdirTemp(y.TempDir(), "worker")
	if err != nil {
		return nil, err
	}
	p.cmd.Env = append(append(os.Environ(), workerIs+"="+y.url, "WORKER_FOLDER="+folder, "WORKER_JOBS=2"), env...)
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.cmd.Stderr = p.cmd.Stdout
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			p.mutex.Lock()
			p.said.WriteString(lines.Text() + "\n")
			p.mutex.Unlock()
		}
		_, _ = io.Copy(io.Discard, out)
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

func (p *process) log() string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.said.String()
}

func (p *process) signal(s syscall.Signal) {
	p.Helper()
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.Fatal(err)
	}
}

// isOver tells whether the process has ended.
func (p *process) isOver() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// stop tells the worker to stop and waits for that.
func (p *process) stop() {
	p.Helper()
	p.signal(syscall.SIGTERM)
	select {
	case <-p.ended:
		if code := p.cmd.ProcessState.ExitCode(); code != 0 {
			p.Errorf("the worker ended with %d\n%s", code, p.log())
		}
	case <-time.After(time.Minute):
		p.Fatalf("the worker does not stop\n%s", p.log())
	}
}
