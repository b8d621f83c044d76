package messages

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"misimportd/era/files"
	"misimportd/importer/words"
)

// channel takes messages to one place. Its name and its errors hold no secret.
type channel interface {
	name() string
	label() string // in a metric: mail or webhook
	send(ctx context.Context, m Message) error
}

const (
	byMail    = "mail"
	byWebhook = "webhook"
)

// labels are the channels of the metrics.
var labels = []string{byMail, byWebhook}

const defaultPatience = 30 * time.Second

// channels are those of the settings: a mail to each address, and the webhooks. It fails when the file of more
// authorities cannot be used.
func (s Settings) channels() (list []channel, err error) {
	trust, err := s.trust()
	if err != nil {
		return nil, err
	}
	if s.Patience == 0 {
		s.Patience = defaultPatience
	}
	if s.Mail != nil {
		for _, to := range s.Mail.To {
			list = append(list, &mailbox{Mail: *s.Mail, to: to, trust: trust, patience: s.Patience})
		}
	}
	for i, w := range s.Webhooks {
		at, err := url.Parse(w.URL)
		if err != nil {
			return nil, fmt.Errorf("webhook %d: its url is none", i+1) // and err would tell it
		}
		list = append(list, &hook{Webhook: w, called: fmt.Sprintf("webhook %d (%s) at %s", i+1, w.Format, at.Host),
			at: at, patience: s.Patience, client: clientOf(trust)})
	}
	return list, nil
}

// Check tells whether the settings can be used, and by how many channels messages would go.
func (s Settings) Check() (channels int, err error) {
	list, err := s.channels()
	return len(list), err
}

// trust is whose certificates are believed.
func (s Settings) trust() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.CAFile == "" {
		return config, nil
	}
	text, err := files.Read(s.CAFile)
	if err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}
	if config.RootCAs, err = x509.SystemCertPool(); err != nil {
		config.RootCAs = x509.NewCertPool()
	}
	if !config.RootCAs.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("ca_file: %s holds no certificate in PEM form", s.CAFile)
	}
	return config, nil
}

// clientOf asks for one thing at a time, and goes nowhere but where it was sent: an address is a secret.
func clientOf(trust *tls.Config) *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig, transport.DisableKeepAlives = trust.Clone(), true
	return &http.Client{Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Result is what became of a message that was sent to see whether it arrives.
type Result struct {
	Channel string `json:"channel"`
	OK      bool   `json:"ok"`
	Error   string `json:"error,omitempty"` // what is wrong and what to do, without secrets
}

// SendTest sends a test message by each channel, once, and tells of each what became of it.
func SendTest(ctx context.Context, s Settings, zone *time.Location, now time.Time) ([]Result, error) {
	list, err := s.channels()
	if err != nil {
		return nil, err
	}
	f := facts{page: s.Page}
	f.At, f.Zone = now, zone
	message, err := s.message(f.tellTest(), 0, now)
	if err != nil {
		return nil, err
	}
	var results []Result
	for _, c := range list {
		r := Result{Channel: c.name(), OK: true}
		if err := c.send(ctx, message); err != nil {
			r.OK, r.Error = false, err.Error()
		}
		results = append(results, r)
	}
	return results, nil
}

// redact takes secrets out of a text, and what would steer a terminal; then it shortens it.
func redact(text string, secrets ...string) string {
	const most = 300
	for _, secret := range secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[secret]")
		}
	}
	return words.Clip(words.Clean(strings.Join(strings.Fields(text), " ")), most)
}

// unreached says why a server cannot be reached, and what to do.
func unreached(err error, patience time.Duration) string {
	var unknown x509.UnknownAuthorityError
	var other x509.HostnameError
	var certificate *tls.CertificateVerificationError
	var name *net.DNSError
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Sprintf("it did not answer within %s; is it the right address, and does a firewall let it through?",
			patience)
	case errors.As(err, &unknown):
		return "its certificate is of an authority that is not known; name the authority's file in ca_file"
	case errors.As(err, &other), errors.As(err, &certificate):
		return "its certificate is not valid: " + err.Error() + "; use the name that it is made for"
	case errors.As(err, &name):
		return "there is no such host; check its name"
	}
	return err.Error()
}
