package main

import (
	"fmt"
	"strings"
	"time"

	"misimportd/cmd/misimportd/config"
	"misimportd/era"
	"misimportd/era/hint"
	"misimportd/importer"
	"misimportd/importer/entry"
	"misimportd/store"
)

type pauseCommand struct {
	Until era.Date `required:"" placeholder:"DATE" help:"${help_until}"`
	Why   string   `placeholder:"TEXT" help:"For those who wonder."`
}

func (c pauseCommand) Run(a *app) error {
	return a.withDatabase(func(s config.Settings, db *store.DB) error {
		today := era.DateOf(time.Now().In(s.Zone))
		run, err := entry.Desk{DB: db, Version: version()}.PauseUntil(a.ctx, today, c.Until, strings.TrimSpace(c.Why))
		entered := era.Pause{Interval: era.Interval{From: today, To: c.Until}}
		if days, _, _ := era.Paused(append(s.Pauses, entered), today); days.To > c.Until {
			return a.tellEra(run, err, fmt.Sprintf("paused until %s; by the configuration (pauses) until %s",
				c.Until.Long(),
				days.To.Long()))
		}
		return a.tellEra(run, err, fmt.Sprintf("paused until %s: no import begins by itself before %s; "+
			"\"%s\" ends it", c.Until.Long(), (c.Until+1).Long(), hint.Command("resume")))
	})
}

type resumeCommand struct{}

func (resumeCommand) Run(a *app) error {
	return a.withDatabase(func(s config.Settings, db *store.DB) error {
		today := era.DateOf(time.Now().In(s.Zone))
		run, err := entry.Desk{DB: db, Version: version()}.Resume(a.ctx, today)
		done := "imports begin by themselves again"
		if days, _, on := era.Paused(s.Pauses, today); on && err == nil {
			done = fmt.Sprintf("the pause that was entered is over; that of the configuration goes on until %s",
				days.To.Long())
		}
		return a.tellEra(run, err, done)
	})
}

// tellPause says that a pause is on, which a person's import does not heed.
func (a *app) tellPause(s config.Settings, im *importer.Importer) error {
	imports, err := im.DB.Imports(a.ctx)
	if err != nil {
		return err
	}
	if days, _, on := s.Schedule.Pausing(imports.Pauses...).Pause(time.Now()); on {
		a.log.Warn(fmt.Sprintf("imports are paused until %s; this one is made, for you asked for it", days.To.Long()))
	}
	return nil
}
