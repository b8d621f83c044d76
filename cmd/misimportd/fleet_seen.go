//go:build !single

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"misimportd/cmd/misimportd/config"
	"misimportd/era"
	"misimportd/importer/daemon"
	"misimportd/importer/fleet"
	"misimportd/importer/status"
	"misimportd/importer/status/pages"
)

// seenSchools is what the pages of the fleet show: all schools, and each school's own pages for as long as somebody
// looks at them.
type seenSchools struct {
	*work
	life   context.Context
	access *pages.Access
	keys   func() pages.FleetKeys

	mutex sync.Mutex
	open  map[string]*seenSchool
}

// seenSchool is a school whose pages are looked at.
type seenSchool struct {
	handler http.Handler
	school  fleet.School
	opened  *fleet.Opened
	begun   time.Time
	used    time.Time
	looking sync.RWMutex // held by those who look; the database is closed when nobody does
	asking  sync.Mutex
	asked   atomic.Bool
	claimed atomic.Pointer[fleet.ClaimedError] // its database is another school's
}

// ask asks how the school stands. One at a time does, and the others see what was known before, if anything was.
func (s *seenSchool) ask(how func()) {
	if !s.asking.TryLock() {
		if s.asked.Load() {
			return
		}
		s.asking.Lock()
		if s.asked.Load() { // while this waited
			s.asking.Unlock()
			return
		}
	}
	defer s.asking.Unlock()
	how()
	s.asked.Store(true)
}

// answeredWith is an answer whose status is known afterwards.
type answeredWith struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status.
func (a *answeredWith) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

// Unwrap is the answer itself, for those who set its deadlines.
func (a *answeredWith) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// seenToo is added to the folder in which schools are laid out that are looked at: an import has one of its own.
const seenToo = "-seen"

// A school that nobody has looked at for a while is closed. So is the one that was looked at longest ago, when there
// are too many.
const (
	seenFor  = 10 * time.Minute
	seenMost = 50
)

// Overview is the fleet as its pages show it.
func (s *seenSchools) Overview(ctx context.Context) (shown pages.FleetOverview, err error) {
	o, err := s.fleet.Overview(ctx)
	shown = pages.FleetOverview{At: o.At, Zone: time.Local}
	for _, of := range o.Standings {
		shown.Schools = append(shown.Schools, shownSchool(o, of))
	}
	for _, m := range o.Minutes {
		shown.Minutes = append(shown.Minutes, pages.FleetMinute(m))
	}
	for _, w := range o.Workers {
		shown.Workers = append(shown.Workers, pages.FleetWorker{Name: w.ID, Version: w.Version, Since: w.Since,
			Seen: w.Seen,
			Jobs: w.Jobs, Leader: w.Leader})
	}
	if o.Stop != nil {
		shown.Stop = &pages.FleetStop{Since: o.Stop.At, Why: o.Stop.Why}
	}
	return shown, err
}

func shownSchool(o fleet.Overview, of fleet.Standing) pages.FleetSchool {
	school := pages.FleetSchool{Name: of.School, State: of.State(o.At), Why: o.Why(of), Run: of.Run, Result: of.Result,
		RanAt: of.RanAt.Time, HeldSince: of.HeldSince.Time, Next: of.Begins(), LastSuccess: of.LastSuccess.Time,
		DataAt: of.DataAt.Time, Problems: of.Problems, Canary: of.Canary}
	if of.PausedUntil.After(o.At) {
		zone, err := time.LoadLocation(of.Zone)
		if err != nil {
			zone = time.UTC
		}
		school.PausedUntil = era.DateOf(of.PausedUntil.In(zone)) - 1
	}
	return school
}

// Resume has the fleet go on.
func (s *seenSchools) Resume(ctx context.Context, operator string) error {
	had, err := s.fleet.ResumeAll(ctx, operator)
	if err == nil && had {
		s.log.Info("the fleet goes on", "operator", operator)
	}
	return err
}

// Site is a school's own pages; nil where there is no such school.
func (s *seenSchools) Site(ctx context.Context, name string) (http.Handler, error) {
	school, err := s.fleet.School(ctx, name)
	var unknown *fleet.UnknownError
	if errors.As(err, &unknown) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.closeUnused()
	if seen := s.open[name]; seen != nil && seen.isOf(school) {
		seen.used = time.Now()
		return seen.handler, nil
	}
	s.closeOne(name)
	seen, err := s.begin(school)
	if err != nil {
		return nil, err
	}
	s.open[name] = seen
	return seen.handler, nil
}

// isOf tells whether a school was opened as it is now. Its secrets may be others after a while.
func (s *seenSchool) isOf(school fleet.School) bool {
	return time.Since(s.begun) < seenFor && s.school.Configuration == school.Configuration &&
		maps.EqualFunc(s.school.Files, school.Files, bytes.Equal)
}

// begin opens a school for its pages.
func (s *seenSchools) begin(school fleet.School) (*seenSchool, error) {
	opened, settings, err := s.pagesOf().openWith(school)
	if err != nil {
		return nil, err
	}
	opened.Setup.Importer.Now = s.worker.Now
	pulse := status.NewPulse(version())
	shown := s.shown(settings, opened.Setup, pages.Setting{})
	shown.Settings = settingsOf(shown.Settings, s.pagesOf().folderOf(school), school.Name)
	site := pages.New(pages.Given{Life: s.life, Pulse: pulse, Version: version(), Log: s.log.With("school",
		school.Name),
		Manual: shownManual{}, Prefix: pages.SchoolPath(school.Name), Access: s.access,
		School: func() *pages.School {
			now := *shown
			keys := s.keys()
			now.Operators, now.Hosts, now.WebConfig = keys.Operators, keys.Hosts, keys.WebConfig
			return &now
		},
		Again: func() {
			if err := s.fleet.Wish(s.life, []string{school.Name}); err != nil {
				s.log.Error("an import could not be asked for", "school", school.Name, "error", err)
			}
		}})
	answers := site.Handler()
	seen := &seenSchool{school: school, opened: opened, begun: time.Now(), used: time.Now()}
	seen.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen.looking.RLock()
		defer seen.looking.RUnlock()
		seen.ask(func() { pulse.Looked(s.lookAt(seen)) })
		if claimed := seen.claimed.Load(); claimed != nil {
			site.Refuse(w, r, fmt.Errorf("%s: %w", school.Name, claimed))
			return
		}
		answered := &answeredWith{ResponseWriter: w}
		answers.ServeHTTP(answered, r)
		if r.Method != http.MethodPost || answered.status != http.StatusSeeOther { // nothing was done
			return
		}
		if err := s.fleet.LookAgain(s.life, school.Name); err != nil {
			s.log.Warn("the fleet does not know yet what was done on a page", "school", school.Name, "error", err)
		}
	})
	return seen, nil
}

// lookAt looks at a school's record, once it is sure whose that is.
func (s *seenSchools) lookAt(seen *seenSchool) daemon.Outlook {
	setup := seen.opened.Setup
	var claimed *fleet.ClaimedError
	err := s.fleet.Claim(s.life, setup.Importer.DB, seen.school.Name)
	if errors.As(err, &claimed) || err == nil {
		seen.claimed.Store(claimed)
	}
	if err != nil && (claimed != nil || setup.IsAway(err)) {
		return daemon.Outlook{At: s.worker.Now(), Away: err}
	}
	return setup.Look(s.life, s.worker.Now())
}

// settingsOf is a school's settings in the words of the folder that was applied: where this worker has laid it out is
// nobody's business.
func settingsOf(all []pages.Setting, folder, school string) (list []pages.Setting) {
	elsewhere := strings.NewReplacer(filepath.Join(folder, schoolFile), school+".yml", folder+"/", "")
	for _, of := range all {
		if config.HasMeaningInFleet(of.Key) {
			list = append(list, pages.Setting{Key: of.Key, Value: elsewhere.Replace(of.Value),
				From: elsewhere.Replace(of.From)})
		}
	}
	return list
}

// pagesOf opens schools in a folder of their own, beside those that are imported.
func (s *seenSchools) pagesOf() schools {
	of := s.schools
	of.folder += seenToo
	return of
}

// closeUnused closes what nobody looks at. The caller has the mutex.
func (s *seenSchools) closeUnused() {
	oldest := ""
	for name, seen := range s.open {
		if time.Since(seen.used) > seenFor {
			s.closeOne(name)
		} else if oldest == "" || seen.used.Before(s.open[oldest].used) {
			oldest = name
		}
	}
	if len(s.open) >= seenMost {
		s.closeOne(oldest)
	}
}

func (s *seenSchools) closeOne(name string) {
	if seen := s.open[name]; seen != nil {
		delete(s.open, name)
		go func() {
			seen.looking.Lock()
			defer seen.looking.Unlock()
			_ = seen.opened.Close()
		}()
	}
}

func (s *seenSchools) close() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for name := range s.open {
		s.closeOne(name)
	}
}
