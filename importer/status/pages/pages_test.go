package pages_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"misimportd/era"
	"misimportd/importer"
	"misimportd/importer/text"
	"misimportd/store"
)

// everyPage is each page that there is to look at, of a school with a night that is applied and one that is held.
func (p *place) everyPage() []string {
	pupil := fmt.Sprint(p.school.Pupils[0].ID)
	staff, form := fmt.Sprint(p.school.Staff[0].ID), p.school.Forms[0].ID
	return []string{"/", "/runs", "/runs/3", "/runs/3?q=joined", "/runs/4", "/problems", "/people", "/people?q=a",
		"/people?q=nobody+at+all", "/person/pupil/" + pupil, "/person/staff/" + staff, "/group/form/" + form,
		"/history/form/" + form, "/why", "/why?pupil=" + pupil + "&group=form/" + form, "/timetable",
		"/timetable?group=form/" + form + "&on=2016-09-08", "/calendar", "/settings", "/audit", "/manual", "/login",
		"/runs/3/undo", "/runs/4/compare?with=3"}
}

// TestEachPageIsThere for somebody who has logged in, with no request to anywhere else.
func TestEachPageIsThere(t *testing.T) {
	t.Parallel()
	p := newPlace(t, true)
	p.halved(era.NewDate(2016, 9, 6))
	b := p.browser().logIn()
	for _, path := range p.everyPage() {
		a := b.get(path)
		b.has(a, http.StatusOK, "<h1")
		if policy := a.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") {
			t.Errorf("%s: %s", path, policy)
		}
		for _, elsewhere := range []string{"<script", "style=", "http://", "https://", "//cdn"} {
			if strings.Contains(a.text, elsewhere) {
				t.Errorf("%s has %s", path, elsewhere)
			}
		}
	}
	b.has(b.get("/problems.csv"), http.StatusOK, "where,section,id,reason")
	list := b.get("/classlist/form/" + p.school.Forms[0].ID)
	b.has(list, http.StatusOK, "<table>")
	if policy := list.Get("Content-Security-Policy"); !strings.Contains(policy, "style-src 'sha256-") {
		t.Error(policy) // its own style, and no other
	}
	b.has(b.get("/runs/3/compare?with=4"), http.StatusOK, "CurrentPupils", "30 new, 0 gone")
	b.has(b.get("/"), http.StatusOK, "Something waits for you", "pupils leaving", "Approve run 4")
}

// TestNobodySeesNames who has not logged in; counts and ids are for all.
func TestNobodySeesNames(t *testing.T) {
	t.Parallel()
	p := newPlace(t, true)
	p.halved(era.NewDate(2016, 9, 6))
	b := p.browser()
	var names []string
	for _, pupil := range p.school.Pupils {
		names = append(names, pupil.Forename+" "+pupil.Surname)
	}
	for _, path := range p.everyPage() {
		a := b.get(path)
		for _, name := range names {
			if strings.Contains(a.text, name) {
				t.Errorf("%s names %s", path, name)
			}
		}
		if a.code != http.StatusOK && !strings.Contains(a.text, "Log in") {
			t.Errorf("%s: %d, and not how to log in", path, a.code)
		}
	}
	b.has(b.get("/"), http.StatusOK, "Something waits for you", "Log in")
	b.has(b.get("/runs/4"), http.StatusOK, "pupils leaving", "breached")
	p.shown.Operators = nil
	b.has(b.get("/people"), http.StatusForbidden, "Nobody can log in yet", "operators:")
}

// TestDecisions are made once, by people who have logged in, and recorded with their names.
func TestDecisions(t *testing.T) {
	t.Parallel()
	p := newPlace(t, true)
	p.halved(era.NewDate(2016, 9, 6))
	b := p.browser().logIn()
	approve := b.form("/runs/4")
	b.has(p.browser().post("/runs/4/approve", approve), http.StatusForbidden, "Nothing was done")
	without := url.Values{"nonce": approve["nonce"]}
	b.has(b.post("/runs/4/approve", without), http.StatusForbidden, "Nothing was done")
	elsewhere := b.request(http.MethodPost, "/runs/4/approve", approve)
	elsewhere.Header.Set("Sec-Fetch-Site", "cross-site")
	b.has(b.do(elsewhere), http.StatusForbidden, "not sent by a page of this service")
	b.has(b.post("/runs/400/approve", b.form("/runs/4")), http.StatusConflict, "there is no run 400")

	first := b.post("/runs/4/approve", approve)
	if first.code != http.StatusSeeOther || first.Get("Location") != "/runs/5?told=approved" {
		t.Fatalf("%d to %s\n%s", first.code, first.Get("Location"), first.text)
	}
	if again := b.post("/runs/4/approve", approve); again.Get("Location") != first.Get("Location") {
		t.Errorf("sent twice: %d\n%s", again.code, again.text)
	}
	b.has(b.post("/runs/4/approve", b.form("/runs/4")), http.StatusConflict, "approved already by run 5")
	b.has(b.post("/runs/4/reject", b.form("/runs/4")), http.StatusConflict, "approved already by run 5")
	b.has(b.get("/runs/5?told=approved"), http.StatusOK, "It is approved, and applied", "Asked for by", name)
	b.has(b.get("/runs/4"), http.StatusOK, "approved by run 5, by "+name)

	b.has(b.get("/runs/5/undo"), http.StatusOK, "Nothing has been changed yet", "30 reopened", "Undo run 5")
	undone := b.post("/runs/5/undo", b.form("/runs/5/undo"))
	if undone.code != http.StatusSeeOther {
		t.Fatalf("%d\n%s", undone.code, undone.text)
	}
	b.has(b.get(undone.Get("Location")), http.StatusOK)
	b.has(b.get("/audit"), http.StatusOK, "approval of run 4", "undo of run 5", name)
	past, err := importer.Show(t.Context(), p.im.DB, 5)
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	if err := text.WriteOneRun(&said, past, time.UTC, text.Style{}); err != nil ||
		!strings.Contains(said.String(), name+" asked for it, on a page.") {
		t.Errorf("%v\n%s", err, &said) // as runs show tells it
	}
	b.has(b.post("/again", b.form("/")), http.StatusSeeOther)
	if p.asked != 1 {
		t.Errorf("%d imports were asked for", p.asked)
	}
}

// TestRejecting closes a held run, and says who did.
func TestRejecting(t *testing.T) {
	t.Parallel()
	p := newPlace(t, true)
	p.halved(era.NewDate(2016, 9, 6))
	b := p.browser().logIn()
	b.has(b.post("/runs/4/reject", b.form("/runs/4")), http.StatusSeeOther)
	b.has(b.get("/runs/4?told=rejected"), http.StatusOK, "rejected, by "+name, "It is rejected")
	b.has(b.get("/"), http.StatusOK, "All is well", "all of it was rejected, by "+name)
}

// TestTwoWhoApproveAtOnce are one approval.
func TestTwoWhoApproveAtOnce(t *testing.T) {
	t.Parallel()
	p := newPlace(t, true)
	p.halved(era.NewDate(2016, 9, 6))
	var group sync.WaitGroup
	codes := make([]int, 4)
	for i := range codes {
		b := p.browser().logIn()
		form := b.form("/runs/4")
		group.Go(func() { codes[i] = b.post("/runs/4/approve", form).code })
	}
	group.Wait()
	done := 0
	for _, code := range codes {
		switch code {
		case http.StatusSeeOther:
			done++
		case http.StatusConflict:
		default:
			t.Errorf("status %d", code)
		}
	}
	if done != 1 {
		t.Errorf("%d approvals: %v", done, codes)
	}
}

// TestSuspensionsAndPauses are entered and taken away on a page.
func TestSuspensionsAndPauses(t *testing.T) {
	t.Parallel()
	p := newPlace(t, true)
	b := p.browser().logIn()
	form := b.form("/calendar", "name", "Mocks <script>", "kind", "suspension", "from", "2016-09-05", "to",
		"2016-09-09",
		"years", "11 13")
	b.has(b.post("/calendar/suspensions", form), http.StatusSeeOther)
	b.has(b.post("/calendar/suspensions", form), http.StatusSeeOther) // once more, and not twice entered
	page := b.get("/calendar")
	b.has(page, http.StatusOK, "Mocks &lt;script&gt;", "years 11 and 13", "/calendar/suspensions/1/remove")
	if strings.Count(page.text, "/remove") != 1 {
		t.Error("entered twice")
	}
	b.has(b.get("/"), http.StatusOK, "No lessons today", "Mocks")
	b.has(b.post("/calendar/suspensions/1/remove", b.form("/calendar")), http.StatusSeeOther)
	b.has(b.post("/calendar/suspensions/1/remove", b.form("/calendar")), http.StatusConflict,
		"there is no suspension 1")

	b.has(b.post("/calendar/pause", b.form("/calendar", "until", "2016-09-20", "why", "move")), http.StatusSeeOther)
	b.has(b.get("/calendar"), http.StatusOK, "2016-09-06 to 2016-09-20", "move")
	b.has(b.post("/calendar/resume", b.form("/calendar")), http.StatusSeeOther)
	for _, bad := range []url.Values{
		b.form("/calendar", "name", "x", "kind", "gap", "from", "2016-13-40", "to", "2016-09-09"),
		b.form("/calendar", "name", strings.Repeat("x", 10000), "kind", "gap", "from", "2016-09-05", "to",
			"2016-09-09"),
		b.form("/calendar", "name", "x", "kind", "gap", "from", "2016-09-09", "to", "2016-09-05"),
		b.form("/calendar", "name", "x", "kind", "nothing", "from", "2016-09-05", "to", "2016-09-09"),
		b.form("/calendar", "name", "x", "kind", "gap", "from", "2016-09-05", "to", "2016-09-09", "years", "99"),
	} {
		b.has(b.post("/calendar/suspensions", bad), http.StatusBadRequest, "cannot be understood")
	}
}

// TestWhatCannotBe is answered with a page, and does not break one.
func TestWhatCannotBe(t *testing.T) {
	t.Parallel()
	p := newPlace(t, true)
	b := p.browser().logIn()
	long := strings.Repeat("a", 10000)
	for path, want := range map[string]int{
		"/people?q=" + long:                                  http.StatusOK,
		"/people?q=" + url.QueryEscape("\u202emirror"):       http.StatusOK,
		"/people?q=" + url.QueryEscape("<script>x</script>"): http.StatusOK,
		"/people?q=a&on=the+day":                             http.StatusBadRequest,
		"/person/pupil/" + url.PathEscape("<script>"):        http.StatusNotFound,
		"/person/dragon/1":                                   http.StatusBadRequest,
		"/person/pupil/" + long:                              http.StatusNotFound,
		"/group/form/none":                                   http.StatusNotFound,
		"/runs/none":                                         http.StatusBadRequest,
		"/runs/99999999999999999999":                         http.StatusBadRequest,
		"/runs/4711":                                         http.StatusNotFound,
		"/runs/3/compare":                                    http.StatusBadRequest,
		"/timetable?group=" + long:                           http.StatusNotFound,
		"/why?pupil=nobody&group=nothing":                    http.StatusNotFound,
		"/manual/none":                                       http.StatusBadRequest,
		"/none":                                              http.StatusNotFound,
	} {
		a := b.get(path)
		b.has(a, want, "<h1")
		if strings.Contains(a.text, "<script") || strings.Contains(a.text, "\u202e") || len(a.text) > 30000 {
			t.Errorf("%.60s: %d bytes\n%.2000s", path, len(a.text), a.text)
		}
	}
	b.has(b.get("/people?q=surely"), http.StatusOK, "nobody and nothing")
}

// TestNamesOfThisServiceAlone are answered: a page from elsewhere may give its own name this address.
func TestNamesOfThisServiceAlone(t *testing.T) {
	t.Parallel()
	p := newPlace(t, true)
	b := p.browser()
	for host, want := range map[string]int{"evil.example": http.StatusMisdirectedRequest,
		"evil.example:9190": http.StatusMisdirectedRequest, "127.0.0.1.evil.example": http.StatusMisdirectedRequest,
		"school.example": http.StatusOK, "SCHOOL.example:443": http.StatusOK, "localhost:9190": http.StatusOK,
		"[::1]:9190": http.StatusOK, "192.0.2.1": http.StatusOK} {
		r := b.request(http.MethodGet, "/", nil)
		r.Host = host
		if a := b.do(r); a.code != want {
			t.Errorf("%s: %d, want %d", host, a.code, want)
		}
	}
}

// TestLoggingIn is slowed down after failures, makes a session of its own, and ends.
func TestLoggingIn(t *testing.T) {
	t.Parallel()
	p := newPlace(t, true)
	b := p.browser()
	for range 5 {
		b.has(b.post("/login", b.form("/login", "name", name, "password", "guessed")), http.StatusForbidden,
			"nobody of this name and password")
	}
	a := b.post("/login", b.form("/login", "name", name, "password", password))
	b.has(a, http.StatusTooManyRequests, "Too many attempts")
	if a.Get("Retry-After") == "" {
		t.Error("it is not said how long to wait")
	}

	p = newPlace(t, true)
	b = p.browser()
	at, _ := url.Parse(p.at)
	chosen := &http.Cookie{Name: "misimportd", Value: "chosen by somebody else", Secure: true, Path: "/"}
	b.client.Jar.SetCookies(at, []*http.Cookie{chosen})
	b.has(b.get("/people"), http.StatusForbidden)
	in := b.post("/login", b.form("/login", "name", name, "password", password, "then", "//evil.example/x"))
	cookie := in.Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "Secure", "SameSite=Strict", "Max-Age=43200"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("no %s in %s", want, cookie)
		}
	}
	if strings.Contains(cookie, chosen.Value) || in.Get("Location") != "/" {
		t.Errorf("%s, to %s", cookie, in.Get("Location"))
	}
	b.has(b.get("/people"), http.StatusOK)
	secret := b.client.Jar.Cookies(at)
	b.has(b.post("/logout", b.form("/")), http.StatusSeeOther)
	b.client.Jar.SetCookies(at, secret)
	b.has(b.get("/people"), http.StatusForbidden) // even with the cookie

	b.logIn()
	other, err := bcrypt.GenerateFromPassword([]byte("another"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	p.shown.Operators = map[string]string{name: string(other)}
	b.has(b.get("/people"), http.StatusForbidden) // a new password ends what the old one began
	b.has(p.browser().post("/login", url.Values{"name": {name}, "password": {"another"}}), http.StatusForbidden)
	plain := b.request(http.MethodGet, "/people", nil)
	plain.SetBasicAuth(name, password) // which nobody has checked
	b.has(b.do(plain), http.StatusForbidden)
	p.shown.WebConfig = filepath.Join(t.TempDir(), "web.yml")
	if err := os.WriteFile(p.shown.WebConfig, []byte("basic_auth_users: {alice: x}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.has(b.do(plain), http.StatusOK) // exporter-toolkit has
}

// TestNoPasswordInTheClear is asked for, but on the machine itself.
func TestNoPasswordInTheClear(t *testing.T) {
	t.Parallel()
	p := newPlace(t, false)
	b := p.browser()
	b.has(b.get("/login"), http.StatusOK, `type="password"`)
	r := b.request(http.MethodGet, "/login", nil)
	r.Host = "school.example"
	a := b.do(r)
	b.has(a, http.StatusOK, "for all to read")
	if strings.Contains(a.text, `type="password"`) {
		t.Error("a password is asked for")
	}
}

// TestADatabaseThatIsAway is said, and nothing breaks.
func TestADatabaseThatIsAway(t *testing.T) {
	t.Parallel()
	p := newPlace(t, true)
	b := p.browser().logIn()
	away, err := store.Prepare("postgres://nobody@127.0.0.1:1/none?connect_timeout=2")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = away.Close() })
	im := *p.im
	im.DB = away
	p.shown.Importer = &im
	for _, path := range []string{"/", "/runs", "/people?q=a", "/calendar"} {
		b.has(b.get(path), http.StatusServiceUnavailable, "The database is away", "run 3, applied")
	}
	b.has(b.post("/calendar/resume", b.form("/manual")), http.StatusServiceUnavailable, "The database is away")
}

// TestPeopleAreFoundByWhatTheyAreCalled: by id, code, name, a part of it, and without accents.
func TestPeopleAreFoundByWhatTheyAreCalled(t *testing.T) {
	t.Parallel()
	p := newPlace(t, true)
	b := p.browser().logIn()
	pupil, staff, form := p.school.Pupils[0], p.school.Staff[0], p.school.Forms[0]
	for asked, path := range map[string]string{
		fmt.Sprint(pupil.ID): fmt.Sprintf("/person/pupil/%d", pupil.ID),
		pupil.Surname:        fmt.Sprintf("/person/pupil/%d", pupil.ID),
		staff.Code:           fmt.Sprintf("/person/staff/%d", staff.ID),
		"form/" + form.ID:    "/group/form/" + form.ID,
		form.Name:            "/group/form/" + form.ID,
	} {
		b.has(b.get("/people?q="+url.QueryEscape(asked)), http.StatusOK, path)
	}
}
