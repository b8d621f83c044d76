package isams

import (
	"encoding/xml"
	"errors"
	"io"
)

// Contents says what a document holds: how many records each section has, be it one
// that is imported or not. A section is named with its module, as the document does:
// PupilManager/CurrentPupils.
type Contents map[string]int

// Records counts the records of all sections.
func (c Contents) Records() (n int) {
	for _, count := range c {
		n += count
	}
	return n
}

// Inspect walks through a document to its end and tells what it holds, or why it is
// refused, as Decode would, keeping none of it. A document without any section is
// refused too.
func Inspect(r io.Reader) (Contents, error) { return InspectRedacting(r, nil) }

// InspectRedacting is Inspect of what somebody else wrote: redact takes the secrets out of whatever is
// quoted of it, and may be nil.
func InspectRedacting(r io.Reader, redact func(string) string) (Contents, error) {
	s, err := newScanner(r)
	if err != nil {
		return nil, err
	}
	s.redact = redact
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
	if len(contents) == 0 {
		return nil, &DocumentError{Found: "one without a single section", Hint: "check what the API key is allowed"}
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
		token, err := s.step()
		if errors.Is(err, io.EOF) {
			return contents, nil
		}
		if err != nil {
			return nil, err
		}
		if _, isStart := token.(xml.StartElement); !isStart {
			continue
		}
		switch len(s.open) {
		case sectionDepth:
			contents[s.section()] += 0
		case recordDepth:
			contents[s.section()]++
		}
	}
}

// section is the section that is open, with its module.
func (s *scanner) section() string { return s.open[sectionDepth-2] + "/" + s.open[sectionDepth-1] }
