package report

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"misimportd/era"
	"misimportd/importer/words"
	"misimportd/mis"
	"misimportd/store/model"
)

// IsNew tells whether a problem was first met on the day of a run.
func IsNew(p mis.Problem, asOf era.Date) bool { return p.Since != 0 && p.Since >= asOf }

// Cause is problems that one thing is to blame for: somebody who has left, and whom several records name still. Others
// are a cause each.
type Cause struct {
	Section  string
	Reason   mis.Reason
	Says     string // in words, "" for a single problem that says itself what it is
	Problems []mis.Problem
}

// IsNew tells whether a day's run was the first to meet any of it.
func (c Cause) IsNew(asOf era.Date) bool {
	return slices.ContainsFunc(c.Problems, func(p mis.Problem) bool { return IsNew(p, asOf) })
}

// Since is the day on which the first of it was met.
func (c Cause) Since() era.Date {
	first := c.Problems[0].Since
	for _, p := range c.Problems {
		first = min(first, p.Since)
	}
	return first
}

// Count is how many problems there are, those that are not listed too.
func (c Cause) Count() int { return Total(c.Problems) }

// naming says, for the records of a section, what sort of record they name that is not there, what that does still, and
// of what sort that is of which it does.
var naming = map[string]struct{ who, does, of string }{
	"Forms":                           {"staff", "is still the tutor of", model.FormGroup},
	"SetLists":                        {"pupil", "is still in", model.SetGroup},
	"CustomPupilGroups":               {"staff", "still has the custom group", model.CustomGroup},
	"CustomPupilGroupMembershipItems": {"pupil", "is still in", model.CustomGroup},
	"Schedules":                       {"staff", "still teaches", ""},
	"StaffMeetings":                   {"staff", "is still to come to", ""},
	"YearSchedules":                   {"staff", "still takes", ""},
	"Tutorials":                       {"staff", "still takes", ""},
	"TblCoverManagerCover":            {"staff", "is still to cover", ""},
}

// plainName is what the records of a section are called that have no name of their own here.
var plainName = map[string]string{"StaffMeetings": "meeting", "YearSchedules": "assembly", "Tutorials": "tutorial",
	"TblCoverManagerCover": "cover", "Schedules": "lesson"}

// kindOf is what sort of record a section's ids are of.
var kindOf = map[string]string{"CurrentPupils": "pupil", "CurrentStaff": "staff", "Forms": model.FormGroup,
	"Sets": model.SetGroup, "CustomPupilGroups": model.CustomGroup}

// CausesOf puts problems together that have one cause. Those of one section and one reason follow each other.
func CausesOf(problems []mis.Problem, called model.KnownAs) (causes []Cause) {
	at := map[mis.Problem]int{}
	for _, p := range problems {
		key := mis.Problem{Section: p.Section, Reason: p.Reason, To: p.To}
		i, known := at[key]
		if !known || p.To == "" {
			i = len(causes)
			at[key] = i
			causes = append(causes, Cause{Section: p.Section, Reason: p.Reason})
		}
		causes[i].Problems = append(causes[i].Problems, p)
	}
	for i := range causes {
		causes[i].Says = causes[i].text(called)
	}
	return causes
}

// text says who is named still, and by what: "Ann Lee has left and still teaches 10Spa4 and 11Mat2".
func (c Cause) text(called model.KnownAs) string {
	to, names := c.Problems[0].To, naming[c.Section]
	who := called.Name(names.who, to)
	if to == "" || who == "" {
		return ""
	}
	var of []string
	for _, p := range c.Problems {
		name := p.Of
		if names.of != "" {
			name = called.Name(names.of, p.Of)
		}
		of = append(of, words.Clean(name))
	}
	slices.SortFunc(of, words.CompareNames)
	of = slices.Compact(of)
	if slices.Contains(of, "") { // some have no name: so they are counted
		plain, count := plainName[c.Section], c.Count()
		if plain == "" {
			plain = "group"
		}
		return fmt.Sprintf("%s has left and %s %s", words.Clean(who), names.does, manyOf(count, plain))
	}
	text := fmt.Sprintf("%s has left and %s %s", words.Clean(who), names.does, words.Listed(of, shownNames))
	if c.Section == "Schedules" && c.Count() > len(of) {
		text += fmt.Sprintf(" (%s)", words.Many(c.Count(), "lesson"))
	}
	return text
}

// shownNames is how many names one line has room for.
const shownNames = 8

func manyOf(n int, what string) string {
	if n != 1 && strings.HasSuffix(what, "y") {
		return words.Thousands(n) + " " + strings.TrimSuffix(what, "y") + "ies"
	}
	return words.Many(n, what)
}

// About is what a problem is about as the office knows it: the section, the id, and a name where there is one.
func About(p mis.Problem, called model.KnownAs) string {
	text := strings.TrimSpace(p.Section + " " + words.Clean(p.ID))
	if name := nameOf(p, called); name != "" {
		text += " (" + name + ")"
	}
	return text
}

// IDOf is the id of what a problem is about, and the name where there is one.
func IDOf(p mis.Problem, called model.KnownAs) string {
	if name := nameOf(p, called); name != "" {
		return words.Clean(p.ID) + " (" + name + ")"
	}
	return words.Clean(p.ID)
}

func nameOf(p mis.Problem, called model.KnownAs) string {
	name := called.Name(kindOf[p.Section], p.ID)
	if name == p.ID {
		return ""
	}
	return words.Clean(name)
}

// byID is how a detail names people and groups.
var byID = regexp.MustCompile(`\b(staff|pupil|form|set|custom) #([^\s,;:]+)`)

// Mentioned lists the ids and codes by which problems name people and groups, each once.
func Mentioned(problems []mis.Problem) []string {
	of := map[string]bool{}
	for _, p := range problems {
		of[p.ID], of[p.To], of[p.Of] = true, true, true
		for _, found := range byID.FindAllStringSubmatch(p.Detail, -1) {
			of[found[2]] = true
		}
	}
	delete(of, "")
	return slices.Sorted(maps.Keys(of))
}

// DetailOf is a problem's detail with names in place of ids, where they are known.
func DetailOf(p mis.Problem, called model.KnownAs) string {
	return words.Clean(byID.ReplaceAllStringFunc(p.Detail, func(found string) string {
		kind, id, _ := strings.Cut(found, " #")
		if name := called.Name(kind, id); name != "" {
			return name
		}
		return found
	}))
}
