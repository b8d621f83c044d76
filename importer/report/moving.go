package report

import (
	"cmp"
	"fmt"
	"slices"

	"misimportd/era"
	"misimportd/store/model"
)

// Moving is lessons that come and go, and among them those that have moved within a week. The zero value is ready
// for use.
type Moving struct{ Gone, Come []Placed }

// Placed is a lesson at its place.
type Placed struct {
	Row             model.ID
	Kind, ID, Title string
	On              era.Date
	From, To        string // times of day
	Why             string
	Moved           bool // it is one of a pair
}

// Add takes in a lesson that comes or goes.
func (m *Moving) Add(l Line) {
	place := Placed{Row: l.Row, Kind: l.Kind, ID: l.SourceID, Title: l.Name, On: *l.On, From: l.From, To: l.To,
		Why: l.Why}
	if l.Action == model.Delete {
		m.Gone = append(m.Gone, place)
	} else {
		m.Come = append(m.Come, place)
	}
}

// Text says when in the week a lesson is.
func (p Placed) Text() string { return WhenText(p.On, p.From, p.To) }

// WhenText says when in the week something is, between two times of day.
func WhenText(on era.Date, from, to string) string {
	return fmt.Sprintf("%s %s–%s", on.Time().Weekday(), from, to)
}

// week names the week that p is in, and why it comes or goes: for one reason, or because the
// MIS has it no longer here and newly there.
func (p Placed) week(called string) string {
	why := p.Why
	if why == model.GoneFromMIS.String() || why == model.NewInMIS.String() {
		why = ""
	}
	return fmt.Sprintf("%s\x00%s\x00%d\x00%s", p.Kind, called, (int(p.On) - int(p.On.Time().Weekday()+6)%7), why)
}

// Pairs calls each with the lessons that have moved, and marks them: first those of one id in the MIS, then those of
// one name. Of several in a week the first is the first.
func (m *Moving) Pairs(each func(from, to Placed)) {
	byID, byName := func(p Placed) string { return p.ID }, func(p Placed) string { return p.Title }
	for _, called := range []func(Placed) string{byID, byName} {
		gone := map[string][]*Placed{}
		for i := range m.Gone {
			if p := &m.Gone[i]; !p.Moved && called(*p) != "" {
				gone[p.week(called(*p))] = append(gone[p.week(called(*p))], p)
			}
		}
		for i := range m.Come {
			to := &m.Come[i]
			week := to.week(called(*to))
			if of := gone[week]; !to.Moved && len(of) > 0 {
				gone[week] = of[1:]
				of[0].Moved, to.Moved = true, true
				each(*of[0], *to)
			}
		}
	}
}

// Sort puts lessons that come, and those that go, into the order in which they are.
func (m *Moving) Sort() {
	byTime := func(a, b Placed) int { return cmp.Or(cmp.Compare(a.On, b.On), cmp.Compare(a.From, b.From)) }
	slices.SortStableFunc(m.Gone, byTime)
	slices.SortStableFunc(m.Come, byTime)
}
