package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"misimportd/mis/isams/isamstest"
	"misimportd/store/storetest"
)

// served is the real service as a process of its own.
type served struct {
	*testing.T
	cmd  *exec.Cmd
	at   string // where it answers: http://127.0.0.1:12345
	done chan error

	mutex sync.Mutex
	lines []string
	more  chan struct{} // closed and made anew with every line
}

// aDayLater is a schedule that no test lives to see.
func aDayLater() string {
	at := time.Now().UTC().Add(12 * time.Hour)
	return fmt.Sprintf("%d %d * * *", at.Minute(), at.Hour())
}

// daemonConfigured writes a configuration for a service that imports only when asked. Many
// nights pass on one day: what they take away together is no matter here.
func (s *station) daemonConfigured(more string) {
	s.Helper()
	s.write("config.yml", fmt.Sprintf("state: .\ntimezone: UTC\nschedule: %s\nlisten: 127.0.0.1:0\nguard: "+
		"{recent_losses: off}\n%sisams:\n  url: %s\n  timeout: 20s\n  stall: 15s\n  retry: {first: 50ms, most: "+
		"200ms}\n  requests: [{key_file: isams.key}]\n", aDayLater(), more, s.web.URL))
}

// serve starts the service and waits until it is ready.
func (s *station) serve(env ...string) *served {
	s.Helper()
	d := s.begin(env...)
	d.await(`msg=ready`)
	d.at = "http://" + d.await(`msg=answering at=(\S+)`)[1]
	return d
}

// begin starts the service.
func (s *station) begin(env ...string) *served {
	s.Helper()
	return startService(s.T, s.program, append(env, "MISIMPORTD_CONFIG="+filepath.Join(s.state, "config.yml")))
}

func startService(t *testing.T, program string, env []string) *served {
	t.Helper()
	cmd := exec.Command(program, "serve", "-v")
	cmd.Env = append(os.Environ(), env...)
	return startProcess(t, cmd)
}

// startProcess starts a process whose log is listened to.
func startProcess(t *testing.T, cmd *exec.Cmd) *served {
	t.Helper()
	d := &served{T: t, cmd: cmd, done: make(chan error, 1), more: make(chan struct{})}
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	d.cmd.Stdout, d.cmd.Stderr = in, in
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = in.Close()
	read := make(chan struct{})
	go func() {
		defer close(read)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			d.heard(lines.Text())
		}
		_ = out.Close()
	}()
	go func() {
		<-read
		d.done <- d.cmd.Wait()
		close(d.done)
	}()
	t.Cleanup(func() {
		_ = d.cmd.Process.Kill()
		<-read
	})
	return d
}

func (d *served) heard(line string) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.lines = append(d.lines, line)
	close(d.more)
	d.more = make(chan struct{})
}

// said is all that it has logged.
func (d *served) said() string {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return strings.Join(d.lines, "\n")
}

// await waits for a line, from the beginning of the log, and returns what matched.
func (d *served) await(pattern string) []string {
	d.Helper()
	return d.awaitAfter(0, pattern)
}

func (d *served) awaitAfter(from int, pattern string) []string {
	d.Helper()
	wanted := regexp.MustCompile(pattern)
	limit := time.After(time.Minute)
	for {
		d.mutex.Lock()
		lines, more := d.lines[from:], d.more
		d.mutex.Unlock()
		for _, line := range lines {
			if found := wanted.FindStringSubmatch(line); found != nil {
				return found
			}
		}
		select {
		case <-more:
		case <-limit:
			d.Fatalf("waited in vain for %s in:\n%s", pattern, d.said())
		}
	}
}

func (d *served) signal(s syscall.Signal) {
	d.Helper()
	if err := d.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) { // which may have come first
		d.Fatal(err)
	}
}

// ended waits for the end of the process and returns its exit status, -1 for a signal.
func (d *served) ended() int {
	d.Helper()
	select {
	case <-d.done:
		return d.cmd.ProcessState.ExitCode()
	case <-time.After(time.Minute):
		d.Fatalf("it does not end:\n%s", d.said())
		return 0
	}
}

func (d *served) stop() {
	d.Helper()
	d.signal(syscall.SIGTERM)
	if status := d.ended(); status != 0 {
		d.Fatalf("exit status %d:\n%s", status, d.said())
	}
}

func (d *served) get(path string) (int, string) {
	d.Helper()
	response, err := http.Get(d.at + path)
	if err != nil {
		d.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		d.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// value is that of one series in a scrape.
func (d *served) value(series string) string {
	d.Helper()
	_, text := d.get("/metrics")
	for line := range strings.SplitSeq(text, "\n") {
		if value, ok := strings.CutPrefix(line, series+" "); ok {
			return value
		}
	}
	d.Fatalf("no series %s in:\n%s", series, text)
	return ""
}

// TestServeImportsOnce imports at its start, for no night is recorded, and not again after
// a restart; USR1 imports once, however often it comes while one is under way.
func TestServeImportsOnce(t *testing.T) {
	t.Parallel()
	misimportd := program(t)
	storetest.Each(t, func(t *testing.T, database string) {
		s := newStation(t, misimportd)
		s.daemonConfigured("")
		env := "MISIMPORTD_DATABASE=" + database
		d := s.serve(env)
		d.await(`msg="run 1: applied in .* s, as of .*pupils 100 created.*" run=1 result=applied`)
		success := "0"
		for success == "0" {
			success = d.value("misimport_last_success_timestamp_seconds")
		}
		if code, text := d.get("/healthz"); code != 200 ||
			!strings.HasPrefix(text, "well: waiting for the next import, ") {
			t.Errorf("%d %s", code, text)
		}
		d.stop()

		d = s.serve(env)
		if again := d.value("misimport_last_success_timestamp_seconds"); again != success || success == "0" {
			t.Errorf("last success %s, and %s after a restart", success, again)
		}
		s.server.Misbehave(isamstest.Fault{Kind: "slow-first-byte", Times: 1})
		d.signal(syscall.SIGUSR1)
		d.await(`msg=fetching`)
		for range 5 {
			d.signal(syscall.SIGUSR1)
			time.Sleep(20 * time.Millisecond)
		}
		s.web.CloseClientConnections() // and the one that waited fails, and is tried again
		d.await(`result=unchanged`)
		d.await(`run=3 result=unchanged`)
		time.Sleep(200 * time.Millisecond)
		if n := strings.Count(d.said(), "msg=fetching"); n != 2 {
			t.Errorf("%d imports for six wishes, the last five during the first:\n%s", n, d.said())
		}
		d.stop()
		if said := d.said(); !strings.Contains(said, "msg=stopping") || !strings.HasSuffix(said, "msg=stopped") {
			t.Error(said)
		}
	})
}

// TestServeTellsAllThatIsWrong before it starts anything, not the first thing only.
func TestServeTellsAllThatIsWrong(t *testing.T) {
	t.Parallel()
	misimportd := program(t)
	s := newStation(t, misimportd)
	s.write("config.yml", "timezone: Mars/North\nlisten: nowhere\nretention: long\nisams: {url: "+
		"'https://x.example', timeout: soon, requests: [{key_file: a.key}, {key_env: NOT_SET}]}\n")
	d := s.begin()
	if status := d.ended(); status != 2 {
		t.Errorf("exit status %d", status)
	}
	for _, want := range []string{`timezone "Mars/North" is not known`,
		`listen: "nowhere" is not an address: write it as 127.0.0.1:9190, or off`,
		`retention: "long" is not a duration`,
		`isams: timeout: "soon" is not a duration`,
		`isams: request 1: key_file: there is no file .*a.key: it has to hold the secret, in one line`,
		`request 2: key: the environment variable that key_env names is not set`} {
		if !regexp.MustCompile(want).MatchString(d.said()) {
			t.Errorf("%s is missing in:\n%s", want, d.said())
		}
	}
	s.write("config.yml", "schedule: TZ=0\ngive_up: late\nweb_config_file: none.yml\nstate: .\n")
	d = s.begin()
	if status := d.ended(); status != 2 {
		t.Errorf("exit status %d", status)
	}
	for _, want := range []string{"schedule: a schedule has no time zone of its own",
		`give_up: "late" is not a time of day`, "web_config_file: .*none.yml"} {
		if !regexp.MustCompile(want).MatchString(d.said()) {
			t.Errorf("%s is missing in:\n%s", want, d.said())
		}
	}

	// The configuration is right; what it names is not.
	taken := s.web.Listener.Addr().String()
	s.write("file", "")
	s.write("config.yml", "state: file\nlisten: "+taken+
		"\ndatabase: postgres://user@/scheduler?sslmode=never\nisams: {url: 'ftp://x.example', requests: "+
		"[{key_file: isams.key}]}\n")
	d = s.begin()
	if status := d.ended(); status != 2 {
		t.Errorf("exit status %d", status)
	}
	for _, want := range []string{"misimportd: listen: listen tcp " + taken +
		": bind: address already in use; stop what uses it", "misimportd: isams: url has to begin with https://",
		"misimportd: state folder: mkdir .*not a directory", "misimportd: the URL of the database cannot be used"} {
		if !regexp.MustCompile(`(?m)^` + want).MatchString(d.said()) {
			t.Errorf("%s is missing in:\n%s", want, d.said())
		}
	}
	if out, err := exec.Command(misimportd, "serve", "--as-of", "2016-09-05").CombinedOutput(); err == nil ||
		!strings.Contains(string(out), "--as-of is not for the service") {
		t.Errorf("%v %s", err, out)
	}
}

// TestServeReloads a good configuration, and refuses a faulty one in favour of the old.
func TestServeReloads(t *testing.T) {
	t.Parallel()
	misimportd := program(t)
	s := newStation(t, misimportd)
	s.daemonConfigured("")
	d := s.serve()
	d.await(`run=1 result=applied`)
	before := d.value("misimport_next_run_timestamp_seconds")

	s.write("config.yml", "shedule: never\n")
	d.signal(syscall.SIGHUP)
	d.await(`level=ERROR msg="the configuration was not reloaded, and what was before goes on" error=".*config.yml: ` +
		`line 1: unknown key \\"shedule\\""`)
	d.signal(syscall.SIGUSR1)
	d.await(`run=2 result=unchanged`)

	s.write("isams.key", "11111111-2222-3333-4444-555555555555")
	s.daemonConfigured("years: [7]\n")
	sooner := time.Now().UTC().Add(6 * time.Hour) // than what the configuration said, at any time of day
	said := regexp.MustCompile(`(?m)^schedule: .*`).
		ReplaceAll(s.read("config.yml"), fmt.Appendf(nil, "schedule: %d %d * * *", sooner.Minute(), sooner.Hour()))
	s.write("config.yml", string(said))
	d.signal(syscall.SIGHUP)
	d.await(`msg="the configuration was reloaded"`)
	if after := d.value("misimport_next_run_timestamp_seconds"); after == before {
		t.Errorf("the next run is at %s still", after)
	}
	d.signal(syscall.SIGUSR1)
	d.await(`level=ERROR msg="the import failed and changed nothing: .*InvalidApiKey.* run=3 result=failed`)
	if code, text := d.get("/-/status"); code != 200 || !strings.Contains(text, "InvalidApiKey") {
		t.Errorf("%d %s", code, text)
	}
	s.write("isams.key", testKey)
	mark := d.mark()
	d.signal(syscall.SIGHUP)
	d.awaitAfter(mark, `msg="the configuration was reloaded"`) // two signals may come in any order
	d.signal(syscall.SIGUSR1)
	d.await(`level=WARN msg="run 4: held .* Waiting for a person: pupils [0-9]+ ended; .*approve 4.*reject 4.* ` +
		`decides" run=4 result=held`) // those of other years
	for deadline := time.Now().
		Add(10 * time.Second); d.value("misimport_held") != "1"; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nothing is held")
		}
	}
	if code, text := d.get("/-/status"); code != 200 || !strings.Contains(text, "run 4 waits for a person") {
		t.Errorf("%d %s", code, text)
	}
	d.stop()
	if strings.Contains(d.said(), testKey) || strings.Contains(d.said(), "11111111") {
		t.Error("a key was logged")
	}
}

func (s *station) read(name string) []byte {
	s.Helper()
	text, err := os.ReadFile(filepath.Join(s.state, name))
	if err != nil {
		s.Fatal(err)
	}
	return text
}

// TestServeWaitsForAnother process that is importing, and then finds its work done.
func TestServeWaitsForAnother(t *testing.T) {
	t.Parallel()
	misimportd := program(t)
	s := newStation(t, misimportd)
	s.daemonConfigured("")
	s.server.Misbehave(isamstest.Fault{Kind: "stall", After: 1000, Times: 1})
	other := exec.Command(misimportd, "run", "--config", filepath.Join(s.state, "config.yml"))
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	for s.server.Requests() == 0 {
		time.Sleep(10 * time.Millisecond)
	}
	d := s.serve()
	d.await(`msg="another process is at work; the import waits for it to end" other="the state folder is in use: ` +
		`misimportd run`)
	s.web.CloseClientConnections()
	if err := other.Wait(); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(time.Minute)
	for d.value("misimport_last_success_timestamp_seconds") == "0" {
		if time.Now().After(deadline) {
			t.Fatalf("the other's import is not seen:\n%s", d.said())
		}
		time.Sleep(100 * time.Millisecond)
	}
	d.stop()
	if strings.Contains(d.said(), "msg=fetching") {
		t.Errorf("it imported as well:\n%s", d.said())
	}
	if out, status := s.runQuietly("runs"); status != 0 || strings.Count(out, "import") != 1 {
		t.Errorf("%d %s", status, out)
	}
}
