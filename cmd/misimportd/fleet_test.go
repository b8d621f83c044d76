//go:build !single

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"misimportd/importer/report"
	"misimportd/mis/isams/isamstest"
	"misimportd/store/storetest"
)

// depot is a fleet as somebody sets it up at the command line.
type depot struct {
	*testing.T
	program, folder string
	url, schools    string // of databases
	server          *isamstest.Server
	web             *httptest.Server
}

func newDepot(t *testing.T) *depot {
	t.Helper()
	d := &depot{T: t, program: program(t), folder: t.TempDir(), url: storetest.Database(t),
		schools: storetest.Database(t),
		server:  isamstest.NewServer(isamstest.New(1, tiny), testKey)}
	d.web = httptest.NewServer(d.server)
	t.Cleanup(d.web.Close)
	d.write("secrets/isams.key", testKey)
	d.write("schools/defaults.yml", `timezone: UTC
schedule: "`+hourAgo()+`"
isams: {insecure_http: true}
canary: [st-anne]
fleet: {window: 30m, stop: {percent: 20, at_least: 3}, per_host: 600/m}
`)
	for _, name := range []string{"st-anne", "st-bede"} {
		d.school(name, "")
	}
	return d
}

// hourAgo is a schedule of which a time came an hour ago.
func hourAgo() string {
	at := time.Now().UTC().Add(-time.Hour)
	return fmt.Sprintf("%d %d * * *", at.Minute(), at.Hour())
}

func (d *depot) school(name, more string) {
	d.Helper()
	d.write("schools/"+name+".yml", fmt.Sprintf("database: %s&search_path=%s\nisams:\n  url: %s\n"+
		"  requests: [{key_file: isams.key}]\n%s", d.schools, strings.ReplaceAll(name, "-", "_"), d.web.URL, more))
}

func (d *depot) write(name, text string) {
	d.Helper()
	path := filepath.Join(d.folder, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		d.Fatal(err)
	}
}

// does runs a command of the fleet and returns its status and what it said.
func (d *depot) does(args ...string) (status int, out, err string) {
	d.Helper()
	cmd := exec.Command(d.program, append([]string{"fleet"}, args...)...)
	cmd.Dir = d.folder
	cmd.Env = append(os.Environ(), "MISIMPORTD_FLEET="+d.url, "TMPDIR="+d.TempDir(), "MISIMPORTD_SECRETS="+
		filepath.Join(d.folder, "secrets"))
	var said, faults strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &faults
	failed := cmd.Run()
	var exit *exec.ExitError
	if failed != nil && !errors.As(failed, &exit) {
		d.Fatal(failed)
	}
	return cmd.ProcessState.ExitCode(), said.String(), faults.String()
}

// is runs a command, and checks its status and something of what it says.
func (d *depot) is(status int, says string, args ...string) string {
	d.Helper()
	got, out, err := d.does(args...)
	if got != status || !strings.Contains(out+err, says) {
		d.Errorf("fleet %s: status %d, wanted %d and %q\n%s%s", strings.Join(args, " "), got, status, says, out, err)
	}
	return out
}

// list is what "fleet list --json" says.
func (d *depot) list() (told report.Fleet) {
	d.Helper()
	if err := json.Unmarshal([]byte(d.is(0, "schools", "list", "--json")), &told); err != nil {
		d.Fatal(err)
	}
	return told
}

// TestAFleetAtTheCommandLine is what somebody does who sets a fleet up, with the real program at its usual pace.
func TestAFleetAtTheCommandLine(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	d.is(1, "holds no fleet yet: ", "list")
	d.is(0, "is set up", "init")
	d.is(0, "nothing to do", "init")
	d.is(0, "Nothing was changed", "apply", "schools", "--plan")
	d.is(0, "+ st-bede", "apply", "schools/")
	d.is(0, "nothing to do", "apply", "schools")
	d.is(0, "st-bede asked for", "run", "st-bede")
	d.write("fleet.yml", "fleet: "+d.url+"\nsecrets: secrets\nstate: worker\nlisten: 127.0.0.1:0\noperators:\n  "+
		"alice: "+
		hashOf(t, "a long password")+"\n")
	worker := exec.Command(d.program, "fleet", "work", "--config", "fleet.yml")
	worker.Dir = d.folder
	w := startProcess(t, worker)
	at := "http://" + w.await(`msg=answering at=(\S+)`)[1]
	w.await(`run 1: applied .*school=st-bede`)
	w.await(`run 1: applied .*school=st-anne`)
	deadline := time.Now().Add(time.Minute)
	for time.Now().Before(deadline) {
		if told := d.list(); told.Schools[0].State == "well" && told.Schools[1].State == "well" {
			break
		}
		time.Sleep(200 * time.Millisecond)
	}
	d.is(0, "", "list", "--where", "well")
	d.is(0, "No school.", "list", "--where", "held")
	d.is(2, "--where: no school can be", "list", "--where", "ill")
	d.is(0, "newest run    1, applied", "show", "st-anne")
	d.is(2, "the fleet has no school st-nobody", "show", "st-nobody")
	d.is(0, "paused until", "pause", "st-anne", "--until", "2099-01-01", "--why", "a move")
	d.is(0, "st-anne", "list", "--where", "paused")
	d.is(0, "resumed", "resume", "--where", "paused")
	d.is(0, "The fleet was not stopped", "resume")
	d.is(2, "which schools?", "run")

	d.pagesAnswer(at)
	d.heldAndApproved()
	d.is(2, "is not for one school", "at", "st-anne", "serve")
	for _, path := range []string{"/healthz", "/-/ready"} {
		response, err := http.Get(at + path)
		if err != nil || response.StatusCode != http.StatusOK {
			t.Errorf("%s: %v %v", path, response, err)
		}
		_ = response.Body.Close()
	}
	if err := worker.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	w.await("the configuration was reloaded")
	if told := d.list(); len(told.Workers) != 1 {
		t.Errorf("%+v", told.Workers)
	}
	if err := worker.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if status := w.ended(); status != 0 {
		t.Errorf("the worker ended with %d\n%s", status, w.said())
	}
	if strings.Contains(w.said(), testKey) {
		t.Error("the log has the key")
	}
	left, _ := os.ReadDir(filepath.Join(d.folder, "worker"))
	for _, entry := range left {
		if entry.Name() != "lock" {
			t.Errorf("the worker leaves %s", entry.Name())
		}
	}

	// A school whose file is gone stays until somebody says that it goes.
	if err := os.Remove(filepath.Join(d.folder, "schools", "st-bede.yml")); err != nil {
		t.Fatal(err)
	}
	d.is(3, "1 school without a file: st-bede", "apply", "schools")
	d.is(0, "- st-bede", "apply", "schools", "--yes")
	d.is(0, "removed from the fleet", "remove", "st-anne")
	d.is(0, "No school.", "list")
}

// heldAndApproved has a night held by the worker, and approved at the command line, as on another machine.
func (d *depot) heldAndApproved() {
	d.Helper()
	d.server.Misbehave(isamstest.Fault{Kind: "section-missing", Section: "CurrentPupils", Times: 1})
	d.is(0, "asked for", "run", "st-anne")
	deadline := time.Now().Add(time.Minute)
	for d.list().Schools[0].State != "held" && time.Now().Before(deadline) {
		time.Sleep(200 * time.Millisecond)
	}
	d.is(0, "held", "list", "--where", "held")
	d.is(0, "held", "at", "st-anne", "runs")
	d.is(0, "", "at", "st-anne", "approve", "2")
	if out := d.is(0, "approval", "at", "st-anne", "runs"); !strings.Contains(out, "applied") {
		d.Error(out)
	}
}

func hashOf(t *testing.T, password string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return string(hash)
}

// pagesAnswer looks at the pages of the fleet, of a school and of the jobs: only who has logged in sees them.
func (d *depot) pagesAnswer(at string) {
	d.Helper()
	browser := &http.Client{CheckRedirect: func(*http.Request,
		[]*http.Request) error {
		return http.ErrUseLastResponse
	}}
	var session []*http.Cookie // a browser sends it to its own machine, though it is not https
	get := func(path string) (int, string) {
		request, err := http.NewRequest(http.MethodGet, at+path, nil)
		if err != nil {
			d.Fatal(err)
		}
		for _, c := range session {
			request.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
		}
		response, err := browser.Do(request)
		if err != nil {
			d.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			d.Fatal(err)
		}
		return response.StatusCode, string(text)
	}
	paths := []string{"/fleet", "/fleet/schools/st-anne/", "/fleet/schools/st-anne/runs",
		"/fleet/schools/st-anne/settings",
		"/fleet/jobs/", "/fleet/jobs/api/jobs?state=completed"}
	for _, path := range paths {
		if code, text := get(path); code == http.StatusOK || strings.Contains(strings.ReplaceAll(text, path, ""),
			"bede") {
			d.Errorf("%s: status %d for a stranger", path, code)
		}
	}
	_, form := get("/login")
	hidden := url.Values{"name": {"alice"}, "password": {"a long password"}, "then": {"/fleet"}}
	for _, of := range hiddenField.FindAllStringSubmatch(form, -1) {
		if hidden.Get(of[1]) == "" {
			hidden.Set(of[1], of[2])
		}
	}
	response, err := browser.PostForm(at+"/login", hidden)
	if err != nil {
		d.Fatal(err)
	}
	said, _ := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if session = response.Cookies(); len(session) == 0 {
		d.Fatalf("nobody can log in: status %d\n%s\n%s\n%v", response.StatusCode, said, form, hidden)
	}
	for i, want := range []string{"st-bede", "run 1", "/fleet/schools/st-anne/runs/1", "timezone", "River", "st-anne"} {
		if code, text := get(paths[i]); code != http.StatusOK || !strings.Contains(text, want) {
			d.Errorf("%s: status %d, and no %q in it\n%.300s", paths[i], code, want, text)
		}
		if _, text := get(paths[i]); strings.Contains(text, d.folder) {
			d.Errorf("%s names a folder of the worker", paths[i])
		}
	}
	d.answersAll(get, paths[1])
}

var hiddenField = regexp.MustCompile(`name="([a-z]+)" value="([^"]*)"`)

// answersAll has many look at a school at once.
func (d *depot) answersAll(get func(path string) (int, string), path string) {
	d.Helper()
	began := time.Now()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if code, text := get(path); code != http.StatusOK || strings.Contains(text, "has not answered") {
				d.Errorf("status %d\n%.300s", code, text)
			}
		})
	}
	all.Wait()
	if took := time.Since(began); took > 15*time.Second {
		d.Errorf("they waited for %s", took)
	}
}

// TestAFleetRefuses what is wrong in a folder of schools, and says where; nothing of it is applied.
func TestAFleetRefuses(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	d.is(0, "is set up", "init")
	for _, c := range []struct{ file, text, says string }{
		{"defaults.yml", "schedul: x\n", `defaults.yml: line 1: unknown key "schedul"`},
		{"defaults.yml", "fleet: {windo: 1h}\n", `unknown key "windo"`},
		{"defaults.yml", "fleet: {window: soon}\n", "fleet: window: "},
		{"defaults.yml", "fleet: {per_host: many}\n", "is not a rate"},
		{"defaults.yml", "fleet: {per_host: 600x/m}\n", "is not a rate"},
		{"defaults.yml", "canary: [st-nobody]\n", "there is no school st-nobody"},
		{"st-bede.yml", "databse: x\n", `st-bede.yml: line 1: unknown key "databse"`},
		{"st-bede.yml", "database: sqlite:x.db\n", "name a PostgreSQL that every worker reaches"},
		{"st-bede.yml", "timezone: UTC\n", "name a PostgreSQL that every worker reaches"},
		{"st-bede.yml", "database: postgres://u:geheim@h/d\n", "no password may stand in it"},
		{"st-bede.yml", "database: host=h password=geheim\n", "name a PostgreSQL that every worker reaches"},
		{"st-bede.yml", "database: postgres://u@h/d?sslpassword=geheim\n", "database: no password may stand in it"},
		{"st-bede.yml", "database: postgres://u@h/d\nisams: {url: 'https://u:geheim@x.example', requests: " +
			"[{key_file: x}]}\n", "isams: url: in a fleet it may hold no user"},
		{"st-bede.yml", "database: postgres://u@h/d\nisams: {url: 'https://x.example/?apiKey=geheim', requests: " +
			"[{key_file: x}]}\n", "isams: url: in a fleet it may hold no user"},
		{"st-bede.yml", "database: postgres://u@h/d\nisams: {url: 'https://x.example', proxy: 'http://geheim@p', " +
			"requests: [{key_file: x}]}\n", "isams: proxy: in a fleet it may hold no user"},
		{"st-bede.yml", "database: postgres://u@h/d?x=1;password=geheim\n",
			"database: what follows its question mark cannot be read"},
		{"st-bede.yml", "database: postgres://u@h/d?password=geheim%zz\n",
			"database: what follows its question mark cannot be read"},
		{"st-bede.yml", "<<: {messages: {webhooks: [{url: 'https://geheim'}]}}\n", "write out what is meant by <<"},
		{"st-bede.yml", "database: postgres://u@h/d\nisams: {url: 'https://x.example', requests: [{key_file: x}]}\n" +
			"events_files: nothing/*.ics\n", "events_files: no file is called"},
		{"st-bede.yml", "database: postgres://u@h/d\nisams: {url: 'https://x.example', requests: [{key_file: " +
			"/etc/x.key}]}\n", "a secret has to be a name alone"},
		{"st-bede.yml", "database: postgres://u@h/d\nisams: {url: 'https://x.example', requests: [{key_env: X}]}\n",
			"key_env: in a fleet"},
		{"st-bede.yml", "database: postgres://u@h/d\nsuspensions_file: /etc/passwd\n", "is not in the folder of the " +
			"schools"},
		{"st-bede.yml", "database: " + d.schools + "&search_path=St_Anne,public" +
			"\nisams: {url: 'https://x.example', requests: [{key_file: x}]}\n", "st-anne has the same database"},
		{"st-bede.yml", "database: " + d.schools + "&search_path=st_anne\nisams: {url: 'https://x.example', " +
			"requests: " +
			"[{key_file: x}]}\n", "st-anne has the same database and schema"},
		{"st-bede.yml", "database: postgres://u@h/d\n", "isams is missing, or its url"},
		{"st-paul.yaml", "timezone: UTC\n", "call it st-paul.yml"},
		{"St Bede.yml", "database: postgres://u@h/d\n", "cannot be a school's name"},
	} {
		before, there := os.ReadFile(filepath.Join(d.folder, "schools", c.file))
		d.write("schools/"+c.file, c.text)
		status, out, err := d.does("apply", "schools")
		if status != 2 || !strings.Contains(err, c.says) || strings.Contains(out+err, "geheim") {
			t.Errorf("%s with %q: status %d, wanted %q\n%s%s", c.file, c.text, status, c.says, out, err)
		}
		if there == nil {
			d.write("schools/"+c.file, string(before))
		} else if err := os.Remove(filepath.Join(d.folder, "schools", c.file)); err != nil {
			t.Fatal(err)
		}
	}
	d.is(0, "No school.", "list")
	d.is(2, "begin it with postgres://", "list", "--fleet", "mysql://x")
	d.is(1, "is PostgreSQL running", "list", "--fleet", "postgres://nobody:geheim@127.0.0.1:1/x?sslmode=disable")
	d.is(2, "--secrets: there is no folder", "work", "--secrets", "nowhere")
	d.is(2, "is not a size", "work", "--max-memory", "lots")
	d.write("fleet.yml", "jobs: 2\nlissten: off\n")
	d.is(2, `unknown key "lissten"`, "list", "--config", "fleet.yml")
}
