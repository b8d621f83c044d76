package isams

import (
	"net/url"
	"strings"
)

// secrets are texts that must appear nowhere: not in an error, a log or a record.
type secrets struct{ replacer *strings.Replacer }

// newSecrets knows each text as it is, and as it stands in a URL.
func newSecrets(texts ...string) secrets {
	var pairs []string
	for _, text := range texts {
		if text == "" {
			continue
		}
		for _, form := range []string{text, url.QueryEscape(text), url.PathEscape(text), strings.ToLower(text), strings.ToUpper(text)} {
			pairs = append(pairs, form, "[secret]")
		}
	}
	return secrets{strings.NewReplacer(pairs...)}
}

// redact takes the secrets out of a text.
func (s secrets) redact(text string) string { return s.replacer.Replace(text) }
