package pages

import (
	"fmt"
	"time"

	"misimportd/importer"
	"misimportd/importer/ask"
	"misimportd/importer/report"
	"misimportd/importer/words"
	"misimportd/mis"
	"misimportd/store/model"
)

// runsPage is the newest nights, as bars and as a list.
type runsPage struct {
	Runs   []listedRun
	Chart  nights
	Names  bool
	Newest model.ID
}

type listedRun struct {
	report.Past
	Count    int // of changes
	Took     time.Duration
	Decided  string
	Problems int
}

const (
	listedMost = 120 // runs of a list
	nightsMost = 60  // of the chart
)

func runs(v *visit) (shown, error) {
	past, err := importer.Listed(v.ctx, v.db(), listedMost, false)
	if err != nil {
		return shown{}, err
	}
	p := runsPage{}
	var ofNights []listedRun
	for _, r := range past {
		listed := v.listed(r.Past)
		listed.Problems = r.ProblemCount
		p.Runs = append(p.Runs, listed)
		if r.Kind == model.Import || r.Kind == model.Convert {
			ofNights = append(ofNights, listed)
		}
	}
	p.Chart = nightsOf(ofNights[:min(len(ofNights), nightsMost)], v.zone())
	return shown{page: "runs", nav: "runs", title: "Runs", data: p}, nil
}

func (v *visit) listed(r report.Past) listedRun {
	if !v.isNamed() {
		r.Operator, r.DecidedOperator = "", ""
	}
	l := listedRun{Past: r, Took: r.FinishedAt.Sub(r.StartedAt), Problems: report.Total(r.Problems),
		Decided: decidedOf(r)}
	for _, c := range r.Changes {
		l.Count += c.Count
	}
	return l
}

// decidedOf tells what became of that which a run holds, and of the run.
func decidedOf(r report.Past) (said string) {
	switch r.Decision {
	case model.Waiting:
		said = "waits for a person"
	case model.Approved, model.Replaced:
		said = fmt.Sprintf("%s by run %d", r.Decision, r.DecidedBy)
	case model.Rejected:
		said = "rejected"
	}
	said += words.Prefixed(", by ", words.Clean(r.DecidedOperator))
	if r.UndoneBy != 0 {
		if said != "" {
			said += "; "
		}
		said += fmt.Sprintf("undone by run %d", r.UndoneBy)
	}
	return said
}

// runPage is one run.
type runPage struct {
	listedRun
	Findings  []finding
	Breached  int
	Made      changes
	Waits     changes
	Problems  []problemsOf
	Asked     string // what its changes were searched for
	CanDecide bool
	CanUndo   bool
	Others    []listedRun // whose documents could be compared with its own
}

func oneRun(v *visit) (shown, error) {
	id, err := v.run()
	if err != nil {
		return shown{}, err
	}
	past, err := v.show(id)
	if err != nil {
		return shown{}, err
	}
	p := runPage{listedRun: v.listed(past), Findings: findingsOf(past.Guard),
		Asked: clipped(v.request.FormValue("q"))}
	for _, f := range p.Findings {
		if f.Breached {
			p.Breached++
		}
	}
	var called model.KnownAs
	if v.isNamed() {
		if called, err = ask.Called(v.ctx, v.db(), past.Problems); err != nil {
			return shown{}, err
		}
		if p.Made, err = gather(past.Lines, p.Asked); err != nil {
			return shown{}, err
		}
		if p.Waits, err = gather(past.Held, p.Asked); err != nil {
			return shown{}, err
		}
		if p.Others, err = v.comparable(past); err != nil {
			return shown{}, err
		}
	}
	p.Problems = problemsIn(report.ListProblems(past.Problems, past.AsOf), called, past.AsOf)
	p.CanDecide = past.Decision == model.Waiting
	p.CanUndo = past.Result != model.Failed && past.Result != model.Aborted && len(past.Changes) > 0 &&
		past.UndoneBy == 0
	return shown{page: "run", nav: "runs", title: fmt.Sprintf("Run %d", id), data: p}, nil
}

// show reads a run: all of it where its changes are searched, and else, of very many, the first.
func (v *visit) show(id model.ID) (report.Past, error) {
	if v.isNamed() && v.request.FormValue("q") != "" {
		return importer.Show(v.ctx, v.db(), id)
	}
	return importer.ShowFirst(v.ctx, v.db(), id)
}

// comparable lists runs whose documents are in the Archive, to be compared with that of a run.
func (v *visit) comparable(past report.Past) (others []listedRun, err error) {
	if past.Source.SHA256 == "" {
		return nil, nil
	}
	all, err := importer.Listed(v.ctx, v.db(), listedMost, false)
	for _, r := range all {
		if r.Run != past.Run && r.Source.SHA256 != "" && r.Source.SHA256 != past.Source.SHA256 && len(others) < 20 {
			others = append(others, v.listed(r.Past))
		}
	}
	return others, err
}

// undoPage is what an undo would put back.
type undoPage struct {
	Run      model.ID
	Only     string // records, as KIND/ID; "" for all of it
	Plan     report.Report
	Made     changes
	Findings []finding
	Holds    bool
}

func undoPlan(v *visit) (shown, error) {
	id, err := v.run()
	if err != nil {
		return shown{}, err
	}
	only := clipped(v.request.FormValue("only"))
	plan, err := v.importer().PlanUndo(v.ctx, id, onlyOf(only)...)
	if err != nil {
		return shown{}, err
	}
	p := undoPage{Run: id, Only: only, Plan: plan, Findings: findingsOf(plan.Guard),
		Holds: plan.Hold != model.HoldNothing}
	lines := plan.Lines
	if p.Holds {
		lines = plan.Held
	}
	if p.Made, err = gather(lines, ""); err != nil {
		return shown{}, err
	}
	return shown{page: "undo", nav: "runs", title: fmt.Sprintf("Undo run %d?", id), data: p}, nil
}

// comparePage is in which records the documents of two runs differ.
type comparePage struct {
	Run, With model.ID
	Sections  []mis.SectionDifference
}

func compare(v *visit) (shown, error) {
	id, err := v.run()
	if err != nil {
		return shown{}, err
	}
	var with int64
	if _, err := fmt.Sscan(v.request.FormValue("with"), &with); err != nil {
		return shown{}, badf("choose the run to compare with")
	}
	sections, err := v.school.Importer.CompareDocuments(v.ctx, model.ID(with), id)
	if err != nil {
		return shown{}, err
	}
	return shown{page: "compare", nav: "runs", title: fmt.Sprintf("The documents of runs %d and %d", with, id),
		data: comparePage{Run: id, With: model.ID(with), Sections: sections}}, nil
}
