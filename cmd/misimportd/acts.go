package main

import (
	"context"
	"errors"
	"io"

	"misimportd/cmd/misimportd/config"
	"misimportd/importer"
	"misimportd/importer/ask"
	"misimportd/importer/report"
	"misimportd/importer/text"
	"misimportd/store"
)

// withImporter hands do an importer that works in the database alone.
func (a *app) withImporter(do func(*importer.Importer) error) error {
	return a.withDatabase(func(s config.Settings, db *store.DB) error {
		return do(a.importerOf(s, db, importer.Fetching{}, nil))
	})
}

// act carries out what a person asked for, or plans it, and prints what came of it. What it was is
// said in words: "changing era 2016/17".
func (a *app) act(what string, do func(*importer.Importer) (report.Report, error)) error {
	if a.AsOf != 0 {
		return usagef("--as-of is not for this")
	}
	return a.withImporter(func(im *importer.Importer) error {
		done, err := do(im)
		return a.told(done, err, func(w io.Writer, style text.Style) error {
			return text.WriteAct(w, done, what, style)
		})
	})
}

// told prints a report, and passes on what went wrong. Programs get an object always.
func (a *app) told(done report.Report, err error, write func(io.Writer, text.Style) error) error {
	var ahead *importer.AheadError
	if err != nil && !a.JSON && !errors.As(err, &ahead) { // the night itself is done
		return err
	}
	if err != nil {
		done.Error = err.Error()
	}
	return errors.Join(err, a.print(done, write), heldOf(done))
}

// night makes an import, or the plan of one, and prints what came of it.
func (a *app) night(do func(*importer.Importer, context.Context) (report.Report, error),
	write func(io.Writer, report.Report, text.Style) error) error {
	done := report.NothingYet()
	a.works = max(a.works, inside)
	err := a.withDatabase(func(s config.Settings, db *store.DB) (err error) {
		progress := a.progress()
		defer progress.stop()
		im, err := a.importer(s, db, progress)
		if err != nil {
			return err
		}
		if a.works == begins {
			if err := a.tellPause(s, im); err != nil {
				return err
			}
		}
		if done, err = do(im, a.ctx); err == nil {
			err = a.nameProblems(db, &done)
		}
		return err
	})
	return a.told(done, err, func(w io.Writer, style text.Style) error { return write(w, done, style) })
}

// nameProblems has those called by their names whom a report's problems name by ids: for people, not for programs.
func (a *app) nameProblems(db *store.DB, done *report.Report) (err error) {
	if a.JSON {
		return nil
	}
	done.Called, err = ask.Called(a.ctx, db, done.Problems)
	if done.Ahead != nil && err == nil {
		done.Ahead.Called, err = ask.Called(a.ctx, db, done.Ahead.Problems)
	}
	return err
}
