//go:build single

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// fleetCommand hands over to the program for many schools, which a single school has no use for.
type fleetCommand struct {
	Words []string `arg:"" optional:"" passthrough:"" help:"As of misimportd-fleet, if that is installed."`
}

// fleetProgram is the program that was built for many schools.
const fleetProgram = "misimportd-fleet"

func (fleetCommand) Run(*app) error {
	path := ""
	if own, err := os.Executable(); err == nil {
		if beside := filepath.Join(filepath.Dir(own), fleetProgram); exists(beside) {
			path = beside
		}
	}
	if path == "" {
		found, err := exec.LookPath(fleetProgram)
		if err != nil {
			return usagef("this program is for a single school: for many, install the package %s", fleetProgram)
		}
		path = found
	}
	if err := syscall.Exec(path, os.Args, os.Environ()); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
