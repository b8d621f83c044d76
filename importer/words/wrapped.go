package words

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// further is by how much what does not fit into an indented line stands further in than its beginning.
const further = 4

// word is what is not broken, with the blanks before it: a word, or a command in double quotes, which is to be
// pasted whole.
var word = regexp.MustCompile(`( *)((?:"[^"]+"|[^ "]|")+)`)

// escape is a sequence that steers a terminal and takes no room.
var escape = regexp.MustCompile("\x1b\\[[0-9;]*m")

// Wrapped is a text in lines of at most so many characters, where its words let it. Lines that follow are
// indented as the text is, and somewhat further if it is. Blanks within a line stay as they are.
func Wrapped(text string, width int) (lines []string) {
	indent := strings.Repeat(" ", len(text)-len(strings.TrimLeft(text, " ")))
	if indent != "" {
		indent += strings.Repeat(" ", further)
	}
	line, room := "", 0
	for i, w := range word.FindAllStringSubmatch(text, -1) {
		long := roomOf(w[0])
		if i > 0 && room+long > width {
			lines = append(lines, line)
			line, room = indent+w[2], len(indent)+roomOf(w[2])
			continue
		}
		line, room = line+w[0], room+long
	}
	return append(lines, line)
}

// roomOf is how many characters of a terminal's line a text takes.
func roomOf(text string) int { return utf8.RuneCountInString(escape.ReplaceAllString(text, "")) }
