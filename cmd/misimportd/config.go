package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
	_ "time/tzdata" // the program's own time zones, for machines that have none

	"go.yaml.in/yaml/v4"

	"misimportd/era"
)

const defaultConfig = "/etc/misimportd/config.yml"

// config is the configuration file. Flags and the environment go before it.
type config struct {
	Database           string     `yaml:"database"`
	State              string     `yaml:"state"`
	Timezone           string     `yaml:"timezone"`
	Years              []era.Year `yaml:"years"`
	AcademicYearStarts string     `yaml:"academic_year_starts"`
}

// settings is the configuration after it was checked.
type settings struct {
	database           string
	state              string
	zone               *time.Location
	years              []era.Year
	academicYearStarts era.MonthDay
	source             string // the file that was read, "" for none
}

// usageError is a wrong use or a wrong configuration: exit status 2.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// readConfig reads a configuration file. Without a name it reads the usual one, which
// need not be there.
func readConfig(path string) (config, string, error) {
	var c config
	named := path != ""
	if !named {
		path = defaultConfig
	}
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !named:
		return c, "", nil
	case err != nil:
		return c, path, usagef("configuration: %w", err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&c); err != nil && !errors.Is(err, io.EOF) {
		return c, path, usagef("%s: %s", path, yamlFault(err))
	}
	c.relativeTo(filepath.Dir(path))
	return c, path, nil
}

// yamlFault says in one line what a YAML library says in several.
func yamlFault(err error) string {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	text = strings.TrimPrefix(text, "construct errors:\n")
	text = strings.TrimPrefix(text, "unmarshal errors:\n")
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i, line := range lines {
		line = unknownKey.ReplaceAllString(strings.TrimSpace(line), `unknown key "$1"`)
		lines[i] = strings.ReplaceAll(line, "era.Year", "year group")
	}
	return strings.Join(lines, "; ")
}

var unknownKey = regexp.MustCompile(`field (\S+) not found in type \S+`)

// relativeTo makes paths relative to the file that they stand in.
func (c *config) relativeTo(folder string) {
	if c.State != "" && !filepath.IsAbs(c.State) {
		c.State = filepath.Join(folder, c.State)
	}
	if path, ok := strings.CutPrefix(c.Database, "sqlite:"); ok && path != "" && !filepath.IsAbs(path) {
		c.Database = "sqlite:" + filepath.Join(folder, path)
	}
}

// settle checks the configuration together with the flags and fills in what is left
// open. It reports everything that is wrong, not the first thing only.
func (f *flags) settle() (settings, error) {
	c, source, err := readConfig(f.Config)
	if err != nil {
		return settings{}, err
	}
	s := settings{
		source:             source,
		database:           first(f.Database, c.Database),
		state:              first(f.State, c.State, "/var/lib/misimportd"),
		years:              c.Years,
		academicYearStarts: era.FirstSeptember,
	}
	if s.database == "" {
		s.database = "sqlite:" + filepath.Join(s.state, "misimportd.db")
	}
	var faults []string
	if s.zone, err = time.LoadLocation(first(f.Timezone, c.Timezone, "Europe/London")); err != nil {
		faults = append(faults, fmt.Sprintf("timezone %q is not known: write it as Europe/London", first(f.Timezone, c.Timezone)))
	}
	if len(f.Years) > 0 {
		s.years = nil
		for _, text := range f.Years {
			year, err := era.ParseYear(text)
			if err != nil {
				faults = append(faults, "years: "+err.Error())
			}
			s.years = append(s.years, year)
		}
	}
	if c.AcademicYearStarts != "" {
		if err := s.academicYearStarts.UnmarshalText([]byte(c.AcademicYearStarts)); err != nil {
			faults = append(faults, "academic_year_starts: "+err.Error())
		}
	}
	if len(faults) > 0 {
		return s, usagef("%s", strings.Join(prefixed(source, faults), "; "))
	}
	return s, nil
}

func prefixed(source string, faults []string) []string {
	if source != "" {
		faults[0] = source + ": " + faults[0]
	}
	return faults
}

// first is the first text that is not blank.
func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
