package isams

import (
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"slices"

	"golang.org/x/net/html/charset"
)

// CheckParts looks for sections that come with more than one request, which is a fault
// of the configuration: nobody could say which counts. The error is a *SettingsError.
func CheckParts(parts []Contents) error {
	from := map[string]int{}
	for i, part := range parts {
		for _, section := range slices.Sorted(maps.Keys(part)) {
			if earlier, ok := from[section]; ok {
				return &SettingsError{fmt.Sprintf("section %s comes with request %d and with request %d: give its method to one of them only", section, earlier+1, i+1)}
			}
			from[section] = i
		}
	}
	return nil
}

// Merge writes one document with all that is in several, in UTF-8. The parts are
// documents that Inspect has passed.
func Merge(to io.Writer, parts ...io.ReadSeeker) error {
	if _, err := io.WriteString(to, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<iSAMS>\n"); err != nil {
		return err
	}
	for _, part := range parts {
		if err := copyInside(to, part); err != nil {
			return err
		}
	}
	_, err := io.WriteString(to, "</iSAMS>\n")
	return err
}

// copyInside copies what stands between the root element's two tags.
func copyInside(to io.Writer, part io.ReadSeeker) error {
	begin, end, label, err := insideOf(part)
	if err != nil {
		return err
	}
	if _, err := part.Seek(0, io.SeekStart); err != nil {
		return err
	}
	text, _, err := asUTF8(part, label)
	if err != nil {
		return err
	}
	if _, err := io.CopyN(io.Discard, text, begin); err != nil {
		return err
	}
	_, err = io.CopyN(to, text, end-begin)
	return err
}

// asUTF8 is a document's text, in the encoding that its first bytes or else label tell.
func asUTF8(r io.Reader, label string) (io.Reader, bool, error) {
	in, known, err := open(r)
	if err != nil || known || label == "" {
		return in, known, err
	}
	text, err := charset.NewReaderLabel(label, in)
	return text, known, err
}

// insideOf finds where the inside of the root element begins and ends, in bytes of UTF-8,
// and the label of the encoding that the document declares, "" for UTF-8.
func insideOf(part io.ReadSeeker) (begin, end int64, label string, err error) {
	label, err = declaredLabel(part)
	if err != nil {
		return 0, 0, "", err
	}
	if _, err := part.Seek(0, io.SeekStart); err != nil {
		return 0, 0, "", err
	}
	text, _, err := asUTF8(part, label)
	if err != nil {
		return 0, 0, "", err
	}
	s := &scanner{in: newInput(text)}
	s.xml = xml.NewDecoder(s.in)
	s.xml.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // it is UTF-8 by now
	if _, err := s.root(); err != nil {
		return 0, 0, "", err
	}
	begin = s.xml.InputOffset()
	for len(s.open) > 0 {
		end = s.xml.InputOffset()
		token, err := s.next()
		if err != nil {
			return 0, 0, "", err
		}
		switch t := token.(type) {
		case xml.StartElement:
			err = s.push(t.Name.Local)
		case xml.EndElement:
			err = s.pop(t.Name.Local)
		}
		if err != nil {
			return 0, 0, "", err
		}
	}
	return begin, end, label, nil
}

// declaredLabel is the encoding that a document declares and that is to be believed.
func declaredLabel(part io.ReadSeeker) (label string, err error) {
	if _, err := part.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	in, known, err := open(part)
	if err != nil {
		return "", err
	}
	believe := declaredEncoding(known)
	s := &scanner{in: in, xml: xml.NewDecoder(in)}
	s.xml.CharsetReader = func(said string, r io.Reader) (io.Reader, error) {
		converted, err := believe(said, r)
		if converted != r {
			label = said
		}
		return converted, err
	}
	_, err = s.root()
	return label, err
}
