package era

import "time"

// Week is a week as iSAMS numbers them: they begin on Sundays, and week 1 of a year is
// the one that holds 1 January. The week in which the year ends has two numbers: that of
// its days in the old year, 53 or 54, and 1 for those in the new one.
type Week struct {
	Year, Number int
}

// Week is the week of d, by the formula (yday - wday + 12) / 7, with yday from 1 and wday
// from 0 for Sunday.
func (d Date) Week() Week {
	t := d.Time()
	return Week{t.Year(), (t.YearDay() - int(t.Weekday()) + 12) / 7}
}

// Weekday is the day of the week of d.
func (d Date) Weekday() time.Weekday {
	return time.Weekday((int64(d)) % 7)
}

// Days are the days of a week of its year: fewer than seven where the year begins or ends in it.
func (w Week) Days() (days []Date) {
	first := NewDate(w.Year, time.January, 1)
	sunday := first.AddDays(-int(first.Weekday()) + 7*(w.Number-1))
	for d := sunday; d < sunday+7; d++ {
		if d.Week() == w {
			days = append(days, d)
		}
	}
	return days
}
