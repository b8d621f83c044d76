package text

import (
	"cmp"
	"fmt"
	"slices"

	"misimportd/era"
	"misimportd/importer/report"
	"misimportd/store/model"
)

// idSet is ids of rows, of which long stretches follow each other.
type idSet map[model.ID]uint64

func (s idSet) add(id model.ID) { s[id>>6] |= 1 << (id & 63) }

func (s idSet) has(id model.ID) bool { return s[id>>6]>>(id&63)&1 == 1 }

// moving is lessons that come and go, and among them those that have moved within a week.
type moving struct{ gone, come []placed }

// placed is a lesson at its place.
type placed struct {
	row             model.ID
	kind, id, title string
	on              era.Date
	from, to        string
	why             string
	moved           bool
}

func (m *moving) add(l report.Line) {
	place := placed{
		row: l.Row, kind: l.Kind, id: l.SourceID, title: l.Name, on: *l.On, from: l.From, to: l.To, why: l.Why,
	}
	if l.Action == model.Delete {
		m.gone = append(m.gone, place)
	} else {
		m.come = append(m.come, place)
	}
}

// text says when in the week a lesson is.
func (p placed) text() string { return whenText(p.on, p.from, p.to) }

func whenText(on era.Date, from, to string) string {
	return fmt.Sprintf("%s %s–%s", on.Time().Weekday(), from, to)
}

// week names the week that p is in, and why it comes or goes: for one reason, or because the
// MIS has it no longer here and newly there.
func (p placed) week(called string) string {
	why := p.why
	if why == model.GoneFromMIS.String() || why == model.NewInMIS.String() {
		why = ""
	}
	return fmt.Sprintf("%s\x00%s\x00%d\x00%s", p.kind, called, (int(p.on) - int(p.on.Time().Weekday()+6)%7), why)
}

// pairs finds the lessons that have moved: first those of one id in the MIS, then those of one
// name. Of several in a week the first is the first.
func (m *moving) pairs(each func(from, to placed)) {
	byID, byName := func(p placed) string { return p.id }, func(p placed) string { return p.title }
	for _, called := range []func(placed) string{byID, byName} {
		gone := map[string][]*placed{}
		for i := range m.gone {
			if p := &m.gone[i]; !p.moved && called(*p) != "" {
				gone[p.week(called(*p))] = append(gone[p.week(called(*p))], p)
			}
		}
		for i := range m.come {
			to := &m.come[i]
			week := to.week(called(*to))
			if of := gone[week]; !to.moved && len(of) > 0 {
				gone[week] = of[1:]
				of[0].moved, to.moved = true, true
				each(*of[0], *to)
			}
		}
	}
}

// pair tells of lessons that have moved as such, and counts the others that come and go.
func (c *lessonChanges) pair() {
	byTime := func(a, b placed) int { return cmp.Or(cmp.Compare(a.on, b.on), cmp.Compare(a.from, b.from)) }
	slices.SortStableFunc(c.apart.gone, byTime)
	slices.SortStableFunc(c.apart.come, byTime)
	c.apart.pairs(func(from, to placed) {
		one := c.one(to.row, to.title, to.on)
		c.by[from.row] = one
		one.how = append(one.how, from.text()+" → "+to.text())
	})
	for _, p := range c.apart.gone {
		if !p.moved {
			c.count(model.Delete, p.why, p.on)
		}
	}
	for _, p := range c.apart.come {
		if !p.moved {
			c.count(model.Create, p.why, p.on)
		}
	}
	c.apart = moving{}
}

// values are the values of a lesson that change, its times as one.
func (c *lessonChanges) values(l report.Line) (said []string) {
	from, to := l.From, l.To
	for _, f := range l.Fields {
		was, _ := f.Before.(string)
		switch f.Name {
		case "starts_at":
			from = report.TimeOf(was)
		case "ends_at":
			to = report.TimeOf(was)
		default:
			said = append(said, c.fields([]report.Field{f}))
		}
	}
	if from != l.From || to != l.To {
		said = append([]string{whenText(*l.On, from, to) + " → " + whenText(*l.On, l.From, l.To)}, said...)
	}
	return said
}
