package config_test

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"misimportd/cmd/misimportd/config"
	"misimportd/cmd/misimportd/manual"
)

// settings lists the settings of a type by their paths, such as isams.retry.first. A type that comes again
// is told of where it comes first.
func settings(t reflect.Type, path string, seen map[reflect.Type]bool) (paths []string) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || seen[t] {
		return nil
	}
	seen[t] = true
	for i := range t.NumField() {
		name, options, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		switch {
		case options == "inline":
			paths = append(paths, settings(t.Field(i).Type, path, seen)...)
		case name != "":
			paths = append(append(paths, path+name), settings(t.Field(i).Type, path+name+".", seen)...)
		}
	}
	return paths
}

// shown lists the paths of what stands in a YAML document, and so in an example of the manual.
func shown(node *yaml.Node, path string) (paths []string) {
	for i, child := range node.Content {
		switch {
		case node.Kind != yaml.MappingNode:
			paths = append(paths, shown(child, path)...)
		case i%2 == 0:
			paths = append(paths, path+child.Value)
			paths = append(paths, shown(node.Content[i+1], path+child.Value+".")...)
		}
	}
	return paths
}

var examples = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// untold lists the settings that stand neither in code, by their paths, nor in an example of a text.
func untold(paths []string, text string) (missing []string) {
	var told []string
	for _, example := range examples.FindAllStringSubmatch(text, -1) {
		var document yaml.Node
		if err := yaml.Unmarshal([]byte(example[1]), &document); err == nil {
			told = append(told, shown(&document, "")...)
		}
	}
	for _, path := range paths {
		below := strings.Contains(text, "`"+path+".") // what is below a section tells of it
		if !slices.Contains(told, path) && !strings.Contains(text, "`"+path+"`") && !below {
			missing = append(missing, path)
		}
	}
	return missing
}

func TestTheManualTellsOfEachSetting(t *testing.T) {
	paths := settings(reflect.TypeOf(config.File), "", map[reflect.Type]bool{})
	if len(paths) < 90 || !slices.Contains(paths, "isams.requests.key_file") ||
		!slices.Contains(paths, "guard.pupils_leaving") {
		t.Fatalf("found %d settings: %s", len(paths), paths)
	}
	var all strings.Builder
	for _, topic := range manual.Topics() {
		all.WriteString(topic.Text)
	}
	for _, path := range untold(paths, all.String()) {
		t.Errorf("no topic tells of %s", path)
	}
	// What is told under the names of sections that there are, is there.
	sections := regexp.MustCompile("`((?:isams|guard|ahead|convert|cover|custom_groups)\\.[a-z_.]+)`")
	for _, name := range sections.FindAllStringSubmatch(all.String(), -1) {
		if !slices.Contains(paths, name[1]) && name[1] != "isams.key" { // a file
			t.Errorf("a topic tells of %s, which is no setting", name[1])
		}
	}
	got := untold([]string{"a.b", "a.c", "d", "e.f"}, "`d`\n```yaml\na: {b: 1}\ne: [{f: 2}]\n```\n")
	if want := []string{"a.c"}; !slices.Equal(got, want) {
		t.Errorf("not told: %s, want %s", got, want)
	}
}
