//go:build !single

package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"misimportd/cmd/misimportd/config"
	"misimportd/era"
	"misimportd/era/hint"
	"misimportd/importer/fleet"
	"misimportd/importer/report"
	"misimportd/importer/text"
	"misimportd/importer/words"
)

// fleetFlags are those of all commands of a fleet.
type fleetFlags struct {
	Fleet string `placeholder:"URL" env:"MISIMPORTD_FLEET" help:"${help_fleet}"`
}

type fleetCommand struct {
	fleetFlags `embed:""`

	Init   fleetInitCommand   `cmd:"" help:"Set a fleet up in its database, or bring it up to date."`
	Apply  fleetApplyCommand  `cmd:"" help:"Make the fleet what a folder says: one file for each school."`
	List   fleetListCommand   `cmd:"" help:"List the schools and how they stand."`
	Show   fleetShowCommand   `cmd:"" help:"All there is of some schools."`
	Pause  fleetPauseCommand  `cmd:"" help:"No import of some schools begins by itself."`
	Resume fleetResumeCommand `cmd:"" help:"They do again; without a school, the fleet that was stopped goes on."`
	Run    fleetRunCommand    `cmd:"" help:"Import some schools now, before those that are merely due."`
	Remove fleetRemoveCommand `cmd:"" help:"Take schools out of the fleet. Their databases stay."`
	At     fleetAtCommand     `cmd:"" help:"Any other command, for one school of the fleet."`
	Work   fleetWorkCommand   `cmd:"" help:"A worker: take schools' nights and make them, until told to stop."`
}

// settleFleet is the settings of a machine that works for a fleet, with the flags before the file.
func (a *app) settleFleet(f fleetFlags) (config.Fleet, error) {
	s, err := config.ReadFleet(a.Config)
	if err != nil {
		return s, err
	}
	if s.URL = cmp.Or(f.Fleet, s.URL); s.URL == "" {
		return s, usagef("which fleet? name its database with --fleet postgres://USER@HOST/NAME, or MISIMPORTD_FLEET, "+
			"or fleet_file in %s", config.DefaultFleetFile)
	}
	s.State = cmp.Or(a.State, s.State, os.Getenv("STATE_DIRECTORY"))
	return s, nil
}

// withFleet opens the fleet's database, and closes it after do.
func (a *app) withFleet(f fleetFlags, do func(*fleet.Fleet) error) error {
	s, err := a.settleFleet(f)
	if err != nil {
		return err
	}
	opened, err := fleet.Open(a.ctx, s.URL)
	if err != nil {
		return asUsage(err)
	}
	defer opened.Close()
	return asUsage(do(opened))
}

// asUsage makes a wrong use of what a person gave wrongly.
func asUsage(err error) error {
	var url *fleet.URLError
	var unknown *fleet.UnknownError
	var state *fleet.StateError
	if errors.As(err, &url) || errors.As(err, &unknown) || errors.As(err, &state) {
		return usageError{err}
	}
	return err
}

type fleetInitCommand struct{}

func (fleetInitCommand) Run(a *app, c *fleetCommand) error {
	s, err := a.settleFleet(c.fleetFlags)
	if err != nil {
		return err
	}
	name, changed, err := fleet.Init(a.ctx, s.URL, a.log)
	if err != nil {
		return asUsage(err)
	}
	return a.print(map[string]any{"fleet": name, "changed": changed}, func(w io.Writer, _ text.Style) error {
		said := "is set up; \"" + hint.Command("fleet apply FOLDER") + "\" enters the schools"
		if !changed {
			said = "was set up already: nothing to do"
		}
		_, err := fmt.Fprintf(w, "%s %s\n", name, said)
		return err
	})
}

type fleetApplyCommand struct {
	Folder string `arg:"" predictor:"folder" help:"One file for each school, and defaults.yml."`
	Plan   bool   `help:"Only show what would change."`
	Yes    bool   `help:"Remove schools whose file is gone."`
}

func (c fleetApplyCommand) Run(a *app, of *fleetCommand) error {
	wanted, warnings, err := config.ReadSchools(c.Folder)
	if err != nil {
		return err
	}
	for _, w := range warnings {
		a.log.Warn("beware: " + w)
	}
	return a.withFleet(of.fleetFlags, func(f *fleet.Fleet) (err error) {
		var steps []fleet.Step
		if c.Plan {
			steps, err = f.Plan(a.ctx, wanted)
		} else {
			steps, err = f.Apply(a.ctx, wanted, c.Yes)
		}
		if err != nil {
			return err
		}
		told := report.FleetApplied{Applied: !c.Plan, Steps: []report.FleetStep{}, Left: []string{}}
		for _, s := range steps {
			told.Steps = append(told.Steps, report.FleetStep(s))
			if s.Action == fleet.Remove && !c.Yes {
				told.Left = append(told.Left, s.School)
			}
		}
		err = a.print(told, func(w io.Writer, style text.Style) error { return text.WriteFleetApplied(w, told, style) })
		if err == nil && len(told.Left) > 0 {
			err = heldError{}
		}
		return err
	})
}

// selection is some schools of a fleet.
type selection struct {
	Schools []string `arg:"" optional:"" name:"school" help:"Their names."`
	Where   string   `placeholder:"STATE" help:"${help_where}"`
}

// chosen is the names of those that were selected. With neither names nor a state it is none.
func (s selection) chosen(a *app, f *fleet.Fleet) ([]string, error) {
	if s.Where == "" {
		return s.Schools, nil
	}
	if len(s.Schools) > 0 {
		return nil, usagef("name the schools, or select them by --where: not both")
	}
	o, err := f.Overview(a.ctx)
	if err != nil {
		return nil, err
	}
	found, err := o.Where(s.Where)
	names := []string{}
	for _, school := range found {
		names = append(names, school.School)
	}
	return names, err
}

// deed does something to the schools that were selected, and says so.
func (a *app) deed(of *fleetCommand, s selection, said string, do func(*fleet.Fleet, []string) error) error {
	if s.Where == "" && len(s.Schools) == 0 {
		return usagef("which schools? name them, or select them by --where")
	}
	return a.withFleet(of.fleetFlags, func(f *fleet.Fleet) error {
		names, err := s.chosen(a, f)
		if err == nil && len(names) > 0 {
			err = do(f, names)
		}
		if err != nil {
			return err
		}
		return a.print(map[string]any{"schools": names}, func(w io.Writer, _ text.Style) error {
			if len(names) == 0 {
				_, err := fmt.Fprintf(w, "No school is %s: nothing was done.\n", s.Where)
				return err
			}
			_, err := fmt.Fprintf(w, "%s %s.\n", words.Listed(names, 10), said)
			return err
		})
	})
}

type fleetListCommand struct {
	Where string `placeholder:"STATE" help:"${help_where}"`
}

func (c fleetListCommand) Run(a *app, of *fleetCommand) error {
	return a.withFleet(of.fleetFlags, func(f *fleet.Fleet) error {
		o, err := f.Overview(a.ctx)
		if err != nil {
			return err
		}
		told, err := fleetOf(o, c.Where, nil)
		if err != nil {
			return err
		}
		return a.print(told, func(w io.Writer, style text.Style) error { return text.WriteFleet(w, told, style) })
	})
}

type fleetShowCommand struct {
	selection `embed:""`
}

func (c fleetShowCommand) Run(a *app, of *fleetCommand) error {
	switch {
	case c.Where == "" && len(c.Schools) == 0:
		return usagef("which schools? name them, or select them by --where")
	case c.Where != "" && len(c.Schools) != 0:
		return usagef("name the schools, or select them by --where: not both")
	}
	return a.withFleet(of.fleetFlags, func(f *fleet.Fleet) error {
		o, err := f.Overview(a.ctx)
		if err != nil {
			return err
		}
		told, err := fleetOf(o, c.Where, c.Schools)
		if err != nil {
			return err
		}
		return a.print(told, func(w io.Writer, style text.Style) error { return text.WriteFleetSchool(w, told, style) })
	})
}

// fleetOf is a fleet as it is told: the schools in a state, or some by name, or all.
func fleetOf(o fleet.Overview, state string, names []string) (told report.Fleet, err error) {
	told = report.Fleet{Schools: []report.FleetSchool{}, Workers: []report.FleetWorker{}}
	found, err := o.Where(state)
	if err != nil {
		return told, err
	}
	byName := map[string]fleet.Standing{}
	for _, s := range found {
		byName[s.School] = s
	}
	var unknown []string
	if names != nil {
		found = nil
		for _, name := range names {
			s, isThere := byName[name]
			if !isThere {
				unknown = append(unknown, name)
			}
			found = append(found, s)
		}
	}
	if len(unknown) > 0 {
		return told, &fleet.UnknownError{Names: unknown}
	}
	for _, s := range found {
		told.Schools = append(told.Schools, schoolOf(o, s))
	}
	if o.Stop != nil {
		told.Stopped = &report.FleetStop{At: o.Stop.At, Why: o.Stop.Why}
	}
	for _, w := range o.Workers {
		told.Workers = append(told.Workers, report.FleetWorker(w))
	}
	return told, nil
}

// schoolOf is a school as it is told.
func schoolOf(o fleet.Overview, s fleet.Standing) report.FleetSchool {
	school := report.FleetSchool{Name: s.School, State: s.State(o.At), Why: o.Why(s), Run: s.Run, Result: s.Result,
		RanAt: s.RanAt.Time, HeldSince: s.HeldSince.Time, LastSuccess: s.LastSuccess.Time, DataAt: s.DataAt.Time,
		Next: s.Begins(), Problems: s.Problems, Canary: s.Canary, Worker: s.Worker, Schedule: s.Schedule,
		Timezone: s.Zone, Database: s.Database}
	if s.PausedUntil.After(o.At) {
		school.PausedUntil = s.PausedUntil.Time
	}
	return school
}

type fleetPauseCommand struct {
	selection `embed:""`
	Until     era.Date `placeholder:"DATE" help:"${help_until} Without one: until they are resumed."`
	Why       string   `placeholder:"TEXT" help:"For those who wonder."`
}

func (c fleetPauseCommand) Run(a *app, of *fleetCommand) error {
	said := "paused until somebody resumes"
	if c.Until != 0 {
		said = "paused until " + c.Until.Long()
	}
	return a.deed(of, c.selection, said, func(f *fleet.Fleet, names []string) error {
		o, err := f.Overview(a.ctx)
		if err != nil {
			return err
		}
		until := map[string]time.Time{}
		for _, s := range o.Standings {
			if !slices.Contains(names, s.School) {
				continue
			}
			zone, err := time.LoadLocation(s.Zone)
			if err != nil {
				return err
			}
			until[s.School] = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
			if c.Until != 0 {
				until[s.School] = (c.Until + 1).FirstIn(zone)
			}
			if !until[s.School].After(o.At) {
				return usagef("--until %s is over already", c.Until.Long())
			}
		}
		return f.Pause(a.ctx, names, until, c.Why)
	})
}

type fleetResumeCommand struct {
	selection `embed:""`
}

func (c fleetResumeCommand) Run(a *app, of *fleetCommand) error {
	if c.Where != "" || len(c.Schools) > 0 {
		return a.deed(of, c.selection, "resumed: imports begin by themselves again",
			func(f *fleet.Fleet, names []string) error { return f.Resume(a.ctx, names) })
	}
	return a.withFleet(of.fleetFlags, func(f *fleet.Fleet) error {
		had, err := f.ResumeAll(a.ctx, "")
		if err != nil {
			return err
		}
		return a.print(map[string]any{"was_stopped": had}, func(w io.Writer, _ text.Style) error {
			said := "The fleet goes on: what is due is queued within a minute."
			if !had {
				said = "The fleet was not stopped: nothing to do. Name schools to end their pauses."
			}
			_, err := fmt.Fprintln(w, said)
			return err
		})
	})
}

type fleetRunCommand struct {
	selection `embed:""`
}

func (c fleetRunCommand) Run(a *app, of *fleetCommand) error {
	return a.deed(of, c.selection, "asked for: the next worker that is free takes it up",
		func(f *fleet.Fleet, names []string) error { return f.Wish(a.ctx, names) })
}

type fleetRemoveCommand struct {
	selection `embed:""`
}

func (c fleetRemoveCommand) Run(a *app, of *fleetCommand) error {
	said := "removed from the fleet; what was imported stays in its database. Take its file out of the folder, too: " +
		"the next \"fleet apply\" would bring it back"
	return a.deed(of, c.selection, said,
		func(f *fleet.Fleet, names []string) error { return f.Remove(a.ctx, names) })
}
