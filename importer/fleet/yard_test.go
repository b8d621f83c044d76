//go:build !single

package fleet_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
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
	"misimportd/mis/isams/isamstest"
	"misimportd/store"
	"misimportd/store/storetest"
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
	Again: 300 * time.Millisecond, Stop: 2 * time.Second}

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
	w := &fleet.Worker{Fleet: f, ID: "w-" + strings.ToLower(rand.Text()[:8]), Version: "test", Address: "here",
		Jobs: max(1, jobs), MaxMemory: 1 << 30, Pace: quick, Registry: prometheus.NewRegistry(),
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

// yard is a fleet with all that it needs, for one test.
type yard struct {
	testing.TB
	url     string // of the fleet's database
	schools string // of the database that has a schema for each school
	raw     *sql.DB
	fleet   *fleet.Fleet
	wanted  fleet.Wanted
	web     *httptest.Server

	template *isamstest.School // of which all are copies

	mutex     sync.Mutex
	documents map[string][]byte // by school
	down      map[string]bool   // schools whose host answers nothing of use
	asked     map[string]int
}

// newYard sets a fleet up on the server of the tests.
func newYard(t testing.TB) *yard {
	t.Helper()
	return newYardOn(t, storetest.Database(t), storetest.Database(t))
}

// newYardOn sets a fleet up in a database, with the schools in another.
func newYardOn(t testing.TB, fleetURL, schoolsURL string) *yard {
	t.Helper()
	y := &yard{TB: t, url: fleetURL, schools: schoolsURL, documents: map[string][]byte{}, down: map[string]bool{},
		asked: map[string]int{}}
	y.web = httptest.NewServer(y)
	t.Cleanup(y.web.Close)
	if _, _, err := fleet.Init(context.Background(), y.url, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	var err error
	if y.fleet, err = fleet.Open(context.Background(), y.url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(y.fleet.Close)
	if y.raw, err = sql.Open("postgres", y.schools); err != nil {
		t.Fatal(err)
	}
	y.raw.SetMaxIdleConns(1)
	t.Cleanup(func() { _ = y.raw.Close() })
	y.wanted.Settings = fleet.Settings{StopPercent: 100, StopAtLeast: 1000}
	return y
}

var tiny = isamstest.Size{Pupils: 64, Staff: 6, Forms: 2, Sets: 4, SetLists: 120}

// add enters schools, each with a document of its own.
func (y *yard) add(names ...string) {
	y.Helper()
	for _, name := range names {
		y.give(name, isamstest.New(uint64(len(y.wanted.Schools)+1), tiny).Document())
		y.wanted.Schools = append(y.wanted.Schools, y.school(name))
	}
	y.apply()
}

// school is a school as a fleet knows it, in a schema of its own.
func (y *yard) school(name string) fleet.School {
	return fleet.School{Name: name, Zone: "UTC", Schedule: lastHour(), GiveUp: giveUp(), Database: "here",
		Configuration: y.databaseOf(name) + " " + y.web.URL}
}

// change changes a school that was entered.
func (y *yard) change(name string, how func(*fleet.School)) {
	y.Helper()
	for i := range y.wanted.Schools {
		if y.wanted.Schools[i].Name == name {
			how(&y.wanted.Schools[i])
		}
	}
	y.apply()
}

func (y *yard) databaseOf(name string) string { return y.schools + "&search_path=" + schemaOf(name) }

func schemaOf(name string) string { return "s_" + strings.ReplaceAll(name, "-", "_") }

// lastHour is a schedule of which one time came an hour ago, and the next comes in 23.
func lastHour() string {
	at := time.Now().UTC().Add(-time.Hour)
	return fmt.Sprintf("%d %d * * *", at.Minute(), at.Hour())
}

func giveUp() string { return time.Now().UTC().Add(6 * time.Hour).Format("15:04") }

func (y *yard) apply() {
	y.Helper()
	if _, err := y.fleet.Apply(context.Background(), y.wanted, true); err != nil {
		y.Fatal(err)
	}
}

func (y *yard) give(name string, document []byte) {
	y.mutex.Lock()
	defer y.mutex.Unlock()
	y.documents[name] = document
}

// ServeHTTP is the pretended iSAMS of all schools.
func (y *yard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("apiKey") // each school has its own
	y.mutex.Lock()
	document, isDown := y.documents[name], y.down[name]
	y.asked[name]++
	y.mutex.Unlock()
	if document == nil || isDown {
		http.Error(w, "not now", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	_, _ = w.Write(document)
}

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

// await waits until something is so.
func (y *yard) await(what string, is func() bool) {
	y.Helper()
	y.awaitFor(awaitMost, what, is)
}

// awaitLong waits for what takes long.
func (y *yard) awaitLong(what string, is func() bool) {
	y.Helper()
	y.awaitFor(time.Hour, what, is)
}

func (y *yard) awaitFor(most time.Duration, what string, is func() bool) {
	y.Helper()
	for begin := time.Now(); time.Since(begin) < most; time.Sleep(50 * time.Millisecond) {
		if is() {
			return
		}
	}
	o, err := y.fleet.Overview(context.Background())
	for _, s := range o.Standings {
		y.Logf("%s %s run %d %s (%s) next %s tries %d %s", s.School, s.State(o.At), s.Run, s.Result, s.Reason,
			s.Next.Format(time.TimeOnly), s.Tries, s.Worker)
	}
	y.Fatalf("waited for %s: %s is not so (%v, %+v)", most, what, err, o.Stop)
}

// standing is how a school stands.
func (y *yard) standing(name string) (found fleet.Standing) {
	y.Helper()
	o, err := y.fleet.Overview(context.Background())
	if err != nil {
		y.Logf("looking: %v", err)
		return found
	}
	for _, s := range o.Standings {
		if s.School == name {
			return s
		}
	}
	return found
}

// imports counts a school's imports that came to an end, by its own record.
func (y *yard) imports(name string) (n int) {
	y.Helper()
	var isThere bool
	schema := schemaOf(name)
	err := y.raw.QueryRow(`SELECT to_regclass($1) IS NOT NULL`, schema+".runs").Scan(&isThere)
	if err == nil && isThere {
		err = y.raw.QueryRow(`SELECT count(*) FROM ` + schema +
			`.runs WHERE kind = 'import' AND result IN ('applied', 'unchanged', 'held')`).Scan(&n)
	}
	if err != nil {
		y.Fatal(err)
	}
	return n
}

// areDone tells whether schools have had so many imports each.
func (y *yard) areDone(n int, names ...string) bool {
	for _, name := range names {
		if y.imports(name) < n {
			return false
		}
	}
	return true
}

// dayGoesBy moves the record of schools a day into the past: another night is due.
func (y *yard) dayGoesBy(names ...string) {
	y.Helper()
	for _, name := range names {
		if _, err := y.raw.Exec(`UPDATE ` + schemaOf(name) + `.runs SET started_at = started_at - interval '1 day',
			finished_at = finished_at - interval '1 day'`); err != nil {
			y.Fatal(err)
		}
	}
	y.exec(`UPDATE fleet.school_status SET next = now(), ran_at = ran_at - interval '1 day',
		ended_at = ended_at - interval '1 day', trouble_since = trouble_since - interval '1 day'`)
}

// exec changes the fleet's database behind its back.
func (y *yard) exec(statement string) {
	y.Helper()
	execIn(y.TB, y.url, statement)
}

func execIn(t testing.TB, database, statement string) {
	t.Helper()
	db, err := sql.Open("postgres", database)
	if err == nil {
		_, err = db.Exec(statement)
	}
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// names are those of n schools.
func names(n int) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprintf("school-%03d", i+1))
	}
	return list
}

// eachHas checks that each school has exactly so many imports.
func (y *yard) eachHas(n int, names ...string) {
	y.Helper()
	for _, name := range names {
		if has := y.imports(name); has != n {
			y.Errorf("%s has %d imports, and should have %d", name, has, n)
		}
		if n > 0 {
			y.hasItsDocuments(name)
		}
	}
}

// hasItsDocuments checks that no document of a school is lost: each that a run read is archived, the one that the
// newest
// read is Current, and none waits.
func (y *yard) hasItsDocuments(name string) {
	y.Helper()
	schema := schemaOf(name)
	var lost, current, waits int
	err := y.raw.QueryRow(`SELECT
		(SELECT count(*) FROM `+schema+`.runs r WHERE result IN ('applied', 'held')
			AND NOT EXISTS (SELECT FROM `+schema+`.documents d WHERE d.place = 'Archive' AND d.run_id = r.id)),
		(SELECT count(*) FROM `+schema+`.documents WHERE place = 'Current'),
		(SELECT count(*) FROM `+schema+`.documents WHERE place = 'PreFetched')`).Scan(&lost, &current, &waits)
	if err != nil || lost != 0 || current != 1 || waits != 0 {
		y.Errorf("%s: the documents of %d runs are lost, %d are Current, %d wait (%v)", name, lost, current, waits, err)
	}
}

// nothingLeft checks that no lock is left, and no school in hand.
func (y *yard) nothingLeft() {
	y.Helper()
	var locks int
	if err := y.raw.QueryRow(`SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
		WHERE l.locktype = 'advisory' AND d.datname = current_database()`).Scan(&locks); err != nil || locks != 0 {
		y.Errorf("%d locks are left (%v)", locks, err)
	}
	o, err := y.fleet.Overview(context.Background())
	if err != nil {
		y.Error(err)
	}
	for _, s := range o.Standings {
		if s.Worker != "" {
			y.Errorf("%s is said to be in hand of %s", s.School, s.Worker)
		}
	}
}

const awaitMost = time.Minute

func asError[T error](err error, target *T) bool { return errors.As(err, target) }
