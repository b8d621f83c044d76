package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"misimportd/cmd/misimportd/config"
	"misimportd/era"
	"misimportd/era/hint"
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
	s, err := a.settleHere()
	if err == nil {
		err = cmp.Or(s.Unread, s.MessagesUnread)
	}
	if err != nil {
		return err
	}
	if s.ISAMS != nil {
		if _, err := batch.NewClient(*s.ISAMS, a.log); err != nil {
			return usageError{err}
		}
	}
	if c.Offline {
		return a.tellChecks(a.checksOf(a.ctx, s, nil))
	}
	db, err := store.Open(a.ctx, s.Database)
	if err == nil {
		defer func() { _ = db.Close() }()
	}
	return a.tellChecks(a.checksOf(a.ctx, s, func() (*store.DB, error) { return db, err }))
}

// looks is things that were looked at.
type looks []check

func (l *looks) add(name, found string, err error) {
	c := check{name, err == nil, found}
	if err != nil {
		c.Found = strings.TrimPrefix(err.Error(), name+": ")
	}
	*l = append(*l, c)
}

// checksOf looks at everything that can be looked at without changing anything. Without a database it looks at
// the configuration and the school's own files alone.
func (a *app) checksOf(ctx context.Context, s config.Settings, open func() (*store.DB, error)) []check {
	checks := &looks{{"configuration", true, cmp.Or(s.Source, "none; the defaults") + bewareOf(s.Exposed)},
		{"time zone", true, s.Zone.String()}}
	if s.ISAMS != nil {
		client, err := batch.NewClient(*s.ISAMS, a.log)
		found := ""
		if err == nil {
			found = fmt.Sprintf("%s, %s; not asked%s", client, counted(len(s.ISAMS.Requests), "request"),
				bewareOf(s.Warnings))
		}
		checks.add("isams", found, err)
	}
	checks.add("service", fmt.Sprintf("imports at %s; answers at %s%s", s.Schedule, s.Listen, s.ListenWarning()), nil)
	if s.Messages != nil {
		channels, err := s.Messages.Check()
		checks.add("messages", fmt.Sprintf("%s; not asked, \"%s\" does", counted(channels, "channel"),
			hint.Command("notify --test")), err)
	}
	checks.ownFiles(s)
	if open == nil {
		checks.eventsFiles(s)
		return *checks
	}
	folder := cache.Folder(s.State)
	found, err := folder.Check()
	if missing := missingFolder(s); err == nil && missing != nil {
		err = missing
	}
	checks.add("state folder", found, err)
	db, err := open()
	if err == nil {
		found, err = a.checkDatabase(ctx, s, db)
	}
	checks.add("database", found, err)
	if len(s.EventsFiles) > 0 && err == nil {
		found, err = a.importerOf(s, db, importer.Fetching{}, nil).CheckEvents(ctx)
		checks.add("events", found, err)
	}
	found, err = importer.CheckDocument(homeOf(s, db), s.Timetable)
	checks.add("document", found, err)
	return *checks
}

// ownFiles looks at the files that the school keeps by hand, but for those of events.
func (l *looks) ownFiles(s config.Settings) {
	if s.SuspensionsFile != "" {
		suspensions, err := schoolfiles.ReadSuspensions(s.SuspensionsFile)
		l.add("suspensions", fmt.Sprintf("%s: %d of them", s.SuspensionsFile, len(suspensions)), err)
	}
	if s.ExtraGroupsFile == "" {
		return
	}
	groups, isThere, err := schoolfiles.ReadExtraGroups(s.ExtraGroupsFile)
	found := fmt.Sprintf("%s: %d of them", s.ExtraGroupsFile, len(groups))
	if !isThere {
		found = s.ExtraGroupsFile + ": not there, so extra groups stay as they are"
	}
	l.add("extra groups", found, err)
}

// eventsFiles reads those of events, without asking whom they name.
func (l *looks) eventsFiles(s config.Settings) {
	if len(s.EventsFiles) == 0 {
		return
	}
	events, isThere, err := schoolfiles.ReadEvents(s.EventsFiles)
	found := fmt.Sprintf("%s: %d of them", strings.Join(s.EventsFiles, ", "), len(events))
	if !isThere {
		found = strings.Join(s.EventsFiles, ", ") + ": not there, so events stay as they are"
	}
	l.add("events", found, err)
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
func (a *app) checkDatabase(ctx context.Context, s config.Settings, db *store.DB) (found string, err error) {
	err = db.View(ctx, func(v *store.View) error {
		calendar, err := v.Calendar(ctx)
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
