package text

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"misimportd/era/hint"
	"misimportd/importer/report"
	"misimportd/importer/words"
)

// WriteFleet writes how the schools of a fleet stand, one a line.
func WriteFleet(w io.Writer, f report.Fleet, style Style) error {
	p := &printer{Style: style, w: w}
	p.stopped(f.Stopped)
	if len(f.Schools) == 0 {
		p.line("No school.")
		return p.err
	}
	width := len("school")
	for _, s := range f.Schools {
		width = max(width, len(s.Name))
	}
	p.line("%s", p.paint(faint, fmt.Sprintf("%-*s  %-8s  %-9s  %-16s  %-16s  %s", width, "school", "state", "result",
		"last run", "next", "problems")))
	for _, s := range f.Schools {
		zone := zoneOf(s.Timezone)
		line := fmt.Sprintf("%-*s  %s  %-9s  %-16s  %-16s  %d", width, s.Name,
			p.paint(stateColour(s.State), fmt.Sprintf("%-8s", s.State)), cmp.Or(resultOf(s), "-"),
			moment(s.RanAt, zone), moment(s.Next, zone), s.Problems)
		if s.Why != "" {
			line += "  " + p.paint(faint, words.Clip(words.Clean(s.Why), 60))
		}
		p.line("%s", line)
	}
	return p.err
}

func (p *printer) stopped(stop *report.FleetStop) {
	if stop == nil {
		return
	}
	p.prose("%s", p.paint(red, fmt.Sprintf("No more nights are begun since %s: %s.",
		stop.At.UTC().Format("2 January 15:04 MST"), words.Clean(stop.Why))))
	p.prose("Look at some of these schools. When all is as it should be, \"%s\" goes on.", hint.Command("fleet resume"))
	p.line("")
}

// resultOf is what came of the newest run. One that was held waits no longer when somebody has decided.
func resultOf(s report.FleetSchool) string {
	if s.Result == "held" && s.HeldSince.IsZero() {
		return "decided"
	}
	return s.Result
}

func stateColour(state string) string {
	switch state {
	case "well", "running":
		return green
	case "aside", "failed", "overdue":
		return red
	case "held":
		return amber
	}
	return faint
}

func zoneOf(name string) *time.Location {
	if zone, err := time.LoadLocation(name); err == nil {
		return zone
	}
	return time.UTC
}

func moment(t time.Time, zone *time.Location) string {
	const forEver = 9000
	switch {
	case t.IsZero():
		return "-"
	case t.Year() > forEver:
		return "until resumed"
	}
	return t.In(zone).Format("2006-01-02 15:04")
}

// WriteFleetSchool writes all there is of one school.
func WriteFleetSchool(w io.Writer, f report.Fleet, style Style) error {
	p := &printer{Style: style, w: w}
	p.stopped(f.Stopped)
	for _, s := range f.Schools {
		zone := zoneOf(s.Timezone)
		p.line("%s  %s", p.paint(bold, s.Name), p.paint(stateColour(s.State), s.State))
		if s.Why != "" {
			p.prose("  %s", words.Clean(s.Why))
		}
		run := "-"
		if s.Run != 0 {
			run = fmt.Sprintf("%d, %s, begun %s", s.Run, resultOf(s), moment(s.RanAt, zone))
		}
		for _, of := range [][2]string{{"newest run", run}, {"last success", moment(s.LastSuccess, zone)},
			{"held since", moment(s.HeldSince, zone)}, {"data of", moment(s.DataAt, zone)},
			{"next", moment(s.Next, zone)}, {"paused until", moment(s.PausedUntil, zone)},
			{"problems", fmt.Sprint(s.Problems)}, {"schedule", s.Schedule + ", " + s.Timezone}, {"database",
				s.Database},
			{"at work", s.Worker}} {
			if of[1] != "-" && of[1] != "" {
				p.line("  %-13s %s", of[0], of[1])
			}
		}
		if s.State == "held" {
			p.line("")
			p.line("  \"%s\" shows what waits.", hint.Command("fleet at %s runs show %d", s.Name, s.Run))
		}
	}
	return p.err
}

// WriteFleetApplied writes what differed between a folder and the fleet.
func WriteFleetApplied(w io.Writer, f report.FleetApplied, style Style) error {
	p := &printer{Style: style, w: w}
	if len(f.Steps) == 0 {
		p.line("The fleet is as the folder says: nothing to do.")
		return p.err
	}
	signs := map[string]string{"create": p.paint(green, "+"), "update": p.paint(amber, "~"), "remove": p.paint(red,
		"-")}
	for _, s := range f.Steps {
		line := signs[s.Action] + " " + cmp.Or(s.School, "settings of the fleet")
		if len(s.What) > 0 {
			line += ": " + strings.Join(s.What, ", ")
		}
		p.line("%s", line)
	}
	p.line("")
	switch {
	case !f.Applied && len(f.Left) > 0:
		p.prose("Nothing was changed: this is what would be. %s would go with --yes only: they have no file (%s).",
			words.Many(len(f.Left), "school"), words.Clean(words.Listed(f.Left, 10)))
	case !f.Applied:
		p.line("Nothing was changed: this is what would be.")
	case len(f.Left) > 0:
		p.prose("Done, but for %s without a file: %s. With --yes they go; their databases stay.",
			words.Many(len(f.Left), "school"), words.Clean(words.Listed(f.Left, 10)))
	default:
		p.line("Done.")
	}
	return p.err
}
