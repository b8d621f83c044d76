// package status is what people, Prometheus and the service manager see of a daemon:
// the metrics, the pages, and whether it is well. It knows what the package importer
// reports, and must never change anything.
package status

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"misimportd/era/hint"
	"misimportd/importer"
	"misimportd/importer/daemon"
	"misimportd/importer/report"
	"misimportd/store/model"
)

// Pulse tells whether a daemon still does its work. It is felt from the work itself:
// from the looks that the daemon takes at its record, and from the stages of an import.
// It is safe for concurrent use.
type Pulse struct {
	now   func() time.Time
	mutex sync.Mutex
	state state
}

// state is what the daemon is at.
type state struct {
	outlook   daemon.Outlook
	known     daemon.Outlook // the newest that the database was there for
	refused   string         // why the configuration on disk is not in force, "" when it is
	looked    time.Time      // with the monotonic clock: a machine that slept has missed nothing
	running   bool
	stage     string
	since     time.Time // of the stage
	lastError string    // of the import before, "" when it ended well
	failed    time.Time
	failedRun model.ID // 0 when no database took it
	isDone    bool     // all the same: something after it failed
	version   string
	fetchMost time.Duration
}

// Limits of how long a daemon may take over what is its own to do. The database's time
// is the database's: no outage of it is a fault of the daemon.
const (
	lookMost  = 5 * time.Minute
	thinkMost = 30 * time.Minute // over reading a document, comparing, and filing it away
)

// NewPulse begins now.
func NewPulse(version string) *Pulse {
	return &Pulse{now: time.Now, state: state{looked: time.Now(), version: version}}
}

// FetchMost sets how long a fetch may take.
func (p *Pulse) FetchMost(most time.Duration) { p.change(func(s *state) { s.fetchMost = most }) }

func (p *Pulse) change(how func(*state)) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	how(&p.state)
}

func (p *Pulse) read() state {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.state
}

// Stage notes that an import has come to a stage.
func (p *Pulse) Stage(stage string) {
	p.change(func(s *state) { s.stage, s.since = stage, p.now() })
}

// Looked notes what the daemon found.
func (p *Pulse) Looked(o daemon.Outlook) {
	p.change(func(s *state) {
		s.outlook, s.looked = o, p.now()
		if o.Away == nil {
			s.known = o
		}
	})
}

// Began notes the beginning of an import.
func (p *Pulse) Began(time.Time) {
	p.change(func(s *state) { s.running, s.stage, s.since = true, "", p.now() })
}

// Ended notes the end of an import, before the daemon's next look tells the rest of it.
func (p *Pulse) Ended(at time.Time, report report.Report, err error) {
	p.change(func(s *state) {
		s.running, s.looked = false, p.now()
		if importer.IsBusy(err) {
			return
		}
		s.lastError, s.outlook.Next = "", time.Time{}
		if err != nil {
			s.lastError, s.failed, s.failedRun = err.Error(), at, report.Run
			var unfiled *importer.UnfiledError
			var ahead *importer.AheadError
			s.isDone = errors.As(err, &unfiled) || errors.As(err, &ahead)
		}
		if report.Run != 0 {
			newest := []model.Run{{ID: report.Run, Result: report.Result, FinishedAt: at}}
			s.outlook.Imports.Newest, s.known.Imports.Newest = newest, newest
		}
	})
}

// Refused notes why another configuration was refused; nil says that it was not.
func (p *Pulse) Refused(err error) {
	p.change(func(s *state) {
		s.refused = ""
		if err != nil {
			s.refused = err.Error()
		}
	})
}

// Well is nil while the daemon does its work, and else says what it is stuck in.
func (p *Pulse) Well() error {
	s := p.read()
	idle := p.now().Sub(s.looked)
	if !s.running {
		if idle > lookMost {
			return fmt.Errorf("no sign of work for %s", idle.Round(time.Second))
		}
		return nil
	}
	most := thinkMost
	switch s.stage {
	case "fetch":
		most += s.fetchMost
	case "", "state", "apply":
		return nil
	}
	if took := p.now().Sub(s.since); took > most {
		return fmt.Errorf("the stage %s has taken %s", s.stage, took.Round(time.Second))
	}
	return nil
}

// Ready is nil while the daemon is well and could read the database at its last look.
func (p *Pulse) Ready() error {
	if err := p.Well(); err != nil {
		return err
	}
	s := p.read()
	switch {
	case s.outlook.Away != nil:
		return fmt.Errorf("the database is away: %w", s.outlook.Away)
	case s.known.At.IsZero():
		return errors.New("starting")
	}
	return nil
}

// Now is what the daemon is at, for a page.
type Now struct {
	Line     string
	Refused  string         // why the configuration on disk is not in force, "" when it is
	Known    daemon.Outlook // the newest that the database was there for
	Away     error          // why the database cannot be read, or nil
	Running  bool
	Error    string    // of the import before, "" when it ended well
	FailedAt time.Time // when that was
	Failed   model.ID  // its run, 0 when no database took it
	IsDone   bool      // all the same: what failed came after it
}

// Now tells what the daemon is at.
func (p *Pulse) Now() Now {
	s := p.read()
	now := Now{Line: p.Line(), Refused: s.refused, Known: s.known, Away: s.outlook.Away, Running: s.running,
		Error: s.lastError, FailedAt: s.failed, Failed: s.failedRun, IsDone: s.isDone}
	if newest := s.known.Imports.Newest; len(newest) > 0 && newest[0].FinishedAt.After(s.failed) {
		now.Error = "" // another import has ended since
	}
	return now
}

// Line is what the daemon is at, in one line.
func (p *Pulse) Line() string {
	s := p.read()
	if s.refused != "" {
		return s.line() + "; the configuration on disk was refused, and the one before goes on"
	}
	return s.line()
}

func (s state) line() string {
	switch {
	case s.running && s.stage != "":
		return "importing: " + doing(s.stage)
	case s.running:
		return "importing"
	case s.outlook.Away != nil:
		return "waiting for the database: " + s.outlook.Away.Error()
	case s.outlook.At.IsZero():
		return "starting"
	}
	next := "" // which is not known until the daemon has looked
	if !s.outlook.Next.IsZero() {
		next = ", " + s.when(s.outlook.Next)
	}
	if s.outlook.IsPaused() {
		return fmt.Sprintf("%s; the next import%s; %s", s.outlook.PausedUntil(), next, s.before())
	}
	return fmt.Sprintf("waiting for the next import%s; %s", next, s.before())
}

// before tells of the import before. One that failed may be in no record.
func (s state) before() string {
	newest := s.outlook.Imports.Newest
	var run model.Run
	if len(newest) > 0 {
		run = newest[0]
	}
	why := ""
	if s.lastError != "" && !run.FinishedAt.After(s.failed) {
		why = ": " + s.lastError
	}
	switch {
	case why != "" && (s.failedRun == 0 || run.ID != s.failedRun):
		return fmt.Sprintf("the last failed, %s%s%s", s.when(s.failed), why, s.waits())
	case run.ID == 0:
		return "none was made yet"
	}
	return fmt.Sprintf("the last was run %d, %s, %s%s%s", run.ID, run.Result, s.when(run.FinishedAt), why, s.waits())
}

// waits tells of a held run that waits for a person.
func (s state) waits() string {
	waiting := s.known.Imports.Waiting
	if len(waiting) == 0 {
		return ""
	}
	newest := waiting[len(waiting)-1]
	return fmt.Sprintf("; run %d waits for a person: %s", newest, hint.Command("runs show %d", newest))
}

// when is a time as people at the school write it.
func (s state) when(at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return at.In(s.outlook.Zone).Format("Monday 2 January 2006 15:04 MST")
}

func doing(stage string) string {
	return map[string]string{
		"fetch": "fetching", "state": "reading the database", "decode": "reading the document", "diff": "comparing",
		"apply": "applying the changes", "archive": "filing the document away",
	}[stage]
}
