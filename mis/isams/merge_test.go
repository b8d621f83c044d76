package isams_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"misimportd/mis/isams"
)

func TestPartsBecomeOneDocument(t *testing.T) {
	latin, err := charmap.Windows1252.NewEncoder().
		String(`<?xml version="1.0" encoding="windows-1252"?><iSAMS><HRManager><CurrentStaff><StaffMember Id="1">` +
			`<FullName>Renée</FullName></StaffMember></CurrentStaff></HRManager></iSAMS>`)
	if err != nil {
		t.Fatal(err)
	}
	wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().
		String(`<?xml version="1.0" encoding="utf-16"?><iSAMS x="1" ` +
			`xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><SchoolManager xsi:nil="0"><Forms><Form Id="7/Ä">` +
			`<Form>7Ä</Form></Form></Forms></SchoolManager></iSAMS>`)
	if err != nil {
		t.Fatal(err)
	}
	parts := []string{"\ufeff" + pupils(ann), latin, wide,
		"<iSAMS>\n<TeachingManager><Sets><Set Id=\"5\"><Name>Ω</Name></Set></Sets></TeachingManager>\n</iSAMS>\n" +
			"<!-- end -->"}
	var readers []io.ReadSeeker
	for _, p := range parts {
		readers = append(readers, strings.NewReader(p))
		if _, err := isams.Inspect(strings.NewReader(p)); err != nil {
			t.Fatal(err)
		}
	}
	var merged bytes.Buffer
	if err := isams.Merge(&merged, readers...); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(merged.String(), `<iSAMS xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">`) {
		t.Error("a name space is lost")
	}
	s := decode(t, merged.String())
	if len(s.Problems.List()) > 1 || s.Pupils.Records[0].Name != "Ann Lee" || s.Staff.Records[0].Name != "Renée" ||
		s.Forms.Records[0].Name != "7Ä" || s.Sets.Records[0].Name != "Ω" {
		t.Errorf("%+v\n%s", s, merged.String())
	}
}

func TestInspectAgreesWithDecode(t *testing.T) {
	for _, document := range []string{"", pupils(ann), message, "<html/>", pupils(ann)[:90], pupils(ann) + "x",
		pupils(ann) + "<iSAMS/>", "<iSAMS><a></iSAMS>"} {
		_, decoded := isams.Decode(strings.NewReader(document))
		_, inspected := isams.Inspect(strings.NewReader(document))
		if (decoded == nil) != (inspected == nil) {
			t.Errorf("%q\ndecoded:   %v\ninspected: %v", document, decoded, inspected)
		}
	}
}

// FuzzMerge puts whatever Inspect accepts together with another part: the whole has to be
// a document again, with the sections of both.
func FuzzMerge(f *testing.F) {
	for _, seed := range []string{pupils(ann), "\ufeff" + pupils(ann), "<iSAMS a='1'><A><B/></A></iSAMS><!-- x -->",
		"<?xml version='1.0' encoding='windows-1252'?><iSAMS><A><B>\xe9</B></A></iSAMS>", message} {
		f.Add([]byte(seed))
	}
	const other = "<iSAMS><Other><Part><Record/></Part></Other></iSAMS>"
	f.Fuzz(func(t *testing.T, document []byte) {
		contents, err := isams.Inspect(bytes.NewReader(document))
		if _, err := isams.Decode(bytes.NewReader(document)); err == nil && contents == nil {
			t.Fatal("decoded and not inspected")
		}
		if err != nil {
			return
		}
		var merged bytes.Buffer
		if err := isams.Merge(&merged, bytes.NewReader(document), strings.NewReader(other)); err != nil {
			t.Fatal(err)
		}
		whole, err := isams.Inspect(bytes.NewReader(merged.Bytes()))
		if err != nil {
			t.Fatalf("%v\n%s", err, merged.Bytes())
		}
		contents["Other/Part"]++
		for section, n := range contents {
			if whole[section] != n {
				t.Errorf("%s: %d of %d records", section, whole[section], n)
			}
		}
	})
}
