package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"misimportd/cmd/misimportd/config"
	"misimportd/era"
	"misimportd/era/hint"
	"misimportd/importer"
	"misimportd/importer/entry"
	"misimportd/importer/text"
	"misimportd/mis/isams/isamstest"
	"misimportd/store"
)

type demoCommand struct {
	Seed   uint64 `default:"1" help:"Which pretend school."`
	Keep   string `placeholder:"DIR" type:"path" help:"An empty folder to use (default a new temporary one)."`
	NoPage bool   `help:"Do not show the pages in the end."`
}

// demoYear is the school year that the demo plays in, and demoNight the morning of its
// first import.
var (
	demoYear = era.Era{Name: "2016/17", StartsOn: era.NewDate(2016, time.August, 15),
		EndsOn: era.NewDate(2017, time.August, 14)}
	demoNight = era.NewDate(2016, time.September, 5)
)

// demoLessons is how many lessons a fortnight the timetable has: fewer than a school's, so that nobody waits.
const demoLessons = 480

func (c demoCommand) Run(a *app) error {
	folder, err := c.folder()
	if err != nil {
		return err
	}
	// Nothing that is configured counts: a demo must not come near a school's database.
	own := *a
	own.flags = flags{Timezone: "Europe/London", State: folder, Database: "sqlite:" +
		filepath.Join(folder, "misimportd.db"), noConfig: true}
	own.works, own.begin = begins, true
	d := &demo{app: &own, noPage: c.NoPage, folder: folder,
		school: isamstest.New(c.Seed, isamstest.Typical).Teach(demoLessons).Gather(25, 20).
			CoverSome(40).CoverOn(demoNight.AddDays(3).String(), 6)}
	return d.withDatabase(d.play)
}

// folder is an empty folder for the demo.
func (c demoCommand) folder() (string, error) {
	if c.Keep == "" {
		made, err := os.MkdirTemp("", "misimportd-demo-")
		if err != nil {
			return "", fmt.Errorf("demo: %w", err)
		}
		return made, nil
	}
	entries, err := os.ReadDir(c.Keep)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("demo: %w", err)
	}
	if len(entries) > 0 {
		return "", usagef("demo: %s is not empty: name a folder that is, or that is not there yet", c.Keep)
	}
	return c.Keep, nil
}

type demo struct {
	*app
	noPage bool
	folder string
	school *isamstest.School
}

func (d *demo) say(format string, args ...any) { fmt.Fprintf(d.out, format+"\n", args...) }

func (d *demo) play(s config.Settings, db *store.DB) error {
	d.say("A pretend school of %d pupils, and three nights in it. All of it is in %s.", len(d.school.Pupils), d.folder)
	d.say("Runs 1 and 2 enter the academic year %s, for the demo plays in the past.", demoYear.Name)
	desk := entry.Desk{DB: db, Version: version()}
	if _, err := desk.CreateEra(d.ctx, demoYear); err != nil {
		return err
	}
	if _, err := desk.SetEra(d.ctx, entry.CurrentEra, demoYear.Name); err != nil {
		return err
	}
	for night := range 3 {
		d.morning(night)
		if err := d.putDocument(); err != nil {
			return err
		}
		if night > 0 {
			d.say("\n── What night %d would change ──\n", night+1)
			if err := d.night((*importer.Importer).Plan, text.WritePlan); err != nil {
				return err
			}
		}
		d.say("\n── Night %d ──\n", night+1)
		begin := time.Now()
		if err := d.night((*importer.Importer).Run, text.WriteRun); err != nil {
			return err
		}
		d.say("That took %.1f s.", time.Since(begin).Seconds())
		d.school.Night()
		d.school.GatherNight(d.AsOf.AddDays(1).String())
		d.school.CoverNight()
	}
	d.morning(3)
	if err := d.putDocument(); err != nil {
		return err
	}
	d.suggest()
	return d.page(s, db)
}

// morning is when a night's import is true, in commands to type as well.
func (d *demo) morning(night int) {
	d.AsOf = demoNight.AddDays(night)
	hint.CalledBy(hint.Caller{
		Program: hint.Program(), School: []string{"--state", d.folder}, Day: []string{"--as-of", d.AsOf.String()},
	})
}

// putDocument does what an operator without a key does: drops the export into
// PreFetched, with dumps of what it does not tell.
func (d *demo) putDocument() error {
	folder := filepath.Join(d.folder, "PreFetched")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	var document bytes.Buffer
	if err := d.school.Write(&document); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	files := d.school.Dumps()
	files["data.xml"] = document.Bytes()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
	}
	return nil
}

// suggest tells a newcomer what to try next, in commands that work as they stand.
func (d *demo) suggest() {
	d.say("\nA fourth night's document is waiting. Try:\n")
	for _, try := range [][2]string{
		{"plan", "what it would change"},
		{"plan -v", "all of it"},
		{"run", "do it, and file the document away"},
		{"runs", "what was done so far"},
		{"runs show 4", "each change of the second night"},
		{"undo 6 --plan", "what taking that back would put back"},
		{"groups automatic --on " + d.AsOf.String(), "the groups that follow from the rest"},
		{"members 'All tutors' --on " + d.AsOf.String(), "who is in one of them"},
		{fmt.Sprintf("pupil %d --on %s", d.school.Pupils[0].ID, d.AsOf), "all there is of a pupil"},
		{"lessons --on " + d.AsOf.String(), "the lessons of a day, who covers whom, and what clashes"},
		{"era list", "the academic years"},
	} {
		command := hint.Command("%s", try[0])
		if strings.HasPrefix(try[0], "plan") || try[0] == "run" {
			command = hint.Import("%s", try[0])
		}
		d.say("  %s\n      %s", command, try[1])
	}
	d.say("\nRemove %s when you are done.", d.folder)
}

// page shows the school in a browser, as long as somebody sits before the terminal.
func (d *demo) page(s config.Settings, db *store.DB) error {
	if d.noPage || !isTerminal(d.out) {
		return nil
	}
	return d.showPages(s, db, func(address string) {
		d.say("\nLook at it at %s, as long as this runs: Ctrl-C ends it.", address)
	})
}
