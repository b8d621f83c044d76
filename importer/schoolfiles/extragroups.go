package schoolfiles

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"go.yaml.in/yaml/v4"

	"misimportd/era/files"
)

// ExtraGroup is a group that the school lists.
type ExtraGroup struct {
	Name    string
	Line    int
	Members []ExtraMember
}

// ExtraMember is a member as it is written in the file.
type ExtraMember struct {
	Kind string // pupil, staff or group
	Text string
	Line int
}

// ReadExtraGroups reads the school's file of extra groups, and tells whether it is there. Every fault in it is told
// with the file and the line. Without a file name, and where there is no such file, there is none.
func ReadExtraGroups(path string) (groups []ExtraGroup, isThere bool, err error) {
	if path == "" {
		return nil, false, nil
	}
	text, err := files.Read(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, false, nil
	case err != nil:
		return nil, false, fmt.Errorf("extra_groups_file: %w", err)
	}
	root, err := readYAML(path, text, "one")
	if root == nil || err != nil {
		return nil, err == nil, err
	}
	if root.Kind != yaml.MappingNode {
		return nil, false, fmt.Errorf("%s: line %d: expected groups, each as Heads of department: {staff: [AB, CD]}",
			path,
			root.Line)
	}
	var faults []error
	first := map[string]int{}
	for i := 0; i+1 < len(root.Content); i += 2 {
		g, err := readExtraGroup(root.Content[i], root.Content[i+1])
		if line, twice := first[g.Name]; twice && err == nil {
			err = fmt.Errorf("%d: %q is there already, in line %d: put its members together", g.Line, g.Name, line)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: line %w", path, err))
		}
		first[g.Name] = g.Line
		groups = append(groups, g)
	}
	return groups, true, errors.Join(faults...)
}

// memberKinds are what a group's lists are called, and what they hold.
var memberKinds = map[string]string{"staff": "staff", "pupils": "pupil", "groups": "group"}

// readExtraGroup reads one group. Its error begins with the line.
func readExtraGroup(key, value *yaml.Node) (ExtraGroup, error) {
	const longest = 200
	g := ExtraGroup{Name: strings.TrimSpace(key.Value), Line: key.Line}
	switch {
	case key.Kind != yaml.ScalarNode || g.Name == "":
		return g, fmt.Errorf("%d: expected a group's name", key.Line)
	case len(g.Name) > longest:
		return g, fmt.Errorf("%d: the name has more than %d bytes", key.Line, longest)
	case value.Kind == yaml.ScalarNode && value.Tag == "!!null": // it is to be there, and nobody is in it
		return g, nil
	case value.Kind != yaml.MappingNode:
		return g, fmt.Errorf("%d: expected {staff: [AB, CD], pupils: [1234], groups: [set/57]}, or some of these",
			value.Line)
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(value.Content); i += 2 {
		of, list := value.Content[i], value.Content[i+1]
		kind, known := memberKinds[of.Value]
		switch {
		case !known:
			return g, fmt.Errorf("%d: unknown key %q: a group has staff, pupils and groups", of.Line, of.Value)
		case seen[of.Value]:
			return g, fmt.Errorf("%d: %q is given twice: make it one list", of.Line, of.Value)
		case list.Kind != yaml.SequenceNode:
			return g, fmt.Errorf("%d: expected a list after %s, such as [AB, CD]", list.Line, of.Value)
		}
		seen[of.Value] = true
		for _, m := range list.Content {
			text := strings.TrimSpace(m.Value)
			if m.Kind != yaml.ScalarNode || text == "" {
				return g, fmt.Errorf("%d: expected the id or the name of a %s", m.Line, kind)
			}
			g.Members = append(g.Members, ExtraMember{kind, text, m.Line})
		}
	}
	return g, nil
}
