//go:build !single

package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"misimportd/era/files"
	"misimportd/importer/fleet"
)

// DefaultsFile is what a folder of schools has beside one file for each: what a school's file does not say.
const DefaultsFile = "defaults.yml"

// defaultsConfig is that file: a school's settings, and those of the fleet.
type defaultsConfig struct {
	file   `yaml:",inline"`
	Canary []string     `yaml:"canary"`
	Fleet  *fleetConfig `yaml:"fleet"`
}

type fleetConfig struct {
	Window     string     `yaml:"window"`
	Stop       stopConfig `yaml:"stop"`
	PerHost    string     `yaml:"per_host"`
	PerAddress string     `yaml:"per_address"`
}

type stopConfig struct {
	Percent *wholeNumber `yaml:"percent"`
	AtLeast *wholeNumber `yaml:"at_least"`
}

// schoolName is a name that can stand in a path, a label and a command.
var schoolName = regexp.MustCompile(`^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$`)

// ReadSchools reads a folder that describes a fleet: one file for each school, and the defaults. It reports everything
// that is wrong, in an Error. No secret is read: they are where the workers are.
func ReadSchools(folder string) (wanted fleet.Wanted, warnings []string, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return wanted, nil, faultf("schools: %w", err)
	}
	var defaults defaultsConfig
	path := filepath.Join(folder, DefaultsFile)
	text, err := files.Read(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		text = nil
	case err != nil:
		return wanted, nil, faultf("schools: %w", err)
	default:
		if err := decodeYAML(path, text, &defaults); err != nil {
			return wanted, nil, err
		}
	}
	settings, faults := defaults.Fleet.settle()
	for i := range faults {
		faults[i] = path + ": " + faults[i]
	}
	wanted.Settings = settings
	warned := map[string]bool{}
	for _, entry := range entries {
		if name, isOther := strings.CutSuffix(entry.Name(), ".yaml"); isOther {
			faults = append(faults, fmt.Sprintf("%s: a school's file has to end in .yml: call it %s.yml",
				filepath.Join(folder, entry.Name()), name))
		}
		name, isSchool := strings.CutSuffix(entry.Name(), ".yml")
		if !isSchool || entry.Name() == DefaultsFile || entry.IsDir() {
			continue
		}
		school, told, err := readSchool(folder, name, text)
		if err != nil {
			faults = append(faults, err.Error())
			continue
		}
		for _, w := range told {
			warned[w] = true
		}
		school.Canary = slices.Contains(defaults.Canary, name)
		wanted.Schools = append(wanted.Schools, school)
	}
	places := map[string]string{}
	for _, school := range wanted.Schools {
		if other, taken := places[school.Database]; taken {
			faults = append(faults, fmt.Sprintf("%s: %s has the same database and schema (%s): give each school its "+
				"own",
				filepath.Join(folder, school.Name+".yml"), other, school.Database))
		}
		places[school.Database] = school.Name
	}
	for _, name := range defaults.Canary {
		if !slices.ContainsFunc(wanted.Schools, func(s fleet.School) bool { return s.Name == name }) &&
			len(faults) == 0 {
			faults = append(faults, fmt.Sprintf("%s: canary: there is no school %s: its file would be %s.yml", path,
				name,
				name))
		}
	}
	if len(faults) == 0 && len(wanted.Schools) == 0 {
		faults = append(faults, fmt.Sprintf("%s: there is no school in this folder: write one file for each, as in "+
			"st-anne.yml", folder))
	}
	return wanted, slices.Sorted(maps.Keys(warned)), tellOf(faults)
}

// tellOf is the error of so many faults, of which not all may be worth a line.
func tellOf(faults []string) error {
	const most = 20
	if len(faults) == 0 {
		return nil
	}
	if more := len(faults) - most; more > 0 {
		faults = append(faults[:most:most], fmt.Sprintf("and %d more", more))
	}
	return faultf("%s", strings.Join(faults, "; "))
}

// readSchool reads the file of a school and checks it together with the defaults.
func readSchool(folder, name string, defaults []byte) (school fleet.School, warnings []string, err error) {
	path := filepath.Join(folder, name+".yml")
	if !schoolName.MatchString(name) {
		return school, nil, faultf("%s: %q cannot be a school's name: use small letters, digits, -, . and _", path,
			name)
	}
	text, err := files.Read(path)
	if err != nil {
		return school, nil, faultf("schools: %w", err)
	}
	var own file
	if err := decodeYAML(path, text, &own); err != nil {
		return school, nil, err
	}
	merged, err := merge(defaults, text)
	if err != nil {
		return school, nil, faultf("%s: %w", path, err)
	}
	var c file
	if err := decodeYAML(path, merged, &c); err != nil {
		return school, nil, err
	}
	settings, err := Settle(Given{File: path, text: merged, Unasked: true})
	if err != nil {
		return school, nil, err
	}
	school = fleet.School{Name: name, Configuration: string(merged), Zone: settings.Zone.String(),
		Schedule: cmp.Or(c.Schedule, "0 3 * * *"), GiveUp: cmp.Or(c.GiveUp, "07:00"), Secrets: c.secretNames()}
	faults := append(c.unfit(), c.wrongSecrets()...)
	if school.Database, err = placeOf(settings.Database); err != nil {
		faults = append(faults, err.Error())
	}
	if school.Files, err = settings.carried(folder, c); err != nil {
		faults = append(faults, err.Error())
	}
	if len(faults) > 0 {
		return school, nil, faultf("%s", strings.Join(inFile(path, faults), "; "))
	}
	return school, c.unused(), nil
}

// merge puts a school's settings over the defaults: what both have is the school's, section by section. Values stay as
// they were written.
func merge(defaults, own []byte) ([]byte, error) {
	under, err := sectionOf(defaults)
	if err != nil {
		return nil, err
	}
	over, err := sectionOf(own)
	if err != nil {
		return nil, err
	}
	both := mergeSections(under, over)
	for _, key := range []string{"canary", "fleet"} {
		if at := keyAt(both, key); at >= 0 {
			both.Content = slices.Delete(both.Content, at, at+2)
		}
	}
	if keyAt(both, "documents") < 0 {
		both.Content = append(both.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: "documents"},
			&yaml.Node{Kind: yaml.ScalarNode, Value: "database"})
	}
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	err = errors.Join(encoder.Encode(both), encoder.Close())
	return text.Bytes(), err
}

// sectionOf is the keys and values of a file; none of an empty one.
func sectionOf(text []byte) (*yaml.Node, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	if document.Kind == yaml.DocumentNode && document.Content[0].Kind == yaml.MappingNode {
		return document.Content[0], nil
	}
	return &yaml.Node{Kind: yaml.MappingNode}, nil
}

func mergeSections(under, over *yaml.Node) *yaml.Node {
	both := &yaml.Node{Kind: yaml.MappingNode, Content: slices.Clone(under.Content)}
	for i := 0; i+1 < len(over.Content); i += 2 {
		key, value := over.Content[i], over.Content[i+1]
		at := keyAt(both, key.Value)
		switch {
		case at < 0:
			both.Content = append(both.Content, key, value)
		case both.Content[at+1].Kind == yaml.MappingNode && value.Kind == yaml.MappingNode:
			both.Content[at+1] = mergeSections(both.Content[at+1], value)
		default:
			both.Content[at+1] = value
		}
	}
	return both
}

// keyAt is where a section has a key, -1 for nowhere.
func keyAt(section *yaml.Node, key string) int {
	for i := 0; i+1 < len(section.Content); i += 2 {
		if section.Content[i].Value == key {
			return i
		}
	}
	return -1
}

// unfit is what a school's settings say that cannot be so in a fleet.
func (c file) unfit() (faults []string) {
	if c.ISAMS == nil || c.ISAMS.URL == "" {
		faults = append(faults, "isams is missing, or its url: in a fleet nobody can put a document there by hand")
	}
	switch u, err := url.Parse(c.Database); {
	case c.Database == "" || strings.HasPrefix(c.Database, "sqlite:"):
		faults = append(faults, "database: name a PostgreSQL that every worker reaches, as in "+
			"postgres://USER@HOST/NAME?search_path=SCHEMA")
	case c.Documents == InFolder:
		faults = append(faults, "documents: in a fleet they are kept in the database: any worker may take any school")
	case err == nil:
		if _, has := u.User.Password(); has || u.Query().Has("password") {
			faults = append(faults, "database: no password may stand in it: name the secret that holds it in "+
				"database_password_file")
		}
	}
	return faults
}

// placeOf is where a database is, without user and password.
func placeOf(database string) (string, error) {
	u, err := url.Parse(database)
	if err != nil {
		return "", errors.New("database: write it as postgres://USER@HOST:PORT/NAME")
	}
	place := cmp.Or(u.Host, u.Query().Get("host")) + "/" + strings.TrimPrefix(u.Path, "/")
	if path := u.Query().Get("search_path"); path != "" {
		place += ", schema " + path
	}
	return place, nil
}

// unused is what a school's settings say that has no meaning in a fleet.
func (c file) unused() (warnings []string) {
	for _, of := range []struct {
		key string
		is  bool
	}{{"state", c.State != ""}, {"listen", c.Listen != ""}, {"operators", len(c.Operators) > 0},
		{"hosts", len(c.Hosts) > 0}, {"web_config_file", c.WebConfigFile != ""}, {"messages", c.Messages != nil}} {
		if of.is {
			warnings = append(warnings, of.key+" of a school is not used in a fleet: its workers have their own, and "+
				"alerts tell of what waits")
		}
	}
	return warnings
}

// secretNames are the secrets that a school's worker has to know, by name.
func (c file) secretNames() (names []string) {
	add := func(name string) {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	add(c.DatabasePasswordFile)
	if c.ISAMS != nil {
		for _, r := range c.ISAMS.Requests {
			add(r.KeyFile)
		}
		if c.ISAMS.OAuth != nil {
			add(c.ISAMS.OAuth.ClientSecretFile)
		}
	}
	slices.Sort(names)
	return names
}

// wrongSecrets tells of secrets that are not named but placed: on which machine they are, nobody knows.
func (c file) wrongSecrets() (faults []string) {
	for _, name := range c.secretNames() {
		if filepath.Base(name) != name {
			faults = append(faults, "a secret has to be a name alone in a fleet, without a folder: each worker looks "+
				"it up "+
				"among its own (--secrets)")
			break
		}
	}
	if c.ISAMS != nil {
		for _, r := range c.ISAMS.Requests {
			if r.KeyEnv != "" {
				faults = append(faults, "isams: key_env: in a fleet, name the secret in key_file: a worker has many "+
					"schools")
			}
		}
		if c.ISAMS.OAuth != nil && c.ISAMS.OAuth.ClientSecretEnv != "" {
			faults = append(faults, "isams: oauth: client_secret_env: in a fleet, name the secret in "+
				"client_secret_file")
		}
	}
	return faults
}

// carried is the files that a school's settings name: they go along with them.
func (s Settings) carried(folder string, c file) (map[string][]byte, error) {
	paths := []string{s.SuspensionsFile, s.ExtraGroupsFile}
	if c.DutiesFile != "" {
		paths = append(paths, filepath.Join(folder, c.DutiesFile))
	}
	for _, pattern := range s.EventsFiles {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return nil, fmt.Errorf("events_files: %w", err)
		}
		paths = append(paths, found...)
	}
	if c.Convert != nil && c.Convert.Matches != "" {
		paths = append(paths, filepath.Join(folder, c.Convert.Matches))
	}
	if c.ISAMS != nil && c.ISAMS.CAFile != "" {
		paths = append(paths, s.ISAMS.CAFile)
	}
	carried := map[string][]byte{}
	for _, path := range paths {
		if path == "" {
			continue
		}
		within, err := filepath.Rel(folder, path)
		if err != nil || !filepath.IsLocal(within) {
			return nil, fmt.Errorf("%s is not in the folder of the schools: put it there, for it goes along with the "+
				"school",
				path)
		}
		text, err := files.Read(path)
		if err != nil {
			return nil, err
		}
		carried[within] = text
	}
	return carried, nil
}

// settle checks the fleet's own settings.
func (c *fleetConfig) settle() (s fleet.Settings, faults []string) {
	s = fleet.Settings{Window: time.Hour, StopPercent: 20, StopAtLeast: 5}
	if c == nil {
		return s, nil
	}
	var err error
	if c.Window != "" && c.Window != "0" {
		if s.Window, err = parseDuration(c.Window); err != nil {
			faults = append(faults, "fleet: window: "+err.Error())
		}
	} else if c.Window == "0" {
		s.Window = 0
	}
	if p := c.Stop.Percent; p != nil {
		if s.StopPercent = int(*p); s.StopPercent < 0 || s.StopPercent > 100 {
			faults = append(faults, "fleet: stop: percent has to be between 0 and 100")
		}
	}
	if n := c.Stop.AtLeast; n != nil {
		if s.StopAtLeast = int(*n); s.StopAtLeast < 1 {
			faults = append(faults, "fleet: stop: at_least has to be 1 or more")
		}
	}
	for _, of := range []struct {
		key, text string
		into      *int
	}{{"per_host", c.PerHost, &s.PerHost}, {"per_address", c.PerAddress, &s.PerAddress}} {
		if of.text == "" {
			continue
		}
		number, isRate := strings.CutSuffix(of.text, "/m")
		if _, err := fmt.Sscanf(number, "%d", of.into); err != nil || !isRate || *of.into < 1 {
			faults = append(faults, fmt.Sprintf("fleet: %s: %q is not a rate: write it as 4/m, which is 4 a minute",
				of.key,
				of.text))
		}
	}
	return s, faults
}

// DefaultFleetFile is where the commands of a fleet look for their settings.
const DefaultFleetFile = "/etc/misimportd/fleet.yml"

// fleetFile is the settings of a machine that works for a fleet.
type fleetFile struct {
	Fleet     string            `yaml:"fleet"`
	FleetFile string            `yaml:"fleet_file"`
	Jobs      wholeNumber       `yaml:"jobs"`
	MaxMemory string            `yaml:"max_memory"`
	Listen    string            `yaml:"listen"`
	Secrets   string            `yaml:"secrets"`
	Address   string            `yaml:"address"`
	State     string            `yaml:"state"`
	Operators map[string]string `yaml:"operators"`
	Hosts     []string          `yaml:"hosts"`
	WebConfig string            `yaml:"web_config_file"`
}

// Fleet is those settings after they were checked. What is blank or 0 nobody has said.
type Fleet struct {
	URL       string
	Jobs      int
	MaxMemory int64
	Listen    string
	Secrets   string
	Address   string
	State     string
	Operators map[string]string
	Hosts     []string
	WebConfig string
}

// ReadFleet reads the settings of a machine that works for a fleet. Without a name it reads the usual file, which need
// not be there.
func ReadFleet(path string) (s Fleet, err error) {
	named := path != ""
	path = cmp.Or(path, DefaultFleetFile)
	text, err := files.Read(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !named:
		return s, nil
	case err != nil:
		return s, faultf("configuration: %w; check what --config names, its owner and its mode", err)
	}
	var c fleetFile
	if err := decodeYAML(path, text, &c); err != nil {
		return s, err
	}
	folder := filepath.Dir(path)
	secrets := secretFiles{section: "fleet", folder: folder}
	s = Fleet{URL: c.Fleet, Jobs: int(c.Jobs), Listen: c.Listen, Secrets: secrets.placed(c.Secrets), Address: c.Address,
		State: secrets.placed(c.State), Operators: c.Operators, WebConfig: secrets.placed(c.WebConfig)}
	var faults []string
	if c.FleetFile != "" {
		if s.URL, err = secrets.read("fleet", c.FleetFile, ""); err != nil {
			faults = append(faults, strings.Replace(err.Error(), "fleet: fleet_file", "fleet_file", 1))
		}
	}
	if c.Jobs < 0 {
		faults = append(faults, "jobs has to be 1 or more")
	}
	if s.MaxMemory, err = ParseMemory(c.MaxMemory); err != nil {
		faults = append(faults, err.Error())
	}
	if c.Listen != "" {
		if err := CheckListen(c.Listen); err != nil {
			faults = append(faults, err.Error())
		}
	}
	if s.WebConfig != "" {
		if err := checkWebConfig(s.WebConfig); err != nil {
			faults = append(faults, fmt.Sprintf("web_config_file: %s: %v", s.WebConfig, err))
		}
	}
	var shown Settings
	faults = append(faults, shown.settlePages(file{Operators: c.Operators, Hosts: c.Hosts})...)
	s.Hosts = shown.Hosts
	if len(faults) > 0 {
		return s, faultf("%s", strings.Join(inFile(path, faults), "; "))
	}
	return s, nil
}

// placed is a path of the configuration, "" for none.
func (s *secretFiles) placed(path string) string {
	if path == "" {
		return ""
	}
	return s.path(path)
}

// ParseMemory reads what all imports of a worker may take together; "" is 0.
func ParseMemory(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := parseSize(text)
	if err != nil {
		return 0, fmt.Errorf("max_memory: %w", err)
	}
	return n, nil
}
