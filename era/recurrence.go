package era

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Occurrence says which of a month's days of one weekday is meant: from 1 for the first to 5 for the fifth, Last or
// Penultimate.
type Occurrence int

const (
	Last        Occurrence = -1
	Penultimate Occurrence = -2
)

var occurrences = map[string]Occurrence{"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": Last,
	"penultimate": Penultimate}

// ParseOccurrence reads an occurrence as people write it.
func ParseOccurrence(text string) (Occurrence, error) {
	o, known := occurrences[strings.ToLower(strings.TrimSpace(text))]
	if !known {
		return 0, fmt.Errorf("%q is no occurrence in the month: write first, second, third, fourth, fifth, last or "+
			"penultimate", text)
	}
	return o, nil
}

// isOn tells whether d is the one of its weekday in its month.
func (o Occurrence) isOn(d Date) bool {
	const week = 7
	month := func(d Date) time.Month { return d.Time().Month() }
	nth := Occurrence((d.Time().Day()-1)/week + 1)
	switch o {
	case Last:
		return month(d.AddDays(week)) != month(d)
	case Penultimate:
		return month(d.AddDays(week)) == month(d) && month(d.AddDays(2*week)) != month(d)
	}
	return nth == o
}

// ParseWeekday reads a day of the week as people write it: monday, or its first letters, at least three.
func ParseWeekday(text string) (time.Weekday, error) {
	asked := strings.ToLower(strings.TrimSpace(text))
	for day := time.Sunday; day <= time.Saturday; day++ {
		if len(asked) >= 3 && strings.HasPrefix(strings.ToLower(day.String()), asked) {
			return day, nil
		}
	}
	return 0, fmt.Errorf("%q is no day of the week: write monday, tuesday … or mon, tue …", text)
}

// Recurrence says on which days something takes place.
type Recurrence struct {
	Weekdays    []time.Weekday // none means all
	Occurrences []Occurrence   // of the weekday in the month; none means each
	Range       Interval       // the first and the last day, 0 for open
	Days        []Date         // these days alone, where there are any
}

// On tells whether it takes place on d.
func (r Recurrence) On(d Date) bool {
	if len(r.Days) > 0 {
		return slices.Contains(r.Days, d)
	}
	return d >= r.Range.From && (r.Range.To == 0 || d <= r.Range.To) &&
		(len(r.Weekdays) == 0 || slices.Contains(r.Weekdays, d.Weekday())) &&
		(len(r.Occurrences) == 0 ||
			slices.ContainsFunc(r.Occurrences, func(o Occurrence) bool { return o.isOn(d) }))
}
