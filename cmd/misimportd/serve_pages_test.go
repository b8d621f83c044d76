package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

// visitor is somebody with a browser before the service. A cookie for encrypted ways alone is sent to this machine, as
// browsers do.
type visitor struct {
	*served
	cookie string
}

// ask asks for a page, or sends a form, and follows no redirect.
func (v *visitor) ask(method, path string, form url.Values) (code int, text, to string) {
	v.Helper()
	r, err := http.NewRequestWithContext(v.Context(), method, v.at+path, strings.NewReader(form.Encode()))
	if err != nil {
		v.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Cookie", v.cookie)
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		v.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	said, err := io.ReadAll(response.Body)
	if err != nil {
		v.Fatal(err)
	}
	for _, c := range response.Cookies() {
		v.cookie = c.Name + "=" + c.Value
	}
	return response.StatusCode, string(said), response.Header.Get("Location")
}

// send sends a page's form.
func (v *visitor) send(page, to string, pairs ...string) (code int, text, location string) {
	v.Helper()
	_, said, _ := v.ask(http.MethodGet, page, nil)
	form := url.Values{}
	for _, found := range regexp.MustCompile(`name="(token|nonce)" value="([^"]*)"`).FindAllStringSubmatch(said, -1) {
		form.Set(found[1], found[2])
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return v.ask(http.MethodPost, to, form)
}

// TestThePagesOfTheService are answered beside the metrics: an operator logs in and has an import made, settings have
// no secrets, and another configuration is in force without a restart.
func TestThePagesOfTheService(t *testing.T) {
	t.Parallel()
	s := newStation(t, program(t))
	hash, err := bcrypt.GenerateFromPassword([]byte("hunter2"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	s.daemonConfigured(fmt.Sprintf("operators: {alice: '%s'}\n", hash))
	d := s.serve()
	d.await(`run=1 result=applied`)
	v := &visitor{served: d}
	has := func(path string, want int, texts ...string) {
		t.Helper()
		code, said, _ := v.ask(http.MethodGet, path, nil)
		if code != want {
			t.Errorf("%s: %d, want %d\n%s", path, code, want, said)
		}
		for _, text := range texts {
			if !strings.Contains(said, text) {
				t.Errorf("%s: no %q in\n%s", path, text, said)
			}
		}
	}
	has("/", http.StatusOK, "All is well", "Log in")
	has("/settings", http.StatusForbidden, "Log in")
	if code, _, to := v.send("/login", "/login", "name", "alice", "password", "hunter2", "then",
		"/runs"); to != "/runs" {
		t.Fatalf("%d, to %q", code, to)
	}
	has("/settings?check=1", http.StatusOK, "operators.alice", "••••••", "config.yml, line", "the default",
		"schedule", "state folder")
	if _, said, _ := v.ask(http.MethodGet, "/settings", nil); strings.Contains(said, string(hash)) {
		t.Error("the hash of a password is shown")
	}
	has("/manual", http.StatusOK, "/manual/undo")
	has("/manual/undo", http.StatusOK, "<h1", "puts back exactly what a run changed")
	if _, _, to := v.send("/", "/again"); to != "/?told=again" {
		t.Errorf("to %q", to)
	}
	d.await(`run=2 result=unchanged`)
	has("/runs/2", http.StatusOK, "Run 2, import")

	s.daemonConfigured("") // nobody may log in any more
	mark := d.mark()
	d.signal(syscall.SIGHUP)
	d.awaitAfter(mark, `msg="the configuration was reloaded"`)
	has("/runs", http.StatusOK, "names no <code>operators</code>")
	has("/settings", http.StatusForbidden, "Nobody can log in yet")
	// Passwords of a file that is not asked for yet are none: nobody has checked them.
	s.write("web.yml", fmt.Sprintf("basic_auth_users: {bob: '%s'}\n", hash))
	s.daemonConfigured("web_config_file: web.yml\n")
	mark = d.mark()
	d.signal(syscall.SIGHUP)
	d.awaitAfter(mark, `msg="the configuration was reloaded"`)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.at+"/settings", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth("mallory", "x")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusForbidden {
		t.Errorf("a password that nobody has checked: %d", response.StatusCode)
	}
	d.stop()
	if strings.Contains(d.said(), "hunter2") || strings.Contains(d.said(), string(hash)) {
		t.Error("a password was logged")
	}
}
