package diff

import (
	"slices"

	"misimportd/era"
)

// dayFates is what becomes of stretches of days.
type dayFates struct {
	becomes []*era.Interval // of each that there is, nil where it goes
	fresh   []era.Interval  // those that come
}

// matchDays finds which of the stretches that there are become which of those that there should be from a day on.
// What was before that day stays (R22): one that goes on keeps its first day.
func matchDays(asOf era.Date, had, want []era.Interval) dayFates {
	f := dayFates{becomes: make([]*era.Interval, len(had))}
	want = slices.Clone(want)
	var open []int // without a partner yet
	for i, h := range had {
		if h.From < asOf && len(want) > 0 && want[0].From == asOf {
			want[0].From = h.From // it goes on
		}
		same := slices.IndexFunc(want, func(w era.Interval) bool { return w.From == h.From })
		switch {
		case same >= 0:
			f.becomes[i] = &era.Interval{From: want[same].From, To: want[same].To}
			want = slices.Delete(want, same, same+1)
		case h.From >= asOf:
			open = append(open, i)
		}
	}
	if len(open) == 1 && len(want) == 1 { // it is shifted
		f.becomes[open[0]] = &want[0]
		return f
	}
	f.fresh = want
	return f
}
