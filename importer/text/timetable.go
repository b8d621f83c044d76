package text

import (
	"fmt"
	"io"
	"strings"

	"misimportd/era"
	"misimportd/importer/report"
	"misimportd/importer/words"
)

// WriteLessons writes the lessons of some days, one a line, with who covers whom and what clashes.
func WriteLessons(w io.Writer, days era.Interval, list []report.DayLesson, style Style) error {
	p := &printer{Style: style, w: w}
	for date := days.From; date <= days.To; date++ {
		var on []report.DayLesson
		for _, l := range list {
			if l.On == date {
				on = append(on, l)
			}
		}
		if weekday := date.Weekday(); len(on) == 0 && days.From != days.To && (weekday == 0 || weekday == 6) {
			continue
		}
		p.line("%s", p.paint(bold, date.Time().Format("Monday 2 January 2006")))
		if len(on) == 0 {
			p.line("  no lessons")
		}
		for _, l := range on {
			p.lesson(l)
		}
	}
	return p.err
}

// lesson writes one lesson of a day.
func (p *printer) lesson(l report.DayLesson) {
	at := l.From + "–" + l.To
	if l.IsAllDay() {
		at = "all day    "
	}
	text := at + "  " + words.Clean(l.Called())
	for _, names := range [][]string{l.Groups, l.Pupils, l.Staff, l.Rooms} {
		if said := words.Clean(strings.Join(names, ", ")); said != "" && said != l.Called() {
			text += " · " + said
		}
	}
	text += words.Prefixed(" · organised by ", words.Clean(l.Organiser)) + words.Prefixed(" · note: ",
		words.Clean(l.Note))
	if l.Suspended {
		text = p.paint(faint, text) + " " + p.paint(amber, "suspended")
	}
	p.line("  %s", text)
	for _, c := range l.Covers {
		byHand := ""
		if c.ByHand {
			byHand = " (entered by hand)"
		}
		p.line("               %s", p.paint(green, fmt.Sprintf("%s covers %s%s", words.Clean(c.By),
			words.Clean(c.Covered),
			byHand)))
	}
	for _, c := range l.Clashes {
		p.line("               %s", p.paint(red, fmt.Sprintf("clash: %s and %s, %s", words.Clean(c.Who),
			words.Clean(c.With),
			c.At)))
	}
}

// WriteWho writes all there is of a pupil, a member of staff or a room.
func WriteWho(w io.Writer, who report.Who, style Style) error {
	p := &printer{Style: style, w: w}
	kind := map[string]string{"location": "room"}[who.Kind]
	if kind == "" {
		kind = who.Kind
	}
	gone := ""
	if !who.Current {
		gone = ", no longer in the MIS"
	}
	p.line("%s%s", p.paint(bold, fmt.Sprintf("%s %s", kind, words.Clean(who.Name))),
		p.paint(faint, words.Prefixed(" #", words.Clean(who.SourceID))+gone))
	for _, f := range who.Fields {
		p.line("  %-16s %s", strings.ReplaceAll(f.Name, "_", " "), words.Clean(f.Value))
	}
	for _, list := range []struct {
		called string
		groups []report.PersonGroup
	}{{"groups on " + who.On.Long(), who.Groups}, {"tutor or owner of", who.Tutors}, {"to come", who.ToCome},
		{"before", who.Before}} {
		if len(list.groups) == 0 {
			continue
		}
		p.line("\n%s", p.paint(bold, list.called))
		p.fold(len(list.groups), 4*shownRecords, "  ", func(i int) { p.personGroup(list.groups[i]) })
	}
	p.line("\n%s", p.paint(bold, "lessons on "+who.On.Time().Format("Monday 2 January 2006")))
	if len(who.Lessons) == 0 {
		p.line("  none")
	}
	for _, l := range who.Lessons {
		p.lesson(l)
	}
	return p.err
}

func (p *printer) personGroup(g report.PersonGroup) {
	until := "without end"
	if g.EndsOn != 0 {
		until = "to " + g.EndsOn.String()
	}
	p.line("  %-30s %-34s %s %s", words.Clean(g.Name), p.paint(faint, g.Kind+"/"+words.Clean(g.SourceID)),
		g.StartsOn, until)
}

// WriteClassList writes who is in a group as a list with room for marks, to be printed.
func WriteClassList(w io.Writer, m report.Members) error {
	p := &printer{w: w}
	widest := 20
	for _, member := range m.Members {
		widest = max(widest, len([]rune(words.Clean(member.Name))))
	}
	const columns, box = 10, "      |"
	p.line("%s %s, %s: %s\n", m.Group.Kind, words.Clean(m.Group.Name), m.On.Time().Format("Monday 2 January 2006"),
		counted(len(m.Members)))
	rule := strings.Repeat("-", widest+6) + "+" + strings.Repeat("------+", columns)
	p.line("%s\n%s", strings.Repeat(" ", widest+6)+"|"+strings.Repeat(box, columns), rule)
	for i, member := range m.Members {
		p.line("%3d  %s%s |%s\n%s", i+1, words.Clean(member.Name),
			strings.Repeat(" ", widest-len([]rune(words.Clean(member.Name)))), strings.Repeat(box, columns), rule)
	}
	return p.err
}
