package config_test

import (
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"misimportd/cmd/misimportd/config"
	"misimportd/importer/messages"
)

// hookSecret is the secret of the Standard Webhooks specification's test vector.
const hookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// folderOf is a folder with files of a mode.
func folderOf(t *testing.T, mode os.FileMode, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// aCertificate is one in PEM form.
func aCertificate(t *testing.T) string {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
}

// TestTheExampleShowsEveryKeyOfMessages takes the # off the section: every key is known, and what it shows is what
// comes of it; what has a default shows it.
func TestTheExampleShowsEveryKeyOfMessages(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "deploy", "config.yml"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "#messages:\n")
	section, _, _ = strings.Cut(section, "\n\n")
	section = "messages:\n" + regexp.MustCompile(`(?m)^#`).ReplaceAllString(section, "") + "\n"
	folder := folderOf(t, 0o600, map[string]string{"config.yml": section, "smtp.password": "word",
		"hook.secret": hookSecret, "teams.url": "https://teams.example/secret",
		"messages/over.txt": "{{.Subject}}\nIt is over.\n",
		"school-ca.pem":     aCertificate(t)})
	s, err := config.Settle(config.Given{File: filepath.Join(folder, "config.yml")})
	if err != nil || s.MessagesUnread != nil {
		t.Fatal(err, s.MessagesUnread)
	}
	want := &messages.Settings{
		Mail: &messages.Mail{Host: "smtp.school.example", Port: 587, Security: messages.StartTLS, User: "misimportd",
			Password: "word", From: "misimportd@school.example",
			To: []string{"office@school.example", "head@school.example"}},
		Webhooks: []messages.Webhook{{URL: "https://teams.example/secret", Format: messages.Teams},
			{URL: "https://alerts.school.example/hook", Format: messages.Standard, Secret: hookSecret}},
		Digest: messages.Off, Morning: 7 * time.Hour, Late: 2 * time.Hour, Page: "https://misimportd.school.example",
		CAFile: filepath.Join(folder, "school-ca.pem"),
	}
	if diff := cmp.Diff(want, s.Messages, cmpopts.IgnoreFields(messages.Settings{}, "Texts")); diff != "" {
		t.Errorf("(-want +shown):\n%s", diff)
	}
	if s.Messages.Texts == nil || len(s.Exposed) > 0 {
		t.Errorf("templates %v, beware of %q", s.Messages.Texts, s.Exposed)
	}
	// What is not named is as it is shown.
	path := filepath.Join(folder, "config.yml")
	if err := os.WriteFile(path, []byte("messages: {mail: {server: smtp.school.example, from: a@b.example, "+
		"to: [c@d.example]}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err = config.Settle(config.Given{File: path}); err != nil {
		t.Fatal(err)
	}
	if m := s.Messages; m.Mail.Port != 587 || m.Mail.Security != messages.StartTLS || m.Digest != messages.Off ||
		m.Late != want.Late || m.Morning != want.Morning || m.Page != "" || m.Texts != nil {
		t.Errorf("%+v", m)
	}
}

// TestMessagesThatCannotBeSent are told of, each with its place, all at once, and without a secret.
func TestMessagesThatCannotBeSent(t *testing.T) {
	const good = "server: smtp.school.example, from: a@b.example, to: [c@d.example]"
	files := map[string]string{"good.secret": hookSecret, "bad.secret": "hunter2", "bad.url": "ftp://hunter2",
		"empty": "", "odd/held.txt": "x", "blank/over.txt": "\n", "wrong/digest.txt": "{{.Pupil}}",
		"broken/test.txt": "{{", "none.pem": "no certificate"}
	for _, c := range [][2]string{
		{"{}", "there is neither mail nor webhooks"},
		{"{mail: {GOOD}, digest: no}", `digest: "no": write weekdays, daily or off`},
		{"{mail: {GOOD}, late: soon}", `late: "soon" is not a duration`},
		{"{mail: {GOOD}, page: here}", `page: "here" is no address of a page`},
		{"{mail: {GOOD}, ca_file: none.pem}", "none.pem holds no certificate in PEM form"},
		{"{mail: {GOOD}, ca_file: no.pem}", "no.pem: no such file or directory"},
		{"{mail: {GOOD}, templates: odd}", "held.txt is no template of a message: they are incident.txt"},
		{"{mail: {GOOD}, templates: blank}", "over.txt: its first line is the subject, and it is blank"},
		{"{mail: {GOOD}, templates: wrong}", "can't evaluate field Pupil"},
		{"{mail: {GOOD}, templates: broken}", "test.txt: template: "},
		{"{mail: {GOOD}, templates: nowhere}", "no such file or directory; name a folder"},
		{"{mail: {GOOD, security: ssl}}", `mail: security: "ssl": write starttls, tls or none`},
		{"{mail: {GOOD, security: none}}", "none would send messages and the password in the clear"},
		{"{mail: {GOOD, password_file: empty}}", "mail: user is missing"},
		{"{mail: {GOOD, port: 25}}", `unknown key "port"`},
		{"{mail: {server: 'a:b', from: x, to: [y, y]}}", `server: "a:b" is no mail server`},
		{"{mail: {server: s, from: x, to: [a@b.example]}}", `from: "x" is no e-mail address`},
		{"{mail: {server: s, from: a@b.example}}", "mail: to is missing"},
		{"{mail: {server: s, from: a@b.example, to: [c@d.example, c@d.example]}}", "to: c@d.example is given twice"},
		{"{mail: {server: s, from: a@b.example, to: c@d.example}}", "expected a list"},
		{"{webhooks: [{url: 'https://x.example', format: discord}]}", `webhook 1: format: "discord"`},
		{"{webhooks: [{url: 'http://x.example/hunter2', format: slack}]}", "has to begin with https://"},
		{"{webhooks: [{url_file: bad.url, format: slack}]}", "has to begin with https://"},
		{"{webhooks: [{url: 'https://x.example', url_file: bad.url, format: teams}]}", "use one of the two"},
		{"{webhooks: [{url: 'https://x.example', format: slack, secret_file: bad.secret}]}",
			"secret_file is not for slack: its url is the secret"},
		{"{webhooks: [{url: 'https://x.example', secret_file: bad.secret}]}",
			"webhook 1: the secret is none of a Standard Webhook"},
	} {
		section, want := strings.ReplaceAll(c[0], "GOOD", good), c[1]
		files["config.yml"] = "messages: " + section + "\n"
		path := filepath.Join(folderOf(t, 0o600, files), "config.yml")
		_, err := config.Settle(config.Given{File: path})
		if err == nil || !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), want) ||
			strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s\nwant %s\n got %v", section, want, err)
		}
	}
	files["config.yml"] = "messages:\n  mail: {server: 'a:b', from: x, to: [y]}\n  digest: no\n  webhooks: " +
		"[{url_file: no.url}]\n"
	_, err := config.Settle(config.Given{File: filepath.Join(folderOf(t, 0o600, files), "config.yml")})
	for _, want := range []string{"server: ", "from: ", "to: ", "digest: ", "webhook 1: url_file: there is no file",
		"webhook 1: secret_file is missing"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
}

// TestSecretsOfMessages are needed by those who send some, and by nobody else; others' view of them is warned of.
func TestSecretsOfMessages(t *testing.T) {
	settle := func(mode os.FileMode, section string, files map[string]string) config.Settings {
		t.Helper()
		files["config.yml"] = "messages: " + section + "\n"
		s, err := config.Settle(config.Given{File: filepath.Join(folderOf(t, mode, files), "config.yml")})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	const login = "{mail: {server: s, from: a@b.example, to: [c@d.example], user: u, password_file: smtp.password}}"
	s := settle(0o600, login, map[string]string{})
	if s.MessagesUnread == nil || !strings.Contains(s.MessagesUnread.Error(),
		"messages: mail: password_file: there is no file ") {
		t.Errorf("%v", s.MessagesUnread)
	}
	if s = settle(0o644, login, map[string]string{"smtp.password": "word\n"}); s.MessagesUnread != nil ||
		s.Messages.Mail.Password != "word" || len(s.Exposed) != 1 || !strings.Contains(s.Exposed[0], "smtp.password") {
		t.Errorf("%v %q", s.MessagesUnread, s.Exposed)
	}
	s = settle(0o644, "{webhooks: [{url: 'https://x.example/secret', format: slack}]}", map[string]string{})
	if len(s.Exposed) != 1 || !strings.Contains(s.Exposed[0], "which holds a webhook's address") ||
		strings.Contains(s.Exposed[0], "x.example") {
		t.Errorf("%q", s.Exposed)
	}
	t.Setenv("CREDENTIALS_DIRECTORY", folderOf(t, 0o600, map[string]string{"smtp.password": "of systemd"[:2]}))
	if s = settle(0o600, login, map[string]string{"smtp.password": "word"}); s.Messages.Mail.Password != "of" {
		t.Errorf("%q", s.Messages.Mail.Password)
	}
}
