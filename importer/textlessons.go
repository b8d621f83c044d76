package importer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"misimportd/era"
	"misimportd/store"
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

// lessons writes what happens to lessons: those that come, go or are suspended as counts
// with their reason, those that change one by one, the same change on several dates
// together.
func (p *printer) lessons(lessons, commitments []Line) {
	if len(lessons)+len(commitments) == 0 {
		return
	}
	p.line("\n%s", p.paint(bold, "lessons"))
	own := map[store.ID]bool{} // lessons whose commitments come and go with them
	counts := newTally()
	for _, l := range lessons {
		if l.Action != store.Update {
			own[l.lesson] = true
		}
		if l.Action != store.Update || l.Why != store.ChangedInMIS {
			counts.add(p.sign(l.Action)+"\x00"+string(l.Why), *l.On)
		}
	}
	for _, key := range counts.keys {
		sign, why, _ := strings.Cut(key, "\x00")
		d := counts.by[key]
		p.line("  %s %d %s: %s, %s", sign, d.count, plainPlural(d.count, "lesson"), clean(why), d.span())
	}
	details := map[store.ID][]string{}
	titles := map[store.ID]Line{}
	var ids []store.ID
	detail := func(l Line, text string) {
		if _, ok := titles[l.lesson]; !ok {
			ids = append(ids, l.lesson)
		}
		titles[l.lesson] = l
		details[l.lesson] = append(details[l.lesson], text)
	}
	for _, l := range lessons {
		if l.Action == store.Update && l.Why == store.ChangedInMIS {
			detail(l, p.fields(l.Fields))
		}
	}
	for _, c := range commitments {
		if !own[c.lesson] {
			detail(c, p.sign(c.Action)+" "+clean(c.Name))
		}
	}
	same := newTally()
	for _, id := range ids {
		l := titles[id]
		title := l.Name
		if l.Lesson != nil {
			title = l.Lesson.Name
		}
		same.add(clean(title)+": "+strings.Join(details[id], ", "), *l.On)
	}
	slices.SortStableFunc(same.keys, func(a, b string) int { return compareNames(a, b) })
	p.fold(len(same.keys), 2*shownRecords, "  ", func(i int) {
		d := same.by[same.keys[i]]
		times := ""
		if d.count > 1 {
			times = fmt.Sprintf("%d times, ", d.count)
		}
		p.line("  %s %s (%s%s)", p.sign(store.Update), same.keys[i], times, d.span())
	})
}

// tally counts by key, keeping the order in which the keys came.
type tally struct {
	keys []string
	by   map[string]*dates
}

func newTally() *tally { return &tally{by: map[string]*dates{}} }

func (t *tally) add(key string, on era.Date) {
	if t.by[key] == nil {
		t.by[key] = &dates{}
		t.keys = append(t.keys, key)
	}
	t.by[key].add(on)
}

// groupDays writes on which days groups come to be suspended, or no longer: groups with
// the same days together.
func (p *printer) groupDays(lines []Line) {
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
		case store.Delete:
			text = days + ", no longer"
		case store.End:
			text = "no longer after " + l.EndsOn.Long()
		case store.Update:
			text = days + " (was " + p.fields(l.Fields) + ")"
		}
		key := p.sign(l.Action) + "\x00" + text
		if by[key] == nil {
			keys = append(keys, key)
		}
		by[key] = append(by[key], clean(l.Group.Kind+" "+l.Group.Name))
	}
	p.fold(len(keys), shownRecords, "  ", func(i int) {
		sign, text, _ := strings.Cut(keys[i], "\x00")
		groups := by[keys[i]]
		slices.SortFunc(groups, func(a, b string) int { return cmp.Or(compareNames(a, b)) })
		named := strings.Join(groups[:min(len(groups), shownMembers)], ", ")
		if len(groups) > shownMembers {
			named += ", …"
		}
		p.line("  %s %d %s: %s (%s)", sign, len(groups), plainPlural(len(groups), "group"), text, named)
	})
}

func plainPlural(n int, what string) string {
	if n == 1 {
		return what
	}
	return what + "s"
}
