package pages

import (
	"fmt"
	"math"
	"slices"
	"time"

	"misimportd/store/model"
)

// nights is a chart: a bar for each night, how long it took above and what it changed below.
type nights struct {
	Bars          []bar
	Width, Height int
	Middle        int
	Longest       time.Duration
	Most          int
}

// bar is one night.
type bar struct {
	Run        model.ID
	X, Wide    int
	TookY      int // the bar of the duration
	TookHeight int
	Parts      []part // those of the changes, below
	Class      string
	Says       string
}

// part is the changes of one action.
type part struct {
	Class     string
	Y, Height int
}

const (
	barWide, barGap = 9, 3
	upper, lower    = 70, 70 // how high the two halves are
	chartMiddle     = upper + 10
	chartHeight     = chartMiddle + lower + 6
	smallestBar     = 2
)

// nightsOf draws nights, which are the newest first. Changes are drawn by their square root: a first load has
// ten thousand times as many as a night.
func nightsOf(runs []listedRun, zone *time.Location) nights {
	n := nights{Width: max(nightsMost/2, len(runs)) * (barWide + barGap), Height: chartHeight, Middle: chartMiddle}
	for _, r := range runs {
		n.Longest, n.Most = max(n.Longest, r.Took), max(n.Most, r.Count)
	}
	for i, r := range slices.Backward(runs) {
		b := bar{Run: r.Run, X: (len(runs) - 1 - i) * (barWide + barGap), Wide: barWide, Class: string(r.Result)}
		b.TookHeight = scaled(r.Took.Seconds(), n.Longest.Seconds(), upper)
		b.TookY = upper - b.TookHeight + 4
		b.Says = fmt.Sprintf("Run %d, %s: %s, %.1f s, %d changes", r.Run, r.StartedAt.In(zone).Format("2 January "+
			"15:04"),
			r.Result, r.Took.Seconds(), r.Count)
		b.Parts = partsOf(r, n.Most)
		n.Bars = append(n.Bars, b)
	}
	return n
}

func scaled(value, most float64, height int) int {
	if value <= 0 || most <= 0 {
		return smallestBar
	}
	return max(smallestBar, int(math.Round(value/most*float64(height))))
}

// partsOf is what a night came with, changed and ended, on top of each other.
func partsOf(r listedRun, most int) (parts []part) {
	if r.Count == 0 {
		return nil
	}
	of := map[string]int{}
	for _, c := range r.Changes {
		switch c.Action {
		case model.Create, model.Reopen:
			of["come"] += c.Count
		case model.Update:
			of["change"] += c.Count
		default:
			of["go"] += c.Count
		}
	}
	whole := scaled(math.Sqrt(float64(r.Count)), math.Sqrt(float64(most)), lower)
	y := chartMiddle
	for _, class := range []string{"come", "change", "go"} {
		height := int(math.Round(float64(whole) * float64(of[class]) / float64(r.Count)))
		if of[class] > 0 && height == 0 {
			height = 1
		}
		if height > 0 {
			parts = append(parts, part{Class: class, Y: y, Height: height})
			y += height
		}
	}
	return parts
}
