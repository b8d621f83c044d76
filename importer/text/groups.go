package text

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"misimportd/importer/report"
	"misimportd/importer/words"
	"misimportd/mis"
	"misimportd/store/model"
)

// groupChange is all that happens to one group.
type groupChange struct {
	report.GroupRef
	own     *report.Line              // what happens to the group itself
	count   int                       // of those who join and leave
	members map[model.Action][]string // the first of them, as they are written
	ends    string
}

// groupChanges is what happens to groups. A group is the same one under its old name and its
// new: it is found by kind and id.
type groupChanges map[report.GroupRef]*groupChange

func (all groupChanges) add(p *printer, l report.Line) {
	ref := report.GroupRef{Kind: l.Kind, SourceID: l.SourceID, Name: l.Name}
	if l.Group != nil {
		ref = *l.Group
	}
	key := report.GroupRef{Kind: ref.Kind, SourceID: ref.SourceID}
	if l.Why == model.PreviousMISGone.String() { // another MIS may have one of the same id
		key.Name = l.Why
	}
	g := all[key]
	if g == nil {
		g = &groupChange{GroupRef: ref, members: map[model.Action][]string{}}
		all[key] = g
	}
	if l.Group == nil {
		g.own = &l
		return
	}
	g.count++
	if l.Action == model.End {
		g.ends = "last day " + l.EndsOn.String()
	}
	if !p.Verbose && len(g.members[l.Action]) > shownMembers {
		return
	}
	text := p.sign(l.Action) + " " + words.Clean(l.Name)
	if l.Action == model.Update {
		text += " (" + p.fields(l.Fields) + ")"
	}
	g.members[l.Action] = append(g.members[l.Action], text)
}

// groups writes a line for each group that changes or whose members do. Automatic groups follow from the others:
// they come last, and are counted where they would hide those.
func (p *printer) groups(by groupChanges) {
	if len(by) == 0 {
		return
	}
	all := slices.SortedFunc(maps.Values(by), func(a, b *groupChange) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Kind, b.Kind), words.CompareNames(a.Name, b.Name),
			mis.CompareIDs(a.SourceID, b.SourceID))
	})
	p.line("\n%s", p.paint(bold, "groups"))
	own := slices.IndexFunc(all, func(g *groupChange) bool { return rank(g) > 0 })
	if own < 0 || p.Verbose || len(all) <= 2*shownRecords {
		own = len(all)
	}
	p.fold(own, 2*shownRecords, "  ", func(i int) { p.group(all[i]) })
	if n := len(all) - own; n > 0 {
		p.line("  %s", p.paint(faint, fmt.Sprintf("%s, which follow from the others (-v shows them)",
			words.Many(n, "automatic group"))))
	}
}

// rank is 1 for groups that follow from others.
func rank(g *groupChange) int {
	if g.Kind == model.AutomaticGroup {
		return 1
	}
	return 0
}

func (p *printer) group(g *groupChange) {
	var parts []string
	title := g.Kind + " " + words.Clean(g.Name)
	if g.own != nil {
		switch g.own.Action {
		case model.Create:
			parts = append(parts, p.paint(green, "new, with "+memberCount(g)))
		case model.Reopen:
			parts = append(parts, p.paint(green, "back, with "+memberCount(g)))
		case model.Update:
			parts = append(parts, p.fields(g.own.Fields))
		case model.Delete:
			parts = append(parts, p.paint(red, fmt.Sprintf("removed with %s: %s", memberCount(g), g.own.Why)))
		case model.End:
			if g.own.Why == model.EraOver.String() {
				parts = append(parts, p.paint(red, fmt.Sprintf("ends with its academic year, last day %s",
					*g.own.EndsOn)))
				break
			}
			parts = append(parts, p.paint(red, fmt.Sprintf("closes with %s, last day %s: %s", memberCount(g),
				*g.own.EndsOn, g.own.Why)))
		}
	}
	if g.own == nil || g.own.Action == model.Update || p.Verbose {
		parts = append(parts, p.members(g)...)
	}
	p.line("  %s: %s", title, strings.Join(parts, "; "))
}

func memberCount(g *groupChange) string {
	switch n := g.count; n {
	case 0:
		return "nobody in it"
	case 1:
		return "1 member"
	default:
		return fmt.Sprintf("%d members", n)
	}
}

// members writes who joins and who leaves, and the last day of those who do.
func (p *printer) members(g *groupChange) (parts []string) {
	var shown []string
	for _, action := range model.Actions {
		shown = append(shown, g.members[action]...)
	}
	if !p.Verbose && g.count > shownMembers+1 {
		shown = append(shown[:shownMembers], p.paint(faint, fmt.Sprintf("… and %d more", g.count-shownMembers)))
	}
	for _, part := range []string{strings.Join(shown, ", "), g.ends} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}
