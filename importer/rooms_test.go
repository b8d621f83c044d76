package importer_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestRoomsKnowWhatTheyMay goes through what the packages import, at whatever remove: the pure ones
// build without a database, and none knows one that is above it.
func TestRoomsKnowWhatTheyMay(t *testing.T) {
	const above = "importer importer/ask importer/daemon importer/entry importer/status importer/text store mis/cache"
	for room, strangers := range map[string]string{
		"store/model":     "mis importer/words " + above,
		"importer/words":  "mis importer/want importer/diff importer/guard importer/report " + above,
		"importer/want":   "importer/diff importer/guard importer/report " + above,
		"importer/diff":   "importer/guard importer/report " + above,
		"importer/guard":  "importer/diff importer/report " + above,
		"importer/report": "importer/diff importer importer/daemon importer/entry importer/text store mis/cache",
		"importer/years": "mis importer/words importer/want importer/diff importer/guard importer/report " +
			above,
		"importer/sources": "importer/words importer/want importer/diff importer/guard importer/report " + above,
		"importer/schoolfiles": "mis importer/sources importer/want importer/diff importer/guard importer/report " +
			above,
		"importer/text":   "importer importer/ask importer/daemon importer/entry store",
		"importer/cycle":  above,
		"importer/paper":  "mis/isams " + above,
		"importer/ask":    "importer importer/daemon importer/entry importer/text importer/diff mis/cache mis/isams",
		"importer/entry":  "importer importer/daemon importer/text mis/cache",
		"store":           "mis importer importer/want importer/diff importer/guard importer/report importer/text",
		"mis":             "store store/model importer",
		"mis/isams":       "store store/model importer mis/cache mis/isams/batch",
		"mis/isams/batch": "store store/model importer mis/cache",

		"importer/messages": "importer/status importer/entry importer/text",
		"importer/daemon":   "importer/fleet importer/status importer/text",
		"importer/fleet":    "importer/status importer/text importer/entry",
		"mis/cache":         "store store/model importer",
	} {
		out, err := exec.Command("go", "list", "-deps", "misimportd/"+room).Output()
		if err != nil {
			t.Fatalf("%s: %v", room, err)
		}
		known := strings.Fields(string(out))
		for stranger := range strings.FieldsSeq(strangers) {
			if slices.Contains(known, "misimportd/"+stranger) {
				t.Errorf("%s imports %s", room, stranger)
			}
		}
		if room != "importer/fleet" && slices.Contains(known, "github.com/riverqueue/river") {
			t.Errorf("%s imports a queue, which the fleet alone needs", room)
		}
		if room == "store" || room == "importer/entry" || room == "importer/ask" || room == "importer/messages" ||
			room == "importer/daemon" || room == "importer/fleet" {
			continue
		}
		for _, driver := range []string{"github.com/lib/pq", "modernc.org/sqlite", "github.com/jmoiron/sqlx"} {
			if slices.Contains(known, driver) {
				t.Errorf("%s imports %s, a way to a database", room, driver)
			}
		}
	}
}
