package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"misimportd/mis/isams/isamstest"
	"misimportd/store/storetest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"misimportd": main, "misimport": main})
}

var update = os.Getenv("UPDATE_STORIES") != ""

// TestStories runs what an operator would type, with the real program, once on each
// database; those of the demo once, for it has a database of its own.
func TestStories(t *testing.T) {
	all, err := filepath.Glob(filepath.Join("..", "..", "testdata", "stories", "*.txt"))
	if err != nil || len(all) == 0 {
		t.Fatal("no stories", err)
	}
	storetest.Each(t, func(t *testing.T, _ string) {
		files := slices.Clone(all)
		if strings.Contains(t.Name(), "postgres") {
			files = slices.DeleteFunc(files, func(file string) bool {
				return filepath.Base(file) == "demo.txt" || filepath.Base(file) == "hints.txt"
			})
		}
		testscript.Run(t, testscript.Params{
			Files:               files,
			RequireExplicitExec: true,
			UpdateScripts:       update,
			Setup: func(env *testscript.Env) error {
				state := filepath.Join(env.WorkDir, "state")
				database := "sqlite:" + filepath.Join(state, "misimportd.db")
				if strings.Contains(t.Name(), "postgres") {
					database = storetest.Postgres(env.T().(testing.TB))
				}
				env.Setenv("MISIMPORTD_DATABASE", database)
				env.Setenv("MISIMPORTD_STATE", state)
				env.Setenv("TMPDIR", env.WorkDir)
				deploy, err := filepath.Abs(filepath.Join("..", "..", "deploy"))
				env.Setenv("DEPLOY", deploy)
				return err
			},
			Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "school": school,
				"waiting": waiting},
		})
	})
}

// exits N COMMAND … runs a command and checks its exit status.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// school NIGHT [LOST] puts a typical school's document of a night into PreFetched, without so
// many of its pupils.
func school(ts *testscript.TestScript, neg bool, args []string) {
	nights, err := strconv.Atoi(args[0])
	ts.Check(err)
	s := isamstest.New(1, isamstest.Typical)
	for range nights - 1 {
		s.Night()
	}
	if len(args) > 1 {
		lost, err := strconv.Atoi(args[1])
		ts.Check(err)
		s.Pupils = s.Pupils[:len(s.Pupils)-lost]
	}
	put(ts, s.Document())
}

// waiting FILE puts a file into PreFetched.
func waiting(ts *testscript.TestScript, neg bool, args []string) {
	put(ts, []byte(ts.ReadFile(args[0])))
}

func put(ts *testscript.TestScript, document []byte) {
	folder := filepath.Join(ts.Getenv("MISIMPORTD_STATE"), "PreFetched")
	ts.Check(os.MkdirAll(folder, 0o700))
	ts.Check(os.WriteFile(filepath.Join(folder, "data.xml"), document, 0o600))
}
