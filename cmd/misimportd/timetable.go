package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"misimportd/cmd/misimportd/config"
	"misimportd/era"
	"misimportd/importer/entry"
	"misimportd/importer/text"
	"misimportd/store"
	"misimportd/store/model"
)

type suspensionCommand struct {
	List   suspensionListCommand   `cmd:"" default:"1" help:"List suspensions and gaps, those of the file too."`
	Add    suspensionAddCommand    `cmd:"" help:"Enter a suspension or a gap in the database."`
	Remove suspensionRemoveCommand `cmd:"" help:"Take one that was entered by command out again."`
}

type suspensionListCommand struct{}

func (suspensionListCommand) Run(a *app) error {
	return a.withDatabase(func(s config.Settings, db *store.DB) error {
		listed, err := entry.Suspensions(a.ctx, db, s.SuspensionsFile)
		if err != nil {
			return usageError{err}
		}
		return a.print(listed, func(w io.Writer, _ text.Style) error { return text.WriteSuspensions(w, listed) })
	})
}

type suspensionAddCommand struct {
	Name  string   `arg:"" help:"Such as \"Study leave\"."`
	Kind  string   `default:"suspension" enum:"suspension,gap" help:"${help_kind}"`
	From  string   `required:"" placeholder:"WHEN" help:"${help_from}"`
	To    string   `required:"" placeholder:"WHEN" help:"The last day, or the last day and the time."`
	Of    []string `placeholder:"YEAR" help:"Year groups, such as 11,13 (default all)."`
	Daily bool     `help:"Between those times on each of those days."`
}

func (c suspensionAddCommand) Run(a *app) error {
	if len(c.Of) == 0 && len(a.Years) > 0 && os.Getenv("MISIMPORTD_YEARS") == "" {
		return usagef("--years says which year groups are imported; whom a suspension is for is said with --of, as " +
			"in --of 11,13")
	}
	s := era.Suspension{Name: strings.TrimSpace(c.Name), Kind: era.Kind(c.Kind), Daily: c.Daily}
	var err error
	if s.From, s.To, err = era.ParseSpan(c.From, c.To); err != nil {
		return usageError{err}
	}
	for _, text := range c.Of {
		year, err := era.ParseYear(text)
		if err != nil {
			return usagef("--of: %w", err)
		}
		s.Years = append(s.Years, year)
	}
	slices.Sort(s.Years)
	s.Years = slices.Compact(s.Years)
	if err := s.Check(); err != nil {
		return usageError{err}
	}
	return a.withDatabase(func(_ config.Settings, db *store.DB) error {
		run, err := entry.Desk{DB: db, Version: version()}.AddSuspension(a.ctx, s)
		return a.tellEra(run, err, fmt.Sprintf("%s entered, %s, %s; lessons and groups follow with the next import",
			s.Name, s.FormatSpan(), s.Whom()))
	})
}

type suspensionRemoveCommand struct {
	ID int64 `arg:"" help:"Its number."`
}

func (c suspensionRemoveCommand) Run(a *app) error {
	return a.withDatabase(func(_ config.Settings, db *store.DB) error {
		run, err := entry.Desk{DB: db, Version: version()}.RemoveSuspension(a.ctx, model.ID(c.ID))
		return a.tellEra(run, err, fmt.Sprintf("suspension %d removed; lessons and groups follow with the next import",
			c.ID))
	})
}
