package isams

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/beevik/etree"
)

// node is a place in the document on the way to records. An element that has no
// node is passed over with all that it holds: new releases bring such.
type node struct {
	children map[string]*node
	enter    func(xml.StartElement) // the document has this element
	record   func(*record)          // this element is a record
	other    *node                  // for children of a name that is not among them; nil passes them over
}

// child is the node for a path below n, made where it is missing.
func (n *node) child(path string) *node {
	for name := range strings.SplitSeq(path, "/") {
		next := n.children[name]
		if next == nil {
			next = &node{}
			if n.children == nil {
				n.children = map[string]*node{}
			}
			n.children[name] = next
		}
		n = next
	}
	return n
}

// scanner walks the tokens of a document. It holds one record at a time.
type scanner struct {
	in   *input
	xml  *xml.Decoder
	open []string // the names of the elements that are open
	at   []*node  // their nodes, nil for what is passed over

	redact func(string) string // takes secrets out of what is quoted; may be nil
}

func newScanner(r io.Reader) (*scanner, error) {
	in, known, err := open(r)
	if err != nil {
		return nil, err
	}
	decoder := xml.NewDecoder(in)
	decoder.CharsetReader = declaredEncoding(known)
	return &scanner{in: in, xml: decoder}, nil
}

// next is the next token. RawToken does not check that tags match; push and pop
// do, which is cheaper than the name spaces that Token works out.
func (s *scanner) next() (xml.Token, error) {
	token, err := s.xml.RawToken()
	s.in.tokenDone()
	if err != nil {
		return nil, s.explain(err)
	}
	return token, nil
}

func (s *scanner) line() int {
	line, _ := s.xml.InputPos()
	return line
}

func (s *scanner) explain(err error) error {
	var syntax *xml.SyntaxError
	switch {
	case errors.Is(err, io.EOF) && len(s.open) == 0:
		return io.EOF
	case errors.Is(err, io.EOF), errors.As(err, &syntax) && syntax.Msg == "unexpected EOF",
		errors.Is(err, io.ErrUnexpectedEOF):
		return &DocumentError{Found: "the beginning of one, cut off " + s.place(), Line: s.line(), Err: errCutOff,
			Hint: "fetch it again", Retry: true}
	case errors.Is(err, errTokenTooLong):
		return &DocumentError{Found: fmt.Sprintf("something with a single text or tag of more than %d bytes",
			maxTokenBytes), Line: s.line()}
	case errors.As(err, &syntax):
		return &DocumentError{Found: "something that is not well-formed XML", Line: syntax.Line,
			Err: errors.New(withoutText(syntax.Msg)), Hint: "fetch it again", Retry: true}
	}
	return fmt.Errorf("line %d: %w", s.line(), err)
}

// withoutText keeps what a document says out of an error: it may be somebody's name.
func withoutText(said string) string {
	if strings.HasPrefix(said, "invalid character entity") {
		return "an & that begins nothing XML knows; it should be &amp;"
	}
	return said
}

func (s *scanner) place() string {
	if len(s.open) == 0 {
		return "before its first element"
	}
	return "inside <" + s.open[len(s.open)-1] + ">"
}

func (s *scanner) push(name string) error {
	if len(s.open) == maxDepth {
		return &DocumentError{Found: fmt.Sprintf("something with elements nested more than %d deep", maxDepth),
			Line: s.line()}
	}
	s.open = append(s.open, name)
	return nil
}

func (s *scanner) pop(name string) error {
	last := len(s.open) - 1
	if last < 0 || s.open[last] != name {
		return &DocumentError{Found: "something that is not well-formed XML", Line: s.line(),
			Err: fmt.Errorf("</%s> closes what is not open", name), Hint: "fetch it again", Retry: true}
	}
	s.open = s.open[:last]
	return nil
}

// root reads up to the first element and returns it. So far it is not strict: an HTML
// page is to be called one, and few are well-formed.
func (s *scanner) root() (xml.StartElement, error) {
	s.xml.Strict = false
	defer func() { s.xml.Strict = true }()
	for {
		token, err := s.next()
		if errors.Is(err, io.EOF) {
			return xml.StartElement{}, &DocumentError{Found: "a file without any element",
				Hint: "fetch the document again", Retry: true}
		}
		if err != nil {
			return xml.StartElement{}, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			return t, s.push(t.Name.Local)
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return xml.StartElement{}, &DocumentError{Found: "text that is not XML", Line: s.line(),
					Hint: "fetch the document again", Retry: true}
			}
		}
	}
}

// walk reads from the open root element to the end of the bytes and hands each
// record to its node.
func (s *scanner) walk(root *node) error {
	s.at = append(s.at, root)
	for {
		token, err := s.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			err = s.enter(t)
		case xml.EndElement:
			err = s.pop(t.Name.Local)
			s.at = s.at[:len(s.open)]
		case xml.CharData:
			if len(s.open) == 0 && len(bytes.TrimSpace(t)) > 0 {
				err = s.afterTheEnd("text")
			}
		}
		if err != nil {
			return err
		}
	}
}

// step reads a token, minding what is open, for those who look at tokens only.
func (s *scanner) step() (xml.Token, error) {
	token, err := s.next()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case xml.StartElement:
		if len(s.open) == 0 {
			return nil, s.afterTheEnd("a second document")
		}
		err = s.push(t.Name.Local)
	case xml.EndElement:
		err = s.pop(t.Name.Local)
	case xml.CharData:
		if len(s.open) == 0 && !isSpace(t) {
			err = s.afterTheEnd("text")
		}
	}
	return token, err
}

func (s *scanner) afterTheEnd(what string) error {
	return &DocumentError{Found: "one with " + what + " after its end", Line: s.line(), Hint: "fetch it again",
		Retry: true}
}

func (s *scanner) enter(start xml.StartElement) error {
	if len(s.open) == 0 {
		return s.afterTheEnd("a second document")
	}
	var here *node
	if parent := s.at[len(s.at)-1]; parent != nil {
		if here = parent.children[start.Name.Local]; here == nil {
			here = parent.other
		}
	}
	if here != nil && here.record != nil {
		rec, err := s.record(start)
		if err == nil {
			here.record(rec)
		}
		return err
	}
	if here != nil && here.enter != nil {
		here.enter(start)
	}
	s.at = append(s.at, here)
	return s.push(start.Name.Local)
}

// record reads one record whole. One that is too large is read to its end without
// being kept, and marked.
func (s *scanner) record(start xml.StartElement) (*record, error) {
	if err := s.push(start.Name.Local); err != nil {
		return nil, err
	}
	depth, begin := len(s.open), s.xml.InputOffset()
	element := toElement(start)
	rec := &record{Element: element, line: s.line()}
	for len(s.open) >= depth {
		token, err := s.next()
		if err != nil {
			return nil, err
		}
		if s.xml.InputOffset()-begin > maxRecordBytes {
			rec.tooLarge = true
		}
		switch t := token.(type) {
		case xml.StartElement:
			if err := s.push(t.Name.Local); err != nil {
				return nil, err
			}
			if !rec.tooLarge {
				child := toElement(t)
				element.AddChild(child)
				element = child
			}
		case xml.EndElement:
			if err := s.pop(t.Name.Local); err != nil {
				return nil, err
			}
			if parent := element.Parent(); parent != nil && !rec.tooLarge {
				element = parent
			}
		case xml.CharData:
			if !rec.tooLarge && !isIndentation(element, t) {
				element.AddChild(etree.NewText(string(t)))
			}
		}
	}
	return rec, nil
}

func toElement(start xml.StartElement) *etree.Element {
	element := &etree.Element{Tag: start.Name.Local}
	if len(start.Attr) > 0 {
		element.Attr = make([]etree.Attr, len(start.Attr))
		for i, a := range start.Attr {
			element.Attr[i] = etree.Attr{Space: a.Name.Space, Key: a.Name.Local, Value: a.Value}
		}
	}
	return element
}

// isIndentation tells whether text is only what stands between two elements.
func isIndentation(in *etree.Element, text []byte) bool {
	if n := len(in.Child); n > 0 {
		if _, afterElement := in.Child[n-1].(*etree.Element); !afterElement {
			return false
		}
	}
	return isSpace(text)
}

func isSpace(text []byte) bool {
	for _, c := range text {
		if c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return false
		}
	}
	return true
}
