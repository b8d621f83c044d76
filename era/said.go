package era

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Said turns what people write for a day into a date. Today is the day on the school's clock.
type Said struct {
	Today      Date
	YearStarts MonthDay // of the academic year, in which a date without a year is looked for
	Past       bool     // a day of the week is the last one, today included, and not the next
}

// UnsaidError says that a text is no day.
type UnsaidError struct{ Text string }

func (e *UnsaidError) Error() string {
	return fmt.Sprintf("%q is not a day that is understood: write 2016-09-12, 12 sep, 12 September 2016, 12/9/2016, "+
		"monday, last friday, today, yesterday or tomorrow", e.Text)
}

// Parse reads a day as people write it: 2016-09-12, 12 sep, 12 September 2016, sep 12, 12/9/2016, monday, next
// friday, last friday, today, yesterday, tomorrow. Numbers apart by strokes are day, month, year.
func (s Said) Parse(text string) (Date, error) {
	words := strings.Fields(strings.ToLower(strings.NewReplacer(",", " ", ".", " ").Replace(text)))
	if _, err := ParseWeekday(firstOf(words)); err == nil && len(words) > 2 {
		words = words[1:] // Monday 12 September 2016
	}
	if d, err := ReadDate(strings.TrimSpace(text)); err == nil {
		return d, nil
	} else if looksISO(text) {
		return 0, err
	}
	switch len(words) {
	case 1:
		return s.oneWord(words[0], text)
	case 2:
		day, err := ParseWeekday(words[1])
		switch {
		case err != nil:
			return s.dayOfMonth(words, text)
		case words[0] == "last":
			return s.weekday(day, true, 1), nil
		case words[0] == "next":
			return s.weekday(day, false, 1), nil
		case words[0] == "this":
			return s.weekday(day, s.Past, 0), nil
		}
	case 3:
		if monthOf(words[0])+monthOf(words[1]) == 0 { // 12.9.2016
			return s.numbers(words, text)
		}
		return s.dayOfMonth(words, text)
	}
	return 0, &UnsaidError{text}
}

func firstOf(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return words[0]
}

func looksISO(text string) bool {
	parts := strings.Split(strings.TrimSpace(text), "-")
	_, err := strconv.Atoi(parts[0])
	return len(parts) == 3 && len(parts[0]) == 4 && err == nil
}

func (s Said) oneWord(word, text string) (Date, error) {
	switch word {
	case "today", "now":
		return s.Today, nil
	case "yesterday":
		return s.Today - 1, nil
	case "tomorrow":
		return s.Today + 1, nil
	}
	if parts := strings.Split(word, "/"); len(parts) == 2 || len(parts) == 3 {
		return s.numbers(parts, text)
	}
	day, err := ParseWeekday(word)
	if err != nil {
		return 0, &UnsaidError{text}
	}
	return s.weekday(day, s.Past, 0), nil
}

// weekday is the nearest day of the week, back or ahead, at least so many days away.
func (s Said) weekday(day time.Weekday, back bool, least int) Date {
	step := Date(1)
	if back {
		step = -1
	}
	d := s.Today + step*Date(least)
	for d.Weekday() != day {
		d += step
	}
	return d
}

// numbers reads 12/9/2016 and 12/9.
func (s Said) numbers(parts []string, text string) (Date, error) {
	var n [3]int
	for i, part := range parts {
		number, err := strconv.Atoi(part)
		if err != nil || number < 1 {
			return 0, &UnsaidError{text}
		}
		n[i] = number
	}
	if len(parts) == 3 && len(parts[2]) == 2 {
		n[2] += 2000
	}
	return s.date(n[0], n[1], n[2], text)
}

// dayOfMonth reads 12 sep, sep 12 and 12 september 2016.
func (s Said) dayOfMonth(words []string, text string) (Date, error) {
	month, day := monthOf(words[1]), words[0]
	if month == 0 {
		month, day = monthOf(words[0]), words[1]
	}
	for _, ending := range []string{"st", "nd", "rd", "th"} {
		day = strings.TrimSuffix(day, ending)
	}
	n, err := strconv.Atoi(day)
	year := 0
	if err == nil && len(words) == 3 {
		year, err = strconv.Atoi(words[2])
		if len(words[2]) == 2 {
			year += 2000
		}
	}
	if err != nil || month == 0 || n < 1 || year < 0 {
		return 0, &UnsaidError{text}
	}
	return s.date(n, month, year, text)
}

func monthOf(word string) int {
	for month := time.January; month <= time.December; month++ {
		if len(word) >= 3 && strings.HasPrefix(strings.ToLower(month.String()), word) {
			return int(month)
		}
	}
	return 0
}

// date is a day of a month: without a year, of the academic year that today is in.
func (s Said) date(day, month, year int, text string) (Date, error) {
	isOpen := year == 0
	if isOpen {
		begins := Academic(s.Today, s.YearStarts)
		year = begins.StartsOn.Time().Year()
		if NewDate(year, time.Month(month), day) < begins.StartsOn {
			year++
		}
	}
	d, err := ReadDate(fmt.Sprintf("%04d-%02d-%02d", year, month, day))
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is no day of the calendar: write the day first, and then the month", text)
	case isOpen && s.Past && d > s.Today:
		return s.date(day, month, year-1, text)
	}
	return d, nil
}
