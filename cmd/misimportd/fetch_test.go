package main

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"misimportd/mis/isams/isamstest"
)

const (
	testKey    = "0A1C996B-8E74-4388-A3C4-8DA1E40ADA57"
	testSecret = "s/e+c=r&e t?"
)

// station is a pretend iSAMS and a school's server that fetches from it.
type station struct {
	*testing.T
	program string
	server  *isamstest.Server
	web     *httptest.Server
	state   string
	said    *bytes.Buffer // all that the program ever printed
}

var tiny = isamstest.Size{Pupils: 100, Staff: 20, Forms: 7, Sets: 35, SetLists: 600}

func newStation(t *testing.T, program string) *station {
	t.Helper()
	s := &station{T: t, program: program, server: isamstest.NewServer(isamstest.New(1, tiny), testKey),
		state: t.TempDir(), said: &bytes.Buffer{}}
	s.web = httptest.NewServer(s.server)
	t.Cleanup(func() {
		s.web.CloseClientConnections()
		s.web.Close()
	})
	s.write("isams.key", testKey+"\n")
	s.configure("requests: [{key_file: isams.key}]")
	return s
}

func (s *station) write(name, text string) {
	s.Helper()
	if err := os.WriteFile(filepath.Join(s.state, name), []byte(text), 0o600); err != nil {
		s.Fatal(err)
	}
}

// configure writes a configuration with quick retries; more is the rest of the section.
func (s *station) configure(more string) {
	s.Helper()
	s.write("config.yml", fmt.Sprintf("state: .\nautomatic_groups: off\nisams:\n  url: %s\n  timeout: 8s\n  "+
		"connect_timeout: 2s\n  stall: "+
		"1500ms\n  max_size: 4MiB\n  retry: {first: 50ms, most: 200ms}\n  %s\n", s.web.URL, more))
}

// run runs the program, which is to tell all it can.
func (s *station) run(args ...string) (said string, status int) {
	s.Helper()
	return s.runQuietly(append(args, "-v")...)
}

// runQuietly runs the program, and looks at its process title while it does.
func (s *station) runQuietly(args ...string) (said string, status int) {
	s.Helper()
	cmd := exec.Command(s.program, append(args, "--config", filepath.Join(s.state, "config.yml"))...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		s.Fatal(err)
	}
	title, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", cmd.Process.Pid))
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.Fatal(err)
	}
	s.said.Write(title)
	s.said.Write(out.Bytes())
	return out.String(), cmd.ProcessState.ExitCode()
}

// TestFaultsOfServerAndNetwork goes through all that an iSAMS does wrong. It writes the
// table of what came of each.
func TestFaultsOfServerAndNetwork(t *testing.T) {
	misimportd := program(t)
	const asOf = "--as-of=2016-09-05"
	ok := "Run 1: applied"
	for _, c := range []struct {
		fault    isamstest.Fault
		attempts int // 0: as many as the time allows
		status   int
		said     string
	}{
		{isamstest.Fault{Kind: "deadlock", Times: 2}, 3, 0, ok},
		{isamstest.Fault{Kind: "deadlock"}, 0, 1,
			"UnhandledException: Transaction .* it was tried until the time was up"},
		{isamstest.Fault{Kind: "lock-timeout", Times: 1}, 2, 0, ok},
		{isamstest.Fault{Kind: "502", Times: 1}, 2, 0, ok},
		{isamstest.Fault{Kind: "503", Times: 1}, 2, 0, ok},
		{isamstest.Fault{Kind: "html", Times: 1}, 2, 0, ok},
		{isamstest.Fault{Kind: "html"}, 0, 1, `an HTML page titled "Sign in"`},
		{isamstest.Fault{Kind: "cut", After: 5000, Times: 1}, 2, 0, ok},
		{isamstest.Fault{Kind: "cut-no-length", After: 5000, Times: 1}, 2, 0, ok},
		{isamstest.Fault{Kind: "cut-no-length", After: 0, Times: 1}, 2, 0, ok},
		{isamstest.Fault{Kind: "cut-in-chunk", After: 5000, Times: 1}, 2, 0, ok},
		{isamstest.Fault{Kind: "cut-no-length", After: 5000}, 0, 1, "the beginning of one, cut off inside <"},
		{isamstest.Fault{Kind: "stall", After: 5000, Times: 1}, 2, 0, ok},
		{isamstest.Fault{Kind: "stall", After: 5000}, 0, 1,
			`nothing came for 1.5s \(stall\); it was tried until the time was up`},
		{isamstest.Fault{Kind: "slow-first-byte", Times: 1}, 2, 0, ok},
		{isamstest.Fault{Kind: "reset", After: 5000, Times: 1}, 2, 0, ok},
		{isamstest.Fault{Kind: "trickle"}, 1, 0, ok},
		{isamstest.Fault{Kind: "gzip"}, 1, 0, ok},
		{isamstest.Fault{Kind: "redirect"}, 1, 1,
			"answered 302 Found to http://login.example: the key is not sent there"},
		{isamstest.Fault{Kind: "section-missing", Section: "SetLists"}, 1, 0, ok},
		{isamstest.Fault{Kind: "section-empty", Section: "CurrentPupils"}, 1, 0, ok},
		{isamstest.Fault{Kind: "empty"}, 1, 1, "one without a single section; check what the API key is allowed"},
		{isamstest.Fault{Kind: "wrong-key"}, 1, 1, "InvalidApiKey: The API key is invalid; check the API key"},
		{isamstest.Fault{Kind: "method-not-allocated"}, 1, 1,
			"not allocated to the key: Pupil_GetCurrentPupils; allocate these methods"},
		{isamstest.Fault{Kind: "echo-message", After: 155}, 1, 1, `apiKey=\[secret\]`},
		{isamstest.Fault{Kind: "echo-html", After: 155}, 0, 1, `apikey=\[secret\]`},
		{isamstest.Fault{Kind: "oversized"}, 1, 1, `larger than 4194304 bytes \(max_size\)`},
	} {
		name := fmt.Sprintf("%s after %d × %d", c.fault.Kind, c.fault.After, c.fault.Times)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStation(t, misimportd)
			s.server.Misbehave(c.fault)
			begin := time.Now()
			said, status := s.run("run", asOf)
			attempts := s.server.Requests()
			if status != c.status || c.attempts > 0 && attempts != c.attempts || c.attempts == 0 && attempts < 3 ||
				!regexp.MustCompile(c.said).MatchString(said) {
				t.Errorf("status %d, %d attempts:\n%s", status, attempts, said)
			}
			if c.fault.Kind == "503" && time.Since(begin) < time.Second {
				t.Error("Retry-After was not honoured")
			}
			s.whole(status == 0)
			last := strings.Split(strings.TrimSpace(said), "\n")
			t.Logf("TABLE | %s | %d | %d | %s |", name, attempts, status, last[max(0, len(last)-1)])
			if status != 0 { // and when the fault has gone, the next run does the work
				s.server.Misbehave()
				if said, status := s.run("run", asOf); status != 0 || !strings.Contains(said, "applied") {
					t.Errorf("the next run: status %d\n%s", status, said)
				}
			}
			s.noSecrets()
		})
	}
}

// whole checks that each folder holds a whole document or none.
func (s *station) whole(imported bool) {
	s.Helper()
	for _, folder := range []string{"PreFetched", "Current"} {
		text, err := os.ReadFile(filepath.Join(s.state, folder, "data.xml"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil || !bytes.HasSuffix(text, []byte("</iSAMS>\n")) {
			s.Errorf("%s holds half a document: %v", folder, err)
		}
	}
	if left, err := os.ReadDir(filepath.Join(s.state, "Incoming")); err != nil || len(left) > 0 {
		s.Errorf("left in Incoming: %v %v", left, err)
	}
	if _, err := os.Stat(filepath.Join(s.state, "Current", "data.xml")); (err == nil) != imported {
		s.Errorf("Current: %v", err)
	}
}

// noSecrets looks for the key, the secret and the token in all that was ever printed and
// in all files of the state folder, packed ones unpacked.
func (s *station) noSecrets() { s.Helper(); s.noSecretsBut("") }

func (s *station) noSecretsBut(exempt string) {
	s.Helper()
	look := func(where string, text []byte) {
		for _, secret := range []string{testKey, testKey[:18], testSecret, url.QueryEscape(testSecret),
			url.PathEscape(testSecret), "a-pretended-token"} {
			if bytes.Contains(bytes.ToLower(text), bytes.ToLower([]byte(secret))) {
				s.Errorf("%s holds the secret %q", where, secret)
			}
		}
	}
	look("the output", s.said.Bytes())
	err := filepath.WalkDir(s.state, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(path, "isams.key") || exempt != "" &&
			strings.HasSuffix(path, exempt) || strings.HasSuffix(path, "client.secret") {
			return err
		}
		text, err := os.ReadFile(path)
		if err == nil && strings.HasSuffix(path, ".zst") {
			unpacker, newErr := zstd.NewReader(nil)
			if newErr != nil {
				return newErr
			}
			defer unpacker.Close()
			text, err = unpacker.DecodeAll(text, nil)
		}
		look(path, text)
		return err
	})
	if err != nil {
		s.Error(err)
	}
}

func TestFetchingInItsWays(t *testing.T) {
	misimportd := program(t)
	const asOf = "--as-of=2016-09-05"

	t.Run("several keys, merged", func(t *testing.T) {
		s := newStation(t, misimportd)
		s.server.Keys = map[string][]string{testKey: {"Pupil_GetCurrentPupils", "School_GetSchoolForms"},
			"second-key": {"Teaching_GetSets", "Teaching_GetSetLists", "HumanResources_GetCurrentStaff"}}
		s.write("second.key", "second-key")
		s.configure("requests: [{key_file: isams.key}, {key_file: second.key}]")
		if said, status := s.run("run", asOf); status != 0 || !strings.Contains(said, "memberships  600 created") {
			t.Errorf("%d %s", status, said)
		}
		s.noSecrets()
	})
	t.Run("one section from two requests", func(t *testing.T) {
		s := newStation(t, misimportd)
		s.configure("requests: [{key_file: isams.key}, {key_file: isams.key, methods: [Teaching_GetSets]}]")
		said, status := s.run("run", asOf)
		if status != 2 || !strings.Contains(said,
			"section TeachingManager/Sets comes with request 1 and with request 2: say with methods what each is to "+
				"bring, so that only one brings it") {
			t.Errorf("%d %s", status, said)
		}
		s.whole(false)
	})
	t.Run("methods by POST", func(t *testing.T) {
		s := newStation(t, misimportd)
		s.configure("requests: [{key_file: isams.key, methods: [Pupil_GetCurrentPupils, School_GetSchoolForms], " +
			"filters: {CoverManager: {AllLessonSuspensions: {StartDate: '2016-08-15'}}}}]")
		if said, status := s.run("fetch"); status != 0 || !regexp.MustCompile("PupilManager/CurrentPupils +100\n").
			MatchString(said) || strings.Contains(said, "SetLists") {
			t.Errorf("%d %s", status, said)
		}
	})
	t.Run("OAuth2", func(t *testing.T) {
		s := newStation(t, misimportd)
		s.server.ClientID, s.server.ClientSecret = "client", strings.ReplaceAll(testSecret, " ", "")
		s.write("client.secret", s.server.ClientSecret)
		s.configure("oauth: {client_id: client, client_secret_file: client.secret}")
		if said, status := s.run("run", asOf); status != 0 || !strings.Contains(said, "Run 1: applied") {
			t.Errorf("%d %s", status, said)
		}
		s.server.ClientSecret = "changed"
		if said, status := s.run("run", asOf); status != 1 ||
			!strings.Contains(said, "no OAuth2 token: the server answered 400 Bad Request invalid_client; check "+
				"client_id") {
			t.Errorf("%d %s", status, said)
		}
		s.noSecrets()
	})
	t.Run("fetch, then plan, then run", func(t *testing.T) {
		s := newStation(t, misimportd)
		for _, step := range []struct{ command, said string }{
			{"fetch", "Fetched .* from http://127.0.0.1"}, {"plan", "memberships  600 created"},
			{"run", "Run 1: applied"}, {"run", "Run 2: unchanged(.|\n)*the same as last time"},
			{"archive", "run 1 .* from|run 1 "},
		} {
			args := []string{step.command}
			if step.command == "plan" || step.command == "run" {
				args = append(args, asOf)
			}
			if said, status := s.run(args...); status != 0 || !regexp.MustCompile(step.said).MatchString(said) {
				t.Errorf("%s: %d %s", step.command, status, said)
			}
		}
		if n := s.server.Requests(); n != 2 {
			t.Errorf("%d requests: the run after a fetch is to use what was fetched", n)
		}
		said, status := s.run("archive", "extract", time.Now().Format("2006-01-02"))
		if status != 0 || said != string(s.server.Document()) {
			t.Errorf("%d: what is extracted is not what came (%d bytes)", status, len(said))
		}
		s.noSecrets()
	})
	t.Run("a document put there by hand", func(t *testing.T) {
		s := newStation(t, misimportd)
		putDocument(t, s.state, isamstest.New(9, isamstest.Size{Pupils: 5, Staff: 2, Forms: 7, Sets: 7, SetLists: 5}).
			Document())
		if said, status := s.run("fetch"); status != 1 ||
			!strings.Contains(said, "put into PreFetched by hand waits there") {
			t.Errorf("%d %s", status, said)
		}
		if said, status := s.run("run", asOf); status != 0 || !strings.Contains(said, "pupils       5 created") ||
			s.server.Requests() != 0 {
			t.Errorf("%d %s", status, said)
		}
	})
	t.Run("the last good one", func(t *testing.T) {
		s := newStation(t, misimportd)
		s.configure("requests: [{key_file: isams.key}]\n  use_last_good: true")
		if said, status := s.run("run", asOf); status != 0 {
			t.Fatalf("%d %s", status, said)
		}
		s.server.Misbehave(isamstest.Fault{Kind: "502"})
		said, status := s.run("run", asOf)
		if status != 0 || !strings.Contains(said, "Run 2: unchanged") ||
			!strings.Contains(said, "the last document once more") || !strings.Contains(said, "502 Bad Gateway") {
			t.Errorf("%d %s", status, said)
		}
		s.whole(true)
	})
	t.Run("a section that was there before", func(t *testing.T) {
		s := newStation(t, misimportd)
		if said, status := s.run("run", asOf); status != 0 {
			t.Fatalf("%d %s", status, said)
		}
		s.server.Misbehave(isamstest.Fault{Kind: "section-missing", Section: "SetLists"})
		if said, status := s.run("fetch"); status != 0 ||
			!regexp.MustCompile("TeachingManager/SetLists +missing, and there last time: "+
				"check what the key is allowed").MatchString(said) {
			t.Errorf("%d %s", status, said)
		}
		if said, status := s.run("run", asOf); status != 3 || !strings.Contains(said, "Run 2: held") ||
			!strings.Contains(said, "SetLists: section absent or empty") ||
			!strings.Contains(said, "misimportd approve 2 ") {
			t.Errorf("%d %s", status, said)
		}
	})
	t.Run("nobody listens", func(t *testing.T) {
		s := newStation(t, misimportd)
		s.web.Close()
		said, status := s.run("run", asOf)
		if status != 1 || !strings.Contains(said, "connection refused") {
			t.Errorf("%d %s", status, said)
		}
		s.noSecrets()
	})
	t.Run("a certificate that nobody vouches for", func(t *testing.T) {
		s := newStation(t, misimportd)
		web := httptest.NewTLSServer(s.server)
		defer web.Close()
		s.web.Close()
		s.web = web
		s.configure("requests: [{key_file: isams.key}]")
		said, status := s.run("run", asOf)
		if status != 1 || !strings.Contains(said, "certificate") || !strings.Contains(said, "1 attempt:") ||
			s.server.Requests() != 0 {
			t.Errorf("%d %s", status, said)
		}
		s.write("ca.pem", pemOf(web))
		s.configure("requests: [{key_file: isams.key}]\n  ca_file: ca.pem")
		if said, status := s.run("run", asOf); status != 0 {
			t.Errorf("with the authority: %d %s", status, said)
		}
		s.noSecrets()
	})
}

func pemOf(web *httptest.Server) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw}))
}
