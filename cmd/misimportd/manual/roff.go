package manual

import (
	"fmt"
	"regexp"
	"strings"
)

// roff writes blocks as a man page.
type roff struct {
	out   strings.Builder
	fresh bool // a heading stands before: what follows needs no break
}

// lineAtMost is how wide the lines of a man page's source are, in bytes.
const lineAtMost = 72

func (r *roff) macro(name string, args ...string) {
	r.out.WriteString("." + name)
	for _, arg := range args {
		r.out.WriteString(` "` + strings.ReplaceAll(escaped(arg, upright), `"`, `\(dq`) + `"`)
	}
	r.out.WriteString("\n")
}

// section begins a part of the page: level 1 or a smaller one.
func (r *roff) section(level int, title string) {
	if level == 1 {
		r.macro("SH", strings.ToUpper(title))
	} else {
		r.macro("SS", title)
	}
	r.fresh = true
}

func (r *roff) pause() {
	if !r.fresh {
		r.macro("PP")
	}
	r.fresh = false
}

// blocks writes the parts of a topic; its headings are so many levels lower than they say.
func (r *roff) blocks(blocks []block, lower int) {
	for _, b := range blocks {
		switch b.kind {
		case heading:
			r.section(b.level+lower, plain(b.spans))
		case paragraph:
			r.pause()
			r.text(b.spans)
		case listing:
			r.listing(b.lines)
		case item:
			r.item(b)
		case table:
			r.table(b.rows)
		}
	}
}

func (r *roff) listing(lines []string) {
	r.pause()
	r.macro("RS", "4")
	r.macro("nf")
	for _, line := range lines {
		r.line(escaped(line, code))
	}
	r.macro("fi")
	r.macro("RE")
}

func (r *roff) item(b block) {
	if b.marker == "•" {
		r.out.WriteString(".IP \\(bu 2\n")
	} else {
		r.macro("IP", b.marker, "4")
	}
	r.fresh = false
	rest := b.inside
	if len(rest) > 0 && rest[0].kind == paragraph {
		r.text(rest[0].spans)
		rest = rest[1:]
	}
	if len(rest) > 0 {
		r.macro("RS", "4")
		r.blocks(rest, 1)
		r.macro("RE")
	}
}

// table writes what the first column holds, and below it the rest.
func (r *roff) table(rows [][][]span) {
	for _, row := range rows[1:] {
		var rest []span
		for i, cell := range row[1:] {
			if rest != nil && len(cell) > 0 {
				rest = append(rest, span{"; ", upright})
			}
			rest = append(rest, labelled(rows[0], cell, i+1)...)
		}
		r.entry(row[0], rest)
	}
}

// entry is a term and what it means.
func (r *roff) entry(term, meaning []span) {
	r.macro("TP")
	r.line(joined(term))
	r.text(meaning)
	r.fresh = false
}

// text writes spans as lines that are short enough, none of which looks like a macro.
func (r *roff) text(spans []span) {
	line := ""
	for _, w := range wordsOf(spans) {
		set := joined(w.parts)
		if line != "" && len(line)+1+len(set) > lineAtMost {
			r.line(line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += set
	}
	if line != "" {
		r.line(line)
	}
}

func (r *roff) line(text string) {
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	r.out.WriteString(strings.TrimRight(text, " ") + "\n")
}

var fonts = map[style]string{code: `\fB`, strong: `\fB`, emphasis: `\fI`}

func joined(spans []span) string {
	var b strings.Builder
	for _, s := range spans {
		if s.style == upright {
			b.WriteString(escaped(s.text, s.style))
			continue
		}
		fmt.Fprintf(&b, `%s%s\fR`, fonts[s.style], escaped(s.text, s.style))
	}
	return b.String()
}

// option is a word that begins with hyphens: it has to stay as it is wherever it stands.
var option = regexp.MustCompile(`(^|[ \[(])--?[a-z]`)

// escaped is text as roff has to have it, so that it comes out as it is.
func escaped(text string, s style) string {
	text = strings.ReplaceAll(text, `\`, `\e`)
	if s == code || option.MatchString(text) {
		text = strings.ReplaceAll(text, "-", `\-`)
	}
	return text
}
