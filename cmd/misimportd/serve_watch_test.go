package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"misimportd/store/storetest"
)

// tool is the path of a program that "make test" finds or fetches.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("this test needs %s: run \"make test\", or \".ci/with-tools go test ./...\"", name)
	}
	return path
}

// gateway is a way to a PostgreSQL server that can be closed.
type gateway struct {
	socket string // the server's
	at     string // the gateway's address
	mutex  sync.Mutex
	open   net.Listener
	conns  []net.Conn
	frozen sync.RWMutex // held for writing: what comes is not passed on
}

// pass copies, and holds back what comes while the gateway is frozen.
func (g *gateway) pass(to, from net.Conn) {
	defer func() { _ = to.Close() }()
	for buffer := make([]byte, 1<<12); ; {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		g.frozen.RLock()
		_, err = to.Write(buffer[:n])
		g.frozen.RUnlock()
		if err != nil {
			return
		}
	}
}

// newGateway leads to the server of a database that listens on a socket, and is closed. It
// returns the database's URL through it.
func newGateway(t *testing.T, database string) (*gateway, string) {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	g := &gateway{socket: filepath.Join(query.Get("host"), ".s.PGSQL.5432")}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g.at = listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.shut)
	query.Del("host")
	query.Set("sslmode", "disable")
	u.Host, u.RawQuery = g.at, query.Encode()
	return g, u.String()
}

func (g *gateway) let(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("tcp", g.at)
	if err != nil {
		t.Fatal(err)
	}
	g.mutex.Lock()
	g.open = listener
	g.mutex.Unlock()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("unix", g.socket)
			if err != nil {
				_ = conn.Close()
				continue
			}
			g.mutex.Lock()
			g.conns = append(g.conns, conn, server)
			g.mutex.Unlock()
			go g.pass(conn, server)
			go g.pass(server, conn)
		}
	}()
}

// shut cuts all connections and lets none in.
func (g *gateway) shut() {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if g.open != nil {
		_ = g.open.Close()
	}
	for _, conn := range g.conns {
		_ = conn.Close()
	}
	g.open, g.conns = nil, nil
}

// manager is a pretend systemd: what it was told.
type pretendManager struct {
	mutex sync.Mutex
	told  []string
}

func newPretendManager(t *testing.T) (m *pretendManager, env []string) {
	t.Helper()
	folder, err := os.MkdirTemp("", "notify") // a socket's path has to be short
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "s")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		_ = os.RemoveAll(folder)
	})
	m = &pretendManager{}
	go func() {
		for buffer := make([]byte, 4096); ; {
			n, err := conn.Read(buffer)
			if err != nil {
				return
			}
			m.mutex.Lock()
			m.told = append(m.told, string(buffer[:n]))
			m.mutex.Unlock()
		}
	}()
	return m, []string{"NOTIFY_SOCKET=" + path, "WATCHDOG_USEC=600000"}
}

func (m *pretendManager) count(pattern string) int {
	wanted := regexp.MustCompile(pattern)
	m.mutex.Lock()
	defer m.mutex.Unlock()
	n := 0
	for _, line := range m.told {
		if wanted.MatchString(line) {
			n++
		}
	}
	return n
}

func (m *pretendManager) await(t *testing.T, pattern string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); m.count(pattern) == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("systemd was not told %s, but %q", pattern, m.told)
		}
	}
}

// TestServeWithoutItsDatabase waits for a database that is not up yet, and for one that
// goes away in the middle of an import, tells of it, and feeds the watchdog all the while.
func TestServeWithoutItsDatabase(t *testing.T) {
	t.Parallel()
	misimportd := program(t)
	s := newStation(t, misimportd)
	s.daemonConfigured("")
	direct := storetest.Postgres(t)
	gate, database := newGateway(t, direct)
	m, env := newPretendManager(t)
	d := s.serve(append(env, "MISIMPORTD_DATABASE="+database)...)
	d.await(`level=WARN msg="waiting for the database" error=".*connection refused; is PostgreSQL running`)
	m.await(t, `^READY=1`)
	m.await(t, `^STATUS=waiting for the database: `)
	fed := m.count("WATCHDOG=1")
	if code, text := d.get("/healthz"); code != 200 || !strings.Contains(text, "waiting for the database") {
		t.Errorf("%d %s", code, text)
	}
	if up := d.value("misimport_database_up"); up != "0" {
		t.Errorf("database_up is %s", up)
	}
	gate.let(t)
	d.await(`result=applied`)
	m.await(t, `^STATUS=importing: `)
	m.await(t, `^STATUS=waiting for the next import, \w+ \d+ \w+ \d{4} \d\d:\d\d UTC; the last was run 1, applied`)
	if up := d.value("misimport_database_up"); up != "1" {
		t.Errorf("database_up is %s", up)
	}

	// It goes away while an import waits in it.
	s.server.Night()
	raw := storetest.Raw(t, direct)
	tx, err := raw.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec("LOCK TABLE memberships IN SHARE MODE"); err != nil {
		t.Fatal(err)
	}
	from := d.mark()
	d.signal(syscall.SIGUSR1)
	d.awaitAfter(from, `msg="stage begins" stage=apply`)
	time.Sleep(100 * time.Millisecond)
	gate.shut()
	d.awaitAfter(from, `level=ERROR msg="the import failed and changed nothing: `)
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	d.awaitAfter(from, `msg="waiting for the database"`)
	gate.let(t)
	d.awaitAfter(from, `msg="the database is there again"`)
	d.signal(syscall.SIGUSR1)
	d.awaitAfter(from, `result=applied`)
	if again := m.count("WATCHDOG=1"); again <= fed {
		t.Errorf("the watchdog was fed %d times, and then %d", fed, again)
	}
	d.signal(syscall.SIGHUP)
	m.await(t, `^RELOADING=1\nMONOTONIC_USEC=\d+`)
	d.awaitAfter(from, "reloaded")
	d.stop()
	m.await(t, `^STOPPING=1`)
}

// TestServeWithADatabaseThatIsSilent has a connection that is open and says nothing, at the
// start and later: it is told as away, the watchdog is fed, an end is an end, and when the
// database speaks again all goes on.
func TestServeWithADatabaseThatIsSilent(t *testing.T) {
	t.Parallel()
	misimportd := program(t)
	s := newStation(t, misimportd)
	s.daemonConfigured("")
	gate, database := newGateway(t, storetest.Postgres(t))
	gate.let(t)
	gate.frozen.Lock()
	env := "MISIMPORTD_DATABASE=" + database

	d := s.begin(env)
	time.Sleep(500 * time.Millisecond)
	d.signal(syscall.SIGTERM) // while it starts
	if status := d.ended(); status != 0 || !strings.Contains(d.said(), "stopped before it had begun") {
		t.Errorf("%d\n%s", status, d.said())
	}

	m, notify := newPretendManager(t)
	d = s.begin(append(notify, env)...)
	d.await(`level=WARN msg="waiting for the database" error="the database has not answered for 20s"`)
	d.at = "http://" + d.await(`msg=answering at=(\S+)`)[1]
	if up := d.value("misimport_database_up"); up != "0" {
		t.Errorf("database_up is %s", up)
	}
	fed := m.count("WATCHDOG=1")
	time.Sleep(time.Second)
	if m.count("WATCHDOG=1") == fed {
		t.Error("the watchdog is not fed")
	}
	gate.frozen.Unlock()
	d.await("result=applied")
	gate.frozen.Lock()
	defer gate.frozen.Unlock()
	d.signal(syscall.SIGUSR1) // it looks, and hears nothing
	time.Sleep(500 * time.Millisecond)
	begin := time.Now()
	d.stop()
	const soon = 10 * time.Second
	if took := time.Since(begin); took > soon {
		t.Errorf("it took %s to end", took)
	}
}

// TestServeWithFailuresThatCannotBeRecorded does not try again and again without a pause.
func TestServeWithFailuresThatCannotBeRecorded(t *testing.T) {
	t.Parallel()
	misimportd := program(t)
	s := newStation(t, misimportd)
	s.daemonConfigured("")
	database := storetest.Postgres(t)
	if out, err := exec.Command(misimportd, "era", "create", "2020/21", "--from", "2020-09-01", "--to", "2021-08-31", "--database", database).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	raw := storetest.Raw(t, database)
	for _, statement := range []string{
		`CREATE FUNCTION full_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no space left' USING ERRCODE = '53100'; END $$`,
		`CREATE TRIGGER runs_full BEFORE INSERT ON runs FOR EACH ROW EXECUTE FUNCTION full_up()`,
	} {
		if _, err := raw.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	d := s.serve("MISIMPORTD_DATABASE=" + database)
	d.await(`msg="the failed run could not be recorded"`)
	time.Sleep(5 * time.Second)
	if n := strings.Count(d.said(), "could not be recorded"); n != 1 {
		t.Errorf("%d imports in 5 s", n)
	}
	if completed := d.value("misimport_last_completion_timestamp_seconds"); completed == "0" {
		t.Error("the failure is not counted as an end")
	}
	d.stop()
}

// TestHealthIsNotTheFiles asks a service that goes on with an older configuration.
func TestHealthIsNotTheFiles(t *testing.T) {
	t.Parallel()
	misimportd := program(t)
	s := newStation(t, misimportd)
	s.daemonConfigured("")
	d := s.serve()
	d.await("result=applied")
	s.write("config.yml", "shedule: never\nlisten: "+strings.TrimPrefix(d.at, "http://")+"\n")
	d.signal(syscall.SIGHUP)
	d.await("the configuration was not reloaded")
	out, err := exec.Command(misimportd, "healthcheck", "--config", filepath.Join(s.state, "config.yml")).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "the configuration on disk was refused, and the one before goes on") {
		t.Errorf("%v %s", err, out)
	}
	// A hundred connections that say nothing, and stay, are not in anybody's way for long.
	for range 100 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(d.at, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
	}
	if code, _ := d.get("/healthz"); code != 200 {
		t.Error(code)
	}
	d.stop()
}

// TestServeIsAnswering with TLS and a password, when it is asked for.
func TestServeIsAnswering(t *testing.T) {
	t.Parallel()
	misimportd := program(t)
	s := newStation(t, misimportd)
	hash, err := bcrypt.GenerateFromPassword([]byte("hunter2"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	certificate := exec.Command("go", "run", filepath.Join(strings.TrimSpace(string(out)), "src/crypto/tls/generate_cert.go"), "--host", "localhost,127.0.0.1")
	certificate.Dir = s.state
	if out, err := certificate.CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	s.write("web.yml", fmt.Sprintf("tls_server_config: {cert_file: cert.pem, key_file: key.pem}\nbasic_auth_users: {prometheus: '%s'}\n", hash))
	s.daemonConfigured("web_config_file: web.yml\n")
	d := s.serve()
	curl := func(args ...string) string {
		out, err := exec.Command(tool(t, "curl"), append(args, "-sS", "--cacert", filepath.Join(s.state, "cert.pem"), strings.Replace(d.at, "http:", "https:", 1)+"/healthz")...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v %s", err, out)
		}
		return string(out)
	}
	if said := curl(); !strings.Contains(said, "Unauthorized") {
		t.Error(said)
	}
	if said := curl("-u", "prometheus:hunter2"); !strings.HasPrefix(said, "well: ") {
		t.Error(said)
	}
	if out, err := exec.Command(misimportd, "healthcheck", "--listen", strings.TrimPrefix(d.at, "http://")).CombinedOutput(); err != nil || string(out) != "it answers, and wants a password\n" {
		t.Errorf("%v %s", err, out)
	}
	d.stop()
	if out, err := exec.Command(misimportd, "healthcheck", "--listen", strings.TrimPrefix(d.at, "http://")).CombinedOutput(); err == nil || !strings.Contains(string(out), "does not answer") {
		t.Errorf("%v %s", err, out)
	}
}

// TestAThousandHostileRequests leaves the service answering, importing, and as it was.
func TestAThousandHostileRequests(t *testing.T) {
	t.Parallel()
	misimportd := program(t)
	s := newStation(t, misimportd)
	s.daemonConfigured("")
	d := s.serve()
	d.await("result=applied")
	at := strings.TrimPrefix(d.at, "http://")
	goroutines, files := d.value("go_goroutines"), d.value("process_open_fds")
	random := rand.New(rand.NewPCG(1, 1))
	long := strings.Repeat("a", 1<<20)
	noise := func() string {
		b := make([]byte, random.IntN(3000))
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return string(b)
	}
	kinds := []struct {
		name string
		text func() string
		slow bool
	}{
		{"oversized header", func() string { return "GET /metrics HTTP/1.1\r\nHost: x\r\nX: " + long + "\r\n\r\n" }, false},
		{"oversized address", func() string { return "GET /" + long + " HTTP/1.1\r\nHost: x\r\n\r\n" }, false},
		{"oversized body", func() string {
			return "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n" + long
		}, false},
		{"noise", noise, false},
		{"noise after a beginning", func() string { return "GET /metrics HTTP/1.1\r\nHost: " + noise() }, false},
		{"path tricks", func() string {
			return "GET /runbook/..%2f..%2f..%2fetc%2fpasswd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
		}, false},
		{"more path tricks", func() string {
			return "GET /../../config.yml HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
		}, false},
		{"smuggling", func() string {
			return "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: y\r\n\r\n"
		}, false},
		{"chunks without end", func() string {
			return "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("fff\r\n"+strings.Repeat("b", 0xfff)+"\r\n", 100)
		}, false},
		{"a method of its own", func() string { return "DELETE /runs HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" }, false},
		{"slow header", func() string { return "GET /metrics HTTP/1.1\r\nHost: x\r\n" }, true},
		{"nothing", func() string { return "" }, true},
	}
	const requests = 1000
	counts := map[string]int{}
	var wait sync.WaitGroup
	places := make(chan struct{}, 60)
	for i := range requests {
		kind := kinds[i%len(kinds)]
		text := kind.text()
		counts[kind.name]++
		if kind.slow && i%7 > 0 {
			kind.slow = false
		}
		places <- struct{}{}
		wait.Go(func() {
			defer func() { <-places }()
			conn, err := net.DialTimeout("tcp", at, 10*time.Second)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = conn.Close() }()
			_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
			_, _ = conn.Write([]byte(text))
			if kind.slow { // the service has to end it
				_, _ = io.Copy(io.Discard, conn)
				return
			}
			answer := make([]byte, 1<<14)
			n, _ := conn.Read(answer)
			if bytes.Contains(answer[:n], []byte(testKey)) || bytes.Contains(answer[:n], []byte("root:")) {
				t.Errorf("%s was answered with %s", kind.name, answer[:n])
			}
		})
	}
	from := d.mark()
	d.signal(syscall.SIGUSR1)
	d.awaitAfter(from, "result=unchanged") // while they go on
	wait.Wait()
	t.Logf("%d requests: %v", requests, counts)
	if code, text := d.get("/healthz"); code != 200 {
		t.Errorf("%d %s", code, text)
	}
	http.DefaultClient.CloseIdleConnections()
	deadline := time.Now().Add(30 * time.Second)
	near := func(series, before string) bool {
		a, errA := strconv.ParseFloat(before, 64)
		b, errB := strconv.ParseFloat(d.value(series), 64)
		return errA == nil && errB == nil && b <= a+3
	}
	for !near("go_goroutines", goroutines) || !near("process_open_fds", files) {
		if time.Now().After(deadline) {
			t.Fatalf("before: %s goroutines, %s files; after: %s and %s", goroutines, files, d.value("go_goroutines"), d.value("process_open_fds"))
		}
		time.Sleep(100 * time.Millisecond)
	}
	d.stop()
}

// exported is the names of the metrics in a scrape.
func exported(scrape string) (names []string) {
	for line := range strings.SplitSeq(scrape, "\n") {
		if name := regexp.MustCompile(`^[a-z_:]+`).FindString(line); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// TestWhatPrometheusSees has promtool look at a real scrape, at the alerts and at their
// tests, and finds every metric that alerts and dashboard ask for in the scrape, and for
// every alert what to do about it.
func TestWhatPrometheusSees(t *testing.T) {
	t.Parallel()
	misimportd := program(t)
	s := newStation(t, misimportd)
	s.daemonConfigured("")
	d := s.serve()
	_, first := d.get("/metrics")
	d.await("result=applied")
	_, scrape := d.get("/metrics")
	promtool := tool(t, "promtool")
	check := exec.Command(promtool, "check", "metrics", "--extended")
	check.Stdin = strings.NewReader(scrape)
	out, err := check.CombinedOutput()
	if err != nil {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
	t.Logf("promtool check metrics: %d metrics, %v", len(exported(scrape)), err == nil)
	rules, tests := filepath.Join("..", "..", "deploy", "prometheus", "misimportd.rules.yml"), filepath.Join("..", "..", "deploy", "prometheus", "misimportd.rules.test.yml")
	for _, args := range [][]string{{"check", "rules", "--lint=all", "--lint-fatal", rules}, {"test", "rules", tests}} {
		out, err := exec.Command(promtool, args...).CombinedOutput()
		if err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, out)
		}
		t.Logf("promtool %s:\n%s", strings.Join(args[:2], " "), out)
	}

	text, err := os.ReadFile(rules)
	if err != nil {
		t.Fatal(err)
	}
	dashboard, err := os.ReadFile(filepath.Join("..", "..", "deploy", "grafana", "misimportd.json"))
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(dashboard) {
		t.Error("the dashboard is no JSON")
	}
	names := exported(scrape)
	for what, file := range map[string][]byte{"alerts": text, "dashboard": dashboard} {
		asked := map[string]bool{}
		for _, name := range regexp.MustCompile(`\b(misimport|process|go)_[a-z_]+`).FindAllString(string(file), -1) {
			if asked[name] = true; !slices.Contains(names, name) {
				t.Errorf("the %s ask for %s, which is not exported", what, name)
			}
		}
		t.Logf("%s: %d metric names, all in the scrape", what, len(asked))
		if what == "dashboard" {
			for _, name := range names {
				base := strings.NewReplacer("_bucket", "", "_sum", "", "_count", "").Replace(name)
				if strings.HasPrefix(name, "misimport_") && !asked[name] && !asked[base+"_sum"] && !asked[base+"_bucket"] {
					t.Errorf("the dashboard does not show %s", name)
				}
			}
		}
	}
	for _, alert := range regexp.MustCompile(`(?m)- alert: (\w+)$`).FindAllStringSubmatch(string(text), -1) {
		linked := strings.Contains(string(text), "/runbook/"+alert[1]+"\"") || strings.Contains(string(text), "runbook.md#"+strings.ToLower(alert[1])+"\"")
		if code, _ := d.get("/runbook/" + alert[1]); code != 200 || !linked {
			t.Errorf("there is nothing to do about %s", alert[1])
		}
	}
	// What comes after the first import was there before it.
	series := func(scrape string) (list []string) {
		for line := range strings.SplitSeq(scrape, "\n") {
			if name, _, ok := strings.Cut(line, " "); ok && strings.HasPrefix(name, "misimport_") {
				list = append(list, name)
			}
		}
		return list
	}
	before := series(first)
	for _, name := range series(scrape) {
		if !slices.Contains(before, name) {
			t.Errorf("%s was not there from the start", name)
		}
	}
	d.stop()
}

// TestARealPrometheus scrapes the real service, and has its rules in force.
func TestARealPrometheus(t *testing.T) {
	t.Parallel()
	misimportd := program(t)
	s := newStation(t, misimportd)
	s.daemonConfigured("")
	d := s.serve()
	d.await("result=applied")
	rules, err := filepath.Abs(filepath.Join("..", "..", "deploy", "prometheus", "misimportd.rules.yml"))
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	configuration := fmt.Sprintf("global: {scrape_interval: 200ms, evaluation_interval: 200ms}\nrule_files: [%s]\nscrape_configs: [{job_name: misimportd, static_configs: [{targets: ['%s']}]}]\n", rules, strings.TrimPrefix(d.at, "http://"))
	if err := os.WriteFile(filepath.Join(folder, "prometheus.yml"), []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	prometheus := exec.Command(tool(t, "prometheus"), "--config.file="+filepath.Join(folder, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(folder, "data"), "--web.listen-address="+address)
	var log bytes.Buffer
	prometheus.Stdout, prometheus.Stderr = &log, &log
	if err := prometheus.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = prometheus.Process.Signal(syscall.SIGTERM)
		_ = prometheus.Wait()
	}()
	query := func(expr string) string {
		response, err := http.Get("http://" + address + "/api/v1/query?" + url.Values{"query": {expr}}.Encode())
		if err != nil {
			return ""
		}
		defer func() { _ = response.Body.Close() }()
		body, _ := io.ReadAll(response.Body)
		found := regexp.MustCompile(`"value":\[[0-9.]+,"([^"]+)"\]`).FindSubmatch(body)
		if found == nil {
			return ""
		}
		return string(found[1])
	}
	for _, c := range []struct{ expr, want string }{
		{`up{job="misimportd"}`, "1"}, {`misimport_changes_total{entity="pupil",action="create"}`, "100"},
		{`misimport_source_records{section="CurrentPupils"}`, "100"}, {`count(misimport_runs_total)`, "5"},
		{`time() - misimport_last_success_timestamp_seconds < bool 60`, "1"}, {`misimport_next_run_timestamp_seconds - time() > bool 3600`, "1"},
		{`sum(scrape_samples_scraped{job="misimportd"}) < bool 2000`, "1"},
	} {
		deadline := time.Now().Add(time.Minute)
		for query(c.expr) != c.want {
			if time.Now().After(deadline) {
				t.Fatalf("%s is %q, want %s\n%s", c.expr, query(c.expr), c.want, log.String())
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
	response, err := http.Get("http://" + address + "/api/v1/rules")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	said, err := io.ReadAll(response.Body)
	if well := bytes.Count(said, []byte(`"health":"ok"`)); err != nil || well != bytes.Count(said, []byte(`"type":"alerting"`)) || well < 12 {
		t.Errorf("%d rules are well, in %s", well, said)
	}
	d.stop()
}

// TestServeDoesNotGrow imports night after night, and looks at what the process holds.
func TestServeDoesNotGrow(t *testing.T) {
	t.Parallel()
	misimportd := program(t)
	nights := 40
	if os.Getenv("MISIMPORTD_SOAK") != "" {
		nights = 1000
	}
	storetest.Each(t, func(t *testing.T, database string) {
		s := newStation(t, misimportd)
		s.daemonConfigured("")
		d := s.serve("MISIMPORTD_DATABASE=" + database)
		d.await("run=1 result=applied")
		holds := func() (memory, goroutines, files float64) {
			for series, into := range map[string]*float64{"process_resident_memory_bytes": &memory, "go_goroutines": &goroutines, "process_open_fds": &files} {
				*into, _ = strconv.ParseFloat(d.value(series), 64)
			}
			return memory, goroutines, files
		}
		var warm float64
		var goroutines, files float64
		for night := range nights {
			s.server.Night()
			from := d.mark()
			d.signal(syscall.SIGUSR1)
			d.awaitAfter(from, fmt.Sprintf("run=%d result=applied", night+2))
			d.awaitAfter(from, "stage=archive seconds")
			if night == nights/4 {
				warm, goroutines, files = holds()
			}
		}
		memory, g, f := holds()
		t.Logf("TABLE after %d of %d nights: %.1f MB, %.0f goroutines, %.0f files; at the end: %.1f MB, %.0f goroutines, %.0f files", nights/4, nights, warm/1e6, goroutines, files, memory/1e6, g, f)
		const slack = 1.3
		if memory > slack*warm+10e6 || g > goroutines+8 || f > files+8 {
			t.Error("it grows")
		}
		d.stop()
	})
}
