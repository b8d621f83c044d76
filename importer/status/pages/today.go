package pages

import (
	"errors"
	"time"

	"misimportd/era"
	"misimportd/importer"
	"misimportd/importer/ask"
	"misimportd/importer/daemon"
	"misimportd/importer/entry"
	"misimportd/importer/report"
	"misimportd/importer/status"
	"misimportd/importer/years"
	"misimportd/store/model"
)

// todayPage is what somebody looks at in the morning.
type todayPage struct {
	Mood      string // well, look or trouble
	Head      string
	Sentence  string // of the last night
	Last      *report.Past
	Waiting   []heldRun
	Now       status.Now
	Pause     string
	CanResume bool
	Next      time.Time
	Off       []report.ListedSuspension // in force today
	OffFault  string                    // why the file of suspensions cannot be read
	Year      years.Status
	Age       time.Duration // of the data, 0 where none is known
	Since     time.Time
	Problems  int
	Messages  []Message
}

// heldRun is a run that waits for a person.
type heldRun struct {
	report.Past
	Breached []finding
	Examples []report.Line
}

// examplesMost is how many changes of a held run are shown without asking for more.
const examplesMost = 5

func today(v *visit) (shown, error) {
	p := todayPage{Now: v.Pulse.Now()}
	if p.Now.Away != nil {
		return shown{}, errSilent
	}
	imports, err := v.db().Imports(v.ctx)
	if err != nil {
		return shown{}, err
	}
	for _, id := range imports.Waiting {
		held, err := v.held(id)
		if err != nil {
			return shown{}, err
		}
		p.Waiting = append(p.Waiting, held)
	}
	if err := v.lastNight(&p, imports); err != nil {
		return shown{}, err
	}
	schedule := v.school.Schedule.Pausing(imports.Pauses...)
	if days, why, on := schedule.Pause(v.today().FirstIn(v.zone())); on {
		if !v.isNamed() {
			why = "" // which may name somebody
		}
		p.Pause = daemon.Outlook{Pause: days, Why: why}.PausedUntil()
		_, _, p.CanResume = era.Paused(imports.Pauses, v.today())
	}
	p.Next = p.Now.Known.Next
	v.offToday(&p)
	if p.Year, err = v.year(); err != nil {
		return shown{}, err
	}
	if m, err := v.school.Importer.State.CurrentManifest(); err == nil && !m.Since.IsZero() {
		p.Since, p.Age = m.Since, v.now.Sub(m.Since).Truncate(time.Minute)
	}
	if v.Undelivered != nil {
		p.Messages = v.Undelivered()
	}
	p.judge()
	return shown{page: "today", nav: "today", title: p.Head, data: p}, nil
}

// year tells how the school year stands.
func (v *visit) year() (years.Status, error) {
	im := *v.school.Importer
	if v.school.Today != 0 {
		im.AsOf = v.school.Today
	}
	return im.EraStatus(v.ctx)
}

// held is a run that waits, with what says most about it.
func (v *visit) held(id model.ID) (heldRun, error) {
	past, err := importer.ShowFirst(v.ctx, v.db(), id)
	if err != nil {
		return heldRun{}, err
	}
	h := heldRun{Past: past}
	for _, f := range findingsOf(past.Guard) {
		if f.Breached {
			h.Breached = append(h.Breached, f)
		}
	}
	err = past.Held.Each(func(l report.Line) error {
		h.Examples = append(h.Examples, l)
		if len(h.Examples) == examplesMost {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return h, err
}

// errEnough ends a walk through lines of which no more are shown.
var errEnough = errors.New("enough")

// lastNight tells of the newest import.
func (v *visit) lastNight(p *todayPage, imports model.Imports) error {
	if len(imports.Newest) == 0 {
		p.Sentence = "No import was made yet."
		return nil
	}
	past, err := importer.ShowFirst(v.ctx, v.db(), imports.Newest[0].ID)
	if err != nil {
		return err
	}
	if !v.isNamed() {
		past.Operator, past.DecidedOperator = "", ""
	}
	p.Last, p.Sentence = &past, v.sentence(past)
	p.Problems, err = ask.CountProblems(v.ctx, v.db())
	return err
}

// offToday finds the suspensions and gaps that touch the day.
func (v *visit) offToday(p *todayPage) {
	all, err := entry.Suspensions(v.ctx, v.db(), v.school.Importer.SuspensionsFile)
	if err != nil {
		p.OffFault = err.Error()
	}
	for _, s := range all {
		if suspensionOf(s).Touches(v.today(), 0, era.MinutesOfDay) {
			p.Off = append(p.Off, s)
		}
	}
}

func suspensionOf(s report.ListedSuspension) era.Suspension {
	return era.Suspension{Name: s.Name, Kind: s.Kind, Years: s.Years, From: s.From, To: s.To, Daily: s.Daily}
}

// judge says in a few words whether all is well, or what is to be done.
func (p *todayPage) judge() {
	known := p.Now.Known
	failed := p.Last != nil && p.Last.Result == model.Failed || p.Now.Error != "" && !p.Now.IsDone
	missed := known.GaveUp && known.Imports.LastSuccess.Before(known.Due)
	for _, of := range []struct {
		is         bool
		mood, head string
	}{
		{p.Now.Refused != "", "trouble", "The configuration has a fault"},
		{failed, "trouble", "The last import failed"},
		{p.Now.Error != "", "look", "The import is done, but something after it failed"},
		{missed, "trouble", "No import has ended well since it was due"},
		{len(p.Waiting) > 0, "look", "Something waits for you"},
		{p.Year.DaysLeft != nil && *p.Year.DaysLeft < 0, "look", "The school year is over"},
		{p.Year.Step.Urgent, "look", "The school year ends soon"},
		{p.OffFault != "", "look", "The file of suspensions has a fault"},
		{len(p.Messages) > 0, "look", "Messages could not be delivered"},
		{p.Last == nil, "look", "Nothing is imported yet"},
		{p.Pause != "", "look", "Imports are paused"},
		{true, "well", "All is well"},
	} {
		if of.is {
			p.Mood, p.Head = of.mood, of.head
			return
		}
	}
}
