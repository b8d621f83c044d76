// Package pages is what people see of a school in a browser: the night, what waits for them, people, groups and
// lessons. What is on a page is what a command says, and what a page does is what a command does: it must never
// find a second way to either.
package pages

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"misimportd/era"
	"misimportd/importer"
	"misimportd/importer/daemon"
	"misimportd/importer/status"
)

// School is what pages are about, and who may see it: as the service is configured now.
type School struct {
	Importer  *importer.Importer // its database, folder, zone and rules
	Schedule  daemon.Schedule
	Pauses    []era.Pause       // of the configuration
	Operators map[string]string // who may log in, each with a bcrypt hash
	Hosts     []string          // names by which the pages may be asked for, beside the machine's own
	WebConfig string            // a file of exporter-toolkit with passwords and certificates, "" for none
	Today     era.Date          // of a school in the past; 0 for what the clock says
	Open      bool              // whoever asks is an operator: a demo's people are pretend
	Settings  []Setting
	Checks    func(context.Context) []Check // everything that can be checked without changing anything
}

// Setting is one value of the configuration that is in force, without secrets.
type Setting struct{ Key, Value, From string }

// Check is one thing that was looked at.
type Check struct {
	Name, Found string
	OK          bool
}

// Message is a message that could not be delivered yet.
type Message struct {
	Channel, Subject, Error string
	Since                   time.Time
	Tries                   int
	GivenUp                 bool // it is not tried any more
}

// Given is what the pages of a service need. All has to be set, but for what says what nil means.
type Given struct {
	Life        context.Context // of the service: what was begun on a page ends with it, not with the browser
	School      func() *School  // that is in force now
	Pulse       *status.Pulse
	Access      *Access          // who is logged in; nil: the site has its own
	Prefix      string           // below which the pages are, such as /fleet/schools/st-anne; "": at the top
	Again       func()           // asks for an import now; nil: there is no service that could make one
	Undelivered func() []Message // nil: there are none
	Manual      Manual
	Version     string
	Log         *slog.Logger
}

// Site is the pages of a service.
type Site struct {
	Given
	door
	seats chan struct{} // of those who look at the database
}

// atOnce is how many pages may look at the database at once.
const atOnce = 8

// New makes the pages.
func New(given Given) *Site {
	site := &Site{Given: given}
	site.seats = make(chan struct{}, atOnce)
	site.door = door{access: cmp.Or(given.Access, NewAccess()), log: given.Log, version: given.Version,
		prefix: given.Prefix, house: site.asConfigured}
	return site
}

// asConfigured is the house of the school that is in force.
func (s *Site) asConfigured() house {
	school := s.School()
	return house{keys: school.keys(), zone: school.Importer.Zone, today: school.day(time.Now()), again: s.Again != nil}
}

// keys are who may come in to a school's pages.
func (school *School) keys() keys {
	return keys{FleetKeys{Operators: school.Operators, Hosts: school.Hosts, WebConfig: school.WebConfig}, school.Open}
}

// Handler answers browsers. Below a prefix the whole site is for operators, and logging in is the fleet's.
func (s *Site) Handler() http.Handler {
	mux := http.NewServeMux()
	for path, of := range s.views() {
		mux.Handle("GET "+path, s.page(of))
	}
	for path, do := range s.deeds() {
		mux.Handle("POST "+path, s.act(do))
	}
	mux.HandleFunc("GET "+stylePath, stylesheet)
	mux.HandleFunc("GET /-/status", s.Pulse.ServePlain)
	mux.HandleFunc("GET /", s.nothingHere)
	if s.Prefix == "" {
		s.logsIn(mux)
		return s.guarded(mux)
	}
	isPublic := func(path string) bool { return path == stylePath }
	return http.StripPrefix(s.Prefix, s.guarded(s.namedOnly(isPublic, mux)))
}

// views are the pages that are only looked at, by their paths.
func (s *Site) views() map[string]view {
	return map[string]view{
		"/{$}":                      {show: today},
		"/runs":                     {show: runs},
		"/runs/{id}":                {show: oneRun},
		"/runs/{id}/undo":           {show: undoPlan, named: true},
		"/runs/{id}/compare":        {show: compare, named: true, slow: true},
		"/problems":                 {show: problems},
		"/problems.csv":             {show: problemsCSV, named: true},
		"/people":                   {show: people, named: true},
		"/person/{kind}/{id...}":    {show: person, named: true},
		"/group/{kind}/{id...}":     {show: group, named: true},
		"/classlist/{kind}/{id...}": {show: classList, named: true},
		"/history/{kind}/{id...}":   {show: history, named: true},
		"/why":                      {show: why, named: true, slow: true},
		"/timetable":                {show: timetable, named: true},
		"/calendar":                 {show: calendar},
		"/settings":                 {show: settings, named: true, slow: true},
		"/audit":                    {show: audit, named: true},
		"/manual":                   {show: manual},
		"/manual/{topic}":           {show: topic},
	}
}

// deeds are what pages do, by their paths.
func (s *Site) deeds() map[string]deedOf {
	return map[string]deedOf{
		"/again":                            again,
		"/runs/{id}/approve":                approve,
		"/runs/{id}/reject":                 reject,
		"/runs/{id}/undo":                   undoRun,
		"/calendar/suspensions":             addSuspension,
		"/calendar/suspensions/{id}/remove": removeSuspension,
		"/calendar/pause":                   pause,
		"/calendar/resume":                  resume,
	}
}

// locked is a mutex that is held as long as do runs.
func locked(m *sync.Mutex, do func()) {
	m.Lock()
	defer m.Unlock()
	do()
}
