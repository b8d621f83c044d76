package manual

import (
	"strconv"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// tables are set without styles, which the pages' policy does not allow.
var tables = extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute))

// markdown reads topics.
var markdown = goldmark.New(goldmark.WithExtensions(tables))

// style is how a stretch of text is set.
type style int

const (
	upright style = iota
	code
	strong
	emphasis
)

// span is a stretch of text of one style, without line breaks.
type span struct {
	text  string
	style style
}

// kind is what a block is.
type kind int

const (
	heading kind = iota
	paragraph
	listing // lines that stand as they are
	item    // of a list
	table
)

// block is a part of a topic as a terminal or a man page needs it.
type block struct {
	kind   kind
	level  int    // of a heading, from 1
	marker string // of an item: • or 1.
	spans  []span
	lines  []string
	inside []block    // of an item
	rows   [][][]span // of a table; the first is its head
}

// parse reads Markdown.
func parse(source string) []block {
	bytes := []byte(source)
	return reader{bytes}.blocks(markdown.Parser().Parse(text.NewReader(bytes)))
}

// reader turns goldmark's tree into blocks.
type reader struct{ source []byte }

func (r reader) blocks(parent ast.Node) (found []block) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Heading:
			found = append(found, block{kind: heading, level: n.Level, spans: r.spans(n, upright)})
		case *ast.Paragraph, *ast.TextBlock:
			found = append(found, block{kind: paragraph, spans: r.spans(n, upright)})
		case *ast.FencedCodeBlock, *ast.CodeBlock:
			found = append(found, block{kind: listing, lines: r.lines(n)})
		case *ast.List:
			found = append(found, r.items(n)...)
		case *east.Table:
			found = append(found, block{kind: table, rows: r.rows(n)})
		default:
			found = append(found, r.blocks(n)...)
		}
	}
	return found
}

func (r reader) items(list *ast.List) (found []block) {
	number := list.Start
	for n := list.FirstChild(); n != nil; n = n.NextSibling() {
		marker := "•"
		if list.IsOrdered() {
			marker = strconv.Itoa(number) + "."
			number++
		}
		found = append(found, block{kind: item, marker: marker, inside: r.blocks(n)})
	}
	return found
}

func (r reader) lines(n ast.Node) (lines []string) {
	segments := n.Lines()
	for i := range segments.Len() {
		segment := segments.At(i)
		lines = append(lines, strings.TrimRight(string(segment.Value(r.source)), "\n"))
	}
	return lines
}

func (r reader) rows(t *east.Table) (rows [][][]span) {
	for row := t.FirstChild(); row != nil; row = row.NextSibling() {
		var cells [][]span
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			cells = append(cells, r.spans(cell, upright))
		}
		rows = append(rows, cells)
	}
	return rows
}

// spans are the texts within a node.
func (r reader) spans(parent ast.Node, s style) (found []span) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Text:
			said := string(n.Value(r.source))
			if n.SoftLineBreak() || n.HardLineBreak() {
				said += " "
			}
			found = append(found, span{unescaped(said, s), s})
		case *ast.String:
			found = append(found, span{string(n.Value), s})
		case *ast.AutoLink:
			found = append(found, span{string(n.URL(r.source)), s})
		case *ast.CodeSpan:
			found = append(found, span{plain(r.spans(n, code)), code}) // in the text it may go over a line's end
		case *ast.Emphasis:
			found = append(found, r.spans(n, emphasised(n.Level))...)
		case *ast.RawHTML: // is not let through
		case *ast.Link:
			found = append(append(found, r.spans(n, s)...), aside(n, plain(r.spans(n, s)))...)
		default:
			found = append(found, r.spans(n, s)...)
		}
	}
	return found
}

// aside is how the topic is shown that a link leads to: there is nothing to click on.
func aside(link *ast.Link, said string) []span {
	name, _ := topicOf(string(link.Destination))
	if name == "" || name == said {
		return nil
	}
	return []span{{" (help " + name + ")", upright}}
}

// unescaped is what Markdown means by a stretch of text. In code it means just what stands there.
func unescaped(said string, s style) string {
	said = strings.ReplaceAll(said, "\n", " ")
	if s == code {
		return said
	}
	bytes := util.ResolveEntityNames(util.ResolveNumericReferences([]byte(said)))
	return string(util.UnescapePunctuations(bytes))
}

func emphasised(level int) style {
	if level > 1 {
		return strong
	}
	return emphasis
}

// plain is the text of spans alone.
func plain(spans []span) string {
	var b strings.Builder
	for _, s := range spans {
		b.WriteString(s.text)
	}
	return b.String()
}
