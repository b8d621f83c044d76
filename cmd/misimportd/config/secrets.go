package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"misimportd/era/files"
	"misimportd/era/hint"
)

// secretFiles reads the secrets that a section of the configuration names.
type secretFiles struct {
	section  string
	folder   string   // that paths are relative to
	named    string   // a folder in which they are looked up by their names, "" for none
	inFleet  bool     // they are nowhere else
	unasked  bool     // they are on other machines: each is blank
	warnings []string // of what is allowed, and seldom meant
}

// of is the same for a section.
func (s secretFiles) of(section string) secretFiles {
	s.section = section
	return s
}

// read reads a secret from a file, which may be a systemd credential of that name, or
// from the environment.
func (s *secretFiles) read(what, file, env string) (string, error) {
	if file == "" && env == "" {
		return "", fmt.Errorf("%s: %s_file is missing: name the file that holds it", s.section, what)
	}
	if s.unasked {
		return "", nil
	}
	text := os.Getenv(env)
	if file != "" {
		content, err := s.file(what, file)
		if err != nil {
			return "", err
		}
		text = strings.TrimPrefix(string(content), "\ufeff")
	}
	switch text = strings.TrimSpace(text); {
	case text == "" && file == "":
		return "", fmt.Errorf("%s: %s: the environment variable that %s_env names is not set", s.section, what,
			what[strings.LastIndexByte(what, ' ')+1:])
	case text == "":
		return "", fmt.Errorf("%s: %s_file: the file is empty: it has to hold the secret, in one line", s.section, what)
	case strings.ContainsAny(text, " \t\n\r"):
		return "", fmt.Errorf("%s: %s: there is more than one word where the secret should be, in one line", s.section,
			what)
	}
	return text, nil
}

// file reads the file of a secret, and warns of one that others can read.
func (s *secretFiles) file(what, file string) ([]byte, error) {
	path := s.credential(file)
	content, err := files.Read(path)
	switch {
	case err != nil && s.inFleet && s.named == "" && path == s.path(file):
		return nil, fmt.Errorf("%s: %s_file: the secret %s is not among the service's credentials, and there is no "+
			"folder of secrets: name it with --secrets, or secrets in fleet.yml", s.section, what, filepath.Base(file))
	case errors.Is(err, fs.ErrNotExist) && strings.ContainsAny(file, "./"):
		return nil, fmt.Errorf("%s: %s_file: there is no file %s: it has to hold the secret, in one line", s.section,
			what, path)
	case err != nil:
		return nil, fmt.Errorf("%s: %s_file names no file that can be read%s: it has to be the name of a file "+
			"that holds the secret, not the secret", s.section, what, reasonOf(err, file))
	}
	// systemd gives the service its right to a credential by an access list, and that shows
	// where others have the group's rights.
	others := fs.FileMode(0o077)
	if path != s.path(file) {
		others = 0o007
	}
	warning := fmt.Sprintf("others on this machine can read %s, which holds a secret: chmod 600 %s", path,
		hint.Quote(path))
	info, err := os.Stat(path)
	if err == nil && info.Mode().Perm()&others != 0 && !slices.Contains(s.warnings, warning) {
		s.warnings = append(s.warnings, warning)
	}
	return content, nil
}

// reasonOf tells of a file that cannot be read, unless its name looks like what should
// be in it.
func reasonOf(err error, file string) string {
	if strings.ContainsAny(file, "./") {
		return " (" + err.Error() + ")"
	}
	return ""
}

// credential is where a secret's file is: in the folder that systemd hands to a service,
// if it is there, else relative to the configuration.
func (s *secretFiles) credential(file string) string {
	if folder := os.Getenv("CREDENTIALS_DIRECTORY"); folder != "" {
		path := filepath.Join(folder, filepath.Base(file))
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	if s.named != "" {
		return filepath.Join(s.named, filepath.Base(file))
	}
	return s.path(file)
}

func (s *secretFiles) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(s.folder, name)
}
