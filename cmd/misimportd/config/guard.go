package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"misimportd/importer/guard"
	"misimportd/store/model"
)

// guardConfig is the section guard of the configuration file. A limit that is not named
// keeps its default.
type guardConfig struct {
	limitsConfig `yaml:",inline"`
	Hold         string        `yaml:"hold"`
	GraceNights  wholeNumber   `yaml:"grace_nights"`
	Protected    []string      `yaml:"protected"`
	Rollover     limitsConfig  `yaml:"rollover"`
	Undo         limitsConfig  `yaml:"undo"`
	Roll         rollConfig    `yaml:"roll"`
	Convert      convertLimits `yaml:"convert"`
}

// limitsConfig is the limits, by their names.
type limitsConfig struct {
	PupilsLeaving       *limitConfig `yaml:"pupils_leaving"`
	StaffLeaving        *limitConfig `yaml:"staff_leaving"`
	GroupsEnding        *limitConfig `yaml:"groups_ending"`
	GroupsShrinking     *limitConfig `yaml:"groups_shrinking"`
	MembershipsEnding   *limitConfig `yaml:"memberships_ending"`
	LessonsRemoved      *limitConfig `yaml:"lessons_removed"`
	CommitmentsEnding   *limitConfig `yaml:"commitments_ending"`
	LessonsSuspended    *limitConfig `yaml:"lessons_suspended"`
	SuspensionsRemoved  *limitConfig `yaml:"suspensions_removed"`
	SectionsMissing     *limitConfig `yaml:"sections_missing"`
	SectionShrinks      *limitConfig `yaml:"section_shrinks"`
	DocumentDiffers     *limitConfig `yaml:"document_differs"`
	IDsChanged          *limitConfig `yaml:"ids_changed"`
	RecordsSkipped      *limitConfig `yaml:"records_skipped"`
	ValuesLost          *limitConfig `yaml:"values_lost"`
	GroupsEmptied       *limitConfig `yaml:"groups_emptied"`
	MembershipsMoving   *limitConfig `yaml:"memberships_moving"`
	LossesTogether      *limitConfig `yaml:"losses_together"`
	RecentLosses        *limitConfig `yaml:"recent_losses"`
	CoversEnding        *limitConfig `yaml:"covers_ending"`
	CommitmentsChanging *limitConfig `yaml:"commitments_changing"`
	YearsAbsent         *limitConfig `yaml:"years_absent"`
	RecordsNew          *limitConfig `yaml:"records_new"`
	ValuesChanged       *limitConfig `yaml:"values_changed"`
	ValuesShared        *limitConfig `yaml:"values_shared"`
	ValuesGarbled       *limitConfig `yaml:"values_garbled"`
}

func (c limitsConfig) byName() map[string]*limitConfig {
	return map[string]*limitConfig{
		guard.PupilsLeaving: c.PupilsLeaving, guard.StaffLeaving: c.StaffLeaving, guard.GroupsEnding: c.GroupsEnding,
		guard.GroupsShrinking: c.GroupsShrinking, guard.MembershipsEnding: c.MembershipsEnding,
		guard.LessonsRemoved:    c.LessonsRemoved,
		guard.CommitmentsEnding: c.CommitmentsEnding, guard.LessonsSuspended: c.LessonsSuspended,
		guard.SuspensionsRemoved: c.SuspensionsRemoved,
		guard.SectionsMissing:    c.SectionsMissing, guard.SectionShrinks: c.SectionShrinks,
		guard.DocumentDiffers: c.DocumentDiffers,
		guard.IDsChanged:      c.IDsChanged, guard.RecordsSkipped: c.RecordsSkipped, guard.ValuesLost: c.ValuesLost,
		guard.GroupsEmptied:       c.GroupsEmptied,
		guard.MembershipsMoving:   c.MembershipsMoving,
		guard.LossesTogether:      c.LossesTogether,
		guard.RecentLosses:        c.RecentLosses,
		guard.CoversEnding:        c.CoversEnding,
		guard.CommitmentsChanging: c.CommitmentsChanging,
		guard.YearsAbsent:         c.YearsAbsent,
		guard.RecordsNew:          c.RecordsNew,
		guard.ValuesChanged:       c.ValuesChanged,
		guard.ValuesShared:        c.ValuesShared,
		guard.ValuesGarbled:       c.ValuesGarbled,
	}
}

// rollConfig is the limits of a roll into the next era.
type rollConfig struct {
	GroupsDropped  *limitConfig `yaml:"groups_dropped"`
	MembershipsCut *limitConfig `yaml:"memberships_cut"`
}

// convertLimits is the limits of the first import from a new MIS.
type convertLimits struct {
	PupilsUnmatched *limitConfig `yaml:"pupils_unmatched"`
	StaffUnmatched  *limitConfig `yaml:"staff_unmatched"`
	PlacesUnmatched *limitConfig `yaml:"places_unmatched"`
	SectionsMissing *limitConfig `yaml:"sections_missing"`
	YearsAbsent     *limitConfig `yaml:"years_absent"`
	RecordsSkipped  *limitConfig `yaml:"records_skipped"`
	ValuesShared    *limitConfig `yaml:"values_shared"`
	ValuesGarbled   *limitConfig `yaml:"values_garbled"`
}

// settleSpecial takes over the limits of a roll and of a convert.
func (c *guardConfig) settleSpecial(g guard.Guard) {
	for name, limit := range map[string]*limitConfig{guard.GroupsDropped: c.Roll.GroupsDropped,
		guard.MembershipsCut: c.Roll.MembershipsCut} {
		if limit != nil {
			g.Roll[name] = limit.Limit
		}
	}
	for name, limit := range map[string]*limitConfig{guard.PupilsUnmatched: c.Convert.PupilsUnmatched,
		guard.StaffUnmatched: c.Convert.StaffUnmatched, guard.PlacesUnmatched: c.Convert.PlacesUnmatched,
		guard.SectionsMissing: c.Convert.SectionsMissing,
		guard.YearsAbsent:     c.Convert.YearsAbsent, guard.RecordsSkipped: c.Convert.RecordsSkipped,
		guard.ValuesShared: c.Convert.ValuesShared, guard.ValuesGarbled: c.Convert.ValuesGarbled} {
		if limit != nil {
			g.Convert[name] = limit.Limit
		}
	}
}

// limitConfig is a limit as it is written: {percent: 10, at_least: 20}, off, or 0 where none
// is allowed.
type limitConfig struct{ guard.Limit }

// UnmarshalYAML reads a limit.
func (l *limitConfig) UnmarshalYAML(node *yaml.Node) error {
	const hint = "write a limit as {percent: 10, at_least: 20}, as off, or as 0 where none is allowed; a percentage " +
		"is from 0 to 100"
	wrong := func(found *yaml.Node) error {
		if found.Kind == yaml.ScalarNode {
			return faultAt(found, fmt.Sprintf("%s; there is %q", hint, found.Value))
		}
		return faultAt(found, hint)
	}
	if node.Kind == yaml.ScalarNode {
		switch node.Value {
		case "off", "false":
			l.Off = true
			return nil
		case "0":
			return nil
		}
		return wrong(node)
	}
	if node.Kind != yaml.MappingNode {
		return wrong(node)
	}
	given := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if given[key.Value] {
			return faultAt(key, fmt.Sprintf("%q is given twice in one limit", key.Value))
		}
		given[key.Value] = true
		if !l.set(key.Value, value) {
			return wrong(offending(key, value))
		}
	}
	return nil
}

// set takes one key of a limit, if it is one and its number is right. Only what is written in
// digits is a number: to YAML, .nan is one too, which is less than no limit.
func (l *limitConfig) set(key string, value *yaml.Node) bool {
	const everything = 100
	var err error
	switch {
	case value.Kind != yaml.ScalarNode || !isDecimal.MatchString(value.Value):
		return false
	case key == "percent":
		l.Percent, err = strconv.ParseFloat(value.Value, 64)
	case key == "at_least":
		l.AtLeast, err = strconv.Atoi(value.Value)
	default:
		return false
	}
	return err == nil && l.Percent <= everything
}

// offending is the one of a key and its value that is wrong.
func offending(key, value *yaml.Node) *yaml.Node {
	if key.Value == "percent" || key.Value == "at_least" {
		return value
	}
	return key
}

// settle fills in the defaults.
func (c *guardConfig) settle() (guard.Guard, []error) {
	g := guard.NewGuard()
	if c == nil {
		return g, nil
	}
	// What is set for imports holds for the first one of an era too, unless that has a wider
	// default, or a limit of its own.
	for name, limit := range c.byName() {
		if limit == nil {
			continue
		}
		g.Import[name] = limit.Limit
		if _, own := guard.RolloverLimits()[name]; !own || limit.Off {
			g.Rollover[name] = limit.Limit
		}
	}
	for name, limit := range c.Rollover.byName() {
		if limit != nil {
			g.Rollover[name] = limit.Limit
		}
	}
	c.settleSpecial(g)
	var faults []error
	for name, limit := range c.Undo.byName() {
		if _, judged := guard.UndoLimits()[name]; limit != nil && !judged {
			faults = append(faults, fmt.Errorf("guard: undo: %s is about documents, and an undo has none: take it out",
				name))
		}
		if limit != nil {
			g.Undo[name] = limit.Limit
		}
	}
	switch c.Hold {
	case "", string(model.HoldRemovals):
	case string(model.HoldAll):
		g.Hold = model.HoldAll
	default:
		faults = append(faults, fmt.Errorf("guard: hold: %q: write removals, which holds what ends only, or all",
			c.Hold))
	}
	if g.GraceNights = int(c.GraceNights); g.GraceNights < 0 {
		faults = append(faults, fmt.Errorf("guard: grace_nights: %d: write 0 or more", c.GraceNights))
	}
	for _, name := range c.Protected {
		kind, id, named := strings.Cut(name, "/")
		if !named || id == "" || !slices.Contains(model.GroupKinds, kind) {
			faults = append(faults, fmt.Errorf("guard: protected: %q: write the kind and the id or the name of a "+
				"group, as set/1234 or form/7A; the kinds are %s", name, strings.Join(model.GroupKinds, ", ")))
		}
	}
	if len(c.Protected) > 0 {
		g.Protected = c.Protected
	}
	return g, faults
}
