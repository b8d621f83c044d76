package config_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"misimportd/cmd/misimportd/config"
	"misimportd/era"
	"misimportd/importer/guard"
	"misimportd/mis/isams/batch"
)

// TestTheExampleConfigurationTellsTheTruth loads the example as it stands, which changes
// nothing, and with each line in force, which changes nothing either: it shows the
// defaults. The years alone have none to show.
func TestTheExampleConfigurationTellsTheTruth(t *testing.T) {
	example := filepath.Join("..", "..", "..", "deploy", "config.yml")
	text, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	settled := func(path string) config.Settings {
		t.Helper()
		s, err := config.Settle(config.Given{File: path})
		if err != nil {
			t.Fatal(err)
		}
		s.Source = ""
		return s
	}
	inForce := regexp.MustCompile(`(?m)^#([a-z_]+: .*)$`).ReplaceAllStringFunc(string(text), func(line string) string {
		if strings.Contains(line, "_file: ") { // of which there is none without it
			return line
		}
		return line[1:]
	})
	if n := strings.Count(inForce, "\n") - len(regexp.MustCompile(`(?m)^(#.*)?$`).FindAllString(inForce, -1)) +
		1; n != 13 {
		t.Errorf("%d settings are shown, want every one", n)
	}
	changed := filepath.Join(t.TempDir(), "config.yml")
	if err := os.WriteFile(changed, []byte(inForce), 0o600); err != nil {
		t.Fatal(err)
	}
	plain, shown := settled(example), settled(changed)
	isamsInForce(t, string(text))
	guardInForce(t, string(text))
	if diff := cmp.Diff([]era.Year{7, 8, 9, 10, 11, 12, 13}, shown.Years); diff != "" {
		t.Error(diff)
	}
	shown.Years, shown.StateNamed = nil, plain.StateNamed // which is to be named, for once
	if diff := cmp.Diff(plain, shown,
		cmpopts.IgnoreUnexported(config.Settings{}),
		cmp.Comparer(func(a, b interface{ String() string }) bool { return a.String() == b.String() })); diff != "" {
		t.Errorf("(-default +shown):\n%s", diff)
	}
}

// guardInForce does the same with the section guard: it shows every limit, and the defaults.
func guardInForce(t *testing.T, text string) {
	t.Helper()
	_, section, _ := strings.Cut(text, "#guard:\n")
	section, _, _ = strings.Cut(section, "\n\n")
	section = "guard:\n" + regexp.MustCompile(`(?m)^#`).ReplaceAllString(section, "")
	path := filepath.Join(t.TempDir(), "config.yml")
	if err := os.WriteFile(path, []byte(section), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := config.Settle(config.Given{File: path})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(guard.NewGuard(), s.Guard); diff != "" {
		t.Errorf("guard (-default +shown):\n%s", diff)
	}
	for name := range guard.DefaultLimits() {
		if !strings.Contains(section, "\n  "+name+": ") {
			t.Errorf("%s is not shown", name)
		}
	}
	for of, limits := range map[string]guard.Limits{"undo": guard.UndoLimits(), "roll": guard.RollLimits(),
		"convert": guard.ConvertLimits()} {
		_, shown, _ := strings.Cut(section, "\n  "+of+":\n")
		for name := range limits {
			if !strings.Contains("\n"+shown, "\n    "+name+": ") {
				t.Errorf("%s: %s is not shown", of, name)
			}
		}
	}
}

// isamsInForce takes the # off the section isams: every key is known, and what it shows
// are the defaults.
func isamsInForce(t *testing.T, text string) {
	t.Helper()
	_, section, _ := strings.Cut(text, "#isams:\n")
	section = "isams:\n" + regexp.MustCompile(`(?m)^#`).ReplaceAllString(section, "")
	folder := t.TempDir()
	for _, name := range []string{"isams.key", "timetable.key", "isams.secret"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("word"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	load := func(section string) *batch.Settings {
		t.Helper()
		path := filepath.Join(folder, "config.yml")
		if err := os.WriteFile(path, []byte(section), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := config.Settle(config.Given{File: path})
		if err != nil {
			t.Fatal(err)
		}
		return s.ISAMS
	}
	// Keys and OAuth2 exclude each other; that has its own test.
	withKeys := regexp.MustCompile(`(?m)^  oauth:.*\n`).ReplaceAllString(section, "")
	shown := load(withKeys)
	plain := load("isams: {url: 'https://school.isams.cloud', requests: [{key_file: isams.key}, {key_file: " +
		"timetable.key, methods: [Timetable_GetPublishedTimetables]}]}")
	plain.Proxy, plain.CAFile = "http://proxy.school.example:3128", filepath.Join(folder, "school-ca.pem")
	if diff := cmp.Diff(plain, shown); diff != "" {
		t.Errorf("(-default +shown):\n%s", diff)
	}
	withOAuth := regexp.MustCompile(`(?ms)^  requests:.*?\n\n`).ReplaceAllString(section, "\n")
	if s := load(withOAuth); s.ClientID != "misimportd" || s.ClientSecret != "word" {
		t.Errorf("%+v", s)
	}
}

// TestWhatIsInForceIsTold with where it is from, and without a secret.
func TestWhatIsInForceIsTold(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "config.yml")
	hash := "$2y$12$B0nFnLTUvVHrWPh4V1pQ9OSlPt5ptYC9o4i4MWXX9jMfsC.7V3zuy"
	text := "database: postgres://school:secret@db.example/scheduler?sslmode=require\nyears: [7, 8]\noperators:\n  " +
		"alice: " +
		hash + "\nhosts: &names [one.example]\nguard:\n  pupils_leaving: {percent: 5, at_least: 10}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := config.Settle(config.Given{File: path, State: folder, Timezone: "UTC"})
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]string{}
	for _, e := range s.Effective() {
		told[e.Key] = e.Value + " from " + strings.ReplaceAll(e.From, path, "FILE")
		if strings.Contains(e.Value, "secret") || strings.Contains(e.Value, hash) {
			t.Errorf("%s is told", e.Key)
		}
	}
	for key, want := range map[string]string{
		"database": "postgres://school:••••••@db.example/scheduler?sslmode=require from FILE, " +
			"line 1",
		"state":                        folder + " from the command line",
		"timezone":                     "UTC from the command line",
		"years[2]":                     "8 from FILE, line 2",
		"operators.alice":              "•••••• from FILE, line 4",
		"hosts[1]":                     "one.example from FILE, line 5",
		"guard.pupils_leaving.percent": "5 from FILE, line 7",
		"schedule":                     "0 3 * * * from the default",
		"messages":                     "nobody is told anything from the default",
	} {
		if told[key] != want {
			t.Errorf("%s: %s, want %s", key, told[key], want)
		}
	}
}
