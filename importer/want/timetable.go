package want

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"misimportd/era"
	"misimportd/mis"
	"misimportd/store/model"
)

// timetable is the lessons that there should be on each day from the as-of date to the
// era's end (R23), in the MIS's terms. Days are small: a day holds which lessons of the
// timetable are on it, and which of those are suspended. Only days of which the database
// does not know the like yet are spelled out.
type timetable struct {
	Lessons     []mis.Lesson      // those that the school imports
	Days        []schoolDay       // in order
	unknown     map[era.Date]bool // days of weeks of which nobody knows what they are
	Suspensions []era.Suspension
	periods     map[string]mis.Period // by id; an event has one of its own
	own         map[int]ownEvent      // the school's own events, by the lesson's index
	ownSpeak    bool                  // what is not among them is not so
	covers      covers
}

// schoolDay is the lessons of one day.
type schoolDay struct {
	Date     era.Date
	Slots    []Slot
	Digest   model.Digest
	here     []int // suspensions that touch the day, by index
	isLooked bool  // for those
}

// Slot is a lesson of the timetable on a day; By is the suspension that it falls to, by
// index, or nothing, or cancelled.
type Slot struct{ Lesson, By int }

const (
	nothing   = -1 // suspends it
	cancelled = -2 // the MIS says so
)

// expand works out the days. Where neither a timetable nor events speak, there are none.
func (w *Wanted) expand() {
	eventsSpeak := !w.Snap.Timetable.SilentOnKind(mis.Event) && !w.LeavesOthers()
	ownSpeak := w.ownEventsSpeak()
	if !w.Snap.Timetable.Speaks && !eventsSpeak && !ownSpeak {
		return
	}
	speaking := w.Snap.Timetable
	w.Table = &timetable{Suspensions: w.suspensions, unknown: map[era.Date]bool{}, periods: speaking.Periods,
		own: map[int]ownEvent{}, ownSpeak: ownSpeak}
	w.nameElements()
	for _, l := range w.Snap.Timetable.Lessons {
		isEvent := l.Kind == mis.Event
		if l, ok := w.imported(l); ok && (isEvent || w.Snap.Timetable.Speaks) && !(isEvent && w.LeavesOthers()) {
			w.Table.Lessons = append(w.Table.Lessons, l)
		}
	}
	speaking.Lessons = w.Table.Lessons
	byPlace, events := speaking.ByPlace(), w.Table.events(speaking.Dates)
	for date, last := w.AsOf, w.lastDay(); date <= last; date++ {
		if speaking.WeeksFault && len(speaking.Allocations[date.Week()]) == 0 {
			w.Table.unknown[date] = true
			continue
		}
		day := w.Table.day(date, speaking.On(date, byPlace))
		w.Table.addEvents(&day, events[date])
		w.Table.Days = append(w.Table.Days, day)
	}
}

// nameElements notes which row each element is that a lesson can take.
func (w *Wanted) nameElements() {
	w.Elements, w.Kinds = map[Ref]model.ID{}, map[model.ID]string{}
	note := func(kind, source string, id model.ID) { w.Elements[Ref{kind, source}], w.Kinds[id] = id, kind }
	for _, g := range w.Groups {
		note(g.GroupKind, g.SourceID, g.ID)
		w.Kinds[g.ID] = "group"
		w.yearOf[Ref{g.GroupKind, g.SourceID}] = g.Year
	}
	for _, g := range w.State.Groups {
		w.Kinds[g.ID] = "group"
	}
	for _, s := range w.Staff {
		note("staff", s.SourceID, s.ID)
	}
	for _, s := range w.State.Staff {
		w.Kinds[s.ID] = "staff"
	}
	for _, r := range w.Locations {
		note("location", r.SourceID, r.ID)
	}
	for _, r := range w.State.Locations {
		w.Kinds[r.ID] = "location"
	}
	for _, p := range w.Pupils {
		note("pupil", p.SourceID, p.ID)
	}
	for _, p := range w.State.Pupils {
		w.Kinds[p.ID] = "pupil"
	}
	for _, s := range w.Subjects {
		note("subject", s.SourceID, s.ID)
	}
	for _, s := range w.State.Subjects {
		w.Kinds[s.ID] = "subject"
	}
}

// Ref is a record as the MIS knows it: its kind, of a group the kind of group, and its id.
type Ref struct{ Kind, ID string }

// Takes lists what a lesson takes.
func Takes(l mis.Lesson) (list []Ref) {
	for _, of := range []struct {
		kind string
		ids  []string
	}{{model.SetGroup, l.Sets}, {model.FormGroup, l.Forms}, {model.ActivityGroup, l.Activities}, {"staff", l.Staff},
		{"location", l.Locations},
		{"pupil", l.Pupils}, {"subject", l.Subjects}} {
		for _, id := range of.ids {
			list = append(list, Ref{of.kind, id})
		}
	}
	return list
}

// takes lists what a lesson takes, by its index.
func (t *timetable) takes(lesson int) []Ref {
	if own, isOwn := t.own[lesson]; isOwn {
		return own.takes
	}
	return Takes(t.Lessons[lesson])
}

// lastDay is the era's end, or where it has none the last day of the last week that is
// allocated.
func (w *Wanted) lastDay() era.Date {
	if w.Era.EndsOn != 0 {
		return w.Era.EndsOn
	}
	const years = 3
	for date := w.AsOf.AddDays(years * 366); date >= w.AsOf; date-- {
		if len(w.Snap.Timetable.Allocations[date.Week()]) > 0 {
			return date
		}
	}
	return w.AsOf - 1
}

// day is the lessons of a date, but for those in a gap (R26).
func (t *timetable) day(date era.Date, lessons []int) schoolDay {
	day := schoolDay{Date: date}
	slices.Sort(lessons)
	for _, i := range slices.Compact(lessons) {
		t.add(&day, Slot{i, nothing})
	}
	return day
}

// add adds a lesson to a day, unless it is in a gap.
func (t *timetable) add(day *schoolDay, s Slot) {
	if !day.isLooked {
		day.isLooked = true
		for i, of := range t.Suspensions {
			if of.Days().Contains(day.Date) {
				day.here = append(day.here, i)
			}
		}
	}
	lesson := t.Lessons[s.Lesson]
	p := t.periods[lesson.PeriodID]
	for _, n := range day.here {
		of := t.Suspensions[n]
		switch applies := of.NamesAll(lesson.Years) && of.Touches(day.Date, p.From, p.To); {
		case applies && of.Kind == era.Gap && t.own[s.Lesson].inHolidays:
		case applies && of.Kind == era.Gap:
			return
		case applies && s.By == nothing:
			s.By = n
		}
	}
	day.Slots = append(day.Slots, s)
}

// events is the events of each day, those that are cancelled too.
func (t *timetable) events(dates map[string][]mis.EventDate) map[era.Date][]Slot {
	of := map[era.Date][]Slot{}
	for i, l := range t.Lessons {
		if l.Kind != mis.Event {
			continue
		}
		for _, d := range dates[l.IDs[0]] {
			by := nothing
			if d.Cancelled {
				by = cancelled
			}
			of[d.On] = append(of[d.On], Slot{i, by})
		}
	}
	return of
}

func (t *timetable) addEvents(day *schoolDay, events []Slot) {
	for _, s := range events {
		t.add(day, s)
	}
}

// imported leaves out of a lesson what is of year groups that the school does not import.
// A lesson that is for nobody else is not wanted.
func (w *Wanted) imported(l mis.Lesson) (mis.Lesson, bool) {
	isForSomebody := len(l.Sets)+len(l.Forms)+len(l.Years) > 0
	wanted := func(kind string, ids []string) []string {
		return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return w.Unwanted[Ref{kind, id}] })
	}
	l.Sets, l.Forms = wanted(model.SetGroup, l.Sets), wanted(model.FormGroup, l.Forms)
	l.Years = slices.Clone(l.Years)
	for _, group := range Takes(mis.Lesson{Sets: l.Sets,
		Forms: l.Forms}) { // of one that cannot be read, as the database has it
		if year, ok := w.yearOf[group]; ok && year.Known() {
			l.Years = append(l.Years, year)
		}
	}
	slices.Sort(l.Years)
	l.Years = slices.DeleteFunc(slices.Compact(l.Years), func(y era.Year) bool { return !w.imports(y) })
	return l, !isForSomebody || len(l.Sets)+len(l.Forms)+len(l.Years) > 0
}

// StaleDays lists the days whose lessons have to be read: those of which the database does not
// know that they are as they should be.
func (w *Wanted) StaleDays() (days []era.Date) {
	if w.Table == nil {
		return nil
	}
	known := maps.Clone(w.State.LessonDays)
	for _, day := range w.Table.Days {
		if known[day.Date] != day.Digest {
			days = append(days, day.Date)
		}
		delete(known, day.Date)
	}
	maps.DeleteFunc(known, func(date era.Date, _ model.Digest) bool { return w.Table.unknown[date] })
	for date := range known { // beyond the era's end, since it was shortened
		days = append(days, date)
	}
	slices.Sort(days)
	return days
}

// ReportWeeks names the weeks in term that no week of the timetable is allocated to.
func (w *Wanted) ReportWeeks() {
	if w.Table == nil || !w.Snap.Timetable.Speaks {
		return
	}
	var weeks []string
	last := era.Week{}
	for _, date := range w.termDays() {
		week := date.Week()
		if wd := date.Weekday(); week == last || wd == 0 || wd == 6 || len(w.Snap.Timetable.Allocations[week]) > 0 ||
			w.isFree(date) {
			continue
		}
		last = week
		weeks = append(weeks, fmt.Sprintf("week %d of %d (with %s)", week.Number, week.Year, date.Long()))
	}
	if len(weeks) > 0 {
		w.Problems.Add(mis.Problem{Section: "TimetableAllocations", Reason: mis.NoWeek,
			Detail: "no lessons, for no week of the timetable is allocated to " + strings.Join(weeks, ", ")})
	}
}

// termDays is the days of the terms from the as-of date on, or where nobody says when
// they are, those from the first to the last week that is allocated.
func (w *Wanted) termDays() (days []era.Date) {
	terms := w.Snap.Timetable.Terms
	if len(terms) == 0 {
		var first, last era.Date
		for date, end := w.Era.StartsOn, w.lastDay(); date <= end; date++ {
			if len(w.Snap.Timetable.Allocations[date.Week()]) > 0 {
				first, last = cmp.Or(first, date), date
			}
		}
		terms = []era.Interval{{From: first, To: last}}
	}
	for date, last := w.AsOf, w.lastDay(); date <= last; date++ {
		if slices.ContainsFunc(terms, func(t era.Interval) bool { return t.Contains(date) }) {
			days = append(days, date)
		}
	}
	return days
}

// isFree tells whether a gap takes the whole of a day from everybody.
func (w *Wanted) isFree(date era.Date) bool {
	var gaps []era.Suspension
	for _, s := range w.suspensions {
		if s.Kind == era.Gap && len(s.Years) == 0 {
			gaps = append(gaps, s)
		}
	}
	const dawn, dusk = 8 * 60, 15 * 60
	return era.Cover(gaps, date, dawn, dusk)
}
