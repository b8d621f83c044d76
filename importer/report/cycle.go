package report

import "misimportd/era"

// Cycle is a week of the timetable as it ideally is, without dates.
type Cycle struct {
	Week string     `json:"week"` // its letter
	Of   string     `json:"of"`   // whose it is, "" for everybody's
	Days []CycleDay `json:"days"`

	Periods []CyclePeriod `json:"periods"` // of the week's days, by time, each once
}

// CyclePeriod is a part of a day.
type CyclePeriod struct {
	Name string `json:"name"`
	From string `json:"from"`
	To   string `json:"to"`
}

// CycleDay is a day of the week.
type CycleDay struct {
	Day     string        `json:"day"`
	Lessons []CycleLesson `json:"lessons"` // by time
}

// CycleLesson is a lesson of the week.
type CycleLesson struct {
	ID     string   `json:"id"`
	Kind   string   `json:"kind"`
	Code   string   `json:"code"`
	Name   string   `json:"name,omitempty"`
	Period string   `json:"period"`
	From   string   `json:"from"`
	To     string   `json:"to"`
	Groups []string `json:"groups"`
	Staff  []string `json:"staff"` // codes
	Rooms  []string `json:"rooms"`

	Of    string     `json:"-"` // the name of its teacher, where there is one
	Dates []era.Date `json:"-"` // on which it is, by the weeks of the calendar
	Start era.Clock  `json:"-"`
	End   era.Clock  `json:"-"`
}

// Called is how people call the lesson.
func (l CycleLesson) Called() string {
	return DayLesson{Name: l.Name, Code: l.Code, Kind: l.Kind}.Called()
}
