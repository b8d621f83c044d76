package era

import (
	"database/sql/driver"
	"fmt"
	"math"
	"strconv"
)

// Year is a National Curriculum year group: 7 to 13 in a senior school, down to
// -2 in a nursery. The zero Year is not "unknown": that is NoYear.
type Year int8

// NoYear says that the year group is not known; NULL in the database.
const NoYear Year = math.MinInt8

// The year groups that iSAMS numbers: nursery is -2, and beyond 13 stand
// colleges' own years. Anything else in a document is a mistake.
const (
	firstYear = -5
	lastYear  = 20
)

// ParseYear reads a year group written as a whole number.
func ParseYear(text string) (Year, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < firstYear || n > lastYear {
		return NoYear, fmt.Errorf("%q is not a year group: expected a whole number from %d to %d", text, firstYear,
			lastYear)
	}
	return Year(n), nil
}

// Known tells whether y is a year group at all.
func (y Year) Known() bool { return y != NoYear }

func (y Year) String() string {
	if y == NoYear {
		return ""
	}
	return strconv.Itoa(int(y))
}

// AppendJSON appends y as a number, or null when it is not known.
func (y Year) AppendJSON(b []byte) []byte {
	if y == NoYear {
		return append(b, "null"...)
	}
	return strconv.AppendInt(b, int64(y), 10)
}

// MarshalJSON writes y as AppendJSON does.
func (y Year) MarshalJSON() ([]byte, error) { return y.AppendJSON(nil), nil }

// UnmarshalJSON reads what MarshalJSON writes.
func (y *Year) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*y = NoYear
		return nil
	}
	parsed, err := ParseYear(string(text))
	*y = parsed
	return err
}

// Value is how y is stored.
func (y Year) Value() (driver.Value, error) {
	if y == NoYear {
		return nil, nil
	}
	return int64(y), nil
}

// Scan reads y from a database column.
func (y *Year) Scan(value any) error {
	switch v := value.(type) {
	case nil:
		*y = NoYear
	case int64:
		*y = Year(v)
	default:
		return fmt.Errorf("cannot read a year group from a %T", value)
	}
	return nil
}
