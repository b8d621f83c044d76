package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
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

// exported is the names of the metrics in a scrape.
func exported(scrape string) (names []string) {
	for line := range strings.SplitSeq(scrape, "\n") {
		if name := regexp.MustCompile(`^[a-z_:]+`).FindString(line); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// occasional are the metrics, and the entities of changes, that have a series once there is
// something to tell.
var occasional = regexp.MustCompile(`^misimport_(source_problems|limit_breached)|entity="(era|setting)"`)

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
	deployed := filepath.Join("..", "..", "deploy", "prometheus")
	rules := filepath.Join(deployed, "misimportd.rules.yml")
	for _, args := range [][]string{{"check", "rules", "--lint=all", "--lint-fatal", rules},
		{"test", "rules", filepath.Join(deployed, "misimportd.rules.test.yml")},
		{"test", "rules", filepath.Join(deployed, "misimportd.rules.pause.test.yml")}} {
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
			if asked[name] = true; !slices.Contains(names, name) && !occasional.MatchString(name) {
				t.Errorf("the %s ask for %s, which is not exported", what, name)
			}
		}
		t.Logf("%s: %d metric names, all in the scrape", what, len(asked))
		if what == "dashboard" {
			for _, name := range names {
				base := strings.NewReplacer("_bucket", "", "_sum", "", "_count", "").Replace(name)
				if strings.HasPrefix(name, "misimport_") && !asked[name] && !asked[base+"_sum"] &&
					!asked[base+"_bucket"] {
					t.Errorf("the dashboard does not show %s", name)
				}
			}
		}
	}
	for _, alert := range regexp.MustCompile(`(?m)- alert: (\w+)$`).FindAllStringSubmatch(string(text), -1) {
		linked := strings.Contains(string(text), "/runbook/"+alert[1]+"\"") ||
			strings.Contains(string(text), "runbook.md#"+strings.ToLower(alert[1])+"\"")
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
		if !slices.Contains(before, name) && !occasional.MatchString(name) {
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
	configuration := fmt.Sprintf("global: {scrape_interval: 200ms, evaluation_interval: 200ms}\nrule_files: [%s]\n"+
		"scrape_configs: [{job_name: misimportd, static_configs: [{targets: ['%s']}]}]\n", rules,
		strings.TrimPrefix(d.at, "http://"))
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
	prometheus := exec.Command(tool(t, "prometheus"), "--config.file="+filepath.Join(folder, "prometheus.yml"),
		"--storage.tsdb.path="+filepath.Join(folder, "data"), "--web.listen-address="+address)
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
		{`time() - misimport_last_success_timestamp_seconds < bool 60`, "1"},
		{`misimport_next_run_timestamp_seconds - time() > bool 3600`, "1"},
		{`sum(scrape_samples_scraped{job="misimportd"}) < bool 300`, "1"},
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
	if well := bytes.Count(said, []byte(`"health":"ok"`)); err != nil ||
		well != bytes.Count(said, []byte(`"type":"alerting"`)) || well < 12 {
		t.Errorf("%d rules are well, in %s", well, said)
	}
	d.stop()
}
