package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"misimportd/era"
	"misimportd/era/hint"
	"misimportd/importer"
	"misimportd/importer/report"
	"misimportd/importer/text"
	"misimportd/mis/cache"
	"misimportd/mis/isams/batch"
	"misimportd/mis/isams/isamstest"
	"misimportd/store"
	"misimportd/store/model"
)

// The exit statuses.
const (
	statusDone   = 0
	statusFailed = 1
	statusUsage  = 2
	statusHeld   = 3 // something waits for a person
)

// flags are those that every command has.
type flags struct {
	Config    string   `placeholder:"FILE" env:"MISIMPORTD_CONFIG" help:"${help_config}"`
	State     string   `placeholder:"DIR" env:"MISIMPORTD_STATE" help:"State folder (default /var/lib/misimportd)."`
	Database  string   `placeholder:"URL" env:"MISIMPORTD_DATABASE" help:"${help_database}"`
	Timezone  string   `placeholder:"ZONE" env:"MISIMPORTD_TIMEZONE" help:"${help_timezone}"`
	Years     []string `placeholder:"YEAR" env:"MISIMPORTD_YEARS" help:"${help_years}"`
	AsOf      era.Date `placeholder:"DATE" help:"${help_asof}"`
	JSON      bool     `help:"Print one JSON object."`
	Verbose   bool     `short:"v" help:"Say more, and fold nothing."`
	LogFormat string   `enum:"text,json" default:"text" env:"MISIMPORTD_LOG_FORMAT" help:"${help_logformat}"`
	noConfig  bool     // not even the usual file
}

// commands is the command line.
type commands struct {
	flags `embed:""`

	Serve         serveCommand         `cmd:"" help:"The service: import every night, and when asked by SIGUSR1."`
	Run           runCommand           `cmd:"" help:"Import the document in PreFetched, or fetch one first, now."`
	Plan          planCommand          `cmd:"" help:"Show what a run would change. Changes nothing."`
	Fetch         fetchCommand         `cmd:"" help:"Fetch a document from iSAMS and check it, without importing it."`
	Archive       archiveCommand       `cmd:"" help:"List and get back the documents that were applied."`
	Runs          runsCommand          `cmd:"" help:"List the runs, or show one with all its changes."`
	Approve       approveCommand       `cmd:"" help:"Apply what a held run did not, this once."`
	Reject        rejectCommand        `cmd:"" help:"Close a held run: what waits of it is not applied."`
	Undo          undoCommand          `cmd:"" help:"Put back what a run changed."`
	Pin           pinCommand           `cmd:"" help:"Have imports leave a value or a place in a group as it is."`
	Pins          pinsCommand          `cmd:"" help:"List and remove pins."`
	Era           eraCommand           `cmd:"" help:"List, enter and choose academic years, and roll into the next."`
	Datasource    datasourceCommand    `cmd:"" help:"List, enter and choose the MISs that rows come from."`
	Adopt         adoptCommand         `cmd:"" help:"Give rows of an MIS that have no datasource to one."`
	Trim          trimCommand          `cmd:"" help:"Mend memberships that outlive their group or overlap."`
	Rekey         rekeyCommand         `cmd:"" help:"The MIS has given a record another id: so has the database."`
	Merge         mergeCommand         `cmd:"" help:"The MIS has one person twice: make the two one."`
	CheckDatabase checkDatabaseCommand `cmd:"" help:"Find what is wrong in the tables, and say what mends it."`
	Pause         pauseCommand         `cmd:"" help:"No import begins by itself until a day."`
	Resume        resumeCommand        `cmd:"" help:"Imports begin by themselves again."`
	Suspension    suspensionCommand    `cmd:"" help:"List, enter and remove suspensions and gaps of the timetable."`
	Groups        groupsCommand        `cmd:"" help:"List the groups of a day."`
	Members       membersCommand       `cmd:"" help:"Show who is in a group on a day."`
	Lessons       lessonsCommand       `cmd:"" help:"Show the lessons of a day."`
	CheckConfig   checkConfigCommand   `cmd:"" help:"Check everything that can be checked without changing anything."`
	Healthcheck   healthcheckCommand   `cmd:"" help:"Ask the service on this machine whether it is well."`
	Simulate      simulateCommand      `cmd:"" help:"A pretend iSAMS on this machine, with faults on request."`
	Demo          demoCommand          `cmd:"" help:"A pretend school, three nights, in a temporary folder."`
	Version       versionCommand       `cmd:"" help:"Say which version this is."`
}

const description = "Keeps a school scheduler's database in step with the school's MIS: reads its export, " +
	"works out what has changed, and applies it in one transaction that is recorded change by change."

// app is what commands work with.
type app struct {
	flags
	terminal
	ctx context.Context
	log *slog.Logger
	again
	asks  bool  // iSAMS: a command that does needs its secrets
	works place // of a command that reads or writes the database
	begin bool  // a school, in a folder that is not there yet

	converts bool            // it is the first import from a new MIS
	nextYear *model.NextYear // that is loaded ahead of time, nil for the current one
}

// execute parses the arguments, runs the command that they name and turns its error
// into a sentence and an exit status.
func execute(ctx context.Context, args []string, t terminal) (status int) {
	var c commands
	exited := -1
	hint.CalledBy(callerOf(args))
	parser, err := kong.New(&c, kong.Name(hint.Program()), kong.Description(description), kong.UsageOnError(),
		helps, kong.Vars{"faults": strings.Join(isamstest.FaultKinds, ", ")},
		kong.Writers(t.out, t.err), kong.Exit(func(code int) { exited = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true}))
	if err != nil {
		t.fail(err)
		return statusFailed
	}
	if len(args) == 0 || args[0] == "help" {
		args = []string{"--help"}
	}
	if args[0] == "--version" {
		args = []string{"version"}
	}
	chosen, err := parser.Parse(args)
	if exited >= 0 {
		return exited
	}
	if err != nil {
		t.fail(fmt.Errorf("%w; \"%s --help\" lists commands and flags", err, hint.Program()))
		return statusUsage
	}
	level := slog.LevelWarn
	switch {
	case c.Verbose:
		level = slog.LevelDebug
	case inJournal() || chosen.Command() == "serve": // nobody watches: the journal tells
		level = slog.LevelInfo
	}
	a := &app{flags: c.flags, terminal: t, ctx: ctx, log: slog.New(logHandler(t.err, c.LogFormat, level))}
	if err := chosen.Run(a); err != nil {
		return a.status(err)
	}
	return statusDone
}

// status tells err, once, and gives the exit status that it means.
func (a *app) status(err error) int {
	var usage usageError
	var url *store.URLError
	var isamsSettings *batch.SettingsError
	var unfiled *importer.UnfiledError
	var several faults
	var held heldError
	switch {
	case errors.As(err, &held):
		return statusHeld // the result has told it
	case errors.As(err, &several):
		status := statusFailed
		for _, fault := range several {
			status = max(status, a.status(fault))
		}
		return status
	case errors.As(err, &unfiled):
	case a.ctx.Err() != nil:
		a.fail(errors.New("interrupted: nothing was changed"))
		return statusFailed
	case errors.As(err, &usage), errors.As(err, &url), errors.As(err, &isamsSettings):
		a.fail(err)
		return statusUsage
	}
	a.fail(err)
	return statusFailed
}

// withDatabase settles the configuration, opens the database, and closes it after do.
func (a *app) withDatabase(do func(settings, *store.DB) error) error {
	s, err := a.settleIn(a.works)
	if err != nil {
		return err
	}
	a.log.Debug("configuration", "file", s.source, "state", s.state)
	db, err := store.Open(a.ctx, s.database)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	db.Waiting = importer.TellWaiting(a.log)
	return do(s, db)
}

// importer wires up an import. db may be nil for what needs none.
func (a *app) importer(s settings, db *store.DB, progress *progress) (*importer.Importer, error) {
	fetching, err := a.fetching(s, progress)
	return a.importerOf(s, db, fetching, progress.set), err
}

func (a *app) importerOf(s settings, db *store.DB, fetching importer.Fetching,
	progress func(stage string)) *importer.Importer {
	return &importer.Importer{
		Fetching: fetching, Retention: s.retention,
		DB: db, State: cache.Folder(s.state), Zone: s.zone, Years: s.years, AcademicYearStarts: s.academicYearStarts,
		SuspensionsFile: s.suspensionsFile, Timetable: s.timetable, Again: a.Again, Force: a.Force, Guard: s.guard,
		Turn: s.turn, NextYear: a.nextYear, Convert: a.converts, Conversion: s.conversion,
		AsOf: a.AsOf, Version: version(), Log: a.log, Progress: progress,
	}
}

// print writes a result: v as JSON when that was asked for, else as text.
func (a *app) print(v any, text func(io.Writer, text.Style) error) error {
	if !a.JSON {
		return text(a.out, a.style(a.Verbose))
	}
	if long, ok := v.(interface{ WriteJSON(w io.Writer) error }); ok { // its lists are not to be in memory at once
		return long.WriteJSON(a.out)
	}
	encoder := json.NewEncoder(a.out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}

type runCommand struct {
	again      `embed:""`
	ahead      `embed:""`
	converting `embed:""`
	New        bool `help:"Begin a school in a state folder that is not there yet."`
}

// again holds the flags of those who look at a document.
type again struct {
	Again bool `xor:"document" help:"${help_again}"`
	Fetch bool `xor:"document" help:"${help_fetch}"`
	Force bool `help:"Even a document of which an import was undone."`
}

// ahead holds the flags of those who load a later era.
type ahead struct {
	Era       string   `placeholder:"NAME" help:"${help_era}"`
	Ahead     *int     `placeholder:"YEARS" help:"${help_ahead}"`
	No        []string `placeholder:"SECTION,..." help:"${help_no}"`
	Timetable string   `placeholder:"NAME" help:"${help_timetable}"`
}

// nextYear is what is to be loaded ahead of time, nil for the current era.
func (c ahead) nextYear(converts bool) (*model.NextYear, error) {
	switch {
	case c.Era != "" && converts:
		return nil, usagef("--convert is for the current era: take over the new MIS first, and then load --era %s",
			c.Era)
	case c.Era != "":
		years := 1
		if c.Ahead != nil {
			years = *c.Ahead
		}
		of, err := nextYear(c.Era, years, c.No, c.Timetable)
		if err != nil {
			return nil, usageError{err}
		}
		return of, nil
	case c.Ahead != nil || len(c.No) > 0 || c.Timetable != "":
		return nil, usagef("--ahead, --no and --timetable go with --era: which era is loaded ahead of time?")
	}
	return nil, nil
}

func (c runCommand) Run(a *app) (err error) {
	if a.nextYear, err = c.nextYear(c.Convert); err != nil {
		return err
	}
	a.again, a.works, a.begin, a.asks, a.converts = c.again, begins, c.New, true, c.Convert
	return a.night((*importer.Importer).Run, text.WriteRun)
}

type planCommand struct {
	again      `embed:""`
	ahead      `embed:""`
	converting `embed:""`
	CSV        bool `name:"csv" help:"${help_csv}"`
}

func (c planCommand) Run(a *app) (err error) {
	if a.nextYear, err = c.nextYear(c.Convert); err != nil {
		return err
	}
	a.again, a.asks, a.converts = c.again, c.Fetch, c.Convert
	write := text.WritePlan
	switch {
	case c.CSV && (!c.Convert || a.JSON):
		return usagef("--csv lists what a convert does not match: give --convert too, and not --json")
	case c.CSV:
		write = func(w io.Writer, r report.Report, _ text.Style) error { return writeUnmatched(w, r) }
	}
	return a.night((*importer.Importer).Plan, write)
}

// heldError says that a run is held: the exit status tells it too.
type heldError struct{ run model.ID }

func (e heldError) Error() string { return fmt.Sprintf("run %d waits for a person", e.run) }

func heldOf(report report.Report) error {
	if report.Result == model.Held {
		return heldError{report.Run}
	}
	if report.Ahead != nil {
		return heldOf(*report.Ahead)
	}
	return nil
}

type runsCommand struct {
	List runsListCommand `cmd:"" default:"withargs" help:"List the newest runs."`
	Show runsShowCommand `cmd:"" help:"Show one run and all that it changed."`
}

type runsListCommand struct {
	Limit int `short:"n" default:"30" help:"How many."`
}

func (c runsListCommand) Run(a *app) error {
	return a.withDatabase(func(s settings, db *store.DB) error {
		past, err := importer.Runs(a.ctx, db, c.Limit)
		if err != nil {
			return err
		}
		return a.print(past, func(w io.Writer, style text.Style) error {
			return text.WriteRuns(w, past, noRun(db), s.zone, style)
		})
	})
}

type runsShowCommand struct {
	ID runNumber `arg:"" help:"The run's number."`
}

// noRun says that a database has no run, or that it is not there.
func noRun(db *store.DB) string {
	if db.IsMissing() {
		return fmt.Sprintf("There is no database there yet: looked for %s.", db)
	}
	return fmt.Sprintf("No run yet in %s.", db)
}

// runNumber is a run's number as people write it.
type runNumber int64

func (n *runNumber) UnmarshalText(text []byte) error {
	number, err := strconv.ParseInt(string(text), 10, 64)
	*n = runNumber(number)
	if err != nil {
		return fmt.Errorf("%q is not a run's number: \"%s\" lists them", text, hint.Command("runs"))
	}
	return nil
}

func (c runsShowCommand) Run(a *app) error {
	return a.withDatabase(func(s settings, db *store.DB) error {
		past, err := importer.Show(a.ctx, db, model.ID(c.ID))
		if err != nil {
			return err
		}
		return a.print(past, func(w io.Writer, style text.Style) error {
			return text.WriteOneRun(w, past, s.zone, style)
		})
	})
}
