package schoolfiles_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"misimportd/importer/schoolfiles"
)

// TestMatchesOfAnySpreadsheet are read alike, however a spreadsheet has written them.
func TestMatchesOfAnySpreadsheet(t *testing.T) {
	want := []schoolfiles.Match{{Kind: "pupil", Old: "12", New: "512", Line: 2}, {Kind: "house", Old: "Éire",
		New:  "academic/3",
		Line: 4}}
	plain := "Kind,Old id,New id\npupil,12,512\n,,\nHouse,Éire,academic/3\n"
	encode := func(text string, with interface{ String(string) (string, error) }) string {
		encoded, err := with.String(text)
		if err != nil {
			t.Fatal(err)
		}
		return encoded
	}
	wide := func(order unicode.Endianness) string {
		return encode(strings.ReplaceAll(plain, ",", "\t"), unicode.UTF16(order, unicode.UseBOM).NewEncoder())
	}
	for what, text := range map[string]string{
		"plain":                plain,
		"with a mark":          "\ufeff" + plain,
		"with semicolons":      strings.ReplaceAll(plain, ",", ";"),
		"of Windows":           strings.ReplaceAll(plain, "\n", "\r\n"),
		"in quotes":            strings.ReplaceAll(plain, "512", `"512"`),
		"with empty columns":   strings.ReplaceAll(plain, "12,512", "12,512,,"),
		"in Windows' encoding": encode(strings.ReplaceAll(plain, ",", ";"), charmap.Windows1252.NewEncoder()),
		"Unicode text":         wide(unicode.LittleEndian),
		"the other way round":  wide(unicode.BigEndian),
		"blanks":               strings.ReplaceAll(plain, ",", " , "),
	} {
		path := filepath.Join(t.TempDir(), "matches.csv")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := schoolfiles.ReadMatches(path, true); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v %v", what, got, err)
		}
	}
}

// TestMatchesThatCannotBeRead are told with file and line.
func TestMatchesThatCannotBeRead(t *testing.T) {
	for what, c := range map[string]struct{ text, says string }{
		"two columns":     {"pupil,12\n", `line 1: expected kind, old id and new id, and found "pupil, 12"`},
		"four":            {"pupil,12,13,14\n", "line 1: expected kind"},
		"a blank id":      {"kind,old,new\npupil,,13\n", "line 2: expected kind"},
		"an open quote":   {"pupil,12,13\npupil,\"12,13\n", "line 2: "},
		"a spreadsheet":   {"PK\x03\x04\x00\x00", "save the sheet as CSV"},
		"a second header": {"pupil,1,2\nkind,3,4\n", ""},
	} {
		path := filepath.Join(t.TempDir(), "matches.csv")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := schoolfiles.ReadMatches(path, true)
		if c.says == "" && err == nil {
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "matches.csv") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := schoolfiles.ReadMatches(filepath.Join(t.TempDir(), "none.csv"), true); err == nil {
		t.Error("a file that was named and is not there is believed to be empty")
	}
	if got, err := schoolfiles.ReadMatches(filepath.Join(t.TempDir(), "none.csv"), false); err != nil || got != nil {
		t.Errorf("a file that nobody named: %v %v", got, err)
	}
}
