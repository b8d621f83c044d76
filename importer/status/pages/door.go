package pages

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"misimportd/era"
)

// door is what a site has at its entrance, be it of one school or of many: who comes in, by which name, from where.
type door struct {
	access  *Access
	log     *slog.Logger
	version string
	prefix  string // below which the site is, "" for none
	fleet   bool   // it is of many schools
	jobs    bool   // with the pages of its jobs
	house   func() house
}

// house is what is behind the door, as it is configured now.
type house struct {
	keys
	zone  *time.Location
	today era.Date
	again bool // there is a service that could make an import
}

// keys are who may come in, and by which names of the service.
type keys struct {
	FleetKeys
	open bool // whoever asks is an operator
}

// guarded keeps out whoever comes by another's name or page, and survives the program's own faults.
func (d *door) guarded(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(d.fromElsewhere))
	return d.headers(d.ownHost(protection.Handler(d.survive(next))))
}

// logsIn adds the pages to log in and out.
func (d *door) logsIn(mux *http.ServeMux) {
	mux.HandleFunc("GET /login", d.loginPage)
	mux.HandleFunc("POST /login", d.login)
	mux.HandleFunc("POST /logout", d.logout)
}

// namedOnly lets nobody in who has not logged in, but for what is public: such a visitor does not even learn which
// pages there are.
func (d *door) namedOnly(isPublic func(path string) bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		isNamed := d.access.visitorOf(r, d.house().keys).operator != ""
		switch {
		case isNamed || isPublic(r.URL.Path):
			next.ServeHTTP(w, r)
		case r.Method == http.MethodGet || r.Method == http.MethodHead:
			d.askToLogIn(w, r, http.StatusForbidden, d.prefix+r.URL.RequestURI(), forOperators)
		default:
			d.askToLogIn(w, r, http.StatusForbidden, d.prefix+"/", nothingDone)
		}
	})
}

// What is said to whoever is not logged in, or not any more.
const (
	forOperators = "This page is for those who have logged in."
	nothingDone  = "Nothing was done: your session has ended, or you have not logged in."
)

// say shows a page of one sentence.
func (d *door) say(w http.ResponseWriter, r *http.Request, code int, title, text string) {
	d.write(w, r, code, shown{page: "said", title: title, data: text})
}

// isBelow tells whether a path is a folder, or in it.
func isBelow(path, folder string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }
