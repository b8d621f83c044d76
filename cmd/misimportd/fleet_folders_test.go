//go:build !single

package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"misimportd/importer/fleet"
)

// TestASchoolIsLaidOut as it is now: a file that it does not have any more goes, and what an import left under way
// stays.
func TestASchoolIsLaidOut(t *testing.T) {
	folder := t.TempDir()
	school := fleet.School{Name: "st-anne", Configuration: "timezone: UTC\n",
		Files: map[string][]byte{"extra.csv": []byte("a"), "events/one.ics": []byte("b")}}
	p, err := layOut(folder, school, "")
	if err != nil {
		t.Fatal(err)
	}
	underWay := filepath.Join(p.state, "Incoming")
	if err := os.MkdirAll(underWay, 0o700); err != nil {
		t.Fatal(err)
	}
	school.Files = map[string][]byte{"extra.csv": []byte("c")}
	if _, err := layOut(folder, school, ""); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"extra.csv": "c", "events/one.ics": "", schoolFile: "timezone: UTC\n"} {
		text, _ := os.ReadFile(filepath.Join(folder, name))
		if string(text) != want {
			t.Errorf("%s holds %q, and should hold %q", name, text, want)
		}
	}
	if _, err := os.Stat(underWay); err != nil {
		t.Error(err)
	}
	school.Files = map[string][]byte{"../x": nil}
	if _, err := layOut(folder, school, ""); err == nil {
		t.Error("a file was laid out beside the school's folder")
	}
}

// TestTemporaryFolders of processes that are no more go when the next begins; those of others stay.
func TestTemporaryFolders(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	left, err := os.MkdirTemp("", "misimportd-at-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(left, time.Time{}, time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	first, clearFirst, err := temporary("misimportd-at-")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); err == nil {
		t.Error("what a process left is there still")
	}
	_, clearSecond, err := temporary("misimportd-at-")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(first); err != nil {
		t.Errorf("the folder of one at work is gone: %v", err)
	}
	clearFirst()
	clearSecond()
	if entries, _ := os.ReadDir(os.TempDir()); len(entries) > 0 {
		t.Errorf("%d folders are left", len(entries))
	}
}
