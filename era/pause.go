package era

import (
	"fmt"
	"time"
)

// Pause is days, both included, on which no import begins by itself. A yearly one is on the same days of
// every year, and may go over New Year.
type Pause struct {
	Interval
	Yearly   bool
	Begins   MonthDay // of a yearly one, which has no Interval
	Finishes MonthDay
	Why      string
}

// Check says what is wrong with p.
func (p Pause) Check() error {
	switch {
	case p.Yearly:
		return nil
	case p.From == 0 || p.To == 0:
		return fmt.Errorf("a pause needs a first and a last day")
	case p.IsEmpty():
		return fmt.Errorf("a pause from %s to %s would end before it begins: swap the days", p.From, p.To)
	}
	return nil
}

// on is the stretch of p that holds a day, and whether there is one.
func (p Pause) on(d Date) (Interval, bool) {
	if !p.Yearly {
		return p.Interval, p.Contains(d)
	}
	for _, year := range []int{d.Time().Year(), d.Time().Year() - 1} {
		i := Interval{From: NewDate(year, p.Begins.Month, p.Begins.Day),
			To: NewDate(year, p.Finishes.Month, p.Finishes.Day)}
		if i.IsEmpty() {
			i.To = NewDate(year+1, p.Finishes.Month, p.Finishes.Day)
		}
		if i.Contains(d) {
			return i, true
		}
	}
	return Interval{}, false
}

// Paused is the days around d on which a pause is on, those that follow each other taken together, with
// the reason of the one that goes on longest; and whether one is on.
func Paused(pauses []Pause, d Date) (days Interval, why string, on bool) {
	const longest = 10 * 366 // pauses that never end are told as if they ended then
	days = Interval{From: d, To: d - 1}
	for more := true; more && days.To-d < longest && d-days.From < longest; {
		more = false
		for _, p := range pauses {
			if i, ok := p.on(days.To + 1); ok && i.To > days.To {
				days.To, more = i.To, true
				if p.Why != "" {
					why = p.Why
				}
			}
			if i, ok := p.on(days.From - 1); ok && days.To >= d && i.From < days.From {
				days.From, more = i.From, true
			}
			if i, ok := p.on(d); ok && i.From < days.From {
				days.From, more = i.From, true
			}
		}
	}
	return days, why, days.To >= d
}

// FirstIn is the first moment of a day by the clock of a zone.
func (d Date) FirstIn(zone *time.Location) time.Time {
	t := d.Time()
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, zone)
}
