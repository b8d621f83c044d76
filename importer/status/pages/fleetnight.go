package pages

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"misimportd/importer/words"
)

// fleetNight is a chart: how many schools were queued, running, done, held and failed, on top of each other, as the
// night went on. It has no text of its own, so that it can be as wide as the window.
type fleetNight struct {
	Areas         []fleetArea
	Hours         []int // where the clock strikes
	Width, Height int
	Most          int
	Marks         []string // times below it: at its left, its middle and its right
	Says          string
	Rows          []FleetMinute // the same as a table
	Step          int           // minutes from one row to the next
}

// fleetArea is what one state covers.
type fleetArea struct{ Class, Points string }

const (
	nightWide, nightHigh = 960, 160
	nightRows            = 240 // at most; more minutes are thinned out
)

// fleetNightOf draws a night.
func fleetNightOf(minutes []FleetMinute, zone *time.Location) fleetNight {
	if len(minutes) == 0 {
		return fleetNight{}
	}
	n := fleetNight{Width: nightWide, Height: nightHigh, Step: (len(minutes) + nightRows - 1) / nightRows}
	for i := 0; i < len(minutes); i += n.Step {
		n.Rows = append(n.Rows, minutes[min(len(minutes)-1, i+n.Step-1)]) // as it was at the end of these
	}
	for _, m := range n.Rows {
		n.Most = max(n.Most, m.total())
	}
	for i := range nightParts {
		n.Areas = append(n.Areas, n.area(i))
	}
	for i := 1; i < len(n.Rows); i++ {
		if n.Rows[i].At.In(zone).Hour() != n.Rows[i-1].At.In(zone).Hour() {
			n.Hours = append(n.Hours, n.x(i))
		}
	}
	first, last := n.Rows[0].At.In(zone), n.Rows[len(n.Rows)-1].At.In(zone)
	middle := first.Add(last.Sub(first) / 2)
	const clock = "15:04"
	n.Marks = []string{first.Format(clock), middle.Format(clock), last.Format(clock)}
	end := n.Rows[len(n.Rows)-1]
	n.Says = fmt.Sprintf("The night of %s, from %s to %s: %s at the most; at its end %d queued, %d running, %d done, "+
		"%d held, %d failed. The table below has the same.", first.Format("2 January"), first.Format(clock),
		last.Format(clock), words.Many(n.Most, "school"), end.Queued, end.Running, end.Done, end.Held, end.Failed)
	return n
}

func (m FleetMinute) total() int { return m.Queued + m.Running + m.Done + m.Held + m.Failed }

// nightParts are the states from the ground up: what is over stands below, and what is still to come above.
var nightParts = []struct {
	class string
	of    func(FleetMinute) int
}{
	{"failed", func(m FleetMinute) int { return m.Failed }},
	{"held", func(m FleetMinute) int { return m.Held }},
	{"done", func(m FleetMinute) int { return m.Done }},
	{"running", func(m FleetMinute) int { return m.Running }},
	{"queued", func(m FleetMinute) int { return m.Queued }},
}

func (n fleetNight) x(row int) int { return row * n.Width / len(n.Rows) }

// area is the outline of a part: along its upper edge, and back along the lower.
func (n fleetNight) area(part int) fleetArea {
	upper, lower := make([]string, 0, 2*len(n.Rows)), make([]string, 0, 2*len(n.Rows))
	for i, m := range n.Rows {
		below := 0
		for _, p := range nightParts[:part] {
			below += p.of(m)
		}
		low, high := n.y(below), n.y(below+nightParts[part].of(m))
		upper = append(upper, fmt.Sprintf("%d,%d", n.x(i), high), fmt.Sprintf("%d,%d", n.x(i+1), high))
		lower = append(lower, fmt.Sprintf("%d,%d", n.x(i), low), fmt.Sprintf("%d,%d", n.x(i+1), low))
	}
	slices.Reverse(lower)
	return fleetArea{nightParts[part].class, strings.Join(append(upper, lower...), " ")}
}

func (n fleetNight) y(count int) int { return n.Height - count*n.Height/max(1, n.Most) }
