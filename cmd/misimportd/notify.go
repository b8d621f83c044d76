package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"misimportd/cmd/misimportd/config"
	"misimportd/importer"
	"misimportd/importer/ask"
	"misimportd/importer/messages"
	"misimportd/importer/report"
	"misimportd/importer/text"
	"misimportd/store"
	"misimportd/store/model"
)

type notifyCommand struct {
	Test bool `help:"Send it: a message that says that it is a test."`
}

func (c notifyCommand) Run(a *app) error {
	s, err := a.settle()
	switch {
	case err == nil && s.Messages == nil:
		return usagef("the configuration has no section messages, so nobody is told anything: deploy/config.yml " +
			"shows one")
	case err == nil:
		err = s.MessagesUnread
	}
	if err != nil {
		return err
	}
	if !c.Test {
		return usagef("say --test, which sends a test message by every channel: all others the service sends by itself")
	}
	results, err := messages.SendTest(a.ctx, *s.Messages, s.Zone, time.Now())
	if err != nil {
		return usageError{err}
	}
	return a.tellSent(results)
}

// tellSent prints what became of a test message, a channel a line.
func (a *app) tellSent(results []messages.Result) error {
	wrong := 0
	for _, r := range results {
		if !r.OK {
			wrong++
		}
	}
	err := a.print(results, func(w io.Writer, _ text.Style) error {
		for _, r := range results {
			line := "ok     " + r.Channel
			if !r.OK {
				line = fmt.Sprintf("WRONG  %s: %s", r.Channel, r.Error)
			}
			if _, err := fmt.Fprintln(w, line); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || wrong == 0 {
		return err
	}
	return fmt.Errorf("%d of %d channels did not take the message", wrong, len(results))
}

// messageSetup is what messages go by. They ask the database that imports use.
func messageSetup(s config.Settings, db *store.DB) messages.Setup {
	return messages.Setup{Settings: s.Messages, State: s.State,
		Run: func(ctx context.Context, id model.ID) (report.Past, error) {
			return importer.Show(ctx, db, id)
		},
		Problems: func(ctx context.Context) (report.ProblemList, error) { return ask.Problems(ctx, db) },
	}
}

// tell has people told while the daemon works, until ctx is done.
func (s *service) tell(ctx context.Context) *sync.WaitGroup {
	var telling sync.WaitGroup
	telling.Go(func() { s.messenger.Serve(ctx) })
	return &telling
}
