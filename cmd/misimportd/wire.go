package main

import (
	"slices"

	"misimportd/cmd/misimportd/config"
	"misimportd/importer"
	"misimportd/mis/cache"
	"misimportd/mis/isams/batch"
	"misimportd/store"
)

// settle is the configuration, with the flags before the file.
func (f *flags) settle() (config.Settings, error) {
	return config.Settle(config.Given{File: f.Config, NoFile: f.noConfig, State: f.State, Database: f.Database,
		Timezone: f.Timezone, Years: f.Years})
}

// settleHere is the configuration of the school that a command is for.
func (a *app) settleHere() (config.Settings, error) {
	if a.at != nil {
		return config.Settle(a.at.given())
	}
	return a.settle()
}

// withDatabase settles the configuration, opens the database, and closes it after do.
func (a *app) withDatabase(do func(config.Settings, *store.DB) error) error {
	s, err := a.settleIn(a.works)
	if err != nil {
		return err
	}
	a.log.Debug("configuration", "file", s.Source, "state", s.State)
	db, err := store.Open(a.ctx, s.Database)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	db.Waiting = importer.TellWaiting(a.log)
	return do(s, db)
}

// importer wires up an import. db may be nil for what needs none.
func (a *app) importer(s config.Settings, db *store.DB, progress *progress) (*importer.Importer, error) {
	fetching, err := a.fetching(s, progress)
	return a.importerOf(s, db, fetching, progress.set), err
}

func (a *app) importerOf(s config.Settings, db *store.DB, fetching importer.Fetching,
	progress func(stage string)) *importer.Importer {
	return &importer.Importer{
		Fetching: fetching, Retention: s.Retention,
		DB: db, State: homeOf(s, db), Zone: s.Zone, Years: s.Years, AcademicYearStarts: s.AcademicYearStarts,
		SuspensionsFile: s.SuspensionsFile, Groups: s.Groups, ExtraGroupsFile: s.ExtraGroupsFile,
		EventsFiles: s.EventsFiles, Covers: s.Covers,
		Timetable: s.Timetable, Again: a.Again, Force: a.Force, Guard: s.Guard,
		Turn: s.Turn, NextYear: a.nextYear, Convert: a.converts, Conversion: s.Conversion,
		AsOf: a.AsOf, Version: version(), Log: a.log, Progress: progress,
	}
}

// homeOf is where the school's documents are kept. Without a database it is the folder in which they are worked on.
func homeOf(s config.Settings, db *store.DB) cache.Home {
	folder := cache.Folder(s.State)
	if s.Documents == config.InDatabase && db != nil {
		return importer.InDatabase(db, folder)
	}
	return folder
}

// withHome hands do the place where the documents are kept, for commands that need the database for nothing else.
func (a *app) withHome(how place, do func(config.Settings, *store.DB, cache.Home) error) error {
	s, err := a.settleIn(how)
	if err != nil {
		return err
	}
	if s.Documents == config.InFolder {
		return do(s, nil, homeOf(s, nil))
	}
	db, err := store.Open(a.ctx, s.Database)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	db.Waiting = importer.TellWaiting(a.log)
	return do(s, db, homeOf(s, db))
}

// fetching sets up where documents come from, and warns of what is seldom meant.
func (a *app) fetching(s config.Settings, progress *progress) (importer.Fetching, error) {
	for _, w := range slices.Concat(s.Exposed, s.Warnings) {
		a.log.Warn("beware: " + w)
	}
	switch {
	case s.ISAMS == nil || s.Unread != nil && !a.asks:
		return importer.Fetching{Anew: a.Fetch}, nil
	case s.Unread != nil:
		return importer.Fetching{}, s.Unread
	}
	client, err := batch.NewClient(*s.ISAMS, a.log)
	if err != nil {
		return importer.Fetching{}, usageError{err}
	}
	if progress != nil {
		client.Progress = progress.bytes
	}
	return importer.Fetching{
		Client: client, UseLastGood: s.UseLastGood, Anew: a.Fetch,
	}, nil
}
