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
const demoLessons = 360

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
	nights int // that were told of
	db     *store.DB
	story
}

func (d *demo) say(format string, args ...any) { fmt.Fprintf(d.out, format+"\n", args...) }

// nextMorning begins the next day: from it on its import is true, in commands to type as well.
func (d *demo) nextMorning() {
	d.AsOf = demoNight
	if d.nights > 0 {
		d.AsOf = demoNight.AddDays(d.nights)
	}
	d.nights++
	hint.CalledBy(hint.Caller{
		Program: hint.Program(), School: []string{"--state", d.folder}, Day: []string{"--as-of", d.AsOf.String()},
	})
}

// putDocument does what an operator without a key does: drops the export into
// PreFetched, with dumps of what it does not tell.
func (d *demo) putDocument(school *isamstest.School) error {
	folder := filepath.Join(d.folder, "PreFetched")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	var document bytes.Buffer
	if err := school.Write(&document); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	files := school.Dumps()
	files["data.xml"] = document.Bytes()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
	}
	return nil
}

// end is the last that the demo does: it puts one more document there, says what to try, and shows the pages.
func (d *demo) end(s config.Settings) error {
	d.nextMorning()
	d.school.Night()
	d.school.GatherNight(d.AsOf.String())
	d.school.CoverNight()
	if err := d.putDocument(d.school); err != nil {
		return err
	}
	d.suggest()
	return d.page(s, d.db)
}

// schoolDay is a day, or the Monday after the weekend that it is in.
func schoolDay(d era.Date) era.Date {
	for d.Weekday() == time.Saturday || d.Weekday() == time.Sunday {
		d++
	}
	return d
}

// suggest tells a newcomer what to try next, in commands that work as they stand.
func (d *demo) suggest() {
	day := schoolDay(d.AsOf).String()
	d.say("\nOne more night's document is waiting. Try:\n")
	for _, try := range [][2]string{
		{"plan", "what it would change"},
		{"plan -v", "all of it"},
		{fmt.Sprintf("undo %d --plan", d.undone), "what taking the undo back would put back"},
		{"run", "import it, and file the document away"},
		{"runs", "what was done so far"},
		{fmt.Sprintf("runs show %d", d.ordinary), "each change of the ordinary night"},
		{"problems", "what to mend in iSAMS"},
		{"groups automatic --on " + day, "the groups that follow from the rest"},
		{"members 'All tutors' --on " + day, "who is in one of them"},
		{fmt.Sprintf("pupil %d --on %s", d.moved.ID, day), "all there is of a pupil"},
		{"lessons --on " + day, "the lessons of a day, who covers whom, and what clashes"},
		{"era list", "the academic years"},
	} {
		command := hint.Command("%s", try[0])
		if strings.HasPrefix(try[0], "plan") || try[0] == "run" {
			command = hint.Import("%s", try[0])
		}
		d.say("  %s\n      %s", command, try[1])
	}
	d.say("\nRemove %s when you are done.", hint.Quote(d.folder))
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
