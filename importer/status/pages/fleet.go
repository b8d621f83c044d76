package pages

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"misimportd/era"
	"misimportd/importer/ask"
)

// GivenFleet is what the pages of many schools need. All has to be set, but for what says what nil means.
type GivenFleet struct {
	Life    context.Context // of the service: what was begun on a page ends with it, not with the browser
	Fleet   Fleet
	Jobs    http.Handler // answers all below JobsPath, which it is given whole; nil: there are no such pages
	Access  *Access      // who is logged in, here and at each school; nil: no school's pages share it
	Manual  Manual
	Keys    func() FleetKeys // that are in force now
	Version string
	Log     *slog.Logger
}

// FleetKeys are who may see the schools, and by which names of the service.
type FleetKeys struct {
	Operators map[string]string // who may log in, each with a bcrypt hash
	Hosts     []string          // names by which the pages may be asked for, beside the machine's own
	WebConfig string            // a file of exporter-toolkit with passwords and certificates, "" for none
}

// Fleet answers what the pages of many schools ask.
type Fleet interface {
	// Overview tells how all schools are.
	Overview(ctx context.Context) (FleetOverview, error)
	// Site is a school's own pages, which answer below SchoolPath of its name, with the fleet's keys and its Access;
	// nil, nil: there is no such school.
	Site(ctx context.Context, school string) (http.Handler, error)
	// Resume lets dispatching go on, as an operator wishes.
	Resume(ctx context.Context, operator string) error
}

// FleetOverview is how all schools are at a moment.
type FleetOverview struct {
	At      time.Time
	Zone    *time.Location // in which times are written; nil: UTC
	Schools []FleetSchool
	Minutes []FleetMinute // of the night, in order
	Workers []FleetWorker
	Stop    *FleetStop // nil: dispatching goes on
}

// How a school is. Aside is one that was tried too often, and is not given to workers any more.
const (
	SchoolFailed  = "failed"
	SchoolAside   = "aside"
	SchoolOverdue = "overdue"
	SchoolHeld    = "held"
	SchoolRunning = "running"
	SchoolNew     = "new"
	SchoolPaused  = "paused"
	SchoolWell    = "well"
)

// FleetSchool is one school of many. Times that are zero are never.
type FleetSchool struct {
	Name        string // as in its path: letters, digits, - and _
	State, Why  string
	Run         int64 // its newest; 0: none yet
	Result      string
	RanAt       time.Time
	HeldSince   time.Time
	Next        time.Time
	LastSuccess time.Time
	DataAt      time.Time
	Problems    int
	PausedUntil era.Date // the last day of the pause, 0 where none is on
	Canary      bool     // it goes before the others
}

// FleetMinute is how many of the night's schools were in each state at the end of a minute: together, all that were
// due by then.
type FleetMinute struct {
	At                                  time.Time
	Queued, Running, Done, Held, Failed int
}

// FleetWorker is a process that imports schools.
type FleetWorker struct {
	Name, Version string
	Since, Seen   time.Time
	Jobs          int
	Leader        bool
}

// FleetStop is that schools are not given to workers any more, until a person says so.
type FleetStop struct {
	Since time.Time
	Why   string
}

// Where the fleet's pages are.
const (
	fleetPath   = "/fleet"
	schoolsPath = fleetPath + "/schools"
	// JobsPath is where the pages of the jobs are.
	JobsPath = fleetPath + "/jobs"
)

// SchoolPath is below which a school of the fleet has its pages.
func SchoolPath(school string) string { return schoolsPath + "/" + url.PathEscape(school) }

// FleetSite is the pages of many schools.
type FleetSite struct {
	GivenFleet
	door
}

// NewFleet makes the pages of many schools.
func NewFleet(given GivenFleet) *FleetSite {
	site := &FleetSite{GivenFleet: given}
	site.door = door{access: cmp.Or(given.Access, NewAccess()), log: given.Log, version: given.Version, fleet: true,
		jobs:  given.Jobs != nil,
		house: func() house { return house{keys: keys{FleetKeys: given.Keys()}, zone: time.UTC} }}
	return site
}

// Handler answers browsers. All is for operators but logging in and the manual: schools' names are not public.
func (s *FleetSite) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", http.RedirectHandler(fleetPath, http.StatusSeeOther))
	mux.Handle("GET "+fleetPath+"/{$}", http.RedirectHandler(fleetPath, http.StatusSeeOther))
	mux.HandleFunc("GET "+fleetPath, s.overview)
	mux.HandleFunc("GET "+fleetPath+".csv", s.overviewCSV)
	mux.HandleFunc("POST "+fleetPath+"/resume", s.resume)
	mux.HandleFunc(schoolsPath+"/{name}/", s.school)
	if s.Jobs != nil {
		mux.Handle(JobsPath+"/", jobsPolicy(s.noted(s.Jobs)))
	}
	s.logsIn(mux)
	mux.HandleFunc("GET /manual", func(w http.ResponseWriter, r *http.Request) {
		s.write(w, r, http.StatusOK, topicsOf(s.Manual))
	})
	mux.HandleFunc("GET /manual/{topic}", s.topic)
	mux.HandleFunc("GET "+stylePath, stylesheet)
	mux.HandleFunc("/", s.nothingHere)
	isPublic := func(path string) bool {
		return path == "/login" || path == "/logout" || path == stylePath || isBelow(path, "/manual")
	}
	return s.guarded(s.namedOnly(isPublic, mux))
}

// school hands on to the pages of a school.
func (s *FleetSite) school(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), lookMost)
	defer cancel()
	site, err := s.Fleet.Site(ctx, r.PathValue("name"))
	switch {
	case err != nil:
		s.silent(w, r, err)
	case site == nil:
		s.say(w, r, http.StatusNotFound, "There is no such school", "It may have been removed, or is called otherwise.")
	default:
		site.ServeHTTP(w, r)
	}
}

// silent says that the fleet's database does not answer, or what else it said.
func (s *FleetSite) silent(w http.ResponseWriter, r *http.Request, err error) {
	s.log.Warn("a page of the fleet could not be shown", "path", r.URL.Path, "error", err)
	s.say(w, r, http.StatusServiceUnavailable, "That cannot be shown now", err.Error()+". Nothing is lost: try again "+
		"in a minute.")
}

// resume lets dispatching go on.
func (s *FleetSite) resume(w http.ResponseWriter, r *http.Request) {
	v := s.access.visitorOf(r, s.house().keys)
	s.once(w, r, v, func() (string, error) {
		if err := s.Fleet.Resume(s.Life, v.operator); err != nil {
			return "", err
		}
		s.log.Info("dispatching goes on, as was asked for on a page", "operator", v.operator)
		return fleetPath + "?told=goes-on", nil
	}, func(err error) {
		s.log.Warn("dispatching could not go on", "operator", v.operator, "error", err)
		s.say(w, r, http.StatusConflict, "Nothing was done", err.Error())
	})
}

func (s *FleetSite) topic(w http.ResponseWriter, r *http.Request) {
	page, err := topicOf(s.Manual, r.PathValue("topic"), "")
	var unknown *ask.NotKnownError
	switch {
	case errors.As(err, &unknown):
		s.say(w, r, http.StatusNotFound, "Not found", "There is no such topic: choose one of the list.")
	case err != nil:
		s.say(w, r, http.StatusNotFound, "Not found", err.Error())
	default:
		s.write(w, r, http.StatusOK, page)
	}
}

// jobsPolicy lets the pages of the jobs have their own scripts, and styles in their text. They are another's program:
// what they may load is from here alone, and they may be in no frame.
func jobsPolicy(next http.Handler) http.Handler {
	policy := strings.Join([]string{"default-src 'none'", "script-src 'self'", "style-src 'self' 'unsafe-inline'",
		"img-src 'self' data:", "font-src 'self' data:", "connect-src 'self'", "form-action 'self'", "base-uri 'none'",
		"frame-ancestors 'none'"}, "; ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		next.ServeHTTP(w, r)
	})
}

// noted writes into the log who changed something by pages that do not record it themselves.
func (s *FleetSite) noted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			v := s.access.visitorOf(r, s.house().keys)
			s.log.Info("something was asked for on the pages of the jobs", "operator", v.operator, "method", r.Method,
				"path", r.URL.Path)
		}
		next.ServeHTTP(w, r)
	})
}
