package pages_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"misimportd/era"
	"misimportd/store/storetest"
)

// TestFormsOfOnePageAreEachDone, and each once: a page is shown once with all its forms.
func TestFormsOfOnePageAreEachDone(t *testing.T) {
	t.Parallel()
	p := newPlace(t, true)
	p.halved(era.NewDate(2016, 9, 6))
	b := p.browser().logIn()
	shown := b.form("/")
	with := func(pairs ...string) url.Values {
		form := url.Values{"token": shown["token"], "nonce": shown["nonce"]}
		for i := 0; i+1 < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		return form
	}
	for range 2 {
		b.has(b.post("/calendar/pause", with("until", "2016-09-20")), http.StatusSeeOther)
		b.has(b.post("/runs/4/reject", with()), http.StatusSeeOther)
	}
	b.has(b.get("/calendar"), http.StatusOK, "2016-09-06 to 2016-09-20")
	b.has(b.get("/runs/4"), http.StatusOK, "rejected, by "+name)
	b.has(b.post("/calendar/resume", with()), http.StatusSeeOther)
	page := b.get("/calendar")
	if strings.Contains(page.text, "2016-09-20") {
		t.Error("the pause goes on")
	}
}

// TestWhatPeopleWroteIsForOperators: a pause's reason may name somebody.
func TestWhatPeopleWroteIsForOperators(t *testing.T) {
	t.Parallel()
	p := newPlace(t, true)
	p.halved(era.NewDate(2016, 9, 6))
	b := p.browser().logIn()
	b.has(b.post("/calendar/pause", b.form("/calendar", "until", "2016-09-20", "why", "Zoe is ill")),
		http.StatusSeeOther)
	b.has(b.post("/calendar/suspensions", b.form("/calendar", "name", "Day of Zoe", "kind", "gap", "from",
		"2016-09-06", "to",
		"2016-09-06")), http.StatusSeeOther)
	b.has(b.post("/runs/4/reject", b.form("/runs/4")), http.StatusSeeOther)
	stranger := p.browser()
	for _, path := range []string{"/", "/calendar", "/runs", "/runs/4"} {
		a := stranger.get(path)
		for _, secret := range []string{"Zoe", name} {
			if a.code != http.StatusOK || strings.Contains(a.text, secret) {
				t.Errorf("%s, %d, tells of %s", path, a.code, secret)
			}
		}
	}
	b.has(b.get("/"), http.StatusOK, "Zoe is ill", "Day of Zoe")
	b.has(stranger.get("/?told=approved"), http.StatusOK)
	if a := stranger.get("/?told=approved"); strings.Contains(a.text, "It is approved") {
		t.Error("a link says what was done")
	}
}

// TestManyGuessesAtOnce are no way around the wait.
func TestManyGuessesAtOnce(t *testing.T) {
	t.Parallel()
	p := newPlace(t, true)
	form := p.browser().form("/login", "name", name, "password", "guessed")
	var group sync.WaitGroup
	codes := make([]int, 30)
	for i := range codes {
		b := p.browser()
		group.Go(func() { codes[i] = b.post("/login", form).code })
	}
	group.Wait()
	checked := 0
	for _, code := range codes {
		if code == http.StatusForbidden {
			checked++
		} else if code != http.StatusTooManyRequests {
			t.Errorf("status %d", code)
		}
	}
	if checked < 1 || checked > 10 {
		t.Errorf("%d of %d guesses were looked at", checked, len(codes))
	}
}

// TestADatabaseOfBeforeIsSaidToBe, with what brings it up to date.
func TestADatabaseOfBeforeIsSaidToBe(t *testing.T) {
	t.Parallel()
	p := newPlace(t, true)
	raw := storetest.Raw(t, p.database)
	if _, err := raw.Exec(`DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM
		goose_db_version)`); err != nil {
		t.Fatal(err)
	}
	b := p.browser().logIn()
	for _, path := range []string{"/", "/runs", "/people?q=a", "/calendar"} {
		b.has(b.get(path), http.StatusServiceUnavailable, "of another version", "Import now")
	}
}

// TestAFailureThatIsMendedIsOver as soon as another import has ended well, whoever made it.
func TestAFailureThatIsMendedIsOver(t *testing.T) {
	t.Parallel()
	p := newPlace(t, true)
	p.failing(era.NewDate(2016, 9, 6))
	b := p.browser().logIn()
	b.has(b.get("/"), http.StatusOK, "The last import failed")
	p.night(era.NewDate(2016, 9, 6))
	b.has(b.get("/"), http.StatusOK, "All is well")
}
