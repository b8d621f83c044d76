package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"misimportd/importer/fleet"
	"misimportd/importer/status"
)

// inFleet are the names of metrics of a fleet's workers, and of what is made of them.
var inFleet = regexp.MustCompile(`\bfleet_[a-z_]+|\bmisimport_[a-z_]+`)

// TestTheFleetsAlerts are what promtool finds nothing wrong with, and do what their tests say. Each asks for metrics
// that the topic tells of, and says what to do.
func TestTheFleetsAlerts(t *testing.T) {
	t.Parallel()
	promtool := tool(t, "promtool")
	rules := fromTop("deploy", "prometheus", "misimportd-fleet.rules.yml")
	for _, args := range [][]string{{"check", "rules", "--lint=all", "--lint-fatal", rules},
		{"test", "rules", fromTop("deploy", "prometheus", "misimportd-fleet.rules.test.yml")}} {
		if out, err := exec.Command(promtool, args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, out)
		}
	}
	text := readText(t, rules)
	for _, name := range inFleet.FindAllString(text, -1) {
		if !tellsOf(fleet.Manual, name) {
			t.Errorf("an alert asks for %s, of which the topic does not tell", name)
		}
	}
	alerts := regexp.MustCompile(`(?m)- alert: (\w+)$`).FindAllStringSubmatch(text, -1)
	for _, alert := range alerts {
		link := "file:///usr/share/doc/misimportd/runbook.md#" + strings.ToLower(alert[1]) + `"`
		if !strings.Contains(text, link) || !strings.Contains(status.Runbook, "\n## "+alert[1]+"\n") {
			t.Errorf("there is nothing to do about %s", alert[1])
		}
		if !tellsOf(fleet.Manual, alert[1]) {
			t.Errorf("the topic does not tell of %s", alert[1])
		}
	}
	if len(alerts) < 7 {
		t.Errorf("only %d alerts were found", len(alerts))
	}
}

// TestASingleSchoolSeesNothingOfAFleet in its alerts and on its dashboard.
func TestASingleSchoolSeesNothingOfAFleet(t *testing.T) {
	t.Parallel()
	for _, names := range [][]string{{"prometheus", "misimportd.rules.yml"}, {"grafana", "misimportd.json"}} {
		if strings.Contains(strings.ToLower(readText(t, fromTop(append([]string{"deploy"}, names...)...))), "fleet") {
			t.Errorf("%s speaks of fleets", names[1])
		}
	}
}

// TestTheFleetsDashboard shows every metric that the topic tells of, and no other.
func TestTheFleetsDashboard(t *testing.T) {
	t.Parallel()
	text := readText(t, fromTop("deploy", "grafana", "misimportd-fleet.json"))
	var board struct {
		Panels []struct {
			ID      int
			Title   string
			GridPos struct{ X, Y, W, H int }
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(text), &board); err != nil {
		t.Fatal(err)
	}
	var asked []string
	taken := map[[2]int]string{}
	for _, p := range board.Panels {
		for _, target := range p.Targets {
			for _, name := range inFleet.FindAllString(target.Expr, -1) {
				asked = append(asked, strings.TrimSuffix(name, "_bucket"))
			}
		}
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("%q lies over %q, or beside the page", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
	}
	var told []string
	_, watched, _ := strings.Cut(fleet.Manual, "\n## What to watch\n")
	for _, code := range codes(watched) {
		if name := inFleet.FindString(code); name != "" && strings.HasPrefix(code, name) {
			told = append(told, name)
		}
	}
	for _, name := range asked {
		if !slices.Contains(told, name) {
			t.Errorf("the dashboard asks for %s, of which the topic does not tell", name)
		}
	}
	for _, name := range told {
		if !slices.Contains(asked, name) {
			t.Errorf("the dashboard does not show %s", name)
		}
	}
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
