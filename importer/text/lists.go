package text

import (
	"fmt"
	"io"

	"misimportd/era"
	"misimportd/importer/report"
	"misimportd/importer/words"
)

// WriteEras writes a list of eras, one a line.
func WriteEras(w io.Writer, eras []report.ListedEra) error {
	p := &printer{w: w}
	if len(eras) == 0 {
		p.line("No era yet: the first run enters the academic year it falls in.")
	}
	for _, e := range eras {
		p.line("%-12s  %-24s  %s", e.Name, e.Days(), e.Is)
	}
	return p.err
}

// WritePins writes a list of pins, one a line.
func WritePins(w io.Writer, listed []report.ListedPin) error {
	p := &printer{w: w}
	if len(listed) == 0 {
		p.line("Nothing is pinned.")
	}
	for _, l := range listed {
		p.line("%4d  %s %s #%s: %s", l.ID, l.Kind, words.Clean(l.Name), words.Clean(l.SourceID), l.What())
	}
	return p.err
}

// WriteSuspensions writes a list of suspensions, one a line.
func WriteSuspensions(w io.Writer, listed []report.ListedSuspension) error {
	p := &printer{w: w}
	if len(listed) == 0 {
		p.line("No suspension and no gap.")
	}
	for _, s := range listed {
		number := "-"
		if s.ID != 0 {
			number = fmt.Sprint(s.ID)
		}
		plain := era.Suspension{Name: s.Name, Kind: s.Kind, Years: s.Years, From: s.From, To: s.To, Daily: s.Daily}
		p.line("%4s  %-10s  %-8s  %s: %s, %s", number, s.Kind, s.In, words.Clean(s.Name), plain.FormatSpan(),
			plain.Whom())
	}
	return p.err
}
