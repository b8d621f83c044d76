package manual

import (
	"bytes"
	"fmt"
	"html/template"
	"path"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// HTML is a topic as a part of a page: its headings have ids, links to other topics lead to
// /manual/NAME, and what would lead into the source tree is text alone. It has no scripts, no styles
// and no raw HTML.
func HTML(t Topic) (template.HTML, error) {
	var page bytes.Buffer
	md := goldmark.New(
		goldmark.WithExtensions(tables),
		goldmark.WithParserOptions(parser.WithAutoHeadingID(),
			parser.WithASTTransformers(util.Prioritized(links{}, 100))),
	)
	if err := md.Convert([]byte(t.Text), &page); err != nil {
		return "", fmt.Errorf("topic %s of the manual: %w", t.Name, err)
	}
	return template.HTML(page.String()), nil //nolint:gosec // goldmark lets no raw HTML through
}

// links makes links between files links between pages.
type links struct{}

// Transform is called by goldmark, once for each topic.
func (links) Transform(document *ast.Document, _ text.Reader, _ parser.Context) {
	var found []*ast.Link
	_ = ast.Walk(document, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if link, ok := n.(*ast.Link); ok && entering {
			found = append(found, link)
		}
		return ast.WalkContinue, nil
	})
	for _, link := range found {
		if to := pageOf(string(link.Destination)); to != "" {
			link.Destination = []byte(to)
			continue
		}
		unlink(link)
	}
}

// pageOf is where a link of a topic leads to on a page, "" for nowhere.
func pageOf(to string) string {
	if strings.HasPrefix(to, "https://") || strings.HasPrefix(to, "http://127.0.0.1") || strings.HasPrefix(to, "#") {
		return to
	}
	name, place := topicOf(to)
	if name == "" {
		return ""
	}
	return "/manual/" + name + place
}

// topicOf is the topic that a link leads to, and the place in it, with its #; "" if it is none.
func topicOf(to string) (name, place string) {
	file, place, has := strings.Cut(to, "#")
	name, isText := strings.CutSuffix(path.Base(file), ".md")
	if !isText || !isTopic(name) {
		return "", ""
	}
	if has {
		place = "#" + place
	}
	return name, place
}

// unlink puts what a link holds in its place.
func unlink(link *ast.Link) {
	parent := link.Parent()
	for n := link.FirstChild(); n != nil; n = link.FirstChild() {
		link.RemoveChild(link, n)
		parent.InsertBefore(parent, link, n)
	}
	parent.RemoveChild(parent, link)
}
