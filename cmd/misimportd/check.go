package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"misimportd/cmd/misimportd/config"
	"misimportd/era"
	"misimportd/importer"
	"misimportd/importer/schoolfiles"
	"misimportd/importer/text"
	"misimportd/mis/cache"
	"misimportd/mis/isams/batch"
	"misimportd/store"
)

type checkConfigCommand struct {
	Offline bool `help:"${help_offline}"`
}

// check is one thing that was looked at.
type check struct {
	Name  string `json:"check"`
	OK    bool   `json:"ok"`
	Found string `json:"found"`
}

func (c checkConfigCommand) Run(a *app) error {
	s, err := a.settle()
	if err == nil {
		err = s.Unread
	}
	if err != nil {
		return err
	}
	checks := []check{{"configuration", true, cmp.Or(s.Source, "none; the defaults") + bewareOf(s.Exposed)},
		{"time zone", true, s.Zone.String()}}
	add := func(name, found string, err error) {
		c := check{name, err == nil, found}
		if err != nil {
			c.Found = strings.TrimPrefix(err.Error(), name+": ")
		}
		checks = append(checks, c)
	}
	if s.ISAMS != nil {
		client, err := batch.NewClient(*s.ISAMS, a.log)
		if err != nil {
			return usageError{err}
		}
		add("isams", fmt.Sprintf("%s, %s; not asked%s", client, counted(len(s.ISAMS.Requests), "request"),
			bewareOf(s.Warnings)), nil)
	}
	add("service", fmt.Sprintf("imports at %s; answers at %s%s", s.Schedule, s.Listen, s.ListenWarning()), nil)
	if s.SuspensionsFile != "" {
		suspensions, err := schoolfiles.ReadSuspensions(s.SuspensionsFile)
		add("suspensions", fmt.Sprintf("%s: %d of them", s.SuspensionsFile, len(suspensions)), err)
	}
	if s.ExtraGroupsFile != "" {
		groups, isThere, err := schoolfiles.ReadExtraGroups(s.ExtraGroupsFile)
		found := fmt.Sprintf("%s: %d of them", s.ExtraGroupsFile, len(groups))
		if !isThere {
			found = s.ExtraGroupsFile + ": not there, so extra groups stay as they are"
		}
		add("extra groups", found, err)
	}
	if c.Offline {
		if len(s.EventsFiles) > 0 {
			events, isThere, err := schoolfiles.ReadEvents(s.EventsFiles)
			found := fmt.Sprintf("%s: %d of them", strings.Join(s.EventsFiles, ", "), len(events))
			if !isThere {
				found = strings.Join(s.EventsFiles, ", ") + ": not there, so events stay as they are"
			}
			add("events", found, err)
		}
		return a.tellChecks(checks)
	}
	folder := cache.Folder(s.State)
	found, err := folder.Check()
	if missing := missingFolder(s); err == nil && missing != nil {
		err = missing
	}
	add("state folder", found, err)
	db, err := store.Open(a.ctx, s.Database)
	if err != nil {
		add("database", "", err)
	} else {
		defer func() { _ = db.Close() }()
		found, err = a.checkDatabase(s, db)
		add("database", found, err)
		if len(s.EventsFiles) > 0 && err == nil {
			found, err = a.importerOf(s, db, importer.Fetching{}, nil).CheckEvents(a.ctx)
			add("events", found, err)
		}
	}
	found, err = importer.CheckDocument(folder, s.Timetable)
	add("document", found, err)
	return a.tellChecks(checks)
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// bewareOf tells what is allowed, and seldom meant.
func bewareOf(warnings []string) (said string) {
	for _, w := range warnings {
		said += "; beware: " + w
	}
	return said
}

// checkDatabase finds out whether the tables are those of this program and whether an
// import could be made today.
func (a *app) checkDatabase(s config.Settings, db *store.DB) (found string, err error) {
	err = db.View(a.ctx, func(v *store.View) error {
		calendar, err := v.Calendar(a.ctx)
		if err != nil {
			return err
		}
		current := calendar.Current()
		if current == nil {
			found = fmt.Sprintf("%s; no era yet, the first run enters one", db)
			return nil
		}
		asOf, err := current.AsOf(era.DateOf(time.Now().In(s.Zone)), a.AsOf)
		found = fmt.Sprintf("%s; era %s, a run now would be as of %s", db, current.Name, asOf)
		return err
	})
	return found, err
}

func (a *app) tellChecks(checks []check) error {
	wrong := 0
	for _, c := range checks {
		if !c.OK {
			wrong++
		}
	}
	err := a.print(checks, func(w io.Writer, style text.Style) error {
		for _, c := range checks {
			mark := "ok   "
			if !c.OK {
				mark = "WRONG"
			}
			found := strings.ReplaceAll(c.Found, "\n", "\n"+strings.Repeat(" ", 22)) // several faults, one a line
			if _, err := fmt.Fprintf(w, "%s  %-14s %s\n", mark, c.Name, found); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || wrong == 0 {
		return err
	}
	return fmt.Errorf("%d of %d checks found something wrong", wrong, len(checks))
}
