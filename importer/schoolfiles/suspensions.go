// Package schoolfiles reads the files that a school keeps by hand. Errors name the line and say what
// to write.
package schoolfiles

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"misimportd/era"
	"misimportd/era/files"
)

// ReadSuspensions reads the school's file of suspensions and gaps. Every fault in it is
// told with the file and the line. Without a file name there are none.
func ReadSuspensions(path string) ([]era.Suspension, error) {
	if path == "" {
		return nil, nil
	}
	text, err := files.Read(path)
	if err != nil {
		return nil, fmt.Errorf("suspensions_file: %w", err)
	}
	root, err := readYAML(path, text, "one list")
	if root == nil || err != nil {
		return nil, err
	}
	if root.Kind != yaml.SequenceNode {
		return nil, fmt.Errorf("%s: line %d: expected a list: begin each suspension with \"- \"", path, root.Line)
	}
	var suspensions []era.Suspension
	var faults []error
	for _, item := range root.Content {
		s, err := readSuspension(item)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: line %w", path, err))
		}
		suspensions = append(suspensions, s)
	}
	return suspensions, errors.Join(faults...)
}

// readYAML is the one document of a file, nil of an empty one. whole is what it is to be.
func readYAML(path string, text []byte, whole string) (*yaml.Node, error) {
	var list, more yaml.Node
	documents := yaml.NewDecoder(bytes.NewReader(text))
	if err := documents.Decode(&list); err != nil && !errors.Is(err, io.EOF) {
		return nil, notYAML(path, err)
	}
	switch err := documents.Decode(&more); {
	case errors.Is(err, io.EOF):
	case err != nil:
		return nil, notYAML(path, err)
	default:
		return nil, fmt.Errorf("%s: line %d: a second document after ---: put all into %s", path, more.Line, whole)
	}
	if len(list.Content) == 0 {
		return nil, nil
	}
	return list.Content[0], nil
}

// notYAML tells of a file that is no YAML, and where that shows.
func notYAML(path string, err error) error {
	var fault *yaml.LoadError
	if errors.As(err, &fault) {
		return fmt.Errorf("%s: line %d: %s", path, fault.Mark.Line, fault.Message)
	}
	return fmt.Errorf("%s: %w", path, err)
}

// readSuspension reads one item of the list. Its error begins with the line.
func readSuspension(item *yaml.Node) (s era.Suspension, err error) {
	if item.Kind != yaml.MappingNode {
		return s, fmt.Errorf("%d: expected {name: …, kind: …, from: …, to: …}", item.Line)
	}
	var from, to string
	given := map[string]bool{}
	for i := 0; i+1 < len(item.Content); i += 2 {
		key, value := item.Content[i], item.Content[i+1]
		if given[key.Value] {
			return s, fmt.Errorf("%d: %s is given twice", key.Line, key.Value)
		}
		given[key.Value] = true
		switch key.Value {
		case "name":
			s.Name = strings.TrimSpace(value.Value)
		case "kind":
			s.Kind = era.Kind(value.Value)
		case "from":
			from = value.Value
		case "to":
			to = value.Value
		case "daily":
			if err := value.Decode(&s.Daily); err != nil || value.Tag == "!!null" {
				return s, fmt.Errorf("%d: daily is true or false", value.Line)
			}
		case "years":
			if s.Years, err = yearsOf(value); err != nil {
				return s, fmt.Errorf("%d: %w", value.Line, err)
			}
		default:
			return s, fmt.Errorf("%d: unknown key %q: there are name, kind, years, from, to and daily", key.Line,
				key.Value)
		}
	}
	if s.From, s.To, err = era.ParseSpan(from, to); err != nil {
		return s, fmt.Errorf("%d: %w", item.Line, err)
	}
	if err := s.Check(); err != nil {
		return s, fmt.Errorf("%d: %w", item.Line, err)
	}
	return s, nil
}

func yearsOf(list *yaml.Node) (years []era.Year, err error) {
	if list.Kind != yaml.SequenceNode || len(list.Content) == 0 {
		return nil, errors.New("years is a list such as [11, 13]; leave it out for all")
	}
	for _, item := range list.Content {
		year, err := era.ParseYear(item.Value)
		switch {
		case err != nil:
			return nil, err
		case year.String() != item.Value: // to YAML, 011 is nine
			return nil, fmt.Errorf("%q is no plain number: write %s", item.Value, year)
		}
		years = append(years, year)
	}
	slices.Sort(years)
	return slices.Compact(years), nil
}
