// Package ask answers what people want to know of the database: who and what somebody is, when lessons are, what
// runs did to a record, what is to be mended. It looks, and changes nothing.
package ask

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"misimportd/era"
	"misimportd/era/hint"
	"misimportd/importer/words"
	"misimportd/store"
	"misimportd/store/model"
)

// kindsCalled is how people call the kinds of element.
var kindsCalled = map[string]string{"pupil": "pupil", "staff": "member of staff", "location": "room",
	"subject": "subject", "house": "house", "group": "group"}

// NotKnownError says that there is nothing of what was asked for.
type NotKnownError struct{ Kind, Text, Hint string }

func (e *NotKnownError) Error() string {
	said := fmt.Sprintf("there is no %s %q", cmpOr(kindsCalled[e.Kind], e.Kind), words.Clean(e.Text))
	return said + words.Prefixed(": ", e.Hint)
}

// AmbiguousError says that several are meant by what was asked for, and which.
type AmbiguousError struct {
	Kind, Text string
	Choices    []store.Found
}

// shownChoices is how many of those are named.
const shownChoices = 12

func (e *AmbiguousError) Error() string {
	var which []string
	for _, c := range e.Choices[:min(len(e.Choices), shownChoices)] {
		which = append(which, fmt.Sprintf("%s is %s", refOf(e.Kind, c), words.Clean(c.Name))+words.Prefixed(" of ",
			c.Era))
	}
	more := ""
	if n := len(e.Choices) - shownChoices; n > 0 {
		more = fmt.Sprintf(" … and %d more", n)
	}
	return fmt.Sprintf("%s fits %d: write the id of one: %s%s", words.Clean(e.Text), len(e.Choices),
		strings.Join(which, "; "), more)
}

// refOf is how one is written without a doubt.
func refOf(kind string, f store.Found) string {
	if kind == "group" {
		return f.Kind + "/" + words.Clean(f.SourceID)
	}
	return words.Clean(f.SourceID)
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// Find finds the element of a kind that a text means, on a day: an id goes before a name, and a name before a part of
// one. Of several, those count that are current, or live on the day. It fails with a *NotKnownError or an
// *AmbiguousError.
func Find(ctx context.Context, v *store.View, kind, text string, on era.Date) (store.Found, error) {
	text = strings.TrimSpace(text)
	none := &NotKnownError{Kind: kind, Text: text, Hint: "write its id, its name, or a part of its name"}
	if text == "" {
		return store.Found{}, none
	}
	for _, like := range []store.Like{store.ByID, store.ByName, store.ByPart, store.ByAnything} {
		found, err := v.Search(ctx, kind, text, like)
		if err != nil {
			return store.Found{}, err
		}
		if like == store.ByAnything { // without accents, as people type: the last thing to try
			found = slices.DeleteFunc(found, func(f store.Found) bool {
				return !strings.Contains(plain(f.Name),
					plain(text))
			})
		}
		found = narrowed(found, kind, on)
		switch {
		case len(found) == 1:
			return found[0], nil
		case len(found) > 1:
			return store.Found{}, &AmbiguousError{kind, text, found}
		}
	}
	if kind == "group" {
		none.Hint = fmt.Sprintf("%q lists them", hint.Command("groups --on %s --like %s", on, hint.Quote(text)))
	}
	return store.Found{}, none
}

// narrowed is those of several that are most likely meant.
func narrowed(found []store.Found, kind string, on era.Date) []store.Found {
	likely := slices.DeleteFunc(slices.Clone(found), func(f store.Found) bool {
		if kind == "group" {
			return f.StartsOn > on || f.EndsOn != 0 && f.EndsOn < on
		}
		return !f.Current
	})
	if len(likely) > 0 {
		return likely
	}
	return found
}

// plain is a text in small letters, without accents, and with one kind of apostrophe.
func plain(text string) string {
	text = strings.ReplaceAll(strings.ToLower(text), "’", "'")
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(text))
}

// ids are those of some elements.
func ids(found ...store.Found) (list []model.ID) {
	for _, f := range found {
		list = append(list, f.ID)
	}
	return list
}
