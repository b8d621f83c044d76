package want

import (
	"slices"

	"misimportd/era"
	"misimportd/mis"
	"misimportd/store/model"
)

// Lesson is a lesson that there should be on a day.
type Lesson struct {
	model.Lesson
	Takes  []model.ID
	Covers []Cover
	by     int // the suspension that it falls to, by index, or nothing, or cancelled
}

func (l Lesson) isNew() bool { return l.ID < 0 }

// Day is the lessons that there should be on a day that was read.
type Day struct {
	Date    era.Date
	Lessons []Lesson
	Digest  model.Digest // what is known of the day then, "" where something of it waits
}

// spelling is what is needed to spell out the lessons of days that were read.
type spelling struct {
	*Wanted
	lessons  model.DayLessons
	rows     map[model.ID]model.Lesson
	have     map[era.Date]map[string]model.Lesson // by source id
	anywhere map[string]bool                      // source ids that there are on any day that was read
	taken    map[model.ID][]model.Commitment      // by lesson
	elements [][]model.ID                         // that each lesson of the timetable takes, as far as they are there
}

// Spell works out which lessons there should be on the days that StaleDays names, given the lessons that
// the database has there (R23 to R26). A lesson is known by one of the MIS's records that make it, and its
// date. What cannot be read stays as it is, and a day of which something waits stays so whole (R41): for
// its sake some people may stay where they are.
func (w *Wanted) Spell(lessons model.DayLessons) {
	stale := w.StaleDays()
	if len(stale) == 0 {
		return
	}
	s := w.newSpelling(lessons, stale)
	of := map[era.Date]schoolDay{}
	for _, day := range w.Table.Days {
		of[day.Date] = day
	}
	w.Days = make([]Day, len(stale))
	for i, date := range stale {
		w.Days[i] = s.day(date, of[date])
	}
	s.holdWaiting(w.Days)
}

func (w *Wanted) newSpelling(lessons model.DayLessons, stale []era.Date) *spelling {
	s := &spelling{Wanted: w, lessons: lessons, rows: map[model.ID]model.Lesson{},
		have: map[era.Date]map[string]model.Lesson{}, anywhere: map[string]bool{},
		taken: map[model.ID][]model.Commitment{}}
	for _, date := range stale {
		s.have[date] = map[string]model.Lesson{}
	}
	for _, h := range lessons.Lessons {
		if have, isStale := s.have[h.OnDate]; isStale {
			have[h.SourceID], s.rows[h.ID] = h, h
			s.anywhere[h.SourceID] = true
		}
	}
	for _, c := range lessons.Commitments {
		s.taken[c.LessonID] = append(s.taken[c.LessonID], c)
	}
	s.elements = make([][]model.ID, len(w.Table.Lessons))
	for i := range w.Table.Lessons {
		for _, to := range w.Table.takes(i) {
			if id := w.Elements[to]; id != 0 {
				s.elements[i] = append(s.elements[i], id)
			}
		}
	}
	return s
}

// day spells out one day.
func (s *spelling) day(date era.Date, of schoolDay) Day {
	day, have := Day{Date: date, Digest: of.Digest}, s.have[date]
	names := s.names(of.Slots, have)
	named := map[string]bool{}
	for i, slot := range of.Slots {
		named[names[i]] = true
		if l, ok := s.lesson(date, slot, names[i]); ok {
			day.Lessons = append(day.Lessons, l)
		}
	}
	for _, id := range sortedIDs(have) {
		h := have[id]
		if !named[id] && s.isSilentOn(id, h) {
			day.Lessons = append(day.Lessons, s.asTaken(h))
		}
	}
	return day
}

// isSilentOn tells whether nobody knows if a lesson that is there, known by id, is to be.
func (s *spelling) isSilentOn(id string, h model.Lesson) bool {
	kind := mis.LessonKind(h.Kind)
	return kind == mis.Event && s.LeavesOthers() || kind == mis.Own && !s.Table.ownSpeak || kind != mis.Own &&
		s.Snap.Timetable.SilentOn(kind, id, h.Code, h.Name)
}

// asItIs is a day with the lessons that it has.
func (s *spelling) asItIs(date era.Date) Day {
	day, have := Day{Date: date}, s.have[date]
	for _, id := range sortedIDs(have) {
		day.Lessons = append(day.Lessons, s.asTaken(have[id]))
	}
	return day
}

// asTaken is a lesson as the database has it.
func (s *spelling) asTaken(h model.Lesson) Lesson {
	l := Lesson{Lesson: h, by: nothing}
	for _, c := range s.taken[h.ID] {
		if c.IsCover() {
			l.Covers = append(l.Covers, Cover{c.ElementID, c.CoversID, c.SourceID})
		} else {
			l.Takes = append(l.Takes, c.ElementID)
		}
	}
	return l
}

// gone is the lessons that a day has and should not have.
func (s *spelling) gone(day Day) (gone []model.Lesson) {
	stays := map[model.ID]bool{}
	for _, l := range day.Lessons {
		stays[l.ID] = true
	}
	for _, h := range s.have[day.Date] {
		if !stays[h.ID] {
			gone = append(gone, h)
		}
	}
	return gone
}

// lesson is a lesson of a day that is known, or will be, by id. It is not wanted where nobody knows whom
// it is for, and it is not there.
func (s *spelling) lesson(date era.Date, slot Slot, id string) (Lesson, bool) {
	of := s.Table.Lessons[slot.Lesson]
	p := s.Table.periods[of.PeriodID]
	l := Lesson{by: slot.By, Takes: s.elements[slot.Lesson], Lesson: model.Lesson{
		Origin: s.Origin(s.sourceID(of, id)), EraID: s.Era.ID, Kind: string(of.Kind), Code: of.Code, Name: of.Name,
		OnDate: date, StartsAt: date.At(p.From), EndsAt: date.At(p.To), Suspended: slot.By != nothing}}
	if own, isOwn := s.Table.own[slot.Lesson]; isOwn {
		l.Note, l.OrganiserID = own.Note, s.Elements[own.organiser]
	}
	h, there := s.have[date][id]
	if nobodyKnows := of.Unsure.Groups && len(of.Years) == 0 &&
		of.Kind != mis.Event && of.Kind != mis.Own; nobodyKnows { // and so what suspends it
		l.Suspended = h.Suspended
		if !there {
			return l, false
		}
	}
	l.Covers = s.coversOf(date, slot.Lesson, h.ID)
	if !there {
		l.ID = s.NewID()
		return l, true
	}
	l.ID = h.ID
	for _, c := range s.taken[h.ID] {
		if !c.IsCover() && !slices.Contains(l.Takes, c.ElementID) && s.goesOnTaking(of, c.ElementID) {
			l.Takes = append(slices.Clip(l.Takes), c.ElementID)
		}
	}
	return l, true
}

// goesOnTaking tells whether what a lesson took and is not said to take any more stays: it may be a
// part of what cannot be read (R33), or is awaited.
func (s *spelling) goesOnTaking(of mis.Lesson, element model.ID) bool {
	return s.unsure(of, s.Kinds[element]) || s.Kept[element] == Awaited
}

// unsure tells whether it is unknown if a lesson takes more of a kind than is said.
func (s *spelling) unsure(lesson mis.Lesson, kind string) bool {
	t := &s.Snap.Timetable
	if t.FaultyCode[""] || t.FaultyCode[lesson.Code] && lesson.Code != "" || t.Doubtful[lesson.Code] &&
		lesson.Code != "" || t.Doubtful[lesson.Name] && lesson.Name != "" {
		return true
	}
	switch kind {
	case "group", "subject": // that is the group's
		return lesson.Unsure.Groups
	case "staff":
		return lesson.Unsure.Staff
	case "location":
		return lesson.Unsure.Locations
	case "pupil":
		return lesson.Unsure.Pupils
	}
	return false
}

// SuspendedBy is what suspends a lesson, in words; it is empty where nothing does.
func (w *Wanted) SuspendedBy(l Lesson) string {
	switch l.by {
	case nothing:
		return ""
	case cancelled:
		return "cancelled in the MIS"
	}
	return suspensionAndWhom(w.Table.Suspensions[l.by])
}

func suspensionAndWhom(s era.Suspension) string { return s.Name + ", " + s.Whom() }

// WhyLessonGone tells why a lesson goes, and what that is by: it may have fallen into a gap.
func (w *Wanted) WhyLessonGone(h model.Lesson) (why model.Reason, by string) {
	for _, s := range w.Table.Suspensions {
		if s.Kind != era.Gap || !s.Touches(h.OnDate, h.StartsAt.Clock(), clockAtEnd(h)) {
			continue
		}
		for _, lesson := range w.madeBy(h.SourceID) {
			if s.NamesAll(lesson.Years) {
				return model.InGap, suspensionAndWhom(s)
			}
		}
	}
	if h.Kind == string(mis.Own) {
		return model.GoneFromFile, ""
	}
	return model.GoneFromMIS, ""
}

// madeBy are the lessons of the timetable that a record makes.
func (w *Wanted) madeBy(id string) []mis.Lesson {
	if w.byRecord == nil {
		w.byRecord = map[string][]mis.Lesson{}
		for _, lesson := range w.Table.Lessons {
			for _, of := range lesson.IDs {
				w.byRecord[of] = append(w.byRecord[of], lesson)
			}
		}
	}
	return w.byRecord[id]
}

func clockAtEnd(h model.Lesson) era.Clock { return era.Clock(h.EndsAt - h.OnDate.At(0)) }
