//go:build !single

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"misimportd/cmd/misimportd/config"
)

// TestTheFleetsExamples are settings that a worker understands: the example file with each remark taken off its lines,
// and what the manifest gives to containers.
func TestTheFleetsExamples(t *testing.T) {
	t.Parallel()
	example := regexp.MustCompile(`(?m)^#(\S)`).ReplaceAllString(readText(t, fromTop("deploy", "fleet.yml")), "$1")
	container := objects(t)["ConfigMap misimportd-fleet"].Data["fleet.yml"]
	container = regexp.MustCompile(`fleet_file: \S+/`).ReplaceAllString(container, "fleet_file: ")
	container = regexp.MustCompile(`(?m)^#(\S)`).ReplaceAllString(container, "$1")
	for name, text := range map[string]string{"deploy/fleet.yml": example, "the manifest": container} {
		folder := t.TempDir()
		for file, content := range map[string]string{"fleet.yml": text,
			"fleet.url": "postgres://fleet@db.example/fleet",
			"web.yml":   "{}"} {
			if err := os.WriteFile(filepath.Join(folder, file), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s, err := config.ReadFleet(filepath.Join(folder, "fleet.yml"))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if s.URL != "postgres://fleet@db.example/fleet" || s.Jobs != 2 || s.MaxMemory != 1<<30 || s.Secrets == "" ||
			s.State == "" || s.Address == "" || len(s.Operators) != 1 || len(s.Hosts) != 1 {
			t.Errorf("%s was read as %+v", name, s)
		}
	}
}
