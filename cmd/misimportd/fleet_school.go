//go:build !single

package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/renameio/v2"

	"misimportd/cmd/misimportd/config"
	"misimportd/era/hint"
	"misimportd/importer"
	"misimportd/importer/daemon"
	"misimportd/importer/fleet"
	"misimportd/mis/isams/batch"
	"misimportd/store"
)

const schoolFile = "school.yml"

// layOut lays a school out in a folder: its configuration and the files that it names. What is as it should be is left.
func layOut(folder string, school fleet.School, secrets string) (placed, error) {
	p := placed{name: school.Name, config: filepath.Join(folder, schoolFile), state: filepath.Join(folder, "state"),
		secrets: secrets}
	files := map[string][]byte{schoolFile: []byte(school.Configuration)}
	for name, text := range school.Files {
		if !filepath.IsLocal(name) {
			return p, fmt.Errorf("school %s: %q is no name of a file within its folder", school.Name, name)
		}
		files[name] = text
	}
	err := os.MkdirAll(p.state, 0o700)
	for name, text := range files {
		path := filepath.Join(folder, name)
		if was, missing := os.ReadFile(path); missing == nil && bytes.Equal(was, text) {
			continue
		}
		if err == nil {
			err = os.MkdirAll(filepath.Dir(path), 0o700)
		}
		if err == nil {
			err = renameio.WriteFile(path, text, 0o600, renameio.WithStaticPermissions(0o600))
		}
	}
	if err == nil {
		err = removeOthers(folder, p.state, files)
	}
	return p, err
}

// removeOthers takes away the files that a school does not have any more.
func removeOthers(folder, state string, files map[string][]byte) error {
	return filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path == state:
			return fs.SkipDir
		case entry.IsDir():
			return nil
		}
		name, err := filepath.Rel(folder, path)
		if _, stays := files[name]; stays || err != nil {
			return err
		}
		return os.Remove(path)
	})
}

// schools opens the schools of a fleet on this machine.
type schools struct {
	*app
	folder  string // in which they are laid out
	secrets string
}

// fetchAgainFor is how long a worker asks an iSAMS again that does not answer. Others wait for its place, and the
// school is taken up again soon.
const fetchAgainFor = 2 * time.Minute

func (s schools) folderOf(school fleet.School) string { return filepath.Join(s.folder, school.Name) }

// open makes a school ready to be imported.
func (s schools) open(_ context.Context, school fleet.School) (*fleet.Opened, error) {
	opened, _, err := s.openWith(school)
	return opened, err
}

// openWith is open that gives the school's settings, too.
func (s schools) openWith(school fleet.School) (*fleet.Opened, config.Settings, error) {
	p, err := layOut(s.folderOf(school), school, s.secrets)
	if err != nil {
		return nil, config.Settings{}, fmt.Errorf("laying a school out: %w", err)
	}
	settings, err := config.Settle(p.given())
	if err == nil {
		err = settings.Unread
	}
	if err != nil { // in the words of the folder that was applied, and not of this machine's
		said := strings.ReplaceAll(err.Error(), p.config, school.Name+".yml")
		return nil, settings, config.Error{Err: errors.New(strings.ReplaceAll(said, filepath.Dir(p.config)+"/", ""))}
	}
	log := slog.New(onlyTrouble{s.log.Handler(), s.Verbose}).With("school", school.Name)
	fetching := importer.Fetching{Anew: true, UseLastGood: settings.UseLastGood} // each night has a document of its own
	opened := &fleet.Opened{}
	if settings.ISAMS != nil {
		opened.LastGoodAfter = settings.ISAMS.Timeout
		settings.ISAMS.RetryFor = fetchAgainFor
		if fetching.Client, err = batch.NewClient(*settings.ISAMS, log); err != nil {
			return nil, settings, err
		}
		if u, err := url.Parse(settings.ISAMS.URL); err == nil {
			opened.Host = u.Hostname()
		}
	}
	db, err := store.Prepare(settings.Database)
	if err != nil {
		return nil, settings, err
	}
	db.Waiting, db.BeginSchema = importer.TellWaiting(s.log), true
	im := s.importerOf(settings, db, fetching, nil)
	im.Log = log
	opened.Setup, opened.Close = &daemon.Setup{Importer: im, Schedule: settings.Schedule}, db.Close
	return opened, settings, nil
}

// onlyTrouble leaves out of a log how an import goes on, unless somebody wants to know all: of thousands a night, how
// each ended is enough.
type onlyTrouble struct {
	slog.Handler
	all bool
}

// Enabled tells whether a record is told.
func (o onlyTrouble) Enabled(ctx context.Context, level slog.Level) bool {
	return (o.all || level >= slog.LevelWarn) && o.Handler.Enabled(ctx, level)
}

// WithAttrs keeps it so.
func (o onlyTrouble) WithAttrs(attrs []slog.Attr) slog.Handler {
	return onlyTrouble{o.Handler.WithAttrs(attrs), o.all}
}

// WithGroup keeps it so.
func (o onlyTrouble) WithGroup(name string) slog.Handler {
	return onlyTrouble{o.Handler.WithGroup(name), o.all}
}

type fleetAtCommand struct {
	Secrets string   `placeholder:"DIR" env:"MISIMPORTD_SECRETS" help:"${help_secrets}"`
	School  string   `arg:"" help:"Its name."`
	Command []string `arg:"" passthrough:"" help:"The command and its flags, as in: approve 12."`
}

// isItsOwn finds out whether a school's database is that of another school. Any other trouble is told by whoever works
// with it.
func (p placed) isItsOwn(ctx context.Context, f *fleet.Fleet) error {
	settings, err := config.Settle(p.given())
	if err != nil {
		return nil
	}
	db, err := store.Prepare(settings.Database)
	if err != nil {
		return nil
	}
	defer func() { _ = db.Close() }()
	var claimed *fleet.ClaimedError
	if err := f.Claim(ctx, db, p.name); errors.As(err, &claimed) {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	return nil
}

// Run carries a command out as if it were called for one school alone. What it keeps, it keeps in the school's
// database.
func (c fleetAtCommand) Run(a *app, of *fleetCommand) (err error) {
	if name := c.Command[0]; slices.Contains([]string{"serve", "fleet", "demo", "simulate", "healthcheck"}, name) {
		return usagef("%s is not for one school of a fleet", name)
	}
	s, err := a.settleFleet(of.fleetFlags)
	if err != nil {
		return err
	}
	folder, clearAway, err := temporary("misimportd-at-")
	if err != nil {
		return err
	}
	defer clearAway()
	var p placed
	err = a.withFleet(of.fleetFlags, func(f *fleet.Fleet) error {
		school, err := f.School(a.ctx, c.School)
		if err != nil {
			return err
		}
		if p, err = layOut(folder, school, cmp.Or(c.Secrets, s.Secrets)); err != nil {
			return err
		}
		if c.Secrets != "" {
			p.flag = "--secrets " + hint.Quote(c.Secrets) + " "
		}
		return p.isItsOwn(a.ctx, f)
	})
	if err != nil {
		return err
	}
	status := executeAt(a.ctx, c.Command, a.terminal, &p)
	again := a.withFleet(of.fleetFlags, func(f *fleet.Fleet) error { return f.LookAgain(a.ctx, c.School) })
	if status != statusDone {
		return toldError{status}
	}
	return again
}
