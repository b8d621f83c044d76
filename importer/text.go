package importer

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"misimportd/mis"
	"misimportd/store"
)

// Style says how results are written for people.
type Style struct {
	Colour  bool // with the terminal's colours
	Verbose bool // in full: nothing folded
}

// How much of a list is shown before it is folded.
const (
	shownRecords = 8
	shownMembers = 6
	shownIDs     = 8
)

const (
	bold  = "1"
	red   = "31"
	green = "32"
	amber = "33"
	faint = "2"
)

func (s Style) paint(code, text string) string {
	if !s.Colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// printer writes text and remembers the first error.
type printer struct {
	Style
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

// fold calls show for the first of n things, and says how many are left out.
func (p *printer) fold(n, limit int, indent string, show func(i int)) {
	if p.Verbose || n <= limit+1 {
		limit = n
	}
	for i := range limit {
		show(i)
	}
	if n > limit {
		p.line("%s%s", indent, p.paint(faint, fmt.Sprintf("… and %d more (-v shows all)", n-limit)))
	}
}

// WritePlan writes what would change, grouped by kind and by group, the counts and
// the problems.
func (r Report) WritePlan(w io.Writer, style Style) error {
	p := &printer{Style: style, w: w}
	p.line("%s", p.paint(bold, fmt.Sprintf("Plan for %s, era %s", r.AsOf.Long(), r.Era)))
	p.source(r.Source)
	p.changes(r.Lines)
	p.summary(r.Changes)
	p.problems(r.Problems)
	p.line("")
	p.line("Nothing has been changed: this is a plan. \"misimportd run\" carries it out.")
	return p.err
}

// WriteRun writes what a run did: the counts and the problems.
func (r Report) WriteRun(w io.Writer, style Style) error {
	p := &printer{Style: style, w: w}
	title := fmt.Sprintf("Run %d: %s, as of %s, era %s", r.Run, r.Result, r.AsOf.Long(), r.Era)
	p.line("%s", p.paint(bold, title))
	p.source(r.Source)
	p.summary(r.Changes)
	p.problems(r.Problems)
	if style.Verbose {
		p.stages(r.Stages)
	}
	if r.Result == store.Applied {
		p.line("")
		p.line("\"misimportd runs show %d\" lists each change.", r.Run)
	}
	return p.err
}

func (p *printer) source(s store.Source) {
	if s.SHA256 == "" {
		return
	}
	same := ""
	if s.Unchanged {
		same = ", the same as last time"
	}
	p.line("Document: %s, sha256 %s…%s", bytesText(s.Bytes), s.SHA256[:12], same)
}

func bytesText(n int64) string {
	if n < 1e6 {
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

// plural names many of an entity.
var plural = map[store.Entity]string{
	store.EraEntity: "eras", store.SettingsEntity: "settings", store.PupilEntity: "pupils", store.StaffEntity: "staff",
	store.LocationEntity: "locations", store.SubjectEntity: "subjects", store.HouseEntity: "houses",
	store.GroupEntity: "groups", store.MembershipEntity: "memberships",
}

func (p *printer) changes(lines []Line) {
	by := map[store.Entity][]Line{}
	for _, l := range lines {
		by[l.Entity] = append(by[l.Entity], l)
	}
	for _, entity := range store.Entities {
		if of := by[entity]; len(of) > 0 && entity != store.GroupEntity && entity != store.MembershipEntity {
			p.line("\n%s", p.paint(bold, plural[entity]))
			p.fold(len(of), shownRecords, "  ", func(i int) { p.record(of[i]) })
		}
	}
	p.groups(append(by[store.GroupEntity], by[store.MembershipEntity]...))
}

var signs = map[store.Action]string{store.Create: "+", store.Update: "~", store.End: "−", store.Reopen: "+", store.Delete: "−"}

var colours = map[store.Action]string{store.Create: green, store.Update: amber, store.End: red, store.Reopen: green, store.Delete: red}

func (p *printer) sign(a store.Action) string { return p.paint(colours[a], signs[a]) }

// record writes one change of a record that is no group and no membership.
func (p *printer) record(l Line) {
	text := l.Name
	if l.SourceID != "" {
		text += p.paint(faint, " #"+l.SourceID)
	}
	switch {
	case l.Action == store.Update:
		text += ": " + p.fields(l.Fields)
	case l.Action != store.Create:
		text += ": " + string(l.Why)
	case l.StartsOn != nil:
		text += fmt.Sprintf(": %s to %s", *l.StartsOn, *l.EndsOn)
	}
	p.line("  %s %s", p.sign(l.Action), text)
}

func (p *printer) fields(fields []Field) string {
	var parts []string
	for _, f := range fields {
		parts = append(parts, fmt.Sprintf("%s %s → %s", strings.ReplaceAll(f.Name, "_", " "), valueText(f.Before), valueText(f.After)))
	}
	return strings.Join(parts, ", ")
}

func valueText(v any) string {
	switch v {
	case nil:
		return "none"
	case "":
		return "blank"
	}
	return fmt.Sprint(v)
}

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
	title := g.Kind + " " + g.Name
	if g.own != nil {
		switch g.own.Action {
		case store.Create:
			parts = append(parts, p.paint(green, fmt.Sprintf("new, with %d", len(g.members))))
		case store.Reopen:
			parts = append(parts, p.paint(green, "back, with "+fmt.Sprint(len(g.members))))
		case store.Update:
			parts = append(parts, p.fields(g.own.Fields))
		case store.Delete:
			parts = append(parts, p.paint(red, fmt.Sprintf("removed, with %d", len(g.members))))
		case store.End:
			parts = append(parts, p.paint(red, fmt.Sprintf("ends %s, with %d", *g.own.EndsOn, len(g.members))))
		}
	}
	if g.own == nil || g.own.Action == store.Update || p.Verbose {
		parts = append(parts, p.members(g.members)...)
	}
	p.line("  %s: %s", title, strings.Join(parts, "; "))
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
		shown = append(shown, p.sign(m.Action)+" "+m.Name)
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

var done = map[store.Action]string{
	store.Create: "created", store.Update: "updated", store.End: "ended", store.Reopen: "reopened", store.Delete: "deleted",
}

// summary writes the counts, an entity a line.
func (p *printer) summary(counts []store.Count) {
	p.line("\n%s", p.paint(bold, "summary"))
	if len(counts) == 0 {
		p.line("  nothing changes")
		return
	}
	for i := 0; i < len(counts); {
		entity := counts[i].Entity
		var parts []string
		for ; i < len(counts) && counts[i].Entity == entity; i++ {
			parts = append(parts, fmt.Sprintf("%d %s", counts[i].Count, done[counts[i].Action]))
		}
		p.line("  %-12s %s", plural[entity], strings.Join(parts, ", "))
	}
}

// problems writes the problems, those of one section and reason together.
func (p *printer) problems(problems []mis.Problem) {
	if len(problems) == 0 {
		return
	}
	p.line("\n%s", p.paint(bold, fmt.Sprintf("problems in the document: %d", len(problems))))
	for from := 0; from < len(problems); {
		to := from + 1
		for to < len(problems) && problems[to].Section == problems[from].Section && problems[to].Reason == problems[from].Reason {
			to++
		}
		p.problemsOfKind(problems[from:to])
		from = to
	}
}

func (p *printer) problemsOfKind(of []mis.Problem) {
	if p.Verbose || len(of) == 1 {
		for _, q := range of {
			where := ""
			if q.Line > 0 {
				where = fmt.Sprintf(" (line %d)", q.Line)
			}
			p.line("  %s %s: %s: %s%s", q.Section, q.ID, p.paint(amber, string(q.Reason)), q.Detail, where)
		}
		return
	}
	var ids []string
	for _, q := range of[:min(len(of), shownIDs)] {
		ids = append(ids, q.ID)
	}
	if len(of) > shownIDs {
		ids = append(ids, "…")
	}
	p.line("  %s: %d × %s: %s", of[0].Section, len(of), p.paint(amber, string(of[0].Reason)), strings.Join(ids, ", "))
}

func (p *printer) stages(stages []store.Stage) {
	p.line("\n%s", p.paint(bold, "stages"))
	for _, s := range stages {
		p.line("  %-12s %.3f s", s.Name, s.Seconds)
	}
}
