package text

import (
	"fmt"
	"io"
	"unicode/utf8"

	"misimportd/importer/report"
	"misimportd/importer/words"
)

// WriteGroups writes a list of groups, one a line.
func WriteGroups(w io.Writer, groups []report.ListedGroup) error {
	p := &printer{w: w}
	if len(groups) == 0 {
		p.line("There is no such group.")
	}
	names, ids := widest(groups)
	for _, g := range groups {
		id := words.Clean(g.SourceID)
		if id != "" {
			id = g.Kind + "/" + id
		}
		p.line("%-10s  %-*s  %-*s  %4d  %-9s  %s", g.Kind, names, words.Clean(g.Name), ids, id, g.Members, g.Era,
			words.Prefixed("year ", g.Year.String()))
	}
	return p.err
}

// widest is how wide the columns of names and of ids are.
func widest(groups []report.ListedGroup) (names, ids int) {
	names, ids = 24, 16
	for _, g := range groups {
		names = max(names, utf8.RuneCountInString(words.Clean(g.Name)))
		ids = max(ids, utf8.RuneCountInString(g.Kind+"/"+words.Clean(g.SourceID)))
	}
	return names, ids
}

// WriteMembers writes who is in a group, one a line.
func WriteMembers(w io.Writer, m report.Members, style Style) error {
	p := &printer{Style: style, w: w}
	p.line("%s", p.paint(bold, fmt.Sprintf("%s %s on %s: %s", m.Group.Kind, words.Clean(m.Group.Name), m.On.Long(),
		counted(len(m.Members)))))
	for _, member := range m.Members {
		until := "without end"
		if member.EndsOn != 0 {
			until = "to " + member.EndsOn.String()
		}
		through := ""
		if member.Through != "" {
			through = ", through " + words.Clean(member.Through)
		}
		p.line("  %-32s  %s  %s %s%s", words.Clean(member.Name), p.paint(faint,
			member.Kind+"/"+words.Clean(member.SourceID)),
			member.StartsOn, until, through)
	}
	return p.err
}

func counted(members int) string {
	if members == 1 {
		return "1 member"
	}
	return fmt.Sprintf("%d members", members)
}
