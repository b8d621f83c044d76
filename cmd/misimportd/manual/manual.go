// Package manual is what people are told of the program, written once: topics in Markdown, each
// beside the code that it describes, shown in a terminal, as pages and as man pages. It must never
// act on anything.
package manual

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"misimportd/cmd/misimportd/config"
	"misimportd/deploy"
	"misimportd/era"
	"misimportd/importer"
	"misimportd/importer/ask"
	"misimportd/importer/daemon"
	"misimportd/importer/entry"
	"misimportd/importer/fleet"
	"misimportd/importer/guard"
	"misimportd/importer/messages"
	"misimportd/importer/report"
	"misimportd/importer/schoolfiles"
	"misimportd/importer/sources"
	"misimportd/importer/status"
	"misimportd/importer/status/pages"
	"misimportd/importer/undo"
	"misimportd/importer/want"
	"misimportd/importer/years"
	"misimportd/mis"
	"misimportd/mis/cache"
	"misimportd/mis/isams"
	"misimportd/mis/isams/batch"
	"misimportd/mis/isams/isamstest"
	"misimportd/store"
)

// shelf is the topics in the order in which they are best read. A topic's name is that of its file,
// without .md.
var shelf = []struct{ name, text string }{
	{"start", start},
	{"commands", commands},
	{"run", importer.Manual},
	{"fetch", batch.Manual},
	{"folder", cache.Manual},
	{"service", daemon.Manual},
	{"configuration", config.Manual},
	{"guard", guard.Manual},
	{"undo", undo.Manual},
	{"pins", entry.Manual},
	{"year", years.Manual},
	{"groups", want.Manual},
	{"timetable", isams.Manual},
	{"calendar", era.Manual},
	{"events", schoolfiles.Manual},
	{"covers", mis.Manual},
	{"convert", sources.Manual},
	{"questions", ask.Manual},
	{"json", report.Manual},
	{"database", store.Manual},
	{"pages", pages.Text},
	{"messages", messages.Manual},
	{"package", deploy.Manual},
	{"fleet", fleet.Manual},
	{"metrics", status.Manual},
	{"runbook", status.Runbook},
	{"demo", isamstest.Manual},
	{"trouble", trouble},
}

// Topic is one part of the manual.
type Topic struct {
	Name    string // as people type it
	Title   string // its first heading
	Summary string // the first sentence below that
	Text    string // all of it, in Markdown
}

// Topics lists the topics in the order in which they are best read.
func Topics() []Topic { return slices.Clone(topics()) }

var topics = sync.OnceValue(func() (all []Topic) {
	for _, t := range shelf {
		all = append(all, newTopic(t.name, t.text))
	}
	return all
})

// newTopic takes title and summary out of a text.
func newTopic(name, text string) Topic {
	t := Topic{Name: name, Text: text}
	for _, b := range parse(text) {
		switch {
		case b.kind == heading && t.Title == "":
			t.Title = plain(b.spans)
		case b.kind == paragraph && t.Summary == "":
			t.Summary = firstSentence(plain(b.spans))
		}
	}
	return t
}

var sentenceEnd = regexp.MustCompile(`[.:]( |$)`)

func firstSentence(text string) string {
	if end := sentenceEnd.FindStringIndex(text); end != nil {
		text = text[:end[0]]
	}
	return text
}

// Find gives the topic of a name, and whether there is one.
func Find(name string) (Topic, bool) {
	i := slices.IndexFunc(topics(), func(t Topic) bool { return t.Name == name })
	if i < 0 {
		return Topic{}, false
	}
	return topics()[i], true
}

func isTopic(name string) bool {
	return slices.ContainsFunc(shelf, func(t struct{ name, text string }) bool { return t.name == name })
}

// Nearest picks out of names those that may have been meant: they begin alike, or are at most two
// slips of the finger away. They come in the order of names.
func Nearest(word string, names []string) (near []string) {
	for _, name := range names {
		alike := len(word) > 2 && (strings.HasPrefix(name, word) || strings.HasPrefix(word, name))
		if alike || len(word) > 2 && slips([]rune(word), []rune(name)) <= 2 {
			near = append(near, name)
		}
	}
	return near
}

// slips counts the letters that have to be put in, taken out or replaced to make b of a.
func slips(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		before := row[0]
		row[0] = i + 1
		for j := range b {
			replaced := before
			if a[i] != b[j] {
				replaced++
			}
			before = row[j+1]
			row[j+1] = min(replaced, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
