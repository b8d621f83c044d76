package importer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"misimportd/mis"
	"misimportd/store"
)

// groupChange is all that happens to one group.
type groupChange struct {
	GroupRef
	own     *Line // what happens to the group itself
	members []Line
}

// groups writes a line for each group that changes or whose members do.
func (p *printer) groups(lines []Line) {
	by := map[GroupRef]*groupChange{}
	var all []*groupChange
	for i, l := range lines {
		ref := GroupRef{l.Kind, l.SourceID, l.Name}
		if l.Group != nil {
			ref = *l.Group
		}
		// A group is the same one under its old name and its new.
		key := GroupRef{Kind: ref.Kind, SourceID: ref.SourceID}
		g := by[key]
		if g == nil {
			g = &groupChange{GroupRef: ref}
			by[key] = g
			all = append(all, g)
		}
		if l.Group == nil {
			g.own = &lines[i]
		} else {
			g.members = append(g.members, l)
		}
	}
	if len(all) == 0 {
		return
	}
	slices.SortFunc(all, func(a, b *groupChange) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), compareNames(a.Name, b.Name), mis.CompareIDs(a.SourceID, b.SourceID))
	})
	p.line("\n%s", p.paint(bold, "groups"))
	p.fold(len(all), 2*shownRecords, "  ", func(i int) { p.group(all[i]) })
}

// compareNames puts 9A before 10A.
func compareNames(a, b string) int {
	digits := func(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }
	return cmp.Or(cmp.Compare(digits(a), digits(b)), cmp.Compare(a, b))
}

func (p *printer) group(g *groupChange) {
	var parts []string
	title := g.Kind + " " + clean(g.Name)
	if g.own != nil {
		switch g.own.Action {
		case store.Create:
			parts = append(parts, p.paint(green, "new, with "+memberCount(g)))
		case store.Reopen:
			parts = append(parts, p.paint(green, "back, with "+memberCount(g)))
		case store.Update:
			parts = append(parts, p.fields(g.own.Fields))
		case store.Delete:
			parts = append(parts, p.paint(red, fmt.Sprintf("removed with %s: %s", memberCount(g), g.own.Why)))
		case store.End:
			parts = append(parts, p.paint(red, fmt.Sprintf("closes with %s, last day %s: %s", memberCount(g), *g.own.EndsOn, g.own.Why)))
		}
	}
	if g.own == nil || g.own.Action == store.Update || p.Verbose {
		parts = append(parts, p.members(g.members)...)
	}
	p.line("  %s: %s", title, strings.Join(parts, "; "))
}

func memberCount(g *groupChange) string {
	switch n := len(g.members); n {
	case 0:
		return "nobody in it"
	case 1:
		return "1 member"
	default:
		return fmt.Sprintf("%d members", n)
	}
}

// members writes who joins and who leaves, and the last day of those who do.
func (p *printer) members(members []Line) []string {
	var shown []string
	var ends string
	slices.SortStableFunc(members, func(a, b Line) int {
		return cmp.Compare(slices.Index(store.Actions, a.Action), slices.Index(store.Actions, b.Action))
	})
	for i, m := range members {
		if !p.Verbose && i == shownMembers && len(members) > shownMembers+1 {
			shown = append(shown, p.paint(faint, fmt.Sprintf("… and %d more", len(members)-i)))
			break
		}
		text := p.sign(m.Action) + " " + clean(m.Name)
		if m.Action == store.Update {
			text += " (" + p.fields(m.Fields) + ")"
		}
		shown = append(shown, text)
	}
	for _, m := range members {
		if m.Action == store.End {
			ends = "ends " + m.EndsOn.String()
		}
	}
	parts := []string{}
	if len(shown) > 0 {
		parts = append(parts, strings.Join(shown, ", "))
	}
	if ends != "" {
		parts = append(parts, ends)
	}
	return parts
}
