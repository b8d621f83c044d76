package report

import (
	"fmt"
	"time"

	"misimportd/era"
	"misimportd/store/model"
)

// History is what runs did to a record.
type History struct {
	Kind     string       `json:"kind"` // pupil, staff, location, form, set …, or lesson
	SourceID string       `json:"id"`
	Name     string       `json:"name"`
	Since    *era.Date    `json:"since,omitempty"`
	Runs     []HistoryRun `json:"runs"` // the oldest first
}

// HistoryRun is what one run did to it.
type HistoryRun struct {
	Run      model.ID  `json:"run"`
	Kind     string    `json:"kind"`
	At       time.Time `json:"at"`
	AsOf     era.Date  `json:"as_of"`
	About    model.ID  `json:"about,omitempty"`     // the run that this one approved or undid
	UndoneBy model.ID  `json:"undone_by,omitempty"` // the run that has put back what this one did
	Moves    []Move    `json:"moves,omitempty"`     // of a lesson
	Changes  []Line    `json:"changes"`

	Moved map[model.ID]bool `json:"-"` // rows of lessons that have moved, which come and go: a Move tells of them
}

// Move says that a lesson is elsewhere, or at another time, or has another teacher.
type Move struct {
	What  string   `json:"what"` // room, teacher, time …
	From  string   `json:"from"` // "" for none
	To    string   `json:"to"`   // likewise
	Days  int      `json:"days"` // on how many of its dates
	First era.Date `json:"first"`
	Last  era.Date `json:"last"`
}

// MovesOf tells in what lessons are others than before: what a lesson takes instead of something of the same kind,
// its times, the day of the week included, and that it is suspended. The same on several dates is one. pairs are the
// rows of lessons that come and go because they have moved.
func MovesOf(lines []Line) (moves []Move, pairs map[model.ID]bool) {
	m := movesOf{at: map[moved]int{}, gone: map[model.ID]map[string][]string{}, own: map[model.ID]bool{},
		pairs: map[model.ID]bool{}}
	m.pair(lines)
	for _, l := range lines {
		if l.Entity == model.LessonEntity && l.Action != model.Update {
			m.own[l.Row] = true
		}
	}
	for _, l := range lines {
		if l.Entity == model.CommitmentEntity && l.Action == model.Delete && !m.own[l.Row] {
			if m.gone[l.Row] == nil {
				m.gone[l.Row] = map[string][]string{}
			}
			m.gone[l.Row][placeOf(l)] = append(m.gone[l.Row][placeOf(l)], takenName(l))
		}
	}
	for _, l := range lines {
		switch {
		case l.Entity == model.LessonEntity && l.Action == model.Update:
			m.fields(l)
		case l.Entity == model.CommitmentEntity && l.Action == model.Create && !m.own[l.Row]:
			m.add(moved{placeOf(l), m.takeGone(l.Row, placeOf(l)), takenName(l)}, *l.On)
		}
	}
	for _, l := range lines { // what goes, and nothing comes in its place
		if l.Entity == model.CommitmentEntity && l.Action == model.Delete && !m.own[l.Row] {
			if from := m.takeGone(l.Row, placeOf(l)); from != "" {
				m.add(moved{placeOf(l), from, ""}, *l.On)
			}
		}
	}
	return m.moves, m.pairs
}

// pair finds lessons that go on one day of a week and come on another.
func (m *movesOf) pair(lines []Line) {
	var apart Moving
	for _, l := range lines {
		if l.Entity == model.LessonEntity && l.Action != model.Update {
			apart.Add(l)
		}
	}
	apart.Sort()
	apart.Pairs(func(from, to Placed) {
		m.pairs[from.Row], m.pairs[to.Row] = true, true
		m.add(moved{"time", from.Text(), to.Text()}, to.On)
	})
}

// moved is what makes moves one.
type moved struct{ what, from, to string }

type movesOf struct {
	moves []Move
	at    map[moved]int
	gone  map[model.ID]map[string][]string // names by row and place
	own   map[model.ID]bool                // lessons that come or go themselves
	pairs map[model.ID]bool                // of these, those that have moved
}

func (m *movesOf) takeGone(row model.ID, place string) string {
	list := m.gone[row][place]
	if len(list) == 0 {
		return ""
	}
	m.gone[row][place] = list[1:]
	return list[0]
}

func (m *movesOf) add(what moved, on era.Date) {
	i, known := m.at[what]
	if !known {
		i = len(m.moves)
		m.at[what] = i
		m.moves = append(m.moves, Move{What: what.what, From: what.from, To: what.to, First: on, Last: on})
	}
	of := &m.moves[i]
	of.Days, of.First, of.Last = of.Days+1, min(of.First, on), max(of.Last, on)
}

func (m *movesOf) fields(l Line) {
	from, to := l.From, l.To
	times := false
	for _, f := range l.Fields {
		was, _ := f.Before.(string)
		switch f.Name {
		case "starts_at":
			from, times = TimeOf(was), true
		case "ends_at":
			to, times = TimeOf(was), true
		default:
			m.add(moved{f.Name, textOf(f.Before), textOf(f.After)}, *l.On)
		}
	}
	if times {
		m.add(moved{"time", WhenText(*l.On, from, to), WhenText(*l.On, l.From, l.To)}, *l.On)
	}
}

func textOf(value any) string {
	if value == nil {
		return ""
	}
	return fmt.Sprint(value)
}

// placeOf is what of a lesson somebody or something is.
func placeOf(l Line) string {
	switch {
	case l.Covers != nil:
		return "cover"
	case l.Kind == "location":
		return "room"
	case l.Kind == "staff":
		return "teacher"
	case l.Kind == "pupil" || l.Kind == "subject":
		return l.Kind
	}
	return "group"
}

func takenName(l Line) string {
	if l.Covers != nil {
		return l.Name + " for " + l.Covers.Name
	}
	return l.Name
}
