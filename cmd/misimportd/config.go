package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // the program's own time zones, for machines that have none

	"github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v4"

	"misimportd/era"
	"misimportd/importer"
	"misimportd/mis/isams"
)

const (
	defaultConfig = "/etc/misimportd/config.yml"
	defaultState  = "/var/lib/misimportd"
	defaultListen = "127.0.0.1:9190"
)

// config is the configuration file. Flags and the environment go before it.
type config struct {
	Database           string       `yaml:"database"`
	State              string       `yaml:"state"`
	Timezone           string       `yaml:"timezone"`
	Years              []int        `yaml:"years"`
	AcademicYearStarts string       `yaml:"academic_year_starts"`
	Retention          string       `yaml:"retention"`
	Schedule           string       `yaml:"schedule"`
	GiveUp             string       `yaml:"give_up"`
	Listen             string       `yaml:"listen"`
	WebConfigFile      string       `yaml:"web_config_file"`
	SuspensionsFile    string       `yaml:"suspensions_file"`
	Guard              *guardConfig `yaml:"guard"`
	ISAMS              *isamsConfig `yaml:"isams"`
}

// settings is the configuration after it was checked.
type settings struct {
	database           string
	state              string
	stateNamed         bool // it is not the usual one
	zone               *time.Location
	years              []era.Year
	academicYearStarts era.MonthDay
	retention          time.Duration
	schedule           importer.Schedule
	listen             string          // off: nobody is answered
	webConfig          string          // a file of exporter-toolkit, for TLS and passwords; "" for none
	isams              *isams.Settings // nil: nothing is fetched
	useLastGood        bool
	suspensionsFile    string
	guard              importer.Guard
	timetable          string   // the published one to import, "" for the only one
	source             string   // the file that was read, "" for none
	warnings           []string // of what is allowed, and seldom meant
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
		return c, path, usagef("configuration: %w; check what --config names, its owner and its mode", err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&c); err != nil && !errors.Is(err, io.EOF) {
		return c, path, usagef("%s: %s", path, yamlFault(err))
	}
	c.relativeTo(filepath.Dir(path))
	if c.ISAMS != nil {
		c.ISAMS.folder = filepath.Dir(path)
	}
	return c, path, nil
}

// yamlFault says what is wrong with a YAML file and where, in the user's words.
func yamlFault(err error) string {
	var many *yaml.LoadErrors
	var one *yaml.LoadError
	var faults []string
	switch {
	case errors.As(err, &many):
		for _, e := range many.Errors {
			faults = append(faults, yamlFaultAt(e))
		}
	case errors.As(err, &one):
		faults = append(faults, yamlFaultAt(one))
	default:
		return err.Error()
	}
	return strings.Join(faults, "; ")
}

func yamlFaultAt(e *yaml.LoadError) string {
	said := unknownKey.ReplaceAllString(e.Message, `unknown key "$1"`)
	if found := wrongType.FindStringSubmatch(said); found != nil {
		said = "expected " + expected[found[2]]
		if !strings.HasPrefix(expected[found[2]], "keys") { // there, what was found may be a key for iSAMS
			said += " and found " + found[1]
		}
	}
	return fmt.Sprintf("line %d: %s", e.Mark.Line, said)
}

var (
	unknownKey = regexp.MustCompile(`field (\S+) not found in type \S+`)
	wrongType  = regexp.MustCompile(`cannot (?:construct|unmarshal) !!\w+ ?(.*?) ?into (\S+)`)
	expected   = map[string]string{"int": "a whole number", "string": "a text", "[]int": "a list such as [7, 8]", "main.config": "keys and values", "main.isamsConfig": "keys and values", "main.requestConfig": "keys and values", "main.guardConfig": "keys and values", "main.limitsConfig": "keys and values", "main.limitConfig": "{percent: 10, at_least: 20}, a number or off", "bool": "true or false"}
)

// relativeTo makes paths relative to the file that they stand in.
func (c *config) relativeTo(folder string) {
	if c.State != "" && !filepath.IsAbs(c.State) {
		c.State = filepath.Join(folder, c.State)
	}
	if c.SuspensionsFile != "" && !filepath.IsAbs(c.SuspensionsFile) {
		c.SuspensionsFile = filepath.Join(folder, c.SuspensionsFile)
	}
	if c.WebConfigFile != "" && !filepath.IsAbs(c.WebConfigFile) {
		c.WebConfigFile = filepath.Join(folder, c.WebConfigFile)
	}
	if path, ok := strings.CutPrefix(c.Database, "sqlite:"); ok && path != "" && !filepath.IsAbs(path) {
		c.Database = "sqlite:" + filepath.Join(folder, path)
	}
}

// settle checks the configuration together with the flags and fills in what is left
// open. It reports everything that is wrong, not the first thing only.
func (f *flags) settle() (settings, error) {
	var c config
	var source string
	var err error
	if !f.noConfig {
		if c, source, err = readConfig(f.Config); err != nil {
			return settings{}, err
		}
	}
	s := settings{
		source:             source,
		database:           first(f.Database, c.Database),
		state:              first(f.State, c.State, defaultState),
		stateNamed:         first(f.State, c.State) != "",
		academicYearStarts: era.FirstSeptember,
	}
	if s.database == "" {
		s.database = sqliteIn(s.state)
	}
	var faults []string
	if s.zone, err = time.LoadLocation(first(f.Timezone, c.Timezone, "Europe/London")); err != nil {
		faults = append(faults, fmt.Sprintf("timezone %q is not known: write it as Europe/London", first(f.Timezone, c.Timezone)))
	}
	years := f.Years
	if len(years) == 0 {
		for _, year := range c.Years {
			years = append(years, strconv.Itoa(year))
		}
	}
	for _, text := range years {
		year, err := era.ParseYear(text)
		if err != nil {
			faults = append(faults, "years: "+err.Error())
		}
		s.years = append(s.years, year)
	}
	if c.AcademicYearStarts != "" {
		if err := s.academicYearStarts.UnmarshalText([]byte(c.AcademicYearStarts)); err != nil {
			faults = append(faults, "academic_year_starts: "+err.Error())
		}
	}
	if s.retention, err = parseDuration(first(c.Retention, "30d")); err != nil {
		faults = append(faults, "retention: "+err.Error())
	}
	s.suspensionsFile = c.SuspensionsFile
	var wrong []error
	s.guard, wrong = c.Guard.settle()
	for _, err := range wrong {
		faults = append(faults, err.Error())
	}
	faults = append(faults, s.settleService(c)...)
	if c.ISAMS != nil {
		s.useLastGood, s.timetable = c.ISAMS.UseLastGood, c.ISAMS.Timetable
		var wrong []error
		s.isams, wrong = c.ISAMS.settle()
		s.warnings = c.ISAMS.warnings
		for _, err := range wrong {
			faults = append(faults, err.Error())
		}
	}
	if len(faults) > 0 {
		return s, usagef("%s", strings.Join(inFile(source, faults), "; "))
	}
	return s, nil
}

// sqliteIn is the database of a state folder, unless another is configured.
func sqliteIn(state string) string { return "sqlite:" + filepath.Join(state, "misimportd.db") }

// settleService settles what a daemon needs.
func (s *settings) settleService(c config) (faults []string) {
	s.listen, s.webConfig = first(c.Listen, defaultListen), c.WebConfigFile
	if _, port, err := net.SplitHostPort(s.listen); s.listen != "off" && (err != nil || !isPort(port)) {
		faults = append(faults, fmt.Sprintf("listen: %q is not an address: write it as 127.0.0.1:9190, or off", s.listen))
	}
	if s.webConfig != "" {
		if err := web.Validate(s.webConfig); err != nil {
			faults = append(faults, fmt.Sprintf("web_config_file: %s: %v", s.webConfig, err))
		}
	}
	if s.zone == nil {
		return faults
	}
	var err error
	if s.schedule, err = importer.NewSchedule(first(c.Schedule, "0 3 * * *"), first(c.GiveUp, "07:00"), s.zone); err != nil {
		faults = append(faults, strings.Split(err.Error(), "\n")...)
	}
	return faults
}

// listenWarning tells of a service that answers everybody.
func (s settings) listenWarning() string {
	host, _, err := net.SplitHostPort(s.listen)
	ip := net.ParseIP(host)
	if err != nil || s.webConfig != "" || host == "localhost" || ip != nil && ip.IsLoopback() {
		return ""
	}
	return "; beware: without a password and without TLS, whoever can reach it is answered (web_config_file)"
}

func isPort(text string) bool {
	_, err := strconv.ParseUint(text, 10, 16)
	return err == nil
}

func inFile(source string, faults []string) []string {
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
