package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"misimportd/importer/text"
)

// release is set by the linker: -X main.release=1.2.3.
var release = "dev"

func version() string { return release }

type versionCommand struct{}

func (versionCommand) Run(a *app) error {
	said := map[string]string{"version": version(), "go": runtime.Version(), "commit": commit()}
	return a.print(said, func(w io.Writer, _ text.Style) error {
		_, err := fmt.Fprintf(w, "misimportd %s (commit %s, %s)\n", said["version"], said["commit"], said["go"])
		return err
	})
}

func commit() string {
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, s := range build.Settings {
			if s.Key == "vcs.revision" {
				return s.Value[:min(12, len(s.Value))]
			}
		}
	}
	return "unknown"
}
