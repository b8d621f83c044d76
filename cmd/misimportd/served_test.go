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

func (s *station) read(name string) []byte {
	s.Helper()
	text, err := os.ReadFile(filepath.Join(s.state, name))
	if err != nil {
		s.Fatal(err)
	}
	return text
}
