package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"misimportd/importer/messages"
)

// alerts is a webhook's receiver, which takes messages while it is not broken.
type alerts struct {
	*httptest.Server
	mutex  sync.Mutex
	broken bool
	got    []string // kinds, and texts
}

func newAlerts(t *testing.T) *alerts {
	t.Helper()
	a := &alerts{}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		a.mutex.Lock()
		defer a.mutex.Unlock()
		if a.broken {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		var said struct {
			Type string
			Data struct{ Subject, Text string }
		}
		if err := json.Unmarshal(body, &said); err == nil {
			a.got = append(a.got, said.Type+": "+said.Data.Subject+"\n"+said.Data.Text)
		}
	}))
	t.Cleanup(a.Close)
	return a
}

func (a *alerts) setBroken(broken bool) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.broken = broken
}

// await is the nth message, and waits for it.
func (a *alerts) await(t *testing.T, nth int) string {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		a.mutex.Lock()
		got := a.got
		a.mutex.Unlock()
		if len(got) >= nth {
			return got[nth-1]
		}
	}
	t.Fatalf("%d messages, want %d: %q", len(a.got), nth, a.got)
	return ""
}

const hookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// told is the section messages of a school that is told by a webhook.
func (s *station) told(a *alerts) string {
	s.Helper()
	s.write("hook.secret", hookSecret+"\n")
	s.write("hook.url", a.URL+"/hook/of-the-school\n")
	return "messages:\n  webhooks: [{url_file: hook.url, secret_file: hook.secret}]\n"
}

// TestPeopleAreToldOfAHeldNight by the real service: once, across a restart and a receiver that was broken, and when
// another process has decided. No import waits, and no address is told.
func TestPeopleAreToldOfAHeldNight(t *testing.T) {
	t.Parallel()
	misimportd := program(t)
	s, a := newStation(t, misimportd), newAlerts(t)
	s.daemonConfigured(s.told(a))
	d := s.serve()
	d.await("run=1 result=applied")
	a.setBroken(true)
	s.daemonConfigured(s.told(a) + "years: [7]\n") // and the pupils of other years would leave
	d.signal(syscall.SIGHUP)
	d.await("the configuration was reloaded")
	d.signal(syscall.SIGUSR1)
	d.await("run=2 result=held")
	d.await("a message could not be delivered, and is tried again")
	if waiting := d.value("misimport_messages_waiting"); waiting != "1" {
		t.Errorf("%s wait", waiting)
	}
	d.stop()
	first := d.said()

	a.setBroken(false)
	d = s.serve()
	text := a.await(t, 1)
	for _, want := range []string{"misimportd.held: Run 2 waits for a person\n", "What waits:\n- ",
		"Limits that were breached:\n- ", "approve 2"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if said, status := s.run("approve", "2"); status != 0 {
		t.Fatalf("%d %s", status, said)
	}
	d.signal(syscall.SIGHUP) // after which it looks
	if text = a.await(t, 2); !strings.Contains(text, "misimportd.held.over: ") || !strings.Contains(text,
		"was approved: run 3 applied what waited") {
		t.Error(text)
	}
	if n := d.value(`misimport_messages_total{channel="webhook",result="sent"}`); n != "2" {
		t.Errorf("%s sent", n)
	}
	d.stop()
	kept, err := os.ReadFile(filepath.Join(s.state, messages.File))
	if err != nil {
		t.Fatal(err)
	}
	told := string(kept) + a.await(t, 1) + a.await(t, 2)
	document := string(s.server.Document())
	names := regexp.MustCompile(`(?i)<(?:Surname|Fullname)>([^<]+)<`).FindAllStringSubmatch(document, -1)
	for _, name := range names {
		if strings.Contains(told, name[1]) {
			t.Errorf("%s is named in %s", name[1], told)
		}
	}
	if len(names) < 100 {
		t.Errorf("the document has %d names only", len(names))
	}
	for _, said := range []string{first, d.said()} {
		if strings.Contains(said, "of-the-school") || strings.Contains(said, hookSecret) {
			t.Errorf("a secret is told:\n%s", said)
		}
	}
}

// TestNotify tells of each channel whether it took the message.
func TestNotify(t *testing.T) {
	t.Parallel()
	misimportd := program(t)
	s, a := newStation(t, misimportd), newAlerts(t)
	if said, status := s.run("notify", "--test"); status != 2 || !strings.Contains(said, "has no section messages") {
		t.Errorf("%d %s", status, said)
	}
	s.write("config.yml", "state: .\n"+s.told(a))
	if said, status := s.run("notify"); status != 2 || !strings.Contains(said, "say --test") {
		t.Errorf("%d %s", status, said)
	}
	said, status := s.runQuietly("notify", "--test")
	name := "webhook 1 (standard) at " + strings.TrimPrefix(a.URL, "http://")
	if status != 0 || said != "ok     "+name+"\n" || !strings.HasPrefix(a.await(t, 1), "misimportd.test: ") {
		t.Errorf("%d %s", status, said)
	}
	s.write("config.yml", fmt.Sprintf("state: .\n%s  mail: {server: '127.0.0.1:1', security: none, from: a@b.example, "+
		"to: [c@d.example]}\n", s.told(a)))
	if said, status = s.run("check-config", "--offline"); status != 0 || !strings.Contains(said,
		"ok     messages       2 channels; not asked") {
		t.Errorf("%d %s", status, said)
	}
	a.setBroken(true)
	said, status = s.runQuietly("notify", "--test", "--json")
	list, _, _ := strings.Cut(said, "\n")
	var results []messages.Result
	if err := json.Unmarshal([]byte(list), &results); err != nil || status != 1 || len(results) != 2 ||
		!strings.Contains(results[0].Error, "connection refused") ||
		results[1].Error != name+": it answered 500 Internal Server Error" {
		t.Errorf("%d %v %s", status, err, said)
	}
	if !strings.Contains(said, "2 of 2 channels did not take the message") {
		t.Error(said)
	}
	s.write("hook.secret", "hunter2")
	if said, status = s.run("notify", "--test"); status != 2 || strings.Contains(said, "hunter2") {
		t.Errorf("%d %s", status, said)
	}
	if strings.Contains(s.said.String(), "of-the-school") || strings.Contains(s.said.String(), hookSecret) {
		t.Errorf("a secret is told:\n%s", s.said)
	}
}
