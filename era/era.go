// Package era knows dates and nothing else: days, intervals of days, academic
// years and which of them is current. It is arithmetic only. It must never read a
// clock, a file or a database, and knows no pupil, no group and no MIS.
package era

import (
	"fmt"
	"time"

	"misimportd/era/hint"
)

// Era is an academic year, or the one perpetual era that has no end.
type Era struct {
	Name     string `json:"name" db:"name"`
	StartsOn Date   `json:"starts_on" db:"starts_on"`
	EndsOn   Date   `json:"ends_on" db:"ends_on"`
}

// Days is the interval that e covers.
func (e Era) Days() Interval { return Interval{e.StartsOn, e.EndsOn} }

// IsPerpetual tells whether e has no end.
func (e Era) IsPerpetual() bool { return e.EndsOn == 0 }

func (e Era) String() string { return fmt.Sprintf("%s (%s)", e.Name, e.Days()) }

// Check says what is wrong with e on its own: no name, no start, an end that
// does not come after the start.
func (e Era) Check() error {
	switch {
	case e.Name == "":
		return fmt.Errorf("an era needs a name, such as 2016/17")
	case e.StartsOn == 0 || e.EndsOn == 0:
		return fmt.Errorf("era %s needs a first and a last day", e.Name)
	case e.StartsOn < firstDay || e.EndsOn > lastDay:
		return fmt.Errorf("era %s lies outside the years 1900 to 2199: check its dates", e.Name)
	case e.EndsOn <= e.StartsOn:
		return fmt.Errorf("era %s would end on %s, not after its first day %s: swap the dates", e.Name, e.EndsOn,
			e.StartsOn)
	}
	return nil
}

// Clash is the first of others that shares a day or a name with e, the perpetual
// era aside, and whether there is one.
func (e Era) Clash(others []Era) (Era, bool) {
	for _, o := range others {
		if o.Name == e.Name || !o.IsPerpetual() && o.Days().Overlaps(e.Days()) {
			return o, true
		}
	}
	return Era{}, false
}

// MonthDay is a day of any year, such as 1 September.
type MonthDay struct {
	Month time.Month
	Day   int
}

// FirstSeptember is when an academic year begins unless a school says otherwise.
var FirstSeptember = MonthDay{time.September, 1}

// UnmarshalText reads a day of the year written as 09-01.
func (m *MonthDay) UnmarshalText(text []byte) error {
	// Read in a year that is no leap year: 29 February is no day to begin on.
	t, err := time.Parse(layout, "2015-"+string(text))
	if err != nil {
		return fmt.Errorf("%q is not a day of every year: write month and day as 09-01", text)
	}
	*m = MonthDay{t.Month(), t.Day()}
	return nil
}

// Academic is the academic year that d falls in, when each begins on starts. It
// is named after the calendar years it touches: 2016/17.
func Academic(d Date, starts MonthDay) Era {
	year := d.Time().Year()
	if d < NewDate(year, starts.Month, starts.Day) {
		year--
	}
	name := fmt.Sprintf("%d/%02d", year, (year+1)%100)
	first := NewDate(year, starts.Month, starts.Day)
	last := NewDate(year+1, starts.Month, starts.Day).AddDays(-1)
	if last.Time().Year() == year {
		name = fmt.Sprint(year)
	}
	return Era{Name: name, StartsOn: first, EndsOn: last}
}

// Following is the year that begins when e is over.
func (e Era) Following() Era {
	starts := e.EndsOn + 1
	year := starts.Time().Year()
	return Era{Name: fmt.Sprintf("%d/%02d", year, (year+1)%100), StartsOn: starts,
		EndsOn: DateOf(starts.Time().AddDate(1, 0, 0)) - 1}
}

// AsOf is the day from which an import into e is true: today, or e's first day
// when that is later. A day that the operator asked for goes before both, but must
// lie in e. The error says what to do.
func (e Era) AsOf(today, asked Date) (Date, error) {
	d := max(today, e.StartsOn)
	if asked != 0 {
		d = asked
	}
	switch {
	case d < e.StartsOn:
		return 0, fmt.Errorf("%s is before the current era %s: choose a later day with --as-of", d, e)
	case e.EndsOn != 0 && d > e.EndsOn:
		next := e.Following()
		return 0, fmt.Errorf("%s is after the current era %s: enter the next one with \"%s\" and begin it with \"%s\"",
			d, e,
			hint.Command("era create %s --from %s --to %s", next.Name, next.StartsOn, next.EndsOn),
			hint.Command("era set current %s", next.Name))
	}
	return d, nil
}
