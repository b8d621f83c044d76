package status

import (
	_ "embed"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"misimportd/era/hint"
)

// Connections is how many there may be at once.
const Connections = 256

// Server answers people and Prometheus. Its limits keep whoever is slow, large or many
// from taking the machine, and from being in others' way. site answers people; nil: they get what programs get.
func Server(registry *prometheus.Registry, pulse *Pulse, site http.Handler) *http.Server {
	const (
		scrapes      = 8 // at once
		scrapeMost   = 20 * time.Second
		headerMost   = 5 * time.Second
		requestMost  = 10 * time.Second
		headerAtMost = 16 << 10
		seats        = Connections / 2 // the other half is for those who have asked
	)
	pages := http.NewServeMux()
	pages.Handle("GET /metrics", promhttp.HandlerFor(registry,
		promhttp.HandlerOpts{MaxRequestsInFlight: scrapes, Timeout: requestMost}))
	pages.HandleFunc("GET /healthz", pulse.healthz)
	pages.HandleFunc("GET /-/healthy", pulse.healthz)
	pages.HandleFunc("GET /-/ready", pulse.ready)
	pages.HandleFunc("GET /runbook", runbook)
	pages.HandleFunc("GET /runbook/{alert}", runbook)
	pages.HandleFunc("GET /{$}", pulse.ServePlain)
	pages.HandleFunc("GET "+plainPath, pulse.ServePlain)
	server := &http.Server{
		Handler: split(plainly(pages), site), ReadHeaderTimeout: headerMost, ReadTimeout: requestMost,
		WriteTimeout:   scrapeMost,
		MaxHeaderBytes: headerAtMost, ConnState: (&waitingRoom{seats: seats}).connState,
	}
	server.SetKeepAlivesEnabled(false) // nobody keeps a connection that others could use
	return server
}

// split gives to programs what is theirs, and all else to the site.
func split(programs, site http.Handler) http.Handler {
	if site == nil {
		return programs
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		isPrograms := first == "metrics" || first == "healthz" || first == "-" || first == "runbook"
		if isPrograms && r.URL.Path != plainPath {
			programs.ServeHTTP(w, r)
			return
		}
		site.ServeHTTP(w, r)
	})
}

// plainPath is where the state of things is, in a few lines of text.
const plainPath = "/-/status"

// plainly keeps browsers from making more of a page than it is, and bodies out.
func plainly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Content-Security-Policy", "default-src 'none'")
		w.Header().Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, 1<<10)
		next.ServeHTTP(w, r)
	})
}

// healthz answers 200 while the daemon does its work. A database that is away is no
// illness of the daemon: the page and the metrics tell of it.
func (p *Pulse) healthz(w http.ResponseWriter, _ *http.Request) { p.answer(w, "well", p.Well()) }

// ready answers 200 while an import could begin: the daemon is well, and could read the
// database at its last look.
func (p *Pulse) ready(w http.ResponseWriter, _ *http.Request) { p.answer(w, "ready", p.Ready()) }

func (p *Pulse) answer(w http.ResponseWriter, what string, err error) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = fmt.Fprintf(w, "not %s: %v\n", what, err)
		return
	}
	_, _ = fmt.Fprintf(w, "%s: %s\n", what, p.Line())
}

// ServePlain is the state of things for a person, in a few lines of text.
func (p *Pulse) ServePlain(w http.ResponseWriter, _ *http.Request) {
	s := p.read()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = fmt.Fprintf(w, "misimportd %s\n\nnow           %s\n", s.version, p.Line())
	if s.refused != "" {
		_, _ = fmt.Fprintf(w, "refused       the configuration on disk: %s\n", s.refused)
	}
	if !s.known.At.IsZero() {
		if s.known.IsPaused() {
			_, _ = fmt.Fprintf(w, "%s; nothing is imported by itself as long\n", s.known.PausedUntil())
		}
		_, _ = fmt.Fprintf(w, "next import   %s\nlast success  %s\n", s.when(s.known.Next),
			s.when(s.known.Imports.LastSuccess))
		if s.known.EraEnds != 0 {
			_, _ = fmt.Fprintf(w, "year ends     %s: \"%s\" tells what to do for it\n", s.known.EraEnds.Long(),
				hint.Command("era status"))
		}
		if newest := s.known.Imports.Newest; len(newest) > 0 {
			_, _ = fmt.Fprintf(w, "newest run    %d, %s, %s\n", newest[0].ID, newest[0].Result,
				s.when(newest[0].FinishedAt))
		}
	}
	for _, id := range s.known.Imports.Waiting {
		_, _ = fmt.Fprintf(w, "held          run %d waits for a person: \"%s\" shows it, \"%s\" or \"%s\" decides\n",
			id, hint.Command("runs show %d", id), hint.Command("approve %d", id), hint.Command("reject %d", id))
	}
	if s.lastError != "" {
		_, _ = fmt.Fprintf(w, "last error    %s: %s\n", s.when(s.failed), s.lastError)
	}
	_, _ = fmt.Fprint(w, "\n/metrics   for Prometheus\n/healthz   200 while the service does its work, "+
		"as /-/healthy\n/-/ready   200 while it can read its database too\n/runbook   what to do about each alert\n")
}

//go:embed runbook.md
var runbookText string

// runbook is what to do about alerts, or about one.
func runbook(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	name := r.PathValue("alert")
	if name == "" {
		_, _ = fmt.Fprint(w, runbookText)
		return
	}
	for section := range strings.SplitSeq(runbookText, "\n## ") {
		if title, text, ok := strings.Cut(section, "\n"); ok && title == name {
			_, _ = fmt.Fprintf(w, "%s\n%s\n", title, text)
			return
		}
	}
	w.WriteHeader(http.StatusNotFound)
	_, _ = fmt.Fprintln(w, "there is no such alert: /runbook has them all")
}
