//go:build !single

package config

import (
	"bytes"
	"errors"
	"slices"

	"go.yaml.in/yaml/v4"
)

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
	if hasReferences(both) {
		return nil, errors.New("write out what is meant by <<, & and *: in a fleet each school's settings are kept " +
			"as they are")
	}
	uncomment(both)
	for _, key := range slices.Concat(unusedKeys, []string{"canary", "fleet"}) {
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

// hasReferences tells whether a value refers to another: there may be anything in that.
func hasReferences(n *yaml.Node) bool {
	return n.Kind == yaml.AliasNode || n.Anchor != "" || n.Tag == "!!merge" || n.Value == "<<" ||
		slices.ContainsFunc(n.Content, hasReferences)
}

// uncomment takes the comments away: there may be an old password in them.
func uncomment(n *yaml.Node) {
	n.HeadComment, n.LineComment, n.FootComment = "", "", ""
	for _, inside := range n.Content {
		uncomment(inside)
	}
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
