package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"

	"misimportd/era/hint"
)

// callerOf tells how this process was started, for the commands in its messages. What the
// environment says holds for the next command too.
func callerOf(args []string) hint.Caller {
	return hint.Caller{
		Program: calledAs(),
		School:  hint.In(args, []string{"config", "state", "database", "timezone", "years"}, nil),
		Day: hint.In(args, []string{"as-of", "era", "ahead", "no", "timetable"}, []string{"fetch", "force",
			"convert"}),
	}
}

// calledAs is the program as its user typed it. A script that stands between them says so in
// MISIMPORTD_CALLED.
func calledAs() string {
	if name := os.Getenv("MISIMPORTD_CALLED"); name != "" {
		return name
	}
	if path, err := os.Executable(); err == nil && isGoRun(path) && isSource(".") {
		return "go run ./cmd/misimportd"
	}
	base := filepath.Base(os.Args[0])
	if found, err := exec.LookPath(base); err == nil && found == os.Args[0] {
		return base
	}
	return os.Args[0]
}

// builtByGoRun is where "go run" puts a program: into a temporary folder, or, from the second time on, into its cache.
var builtByGoRun = regexp.MustCompile(`/(go-build[0-9]+/b[0-9]+/exe|[0-9a-f]{2}/[0-9a-f]{64}-d)/[^/]+$`)

func isGoRun(path string) bool { return builtByGoRun.MatchString(filepath.ToSlash(path)) }

// isSource tells whether a folder is this program's source, so that "go run ./cmd/misimportd" works there.
func isSource(folder string) bool {
	_, err := os.Stat(filepath.Join(folder, "cmd", "misimportd", "main.go"))
	return err == nil
}
