package main

import (
	"time"

	"misimportd/cmd/misimportd/config"
	"misimportd/era"
)

// onDay is the flags of those who look at a day.
type onDay struct {
	On  string `placeholder:"DAY" help:"${help_on}"`
	CSV bool   `name:"csv" help:"As CSV, for a spreadsheet."`
}

// day is the day that is looked at, today where none is named.
func (d onDay) day(s config.Settings) (era.Date, error) { return dayOr(s, d.On, today(s)) }

func today(s config.Settings) era.Date { return era.DateOf(time.Now().In(s.Zone)) }

// dayOr reads a day as people write it; without one it is another.
func dayOr(s config.Settings, text string, other era.Date) (era.Date, error) {
	if text == "" {
		return other, nil
	}
	d, err := era.Said{Today: today(s), YearStarts: s.AcademicYearStarts}.Parse(text)
	if err != nil {
		return 0, usageError{err}
	}
	return d, nil
}

// since reads a day from which on something is looked for; none where there is no text.
func since(s config.Settings, text string) (era.Date, error) {
	if text == "" {
		return 0, nil
	}
	d, err := era.Said{Today: today(s), YearStarts: s.AcademicYearStarts, Past: true}.Parse(text)
	if err != nil {
		return 0, usageError{err}
	}
	return d, nil
}
