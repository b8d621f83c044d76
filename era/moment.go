package era

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// Clock is a time of day on the school's clock, in minutes since midnight.
type Clock int16

// MinutesOfDay is how many minutes a day has on the clock.
const MinutesOfDay = 24 * 60

// ParseClock reads a time of day written as 09:05 or 9:05.
func ParseClock(text string) (Clock, error) {
	t, err := time.Parse("15:04", text)
	if err != nil {
		return 0, fmt.Errorf("%q is not a time of day: write it as 09:05", text)
	}
	return Clock(t.Hour()*60 + t.Minute()), nil
}

func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", c/60, c%60) }

// Moment is a day and a time on the school's clock, to the minute: what a person reads
// off the wall, with no zone, so that a change of the clock moves nothing. It counts
// minutes from the beginning of the zero Date. The zero Moment is none at all; in the
// database it is NULL.
type Moment int64

const momentLayout = "2006-01-02 15:04"

// At is a time on a day.
func (d Date) At(c Clock) Moment { return Moment(d)*MinutesOfDay + Moment(c) }

// ParseMoment reads a moment written as 2016-09-05 09:00.
func ParseMoment(text string) (Moment, error) {
	t, err := time.Parse(momentLayout, text)
	if err != nil {
		return 0, fmt.Errorf("%q is not a day and a time: write it as 2016-09-05 09:00", text)
	}
	return momentOf(t), nil
}

func momentOf(t time.Time) Moment {
	return DateOf(t).At(Clock(t.Hour()*60 + t.Minute()))
}

// In is the time at which a clock of a zone shows m. A time that the clock leaps over is
// as much later.
func (m Moment) In(zone *time.Location) time.Time {
	t := m.Date().Time()
	return time.Date(t.Year(), t.Month(), t.Day(), int(m.Clock()/60), int(m.Clock()%60), 0, 0, zone)
}

// Date is the day of m.
func (m Moment) Date() Date { return Date(m / MinutesOfDay) }

// Clock is the time of day of m.
func (m Moment) Clock() Clock { return Clock(m % MinutesOfDay) }

// String is m as 2016-09-05 09:00, or "" when it is none.
func (m Moment) String() string {
	if m == 0 {
		return ""
	}
	return string(m.appendTo(nil))
}

func (m Moment) appendTo(b []byte) []byte {
	b = append(m.Date().appendTo(b), ' ')
	hour, minute := byte(m.Clock()/60), byte(m.Clock()%60)
	return append(b, '0'+hour/10, '0'+hour%10, ':', '0'+minute/10, '0'+minute%10)
}

// AppendJSON appends m as a JSON string, or null when it is none.
func (m Moment) AppendJSON(b []byte) []byte {
	if m == 0 {
		return append(b, "null"...)
	}
	return append(m.appendTo(append(b, '"')), '"')
}

// MarshalJSON writes m as AppendJSON does.
func (m Moment) MarshalJSON() ([]byte, error) { return m.AppendJSON(nil), nil }

// Value is how m is stored: as text, which both databases take for a time stamp.
func (m Moment) Value() (driver.Value, error) {
	if m == 0 {
		return nil, nil
	}
	return m.String() + ":00", nil
}

// Scan reads m from a database column.
func (m *Moment) Scan(value any) error {
	switch v := value.(type) {
	case nil:
		*m = 0
		return nil
	case time.Time:
		*m = momentOf(v)
		return nil
	case string:
		return m.scanText(v)
	case []byte:
		return m.scanText(string(v))
	}
	return fmt.Errorf("cannot read a day and a time from a %T", value)
}

func (m *Moment) scanText(text string) (err error) {
	*m, err = ParseMoment(text[:min(len(text), len(momentLayout))])
	return err
}
