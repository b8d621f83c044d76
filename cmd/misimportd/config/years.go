package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"misimportd/era"
	"misimportd/store/model"
)

// pauseConfig is one of the pauses of the configuration: days of a year, or of every year.
type pauseConfig struct{ era.Pause }

// UnmarshalYAML reads a pause.
func (p *pauseConfig) UnmarshalYAML(node *yaml.Node) error {
	const hint = "write a pause as {from: 2026-12-19, to: 2027-01-03, why: Christmas}, or of every year as {from: " +
		"07-20, to: 08-25}"
	if node.Kind != yaml.MappingNode {
		return faultAt(node, hint)
	}
	given := map[string]string{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if _, twice := given[key.Value]; twice || !slices.Contains([]string{"from", "to", "why"}, key.Value) ||
			value.Kind != yaml.ScalarNode {
			return faultAt(key, fmt.Sprintf("%s; there is %q", hint, key.Value))
		}
		given[key.Value] = value.Value
	}
	p.Why = given["why"]
	if err := p.read(given["from"], given["to"]); err != nil {
		return faultAt(node, err.Error())
	}
	return nil
}

func (p *pauseConfig) read(from, to string) error {
	if p.Begins.UnmarshalText([]byte(from)) == nil && p.Finishes.UnmarshalText([]byte(to)) == nil {
		p.Yearly = true
		return nil
	}
	var err error
	for _, text := range []string{from, to} {
		if yearless.MatchString(text) && new(era.MonthDay).UnmarshalText([]byte(text)) != nil {
			return fmt.Errorf("a pause: %w", new(era.MonthDay).UnmarshalText([]byte(text)))
		}
	}
	if p.From, err = era.ReadDate(from); err == nil {
		p.To, err = era.ReadDate(to)
	}
	if err != nil {
		return fmt.Errorf("a pause needs two days, from and to, both with a year or both without: %w", err)
	}
	return p.Check()
}

// yearless is a day of every year, or what was meant for one.
var yearless = regexp.MustCompile(`^\d\d-\d\d$`)

// aheadConfig is what each night imports into the next era.
type aheadConfig struct {
	Era       string       `yaml:"era"`
	Years     *wholeNumber `yaml:"years"`
	Timetable string       `yaml:"timetable"`
	No        []string     `yaml:"no"`
}

// leftOut are the sections that can be left out, by the names that people give them.
var leftOut = map[string][]string{"forms": {"Forms"}, "sets": {"Sets", "SetLists"}, "set-lists": {"SetLists"},
	"timetable": {"PublishedTimetables"}}

// sectionsOf are the sections that names stand for.
func sectionsOf(names []string) (sections []string, err error) {
	for _, name := range names {
		of, known := leftOut[name]
		if !known {
			return nil, fmt.Errorf("%q cannot be left out: choose of forms, sets, set-lists and timetable", name)
		}
		sections = append(sections, of...)
	}
	slices.Sort(sections)
	return slices.Compact(sections), nil
}

// NextYear checks what is loaded ahead of time.
func NextYear(name string, years int, without []string, timetable string) (*model.NextYear, error) {
	const most = 5
	sections, err := sectionsOf(without)
	switch {
	case err != nil:
		return nil, err
	case strings.TrimSpace(name) == "":
		return nil, errors.New("the era is missing: which one is loaded ahead of time?")
	case years < 0 || years > most:
		return nil, fmt.Errorf("pupils cannot be %d years further: write 1 for a document of this year, or 0 for "+
			"one that is the next year's already", years)
	}
	return &model.NextYear{Era: strings.TrimSpace(name), Years: years, Without: sections, Timetable: timetable}, nil
}

// settleYear settles what imports do about the school year by themselves, and when they do not begin.
func (s *Settings) settleYear(c file) (faults []string) {
	s.Turn.AutoRoll = c.AutoRoll
	switch c.NextEra {
	case "", "warn":
	case "create":
		s.Turn.CreateNext = true
	default:
		faults = append(faults, fmt.Sprintf("next_era: %q: write warn, which imports people only once the year is "+
			"over, or create, which enters the year that follows", c.NextEra))
	}
	if c.Ahead != nil {
		years := 1
		if c.Ahead.Years != nil {
			years = int(*c.Ahead.Years)
		}
		var err error
		if s.Turn.Ahead, err = NextYear(c.Ahead.Era, years, c.Ahead.No, c.Ahead.Timetable); err != nil {
			faults = append(faults, "ahead: "+err.Error())
		}
	}
	var err error
	if s.Conversion, err = c.Convert.settle(); err != nil {
		faults = append(faults, err.Error())
	}
	for _, p := range c.Pauses {
		s.Pauses = append(s.Pauses, p.Pause)
	}
	return faults
}
