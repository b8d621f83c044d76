//go:build !single

package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"misimportd/cmd/misimportd/config"
)

// TestWhatAFleetDoesNotKeep of a folder of schools: sections that have no meaning there, for there may be secrets in
// them. Whoever wrote them is told.
func TestWhatAFleetDoesNotKeep(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	secret := "$2y$05$abcdefghijklmnopqrstuuNN1xYEBnDJWqkqY0t8Y0ZJQe1cXVK3e"
	write("defaults.yml", "timezone: Europe/Paris\nlisten: 127.0.0.1:9\noperators: {alice: \""+secret+"\"}\n")
	write("st-anne.yml", "# it was "+secret+"\ndatabase: postgres://u@h/d\n"+
		"isams: {url: 'https://x.example', requests: [{key_file: key}]}\n"+
		"state: /var/lib/elsewhere\n")
	wanted, warnings, err := config.ReadSchools(folder)
	if err != nil {
		t.Fatal(err)
	}
	kept := wanted.Schools[0].Configuration
	for _, gone := range []string{secret, "operators", "listen", "/var/lib/elsewhere"} {
		if strings.Contains(kept, gone) {
			t.Errorf("%s is kept in\n%s", gone, kept)
		}
	}
	if !strings.Contains(kept, "documents: database") || !strings.Contains(kept, "Europe/Paris") {
		t.Errorf("not all is kept that should be:\n%s", kept)
	}
	told := strings.Join(warnings, "\n")
	for _, want := range []string{"defaults.yml: listen is not used", "defaults.yml: operators is not used",
		"st-anne.yml: state is not used"} {
		if !strings.Contains(told, want) {
			t.Errorf("%q is not said in\n%s", want, told)
		}
	}
}

// TestEverySchoolThatIsWrongIsTold of, with its file.
func TestEverySchoolThatIsWrongIsTold(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"a.yml", "b.yml"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("timezone: UTC\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, _, err := config.ReadSchools(folder)
	var fault config.Error
	if !errors.As(err, &fault) || !strings.Contains(err.Error(), filepath.Join(folder, "a.yml")+": ") ||
		!strings.Contains(err.Error(), filepath.Join(folder, "b.yml")+": ") {
		t.Errorf("%v", err)
	}
}
