package pages

import (
	"strings"
	"testing"
	"time"
)

// TestANightOfAnyLengthIsDrawn: none, one minute, and more than there is room for; its end is never left out.
func TestANightOfAnyLengthIsDrawn(t *testing.T) {
	begin := time.Date(2016, 9, 6, 22, 30, 0, 0, time.UTC)
	for length, want := range map[int]struct{ rows, hours int }{0: {0, 0}, 1: {1, 0}, 240: {240, 4}, 241: {121, 4},
		1000: {200, 17}} {
		var minutes []FleetMinute
		for i := range length {
			minutes = append(minutes, FleetMinute{At: begin.Add(time.Duration(i) * time.Minute), Queued: length - i,
				Done: i})
		}
		n := fleetNightOf(minutes, time.UTC)
		if len(n.Rows) != want.rows || len(n.Hours) != want.hours {
			t.Errorf("%d minutes: %d rows, %d hours; want %+v", length, len(n.Rows), len(n.Hours), want)
		}
		if length == 0 {
			continue
		}
		if last := n.Rows[len(n.Rows)-1]; last != minutes[length-1] {
			t.Errorf("%d minutes: the last row is of %s", length, last.At)
		}
		if n.Most != length || len(n.Areas) != len(nightParts) {
			t.Errorf("%d minutes: %d at the most, %d areas", length, n.Most, len(n.Areas))
		}
		for _, area := range n.Areas {
			if strings.Contains(area.Points, "-") || strings.Count(area.Points, " ") != 4*len(n.Rows)-1 {
				t.Errorf("%d minutes: %s is %s", length, area.Class, area.Points)
			}
		}
	}
	if n := fleetNightOf(make([]FleetMinute, 3), time.UTC); n.Most != 0 || len(n.Areas) == 0 {
		t.Errorf("nobody was due: %+v", n)
	}
}
