package pages

import (
	"strings"

	"misimportd/importer/guard"
	"misimportd/importer/report"
	"misimportd/importer/words"
)

// finding is a limit of the guard, as it is shown.
type finding struct {
	guard.Finding
	Name   string
	Comes  string // what the run comes to
	Allows string
}

// findingsOf are the guard's findings, those that say most first.
func findingsOf(found []guard.Finding) (list []finding) {
	for _, f := range report.TellingFirst(found) {
		shown := finding{Finding: f, Name: strings.ReplaceAll(strings.TrimSpace(f.Limit+" "+f.About), "_", " "),
			Comes:  words.Share(f.Count, f.Of),
			Allows: guard.Limit{Percent: 100 * f.Allowed, AtLeast: f.AtLeast}.Allows()}
		if f.Count == 0 {
			shown.Comes = "0"
		}
		if f.Off {
			shown.Allows = "off"
		}
		list = append(list, shown)
	}
	return list
}
