package importer_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"

	"misimportd/mis/isams/isamstest"
)

// What can happen to a document between the school's records and the import. Each record
// of a pretend school stands in a line of its own.

// recordOf is how the records of a section begin.
var recordOf = map[string]string{
	"CurrentStaff": "<StaffMember ", "CurrentPupils": "<Pupil ", "Forms": "<Form ", "Sets": "<Set ",
	"SetLists":       "<SetList ",
	"AcademicHouses": "<House ", "Schedules": "<Schedule ", "StaffMeetings": "<StaffMeeting ",
}

// ofSection tells of each line whether it is a record of a section.
func ofSection(section, line string) bool { return strings.HasPrefix(line, recordOf[section]) }

// spoilt is document with what change makes of each line.
func spoilt(document []byte, change func(line string) (string, bool)) []byte {
	var b bytes.Buffer
	for line := range strings.Lines(string(document)) {
		if changed, keep := change(line); keep {
			b.WriteString(changed)
		}
	}
	return b.Bytes()
}

// spoiler makes a bad document of a good one.
type spoiler func(document []byte, dice *rand.Rand) []byte

// without leaves out a share of a section's records.
func without(section string, share float64) spoiler {
	return func(document []byte, dice *rand.Rand) []byte {
		return spoilt(document, func(line string) (string, bool) {
			return line, !ofSection(section, line) || dice.Float64() >= share
		})
	}
}

// missing leaves out a section with its tags.
func missing(section string) spoiler {
	tags := regexp.MustCompile(fmt.Sprintf(`(?s)<%s>.*?</%s>`, section, section))
	return func(document []byte, _ *rand.Rand) []byte { return tags.ReplaceAll(document, nil) }
}

var anID = regexp.MustCompile(` Id="`)

// mangled makes a share of a section's records unreadable.
func mangled(section string, share float64) spoiler {
	return func(document []byte, dice *rand.Rand) []byte {
		return spoilt(document, func(line string) (string, bool) {
			if ofSection(section, line) && dice.Float64() < share {
				return anID.ReplaceAllString(line, ` Id="!`), true
			}
			return line, true
		})
	}
}

var pupilIDs = regexp.MustCompile(`(<Pupil Id="| PupilId=")(\d+)"`)

// renumbered gives all pupils other ids.
func renumbered(document []byte) []byte {
	return pupilIDs.ReplaceAll(document, []byte(`${1}9${2}"`))
}

// another is another school, which numbers its pupils from 1000000 on.
func another(seed uint64, size isamstest.Size) []byte {
	document := isamstest.New(seed+1000, size).Document()
	return pupilIDs.ReplaceAll(document, []byte(`${1}10${2}"`))
}

var pupilNames = regexp.MustCompile(`<(Forename|Surname|Preferredname|Fullname)>[^<]*<`)

// renamed gives all pupils other names: another school's document, which numbers its pupils
// in the same way.
func renamed(document []byte) []byte {
	n := 0
	return spoilt(document, func(line string) (string, bool) {
		if !ofSection("CurrentPupils", line) {
			return line, true
		}
		n++
		return pupilNames.ReplaceAllString(line, fmt.Sprintf("<$1>Somebody%d<", n)), true
	})
}
