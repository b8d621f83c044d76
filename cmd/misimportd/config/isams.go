package config

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"misimportd/mis/isams/batch"
)

// isamsConfig is the section isams of the configuration file. Secrets are named here,
// and stand elsewhere.
type isamsConfig struct {
	URL            string          `yaml:"url"`
	Timeout        string          `yaml:"timeout"`
	ConnectTimeout string          `yaml:"connect_timeout"`
	Stall          string          `yaml:"stall"`
	Retry          retryConfig     `yaml:"retry"`
	MaxSize        string          `yaml:"max_size"`
	UseLastGood    bool            `yaml:"use_last_good"`
	Timetable      string          `yaml:"timetable"`
	InsecureHTTP   bool            `yaml:"insecure_http"`
	Proxy          string          `yaml:"proxy"`
	CAFile         string          `yaml:"ca_file"`
	Requests       []requestConfig `yaml:"requests"`
	OAuth          *oauthConfig    `yaml:"oauth"`
	secrets        secretFiles
	unread         []error // secrets that cannot be read
}

type retryConfig struct {
	First string `yaml:"first"`
	Most  string `yaml:"most"`
}

// requestConfig is one key and what is asked for with it. The key is in a file, or in
// an environment variable.
type requestConfig struct {
	KeyFile string                                  `yaml:"key_file"`
	KeyEnv  string                                  `yaml:"key_env"`
	Methods []string                                `yaml:"methods"`
	Filters map[string]map[string]map[string]string `yaml:"filters"`
}

type oauthConfig struct {
	ClientID         string `yaml:"client_id"`
	ClientSecretFile string `yaml:"client_secret_file"`
	ClientSecretEnv  string `yaml:"client_secret_env"`
}

// settle checks the section and reads the secrets. It returns all that is wrong.
func (c *isamsConfig) settle() (*batch.Settings, []error) {
	s := &batch.Settings{URL: c.URL, InsecureHTTP: c.InsecureHTTP, Proxy: c.Proxy}
	var faults []error
	var err error
	for _, d := range []struct {
		key, text string
		into      *time.Duration
	}{
		{"timeout", cmp.Or(c.Timeout, "20m"), &s.Timeout},
		{"connect_timeout", cmp.Or(c.ConnectTimeout, "10s"), &s.Connect},
		{"stall", cmp.Or(c.Stall, "30s"), &s.Stall}, {"retry.first", cmp.Or(c.Retry.First, "2s"), &s.RetryFirst},
		{"retry.most", cmp.Or(c.Retry.Most, "2m"), &s.RetryMost},
	} {
		if *d.into, err = parseDuration(d.text); err != nil {
			faults = append(faults, fmt.Errorf("isams: %s: %w", d.key, err))
		}
	}
	if s.MaxSize, err = parseSize(cmp.Or(c.MaxSize, "1GiB")); err != nil {
		faults = append(faults, fmt.Errorf("isams: max_size: %w", err))
	}
	if c.CAFile != "" {
		s.CAFile = c.secrets.path(c.CAFile)
	}
	wrong, unread := c.settleRequests(s)
	c.unread = unread
	return s, append(faults, wrong...)
}

// settleRequests settles what is asked for. Secrets that cannot be read are told apart: who does
// not ask iSAMS does not need them.
func (c *isamsConfig) settleRequests(s *batch.Settings) (faults, unread []error) {
	requests := c.Requests
	var err error
	if c.OAuth != nil {
		if s.ClientID = c.OAuth.ClientID; s.ClientID == "" {
			faults = append(faults, errors.New("isams: oauth: client_id is missing"))
		}
		if s.ClientSecret, err = c.secrets.read("oauth: client_secret", c.OAuth.ClientSecretFile,
			c.OAuth.ClientSecretEnv); err != nil {
			unread = append(unread, err)
		}
		if len(requests) == 0 {
			requests = []requestConfig{{}}
		}
	}
	for i, r := range requests {
		request := batch.Request{Methods: r.Methods, Filters: r.Filters}
		switch {
		case c.OAuth == nil:
			if request.Key, err = c.secrets.read(fmt.Sprintf("request %d: key", i+1), r.KeyFile, r.KeyEnv); err != nil {
				unread = append(unread, err)
			}
		case r.KeyFile != "" || r.KeyEnv != "":
			faults = append(faults, fmt.Errorf("isams: request %d has a key, and there is oauth: use one of the two", i+
				1))
		}
		s.Requests = append(s.Requests, request)
	}
	return faults, unread
}

// parseDuration reads a duration such as 30s, 20m or 12h, or a number of days: 30d.
func parseDuration(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		const century = 36500
		n, err := strconv.Atoi(days)
		if err == nil && n > 0 && n <= century {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%q is not a duration: write it as 30s, 20m, 12h or 30d", text)
	}
	return d, nil
}

// parseSize reads a number of bytes such as 512MiB or 1GiB.
func parseSize(text string) (int64, error) {
	number, factor := text, int64(1)
	for i, unit := range []string{"KiB", "MiB", "GiB"} {
		if n, ok := strings.CutSuffix(text, unit); ok {
			number, factor = n, 1<<(10*(i+1))
		}
	}
	n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
	if err != nil || n <= 0 || n > 1<<40/factor {
		return 0, fmt.Errorf("%q is not a size: write it as 512MiB or 1GiB", text)
	}
	return n * factor, nil
}
