package main

import (
	"fmt"
	"io"
	"os"

	"misimportd/cmd/misimportd/config"
	"misimportd/era"
	"misimportd/era/hint"
	"misimportd/importer/text"
	"misimportd/mis/cache"
	"misimportd/store"
)

type fetchCommand struct{}

func (fetchCommand) Run(a *app) error {
	a.asks = true
	return a.withHome(begins, func(s config.Settings, db *store.DB, _ cache.Home) error {
		progress := a.progress()
		progress.set("fetch")
		im, err := a.importer(s, db, progress)
		var m cache.Manifest
		if err == nil {
			m, err = im.Fetch(a.ctx)
		}
		progress.stop()
		if err != nil {
			return err
		}
		return a.print(m, func(w io.Writer, style text.Style) error { return text.WriteManifest(w, m, style) })
	})
}

type archiveCommand struct {
	List    archiveListCommand    `cmd:"" default:"1" help:"List the documents that were applied."`
	Extract archiveExtractCommand `cmd:"" help:"Write the document of a day to standard output, unpacked."`
}

type archiveListCommand struct{}

func (archiveListCommand) Run(a *app) error {
	return a.withHome(inside, func(_ config.Settings, _ *store.DB, home cache.Home) error {
		list, err := home.List()
		if err != nil {
			return err
		}
		return a.print(list, func(w io.Writer, _ text.Style) error { return text.WriteArchive(w, list) })
	})
}

type archiveExtractCommand struct {
	Date  era.Date `arg:"" help:"The day on which it was applied."`
	OfRun int64    `name:"run" placeholder:"ID" help:"The run, if there were several that day (default the last)."`
}

func (c archiveExtractCommand) Run(a *app) error {
	return a.withHome(inside, func(_ config.Settings, _ *store.DB, home cache.Home) error {
		list, err := home.List()
		if err != nil {
			return err
		}
		var found *cache.Archived
		for i, entry := range list {
			if entry.Day == c.Date.String() && (c.OfRun == 0 || entry.Run == c.OfRun) {
				found = &list[i]
			}
		}
		if found == nil {
			return fmt.Errorf("the archive has no such document of %s: \"%s\" says what it has", c.Date,
				hint.Command("archive list"))
		}
		if isTerminal(a.out) {
			fmt.Fprintln(os.Stderr, "misimportd: writing children's data to the terminal; press Ctrl-C to stop")
		}
		return found.Extract(a.out)
	})
}
