package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"misimportd/cmd/misimportd/config"
	"misimportd/era/hint"
	"misimportd/mis/cache"
)

// place is how a command works in the state folder.
type place int

const (
	besides place = iota // it reads and writes the database alone
	inside               // in a folder that has to be there
	begins               // in one that it may begin, if somebody says that a school is to begin there
)

// settleIn settles the configuration of a command. A folder whose name was mistyped must not
// begin a second school: one that is not there is refused, with a *noFolderError.
func (a *app) settleIn(how place) (config.Settings, error) {
	s, err := a.settleHere()
	if err != nil {
		return s, err
	}
	missing := missingFolder(s)
	if how == begins && missing == nil {
		missing = strayDatabase(s)
	}
	switch {
	case missing == nil, how == begins && a.begin, how == besides && !needsFolder(s):
		return s, nil
	case how == begins && a.agrees(fmt.Sprintf("There is no %s %s. Begin a school in it?", missing.kind, missing.path)):
		return s, nil
	}
	return s, usageError{missing}
}

// needsFolder tells whether a command that works in the database alone would miss the folder:
// a name that somebody wrote is one that may be mistyped.
func needsFolder(s config.Settings) bool {
	return s.StateNamed || s.Database == config.SQLiteIn(s.State)
}

// noFolderError says that the state folder is not there, or the database of one that has been used.
type noFolderError struct {
	kind  string
	path  string
	named bool
}

func (e *noFolderError) Error() string {
	what := "name yours with --state"
	if e.named {
		what = "name the right one if this was mistyped"
	}
	return fmt.Sprintf("there is no %s %s: %s; a school begins there with \"%s\"",
		e.kind, e.path, what, hint.Command("run --new"))
}

func missingFolder(s config.Settings) *noFolderError {
	if _, err := os.Stat(s.State); !errors.Is(err, fs.ErrNotExist) {
		return nil // what else is wrong with it is told by those who work in it
	}
	path, err := filepath.Abs(s.State)
	if err != nil {
		path = s.State
	}
	return &noFolderError{"state folder", path, s.StateNamed}
}

// strayDatabase finds out that a database in a file is to begin in a folder that is not there, or
// beside the documents that another one reflects: then its name was mistyped.
func strayDatabase(s config.Settings) *noFolderError {
	path, isFile := strings.CutPrefix(s.Database, "sqlite:")
	if !isFile || path == "" || exists(path) {
		return nil
	}
	if folder := filepath.Dir(path); !exists(folder) && folder != filepath.Clean(s.State) ||
		exists(filepath.Join(s.State, cache.Current, "data.xml")) {
		return &noFolderError{"database", path, true}
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// agrees asks a question on a terminal. Where nobody sits, nobody agrees.
func (t terminal) agrees(question string) bool {
	if !isTerminal(t.in) || !isTerminal(t.err) {
		return false
	}
	fmt.Fprintf(t.err, "%s [y/N] ", question)
	answer, _ := bufio.NewReader(t.in).ReadString('\n') // none is a no
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes"
}
