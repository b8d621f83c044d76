package schoolfiles

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"misimportd/era"
	"misimportd/era/files"
)

// Event is what the school lists in its files of events, as it is written there.
type Event struct {
	Title, Kind, Note string
	When              era.Recurrence
	Weeks             []string
	From, To          era.Clock
	Staff             []Mention
	Groups            []Mention
	Rooms             []Mention
	Organiser         Mention
	File              string
	Line              int
}

// Mention is how a file names somebody or something.
type Mention struct {
	Text string
	Line int
}

// ReadEvents reads the school's files of events, each named or by a pattern such as events/*.yml, and tells whether
// they are there: for each pattern at least one. Of each event that has faults the first is told, with the file and
// the line.
func ReadEvents(patterns []string) (events []Event, isThere bool, err error) {
	var paths []string
	var faults []error
	isThere = len(patterns) > 0
	for _, pattern := range patterns {
		found, err := filepath.Glob(pattern)
		switch {
		case err != nil:
			faults = append(faults, fmt.Errorf("events_files: %q is no pattern of file names: %w", pattern, err))
		case len(found) == 0 && !strings.ContainsAny(pattern, "*?["):
			faults = append(faults, fmt.Errorf("events_files: %s is not there: correct the name, or take it out",
				pattern))
		case len(found) == 0: // its events are not known, and all stay
			isThere = false
		}
		paths = append(paths, found...)
	}
	slices.Sort(paths)
	for _, path := range slices.Compact(paths) {
		text, err := files.Read(path)
		if err != nil {
			faults = append(faults, fmt.Errorf("events_files: %w", err))
			continue
		}
		root, err := readYAML(path, text, "one list")
		if err != nil {
			faults = append(faults, err)
			continue
		}
		r := &eventReader{path: path}
		if root != nil {
			r.list(root, map[string]*yaml.Node{})
		}
		events, faults = append(events, r.events...), append(faults, r.faults...)
	}
	return events, isThere, errors.Join(faults...)
}

// eventReader reads one file.
type eventReader struct {
	path   string
	events []Event
	faults []error
}

func (r *eventReader) fault(line int, format string, args ...any) {
	r.faults = append(r.faults, fmt.Errorf("%s: line %d: %w", r.path, line, fmt.Errorf(format, args...)))
}

const eventHint = "{title: Break duty, days: [monday], from: 10:20, to: 10:40, staff: [AB]}"

// list reads events, or lists of them with what they have in common. What stands above holds for what is below it.
func (r *eventReader) list(node *yaml.Node, above map[string]*yaml.Node) {
	node = resolved(node)
	switch node.Kind {
	case yaml.SequenceNode:
		for _, item := range node.Content {
			r.list(item, above)
		}
	case yaml.MappingNode:
		r.item(node, above)
	default:
		r.fault(node.Line, "expected an event, as in - %s", eventHint)
	}
}

// eventKeys are what an event can say.
var eventKeys = []string{"title", "kind", "days", "occurrence", "weeks", "from", "to", "all_day", "starts_on",
	"ends_on",
	"on", "staff", "groups", "rooms", "note", "organiser", "events"}

func (r *eventReader) item(node *yaml.Node, above map[string]*yaml.Node) {
	given, own := maps.Clone(above), map[string]bool{}
	var below *yaml.Node
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		switch {
		case !slices.Contains(eventKeys, key.Value):
			r.fault(key.Line, "unknown key %q: an event has %s", key.Value, strings.Join(eventKeys, ", "))
			return
		case own[key.Value]:
			r.fault(key.Line, "%s is given twice", key.Value)
			return
		case key.Value == "events":
			below = value
		default:
			given[key.Value] = resolved(value)
		}
		own[key.Value] = true
	}
	for _, one := range eitherOr {
		if !r.chooseOne(node, given, own, one) {
			return
		}
	}
	if below != nil {
		r.list(below, given)
		return
	}
	e, err := readEvent(given, node.Line)
	if err != nil {
		r.faults = append(r.faults, fmt.Errorf("%s: line %w", r.path, err))
		return
	}
	e.File = r.path
	r.events = append(r.events, e)
}

// eitherOr are keys of which an event has one sort or the other. What it says itself goes before what stands above it.
var eitherOr = [][2][]string{{{"all_day"}, {"from", "to"}}, {{"on"}, {"days", "occurrence", "starts_on", "ends_on"}}}

// chooseOne leaves out of what is given the sort that an event did not choose, and tells whether it chose one at most.
func (r *eventReader) chooseOne(node *yaml.Node, given map[string]*yaml.Node, own map[string]bool,
	of [2][]string) bool {
	says := func(keys []string) string {
		for _, key := range keys {
			if own[key] && given[key].Value != "false" {
				return key
			}
		}
		return ""
	}
	first, second := says(of[0]), says(of[1])
	switch {
	case first != "" && second != "":
		r.fault(node.Line, "%s and %s say two things: leave one out", first, second)
		return false
	case first != "":
		for _, key := range of[1] {
			delete(given, key)
		}
	case second != "":
		for _, key := range of[0] {
			delete(given, key)
		}
	}
	return true
}

// atLine is an error that begins with a line.
func atLine(node *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("%d: %w", node.Line, fmt.Errorf(format, args...))
}

// readEvent reads one event from all that is said of it. Its error begins with the line.
func readEvent(given map[string]*yaml.Node, line int) (e Event, err error) {
	e.Line = line
	for _, of := range []struct {
		key  string
		into *string
	}{{"title", &e.Title}, {"kind", &e.Kind}, {"note", &e.Note}} {
		key, into, node := of.key, of.into, given[of.key]
		if node == nil {
			continue
		}
		const longest = 200
		*into = strings.Join(strings.Fields(node.Value), " ")
		if node.Kind != yaml.ScalarNode || utf8.RuneCountInString(*into) > longest {
			return e, atLine(node, "%s is a text of at most %d letters", key, longest)
		}
	}
	if e.Title == "" {
		return e, fmt.Errorf("%d: an event needs a title: write %s", line, eventHint)
	}
	if e.Kind == "" {
		e.Kind = "event"
	}
	if err := readTimes(&e, given); err != nil {
		return e, err
	}
	if err := readDays(&e, given); err != nil {
		return e, err
	}
	for _, of := range []struct {
		key  string
		into *[]Mention
	}{{"staff", &e.Staff}, {"groups", &e.Groups}, {"rooms", &e.Rooms}} {
		if node := given[of.key]; node != nil {
			if *of.into, err = mentions(of.key, node); err != nil {
				return e, err
			}
		}
	}
	if node := given["organiser"]; node != nil {
		list, err := mentions("organiser", node)
		if err != nil || len(list) != 1 {
			return e, atLine(node, "organiser is one member of staff, as in organiser: AB")
		}
		e.Organiser = list[0]
	}
	return e, nil
}

// readTimes reads from when to when an event is on a day.
func readTimes(e *Event, given map[string]*yaml.Node) error {
	from, to := given["from"], given["to"]
	if node := given["all_day"]; node != nil {
		var allDay bool
		if err := node.Decode(&allDay); err != nil || node.Tag == "!!null" {
			return atLine(node, "all_day is true or false")
		}
		if allDay {
			e.From, e.To = 0, era.MinutesOfDay
			return nil
		}
	}
	if from == nil || to == nil {
		return fmt.Errorf("%d: an event needs from and to, as in from: 10:20, to: 10:40, or all_day: true", e.Line)
	}
	for _, of := range []struct {
		node *yaml.Node
		into *era.Clock
	}{{from, &e.From}, {to, &e.To}} {
		clock, err := era.ParseClock(of.node.Value)
		if of.node == to && to.Value == "24:00" {
			clock, err = era.MinutesOfDay, nil
		}
		if err != nil {
			return atLine(of.node, "%w", err)
		}
		*of.into = clock
	}
	const evening, morning = 18 * 60, 12 * 60
	switch {
	case e.To <= e.From && e.From >= evening && e.To < morning:
		return atLine(to, "from %s to %s goes over midnight: write two events, one to 24:00 and one from 00:00 on the "+
			"next day", e.From, e.To)
	case e.To == e.From:
		return atLine(to, "it ends when it begins, at %s", e.From)
	case e.To <= e.From:
		return atLine(to, "it ends at %s, before it starts at %s", e.To, e.From)
	}
	return nil
}

// readDays reads on which days an event is.
func readDays(e *Event, given map[string]*yaml.Node) error {
	if given["on"] == nil && given["days"] == nil {
		return fmt.Errorf("%d: on which days? write days: [monday], days: all, or on: 2016-10-08", e.Line)
	}
	if node := given["on"]; node != nil {
		for _, item := range itemsOf(node) {
			date, err := era.ReadDate(item.Value)
			if err != nil {
				return atLine(item, "%w", err)
			}
			e.When.Days = append(e.When.Days, date)
		}
		if len(e.When.Days) == 0 {
			return atLine(node, "on is a date or a list of dates, as in on: [2016-10-03, 2016-11-07]")
		}
	}
	for _, of := range []struct {
		key  string
		into *era.Date
	}{{"starts_on", &e.When.Range.From}, {"ends_on", &e.When.Range.To}} {
		if node := given[of.key]; node != nil {
			date, err := era.ReadDate(node.Value)
			if err != nil {
				return atLine(node, "%w", err)
			}
			*of.into = date
		}
	}
	if to := e.When.Range.To; to != 0 && to < e.When.Range.From {
		return atLine(given["ends_on"], "it ends on %s, before it starts on %s", to, e.When.Range.From)
	}
	return readRecurrence(e, given)
}

// readRecurrence reads how an event comes again.
func readRecurrence(e *Event, given map[string]*yaml.Node) error {
	if node := given["days"]; node != nil && node.Value != "all" {
		if len(itemsOf(node)) == 0 {
			return atLine(node, "days is a list such as [monday, thursday], or all")
		}
		for _, item := range itemsOf(node) {
			day, err := era.ParseWeekday(item.Value)
			if err != nil {
				return atLine(item, "%w", err)
			}
			e.When.Weekdays = append(e.When.Weekdays, day)
		}
		slices.Sort(e.When.Weekdays)
		e.When.Weekdays = slices.Compact(e.When.Weekdays)
	}
	if node := given["occurrence"]; node != nil {
		for _, item := range itemsOf(node) {
			occurrence, err := era.ParseOccurrence(item.Value)
			if err != nil {
				return atLine(item, "%w", err)
			}
			e.When.Occurrences = append(e.When.Occurrences, occurrence)
		}
		slices.Sort(e.When.Occurrences)
		if len(e.When.Weekdays) == 0 {
			return atLine(node, "%s of which day of the week? write days: [tuesday] as well", node.Value)
		}
	}
	if node := given["weeks"]; node != nil {
		for _, item := range itemsOf(node) {
			week := strings.TrimSpace(item.Value)
			if week == "" || item.Kind != yaml.ScalarNode {
				return atLine(node, "weeks is a list such as [A, B], none, holidays or all")
			}
			e.Weeks = append(e.Weeks, week)
		}
		slices.Sort(e.Weeks)
		e.Weeks = slices.Compact(e.Weeks)
	}
	return nil
}

// resolved is what a node stands for, where it is an alias of YAML's.
func resolved(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode && node.Alias != nil {
		return node.Alias
	}
	return node
}

// itemsOf are the items of a list, or the one that stands alone.
func itemsOf(node *yaml.Node) []*yaml.Node {
	if node.Kind == yaml.SequenceNode {
		return node.Content
	}
	return []*yaml.Node{node}
}

func mentions(key string, node *yaml.Node) (list []Mention, err error) {
	for _, item := range itemsOf(node) {
		text := strings.TrimSpace(item.Value)
		if item.Kind != yaml.ScalarNode || text == "" {
			return nil, atLine(item, "%s is a list of names, codes or ids, as in [AB, CD]", key)
		}
		list = append(list, Mention{text, item.Line})
	}
	return list, nil
}
