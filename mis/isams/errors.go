package isams

import (
	"errors"
	"fmt"
	"strings"
)

// DocumentError says that a document is refused whole, and what it is instead of
// an iSAMS document.
type DocumentError struct {
	Found string // what it is, to follow "it is": "an HTML page"
	Line  int    // where that showed; 0 when it is so as a whole
	Hint  string // what the operator can do
	Err   error  // what the XML reader said; may be nil
	Retry bool   // asked again, iSAMS may well answer better
}

func (e *DocumentError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "not an iSAMS document but %s", e.Found)
	if e.Line > 0 {
		fmt.Fprintf(&b, " (line %d)", e.Line)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	if e.Hint != "" {
		fmt.Fprintf(&b, "; %s", e.Hint)
	}
	return b.String()
}

func (e *DocumentError) Unwrap() error { return e.Err }

// MessageError is an error that iSAMS answered with in place of a document.
type MessageError struct {
	ID          string // InvalidApiKey, UnhandledException …
	Title       string
	Description string
}

func (e *MessageError) Error() string {
	said := e.Description
	if said == "" {
		said = e.Title
	}
	return fmt.Sprintf("not an iSAMS document but an error from iSAMS: %s: %s; %s", e.ID, strings.TrimSuffix(said, "."),
		e.hint())
}

// Transient tells whether the same request may succeed a little later.
func (e *MessageError) Transient() bool { return e.ID == "UnhandledException" && !e.Permanent() }

// Permanent tells whether the same request will never succeed.
func (e *MessageError) Permanent() bool {
	switch e.ID {
	case "InvalidApiKey", "MissingParameter", "MethodsNotAllocatedToKeyException", "FiltersRequiredException":
		return true
	}
	return strings.Contains(e.Description, "root level is invalid")
}

func (e *MessageError) hint() string {
	switch e.ID {
	case "InvalidApiKey", "MissingParameter":
		return "check the API key"
	case "MethodsNotAllocatedToKeyException":
		return "allocate these methods to the API key in iSAMS"
	case "FiltersRequiredException":
		return "give the method its filter, or take it off the API key"
	}
	return "fetch the document again"
}

// errCutOff says that the bytes ended before the document did.
var errCutOff = errors.New("the end is missing")
