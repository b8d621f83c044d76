package era

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// Date is a day of the calendar, with no time and no zone: the number of days
// since 31 December of the year 0, so that 0001-01-01 is 1. The zero Date is no
// date at all; in the database it is NULL, in JSON null.
type Date int32

const layout = "2006-01-02"

// daysToUnixEpoch is the Date of 1970-01-01.
const daysToUnixEpoch = 719163

// The days that flags, files and documents may name: others are mistakes, such as a year
// that was written as 16.
var firstDay, lastDay = NewDate(1900, time.January, 1), NewDate(2199, time.December, 31)

// NewDate is the Date of a year, month and day. Values outside their usual
// ranges are normalised as time.Date does.
func NewDate(year int, month time.Month, day int) Date {
	return fromUnixDays(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// DateOf is the day on which t falls in t's own location.
func DateOf(t time.Time) Date {
	return NewDate(t.Date())
}

// ParseDate reads a date written as 2016-09-05, whatever its year: what a database holds,
// or a record of it. ReadDate reads those that people write.
func ParseDate(text string) (Date, error) {
	t, err := time.Parse(layout, text)
	if err != nil {
		if looksISO(text) {
			return 0, fmt.Errorf("%q is not a date: there is no such day in the calendar, or it is not written as "+
				"2016-09-05", text)
		}
		return 0, fmt.Errorf("%q is not a date: write it as 2016-09-05", text)
	}
	return DateOf(t), nil
}

// ReadDate reads a date of a flag, a file or a document, written as 2016-09-05. One before
// 1900, or after 2199, is an error.
func ReadDate(text string) (Date, error) {
	d, err := ParseDate(text)
	if err == nil && (d < firstDay || d > lastDay) {
		return 0, fmt.Errorf("%q lies outside the years 1900 to 2199: check the year", text)
	}
	return d, err
}

func fromUnixDays(days int64) Date { return Date(days + daysToUnixEpoch) }

// Time is midnight UTC at the start of d.
func (d Date) Time() time.Time {
	return time.Unix((int64(d)-daysToUnixEpoch)*86400, 0).UTC()
}

// AddDays is the date n days after d, or before it when n is negative.
func (d Date) AddDays(n int) Date { return d + Date(n) }

// IsZero tells whether d is no date.
func (d Date) IsZero() bool { return d == 0 }

// String is d as 2016-09-05, or "" when it is no date.
func (d Date) String() string {
	if d == 0 {
		return ""
	}
	return string(d.appendTo(nil))
}

func (d Date) appendTo(b []byte) []byte { return d.Time().AppendFormat(b, layout) }

// Long is d as people write it: 5 September 2016.
func (d Date) Long() string { return d.Time().Format("2 January 2006") }

// AppendJSON appends d as a JSON string, or null when it is no date.
func (d Date) AppendJSON(b []byte) []byte {
	if d == 0 {
		return append(b, "null"...)
	}
	return append(d.appendTo(append(b, '"')), '"')
}

// MarshalJSON writes d as AppendJSON does.
func (d Date) MarshalJSON() ([]byte, error) { return d.AppendJSON(nil), nil }

// UnmarshalJSON reads what MarshalJSON writes.
func (d *Date) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*d = 0
		return nil
	}
	if len(text) < 2 || text[0] != '"' {
		return fmt.Errorf("%s is not a date", text)
	}
	return d.parse(string(text[1 : len(text)-1]))
}

// UnmarshalText reads a date as ReadDate does; flags and configuration use it.
func (d *Date) UnmarshalText(text []byte) error {
	parsed, err := ReadDate(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// Value is how d is stored: as text, which both databases take for a date.
func (d Date) Value() (driver.Value, error) {
	if d == 0 {
		return nil, nil
	}
	return d.String(), nil
}

// Scan reads d from a database column.
func (d *Date) Scan(value any) error {
	switch v := value.(type) {
	case nil:
		*d = 0
		return nil
	case time.Time:
		*d = DateOf(v)
		return nil
	case string:
		return d.scanText(v)
	case []byte:
		return d.scanText(string(v))
	}
	return fmt.Errorf("cannot read a date from a %T", value)
}

func (d *Date) scanText(text string) error { return d.parse(text[:min(len(text), len(layout))]) }

func (d *Date) parse(text string) error {
	parsed, err := ParseDate(text)
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// WeekFromMonday is the days of d's week, from Monday to Sunday.
func (d Date) WeekFromMonday() Interval {
	const days = 7
	monday := d.AddDays(-(int(d.Weekday()) + days - 1) % days)
	return Interval{From: monday, To: monday.AddDays(days - 1)}
}
