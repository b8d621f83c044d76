//go:build !single

package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"misimportd/era/files"
	"misimportd/importer/fleet"
)

// DefaultsFile is what a folder of schools has beside one file for each: what a school's file does not say.
const DefaultsFile = "defaults.yml"

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
	warnings = unused(path, text)
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
		warnings = append(warnings, told...)
		if err != nil {
			faults = append(faults, err.Error())
			continue
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
	return wanted, warnings, tellOf(faults)
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
	return school, unused(path, text), nil
}
