package pages

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"misimportd/importer/words"
)

// loginForm is what the page to log in shows.
type loginForm struct {
	Possible bool   // there is somebody who could
	InClear  bool   // a password would go over the network for all to read
	Then     string // the page that was asked for
	Name     string
}

// loginPage asks for name and password.
func (d *door) loginPage(w http.ResponseWriter, r *http.Request) {
	d.askToLogIn(w, r, http.StatusOK, ownPath(r.URL.Query().Get("then")), "")
}

// askToLogIn shows the form, and why.
func (d *door) askToLogIn(w http.ResponseWriter, r *http.Request, code int, then, why string) {
	of := d.house()
	d.write(w, r, code, shown{page: "login", title: "Log in", trouble: why, data: loginForm{
		Possible: len(of.Operators) > 0, InClear: isInClear(r), Then: then,
		Name: words.Clip(r.PostFormValue("name"), nameMost)}})
}

const nameMost = 64

// isInClear tells whether what a browser sends can be read on its way.
func isInClear(r *http.Request) bool {
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		return false
	}
	host := hostOf(r)
	return host != "localhost" && host != "::1" && !strings.HasPrefix(host, "127.")
}

// login begins a session. Whoever has failed waits before the next attempt.
func (d *door) login(w http.ResponseWriter, r *http.Request) {
	of, then, name := d.house(), ownPath(r.PostFormValue("then")), r.PostFormValue("name")
	switch {
	case !d.access.isOwnForm(r, visitor{by: "nobody"}) && !d.access.isOwnForm(r, d.access.visitorOf(r, of.keys)):
		d.askToLogIn(w, r, http.StatusForbidden, then, "This form was too old. Please try again.")
		return
	case isInClear(r):
		d.askToLogIn(w, r, http.StatusForbidden, then, "")
		return
	}
	is, wait, isBusy := d.access.try(r.Context(), of.Operators, name, r.PostFormValue("password"), addressOf(r))
	switch {
	case isBusy:
		d.askToLogIn(w, r, http.StatusTooManyRequests, then, "Many try to log in just now: try again in a minute.")
	case wait > 0:
		seconds := int(wait.Seconds()) + 1
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
		d.askToLogIn(w, r, http.StatusTooManyRequests, then, fmt.Sprintf("Too many attempts: try again in %s.",
			words.Many(seconds, "second")))
	case !is:
		d.log.Warn("somebody failed to log in to the pages", "from", addressOf(r))
		d.askToLogIn(w, r, http.StatusForbidden, then, "There is nobody of this name and password.")
	default:
		if cookie, err := r.Cookie(cookieName); err == nil {
			d.access.end(cookie.Value)
		}
		d.log.Info("an operator has logged in to the pages", "operator", name, "from", addressOf(r))
		setCookie(w, d.access.begin(name, of.Operators[name]), sessionMost)
		http.Redirect(w, r, then, http.StatusSeeOther)
	}
}

// logout ends the session.
func (d *door) logout(w http.ResponseWriter, r *http.Request) {
	if cookie, err := r.Cookie(cookieName); err == nil && d.access.isOwnForm(r, d.access.visitorOf(r, d.house().keys)) {
		d.access.end(cookie.Value)
		setCookie(w, "", -time.Second)
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func setCookie(w http.ResponseWriter, secret string, keep time.Duration) {
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: secret, Path: "/", MaxAge: int(keep.Seconds()),
		Secure:   true,
		HttpOnly: true, SameSite: http.SameSiteStrictMode})
}

// ownPath is a path of these pages, and never of another site's.
func ownPath(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(u.Path, "/") ||
		strings.HasPrefix(u.Path, "//") || strings.ContainsAny(path, "\\\r\n") {
		return "/"
	}
	return u.RequestURI()
}
