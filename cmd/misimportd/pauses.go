package main

import (
	"fmt"
	"strings"
	"time"

	"misimportd/era"
	"misimportd/importer/entry"
	"misimportd/store"
)

type pauseCommand struct {
	Until era.Date `required:"" placeholder:"DATE" help:"${help_until}"`
	Why   string   `placeholder:"TEXT" help:"For those who wonder."`
}

func (c pauseCommand) Run(a *app) error {
	return a.withDatabase(func(s settings, db *store.DB) error {
		today := era.DateOf(time.Now().In(s.zone))
		run, err := entry.Desk{DB: db, Version: version()}.PauseUntil(a.ctx, today, c.Until, strings.TrimSpace(c.Why))
		return a.tellEra(run, err, fmt.Sprintf("paused until %s: no import begins by itself before %s", c.Until.Long(),
			(c.Until+1).Long()))
	})
}

type resumeCommand struct{}

func (resumeCommand) Run(a *app) error {
	return a.withDatabase(func(s settings, db *store.DB) error {
		today := era.DateOf(time.Now().In(s.zone))
		run, err := entry.Desk{DB: db, Version: version()}.Resume(a.ctx, today)
		done := "imports begin by themselves again"
		if days, _, on := era.Paused(s.pauses, today); on && err == nil {
			done = fmt.Sprintf("the pause that was entered is over; that of the configuration goes on until %s",
				days.To.Long())
		}
		return a.tellEra(run, err, done)
	})
}
