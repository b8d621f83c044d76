package pages

import (
	"errors"
	"fmt"

	"misimportd/era"
	"misimportd/importer/entry"
	"misimportd/importer/report"
	"misimportd/importer/years"
	"misimportd/store"
	"misimportd/store/model"
)

// calendarPage is a school year on one strip.
type calendarPage struct {
	Year     years.Status
	Steps    []yearStep
	Eras     []report.ListedEra
	Off      []report.ListedSuspension
	OffFault string
	Pauses   []pauseShown
	Strip    strip

	CanResume bool // a person has entered a pause that is on, or to come
}

// yearStep is one line of the checklist for the year's end.
type yearStep struct {
	What string
	Done bool
	Next bool // the one that comes next
}

// pauseShown is days on which no import begins by itself.
type pauseShown struct {
	era.Interval
	Why, From string
	On        bool
}

func calendar(v *visit) (shown, error) {
	p := calendarPage{}
	var err error
	if p.Year, err = v.year(); err != nil {
		return shown{}, err
	}
	if p.Eras, err = entry.Eras(v.ctx, v.db()); err != nil {
		return shown{}, err
	}
	if p.Off, err = entry.Suspensions(v.ctx, v.db(), v.school.Importer.SuspensionsFile); err != nil {
		if v.db().IsAway(err) || errors.Is(err, v.ctx.Err()) {
			return shown{}, err
		}
		p.OffFault = err.Error()
	}
	if err := v.addPauses(&p); err != nil {
		return shown{}, err
	}
	p.Steps = stepsOf(p.Year, v.today())
	p.draw(v.today(), v.isNamed())
	return shown{page: "calendar", nav: "calendar", title: "Calendar", data: p}, nil
}

// addPauses adds those that a person entered, and those of the configuration as they are this year.
func (v *visit) addPauses(p *calendarPage) error {
	return v.db().View(v.ctx, func(view *store.View) error {
		entered, err := view.Pauses(v.ctx)
		for _, e := range entered {
			days := era.Interval{From: e.StartsOn, To: e.EndsOn}
			p.CanResume = p.CanResume || days.To >= v.today()
			if days.To >= v.today().AddDays(-30) {
				p.Pauses = append(p.Pauses, pauseShown{days, e.Why, "entered", days.Contains(v.today())})
			}
		}
		for _, c := range v.school.Pauses {
			shown := pauseShown{Interval: c.Interval, Why: c.Why, From: "configuration"}
			if c.Yearly {
				shown.Interval = thisYears(c, v.today())
			}
			shown.On = shown.Contains(v.today())
			p.Pauses = append(p.Pauses, shown)
		}
		return err
	})
}

// thisYears is a yearly pause that is on, or the one to come.
func thisYears(p era.Pause, today era.Date) era.Interval {
	for year := today.Time().Year() - 1; ; year++ {
		days := era.Interval{From: era.NewDate(year, p.Begins.Month, p.Begins.Day),
			To: era.NewDate(year, p.Finishes.Month, p.Finishes.Day)}
		if days.To < days.From {
			days.To = era.NewDate(year+1, p.Finishes.Month, p.Finishes.Day)
		}
		if days.To >= today {
			return days
		}
	}
}

// stepsOf is what there is to do for the year's end, in order.
func stepsOf(s years.Status, today era.Date) (steps []yearStep) {
	if s.Current == nil {
		return nil
	}
	over := s.Current.EndsOn != 0 && s.Current.EndsOn < today
	loaded := "load the next year ahead of time, if the MIS has its forms, sets or timetable"
	steps = []yearStep{
		{What: "the current year is entered: " + s.Current.String(), Done: true},
		{What: "enter the next year, and choose it", Done: s.Next != nil},
		{What: loaded, Done: s.Groups > 0},
		{What: fmt.Sprintf("roll into the next year, once %s is over", s.Current.EndsOn.Long())},
	}
	if s.AutoRoll {
		steps[3].What += " (auto_roll does it by itself)"
	}
	for i := range steps {
		if isOptional := i == 2 && over; !steps[i].Done && !isOptional {
			steps[i].Next = true
			break
		}
	}
	return steps
}

// strip is days as bars on a line of time.
type strip struct {
	Width, Height int
	Months        []mark
	Bars          []stripBar
	Now           int
	From, To      era.Date
}

type mark struct {
	X    int
	Text string
}

type stripBar struct {
	X, Y, Wide  int
	Class, Says string
}

const (
	stripWide                      = 720
	eraY, suspensionY, gapY, pausY = 18, 36, 54, 72
	stripHigh                      = 92
)

// draw draws from two months before today to a year after that.
func (p *calendarPage) draw(today era.Date, named bool) {
	year, month, _ := today.Time().Date()
	s := strip{Width: stripWide, Height: stripHigh, From: era.NewDate(year, month-2, 1),
		To: era.NewDate(year+1, month-1, 0)}
	at := func(d era.Date) int {
		return int(min(max(d, s.From), s.To+1)-s.From) * stripWide / int(s.To-s.From+1)
	}
	add := func(days era.Interval, y int, class, says string) {
		if days.To == 0 {
			days.To = s.To
		}
		if days.To >= s.From && days.From <= s.To {
			s.Bars = append(s.Bars, stripBar{at(days.From), y, max(2, at(days.To+1)-at(days.From)), class, says})
		}
	}
	for m := era.NewDate(year, month-2, 1); m <= s.To; {
		s.Months = append(s.Months, mark{at(m), m.Time().Format("Jan")})
		y, n, _ := m.Time().Date()
		m = era.NewDate(y, n+1, 1)
	}
	for _, e := range p.Eras {
		if !e.IsPerpetual() {
			add(e.Days(), eraY, "era", "year "+e.String())
		}
	}
	for _, off := range p.Off {
		y := suspensionY
		if off.Kind == era.Gap {
			y = gapY
		}
		days := suspensionOf(off).Days()
		name := ""
		if named {
			name = " " + off.Name
		}
		add(days, y, string(off.Kind), fmt.Sprintf("%s%s, %s", off.Kind, name, days))
	}
	for _, pause := range p.Pauses {
		add(pause.Interval, pausY, "pause", fmt.Sprintf("pause %s", pause.Interval))
	}
	s.Now = at(today)
	p.Strip = s
}

// FormatSpan is when a suspension is, as people write it.
func (p calendarPage) FormatSpan(s report.ListedSuspension) string {
	return suspensionOf(s).FormatSpan()
}

// Whom is for whom a suspension is.
func (p calendarPage) Whom(s report.ListedSuspension) string { return suspensionOf(s).Whom() }

// CanRemove tells whether a suspension was entered, and does not stand in the file.
func (p calendarPage) CanRemove(s report.ListedSuspension) bool {
	return s.In == model.ByCommand && s.ID != 0
}
