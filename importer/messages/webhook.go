package messages

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// hook is one address that messages are posted to.
type hook struct {
	Webhook
	called   string
	at       *url.URL
	patience time.Duration
	client   *http.Client
}

func (h *hook) name() string { return h.called }

func (h *hook) label() string { return byWebhook }

// send posts a message. Whatever answers with a status from 200 to 299 has taken it.
func (h *hook) send(ctx context.Context, m Message) error {
	ctx, cancel := context.WithTimeout(ctx, h.patience)
	defer cancel()
	request, err := h.request(ctx, m)
	if err != nil {
		return h.failed(err.Error())
	}
	response, err := h.client.Do(request)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) { // which would tell the address
			err = wrapped.Err
		}
		return h.failed(unreached(err, h.patience))
	}
	const enough = 1 << 10
	said, _ := io.ReadAll(io.LimitReader(response.Body, enough)) // nothing, where it cannot be read
	_ = response.Body.Close()
	if response.StatusCode/100 == 2 {
		return nil
	}
	return h.failed(fmt.Sprintf("it answered %s%s%s", response.Status, quoted(string(said)), adviceOf(
		response.StatusCode)))
}

func quoted(text string) string {
	if text = strings.Join(strings.Fields(text), " "); text == "" || strings.HasPrefix(text, "<") {
		return ""
	}
	return ": " + text
}

// adviceOf says what to do about an answer.
func adviceOf(status int) string {
	switch {
	case status/100 == 3:
		return "; messages do not follow it: make the address that it leads to the url"
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return "; check the secret, or make a new webhook there"
	case status == http.StatusNotFound, status == http.StatusGone:
		return "; the webhook is not there any more: make a new one, and write its address into url_file"
	}
	return ""
}

// failed is an error without the secrets of the webhook, of which its address is one.
func (h *hook) failed(said string) error {
	secrets := []string{h.URL, h.at.RequestURI(), h.at.Path, h.Secret, h.at.RawQuery}
	const short = 6 // such words are in any text
	for _, part := range slices.Concat(strings.Split(h.at.Path, "/"), strings.FieldsFunc(h.at.RawQuery,
		func(r rune) bool { return r == '&' || r == '=' })) {
		if len(part) >= short {
			secrets = append(secrets, part)
		}
	}
	secrets = slices.DeleteFunc(secrets, func(s string) bool { return len(s) < 2 })
	return fmt.Errorf("%s: %s", h.called, redact(said, secrets...))
}

func (h *hook) request(ctx context.Context, m Message) (*http.Request, error) {
	body, header, err := h.format(m)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("its url is none") // and err would tell it
	}
	request.Header = header
	request.Header.Set("User-Agent", "misimportd")
	return request, nil
}
