package importer

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"slices"
	"time"

	"misimportd/era"
	"misimportd/mis"
	"misimportd/store"
	"misimportd/store/model"
)

// Planned is the result of a plan: nothing was changed.
const Planned model.Result = "planned"

// Report says what a run did, or what one would do. It is what --json prints; its
// form is stable and described in the README.
type Report struct {
	Run       model.ID       `json:"run,omitempty"`
	Result    model.Result   `json:"result"`
	AsOf      era.Date       `json:"as_of"`
	Era       string         `json:"era"`
	Source    model.Source   `json:"source"`
	Changes   []model.Count  `json:"changes"` // that were made, or would be
	Problems  []mis.Problem  `json:"problems"`
	Guard     []Finding      `json:"guard"` // each limit, and what the run comes to
	Stages    []model.Stage  `json:"stages"`
	Records   map[string]int `json:"records,omitempty"`   // read of each section, faulty ones too
	Timetable string         `json:"timetable,omitempty"` // the published one that was imported
	Error     string         `json:"error,omitempty"`
	Hold      model.Hold     `json:"hold,omitempty"`        // what waits for a person: sections, values, removals or all
	Waiting   []model.Count  `json:"waiting,omitempty"`     // what of it there is
	About     model.ID       `json:"about,omitempty"`       // the run that was approved or undone
	Approved  model.ID       `json:"approved,omitempty"`    // the held undo that was approved
	Differs   []string       `json:"differs,omitempty"`     // in what a plan is not the one that was held
	Lines     Lines          `json:"plan,omitzero"`         // each change; of a plan only
	Held      Lines          `json:"waiting_plan,omitzero"` // each change that waits, or would
	Pinned    []Line         `json:"pinned,omitempty"`      // what the MIS says (before), and what stays (after)
	Again     bool           `json:"-"`                     // the document that the database reflects was looked at once more
	Taken     time.Time      `json:"-"`                     // when the document was fetched, or put into PreFetched
}

// NothingYet is the report of a run that came to nothing: no list in it is missing.
func NothingYet() Report {
	return Report{Result: model.Failed, Changes: []model.Count{}, Problems: []mis.Problem{}, Guard: []Finding{}, Stages: []model.Stage{}}
}

// record is the part of a report that the database keeps.
func record(r Report, kind, version string, holder store.Holder) model.Run {
	problems, _ := json.Marshal(r.Problems) // texts and numbers have a JSON form
	guard, _ := json.Marshal(r.Guard)       // likewise
	records := r.Records
	if len(r.Guard) == 0 {
		records = nil // of a document that was not judged: no measure for the next
	}
	return model.Run{
		Kind: kind, Result: r.Result, StartedAt: holder.Since, AsOf: r.AsOf, Era: r.Era, Source: r.Source,
		Counts: model.JSON[[]model.Count]{V: r.Changes}, Problems: model.JSON[json.RawMessage]{V: problems},
		Stages: model.JSON[[]model.Stage]{V: r.Stages}, Error: r.Error, Program: version, Host: holder.Host,
		Records: model.JSON[map[string]int]{V: records}, Guard: model.JSON[json.RawMessage]{V: guard}, Hold: r.Hold, About: r.About,
	}
}

// setOutcome takes over what the database made of a run.
func (r *Report) setOutcome(run model.Run) {
	r.Run, r.Result, r.Changes, r.Waiting = run.ID, run.Result, run.Counts.V, run.Waiting.V
}

// spellOut fills in each change of a proposal, by name.
func spellOut(ctx context.Context, v *store.View, r *Report, p model.Proposal, pinned ...model.Change) error {
	known, err := readNames(ctx, v)
	if err != nil {
		return err
	}
	r.Changes, r.Waiting = p.Plan.Counts(), p.Waiting.Counts()
	tell := func(plan model.Plan) Lines {
		if err == nil {
			known = known.above()
			known.learn(plan)
			err = know(ctx, v, known, slices.Values(plan.Changes))
		}
		return linesOf(plan, known)
	}
	r.Lines, r.Held = tell(p.Plan), tell(p.Waiting)
	if err != nil {
		return err
	}
	return tell(model.Plan{Changes: pinned}).Each(func(l Line) error {
		r.Pinned = append(r.Pinned, l)
		return nil
	})
}

// WriteJSON writes r as --json prints it.
func (r Report) WriteJSON(w io.Writer) error {
	lists := []keyed{{"plan", r.Lines}, {"waiting_plan", r.Held}}
	r.Lines.apart, r.Held.apart = true, true
	return writeJSON(w, r, lists...)
}

// stopwatch times the stages of a run.
type stopwatch struct {
	begin  time.Time
	stages []model.Stage
	tell   func(stage string) // has to be set, for next
	log    *slog.Logger       // likewise
}

func (s *stopwatch) next(stage string) {
	s.stop()
	s.tell(stage)
	s.begin = time.Now()
	s.stages = append(s.stages, model.Stage{Name: stage})
}

// timed is the stages that are over.
func (s *stopwatch) timed() []model.Stage {
	if s.begin.IsZero() {
		return s.stages
	}
	return s.stages[:len(s.stages)-1]
}

func (s *stopwatch) stop() { s.stopAt(time.Since(s.begin)) }

// stopAt ends a stage that took a time of its own.
func (s *stopwatch) stopAt(took time.Duration) {
	if n := len(s.stages); n > 0 && !s.begin.IsZero() {
		s.stages[n-1].Seconds = took.Seconds()
		s.begin = time.Time{}
		s.log.Info("stage", "stage", s.stages[n-1].Name, "seconds", s.stages[n-1].Seconds)
	}
}
