package years

import (
	"fmt"

	"misimportd/era"
	"misimportd/era/hint"
	"misimportd/store/model"
)

// From how many days before an era's last day the next one is asked for, and the roll.
const (
	EnterBefore = 30
	RollBefore  = 7
)

// longGap is from how many days between two academic years on one of them is likely to be wrong.
const longGap = 62

// Step is what a person has to do next about the school year.
type Step struct {
	What    string `json:"what"`
	Command string `json:"command,omitempty"` // that does it; "" where there is nothing to do
	Urgent  bool   `json:"urgent"`            // it is time, or late
}

// Next is the step that comes next. hasGroups tells whether the next era holds groups already.
func Next(c model.Calendar, today era.Date, hasGroups bool) Step {
	current, next := c.Current(), c.Next()
	if current == nil {
		step := Step{What: "no era is the current one: the first run enters the academic year that it falls in"}
		for _, e := range c.Eras {
			if !e.IsPerpetual() {
				step = Step{What: "no era is the current one: choose it", Command: hint.Command("era set current %s",
					hint.Quote(e.Name))}
			}
		}
		return step
	}
	left := int(current.EndsOn - today)
	switch {
	case next == nil:
		return Step{What: "enter the next academic year", Command: enterNextCommand(c), Urgent: left <= EnterBefore}
	case next.StartsOn > current.EndsOn+longGap:
		return Step{What: fmt.Sprintf("check the dates: %d days lie between %s and %s", next.StartsOn-current.EndsOn-1,
			current.Name, next.Name), Command: hint.Command("era edit %s --from %s", hint.Quote(next.Name),
			current.EndsOn+1), Urgent: true}
	case left < 0:
		return Step{What: fmt.Sprintf("%s is over: roll into %s", current.Name, next.Name),
			Command: hint.Command("era roll"), Urgent: true}
	case left <= RollBefore:
		return Step{What: fmt.Sprintf("roll into %s, from %s on", next.Name, current.EndsOn.Long()),
			Command: hint.Command("era roll"), Urgent: true}
	case !hasGroups:
		return Step{What: fmt.Sprintf("load %s ahead of time, if the MIS has its forms, sets or timetable", next.Name),
			Command: hint.Command("plan --era %s --ahead 1", hint.Quote(next.Name))}
	}
	return Step{What: fmt.Sprintf("nothing until %s; then roll into %s", (current.EndsOn - RollBefore).Long(),
		next.Name)}
}

// enterNextCommand makes an era the next one, and enters it first if there is none that could be.
func enterNextCommand(c model.Calendar) string {
	current := c.Current()
	for _, e := range c.Eras {
		if !e.IsPerpetual() && e.StartsOn > current.EndsOn && e.StartsOn <= current.EndsOn+longGap {
			return hint.Command("era set next %s", hint.Quote(e.Name))
		}
	}
	f := current.Following()
	return hint.Command("era create %s --from %s --to %s --next", f.Name, f.StartsOn, f.EndsOn)
}

func enterNext(c model.Calendar) string {
	return fmt.Sprintf("make it with \"%s\"", enterNextCommand(c))
}

// Warning is what has to be said of the current era on a day, "" for nothing: from 30 days before
// its end that there is no next one, from 7 days that it has to be rolled.
func Warning(c model.Calendar, today era.Date, rollsItself bool) string {
	current, next := c.Current(), c.Next()
	if current == nil || current.IsPerpetual() {
		return ""
	}
	left := int(current.EndsOn - today)
	step := Next(c, today, true)
	switch {
	case left < 0 && next == nil:
		return fmt.Sprintf("era %s ended on %s and there is no next one: people, rooms, subjects and houses are "+
			"imported, and no group and no lesson; enter it with \"%s\", and then \"%s\"", current.Name,
			current.EndsOn.Long(), step.Command, hint.Command("era roll"))
	case left < 0 && !rollsItself:
		return fmt.Sprintf("era %s ended on %s: people, rooms, subjects and houses are imported, and no group and no "+
			"lesson, until \"%s\"", current.Name, current.EndsOn.Long(), step.Command)
	case next == nil && left <= EnterBefore:
		return fmt.Sprintf("era %s ends on %s, in %d days, and there is no next one: enter it with \"%s\"",
			current.Name,
			current.EndsOn.Long(), left, step.Command)
	case next != nil && left <= RollBefore && !rollsItself:
		return fmt.Sprintf("era %s ends on %s, in %d days: then roll into %s with \"%s\"", current.Name,
			current.EndsOn.Long(), left, next.Name, hint.Command("era roll"))
	}
	return ""
}

// RollWaits is the step that comes next while a roll waits for a person.
func RollWaits(run model.ID) Step {
	return Step{What: fmt.Sprintf("run %d, a roll into the next academic year, waits for a person: \"%s\" shows it, "+
		"\"%s\" or \"%s\" decides", run, hint.Command("runs show %d", run), hint.Command("approve %d", run),
		hint.Command("reject %d", run)), Command: hint.Command("approve %d", run), Urgent: true}
}

// Status is which era is which, what is missing, and what to do next.
type Status struct {
	Current   *era.Era `json:"current"`
	Next      *era.Era `json:"next"`
	Previous  *era.Era `json:"previous"`
	Perpetual *era.Era `json:"perpetual"`
	DaysLeft  *int     `json:"days_left"` // of the current era, after this day
	Groups    int      `json:"next_era_groups"`
	AutoRoll  bool     `json:"auto_roll"`
	Missing   []string `json:"missing"`
	Warning   string   `json:"warning,omitempty"`
	Step      Step     `json:"next_step"`
}

// StatusOf tells how the school year stands on a day. groups is how many the next era holds.
func StatusOf(c model.Calendar, today era.Date, groups int, rollsItself bool) Status {
	s := Status{Groups: groups, AutoRoll: rollsItself, Missing: []string{}, Warning: Warning(c, today, rollsItself),
		Step: Next(c, today, groups > 0)}
	for _, of := range []struct {
		era  *model.Era
		into **era.Era
		name string // where it is missed
	}{{c.Current(), &s.Current, "current"}, {c.Next(), &s.Next, "next"}, {c.Previous(), &s.Previous, ""},
		{c.Perpetual(), &s.Perpetual, ""}} {
		switch {
		case of.era != nil:
			*of.into = &of.era.Era
		case of.name != "":
			s.Missing = append(s.Missing, of.name)
		}
	}
	if s.Current != nil {
		left := int(s.Current.EndsOn - today)
		s.DaysLeft = &left
	}
	return s
}
