package batch

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"misimportd/mis/isams"
)

// secrets are texts that must appear nowhere: not in an error, a log or a record.
type secrets struct {
	known   []string
	pattern *regexp.Regexp // nil while there are none
}

// add makes more texts secret: as they are, and as they stand in a URL or in XML,
// whatever their case.
func (s *secrets) add(texts ...string) {
	for _, text := range texts {
		if text != "" && !slices.Contains(s.known, text) {
			s.known = append(s.known, text)
		}
	}
	var forms []string
	for _, text := range s.known {
		for _, form := range []string{text, url.QueryEscape(text), url.PathEscape(text), isams.Escaped(text)} {
			forms = append(forms, regexp.QuoteMeta(form))
		}
	}
	if len(forms) == 0 {
		return
	}
	// The longest first: one secret may begin with another.
	slices.SortFunc(forms, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	s.pattern = regexp.MustCompile("(?i)" + strings.Join(forms, "|"))
}

// redact takes the secrets out of a text. It comes before any shortening, which could
// leave a part of one.
func (s *secrets) redact(text string) string {
	if s == nil || s.pattern == nil {
		return text
	}
	return s.pattern.ReplaceAllLiteralString(text, "[secret]")
}
