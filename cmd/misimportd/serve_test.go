package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"misimportd/mis/isams/isamstest"
	"misimportd/store/storetest"
)

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
