package importer_test

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode"

	"misimportd/era"
	"misimportd/importer/ask"
	"misimportd/importer/text"
)

// TestACalendarIsFreeOfMarks has names with what steers a terminal or turns a line about in
// every text that a calendar shows. Lines end as RFC 5545 has it, and nowhere else.
func TestACalendarIsFreeOfMarks(t *testing.T) {
	const marks = "\u202e\u2066\u0090\u007f"
	each(t, func(w *world) {
		school := small().coded(3, "Ms "+marks+"White", "WHI").room(5, "L"+marks+"ab").set(29, "7"+marks+"Art", 7).
			taught().
			lesson(101, 29, "7"+marks+"Art", 11, "WHI", 5)
		w.night("2016-10-31", school.xml())
		w.exec("UPDATE lessons SET source_id = $1, name = $2", "a\r\nATTENDEE:b\u202e", "Art\r\nATTENDEE:b"+
			marks) // as another program may
		day := date(w, "2016-10-31")
		list, err := ask.Lessons(w.Context(), w.im.DB, ask.LessonsOf{Days: era.Interval{From: day, To: day}})
		if err != nil || len(list) == 0 {
			w.Fatalf("%d lessons, %v", len(list), err)
		}
		var b bytes.Buffer
		if err := text.WriteCalendar(&b, list, time.UTC, time.Unix(0, 0)); err != nil {
			w.Fatal(err)
		}
		said := b.String()
		for line := range strings.Lines(said) {
			line = strings.TrimSuffix(line, "\r\n")
			if strings.ContainsFunc(line, unicode.IsControl) || strings.ContainsAny(line, marks) ||
				strings.HasPrefix(line, "ATTENDEE") {
				w.Errorf("%q", line)
			}
		}
		for _, want := range []string{"SUMMARY:Art", "LOCATION:L", "White", "UID:a"} {
			if !strings.Contains(said, want) {
				w.Errorf("%q is not in\n%s", want, said)
			}
		}
	})
}
