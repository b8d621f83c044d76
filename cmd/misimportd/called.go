package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"

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
	if path, err := os.Executable(); err == nil && strings.Contains(path, "go-build") {
		return "go run ./cmd/misimportd"
	}
	base := filepath.Base(os.Args[0])
	if found, err := exec.LookPath(base); err == nil && found == os.Args[0] {
		return base
	}
	return os.Args[0]
}
