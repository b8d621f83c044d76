package want

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"misimportd/era"
	"misimportd/importer/words"
	"misimportd/mis"
	"misimportd/store/model"
)

// Event is what a school lists in its own files: a duty, a meeting, whatever comes again beside lessons.
type Event struct {
	Title, Kind, Note string
	When              era.Recurrence
	Weeks             []string // letters of weeks, NoWeek, Holidays or AllWeeks; none means all of term
	From, To          era.Clock
	Staff             []Mention
	Groups            []Mention
	Rooms             []Mention
	Organiser         Mention
	File              string
	Line              int
}

// Mention is how a file names somebody or something.
type Mention struct {
	Text string
	Line int
}

// What an event's weeks can be beside letters.
const (
	NoWeek   = "none"     // weeks in term to which no week of the timetable is allocated
	Holidays = "holidays" // days that are not in term, or in a gap for everybody
	AllWeeks = "all"
)

// OwnSection is what the files of events are called by in problems.
const OwnSection = "events"

// ownEvent is an event of the school's own as a lesson.
type ownEvent struct {
	Note       string
	takes      []Ref
	organiser  Ref
	inHolidays bool // a gap does not take it away
}

// ownEventsSpeak tells whether what is not in the school's files is not so. Without a timetable that was there
// before, or its terms, nobody knows which week is which: then events stay as they are.
func (w *Wanted) ownEventsSpeak() bool {
	t := &w.Snap.Timetable
	isCertain := !t.TermsFault && !t.WeeksFault && (len(t.Terms) > 0 || !w.HadTerms) &&
		(t.Speaks || w.timetabledDays() == 0)
	return w.HasEvents && !w.LeavesOthers() && isCertain
}

// reportNoEvents tells of events that stay because nobody names a file of them any more.
func (w *Wanted) reportNoEvents() {
	there := w.daysWithLessons(mis.Own)
	why := "there is no file of events (events_files), so those that a run read in one stay as they are (%s); to " +
		"take them out, name a file without them"
	if w.HasEvents {
		why = "the document does not tell all terms and weeks that it told, so the school's own events stay as they " +
			"are (%s)"
	}
	if there > 0 && !w.LeavesOthers() && !w.ownEventsSpeak() {
		w.Problems.Add(mis.Problem{Section: OwnSection, Reason: mis.SectionIsAbsent,
			Detail: fmt.Sprintf(why, words.Many(there, "day"))})
	}
}

// addOwnEvents places the school's own events on the days.
func (w *Wanted) addOwnEvents() {
	if !w.Table.ownSpeak || len(w.Events) == 0 {
		return
	}
	w.nameElements() // groups that follow from others are there by now, too
	w.Table.periods = maps.Clone(w.Table.periods)
	if w.Table.periods == nil {
		w.Table.periods = map[string]mis.Period{}
	}
	m := &eventMaking{Wanted: w, finder: w.newFinder(), refs: map[model.ID]Ref{}, calendar: w.newCalendar()}
	for ref, id := range w.Elements {
		m.refs[id] = ref
	}
	ids := ownIDs(w.Events)
	for i, e := range w.Events {
		m.add(e, ids[i])
	}
}

// ownIDs are the ids by which events are known: what is on at one time under one name is one event, whoever takes
// it. Of several that are so alike each has a number.
func ownIDs(events []Event) []string {
	ids, order := make([]string, len(events)), make([]int, len(events))
	seen := map[string]int{}
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(events[a].all(), events[b].all()) })
	for _, i := range order {
		e := events[i]
		sum := sha256.Sum256([]byte(fmt.Sprint(strings.ToLower(e.Title), "\x00", strings.ToLower(e.Kind),
			e.When.Weekdays,
			e.When.Occurrences, e.Weeks, e.From, e.To, textsOf(e.Rooms))))
		const enough = 6
		id := "own/" + hex.EncodeToString(sum[:enough])
		if seen[id]++; seen[id] > 1 {
			ids[i] = fmt.Sprintf("%s/%d", id, seen[id])
			continue
		}
		ids[i] = id
	}
	return ids
}

// all is everything that an event says, wherever it stands.
func (e Event) all() string {
	return fmt.Sprint(e.Title, e.Kind, e.When, e.Weeks, e.From, e.To, textsOf(e.Staff), textsOf(e.Groups),
		textsOf(e.Rooms), e.Organiser.Text, e.Note)
}

func textsOf(list []Mention) (texts []string) {
	for _, m := range list {
		texts = append(texts, m.Text)
	}
	return texts
}

// eventMaking makes lessons of the school's own events.
type eventMaking struct {
	*Wanted
	finder   *finder
	refs     map[model.ID]Ref
	calendar calendar
}

func (m *eventMaking) add(e Event, id string) {
	l := mis.Lesson{IDs: []string{id}, Kind: mis.Own, Code: e.Kind, Name: e.Title, PeriodID: id}
	own := ownEvent{Note: e.Note, inHolidays: slices.Contains(e.Weeks, Holidays) || slices.Contains(e.Weeks, AllWeeks)}
	for _, of := range []struct {
		kind string
		list []Mention
	}{{"staff", e.Staff}, {"group", e.Groups}, {"location", e.Rooms}} {
		for n, mention := range of.list {
			if ref, ok := m.find(e, &l, of.kind, mention, n+1); ok && !slices.Contains(own.takes, ref) {
				own.takes = append(own.takes, ref)
			}
		}
	}
	if e.Organiser.Text != "" {
		own.organiser, _ = m.find(e, &l, "staff", e.Organiser, 0)
	}
	l.Years = m.yearsOf(own.takes)
	index := len(m.Table.Lessons)
	m.Table.Lessons = append(m.Table.Lessons, l)
	m.Table.own[index] = own
	m.Table.periods[id] = mis.Period{ID: id, From: e.From, To: e.To}
	m.place(e, index)
}

// place puts an event on its days, and tells of one that has none in the whole era.
func (m *eventMaking) place(e Event, index int) {
	for i := range m.Table.Days {
		day := &m.Table.Days[i]
		if e.When.On(day.Date) && m.calendar.has(e.Weeks, day.Date) {
			m.Table.add(day, Slot{index, nothing})
		}
	}
	for _, week := range e.Weeks {
		if !m.calendar.knows(week) {
			m.note(e, e.Line, mis.UnknownWeek, "the timetable has no week %q: it has %s, and there are %s, %s and %s",
				week, strings.Join(m.calendar.all, ", "), NoWeek, Holidays, AllWeeks)
		}
	}
	last := m.lastDay()
	if e.When.Range.To != 0 && e.When.Range.To < m.AsOf || e.When.Range.From > last {
		return
	}
	for date := m.Era.StartsOn; date <= last; date++ {
		if e.When.On(date) {
			return
		}
	}
	m.note(e, e.Line, mis.NeverTakesPlace, "there is no such day in era %s", m.Era.Name)
}

// find is what a mention means. What is not found, or fits more than one, is reported, and left out.
func (m *eventMaking) find(e Event, l *mis.Lesson, kind string, mention Mention, n int) (Ref, bool) {
	found := m.finder.find(ExtraMember{Kind: kind, Text: mention.Text})
	which := ExtraMember{Kind: kind, Text: mention.Text}.called(n)
	if n == 0 {
		which = "the organiser"
	}
	switch {
	case len(found) == 1:
		return m.refs[found[0]], true
	case len(found) > 1:
		m.note(e, mention.Line, mis.Ambiguous, "%s fits several; write the id of one: %s; left out", which,
			strings.Join(m.finder.idsOf(found), ", "))
		return Ref{}, false
	}
	switch kind {
	case "staff":
		l.Unsure.Staff = l.Unsure.Staff || m.Snap.Staff.SaysNothing() || len(m.Snap.Staff.Faulty) > 0
		if l.Unsure.Staff {
			m.note(e, mention.Line, mis.UnknownTeacher, "%s is not among the staff that can be read; left as it was",
				which)
		} else if m.hasLeft(mention.Text) {
			m.note(e, mention.Line, mis.UnknownTeacher, "%s has left; taken out of it", which)
		} else {
			m.note(e, mention.Line, mis.UnknownTeacher, "%s is no member of staff; left out", which)
		}
	case "location":
		l.Unsure.Locations = l.Unsure.Locations || m.Snap.Locations.SaysNothing()
		m.note(e, mention.Line, mis.UnknownRoom, "there is no room %q; left out", mention.Text)
	default:
		m.note(e, mention.Line, mis.UnknownGroup, "%s is no group; left out", which)
	}
	return Ref{}, false
}

// hasLeft tells whether a member of staff of this code or name was there once.
func (w *Wanted) hasLeft(text string) bool {
	return slices.ContainsFunc(w.State.Staff, func(s model.Staff) bool {
		return strings.EqualFold(s.Code, text) || strings.EqualFold(s.Name, text) || s.SourceID == text ||
			strings.EqualFold(s.Initials, text)
	})
}

// yearsOf is the year groups of those whom an event is for, none where one of them has none.
func (w *Wanted) yearsOf(takes []Ref) (years []era.Year) {
	for _, to := range takes {
		if to.Kind == "staff" || to.Kind == "location" {
			continue
		}
		year, known := w.yearOf[to]
		if !known || !year.Known() {
			return nil
		}
		years = append(years, year)
	}
	slices.Sort(years)
	return slices.Compact(years)
}

func (m *eventMaking) note(e Event, line int, reason mis.Reason, format string, args ...any) {
	// A title may hold a name: the place says which event it is.
	m.Problems.Add(mis.Problem{Section: OwnSection, ID: fmt.Sprintf("%s:%d", filepath.Base(e.File), line),
		Reason: reason, Line: line, Detail: fmt.Sprintf(format, args...)})
}

// calendar knows which week of the timetable a day is in, and whether it is in term.
type calendar struct {
	letters map[string]string // of weeks, by id, in small letters
	all     []string          // as people write them
	weeks   map[era.Week][]string
	term    map[era.Date]bool
	anyDay  bool // nobody says when term is
	isFree  func(era.Date) bool
}

func (w *Wanted) newCalendar() calendar {
	t := &w.Snap.Timetable
	c := calendar{letters: map[string]string{}, weeks: t.Allocations, term: map[era.Date]bool{},
		anyDay: len(t.Terms)+len(t.Allocations) == 0, isFree: w.isFree}
	for _, week := range t.Weeks {
		c.letters[week.ID] = strings.ToLower(week.Letter())
		c.all = append(c.all, week.Letter())
	}
	for _, date := range w.termDays() {
		c.term[date] = true
	}
	return c
}

func (c calendar) knows(week string) bool {
	return week == NoWeek || week == Holidays || week == AllWeeks || len(c.letters) == 0 ||
		slices.ContainsFunc(c.all, func(letter string) bool { return strings.EqualFold(letter, week) })
}

// has tells whether a day is in one of an event's weeks.
func (c calendar) has(weeks []string, date era.Date) bool {
	inTerm := (c.anyDay || c.term[date]) && !c.isFree(date)
	if len(weeks) == 0 {
		return inTerm
	}
	allocated := c.weeks[date.Week()]
	return slices.ContainsFunc(weeks, func(week string) bool {
		switch week {
		case AllWeeks:
			return true
		case Holidays:
			return !inTerm
		case NoWeek:
			return inTerm && len(allocated) == 0
		}
		return inTerm && slices.ContainsFunc(allocated, func(id string) bool {
			return c.letters[id] == strings.ToLower(week)
		})
	})
}
