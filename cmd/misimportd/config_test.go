package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"misimportd/era"
)

// TestTheExampleConfigurationTellsTheTruth loads the example as it stands, which changes
// nothing, and with each line in force, which changes nothing either: it shows the
// defaults. The years alone have none to show.
func TestTheExampleConfigurationTellsTheTruth(t *testing.T) {
	example := filepath.Join("..", "..", "deploy", "config.yml")
	text, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("MISIMPORTD_STATE", "")
	t.Setenv("MISIMPORTD_DATABASE", "")
	settled := func(path string) settings {
		t.Helper()
		s, err := (&flags{Config: path}).settle()
		if err != nil {
			t.Fatal(err)
		}
		s.source = ""
		return s
	}
	inForce := regexp.MustCompile(`(?m)^# ([a-z_]+: .*)$`).ReplaceAllString(string(text), "$1")
	if n := strings.Count(inForce, "\n") - len(regexp.MustCompile(`(?m)^(#.*)?$`).FindAllString(inForce, -1)) + 1; n != 5 {
		t.Errorf("%d settings are shown, want every one", n)
	}
	changed := filepath.Join(t.TempDir(), "config.yml")
	if err := os.WriteFile(changed, []byte(inForce), 0o600); err != nil {
		t.Fatal(err)
	}
	plain, shown := settled(example), settled(changed)
	if diff := cmp.Diff([]era.Year{7, 8, 9, 10, 11, 12, 13}, shown.years); diff != "" {
		t.Error(diff)
	}
	shown.years = nil
	if diff := cmp.Diff(plain, shown, cmp.AllowUnexported(settings{}), cmp.Comparer(func(a, b interface{ String() string }) bool { return a.String() == b.String() })); diff != "" {
		t.Errorf("(-default +shown):\n%s", diff)
	}
}
