package pages_test

import (
	"context"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"misimportd/era"
	"misimportd/importer/status/pages"
)

// pretendFleet is many schools of which one or two have pages.
type pretendFleet struct {
	overview pages.FleetOverview
	err      error
	sites    map[string]http.Handler

	mutex   sync.Mutex
	resumed []string // by whom
}

func (f *pretendFleet) Overview(context.Context) (pages.FleetOverview, error) {
	return f.overview, f.err
}

func (f *pretendFleet) Site(_ context.Context, school string) (http.Handler, error) {
	return f.sites[school], f.err
}

func (f *pretendFleet) Resume(_ context.Context, operator string) error {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.resumed = append(f.resumed, operator)
	f.overview.Stop = nil
	return f.err
}

var fleetNow = time.Date(2016, 9, 6, 3, 30, 0, 0, time.UTC)

// manySchools are schools in all states.
func manySchools(count int) (list []pages.FleetSchool) {
	states := []string{pages.SchoolWell, pages.SchoolHeld, pages.SchoolWell, pages.SchoolFailed, pages.SchoolWell,
		pages.SchoolOverdue, pages.SchoolRunning, pages.SchoolPaused, pages.SchoolWell, pages.SchoolAside,
		pages.SchoolNew, pages.SchoolWell}
	results := map[string]string{pages.SchoolHeld: "held", pages.SchoolFailed: "failed"}
	whys := map[string]string{pages.SchoolHeld: "pupils leaving: 30 of 60",
		pages.SchoolFailed: "the document ends in its middle: fetch it again",
		pages.SchoolAside:  "its worker died 3 times", pages.SchoolOverdue: "it was due at 03:00"}
	for i := range count {
		s := pages.FleetSchool{Name: fmt.Sprintf("school-%04d", i+1), State: states[i%len(states)], Canary: i == 0,
			Next: fleetNow.Add(24 * time.Hour)}
		s.Why = whys[s.State]
		if s.State != pages.SchoolNew {
			s.Run, s.Result, s.RanAt = int64(i+40), "applied", fleetNow.Add(-time.Duration(i)*time.Minute)
			s.DataAt, s.LastSuccess, s.Problems = s.RanAt.Add(-time.Hour), s.RanAt, i%7
		}
		if r := results[s.State]; r != "" {
			s.Result = r
		}
		if s.State == pages.SchoolHeld {
			s.HeldSince = s.RanAt
		}
		if s.State == pages.SchoolPaused {
			s.PausedUntil, s.Next = era.NewDate(2016, 9, 20), time.Time{}
		}
		list = append(list, s)
	}
	return list
}

// oneNight is a night of some schools, by the minute.
func oneNight(schools, minutes int) (list []pages.FleetMinute) {
	for i := range minutes {
		over := schools * i / (minutes - 1)
		m := pages.FleetMinute{At: fleetNow.Add(time.Duration(i-minutes) * time.Minute), Running: min(4, schools-over),
			Failed: over / 12, Held: over / 10}
		m.Done, m.Queued = over-m.Failed-m.Held, schools-over-m.Running
		list = append(list, m)
	}
	return list
}

func overviewOf(schools int) pages.FleetOverview {
	return pages.FleetOverview{At: fleetNow, Zone: time.UTC, Schools: manySchools(schools),
		Minutes: oneNight(schools, 150), Workers: []pages.FleetWorker{
			{Name: "worker-1", Version: "1.7.0", Since: fleetNow.Add(-30 * time.Hour),
				Seen: fleetNow.Add(-4 * time.Second), Jobs: 3, Leader: true},
			{Name: "worker-2", Version: "1.6.2", Since: fleetNow.Add(-3 * time.Hour),
				Seen: fleetNow.Add(-40 * time.Minute)}}}
}

// jobsPages are those of another's program: each asked for with its whole path.
func jobsPages(w http.ResponseWriter, r *http.Request) {
	_, _ = fmt.Fprintf(w, "the jobs' own %s %s", r.Method, r.URL.Path)
}

// newFleet is the pages of many schools.
func newFleet(t testing.TB, secure bool, overview pages.FleetOverview) (*place, *pretendFleet) {
	t.Helper()
	p := &place{TB: t}
	fleet := &pretendFleet{overview: overview, sites: map[string]http.Handler{}}
	p.answer(fleetSite(t, fleet, pages.NewAccess(), operators(t)).Handler(), secure)
	return p, fleet
}

func operators(t testing.TB) map[string]string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{name: string(hash)}
}

func fleetSite(t testing.TB, fleet pages.Fleet, access *pages.Access, operators map[string]string) *pages.FleetSite {
	t.Helper()
	return pages.NewFleet(pages.GivenFleet{Life: t.Context(), Fleet: fleet, Jobs: http.HandlerFunc(jobsPages),
		Access: access, Version: "test", Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Manual: twoTopics{},
		Keys: func() pages.FleetKeys {
			return pages.FleetKeys{Operators: operators, Hosts: []string{"school.example"}}
		}})
}

// twoTopics is a manual whose topics lead to each other.
type twoTopics struct{}

func (twoTopics) Topics() []pages.Topic {
	return []pages.Topic{{Name: "one", Title: "One", Summary: "The first."}, {Name: "two", Title: "Two"}}
}

func (twoTopics) HTML(name string) (string, template.HTML, bool) {
	other, isThere := map[string]string{"one": "two", "two": "one"}[name]
	text := `<h1>A topic</h1><p><a href="/manual/` + other + `#place">the other</a></p><pre>href=&quot;/manual/x</pre>`
	return name, template.HTML(text), isThere //nolint:gosec // no word of another's
}

// inFleet puts a school among many: it is st-anne, and st-bees has the same people.
func (p *place) inFleet(secure bool) *pretendFleet {
	p.Helper()
	fleet, access := &pretendFleet{overview: overviewOf(60), sites: map[string]http.Handler{}}, pages.NewAccess()
	for _, school := range []string{"st-anne", "st-bees"} {
		given := p.given()
		given.Prefix, given.Access, given.Manual = pages.SchoolPath(school), access, twoTopics{}
		fleet.sites[school] = pages.New(given).Handler()
	}
	p.answer(fleetSite(p, fleet, access, p.shown.Operators).Handler(), secure)
	return fleet
}

const anne = "/fleet/schools/st-anne"

var (
	links    = regexp.MustCompile(`\b(href|action|src)="([^"]*)"`)
	metaLink = regexp.MustCompile(`https?://|url\(|http-equiv`)
)

// leaves tells whether a link of a school's page leads out of it, but for all schools, and logging in and out.
func leaves(link string) bool {
	if strings.HasPrefix(link, "?") || strings.HasPrefix(link, "#") || strings.HasPrefix(link, anne+"/") {
		return false
	}
	path, _, _ := strings.Cut(link, "?")
	return path != "/fleet" && path != "/login" && path != "/logout"
}
