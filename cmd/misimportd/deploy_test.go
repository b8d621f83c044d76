package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTheUnits are what systemd itself finds good, and expose as little as it can tell.
func TestTheUnits(t *testing.T) {
	t.Parallel()
	analyze, folder := tool(t, "systemd-analyze"), t.TempDir()
	var paths []string
	for _, name := range []string{"misimportd.service", "misimportd-run.service", "misimportd-worker@.service",
		"misimportd-run.timer"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "deploy", "systemd", name))
		if err != nil {
			t.Fatal(err)
		}
		// The program is not installed here; what is said of it is.
		text = bytes.ReplaceAll(text, []byte("/usr/bin/misimportd"), []byte("/bin/true"))
		path := filepath.Join(folder, strings.Replace(name, "@", "@1", 1))
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	if out, err := exec.Command(analyze, append([]string{"verify", "--man=no"}, paths...)...).
		CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
	for _, path := range paths[:3] {
		// A threshold of 15 is an exposure of 1.5.
		out, err := exec.Command(analyze, "security", "--offline=yes", "--no-pager", "--threshold=15", path).
			CombinedOutput()
		exposure := regexp.MustCompile(`Overall exposure level for .*`).Find(out)
		if err != nil || exposure == nil {
			t.Errorf("systemd-analyze security: %v\n%s", err, out)
		}
		t.Logf("%s", exposure)
	}
}
