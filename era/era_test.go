package era_test

import (
	"encoding/json"
	"testing"
	"time"

	"misimportd/era"
)

func day(t testing.TB, text string) era.Date {
	t.Helper()
	if text == "" {
		return 0
	}
	d, err := era.ParseDate(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func span(t testing.TB, from, to string) era.Interval {
	return era.Interval{From: day(t, from), To: day(t, to)}
}

func TestDatesAreDaysOfTheCalendar(t *testing.T) {
	if d := era.NewDate(1, time.January, 1); d != 1 {
		t.Errorf("the first day of year 1 is %d", d)
	}
	d := era.NewDate(1899, time.December, 31)
	for want := time.Date(1899, 12, 31, 0, 0, 0, 0, time.UTC); want.Year() < 2105; want = want.AddDate(0, 0, 1) {
		if d.String() != want.Format("2006-01-02") || era.DateOf(want) != d || !d.Time().Equal(want) {
			t.Fatalf("%d is %s, want %s", d, d, want)
		}
		d = d.AddDays(1)
	}
}

// TestDatesThatPeopleWrite are of the years 1900 to 2199; databases may hold others.
func TestDatesThatPeopleWrite(t *testing.T) {
	for text, fine := range map[string]bool{
		"0000-06-01": false, "0016-09-05": false, "1899-12-31": false, "1900-01-01": true, "2016-02-29": true,
		"2199-12-31": true, "2200-01-01": false, "9999-12-31": false,
	} {
		read, err := era.ReadDate(text)
		var flag era.Date
		if again := flag.UnmarshalText([]byte(text)); (err == nil) != fine || (again == nil) != fine || read != flag {
			t.Errorf("%s: %s %v, %s %v", text, read, err, flag, again)
		}
		if want := "\"" + text + "\" lies outside the years 1900 to 2199: check the year"; !fine &&
			err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
		e := era.Era{Name: "x", StartsOn: day(t, text), EndsOn: day(t, text).AddDays(1)}
		if text != "2199-12-31" && (e.Check() == nil) != fine {
			t.Errorf("%s: %v", e, e.Check())
		}
	}
}

func TestDateOfUsesTheLocation(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	late := time.Date(2016, 8, 14, 23, 30, 0, 0, time.UTC)
	if d := era.DateOf(late.In(london)); d.String() != "2016-08-15" {
		t.Errorf("half past midnight in London is %s", d)
	}
}

func TestDatesThatAreNone(t *testing.T) {
	for _, text := range []string{"", "2016-9-5", "05/09/2016", "2015-02-29", "2016-13-01", "tomorrow"} {
		if d, err := era.ParseDate(text); err == nil {
			t.Errorf("%q was read as %s", text, d)
		}
	}
}

func TestDatesGoThroughJSONAndDatabases(t *testing.T) {
	for _, d := range []era.Date{0, day(t, "2016-02-29"), day(t, "0001-01-01"), day(t, "9999-12-31")} {
		text, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		var back, scanned era.Date
		if err := json.Unmarshal(text, &back); err != nil || back != d {
			t.Errorf("%s came back as %s: %v", d, back, err)
		}
		value, err := d.Value()
		if err != nil {
			t.Fatal(err)
		}
		if err := scanned.Scan(value); err != nil || scanned != d {
			t.Errorf("%s was scanned as %s: %v", d, scanned, err)
		}
		if err := scanned.Scan(d.Time()); d != 0 && (err != nil || scanned != d) {
			t.Errorf("%s was scanned from a time as %s: %v", d, scanned, err)
		}
	}
	var d era.Date
	if d.Scan(7.5) == nil || json.Unmarshal([]byte("7"), &d) == nil || json.Unmarshal([]byte(`"7"`), &d) == nil {
		t.Error("what is no date was read as one")
	}
}

func TestIntervalsIncludeBothEnds(t *testing.T) {
	term := span(t, "2016-09-05", "2016-12-16")
	for text, want := range map[string]bool{"2016-09-04": false, "2016-09-05": true, "2016-12-16": true,
		"2016-12-17": false} {
		if got := term.Contains(day(t, text)); got != want {
			t.Errorf("%s in %s: %v", text, term, got)
		}
	}
	open := span(t, "2016-09-05", "")
	if !open.Contains(day(t, "2999-01-01")) || open.Contains(day(t, "2016-09-04")) {
		t.Error("an open interval does not hold what comes after its first day, and that only")
	}
}

func TestIntervalsOverlapAndLieWithin(t *testing.T) {
	whole := span(t, "2016-09-05", "2016-12-16")
	for _, c := range []struct {
		from, to       string
		overlaps, lies bool
	}{
		{"2016-09-05", "2016-12-16", true, true},
		{"2016-10-01", "2016-10-01", true, true},
		{"2016-08-01", "2016-09-04", false, false},
		{"2016-08-01", "2016-09-05", true, false},
		{"2016-12-16", "2016-12-31", true, false},
		{"2016-12-17", "", false, false},
		{"2016-10-01", "", true, false},
		{"2016-10-02", "2016-10-01", false, true},
	} {
		i := span(t, c.from, c.to)
		if whole.Overlaps(i) != c.overlaps || i.Overlaps(whole) != c.overlaps || i.Within(whole) != c.lies {
			t.Errorf("%s and %s: overlaps %v, within %v", i, whole, i.Overlaps(whole), i.Within(whole))
		}
	}
	if !whole.Within(span(t, "2016-09-05", "")) || !span(t, "2017-01-01", "").Overlaps(span(t, "2016-01-01", "")) {
		t.Error("open intervals do not hold what comes later")
	}
}

func TestAcademicYears(t *testing.T) {
	mid := era.MonthDay{Month: time.August, Day: 15}
	for _, c := range []struct {
		on     string
		starts era.MonthDay
		want   string
	}{
		{"2016-09-01", era.FirstSeptember, "2016/17 (2016-09-01 to 2017-08-31)"},
		{"2016-08-31", era.FirstSeptember, "2015/16 (2015-09-01 to 2016-08-31)"},
		{"2017-01-01", era.FirstSeptember, "2016/17 (2016-09-01 to 2017-08-31)"},
		{"2016-02-29", era.FirstSeptember, "2015/16 (2015-09-01 to 2016-08-31)"},
		{"2016-08-15", mid, "2016/17 (2016-08-15 to 2017-08-14)"},
		{"1999-12-01", era.FirstSeptember, "1999/00 (1999-09-01 to 2000-08-31)"},
		{"2016-05-05", era.MonthDay{Month: time.January, Day: 1}, "2016 (2016-01-01 to 2016-12-31)"},
	} {
		if got := era.Academic(day(t, c.on), c.starts).String(); got != c.want {
			t.Errorf("%s lies in %s, want %s", c.on, got, c.want)
		}
	}
}

func TestDaysOfTheYear(t *testing.T) {
	var m era.MonthDay
	if err := m.UnmarshalText([]byte("08-15")); err != nil || m.Month != time.August || m.Day != 15 {
		t.Errorf("%v %v", m, err)
	}
	for _, text := range []string{"", "15 August", "02-29", "13-01", "2016-08-15"} {
		if m.UnmarshalText([]byte(text)) == nil {
			t.Errorf("%q was read as %v", text, m)
		}
	}
}

func TestAsOf(t *testing.T) {
	e := era.Era{Name: "2016/17", StartsOn: day(t, "2016-08-15"), EndsOn: day(t, "2017-08-14")}
	for _, c := range []struct{ today, asked, want string }{
		{"2016-10-01", "", "2016-10-01"},
		{"2016-08-01", "", "2016-08-15"},
		{"2016-10-01", "2016-09-05", "2016-09-05"},
		{"2016-08-01", "2017-08-14", "2017-08-14"},
		{"2016-10-01", "2016-08-14", ""},
		{"2016-10-01", "2017-08-15", ""},
		{"2017-08-15", "", ""},
	} {
		got, err := e.AsOf(day(t, c.today), day(t, c.asked))
		if (err != nil) != (c.want == "") || got.String() != c.want {
			t.Errorf("today %s, asked %q: %s, %v", c.today, c.asked, got, err)
		}
	}
}

func TestErasClash(t *testing.T) {
	others := []era.Era{
		{Name: "Perpetual", StartsOn: day(t, "1900-01-01")},
		{Name: "2016/17", StartsOn: day(t, "2016-08-15"), EndsOn: day(t, "2017-08-14")},
	}
	for _, c := range []struct {
		name, from, to string
		clash          bool
	}{
		{"2017/18", "2017-08-15", "2018-08-14", false},
		{"2017/18", "2017-08-14", "2018-08-14", true},
		{"2016/17", "2018-08-15", "2019-08-14", true},
		{"Perpetual", "2018-08-15", "2019-08-14", true},
	} {
		e := era.Era{Name: c.name, StartsOn: day(t, c.from), EndsOn: day(t, c.to)}
		if _, clash := e.Clash(others); clash != c.clash {
			t.Errorf("%s: %v", e, clash)
		}
	}
}

func TestErasThatCannotBe(t *testing.T) {
	for _, e := range []era.Era{
		{StartsOn: 1, EndsOn: 2}, {Name: "x"}, {Name: "x", StartsOn: 5}, {Name: "x", StartsOn: 5, EndsOn: 5},
		{Name: "x", StartsOn: 5, EndsOn: 4},
	} {
		if e.Check() == nil {
			t.Errorf("%+v was accepted", e)
		}
	}
}

func TestYearGroups(t *testing.T) {
	for text, want := range map[string]era.Year{"7": 7, "-2": -2, "0": 0, "13": 13} {
		if got, err := era.ParseYear(text); err != nil || got != want {
			t.Errorf("%q is %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "seven", "7.5", "200", "-128"} {
		if got, err := era.ParseYear(text); err == nil || got.Known() {
			t.Errorf("%q was read as %v", text, got)
		}
	}
	for _, y := range []era.Year{era.NoYear, 0, 13} {
		text, _ := json.Marshal(y)
		value, _ := y.Value()
		var back, scanned era.Year
		if err := json.Unmarshal(text, &back); err != nil || back != y {
			t.Errorf("%v came back as %v: %v", y, back, err)
		}
		if err := scanned.Scan(value); err != nil || scanned != y {
			t.Errorf("%v was scanned as %v: %v", y, scanned, err)
		}
	}
}
