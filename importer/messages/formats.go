package messages

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"misimportd/store/model"
)

// format makes the body and the headers of a message as the webhook's receiver wants them.
func (h *hook) format(m Message) ([]byte, http.Header, error) {
	header := http.Header{"Content-Type": {"application/json"}}
	switch h.Format {
	case Slack:
		body, err := json.Marshal(map[string]string{"text": slackText(m)})
		return body, header, err
	case Teams:
		body, err := json.Marshal(teamsCard(m))
		return body, header, err
	case Ntfy:
		return ntfy(m, h.Secret, header)
	}
	body, err := json.Marshal(standardBody(m))
	if err != nil {
		return nil, nil, err
	}
	err = signed(header, h.Secret, m.ID, time.Now(), body)
	return body, header, err
}

// standard is the body of a Standard Webhook.
type standard struct {
	Type      string    `json:"type"` // misimportd.held, misimportd.held.over, …
	Timestamp time.Time `json:"timestamp"`
	Data      struct {
		Kind    Kind     `json:"kind"`
		Over    bool     `json:"over"`
		Run     model.ID `json:"run,omitempty"`
		Subject string   `json:"subject"`
		Text    string   `json:"text"`
		Link    string   `json:"link,omitempty"`
	} `json:"data"`
}

func standardBody(m Message) (body standard) {
	body.Type, body.Timestamp = "misimportd."+string(m.Kind), m.At
	if m.Over {
		body.Type += ".over"
	}
	body.Data.Kind, body.Data.Over, body.Data.Run = m.Kind, m.Over, m.Run
	body.Data.Subject, body.Data.Text, body.Data.Link = m.Subject, m.Text, m.Link
	return body
}

// signed sets the headers by which a receiver knows that a message is this program's, and new: see
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md.
func signed(header http.Header, secret, id string, at time.Time, body []byte) error {
	signature, err := sign(secret, id, at, body)
	if err != nil {
		return err
	}
	header.Set("Webhook-Id", id)
	header.Set("Webhook-Timestamp", fmt.Sprint(at.Unix()))
	header.Set("Webhook-Signature", signature)
	return nil
}

func sign(secret, id string, at time.Time, body []byte) (string, error) {
	key, err := signingKey(secret)
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%d.%s", id, at.Unix(), body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)), nil
}

// signingKey reads a secret: whsec_ and base64 of 24 to 64 bytes. Its error does not tell it.
func signingKey(secret string) ([]byte, error) {
	const least, most = 24, 64
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || len(key) < least || len(key) > most {
		return nil, errors.New("the secret is none of a Standard Webhook: it is whsec_ and base64 of 24 to 64 bytes, " +
			"as from: echo whsec_$(openssl rand -base64 32)")
	}
	return key, nil
}

// CheckSecret tells whether a secret can sign. Its error does not tell it.
func CheckSecret(secret string) error {
	_, err := signingKey(secret)
	return err
}

// slackText is a message for Slack, in which three characters have a meaning.
func slackText(m Message) string {
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	return fmt.Sprintf("*%s*\n%s", escape.Replace(m.Subject), escape.Replace(m.Text))
}

// teamsCard is a message for Teams: an Adaptive Card, with a paragraph for each line, for Teams joins lines.
func teamsCard(m Message) any {
	type object map[string]any
	blocks := []object{{"type": "TextBlock", "text": m.Subject, "weight": "Bolder", "size": "Medium", "wrap": true}}
	for line := range strings.SplitSeq(m.Text, "\n") {
		if line = strings.TrimSpace(line); line != "" && line != m.Link {
			blocks = append(blocks, object{"type": "TextBlock", "text": line, "wrap": true, "spacing": "Small"})
		}
	}
	card := object{"type": "AdaptiveCard", "version": "1.4", "body": blocks,
		"$schema": "http://adaptivecards.io/schemas/adaptive-card.json"}
	if m.Link != "" {
		card["actions"] = []object{{"type": "Action.OpenUrl", "title": "Open misimportd", "url": m.Link}}
	}
	return object{"type": "message", "attachments": []object{
		{"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": nil, "content": card}}}
}

// ntfy is a message for ntfy: what does not stand in its headers is the text.
func ntfy(m Message, token string, header http.Header) ([]byte, http.Header, error) {
	const most = 4000 // of 4,096 bytes; a longer one would become a file
	header.Set("Content-Type", "text/plain; charset=utf-8")
	header.Set("Title", mime.QEncoding.Encode("utf-8", m.Subject))
	header.Set("Tags", "school")
	if !m.Over && m.Kind != Digest && m.Kind != Test {
		header.Set("Priority", "high")
	}
	if m.Link != "" {
		header.Set("Click", m.Link)
	}
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	text := m.Text
	if len(text) > most {
		for text = text[:most]; !utf8.ValidString(text); text = text[:len(text)-1] {
			continue
		}
		text += "…"
	}
	return []byte(text), header, nil
}
