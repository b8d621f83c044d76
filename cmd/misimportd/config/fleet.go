//go:build !single

package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"misimportd/era/files"
	"misimportd/importer/fleet"
)

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
		if *of.into, err = strconv.Atoi(number); err != nil || !isRate || *of.into < 1 {
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
	const least = 64 << 20
	n, err := parseSize(text)
	if err != nil {
		return 0, fmt.Errorf("max_memory: %w", err)
	}
	if n < least {
		return 0, errors.New("max_memory: an import takes more than that: give it 64MiB at least")
	}
	return n, nil
}
