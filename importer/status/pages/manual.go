package pages

import (
	"html/template"

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

func manual(v *visit) (shown, error) {
	p := manualPage{}
	if v.Manual != nil {
		p.Topics = v.Manual.Topics()
	}
	return shown{page: "manual", nav: "manual", title: "Manual", data: p}, nil
}

func topic(v *visit) (shown, error) {
	if v.Manual == nil {
		return shown{}, badf("there is no manual here")
	}
	name := v.request.PathValue("topic")
	title, text, isThere := v.Manual.HTML(name)
	if !isThere {
		return shown{}, &ask.NotKnownError{Kind: "topic of the manual", Text: clipped(name)}
	}
	return shown{page: "manual", nav: "manual", title: title, data: manualPage{Text: text}}, nil
}
