package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata"

	"github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v4"

	"misimportd/era"
	"misimportd/era/files"
	"misimportd/era/hint"
	"misimportd/importer"
	"misimportd/importer/daemon"
	"misimportd/importer/guard"
	"misimportd/mis/isams/batch"
)

const (
	defaultConfig = "/etc/misimportd/config.yml"
	defaultState  = "/var/lib/misimportd"
	defaultListen = "127.0.0.1:9190"
)

// config is the configuration file. Flags and the environment go before it.
type config struct {
	Database           string            `yaml:"database"`
	State              string            `yaml:"state"`
	Timezone           string            `yaml:"timezone"`
	Years              []wholeNumber     `yaml:"years"`
	AcademicYearStarts string            `yaml:"academic_year_starts"`
	Retention          string            `yaml:"retention"`
	Schedule           string            `yaml:"schedule"`
	GiveUp             string            `yaml:"give_up"`
	Listen             string            `yaml:"listen"`
	WebConfigFile      string            `yaml:"web_config_file"`
	SuspensionsFile    string            `yaml:"suspensions_file"`
	AutoRoll           bool              `yaml:"auto_roll"`
	NextEra            string            `yaml:"next_era"`
	Ahead              *aheadConfig      `yaml:"ahead"`
	Pauses             []pauseConfig     `yaml:"pauses"`
	Convert            *conversionConfig `yaml:"convert"`
	Guard              *guardConfig      `yaml:"guard"`
	ISAMS              *isamsConfig      `yaml:"isams"`
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
	schedule           daemon.Schedule
	listen             string          // off: nobody is answered
	webConfig          string          // a file of exporter-toolkit, for TLS and passwords; "" for none
	isams              *batch.Settings // nil: nothing is fetched
	useLastGood        bool
	suspensionsFile    string
	guard              guard.Guard
	turn               importer.Turn // of the school year
	pauses             []era.Pause
	conversion         importer.Conversion
	timetable          string   // the published one to import, "" for the only one
	source             string   // the file that was read, "" for none
	warnings           []string // of what is allowed, and seldom meant
	exposed            []string // of the configuration itself, likewise
	unread             error    // secrets that cannot be read: who asks iSAMS fails with it
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
	text, err := files.Read(path)
	var other *files.NotFileError
	switch {
	case errors.Is(err, fs.ErrNotExist) && !named:
		return c, "", nil
	case errors.As(err, &other):
		return c, path, usagef("configuration: %w", err)
	case err != nil:
		return c, path, usagef("configuration: %w; check what --config names, its owner and its mode", err)
	}
	if err := decodeYAML(path, text, &c); err != nil {
		return c, path, err
	}
	c.relativeTo(filepath.Dir(path))
	if c.ISAMS != nil {
		c.ISAMS.folder = filepath.Dir(path)
	}
	return c, path, nil
}

// relativeTo makes paths relative to the file that they stand in.
func (c *config) relativeTo(folder string) {
	if c.State != "" && !filepath.IsAbs(c.State) {
		c.State = filepath.Join(folder, c.State)
	}
	if c.SuspensionsFile != "" && !filepath.IsAbs(c.SuspensionsFile) {
		c.SuspensionsFile = filepath.Join(folder, c.SuspensionsFile)
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
	faults := s.settleSchool(f, c)
	if s.retention, err = parseDuration(first(c.Retention, "30d")); err != nil {
		faults = append(faults, "retention: "+err.Error())
	}
	s.suspensionsFile = c.SuspensionsFile
	var wrong []error
	s.guard, wrong = c.Guard.settle()
	faults = append(faults, texts(wrong)...)
	faults = append(faults, s.settleYear(c)...)
	faults = append(faults, s.settleService(c)...)
	faults = append(faults, s.settleISAMS(c.ISAMS)...)
	s.exposed = passwordWarning(source, c.Database)
	if len(faults) > 0 {
		if c.ISAMS != nil { // all that is wrong is told
			faults = append(faults, texts(c.ISAMS.unread)...)
		}
		return s, usagef("%s", strings.Join(inFile(source, faults), "; "))
	}
	return s, nil
}

// settleSchool settles what is true of the school: where it is, which year groups it imports, and
// when its years begin.
func (s *settings) settleSchool(f *flags, c config) (faults []string) {
	var err error
	if s.zone, err = time.LoadLocation(first(f.Timezone, c.Timezone, "Europe/London")); err != nil {
		faults = append(faults, fmt.Sprintf("timezone %q is not known: write it as Europe/London",
			first(f.Timezone, c.Timezone)))
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
		s.years = append(s.years, year)
	}
	if c.AcademicYearStarts != "" {
		if err := s.academicYearStarts.UnmarshalText([]byte(c.AcademicYearStarts)); err != nil {
			faults = append(faults, "academic_year_starts: "+err.Error())
		}
	}
	return faults
}

// settleISAMS settles how the MIS is asked, if it is.
func (s *settings) settleISAMS(c *isamsConfig) []string {
	if c == nil {
		return nil
	}
	s.useLastGood, s.timetable = c.UseLastGood, c.Timetable
	var wrong []error
	s.isams, wrong = c.settle()
	s.warnings = c.warnings
	if len(c.unread) > 0 {
		s.unread = usagef("%s", strings.Join(inFile(s.source, texts(c.unread)), "; "))
	}
	return texts(wrong)
}

func texts(errs []error) (said []string) {
	for _, err := range errs {
		said = append(said, err.Error())
	}
	return said
}

// passwordWarning tells of a file that others can read, with the database's password in it.
func passwordWarning(source, database string) []string {
	info, err := os.Stat(source)
	u, parsed := url.Parse(database)
	if err != nil || parsed != nil || info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	if _, has := u.User.Password(); !has && !u.Query().Has("password") {
		return nil
	}
	return []string{fmt.Sprintf("others on this machine can read %s, which holds the database's password: chmod 600 %s",
		source, hint.Quote(source))}
}

// sqliteIn is the database of a state folder, unless another is configured.
func sqliteIn(state string) string { return "sqlite:" + filepath.Join(state, "misimportd.db") }

// settleService settles what a daemon needs.
func (s *settings) settleService(c config) (faults []string) {
	s.listen, s.webConfig = first(c.Listen, defaultListen), c.WebConfigFile
	if err := checkListen(s.listen); err != nil {
		faults = append(faults, err.Error())
	}
	if s.webConfig != "" {
		if err := checkWebConfig(s.webConfig); err != nil {
			faults = append(faults, fmt.Sprintf("web_config_file: %s: %v", s.webConfig, err))
		}
	}
	if s.zone == nil {
		return faults
	}
	var err error
	if s.schedule, err = daemon.NewSchedule(first(c.Schedule, "0 3 * * *"), first(c.GiveUp, "07:00"),
		s.zone); err != nil {
		faults = append(faults, strings.Split(err.Error(), "\n")...)
	}
	s.schedule = s.schedule.Pausing(s.pauses...)
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

// checkListen tells whether the service can answer at an address; off is one.
func checkListen(address string) error {
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

// first is the first text that is not blank.
func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
