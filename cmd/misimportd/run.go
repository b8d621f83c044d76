package main

import (
	"fmt"
	"io"

	"misimportd/cmd/misimportd/config"
	"misimportd/importer"
	"misimportd/importer/report"
	"misimportd/importer/text"
	"misimportd/store/model"
)

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
		of, err := config.NextYear(c.Era, years, c.No, c.Timetable)
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
