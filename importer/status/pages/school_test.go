package pages_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"misimportd/era"
	"misimportd/importer"
	"misimportd/importer/daemon"
	"misimportd/importer/entry"
	"misimportd/importer/guard"
	"misimportd/importer/status"
	"misimportd/importer/status/pages"
	"misimportd/mis/cache"
	"misimportd/mis/isams/isamstest"
	"misimportd/store"
)

const (
	name     = "alice"
	password = "correct horse"
)

// place is a school with its pages.
type place struct {
	testing.TB
	im     *importer.Importer
	school *isamstest.School
	shown  *pages.School
	pulse  *status.Pulse
	asked  int // imports, by a page
	at     string

	database string // its URL
	server   *httptest.Server
}

var year = era.Era{Name: "2016/17", StartsOn: era.NewDate(2016, 9, 1), EndsOn: era.NewDate(2017, 8, 31)}

// newPlace is a school with a night behind it, whose pages are answered by http, or by https.
func newPlace(t testing.TB, secure bool) *place {
	t.Helper()
	database := "sqlite:" + filepath.Join(t.TempDir(), "school.db")
	db, err := store.Prepare(database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	p := &place{TB: t, database: database, im: &importer.Importer{DB: db, State: cache.Folder(t.TempDir()),
		Zone:               time.UTC,
		Guard:              guard.NewGuard(),
		AcademicYearStarts: era.FirstSeptember, Version: "test", Log: log}, pulse: status.NewPulse("test"),
		school: isamstest.New(1, isamstest.Size{Pupils: 60, Staff: 12, Forms: 4, Sets: 12,
			SetLists: 200}).Teach(20)}
	desk := entry.Desk{DB: db, Version: "test"}
	if _, err := desk.CreateEra(t.Context(), year); err != nil {
		t.Fatal(err)
	}
	if _, err := desk.SetEra(t.Context(), entry.CurrentEra, year.Name); err != nil {
		t.Fatal(err)
	}
	p.night(era.NewDate(2016, 9, 5))
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	schedule, err := daemon.NewSchedule("0 3 * * *", "07:00", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	p.shown = &pages.School{Importer: p.im, Schedule: schedule, Operators: map[string]string{name: string(hash)},
		Hosts: []string{"school.example"}, Today: era.NewDate(2016, 9, 6),
		Settings: []pages.Setting{{Key: "state", Value: string(p.im.State.Scratch()), From: "the default"}}}
	p.answer(pages.New(p.given()).Handler(), secure)
	return p
}

// given is what the school's pages need.
func (p *place) given() pages.Given {
	return pages.Given{Life: p.Context(), School: func() *pages.School { return p.shown }, Pulse: p.pulse,
		Again: func() { p.asked++ }, Version: "test", Log: p.im.Log}
}

// answer begins to answer browsers.
func (p *place) answer(handler http.Handler, secure bool) {
	if p.server = httptest.NewUnstartedServer(handler); secure {
		p.server.StartTLS()
	} else {
		p.server.Start()
	}
	p.Cleanup(p.server.Close)
	p.at = p.server.URL
}

// night makes an import of the school as it is.
func (p *place) night(on era.Date) {
	p.Helper()
	folder := filepath.Join(string(p.im.State.Scratch()), cache.PreFetched)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		p.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "data.xml"), p.school.Document(), 0o600); err != nil {
		p.Fatal(err)
	}
	im := *p.im
	im.AsOf = on
	report, err := im.Run(p.Context())
	p.pulse.Ended(time.Now(), report, err)
	if err != nil {
		p.Fatal(err)
	}
}

// halved is a night on which half of the pupils are gone: it is held. The pupils are back after it.
func (p *place) halved(on era.Date) {
	p.Helper()
	all := p.school.Pupils
	p.school.Pupils = all[:len(all)/2]
	p.night(on)
	p.school.Pupils = all
}

// browser is somebody who keeps cookies, and follows no redirect.
func (p *place) browser() *browser {
	jar, _ := cookiejar.New(nil) // without a list it cannot fail
	client := p.server.Client()
	return &browser{place: p, client: &http.Client{Transport: client.Transport, Jar: jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

type browser struct {
	*place
	client *http.Client
}

// answer is what came back.
type answer struct {
	code int
	text string
	http.Header
}

func (b *browser) do(r *http.Request) answer {
	b.Helper()
	response, err := b.client.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		b.Fatal(err)
	}
	return answer{response.StatusCode, string(text), response.Header}
}

func (b *browser) request(method, path string, form url.Values) *http.Request {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), method, b.at+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	return r
}

func (b *browser) get(path string) answer {
	b.Helper()
	return b.do(b.request(http.MethodGet, path, nil))
}

var hidden = regexp.MustCompile(`name="(token|nonce)" value="([^"]*)"`)

// form is the hidden fields of a page's forms, and others.
func (b *browser) form(page string, pairs ...string) url.Values {
	b.Helper()
	form := url.Values{}
	for _, found := range hidden.FindAllStringSubmatch(b.get(page).text, -1) {
		form.Set(found[1], found[2])
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}

func (b *browser) post(path string, form url.Values) answer {
	b.Helper()
	return b.do(b.request(http.MethodPost, path, form))
}

// logIn logs in, and fails where that fails.
func (b *browser) logIn() *browser {
	b.Helper()
	if a := b.post("/login", b.form("/login", "name", name, "password", password)); a.code != http.StatusSeeOther {
		b.Fatalf("%d\n%s", a.code, a.text)
	}
	return b
}

// has fails unless an answer has a status and holds the texts.
func (b *browser) has(a answer, code int, texts ...string) {
	b.Helper()
	if a.code != code {
		b.Errorf("status %d, want %d\n%s", a.code, code, a.text)
	}
	for _, text := range texts {
		if !strings.Contains(a.text, text) {
			b.Errorf("no %q in:\n%s", text, a.text)
		}
	}
}
