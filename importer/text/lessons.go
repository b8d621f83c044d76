package text

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"misimportd/era"
	"misimportd/importer/report"
	"misimportd/importer/words"
	"misimportd/store/model"
)

// dates is a number of days, and the first and last of them.
type dates struct {
	count       int
	first, last era.Date
}

func (d *dates) add(on era.Date) {
	if d.count == 0 || on < d.first {
		d.first = on
	}
	d.count, d.last = d.count+1, max(d.last, on)
}

func (d dates) span() string {
	return era.Suspension{From: d.first.At(0), To: d.last.At(era.MinutesOfDay)}.FormatSpan()
}

// lessonChanges is what happens to lessons: those that come, go or are suspended are counted by
// their reason; those that move or change are told one by one, the same change on several
// dates together.
type lessonChanges struct {
	*printer
	counts *tally
	own    idSet                   // lessons that come or go: so do their commitments, which need no word
	apart  report.Moving           // of these, those that may have moved
	by     map[model.ID]*oneLesson // those to be told one by one
	told   []*oneLesson            // the same, in the order in which they are told
	pairs  bool                    // some come and some go: a lesson may have moved
}

// oneLesson is what happens to a lesson on one date.
type oneLesson struct {
	title  string
	on     era.Date
	how    []string // values that change
	leaves []taken
	joins  []taken
}

// taken is whom or what a lesson takes.
type taken struct{ kind, name string }

func newLessonChanges(p *printer, lines report.Lines) *lessonChanges {
	return &lessonChanges{printer: p, counts: newTally(), own: idSet{}, by: map[model.ID]*oneLesson{},
		pairs: lines.Have(model.LessonEntity, model.Create) && lines.Have(model.LessonEntity, model.Delete)}
}

// add takes in what happens to a lesson itself.
func (c *lessonChanges) add(l report.Line) {
	switch {
	case l.Action == model.Update && (l.Why == model.ChangedInMIS.String() || l.Why == model.ChangedInFile.String()):
		one := c.one(l.Row, l.Name, *l.On)
		one.how = append(one.how, c.values(l)...)
	case l.Action == model.Update || !c.pairs:
		c.count(l.Action, l.Why, *l.On)
	default:
		c.counts.note(c.key(l.Action, l.Why))
		c.apart.Add(l)
	}
	if l.Action != model.Update {
		c.own.add(l.Row)
	}
}

func (c *lessonChanges) key(action model.Action, why string) string {
	return c.sign(action) + "\x00" + why
}

func (c *lessonChanges) count(action model.Action, why string, on era.Date) {
	c.counts.add(c.key(action, why), on)
}

// one is the lesson of a row, as one to be told of.
func (c *lessonChanges) one(row model.ID, title string, on era.Date) *oneLesson {
	if c.by[row] == nil {
		c.by[row] = &oneLesson{title: title, on: on}
		c.told = append(c.told, c.by[row])
	}
	return c.by[row]
}

// take takes in whom a lesson takes, or no longer.
func (c *lessonChanges) take(l report.Line) {
	one := c.by[l.Row]
	if one == nil {
		if c.own.has(l.Row) {
			return
		}
		one = c.one(l.Row, l.Lesson.Name, *l.On)
	}
	who := taken{l.Kind, l.Name}
	if l.Covers != nil {
		who = taken{"cover", l.Name + " covers " + l.Covers.Name}
	}
	if l.Action == model.Delete {
		one.leaves = append(one.leaves, who)
	} else {
		one.joins = append(one.joins, who)
	}
}

// says is what changes of a lesson, in words.
func (c *lessonChanges) says(one *oneLesson) string {
	said := one.how
	leaves, joins := without(one.leaves, one.joins), without(one.joins, one.leaves)
	isRoom := func(t taken) bool { return t.kind == "location" }
	for {
		from, to := slices.IndexFunc(leaves, isRoom), slices.IndexFunc(joins, isRoom)
		if from < 0 || to < 0 {
			break
		}
		said = append(said, fmt.Sprintf("room %s → %s", words.Clean(leaves[from].name), words.Clean(joins[to].name)))
		leaves, joins = slices.Delete(leaves, from, from+1), slices.Delete(joins, to, to+1)
	}
	for _, t := range leaves {
		said = append(said, c.sign(model.Delete)+" "+words.Clean(t.name))
	}
	for _, t := range joins {
		said = append(said, c.sign(model.Create)+" "+words.Clean(t.name))
	}
	return words.Clean(one.title) + ": " + strings.Join(said, ", ")
}

// without is the list without what is in the other too.
func without(list, other []taken) []taken {
	return slices.DeleteFunc(slices.Clone(list), func(t taken) bool { return slices.Contains(other, t) })
}

// lessons writes what happens to lessons.
func (p *printer) lessons(c *lessonChanges) {
	if len(c.counts.keys)+len(c.told) == 0 {
		return
	}
	p.line("\n%s", p.paint(bold, "lessons"))
	for _, key := range c.counts.keys {
		sign, why, _ := strings.Cut(key, "\x00")
		if d := c.counts.by[key]; d.count > 0 {
			p.line("  %s %d %s: %s, %s", sign, d.count, words.PlainPlural(d.count, "lesson"), words.Clean(why),
				d.span())
		}
	}
	told, same := c.same()
	p.fold(len(told), 2*shownRecords, "  ", func(i int) { p.sameLessons(told[i], same.by[told[i]]) })
}

// same is what changes of the lessons that are told one by one, in order, with the days on which it does.
func (c *lessonChanges) same() (told []string, by *tally) {
	by = newTally()
	for _, one := range c.told {
		by.add(c.says(one), one.on)
	}
	slices.SortStableFunc(by.keys, words.CompareNames)
	return by.keys, by
}

// sameLessons writes what changes of lessons, and when.
func (p *printer) sameLessons(text string, on *dates) {
	times := ""
	if on.count > 1 {
		times = fmt.Sprintf("%d times, ", on.count)
	}
	p.line("  %s %s (%s%s)", p.sign(model.Update), text, times, on.span())
}

// tally counts by key, keeping the order in which the keys came.
type tally struct {
	keys []string
	by   map[string]*dates
}

func newTally() *tally { return &tally{by: map[string]*dates{}} }

func (t *tally) add(key string, on era.Date) { t.note(key).add(on) }

// note gives a key its place in the order.
func (t *tally) note(key string) *dates {
	if t.by[key] == nil {
		t.by[key] = &dates{}
		t.keys = append(t.keys, key)
	}
	return t.by[key]
}

// groupDays writes on which days groups come to be suspended, or no longer: groups with
// the same days together.
func (p *printer) groupDays(lines []report.Line) {
	if len(lines) == 0 {
		return
	}
	p.line("\n%s", p.paint(bold, "groups suspended for whole days"))
	by := map[string][]string{}
	var keys []string
	for _, l := range lines {
		days := era.Suspension{From: l.StartsOn.At(0), To: l.EndsOn.At(era.MinutesOfDay)}.FormatSpan()
		text := days
		switch l.Action {
		case model.Delete:
			text = days + ", no longer"
		case model.End:
			text = "no longer after " + l.EndsOn.Long()
		case model.Update:
			text = days + " (was " + p.fields(l.Fields) + ")"
		}
		key := p.sign(l.Action) + "\x00" + text
		if by[key] == nil {
			keys = append(keys, key)
		}
		by[key] = append(by[key], words.Clean(l.Group.Kind+" "+l.Group.Name))
	}
	p.fold(len(keys), shownRecords, "  ", func(i int) {
		sign, text, _ := strings.Cut(keys[i], "\x00")
		groups := by[keys[i]]
		slices.SortFunc(groups, func(a, b string) int { return cmp.Or(words.CompareNames(a, b)) })
		named := strings.Join(groups[:min(len(groups), shownMembers)], ", ")
		if len(groups) > shownMembers {
			named += ", …"
		}
		p.line("  %s %d %s: %s (%s)", sign, len(groups), words.PlainPlural(len(groups), "group"), text, named)
	})
}
