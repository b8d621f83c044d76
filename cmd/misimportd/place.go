package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"misimportd/era/hint"
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
func (a *app) settleIn(how place) (settings, error) {
	s, err := a.settle()
	if err != nil {
		return s, err
	}
	missing := missingFolder(s)
	switch {
	case missing == nil, how == begins && a.begin, how == besides && !s.needsFolder():
		return s, nil
	case how == begins && a.agrees(fmt.Sprintf("There is no folder %s. Begin a school in it?", missing.path)):
		return s, nil
	}
	return s, usageError{missing}
}

// needsFolder tells whether a command that works in the database alone would miss the folder:
// a name that somebody wrote is one that may be mistyped.
func (s settings) needsFolder() bool {
	return s.stateNamed || s.database == sqliteIn(s.state)
}

// noFolderError says that the state folder is not there.
type noFolderError struct {
	path  string
	named bool
}

func (e *noFolderError) Error() string {
	what := "name yours with --state"
	if e.named {
		what = "name the right one if this was mistyped"
	}
	return fmt.Sprintf("there is no state folder %s: %s; a school begins there with \"%s\"",
		e.path, what, hint.Command("run --new"))
}

func missingFolder(s settings) *noFolderError {
	if _, err := os.Stat(s.state); !errors.Is(err, fs.ErrNotExist) {
		return nil // what else is wrong with it is told by those who work in it
	}
	path, err := filepath.Abs(s.state)
	if err != nil {
		path = s.state
	}
	return &noFolderError{path, s.stateNamed}
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
