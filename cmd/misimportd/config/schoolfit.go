//go:build !single

package config

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"misimportd/era/files"
)

// unfit is what a school's settings say that cannot be so in a fleet.
func (c file) unfit() (faults []string) {
	if c.ISAMS == nil || c.ISAMS.URL == "" {
		faults = append(faults, "isams is missing, or its url: in a fleet nobody can put a document there by hand")
	} else {
		faults = append(faults, moreThanAddress("isams: url", c.ISAMS.URL)...)
		faults = append(faults, moreThanAddress("isams: proxy", c.ISAMS.Proxy)...)
	}
	if c.Documents == InFolder {
		faults = append(faults, "documents: in a fleet they are kept in the database: any worker may take any school")
	}
	if !strings.HasPrefix(c.Database, "postgres://") && !strings.HasPrefix(c.Database, "postgresql://") {
		return append(faults, "database: name a PostgreSQL that every worker reaches, as in "+
			"postgres://USER@HOST/NAME?search_path=SCHEMA")
	}
	const instead = ": name the secret that holds it in database_password_file"
	return append(faults, secretIn("database", c.Database, instead)...)
}

// moreThanAddress tells of a user or parameters in a URL: what a school's file says is kept in the fleet's database,
// as it is, and they may be secrets.
func moreThanAddress(key, address string) []string {
	u, err := url.Parse(address)
	if err != nil {
		return []string{key + ": it cannot be read: special characters in it have to be written with %xx"}
	}
	if u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return []string{key + ": in a fleet it may hold no user, and nothing after a question mark: secrets are " +
			"named by their files"}
	}
	return nil
}

// secretIn tells of a secret in a URL: what a school's file says is kept in the fleet's database, as it is.
func secretIn(key, address, instead string) []string {
	u, err := url.Parse(address)
	if err != nil {
		return []string{key + ": it cannot be read: special characters in it have to be written with %xx"}
	}
	_, has := u.User.Password()
	parameters, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return []string{key + ": what follows its question mark cannot be read: special characters in it have to be " +
			"written with %xx"}
	}
	for parameter := range parameters {
		has = has || strings.Contains(strings.ToLower(parameter), "pass") || secretKeys.MatchString(parameter)
	}
	if !has {
		return nil
	}
	return []string{key + ": no password may stand in it" + instead}
}

// placeOf is where a database is, without user and password; the same for names that mean the same.
func placeOf(database string) (string, error) {
	u, err := url.Parse(database)
	if err != nil {
		return "", errors.New("database: write it as postgres://USER@HOST:PORT/NAME")
	}
	place := cmp.Or(u.Host, u.Query().Get("host"))
	if u.Host != "" {
		port := cmp.Or(u.Port(), u.Query().Get("port"), "5432")
		place = strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
		if port != "5432" {
			place += ":" + port
		}
	}
	place += "/" + strings.TrimPrefix(u.Path, "/")
	first, _, _ := strings.Cut(u.Query().Get("search_path"), ",")
	schema := strings.TrimSpace(first)
	if unquoted, isQuoted := strings.CutPrefix(schema, `"`); isQuoted {
		schema = strings.TrimSuffix(unquoted, `"`)
	} else {
		schema = strings.ToLower(schema)
	}
	if schema != "" {
		place += ", schema " + schema
	}
	return place, nil
}

// unusedKeys are sections that have no meaning in a fleet. They are not kept: there may be secrets in them.
var unusedKeys = []string{"state", "listen", "operators", "hosts", "web_config_file", "messages"}

// HasMeaningInFleet tells whether a section does.
func HasMeaningInFleet(key string) bool { return !slices.Contains(unusedKeys, key) }

// unused warns of what a file says that has no meaning in a fleet.
func unused(path string, text []byte) (warnings []string) {
	section, err := sectionOf(text)
	if err != nil {
		return nil // who reads it is told
	}
	for _, key := range unusedKeys {
		if keyAt(section, key) >= 0 {
			warnings = append(warnings, fmt.Sprintf("%s: %s is not used in a fleet: its workers have their own, and "+
				"alerts tell of what waits", path, key))
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
			faults = append(faults, "a secret has to be a name alone in a fleet, without a folder: each worker "+
				"looks it up among its own (--secrets)")
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
		if len(found) == 0 {
			return nil, fmt.Errorf("events_files: no file is called %s", pattern)
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
