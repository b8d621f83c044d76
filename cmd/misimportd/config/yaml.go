package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// decodeYAML reads the one document of a file into v. Keys that v does not have are faults,
// and so are a key that is given twice and a second document.
func decodeYAML(path string, text []byte, v any) error {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(v); err != nil && !errors.Is(err, io.EOF) {
		return faultf("%s: %s", path, yamlFault(err))
	}
	var more yaml.Node
	switch err := decoder.Decode(&more); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return faultf("%s: %s", path, yamlFault(err))
	}
	return faultf("%s: line %d: a second document after ---: put all into the first", path, more.Line)
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
	said = givenTwice.ReplaceAllString(said, `"$1" is given twice, first in line $2`)
	if found := wrongType.FindStringSubmatch(said); found != nil {
		said = "expected " + kindOf(found[2])
		if expected[found[2]] != "" && found[1] != "" &&
			!strings.HasPrefix(expected[found[2]], "keys") { // there, what was found may be a key for iSAMS
			said += " and found " + found[1]
		}
	}
	return fmt.Sprintf("line %d: %s", e.Mark.Line, said)
}

var (
	unknownKey = regexp.MustCompile(`field (\S+) not found in type \S+`)
	givenTwice = regexp.MustCompile(`mapping key "(.*)" already defined at line (\d+)`)
	wrongType  = regexp.MustCompile(`cannot (?:construct|unmarshal) !!\w+ ?(.*?) ?into (\S+)`)
	expected   = map[string]string{"string": "a text", "[]config.wholeNumber": "a list such as [7, 8]",
		"config.file": "keys and values", "config.isamsConfig": "keys and values",
		"config.requestConfig": "keys and values", "config.guardConfig": "keys and values",
		"config.limitsConfig": "keys and values", "config.aheadConfig": "keys and values",
		"config.customConfig":     "keys and values",
		"config.coverConfig":      "keys and values",
		"map[string]string":       "names and hashes, as in {alice: $2y$12$…}",
		"config.conversionConfig": "keys and values", "config.rollConfig": "keys and values",
		"config.convertLimits": "keys and values",
		"[]config.pauseConfig": "a list, as in [{from: 2026-12-19, to: 2027-01-03}]",
		"config.limitConfig":   "{percent: 10, at_least: 20}, a number or off",
		"bool":                 "true or false"}
)

// kindOf says what a setting of a type is written as.
func kindOf(typed string) string {
	switch said, known := expected[typed]; {
	case known:
		return said
	case strings.HasPrefix(typed, "[]"):
		return "a list, as in [first, second], or a line with a dash for each"
	}
	return "keys and values"
}

// wholeNumber is a number of the configuration, as people write it: to YAML, 010 is eight.
type wholeNumber int

// UnmarshalYAML reads a whole number.
func (n *wholeNumber) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.ScalarNode || !isWhole.MatchString(node.Value) {
		said := "expected a whole number"
		if node.Kind == yaml.ScalarNode {
			said += fmt.Sprintf(" and found `%s`", node.Value)
		}
		if leadingNought.MatchString(node.Value) {
			said += ": write it without the 0 that it begins with"
		}
		return faultAt(node, said)
	}
	number, err := strconv.Atoi(node.Value)
	*n = wholeNumber(number)
	return err
}

var (
	isWhole       = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,8})$`)
	isDecimal     = regexp.MustCompile(`^(0|[1-9][0-9]{0,8})(\.[0-9]{1,9})?$`)
	leadingNought = regexp.MustCompile(`^[-+]?0[0-9]`)
)

// faultAt is a fault of a YAML file, at its place.
func faultAt(node *yaml.Node, said string) error {
	return &yaml.LoadErrors{Errors: []*yaml.LoadError{{Mark: yaml.Mark{Line: node.Line, Column: node.Column},
		Message: said}}}
}
