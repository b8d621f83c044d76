package isams

import (
	"strconv"
	"strings"

	"github.com/beevik/etree"
)

// record is one element that describes one thing: its attributes hold ids, its
// child elements hold data.
type record struct {
	*etree.Element
	line     int
	tooLarge bool
}

// attr is the trimmed value of an attribute, "" when there is none.
func (r *record) attr(name string) string {
	for i := range r.Attr {
		if r.Attr[i].Key == name {
			return strings.TrimSpace(oneLine.Replace(r.Attr[i].Value))
		}
	}
	return ""
}

// text is the trimmed text of a child element. An absent element, an empty one and
// one that holds only space all give "". Where there are several of the name, as
// with elements marked Legacy, the first that says something counts.
func (r *record) text(name string) string {
	for _, token := range r.Child {
		child, ok := token.(*etree.Element)
		if !ok || child.Tag != name {
			continue
		}
		if text := textOf(child); text != "" {
			return text
		}
	}
	return ""
}

func textOf(e *etree.Element) string {
	var text string
	for _, token := range e.Child {
		if data, ok := token.(*etree.CharData); ok {
			text += data.Data
		}
	}
	return strings.TrimSpace(oneLine.Replace(text))
}

// oneLine turns a text that was broken over lines into one that is not.
var oneLine = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "\t", " ", "\u0085", " ", "\u2028", " ", "\u2029",
	" ")

// flag reads a boolean, which iSAMS writes as 1, True or true.
func (r *record) flag(name string) bool {
	return flagOf(r.text(name))
}

func flagOf(text string) bool {
	value, _ := strconv.ParseBool(strings.ToLower(text))
	return value
}

// number puts an id that iSAMS has as a number into its one form: "007" and "7" are
// the same. It fails on anything else.
func number(text string) (string, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return "", false
	}
	if canonical := strconv.FormatInt(n, 10); canonical != text {
		return canonical, true
	}
	return text, true
}

// reference is number for an attribute that points at another record: blank and 0
// both mean none.
func reference(text string) (id string, ok bool) {
	if text == "" {
		return "", true
	}
	id, ok = number(text)
	if id == "0" {
		id = ""
	}
	return id, ok
}
