package isams

import (
	"encoding/xml"
	"errors"
	"io"
)

// Contents says what a document holds: how many records each section has, be it one
// that is imported or not. A section is named as the document does.
type Contents map[string]int

// records counts the records of all sections.
func (c Contents) records() (n int) {
	for _, count := range c {
		n += count
	}
	return n
}

// Inspect walks through a document to its end and tells what it holds, or why it is
// refused, as Decode would, keeping none of it. A document without any record is
// refused.
func Inspect(r io.Reader) (Contents, error) {
	s, err := newScanner(r)
	if err != nil {
		return nil, err
	}
	start, err := s.root()
	if err != nil {
		return nil, err
	}
	if start.Name.Local != "iSAMS" {
		return nil, s.refuse(start.Name.Local)
	}
	contents, err := s.count()
	if err != nil {
		return nil, err
	}
	if contents.records() == 0 {
		return nil, &DocumentError{Found: "one without a single record", Hint: "check what the API key is allowed"}
	}
	return contents, nil
}

// The depths of the elements that count: iSAMS, a module, a section, a record.
const (
	sectionDepth = 3
	recordDepth  = 4
)

func (s *scanner) count() (Contents, error) {
	contents := Contents{}
	for {
		token, err := s.next()
		if errors.Is(err, io.EOF) {
			return contents, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if len(s.open) == 0 {
				return nil, s.afterTheEnd("a second document")
			}
			if err := s.push(t.Name.Local); err != nil {
				return nil, err
			}
			switch len(s.open) {
			case sectionDepth:
				contents[t.Name.Local] += 0
			case recordDepth:
				contents[s.open[sectionDepth-1]]++
			}
		case xml.EndElement:
			if err := s.pop(t.Name.Local); err != nil {
				return nil, err
			}
		case xml.CharData:
			if len(s.open) == 0 && !isSpace(t) {
				return nil, s.afterTheEnd("text")
			}
		}
	}
}
