// Package batch asks an iSAMS for documents: over its batch API, with keys or with OAuth2, again where
// what went wrong may pass, and several answers put together. Nothing that it says holds a key, a token or
// a secret. It must never know what becomes of a document, nor what its records mean.
package batch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"misimportd/era/files"
)

// Request is one request of the batch API: what one key contributes to a document.
type Request struct {
	Key     string   // the API key; not used with OAuth2
	Methods []string // none: all that the key is allowed
	// Filters are the filter elements of a request by module and element, each with its
	// attributes.
	Filters map[string]map[string]map[string]string
}

// Settings say how to reach an iSAMS.
type Settings struct {
	URL          string
	Requests     []Request
	ClientID     string // for OAuth2; "" for API keys
	ClientSecret string
	Timeout      time.Duration // all attempts together
	Connect      time.Duration // to set up a connection
	Stall        time.Duration // no byte for so long ends an attempt
	RetryFirst   time.Duration // the pause after the first failure; each is longer than the last
	RetryMost    time.Duration // the longest pause
	RetryFor     time.Duration // no attempt is made again after so long; 0: until Timeout
	MaxSize      int64         // of one answer, in bytes
	InsecureHTTP bool          // allow http to other machines than this
	Proxy        string        // "" takes the environment's
	CAFile       string        // more certificate authorities, PEM
}

// SettingsError says what is wrong with Settings.
type SettingsError struct{ Reason string }

func (e *SettingsError) Error() string { return "isams: " + e.Reason }

// Client asks an iSAMS for documents. Nothing that it says, in errors or logs, holds a
// key, a token or a secret.
type Client struct {
	settings  Settings
	base      *url.URL
	http      *http.Client
	secrets   secrets
	log       *slog.Logger
	Progress  func(bytes int64)    // called now and then during a download; may be nil
	Attempted func(outcome string) // called after each attempt; may be nil
}

// What comes of an attempt.
const (
	Fetched = "fetched"
	Retried = "retried" // it failed in a way that may pass
	Refused = "refused" // it failed in a way that will not
)

// NewClient checks the settings; it reaches for nothing but the CA file. A fault is a
// *SettingsError.
func NewClient(s Settings, log *slog.Logger) (*Client, error) {
	base, err := url.Parse(s.URL)
	switch {
	case err != nil || base.Host == "" || base.User != nil || base.RawQuery != "" || strings.Trim(base.Path, "/") != "":
		return nil, &SettingsError{"url has to be like https://school.isams.cloud, with nothing after it, and hold " +
			"no key"}
	case base.Scheme == "http" && !s.InsecureHTTP && (!isLoopback(base.Hostname()) || s.Proxy != ""):
		return nil, &SettingsError{"url begins with http://, which would send children's data and the key in the " +
			"clear: use https://, or set insecure_http"}
	case base.Scheme != "https" && base.Scheme != "http":
		return nil, &SettingsError{"url has to begin with https://"}
	case !hasPort(base):
		return nil, &SettingsError{fmt.Sprintf("url names port %s: a port is from 1 to 65535", base.Port())}
	case len(s.Requests) == 0:
		return nil, &SettingsError{"requests names no key"}
	}
	transport, err := s.transport()
	if err != nil {
		return nil, err
	}
	c := &Client{settings: s, base: base, log: log}
	c.secrets.add(s.ClientSecret)
	for _, r := range s.Requests {
		c.secrets.add(r.Key)
	}
	c.http = &http.Client{
		Transport: transport,
		// The address holds the key: it goes nowhere but where the operator sent it.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (s Settings) transport() (*http.Transport, error) {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DialContext = (&net.Dialer{Timeout: s.Connect}).DialContext
	t.TLSHandshakeTimeout = s.Connect
	t.DisableKeepAlives = true // one request a night
	if s.Proxy != "" {
		proxy, err := s.proxy()
		if err != nil {
			return nil, err
		}
		t.Proxy = http.ProxyURL(proxy)
	}
	if s.CAFile != "" {
		pem, err := files.Read(s.CAFile)
		if err != nil {
			return nil, &SettingsError{fmt.Sprintf("ca_file: %v", err)}
		}
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, &SettingsError{fmt.Sprintf("ca_file: %s holds no certificate in PEM form", s.CAFile)}
		}
		t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return t, nil
}

// proxy is the address of the proxy. It may hold a password, so no error quotes it.
func (s Settings) proxy() (*url.URL, error) {
	proxy, err := url.Parse(s.Proxy)
	switch {
	case err != nil || proxy.Host == "":
		return nil, &SettingsError{"proxy has to be like http://proxy.school.example:3128"}
	case !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, proxy.Scheme):
		return nil, &SettingsError{fmt.Sprintf("proxy begins with %s://, which is no way to a proxy: write http://, "+
			"https:// or socks5://", proxy.Scheme)}
	case !hasPort(proxy):
		return nil, &SettingsError{fmt.Sprintf("proxy names port %s: a port is from 1 to 65535", proxy.Port())}
	}
	return proxy, nil
}

// hasPort tells whether the port that a URL names, if it names one, can be one.
func hasPort(u *url.URL) bool {
	if u.Port() == "" {
		return true
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	return err == nil && port > 0
}

// String is where the client asks, without secrets.
func (c *Client) String() string { return c.base.Scheme + "://" + c.base.Host }

// FetchError says that a document could not be had.
type FetchError struct {
	From      string
	Attempts  int
	Permanent bool   // asking again would not help
	Last      string // what went wrong with the last attempt, less secrets
}

func (e *FetchError) Error() string {
	attempts := "1 attempt"
	if e.Attempts != 1 {
		attempts = fmt.Sprintf("%d attempts", e.Attempts)
	}
	return fmt.Sprintf("fetching from %s failed after %s: %s", e.From, attempts, e.Last)
}

// gaveUp is what to say once it is not tried again. last is the attempt that tells most, nil if
// there was none.
func (c *Client) gaveUp(ctx context.Context, request, attempts int, last *attemptError) error {
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	case last != nil && last.full != nil:
		return last.full
	case last == nil:
		return &FetchError{From: c.String(), Attempts: attempts, Last: "no time was left"}
	}
	said := last.text
	if len(c.settings.Requests) > 1 {
		said = fmt.Sprintf("request %d: %s", request+1, said)
	}
	if last.retry && !last.giveUp {
		said += "; it was tried until the time was up"
		if c.settings.RetryFor == 0 {
			said += " (timeout)"
		}
	}
	return &FetchError{From: c.String(), Attempts: attempts, Permanent: !last.retry, Last: said}
}

// tell tells what came of an attempt.
func (c *Client) tell(failed *attemptError) {
	switch {
	case c.Attempted == nil, failed != nil && failed.full != nil: // the server did its part
	case failed == nil:
		c.Attempted(Fetched)
	case failed.retry:
		c.Attempted(Retried)
	default:
		c.Attempted(Refused)
	}
}

// authorised is an HTTP client for one attempt: with OAuth2, one that has asked for a
// token.
func (c *Client) authorised(ctx context.Context) (*http.Client, error) {
	if c.settings.ClientID == "" {
		return c.http, nil
	}
	credentials := clientcredentials.Config{
		ClientID: c.settings.ClientID, ClientSecret: c.settings.ClientSecret,
		TokenURL: c.base.JoinPath("/auth/connect/token").String(), Scopes: []string{"apiv1"},
		AuthStyle: oauth2.AuthStyleInParams,
	}
	source := credentials.TokenSource(withHTTP(ctx, c.http))
	token, err := source.Token()
	if err != nil {
		return nil, err
	}
	c.secrets.add(token.AccessToken)
	client := *c.http
	client.Transport = bearer{c.http.Transport, token.AccessToken}
	return &client, nil
}

// bearer adds a token to requests.
type bearer struct {
	http.RoundTripper
	token string
}

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token)
	return b.RoundTripper.RoundTrip(r)
}

// address is where a request is sent: the key is a part of it.
func (c *Client) address(r Request) string {
	at := c.base.JoinPath("/api/batch/1.0/xml.ashx")
	key := r.Key
	if c.settings.ClientID != "" {
		key = c.settings.ClientID
	}
	at.RawQuery = url.Values{"apiKey": {key}}.Encode()
	return at.String()
}

// newRequest is a GET for all that a key is allowed, or a POST that says what is wanted.
func (c *Client) newRequest(ctx context.Context, r Request) (*http.Request, error) {
	if len(r.Methods) == 0 && len(r.Filters) == 0 {
		return http.NewRequestWithContext(ctx, http.MethodGet, c.address(r), nil)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.address(r),
		strings.NewReader(r.filterDocument()))
	if err == nil {
		request.Header.Set("Content-Type", "application/xml")
	}
	return request, err
}
