package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"misimportd/importer/want"
	"misimportd/mis"
)

// coverConfig is the section cover of the configuration file.
type coverConfig struct {
	ValidIf *[]string `yaml:"valid_if"`
}

// eventsConfig is the files of events: one, or several, by their names or by patterns.
type eventsConfig []string

// UnmarshalYAML reads a name or a list of names.
func (e *eventsConfig) UnmarshalYAML(node *yaml.Node) error {
	items := []*yaml.Node{node}
	if node.Kind == yaml.SequenceNode {
		items = node.Content
	}
	for _, item := range items {
		path := strings.TrimSpace(item.Value)
		if item.Kind != yaml.ScalarNode || path == "" || item.Tag == "!!null" {
			return faultAt(item, "write the files of events as events/*.yml, or as a list of names")
		}
		if _, err := filepath.Match(path, ""); err != nil {
			return faultAt(item, fmt.Sprintf("%q is no pattern of file names: a [ needs a ]", path))
		}
		*e = append(*e, path)
	}
	return nil
}

// validCovers is what makes a cover count where nothing is configured.
var validCovers = []mis.CoverFlag{"visible", "enabled"}

// settleBeside settles what stands beside lessons.
func (s *Settings) settleBeside(c file) (faults []string) {
	s.EventsFiles = slices.Clone(c.EventsFiles)
	if c.DutiesFile != "" {
		s.EventsFiles = append(s.EventsFiles, c.DutiesFile)
	}
	s.Covers = want.CoverRules{ValidIf: validCovers}
	if c.Cover == nil || c.Cover.ValidIf == nil {
		return nil
	}
	s.Covers.ValidIf = nil
	for _, text := range *c.Cover.ValidIf {
		flag := mis.CoverFlag(strings.ToLower(strings.TrimSpace(text)))
		if !slices.Contains(mis.CoverFlags, flag) {
			faults = append(faults, fmt.Sprintf("cover.valid_if: %q: choose of visible, enabled and published", text))
		}
		s.Covers.ValidIf = append(s.Covers.ValidIf, flag)
	}
	return faults
}
