// Package config reads and checks the configuration: a file, flags and the environment. What comes of it
// are settings that hold no surprise. It must never act on them.
package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata"

	"github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v4"

	"misimportd/era"
	"misimportd/era/files"
	"misimportd/importer"
	"misimportd/importer/daemon"
	"misimportd/importer/guard"
	"misimportd/importer/messages"
	"misimportd/importer/want"
	"misimportd/mis/isams/batch"
)

const (
	DefaultFile   = "/etc/misimportd/config.yml"
	defaultState  = "/var/lib/misimportd"
	DefaultListen = "127.0.0.1:9190"
)

// file is the configuration file. Flags and the environment go before it.
type file struct {
	Database             string            `yaml:"database"`
	DatabasePasswordFile string            `yaml:"database_password_file"`
	State                string            `yaml:"state"`
	Documents            string            `yaml:"documents"`
	Timezone             string            `yaml:"timezone"`
	Years                []wholeNumber     `yaml:"years"`
	AcademicYearStarts   string            `yaml:"academic_year_starts"`
	Retention            string            `yaml:"retention"`
	Schedule             string            `yaml:"schedule"`
	GiveUp               string            `yaml:"give_up"`
	Listen               string            `yaml:"listen"`
	WebConfigFile        string            `yaml:"web_config_file"`
	Operators            map[string]string `yaml:"operators"`
	Hosts                []string          `yaml:"hosts"`
	SuspensionsFile      string            `yaml:"suspensions_file"`
	ExtraGroupsFile      string            `yaml:"extra_groups_file"`
	EventsFiles          eventsConfig      `yaml:"events_files"`
	DutiesFile           string            `yaml:"duties_file"`
	Cover                *coverConfig      `yaml:"cover"`
	CustomGroups         *customConfig     `yaml:"custom_groups"`
	AutomaticGroups      automaticConfig   `yaml:"automatic_groups"`
	YearNames            yearNames         `yaml:"year_names"`
	Bands                bandsConfig       `yaml:"bands"`
	ByYear               *[]string         `yaml:"by_year"`
	AutoRoll             bool              `yaml:"auto_roll"`
	NextEra              string            `yaml:"next_era"`
	Ahead                *aheadConfig      `yaml:"ahead"`
	Pauses               []pauseConfig     `yaml:"pauses"`
	Convert              *conversionConfig `yaml:"convert"`
	Guard                *guardConfig      `yaml:"guard"`
	Messages             *messagesConfig   `yaml:"messages"`
	ISAMS                *isamsConfig      `yaml:"isams"`

	leaves  []leaf // as they stand there
	secrets secretFiles
}

// Settings is the configuration after it was checked.
type Settings struct {
	Database           string
	Documents          string // where they are kept: InFolder or InDatabase
	State              string
	StateNamed         bool // it is not the usual one
	Zone               *time.Location
	Years              []era.Year
	AcademicYearStarts era.MonthDay
	Retention          time.Duration
	Schedule           daemon.Schedule
	Listen             string            // off: nobody is answered
	Operators          map[string]string // who may log in to the pages, each with a bcrypt hash
	Hosts              []string          // names by which the pages may be asked for, in small letters
	WebConfig          string            // a file of exporter-toolkit, for TLS and passwords; "" for none
	ISAMS              *batch.Settings   // nil: nothing is fetched
	UseLastGood        bool
	SuspensionsFile    string
	ExtraGroupsFile    string
	EventsFiles        []string         // patterns of files
	Covers             want.CoverRules  // which count
	Groups             want.OtherGroups // beside forms and sets
	Guard              guard.Guard
	Turn               importer.Turn // of the school year
	Pauses             []era.Pause
	Conversion         importer.Conversion
	Timetable          string   // the published one to import, "" for the only one
	Source             string   // the file that was read, "" for none
	Warnings           []string // of what is allowed, and seldom meant
	Exposed            []string // of the configuration itself, likewise
	Unread             error    // secrets that cannot be read: who asks iSAMS fails with it

	given          Given              // what went before the file
	leaves         []leaf             // of the file
	Messages       *messages.Settings // nil: nobody is told anything
	MessagesUnread error              // secrets that cannot be read: who sends messages fails with it
}

// Where documents are kept: in the state folder, or in the school's database.
const (
	InFolder   = "folder"
	InDatabase = "database"
)

// Error says what is wrong with the configuration.
type Error struct{ Err error }

func (e Error) Error() string { return e.Err.Error() }

func (e Error) Unwrap() error { return e.Err }

func faultf(format string, args ...any) error { return Error{fmt.Errorf(format, args...)} }

// Given holds what goes before the file: flags and the environment. What is blank is left to the file.
type Given struct {
	File     string // "" for the usual one, which need not be there
	NoFile   bool   // not even the usual one
	State    string
	Database string
	Timezone string
	Years    []string
	Secrets  string // a folder in which secrets are looked up by their names, "" for beside the file
	InFleet  bool   // secrets are nowhere but in Secrets and among the credentials
	Unasked  bool   // secrets are not read at all: they are on other machines
	text     []byte // what File holds, where that is known already
}

// readConfig reads a configuration file. Without a name it reads the usual one, which
// need not be there.
func readConfig(given Given) (file, string, error) {
	var c file
	path, named, text := given.File, given.File != "", given.text
	if !named {
		path = DefaultFile
	}
	var err error
	if text == nil {
		text, err = files.Read(path)
	}
	var other *files.NotFileError
	switch {
	case errors.Is(err, fs.ErrNotExist) && !named:
		return c, "", nil
	case errors.As(err, &other):
		return c, path, faultf("configuration: %w", err)
	case err != nil:
		return c, path, faultf("configuration: %w; check what --config names, its owner and its mode", err)
	}
	if err := decodeYAML(path, text, &c); err != nil {
		return c, path, err
	}
	var document yaml.Node
	if yaml.Unmarshal(text, &document) == nil {
		c.leaves = leaves("", &document)
	}
	c.relativeTo(filepath.Dir(path))
	secrets := secretFiles{folder: filepath.Dir(path), named: given.Secrets, inFleet: given.InFleet,
		unasked: given.Unasked}
	c.secrets = secrets.of("database")
	if c.ISAMS != nil {
		c.ISAMS.secrets = secrets.of("isams")
	}
	if c.Messages != nil {
		c.Messages.secrets = secrets.of("messages")
	}
	return c, path, nil
}

// relativeTo makes paths relative to the file that they stand in.
func (c *file) relativeTo(folder string) {
	if c.State != "" && !filepath.IsAbs(c.State) {
		c.State = filepath.Join(folder, c.State)
	}
	if c.SuspensionsFile != "" && !filepath.IsAbs(c.SuspensionsFile) {
		c.SuspensionsFile = filepath.Join(folder, c.SuspensionsFile)
	}
	if c.ExtraGroupsFile != "" && !filepath.IsAbs(c.ExtraGroupsFile) {
		c.ExtraGroupsFile = filepath.Join(folder, c.ExtraGroupsFile)
	}
	if c.DutiesFile != "" && !filepath.IsAbs(c.DutiesFile) {
		c.DutiesFile = filepath.Join(folder, c.DutiesFile)
	}
	for i, path := range c.EventsFiles {
		if !filepath.IsAbs(path) {
			c.EventsFiles[i] = filepath.Join(folder, path)
		}
	}
	if c.Convert != nil && c.Convert.Matches != "" && !filepath.IsAbs(c.Convert.Matches) {
		c.Convert.Matches = filepath.Join(folder, c.Convert.Matches)
	}
	if c.WebConfigFile != "" && !filepath.IsAbs(c.WebConfigFile) {
		c.WebConfigFile = filepath.Join(folder, c.WebConfigFile)
	}
	if path, ok := strings.CutPrefix(c.Database, "sqlite:"); ok && path != "" && !filepath.IsAbs(path) {
		c.Database = "sqlite:" + filepath.Join(folder, path)
	}
}

// Settle checks the configuration together with what goes before it, and fills in what is left
// open. It reports everything that is wrong, not the first thing only, in an Error.
func Settle(f Given) (Settings, error) {
	var c file
	var source string
	var err error
	if !f.NoFile {
		if c, source, err = readConfig(f); err != nil {
			return Settings{}, err
		}
	}
	s := Settings{
		Source: source, given: f, leaves: c.leaves,
		Database:           cmp.Or(f.Database, c.Database),
		State:              cmp.Or(f.State, c.State, defaultState),
		StateNamed:         cmp.Or(f.State, c.State) != "",
		AcademicYearStarts: era.FirstSeptember,
	}
	if s.Database == "" {
		s.Database = SQLiteIn(s.State)
	}
	faults := s.settleSchool(f, c)
	if s.Documents = cmp.Or(c.Documents, InFolder); s.Documents != InFolder && s.Documents != InDatabase {
		faults = append(faults, fmt.Sprintf("documents: %q is no place: write folder or database", c.Documents))
	}
	if c.DatabasePasswordFile != "" && f.Database == "" {
		faults = append(faults, s.settlePassword(c)...)
	}
	if s.Retention, err = parseDuration(cmp.Or(c.Retention, "30d")); err != nil {
		faults = append(faults, "retention: "+err.Error())
	}
	s.SuspensionsFile = c.SuspensionsFile
	var wrong []error
	s.Guard, wrong = c.Guard.settle()
	faults = append(faults, texts(wrong)...)
	faults = append(faults, s.settleYear(c)...)
	faults = append(faults, s.settleGroups(c)...)
	faults = append(faults, s.settleBeside(c)...)
	faults = append(faults, s.settleService(c)...)
	faults = append(faults, s.settlePages(c)...)
	faults = append(faults, s.settleISAMS(c.ISAMS)...)
	faults = append(faults, s.settleMessages(c)...)
	s.Exposed = append(s.Exposed, passwordWarning(source, c.Database)...)
	if len(faults) > 0 {
		if c.ISAMS != nil { // all that is wrong is told
			faults = append(faults, texts(c.ISAMS.unread)...)
		}
		if c.Messages != nil {
			faults = append(faults, texts(c.Messages.unread)...)
		}
		return s, faultf("%s", strings.Join(inFile(source, faults), "; "))
	}
	return s, nil
}

// settleSchool settles what is true of the school: where it is, which year groups it imports, and
// when its years begin.
func (s *Settings) settleSchool(f Given, c file) (faults []string) {
	var err error
	if s.Zone, err = time.LoadLocation(cmp.Or(f.Timezone, c.Timezone, "Europe/London")); err != nil {
		faults = append(faults, fmt.Sprintf("timezone %q is not known: write it as Europe/London",
			cmp.Or(f.Timezone, c.Timezone)))
	}
	years := f.Years
	if len(years) == 0 {
		for _, year := range c.Years {
			years = append(years, strconv.Itoa(int(year)))
		}
	}
	for _, text := range years {
		year, err := era.ParseYear(text)
		if err != nil {
			faults = append(faults, "years: "+err.Error())
		}
		s.Years = append(s.Years, year)
	}
	if c.AcademicYearStarts != "" {
		if err := s.AcademicYearStarts.UnmarshalText([]byte(c.AcademicYearStarts)); err != nil {
			faults = append(faults, "academic_year_starts: "+err.Error())
		}
	}
	return faults
}

// settleISAMS settles how the MIS is asked, if it is.
func (s *Settings) settleISAMS(c *isamsConfig) []string {
	if c == nil {
		return nil
	}
	s.UseLastGood, s.Timetable = c.UseLastGood, c.Timetable
	var wrong []error
	s.ISAMS, wrong = c.settle()
	s.Warnings = c.secrets.warnings
	if len(c.unread) > 0 {
		s.Unread = faultf("%s", strings.Join(inFile(s.Source, texts(c.unread)), "; "))
	}
	return texts(wrong)
}

func texts(errs []error) (said []string) {
	for _, err := range errs {
		said = append(said, err.Error())
	}
	return said
}

// settleService settles what a daemon needs.
func (s *Settings) settleService(c file) (faults []string) {
	s.Listen, s.WebConfig = cmp.Or(c.Listen, DefaultListen), c.WebConfigFile
	if err := CheckListen(s.Listen); err != nil {
		faults = append(faults, err.Error())
	}
	if s.WebConfig != "" {
		if err := checkWebConfig(s.WebConfig); err != nil {
			faults = append(faults, fmt.Sprintf("web_config_file: %s: %v", s.WebConfig, err))
		}
	}
	if s.Zone == nil {
		return faults
	}
	var err error
	if s.Schedule, err = daemon.NewSchedule(cmp.Or(c.Schedule, "0 3 * * *"), cmp.Or(c.GiveUp, "07:00"),
		s.Zone); err != nil {
		faults = append(faults, strings.Split(err.Error(), "\n")...)
	}
	s.Schedule = s.Schedule.Pausing(s.Pauses...)
	return faults
}

// ListenWarning tells of a service that answers everybody.
func (s Settings) ListenWarning() string {
	host, _, err := net.SplitHostPort(s.Listen)
	ip := net.ParseIP(host)
	if err != nil || s.WebConfig != "" || host == "localhost" || ip != nil && ip.IsLoopback() {
		return ""
	}
	return "; beware: without a password and without TLS, whoever can reach it is answered (web_config_file)"
}

// CheckListen tells whether the service can answer at an address; off is one.
func CheckListen(address string) error {
	if address == "off" {
		return nil
	}
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return fmt.Errorf("listen: %q is not an address: write it as 127.0.0.1:9190, or off", address)
	}
	return nil
}

// checkWebConfig checks the file of TLS and passwords, and those that it names.
func checkWebConfig(path string) error {
	text, err := files.Read(path)
	if err != nil {
		return err
	}
	var c struct {
		TLS struct {
			Certificate string `yaml:"cert_file"`
			Key         string `yaml:"key_file"`
			Authority   string `yaml:"client_ca_file"`
		} `yaml:"tls_server_config"`
	}
	if err := yaml.Unmarshal(text, &c); err == nil { // what is wrong with it is told below
		for _, named := range []string{c.TLS.Certificate, c.TLS.Key, c.TLS.Authority} {
			if named != "" && !filepath.IsAbs(named) {
				named = filepath.Join(filepath.Dir(path), named)
			}
			var other *files.NotFileError
			if err := files.Check(named); errors.As(err, &other) {
				return err
			}
		}
	}
	return web.Validate(path)
}

func inFile(source string, faults []string) []string {
	if source != "" {
		faults[0] = source + ": " + faults[0]
	}
	return faults
}
