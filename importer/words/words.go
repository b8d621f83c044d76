// Package words says numbers, names and ids in English, and makes harmless what others wrote. It
// knows no rule.
package words

import (
	"cmp"
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"misimportd/store/model"
)

func Nights(n int) string {
	if n == 1 {
		return "1 night"
	}
	return fmt.Sprintf("%d nights", n)
}

func Share(count, of int) string {
	if of == 0 {
		return Thousands(count)
	}
	return fmt.Sprintf("%s of %s (%.1f %%)", Thousands(count), Thousands(of), 100*float64(count)/float64(of))
}

// Thousands writes 12345 as 12,345.
func Thousands(n int) string {
	text := fmt.Sprint(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

func Prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

// Describe names a record, people by their ids.
func Describe(r model.Record) string {
	switch r := r.(type) {
	case model.Group:
		return fmt.Sprintf("%s #%s", r.GroupKind, Clean(r.SourceID))
	case interface{ Source() string }:
		return fmt.Sprintf("%s #%s", r.(model.Record).Entity(), Clean(r.Source()))
	}
	return fmt.Sprintf("a %s", r.Entity())
}

// Clean takes out of a document's text what would steer a terminal, or turn the rest of
// the line about.
func Clean(text string) string {
	return strings.Map(func(r rune) rune {
		overrides := r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
		if unicode.IsControl(r) || overrides {
			return '�'
		}
		return r
	}, text)
}

// Clip shortens a text to what a line of a list has room for.
func Clip(text string, room int) string {
	if runes := []rune(text); len(runes) > room {
		return string(runes[:room]) + "…"
	}
	return text
}

func BytesText(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d bytes", n)
	case n < 1e6:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

func ValueText(v any) string {
	switch v {
	case nil:
		return "none"
	case "":
		return "blank"
	}
	return Clean(fmt.Sprint(v))
}

// Many is a number of things in words.
func Many(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return Thousands(n) + " " + what + "s"
}

// Listed is names as people list them: "a, b and c"; of more than so many the rest are counted.
func Listed(names []string, most int) string {
	if n := len(names) - most; n > 1 {
		names = append(names[:most:most], fmt.Sprintf("%d more", n))
	}
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// CompareNames puts 9A before 10A.
func CompareNames(a, b string) int {
	digits := func(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }
	return cmp.Or(cmp.Compare(digits(a), digits(b)), cmp.Compare(a, b))
}

func PlainPlural(n int, what string) string {
	if n == 1 {
		return what
	}
	return what + "s"
}

// Plain is a text as people type it who look for it: in small letters, without accents and apostrophes, and with one
// blank between its words.
func Plain(text string) string {
	text = letters.Replace(strings.ToLower(text))
	text = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) || r == '’' || r == '\'' {
			return -1
		}
		return r
	}, norm.NFD.String(text))
	return strings.Join(strings.Fields(text), " ")
}

// letters are those that no accent makes of others.
var letters = strings.NewReplacer("ø", "o", "ł", "l", "đ", "d", "ð", "d", "þ", "th", "ß", "ss", "æ", "ae",
	"œ", "oe", "ı", "i")

// SpreadsheetSafe keeps a spreadsheet from taking a text for a formula.
func SpreadsheetSafe(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
