package pages

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"misimportd/era"
	"misimportd/importer"
	"misimportd/importer/entry"
	"misimportd/importer/report"
	"misimportd/importer/undo"
	"misimportd/store"
	"misimportd/store/model"
)

// deedOf does what a form asks for, and says which page shows what came of it.
type deedOf func(*visit) (then string, err error)

// acts remembers the forms that were sent, so that one that is sent twice is done once.
type acts struct {
	mutex sync.Mutex
	done  map[string]*deed
}

// deed is what a form did, or does.
type deed struct {
	then string // "" as long as it is not done
	at   time.Time
}

// formsMost is how many forms are remembered, and formsFor for how long.
const (
	formsMost = 10000
	formsFor  = sessionMost
)

// formOf is what makes a form the one that it is: whose it is, of which showing of the page, and what it asks for.
func formOf(prefix string, r *http.Request, v visitor) string {
	if r.PostFormValue("nonce") == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(v.by + "\n" + prefix + r.URL.Path + "\n" + r.PostForm.Encode()))
	return string(sum[:])
}

// begin notes that a form is being carried out. The same once more gets what became of that.
func (a *acts) begin(form string, now time.Time) (before *deed) {
	locked(&a.mutex, func() {
		if before = a.done[form]; before != nil {
			copied := *before
			before = &copied
			return
		}
		for other, of := range a.done {
			if now.Sub(of.at) > formsFor || len(a.done) >= formsMost {
				delete(a.done, other)
			}
		}
		a.done[form] = &deed{at: now}
	})
	return before
}

// end notes what became of a form. One that did nothing may be sent again.
func (a *acts) end(form, then string) {
	locked(&a.mutex, func() {
		if then == "" {
			delete(a.done, form)
		} else if of := a.done[form]; of != nil {
			of.then = then
		}
	})
}

// act does what a form asks for: once, and for an operator only. It goes on when the browser goes away.
func (s *Site) act(do deedOf) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visit{Site: s, school: s.School(), request: r, ctx: s.Life, now: time.Now()}
		v.visitor = s.access.visitorOf(r, v.school.keys())
		s.once(w, r, v.visitor, func() (string, error) { return do(v) }, func(err error) { s.notDone(w, r, v, err) })
	})
}

// once does what a form asks for, and then shows the page that tells of it; notDone shows another if that fails.
func (d *door) once(w http.ResponseWriter, r *http.Request, v visitor, do func() (then string, err error),
	notDone func(error)) {
	form := formOf(d.prefix, r, v)
	switch {
	case v.operator == "":
		d.askToLogIn(w, r, http.StatusForbidden, d.prefix+"/", nothingDone)
		return
	case !d.access.isOwnForm(r, v) || form == "":
		d.say(w, r, http.StatusForbidden, "Nothing was done",
			"This form is not of a page that you were shown, or too old. Load the page anew and try again.")
		return
	}
	if before := d.access.acts.begin(form, time.Now()); before != nil {
		if before.then == "" {
			d.say(w, r, http.StatusConflict, "It is being done", "This form was sent twice; it is done once.")
			return
		}
		http.Redirect(w, r, d.prefix+before.then, http.StatusSeeOther)
		return
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Hour))
	then, err := d.carryOut(do)
	d.access.acts.end(form, then)
	if err != nil {
		notDone(err)
		return
	}
	http.Redirect(w, r, d.prefix+then, http.StatusSeeOther)
}

// carryOut survives a fault of the program's own.
func (d *door) carryOut(do func() (then string, err error)) (then string, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			d.fault(fault)
			then, err = "", errors.New("the program is at fault: the log has it; please report it")
		}
	}()
	return do()
}

// notDone says why something was not done.
func (s *Site) notDone(w http.ResponseWriter, r *http.Request, v *visit, err error) {
	var waits *store.NotWaitingError
	var undone *undo.NotUndoneError
	var bad badInput
	switch {
	case importer.IsBusy(err):
		s.say(w, r, http.StatusConflict, "Nothing was done", "Somebody else, or an import, is at work: "+err.Error()+
			". Try again in a minute.")
	case errors.As(err, &waits):
		s.say(w, r, http.StatusConflict, "It was decided already", err.Error()+".")
	case errors.As(err, &undone):
		s.say(w, r, http.StatusConflict, "It cannot be undone", err.Error())
	case errors.As(err, &bad), errors.Is(err, context.Canceled), v.db().IsAway(err):
		s.failed(w, r, v, err)
	default:
		s.Log.Warn("what was asked for on a page was not done", "path", r.URL.Path, "operator", v.operator, "error",
			err)
		s.say(w, r, http.StatusConflict, "Nothing was done", err.Error())
	}
}

// importer is the school's, at work for the operator.
func (v *visit) importer() *importer.Importer {
	im := *v.school.Importer
	im.Operator, im.Progress, im.Fetching = v.operator, nil, importer.Fetching{}
	return &im
}

func (v *visit) desk() entry.Desk {
	return entry.Desk{DB: v.db(), Version: v.Version, Operator: v.operator}
}

// run is the number of a run in a page's path.
func (v *visit) run() (model.ID, error) {
	text := v.request.PathValue("id")
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil || number < 1 {
		return 0, badf("%q is not a run's number", clipped(text))
	}
	return model.ID(number), nil
}

func again(v *visit) (string, error) {
	if v.Again == nil {
		return "", badf("there is no service here that could make an import")
	}
	v.Log.Info("an import was asked for on a page", "operator", v.operator)
	v.Again()
	return "/?told=again", nil
}

func approve(v *visit) (string, error) {
	return v.decide((*importer.Importer).Approve, "approved")
}

// undoRun undoes a run, or what the form names of it.
func undoRun(v *visit) (string, error) {
	only := onlyOf(v.request.PostFormValue("only"))
	return v.decide(func(im *importer.Importer, ctx context.Context, id model.ID) (report.Report, error) {
		return im.Undo(ctx, id, only...)
	}, "undone")
}

// onlyOf is the records that somebody names, as pupil/70155.
func onlyOf(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

// decide does something about a run, which is a run too.
func (v *visit) decide(do func(*importer.Importer, context.Context, model.ID) (report.Report, error),
	told string) (string, error) {
	id, err := v.run()
	if err != nil {
		return "", err
	}
	done, err := do(v.importer(), v.ctx, id)
	var unfiled *importer.UnfiledError
	if errors.As(err, &unfiled) { // it is done, and in the database
		v.Log.Error("a document could not be filed away", "run", unfiled.Run, "error", err)
		err, told = nil, "unfiled"
	}
	if err != nil {
		return "", err
	}
	v.Log.Info("a run was decided on a page", "operator", v.operator, "about", id, "run", done.Run, "result",
		done.Result)
	if done.Result == model.Held {
		told = "held"
	}
	return fmt.Sprintf("/runs/%d?told=%s", done.Run, told), nil
}

func reject(v *visit) (string, error) {
	id, err := v.run()
	if err != nil {
		return "", err
	}
	if err := v.desk().Reject(v.ctx, id); err != nil {
		return "", err
	}
	v.Log.Info("a run was rejected on a page", "operator", v.operator, "run", id)
	return fmt.Sprintf("/runs/%d?told=rejected", id), nil
}

// addSuspension enters a suspension or a gap.
func addSuspension(v *visit) (string, error) {
	form := v.request.PostForm
	from, err := v.moment(form, "from")
	if err != nil {
		return "", err
	}
	to, err := v.moment(form, "to")
	if err != nil {
		return "", err
	}
	s := era.Suspension{Name: strings.TrimSpace(form.Get("name")), Kind: era.Kind(form.Get("kind")),
		Daily: form.Get("daily") != ""}
	if len([]rune(s.Name)) > textMost {
		return "", badf("its name is too long: write at most %d letters", textMost)
	}
	if s.From, s.To, err = era.ParseSpan(from, to); err != nil {
		return "", badInput{err}
	}
	for text := range strings.FieldsSeq(strings.ReplaceAll(form.Get("years"), ",", " ")) {
		year, err := era.ParseYear(text)
		if err != nil {
			return "", badInput{err}
		}
		s.Years = append(s.Years, year)
	}
	if err := s.Check(); err != nil {
		return "", badInput{err}
	}
	run, err := v.desk().AddSuspension(v.ctx, s)
	return v.entered(run, "suspension"), err
}

// moment is a day of a form, with its time of day where that was given.
func (v *visit) moment(form url.Values, name string) (string, error) {
	if form.Get(name) == "" {
		return "", badf("say from which day to which")
	}
	d, err := v.day(form.Get(name))
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(d.String() + " " + form.Get(name+"_at")), nil
}

// entered is the page after something was entered.
func (v *visit) entered(run model.Run, told string) string {
	if run.ID == 0 {
		return ""
	}
	v.Log.Info("something was entered on a page", "operator", v.operator, "kind", run.Kind, "run", run.ID)
	return fmt.Sprintf("/calendar?told=%s", told)
}

func removeSuspension(v *visit) (string, error) {
	id, err := v.run()
	if err != nil {
		return "", err
	}
	run, err := v.desk().RemoveSuspension(v.ctx, id)
	return v.entered(run, "removed"), err
}

func pause(v *visit) (string, error) {
	until, err := v.day(v.request.PostFormValue("until"))
	if err != nil {
		return "", err
	}
	run, err := v.desk().PauseUntil(v.ctx, v.today(), until, clipped(strings.TrimSpace(v.request.PostFormValue("why"))))
	return v.entered(run, "paused"), err
}

func resume(v *visit) (string, error) {
	run, err := v.desk().Resume(v.ctx, v.today())
	return v.entered(run, "resumed"), err
}

// toldOf is what was done before this page, in a sentence.
func toldOf(r *http.Request) string {
	return map[string]string{
		"again":      "An import was asked for. It begins within a minute; Today tells what came of it.",
		"approved":   "It is approved, and applied.",
		"undone":     "It is put back.",
		"unfiled":    "It is done, but its document could not be filed away: the log says why.",
		"held":       "Nothing was applied: it is held, as said below.",
		"rejected":   "It is rejected: what it held is not applied. The next import makes a plan of its own.",
		"suspension": "It is entered. Lessons and groups follow with the next import.",
		"removed":    "It is removed. Lessons and groups follow with the next import.",
		"paused":     "Imports are paused.",
		"resumed":    "Imports begin by themselves again.",
		"goes-on":    "Schools are given to workers again.",
	}[r.URL.Query().Get("told")]
}
