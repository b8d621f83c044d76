package pages

import (
	"html/template"
	"strings"

	"misimportd/importer/ask"
)

// Manual is the manual, written once. It may be nil.
type Manual interface {
	// Topics lists what there is, in the order in which it is best read.
	Topics() []Topic
	// HTML is the text of a topic, and whether there is one of the name.
	HTML(name string) (title string, text template.HTML, isThere bool)
}

// Topic is a part of the manual.
type Topic struct{ Name, Title, Summary string }

// manualPage is the list of topics, or one of them.
type manualPage struct {
	Topics []Topic
	Text   template.HTML
}

func manual(v *visit) (shown, error) { return topicsOf(v.Manual), nil }

// topicsOf lists what the manual has.
func topicsOf(of Manual) shown {
	p := manualPage{}
	if of != nil {
		p.Topics = of.Topics()
	}
	return shown{page: "manual", nav: "manual", title: "Manual", data: p}
}

func topic(v *visit) (shown, error) {
	return topicOf(v.Manual, v.request.PathValue("topic"), v.Prefix)
}

// topicOf is a topic whose links to others lead below a prefix.
func topicOf(of Manual, name, prefix string) (shown, error) {
	if of == nil {
		return shown{}, badf("there is no manual here")
	}
	title, text, isThere := of.HTML(name)
	if !isThere {
		return shown{}, &ask.NotKnownError{Kind: "topic of the manual", Text: clipped(name)}
	}
	const link = `href="/manual/` // no text has it: its quotes are escaped there
	below := strings.ReplaceAll(string(text), link, `href="`+template.HTMLEscapeString(prefix)+`/manual/`)
	return shown{page: "manual", nav: "manual", title: title,
		data: manualPage{Text: template.HTML(below)}}, nil //nolint:gosec // it was HTML before
}
