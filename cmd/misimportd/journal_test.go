package main

import (
	"strings"
	"testing"
)

// TestTheJournalIsTold has a line at the start and at the end of a fetch under systemd,
// and none elsewhere.
func TestTheJournalIsTold(t *testing.T) {
	misimportd := program(t)
	for journal, want := range map[string]bool{"8:12345": true, "": false} {
		t.Setenv("JOURNAL_STREAM", journal)
		s := newStation(t, misimportd)
		said, status := s.runQuietly("fetch")
		if status != 0 || strings.Contains(said, "msg=fetching") != want ||
			strings.Contains(said, "msg=fetched") != want {
			t.Errorf("JOURNAL_STREAM=%q: %d %s", journal, status, said)
		}
	}
}
