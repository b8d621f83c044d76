package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/alecthomas/kong"

	"misimportd/cmd/misimportd/config"
	"misimportd/era"
	"misimportd/era/hint"
	"misimportd/importer"
	"misimportd/importer/text"
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

// usageError is a wrong use: exit status 2.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }

func (e usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// flags are those that every command has.
type flags struct {
	Config    string   `placeholder:"FILE" predictor:"file" env:"MISIMPORTD_CONFIG" help:"${help_config}"`
	State     string   `placeholder:"DIR" predictor:"folder" env:"MISIMPORTD_STATE" help:"${help_state}"`
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
	Lessons       lessonsCommand       `cmd:"" help:"Show the lessons of a day, a week, or of the timetable itself."`
	Pupil         pupilCommand         `cmd:"" help:"All there is of a pupil: groups now and before, lessons of a day."`
	Staff         staffCommand         `cmd:"" help:"All there is of a member of staff."`
	Room          roomCommand          `cmd:"" help:"All there is of a room."`
	History       historyCommand       `cmd:"" help:"What runs did to a pupil, a group, a lesson …: when, and why."`
	Why           whyCommand           `cmd:"" help:"Why a pupil is, or is not, in a group."`
	Problems      problemsCommand      `cmd:"" help:"What to mend in iSAMS, by the newest document."`
	Sanity        sanityCommand        `cmd:"" help:"Find what is odd: pupils without a form, lessons at once …"`
	CheckConfig   checkConfigCommand   `cmd:"" help:"Check everything that can be checked without changing anything."`
	Healthcheck   healthcheckCommand   `cmd:"" help:"Ask the service on this machine whether it is well."`
	Notify        notifyCommand        `cmd:"" help:"Send a test message by every channel of the configuration."`
	Simulate      simulateCommand      `cmd:"" help:"A pretend iSAMS on this machine, with faults on request."`
	Fleet         fleetCommand         `cmd:"" help:"Many schools on many machines."`
	Demo          demoCommand          `cmd:"" help:"A pretend school and its story, in a temporary folder."`
	Version       versionCommand       `cmd:"" help:"Say which version this is."`
	Help          helpCommand          `cmd:"" help:"Show a topic of the manual, or a command's flags."`
}

const description = "Keeps a school scheduler's database in step with the school's MIS, its management information " +
	"system (iSAMS), in which the office keeps pupils, staff and the timetable: reads its export, works out what has " +
	"changed, and applies it in one transaction that is recorded change by change. An era is an academic year. An " +
	"import is as of a day: it is true from that day on, and what was before stays as it was."

// app is what commands work with.
type app struct {
	flags
	terminal
	ctx context.Context
	log *slog.Logger
	again
	at    *placed // a school of a fleet, nil for a single one
	asks  bool    // iSAMS: a command that does needs its secrets
	works place   // of a command that reads or writes the database
	begin bool    // a school, in a folder that is not there yet

	converts bool            // it is the first import from a new MIS
	nextYear *model.NextYear // that is loaded ahead of time, nil for the current one
}

// execute parses the arguments, runs the command that they name and turns its error
// into a sentence and an exit status.
func execute(ctx context.Context, args []string, t terminal) (status int) {
	return executeAt(ctx, args, t, nil)
}

// executeAt is execute for a school of a fleet; nil: for whatever the arguments say.
func executeAt(ctx context.Context, args []string, t terminal, at *placed) (status int) {
	var c commands
	exited := -1
	caller := callerOf(args)
	if at != nil {
		caller.Program += " fleet at " + at.flag + at.name
	}
	hint.CalledBy(caller)
	parser, err := newParser(&c, kong.Writers(t.out, t.err), kong.Exit(func(code int) { exited = code }))
	if err != nil {
		t.fail(err)
		return statusFailed
	}
	if completeLine(parser); exited >= 0 {
		return exited
	}
	if len(args) == 0 {
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
	if chosen.Command() == "fleet work" { // whose pages are those of many schools
		caller.At = "SCHOOL"
		hint.CalledBy(caller)
	}
	level := slog.LevelWarn
	switch {
	case c.Verbose:
		level = slog.LevelDebug
	// nobody watches: the journal tells
	case inJournal() || chosen.Command() == "serve" || chosen.Command() == "fleet work":
		level = slog.LevelInfo
	}
	a := &app{flags: c.flags, terminal: t, ctx: ctx, at: at, log: slog.New(logHandler(t.err, c.LogFormat, level))}
	if err := chosen.Run(a); err != nil {
		return a.status(err)
	}
	return statusDone
}

// newParser reads a command line into c.
func newParser(c *commands, options ...kong.Option) (*kong.Kong, error) {
	return kong.New(c, append(options, kong.Name(hint.Program()), kong.Description(description), kong.UsageOnError(),
		kong.Help(printHelp), helps, kong.Vars{"faults": strings.Join(isamstest.FaultKinds, ", ")},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true}))...)
}

// status tells err, once, and gives the exit status that it means.
func (a *app) status(err error) int {
	var usage usageError
	var configured config.Error
	var url *store.URLError
	var isamsSettings *batch.SettingsError
	var unfiled *importer.UnfiledError
	var several faults
	var held heldError
	var told toldError
	switch {
	case errors.As(err, &told):
		return told.status
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
	case errors.As(err, &usage), errors.As(err, &configured), errors.As(err, &url), errors.As(err, &isamsSettings):
		a.fail(err)
		return statusUsage
	}
	a.fail(err)
	return statusFailed
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
