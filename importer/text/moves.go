package text

import (
	"misimportd/importer/report"
	"misimportd/store/model"
)

// idSet is ids of rows, of which long stretches follow each other.
type idSet map[model.ID]uint64

func (s idSet) add(id model.ID) { s[id>>6] |= 1 << (id & 63) }

func (s idSet) has(id model.ID) bool { return s[id>>6]>>(id&63)&1 == 1 }

// pair tells of lessons that have moved as such, and counts the others that come and go.
func (c *lessonChanges) pair() {
	c.apart.Sort()
	c.apart.Pairs(func(from, to report.Placed) {
		one := c.one(to.Row, to.Title, to.On)
		c.by[from.Row] = one
		one.how = append(one.how, from.Text()+" → "+to.Text())
	})
	for _, p := range c.apart.Gone {
		if !p.Moved {
			c.count(model.Delete, p.Why, p.On)
		}
	}
	for _, p := range c.apart.Come {
		if !p.Moved {
			c.count(model.Create, p.Why, p.On)
		}
	}
	c.apart = report.Moving{}
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
		times := report.WhenText(*l.On, from, to) + " → " + report.WhenText(*l.On, l.From, l.To)
		said = append([]string{times}, said...)
	}
	return said
}
