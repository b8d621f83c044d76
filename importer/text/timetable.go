package text

import (
	"fmt"
	"io"
	"strings"

	"misimportd/era"
	"misimportd/importer/report"
	"misimportd/importer/words"
)

// WriteLessons writes the lessons of a day, one a line.
func WriteLessons(w io.Writer, on era.Date, list []report.DayLesson, style Style) error {
	p := &printer{Style: style, w: w}
	p.line("%s", p.paint(bold, on.Time().Format("Monday 2 January 2006")))
	if len(list) == 0 {
		p.line("  no lessons")
	}
	for _, l := range list {
		text := fmt.Sprintf("%s–%s  %s", l.From, l.To, words.Clean(l.Called()))
		for _, names := range [][]string{l.Groups, l.Pupils, l.Staff, l.Rooms} {
			if said := words.Clean(strings.Join(names, ", ")); said != "" && said != l.Called() {
				text += " · " + said
			}
		}
		if l.Suspended {
			text = p.paint(faint, text) + " " + p.paint(amber, "suspended")
		}
		p.line("  %s", text)
	}
	return p.err
}
