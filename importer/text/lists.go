package text

import (
	"fmt"
	"io"

	"misimportd/era"
	"misimportd/importer/report"
	"misimportd/importer/words"
	"misimportd/store/model"
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

// WriteDatasources writes a list of MISs, one a line.
func WriteDatasources(w io.Writer, list model.Datasources) error {
	p := &printer{w: w}
	for _, d := range list {
		p.line("%-20s  %s", words.Clean(d.Name), d.Role)
	}
	return p.err
}

// WriteFaults writes what is wrong in the tables, one a line, and what mends it.
func WriteFaults(w io.Writer, faults []model.Fault) error {
	p := &printer{w: w}
	if len(faults) == 0 {
		p.line("Nothing is wrong in the tables.")
	}
	for _, f := range faults {
		mend := "no command mends it: ask whoever looks after the database"
		if f.Mend != "" {
			mend = fmt.Sprintf("\"%s\" mends it", f.Mend)
		}
		p.line("%-18s %8d  %s; %s", f.Table, f.ID, f.What, mend)
	}
	return p.err
}
