package manual

import (
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// narrowest is the least width that texts are wrapped at: below that nothing could be read.
const narrowest = 30

// WriteTerminal writes a topic for a terminal that is so many columns wide. Commands and other lines
// that stand as they are in the topic are never broken, so that they can be pasted. It returns the
// first error of w.
func WriteTerminal(w io.Writer, t Topic, width int, colour bool) error {
	p := &page{width: max(width, narrowest), colour: colour}
	p.blocks(parse(t.Text), "")
	_, err := io.WriteString(w, strings.TrimLeft(p.out.String(), "\n"))
	return err
}

// page is what has been written so far.
type page struct {
	width  int
	colour bool
	out    strings.Builder
}

var codes = map[style]string{code: "36", strong: "1", emphasis: "3"}

func (p *page) paint(text string, s style) string {
	if !p.colour || s == upright || text == "" {
		return text
	}
	return "\x1b[" + codes[s] + "m" + text + "\x1b[0m"
}

func (p *page) line(text string) { p.out.WriteString(strings.TrimRight(text, " ") + "\n") }

func (p *page) blocks(blocks []block, indent string) {
	for i, b := range blocks {
		follows := i > 0 && b.kind == item && blocks[i-1].kind == item
		if !follows {
			p.line("")
		}
		switch b.kind {
		case heading:
			p.heading(b)
		case paragraph:
			p.wrapped(b.spans, indent, indent)
		case listing:
			for _, line := range b.lines {
				p.line(indent + "    " + p.paint(line, code))
			}
		case item:
			p.item(b, indent)
		case table:
			p.table(b.rows, indent)
		}
	}
}

var underlines = map[int]string{1: "=", 2: "-"}

// heading underlines titles, so that they are titles without colour, too.
func (p *page) heading(b block) {
	title := plain(b.spans)
	p.line(p.paint(title, strong))
	p.out.WriteString(strings.Repeat(underlines[b.level], utf8.RuneCountInString(title)) + "\n")
}

func (p *page) item(b block, indent string) {
	inside := indent + strings.Repeat(" ", utf8.RuneCountInString(b.marker)+1)
	rest := b.inside
	if len(rest) > 0 && rest[0].kind == paragraph {
		p.wrapped(rest[0].spans, indent+b.marker+" ", inside)
		rest = rest[1:]
	}
	p.blocks(rest, inside)
}

// quoted puts commands of several words into quotes where no colour sets them apart.
func (p *page) quoted(spans []span) []span {
	if p.colour {
		return spans
	}
	set := slices.Clone(spans)
	for i, s := range set {
		if s.style == code && strings.Contains(s.text, " ") {
			set[i].text = `"` + s.text + `"`
		}
	}
	return set
}

// wrapped writes a paragraph: what its first line begins with, and the others.
func (p *page) wrapped(spans []span, first, others string) { p.set(p.quoted(spans), first, others) }

// set is wrapped for text that stands by itself, as a term does.
func (p *page) set(spans []span, first, others string) {
	line, used, blank := first, utf8.RuneCountInString(first), true
	for _, w := range wordsOf(spans) {
		if !blank && used+1+w.width > p.width {
			p.line(line)
			line, used, blank = others, utf8.RuneCountInString(others), true
		}
		if !blank {
			line, used = line+" ", used+1
		}
		line, used, blank = line+w.painted(p), used+w.width, false
	}
	p.line(line)
}

// word is what stands between two blanks, in one or more styles.
type word struct {
	parts []span
	width int // in columns
}

func (w word) painted(p *page) string {
	var b strings.Builder
	for _, part := range w.parts {
		b.WriteString(p.paint(part.text, part.style))
	}
	return b.String()
}

func wordsOf(spans []span) (words []word) {
	open := false // the next text belongs to the word before
	for _, s := range spans {
		for i, text := range strings.Split(s.text, " ") {
			open = open && i == 0
			if text == "" {
				continue
			}
			if !open {
				words = append(words, word{})
			}
			last := &words[len(words)-1]
			last.parts = append(last.parts, span{text, s.style})
			last.width += utf8.RuneCountInString(text)
			open = true
		}
	}
	return words
}

const gap = 2 // columns between those of a table

// table writes columns where they fit, and else what the first column holds with the rest below it.
func (p *page) table(rows [][][]span, indent string) {
	widths := make([]int, len(rows[0]))
	total := utf8.RuneCountInString(indent) - gap
	for i := range widths {
		for _, row := range rows {
			widths[i] = max(widths[i], utf8.RuneCountInString(plain(row[i])))
		}
		total += widths[i] + gap
	}
	if total > p.width {
		p.entries(rows, indent)
		return
	}
	for n, row := range rows {
		line := indent
		for i, cell := range row {
			line += p.cell(cell, n == 0) + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(plain(cell))+gap)
		}
		p.line(line)
	}
}

func (p *page) cell(spans []span, isHead bool) string {
	var b strings.Builder
	for _, s := range spans {
		if isHead {
			s.style = strong
		}
		b.WriteString(p.paint(s.text, s.style))
	}
	return b.String()
}

// entries writes a table that is too wide as a list of what its first column holds.
func (p *page) entries(rows [][][]span, indent string) {
	for _, row := range rows[1:] {
		p.set(row[0], indent, indent+"  ")
		for i, cell := range row[1:] {
			if len(cell) > 0 {
				p.wrapped(labelled(rows[0], cell, i+1), indent+"    ", indent+"    ")
			}
		}
	}
}

// labelled is a cell with the head of its column before it, where that is not clear without.
func labelled(head [][]span, cell []span, column int) []span {
	label := plain(head[column])
	if len(head) < 3 || label == "meaning" || len(cell) == 0 {
		return cell
	}
	return append([]span{{label + ": ", emphasis}}, cell...)
}
