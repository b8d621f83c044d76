// Package ask answers what people want to know of the database: who and what somebody is, when lessons are, what
// runs did to a record, what is to be mended. It looks, and changes nothing.
package ask

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

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
	said := fmt.Sprintf("there is no %s %q", cmp.Or(kindsCalled[e.Kind], e.Kind), words.Clean(e.Text))
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
		gone := ""
		if !c.Current {
			gone = ", who or which is no longer there"
		}
		which = append(which, fmt.Sprintf("%s is %s%s", refOf(e.Kind, c), words.Clean(c.Name), gone))
	}
	more := ""
	if n := len(e.Choices) - shownChoices; n > 0 {
		more = fmt.Sprintf("; and %d more: write more of the name", n)
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

// Find finds the element of a kind that a text means, on a day: an id goes before a name, and a name before a part of
// one. Of several, those count that are current, or live on the day. It fails with a *NotKnownError or an
// *AmbiguousError.
func Find(ctx context.Context, v *store.View, kind, text string, on era.Date) (store.Found, error) {
	text = strings.TrimSpace(text)
	none := &NotKnownError{Kind: kind, Text: text, Hint: "write its id, its name, or a part of its name"}
	if text == "" {
		return store.Found{}, none
	}
	for _, like := range orderOf(kind) {
		found, err := search(ctx, v, kind, text, like)
		if err != nil {
			return store.Found{}, err
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

// orderOf is in which order a kind is looked for: rooms have numbers for names.
func orderOf(kind string) []store.Like {
	if kind == "location" {
		return []store.Like{store.ByName, store.ByID, store.ByPart, store.ByAnything}
	}
	return []store.Like{store.ByID, store.ByName, store.ByPart, store.ByAnything}
}

// search finds all that a text can mean. The last thing to try is to compare without accents, as people type: the
// name in full goes before a part of it, as it does in the database.
func search(ctx context.Context, v *store.View, kind, text string, like store.Like) ([]store.Found, error) {
	found, err := v.Search(ctx, kind, text, like)
	if err != nil || like != store.ByAnything {
		return found, err
	}
	asked := words.Plain(text)
	if surname, forename, isTurned := strings.Cut(text, ","); isTurned { // as lists have it
		asked = words.Plain(forename + " " + surname)
	}
	if asked == "" {
		return nil, nil
	}
	with := func(fits func(name string) bool) []store.Found {
		return slices.DeleteFunc(slices.Clone(found), func(f store.Found) bool { return !fits(words.Plain(f.Name)) })
	}
	if exact := with(func(name string) bool {
		return name == asked || strings.HasPrefix(name,
			asked+" (")
	}); len(exact) > 0 {
		return exact, nil
	}
	return with(func(name string) bool { return strings.Contains(name, asked) }), nil
}

// narrowed is those of several that are most likely meant: current ones, or groups that live on the day. Of a group of
// several years of which none lives then it is the newest.
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
	isAnother := func(f store.Found) bool { return f.Kind != found[0].Kind || f.SourceID != found[0].SourceID }
	if kind == "group" && len(found) > 1 && !slices.ContainsFunc(found, isAnother) {
		return []store.Found{slices.MaxFunc(found, func(a, b store.Found) int {
			return cmp.Compare(a.StartsOn,
				b.StartsOn)
		})}
	}
	return found
}

// ids are those of some elements.
func ids(found ...store.Found) (list []model.ID) {
	for _, f := range found {
		list = append(list, f.ID)
	}
	return list
}
