package era_test

import (
	"testing"
	"time"

	"misimportd/era"
)

// TestWeekNumbersFrom2010To2040 counts Saturdays: the week of a day is one more than the
// Saturdays that went by in its year before it.
func TestWeekNumbersFrom2010To2040(t *testing.T) {
	days, last := 0, 0
	for year := 2010; year <= 2040; year++ {
		saturdays := 0
		for at := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() == year; at = at.AddDate(0, 0, 1) {
			d := era.DateOf(at)
			want := era.Week{Year: year, Number: saturdays + 1}
			if got := d.Week(); got != want {
				t.Fatalf("%s is in %v, want %v", d, got, want)
			}
			if d.Weekday() != at.Weekday() {
				t.Fatalf("%s is a %s, want %s", d, d.Weekday(), at.Weekday())
			}
			if at.Weekday() == time.Saturday {
				saturdays++
			}
			days, last = days+1, max(last, want.Number)
		}
	}
	t.Logf("%d days, weeks up to %d", days, last)
	if last != 54 {
		t.Error("no year had a week 54, as one does that begins on a Saturday and has 366 days")
	}
}
