package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"misimportd/era"
	"misimportd/importer/want"
)

// customConfig is the section custom_groups of the configuration file.
type customConfig struct {
	OnlyShared bool     `yaml:"only_shared"`
	Categories []string `yaml:"categories"`
}

// yearNames is how the school calls its year groups: {7: 1st year}.
type yearNames map[era.Year]string

// UnmarshalYAML reads the names.
func (n *yearNames) UnmarshalYAML(node *yaml.Node) error {
	const hint = "write the names of year groups as {7: 1st year, 8: 2nd year}"
	if node.Kind != yaml.MappingNode {
		return faultAt(node, hint)
	}
	*n = yearNames{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		year, err := era.ParseYear(key.Value)
		name := strings.TrimSpace(value.Value)
		_, twice := (*n)[year]
		switch {
		case err != nil:
			return faultAt(key, err.Error())
		case twice:
			return faultAt(key, fmt.Sprintf("year %s is given twice", year))
		case value.Kind != yaml.ScalarNode || name == "":
			return faultAt(value, hint)
		case slices.Contains(slices.Collect(maps.Values(*n)), name):
			return faultAt(value, fmt.Sprintf("%q is the name of two year groups: their groups could not be told "+
				"apart", name))
		}
		(*n)[year] = name
	}
	return nil
}

// bandsConfig is years that go together: {Sixth form: [12, 13]}.
type bandsConfig []want.Band

// UnmarshalYAML reads the bands.
func (b *bandsConfig) UnmarshalYAML(node *yaml.Node) error {
	const hint = "write bands as {Sixth form: [12, 13]}"
	if node.Kind != yaml.MappingNode {
		return faultAt(node, hint)
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		band := want.Band{Name: strings.TrimSpace(key.Value)}
		switch {
		case band.Name == "" || strings.Contains(band.Name, "/"):
			return faultAt(key, "a band's name is not blank, and has no /")
		case slices.ContainsFunc(*b, func(other want.Band) bool { return strings.EqualFold(other.Name, band.Name) }):
			return faultAt(key, fmt.Sprintf("the band %q is given twice", band.Name))
		case value.Kind != yaml.SequenceNode:
			return faultAt(value, hint)
		case len(value.Content) == 0:
			return faultAt(value, fmt.Sprintf("the band %q has no year: %s", band.Name, hint))
		}
		for _, item := range value.Content {
			year, err := era.ParseYear(item.Value)
			if err != nil {
				return faultAt(item, err.Error())
			}
			band.Years = append(band.Years, year)
		}
		*b = append(*b, band)
	}
	return nil
}

// automaticConfig is the section automatic_groups: off for all, or for each family off or how its groups are called.
type automaticConfig map[want.Family]string

// houses is what groups of houses are called in automatic_groups: they have a kind of their own, and no template.
const houses want.Family = "houses"

const off = "off"

// UnmarshalYAML reads the families.
func (a *automaticConfig) UnmarshalYAML(node *yaml.Node) error {
	families := want.DefaultNames()
	if node.Kind == yaml.ScalarNode && (node.Value == off || node.Value == "false") {
		*a = automaticConfig{houses: off}
		for family := range families {
			(*a)[family] = off
		}
		return nil
	}
	if node.Kind != yaml.MappingNode {
		return faultAt(node, "write families of groups as {all_staff: off, year_tutors: \"{year} tutors\"}")
	}
	*a = automaticConfig{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		family := want.Family(key.Value)
		template, known := families[family]
		_, twice := (*a)[family]
		text := strings.TrimSpace(value.Value)
		isOff := text == off || text == "false"
		switch {
		case twice:
			return faultAt(key, fmt.Sprintf("%q is given twice", key.Value))
		case !known && family != houses:
			return faultAt(key, fmt.Sprintf("unknown key %q: the families are houses, %s", key.Value,
				joinFamilies(families)))
		case isOff:
			text = off
		case value.Tag == "!!null":
			return faultAt(value, fmt.Sprintf("%s: write off, or a name such as %q", key.Value, template))
		case known && (text == "on" || text == "true"):
			text = template
		case family == houses && text != "on" && text != "true":
			return faultAt(value, "houses: write on or off")
		case value.Kind != yaml.ScalarNode || text == "":
			return faultAt(value, fmt.Sprintf("%s: write off, or a name such as %q", key.Value, template))
		case missingBlank(template, text) != "":
			return faultAt(value, fmt.Sprintf("%s: %q has to hold %s, or several groups would have one name", key.Value,
				text, missingBlank(template, text)))
		}
		(*a)[family] = text
	}
	return nil
}

func joinFamilies(families map[want.Family]string) string {
	var names []string
	for _, f := range slices.Sorted(maps.Keys(families)) {
		names = append(names, string(f))
	}
	return strings.Join(names, ", ")
}

// missingBlank is what a template has to fill in and a name does not, "" for nothing.
func missingBlank(template, name string) string {
	for _, blank := range []string{"{year}", "{house}", "{subject}", "{band}"} {
		if strings.Contains(template, blank) && !strings.Contains(name, blank) {
			return blank
		}
	}
	return ""
}

// byYear is what groups by year can be made of, with their families.
var byYear = map[string][]want.Family{"houses": {want.HouseYearPupils},
	"subjects": {want.SubjectYearTeachers, want.SubjectYearPupils}}

// settleGroups settles which groups there are beside forms and sets.
func (s *Settings) settleGroups(c file) (faults []string) {
	s.ExtraGroupsFile = c.ExtraGroupsFile
	g := want.OtherGroups{Houses: c.AutomaticGroups[houses] != off,
		Automatic: want.Automatic{Names: want.DefaultNames(), Years: c.YearNames, Bands: c.Bands}}
	if c.CustomGroups != nil {
		g.Custom = want.CustomGroups(*c.CustomGroups)
	}
	if c.ByYear != nil {
		for _, of := range *c.ByYear {
			if _, known := byYear[of]; !known {
				faults = append(faults, fmt.Sprintf("by_year: %q: choose of houses and subjects", of))
			}
		}
		for of, families := range byYear {
			if slices.Contains(*c.ByYear, of) {
				continue
			}
			for _, family := range families {
				delete(g.Automatic.Names, family)
			}
		}
	}
	for family, name := range c.AutomaticGroups {
		switch _, isOn := g.Automatic.Names[family]; {
		case name == off:
			delete(g.Automatic.Names, family)
		case isOn:
			g.Automatic.Names[family] = name
		}
	}
	s.Groups = g
	return faults
}
