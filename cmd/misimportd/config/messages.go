package config

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"misimportd/era/hint"
	"misimportd/importer/messages"
)

// messagesConfig is the section messages of the configuration file. Passwords and secrets are named here, and stand
// elsewhere.
type messagesConfig struct {
	Mail      *mailConfig     `yaml:"mail"`
	Webhooks  []webhookConfig `yaml:"webhooks"`
	Digest    string          `yaml:"digest"`
	Late      string          `yaml:"late"`
	Templates string          `yaml:"templates"`
	Page      string          `yaml:"page"`
	CAFile    string          `yaml:"ca_file"`
	secrets   secretFiles
	unread    []error // secrets that cannot be read
}

type mailConfig struct {
	Server       string   `yaml:"server"`
	Security     string   `yaml:"security"`
	Insecure     bool     `yaml:"insecure"`
	User         string   `yaml:"user"`
	PasswordFile string   `yaml:"password_file"`
	From         string   `yaml:"from"`
	To           []string `yaml:"to"`
}

type webhookConfig struct {
	URL        string `yaml:"url"`
	URLFile    string `yaml:"url_file"`
	SecretFile string `yaml:"secret_file"`
	Format     string `yaml:"format"`
}

// settleMessages settles who is told what. Secrets that cannot be read are told apart: who sends no message does not
// need them.
func (s *Settings) settleMessages(c file) (faults []string) {
	m := c.Messages
	if m == nil {
		return nil
	}
	s.Messages = &messages.Settings{}
	faults = m.settle(s.Messages)
	if morning, err := time.Parse("15:04", cmp.Or(c.GiveUp, "07:00")); err == nil { // what is wrong with it is told
		s.Messages.Morning = time.Duration(morning.Hour())*time.Hour + time.Duration(morning.Minute())*time.Minute
	}
	if len(m.unread) > 0 {
		s.MessagesUnread = faultf("%s", strings.Join(inFile(s.Source, texts(m.unread)), "; "))
	}
	s.Exposed = append(s.Exposed, m.secrets.warnings...)
	if isOpen := m.addressWarning(s.Source); isOpen != "" {
		s.Exposed = append(s.Exposed, isOpen)
	}
	return faults
}

func (c *messagesConfig) settle(s *messages.Settings) (faults []string) {
	wrong := func(format string, args ...any) {
		faults = append(faults, "messages: "+fmt.Sprintf(format, args...))
	}
	if c.Mail == nil && len(c.Webhooks) == 0 {
		wrong("there is neither mail nor webhooks: name one, or leave the section out")
	}
	if c.Mail != nil {
		mail, errs := c.settleMail(*c.Mail)
		s.Mail = mail
		for _, err := range errs {
			wrong("mail: %v", err)
		}
	}
	for i, w := range c.Webhooks {
		hook, errs := c.settleWebhook(fmt.Sprintf("webhook %d", i+1), w)
		s.Webhooks = append(s.Webhooks, hook)
		for _, err := range errs {
			wrong("webhook %d: %v", i+1, err)
		}
	}
	s.Digest = messages.Days(cmp.Or(c.Digest, string(messages.Off)))
	if !slices.Contains([]messages.Days{messages.Off, messages.Daily, messages.Weekdays}, s.Digest) {
		wrong("digest: %q: write weekdays, daily or off", c.Digest)
	}
	var err error
	if s.Late, err = parseDuration(cmp.Or(c.Late, "2h")); err != nil {
		wrong("late: %v", err)
	}
	if s.Page = strings.TrimSuffix(c.Page, "/"); !isPage(s.Page) {
		wrong("page: %q is no address of a page: write it as https://misimportd.school.example", c.Page)
	}
	faults = append(faults, c.settleFiles(s)...)
	return faults
}

// settleFiles settles what stands in files beside the configuration.
func (c *messagesConfig) settleFiles(s *messages.Settings) (faults []string) {
	var err error
	if c.Templates != "" {
		if s.Texts, err = messages.ReadTexts(c.secrets.path(c.Templates)); err != nil {
			for said := range strings.SplitSeq(err.Error(), "\n") {
				faults = append(faults, "messages: templates: "+said)
			}
		}
	}
	if c.CAFile != "" {
		s.CAFile = c.secrets.path(c.CAFile)
	}
	if _, err := s.Check(); err != nil {
		faults = append(faults, "messages: "+err.Error())
	}
	return faults
}

// isPage tells whether links can lead to a page; "" is none, and they lead nowhere.
func isPage(page string) bool {
	u, err := url.Parse(page)
	return page == "" || err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil &&
		u.RawQuery == ""
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// usualPorts are those of mail servers.
var usualPorts = map[messages.Security]int{messages.StartTLS: 587, messages.TLS: 465, messages.None: 25}

func (c *messagesConfig) settleMail(m mailConfig) (*messages.Mail, []error) {
	s := &messages.Mail{User: m.User, Security: messages.Security(cmp.Or(m.Security, string(messages.StartTLS)))}
	var faults []error
	wrong := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	usual, known := usualPorts[s.Security]
	if !known {
		wrong("security: %q: write starttls, tls or none", m.Security)
	}
	var err error
	if s.Host, s.Port, err = serverOf(m.Server, usual); err != nil {
		faults = append(faults, err)
	}
	if s.Security == messages.None && !isLoopback(s.Host) && !m.Insecure {
		wrong("security: none would send messages and the password in the clear to another machine: use starttls or " +
			"tls, or set insecure")
	}
	if s.From, err = address(m.From); err != nil {
		wrong("from: %w", err)
	}
	if len(m.To) == 0 {
		wrong("to is missing: write the addresses that messages go to, as [office@school.example]")
	}
	for _, text := range m.To {
		to, err := address(text)
		if err != nil {
			wrong("to: %w", err)
		}
		if s.To = append(s.To, to); slices.Contains(s.To[:len(s.To)-1], to) {
			wrong("to: %s is given twice", to)
		}
	}
	return s, append(faults, c.settleLogin(s, m)...)
}

// settleLogin reads the password, where there is a user.
func (c *messagesConfig) settleLogin(s *messages.Mail, m mailConfig) []error {
	switch {
	case m.User == "" && m.PasswordFile == "":
		return nil
	case m.User == "":
		return []error{errors.New("user is missing: there is a password_file")}
	}
	var err error
	if s.Password, err = c.secrets.read("mail: password", m.PasswordFile, ""); err != nil {
		c.unread = append(c.unread, err)
	}
	return nil
}

// serverOf reads the address of a mail server, which may leave its port to be the usual one.
func serverOf(text string, usual int) (host string, port int, err error) {
	host, portText, err := net.SplitHostPort(text)
	if err != nil {
		host, portText = strings.Trim(text, "[]"), strconv.Itoa(usual)
	}
	port, err = strconv.Atoi(portText)
	if err != nil || port < 1 || port > 65535 || host == "" || strings.ContainsAny(host, "/@ ") {
		return "", 0, fmt.Errorf("server: %q is no mail server: write it as smtp.school.example:587", text)
	}
	return host, port, nil
}

// address reads an e-mail address.
func address(text string) (string, error) {
	if text == "" {
		return "", errors.New("the address is missing: write it as misimportd@school.example")
	}
	parsed, err := mail.ParseAddress(text)
	if err != nil {
		return "", fmt.Errorf("%q is no e-mail address: write it as misimportd@school.example", text)
	}
	return parsed.Address, nil
}

// settleWebhook settles one webhook. No error tells its address, which is a secret.
func (c *messagesConfig) settleWebhook(called string, w webhookConfig) (messages.Webhook, []error) {
	s := messages.Webhook{URL: w.URL, Format: messages.Format(cmp.Or(w.Format, string(messages.Standard)))}
	var faults []error
	if !slices.Contains(messages.Formats, s.Format) {
		faults = append(faults, fmt.Errorf("format: %q: write standard, slack, teams or ntfy", w.Format))
	}
	unread := len(c.unread)
	var err error
	switch {
	case w.URL != "" && w.URLFile != "":
		faults = append(faults, errors.New("there are url and url_file: use one of the two"))
	case w.URL == "":
		if s.URL, err = c.secrets.read(called+": url", w.URLFile, ""); err != nil {
			c.unread = append(c.unread, err)
		}
	}
	if len(c.unread) == unread && !isAddress(s.URL) {
		s.URL = ""
		faults = append(faults, errors.New("its url has to begin with https://, unless it is of this machine"))
	}
	if wrong := c.settleSecret(called, w, &s); wrong != nil {
		faults = append(faults, wrong)
	}
	return s, faults
}

// isAddress tells whether messages can be posted to an address.
func isAddress(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Hostname() != "" && (u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()))
}

// settleSecret reads the secret that signs messages, or the token of ntfy.
func (c *messagesConfig) settleSecret(called string, w webhookConfig, s *messages.Webhook) error {
	switch {
	case s.Format != messages.Standard && w.SecretFile == "":
		return nil
	case s.Format == messages.Slack || s.Format == messages.Teams:
		return fmt.Errorf("secret_file is not for %s: its url is the secret", s.Format)
	}
	var err error
	if s.Secret, err = c.secrets.read(called+": secret", w.SecretFile, ""); err != nil {
		c.unread = append(c.unread, err)
		return nil
	}
	if s.Format != messages.Standard {
		return nil
	}
	return messages.CheckSecret(s.Secret)
}

// addressWarning tells of a configuration that others can read, with the address of a webhook in it.
func (c *messagesConfig) addressWarning(source string) string {
	info, err := os.Stat(source)
	isSecret := slices.ContainsFunc(c.Webhooks, func(w webhookConfig) bool {
		return w.URL != "" && w.Format != "" && messages.Format(w.Format) != messages.Standard
	})
	if err != nil || !isSecret || info.Mode().Perm()&0o077 == 0 {
		return ""
	}
	return fmt.Sprintf("others on this machine can read %s, which holds a webhook's address, and who knows it can "+
		"post there: use url_file, or chmod 600 %s", source, hint.Quote(source))
}
