package pages

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"misimportd/era"
	"misimportd/importer"
	"misimportd/importer/ask"
	"misimportd/importer/undo"
	"misimportd/importer/words"
	"misimportd/store"
)

// view is a page that is looked at.
type view struct {
	show  func(*visit) (shown, error)
	named bool // it is about people, and for operators only
	slow  bool // it reads a whole document
}

// visit is one look at a page, or one deed.
type visit struct {
	*Site
	visitor
	request *http.Request
	school  *School
	ctx     context.Context
	now     time.Time
}

func (v *visit) db() *store.DB        { return v.school.Importer.DB }
func (v *visit) zone() *time.Location { return v.school.Importer.Zone }
func (v *visit) today() era.Date      { return v.school.day(v.now) }
func (v *visit) isNamed() bool        { return v.operator != "" }

// day is which day it is at the school.
func (school *School) day(now time.Time) era.Date {
	if school.Today != 0 {
		return school.Today
	}
	return era.DateOf(now.In(school.Importer.Zone))
}

// day is a day that somebody wrote, today where nothing was.
func (v *visit) day(text string) (era.Date, error) {
	if text == "" {
		return v.today(), nil
	}
	d, err := era.Said{Today: v.today(), YearStarts: v.school.Importer.AcademicYearStarts}.Parse(clipped(text))
	if err != nil {
		return 0, badInput{err}
	}
	return d, nil
}

// badInput is something that was written and cannot be understood.
type badInput struct{ err error }

func (e badInput) Error() string { return e.err.Error() }

func badf(format string, args ...any) error { return badInput{fmt.Errorf(format, args...)} }

// textMost is as much of what somebody wrote as is looked for, and said back.
const textMost = 100

func clipped(text string) string { return words.Clip(words.Clean(text), textMost) }

// Pages do not wait longer than this for the database, or for a document to be read.
const (
	lookMost = 8 * time.Second
	slowMost = 2 * time.Minute
)

// page shows a view to those who may see it.
func (s *Site) page(of view) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visit{Site: s, school: s.School(), request: r, now: time.Now()}
		v.visitor = s.access.visitorOf(r, v.school.keys())
		if of.named && !v.isNamed() {
			s.askToLogIn(w, r, http.StatusForbidden, s.Prefix+r.URL.RequestURI(), forOperators)
			return
		}
		most := lookMost
		if of.slow {
			most = slowMost
			_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(most + lookMost))
		}
		found, err := v.look(most, of.show)
		if school := s.School(); err != nil && school != v.school { // another configuration came between
			v.school = school
			found, err = v.look(most, of.show)
		}
		if err != nil {
			s.failed(w, r, v, err)
			return
		}
		s.write(w, r, http.StatusOK, found)
	})
}

// tooBusy says that too many look at the database, or that it does not answer.
var errSilent = errors.New("the database does not answer")

// look calls show, and does not wait for a database that says nothing: a connection that is stuck heeds no
// deadline.
func (v *visit) look(most time.Duration, show func(*visit) (shown, error)) (shown, error) {
	ctx, cancel := context.WithTimeout(v.request.Context(), most)
	v.ctx = ctx
	type result struct {
		shown
		err error
	}
	select {
	case v.seats <- struct{}{}:
	case <-ctx.Done():
		cancel()
		return shown{}, errSilent
	}
	answer := make(chan result, 1)
	go func() {
		defer cancel()
		defer func() { <-v.seats }()
		defer func() {
			if fault := recover(); fault != nil {
				v.fault(fault)
				answer <- result{err: errors.New("the program is at fault: the log has it; please report it")}
			}
		}()
		found, err := show(v)
		answer <- result{found, err}
	}()
	timer := time.NewTimer(most + time.Second)
	defer timer.Stop()
	select {
	case r := <-answer:
		return r.shown, r.err
	case <-timer.C:
		return shown{}, errSilent
	}
}

// failed shows why there is no page.
func (s *Site) failed(w http.ResponseWriter, r *http.Request, v *visit, err error) {
	var unknown *ask.NotKnownError
	var ambiguous *ask.AmbiguousError
	var notThen *ask.NotThenError
	var noRun *store.NoRunError
	var refused *importer.RefusedError
	var bad badInput
	var inTheWay *undo.NotUndoneError
	var schema *store.SchemaError
	db := v.db()
	switch {
	case errors.As(err, &ambiguous):
		s.write(w, r, http.StatusMultipleChoices, shown{page: "choices", nav: "people", title: "Which one?",
			data: choicesOf(ambiguous, r)})
	case errors.As(err, &unknown):
		unknown.Hint = "" // of a command
		s.say(w, r, http.StatusNotFound, "Not found", unknown.Error()+". \"People and groups\" looks for a part of a "+
			"name.")
	case errors.As(err, &notThen), errors.As(err, &noRun):
		s.say(w, r, http.StatusNotFound, "Not found", err.Error())
	case errors.As(err, &bad):
		s.say(w, r, http.StatusBadRequest, "That cannot be understood", err.Error())
	case errors.As(err, &schema):
		s.write(w, r, http.StatusServiceUnavailable, shown{page: "older", nav: "today",
			title: "The database is of another version", data: schema.Has < schema.Knows})
	case errors.As(err, &inTheWay):
		s.say(w, r, http.StatusConflict, "It cannot be undone", err.Error())
	case errors.As(err, &refused):
		s.say(w, r, http.StatusConflict, "That is not done", err.Error())
	case errors.Is(err, errSilent), db.IsAway(err):
		s.away(w, r)
	case v.isNamed():
		s.Log.Warn("a page could not be shown", "path", r.URL.Path, "error", err)
		s.say(w, r, http.StatusInternalServerError, "That did not work", err.Error())
	default:
		s.Log.Warn("a page could not be shown", "path", r.URL.Path, "error", err)
		s.say(w, r, http.StatusInternalServerError, "That did not work", "The log says why.")
	}
}

// Refuse says why nothing of the school can be shown.
func (s *Site) Refuse(w http.ResponseWriter, r *http.Request, why error) {
	s.Log.Warn("a page is not shown", "path", r.URL.Path, "error", why)
	s.say(w, r, http.StatusServiceUnavailable, "That cannot be shown now", why.Error())
}

// away says that the database is not there, and what was known last.
func (s *Site) away(w http.ResponseWriter, r *http.Request) {
	s.write(w, r, http.StatusServiceUnavailable, shown{page: "away", nav: "today", title: "The database is away",
		data: s.Pulse.Now()})
}
