package isams

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"slices"

	"golang.org/x/net/html/charset"
)

// Merge writes one document with all that is in several, in UTF-8. The parts are
// documents that Inspect has passed.
func Merge(to io.Writer, parts ...io.ReadSeeker) error {
	insides := make([]inside, len(parts))
	prefixes := map[string]string{}
	for i, part := range parts {
		var err error
		if insides[i], err = insideOf(part); err != nil {
			return err
		}
		maps.Copy(prefixes, insides[i].prefixes)
	}
	root := "<iSAMS"
	for _, prefix := range slices.Sorted(maps.Keys(prefixes)) {
		root += fmt.Sprintf(" xmlns:%s=\"%s\"", prefix, Escaped(prefixes[prefix]))
	}
	if _, err := io.WriteString(to, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"+root+">\n"); err != nil {
		return err
	}
	for i, part := range parts {
		if err := insides[i].copy(to, part); err != nil {
			return err
		}
	}
	_, err := io.WriteString(to, "</iSAMS>\n")
	return err
}

// inside is what stands between a document's root tags: where, in bytes of UTF-8, in
// which encoding the document declares itself ("" for UTF-8), and the name space
// prefixes that it relies on.
type inside struct {
	begin, end int64
	label      string
	prefixes   map[string]string
}

func (i inside) copy(to io.Writer, part io.ReadSeeker) error {
	if _, err := part.Seek(0, io.SeekStart); err != nil {
		return err
	}
	text, err := asUTF8(part, i.label)
	if err != nil {
		return err
	}
	if _, err := io.CopyN(io.Discard, text, i.begin); err != nil {
		return err
	}
	_, err = io.CopyN(to, text, i.end-i.begin)
	return err
}

// asUTF8 is a document's text, in the encoding that its first bytes or else label tell.
func asUTF8(r io.Reader, label string) (io.Reader, error) {
	in, known, err := open(r)
	if err != nil || known || label == "" {
		return in, err
	}
	return charset.NewReaderLabel(label, in)
}

func insideOf(part io.ReadSeeker) (found inside, err error) {
	if found.label, err = declaredLabel(part); err != nil {
		return found, err
	}
	if _, err := part.Seek(0, io.SeekStart); err != nil {
		return found, err
	}
	text, err := asUTF8(part, found.label)
	if err != nil {
		return found, err
	}
	s := &scanner{in: newInput(text)}
	s.xml = xml.NewDecoder(s.in)
	s.xml.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // it is UTF-8 by now
	root, err := s.root()
	if err != nil {
		return found, err
	}
	found.prefixes = map[string]string{}
	for _, a := range root.Attr {
		if a.Name.Space == "xmlns" {
			found.prefixes[a.Name.Local] = a.Value
		}
	}
	found.begin = s.xml.InputOffset()
	for len(s.open) > 0 {
		found.end = s.xml.InputOffset()
		if _, err := s.step(); err != nil {
			return found, err
		}
	}
	return found, nil
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

// Escaped is a text as XML has it.
func Escaped(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // a buffer takes whatever it is given
	return b.String()
}
