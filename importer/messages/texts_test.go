package messages

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestTextsOfTheSchoolsOwn take the place of the built-in ones, each by itself.
func TestTextsOfTheSchoolsOwn(t *testing.T) {
	folder := t.TempDir()
	own := "{{if eq .Kind \"held\"}}Please decide: {{end}}{{.Subject}}\r\nDear office,\n\n\n\n{{.Sentence}}\n"
	if err := os.WriteFile(filepath.Join(folder, "incident.txt"), []byte(own), 0o600); err != nil {
		t.Fatal(err)
	}
	texts, err := ReadTexts(folder)
	if err != nil {
		t.Fatal(err)
	}
	s := Settings{Texts: texts}
	m, err := s.message(Told{Kind: Held, Subject: "Run 7 waits", Sentence: "It does."}, 7, time.Now())
	if err != nil || m.Subject != "Please decide: Run 7 waits" || m.Text != "Dear office,\n\nIt does.\n" {
		t.Errorf("%v %+v", err, m)
	}
	m, err = s.message(Told{Kind: Held, Over: true, Subject: "Run 7 waits no more", Sentence: "It is over."}, 7,
		time.Now())
	if err != nil || m.Subject != "Over: Run 7 waits no more" || m.Text != "It is over.\n" ||
		!strings.HasPrefix(m.ID, "msg_") || len(m.ID) != 30 {
		t.Errorf("%v %+v", err, m)
	}
}

// TestEveryTextCopesWithEveryKind, be there much to tell or nothing.
func TestEveryTextCopesWithEveryKind(t *testing.T) {
	for kind := range kindsInWords {
		for _, told := range samples() {
			told.Kind = kind
			if m, err := (Settings{}).message(told, 0, time.Now()); err != nil || strings.Contains(m.Text, "\n\n\n") ||
				strings.Contains(m.Text, "<no value>") {
				t.Errorf("%s: %v %q", kind, err, m.Text)
			}
		}
	}
}
