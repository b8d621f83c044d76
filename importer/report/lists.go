package report

import (
	"cmp"
	"fmt"
	"strings"

	"misimportd/era"
	"misimportd/importer/words"
	"misimportd/store/model"
)

// ListedEra is an era and what it is to the school: current, next, previous,
// perpetual or nothing in particular.
type ListedEra struct {
	era.Era
	Is string `json:"is,omitempty"`
}

// DayLesson is a lesson of a day as it is shown.
type DayLesson struct {
	ID        string   `json:"id"` // in the MIS
	Kind      string   `json:"kind"`
	Code      string   `json:"code"`
	Name      string   `json:"name"`
	On        era.Date `json:"on"`
	From      string   `json:"from"`
	To        string   `json:"to"`
	Suspended bool     `json:"suspended"`
	Groups    []string `json:"groups"`
	Staff     []string `json:"staff"`
	Rooms     []string `json:"rooms"`
	Pupils    []string `json:"pupils"`
	Subject   string   `json:"subject"`
	Covers    []Cover  `json:"covers"`
	Clashes   []Clash  `json:"clashes"`
	Note      string   `json:"note,omitempty"`
	Organiser string   `json:"organiser,omitempty"`

	Starts, Ends era.Moment `json:"-"`
	Row          model.ID   `json:"-"`
}

// IsAllDay tells whether l is as long as its day.
func (l DayLesson) IsAllDay() bool { return l.Ends-l.Starts >= era.MinutesOfDay }

func (l DayLesson) Called() string { return cmp.Or(l.Name, l.Code, l.Kind) }

// ListedPin is a pin as it is listed.
type ListedPin struct {
	ID       model.ID  `json:"pin"`
	Kind     string    `json:"kind"` // of what is pinned: pupil, staff, form, set …
	SourceID string    `json:"id"`   // in the MIS
	Name     string    `json:"name"`
	Field    string    `json:"field,omitempty"`
	Group    *GroupRef `json:"group,omitempty"` // where it is a membership that is pinned
}

func (l ListedPin) What() string {
	if l.Group != nil {
		return fmt.Sprintf("whether in %s %s #%s", l.Group.Kind, words.Clean(l.Group.Name),
			words.Clean(l.Group.SourceID))
	}
	return strings.ReplaceAll(strings.TrimSuffix(l.Field, "_id"), "_", " ")
}

// ListedSuspension is a suspension or a gap as it is listed.
type ListedSuspension struct {
	ID    model.ID   `json:"id,omitempty"` // in the database; not of one that no run has read in the file yet
	Name  string     `json:"name"`
	Kind  era.Kind   `json:"kind"`
	Years []era.Year `json:"years"` // none means all
	From  era.Moment `json:"from"`
	To    era.Moment `json:"to"` // the first minute after it
	Daily bool       `json:"daily"`
	In    string     `json:"in"` // file or command
}
