package importer

import (
	"maps"
	"slices"

	"misimportd/era"
	"misimportd/mis"
	"misimportd/store"
)

// planLessons plans the lessons of the days that were read (R23 to R26), and their
// commitments. A lesson is known by one of the MIS's records that make it, and its date.
func (d *differ) planLessons() *lessonDiffer {
	l := newLessonDiffer(d)
	stale := d.stale()
	if len(stale) == 0 || d.holdTimetable {
		return l
	}
	byDate := map[era.Date]schoolDay{}
	for _, day := range d.table.days {
		byDate[day.date] = day
	}
	d.plan.Days, d.plan.Datasource = map[era.Date]string{}, d.state.DatasourceID
	if d.hold {
		for _, date := range stale {
			have := l.have[date]
			for _, id := range l.gone(l.names(byDate[date].slots, have), have) {
				l.staying[id], l.staying[have[id].Kind+"\x00"+have[id].Code] = true, true
			}
		}
	}
	for _, date := range stale {
		day, ok := byDate[date]
		l.waits = false
		l.day(date, day.slots)
		if ok && !l.waits {
			d.plan.Days[date] = day.digest
		}
	}
	for _, c := range l.uncommitted {
		l.freed[c.Before.(store.Commitment).ElementID]++
	}
	return l
}

// lessonDiffer holds what is needed to plan days of lessons.
type lessonDiffer struct {
	*differ
	have     map[era.Date]map[string]store.Lesson // by source id
	anywhere map[string]bool                      // source ids that there are on any day that was read
	taken    map[store.ID][]store.Commitment      // by lesson
	freed    map[store.ID]int                     // how many commitments of an element go
	waits    bool                                 // something of the day is held
	staying  map[string]bool                      // ids, and kinds with codes, of lessons that go on some day, and whose going is held

	uncommitted, deleted, updated, created, committed []store.Change
}

func newLessonDiffer(d *differ) *lessonDiffer {
	l := &lessonDiffer{differ: d, have: map[era.Date]map[string]store.Lesson{}, anywhere: map[string]bool{}, taken: map[store.ID][]store.Commitment{}, freed: map[store.ID]int{}, staying: map[string]bool{}}
	stale := map[era.Date]bool{}
	for _, day := range d.stale() {
		stale[day] = true
	}
	for _, h := range d.state.Lessons {
		if !stale[h.OnDate] {
			continue
		}
		if l.have[h.OnDate] == nil {
			l.have[h.OnDate] = map[string]store.Lesson{}
		}
		l.have[h.OnDate][h.SourceID] = h
		l.anywhere[h.SourceID] = true
	}
	for _, c := range d.state.Commitments {
		l.taken[c.LessonID] = append(l.taken[c.LessonID], c)
	}
	return l
}

// day plans one day.
func (l *lessonDiffer) day(date era.Date, slots []slot) {
	have := l.have[date]
	names := l.names(slots, have)
	gone := l.gone(names, have)
	held := l.hold && len(gone) > 0 // and so is what would come in their place
	l.waits = held
	for i, s := range slots {
		lesson := l.table.lessons[s.lesson]
		id := names[i]
		p := l.snap.Timetable.Periods[lesson.PeriodID]
		w := store.Lesson{
			Origin: l.origin(id), EraID: l.era.ID, Kind: string(lesson.Kind), Code: lesson.Code, Name: lesson.Name,
			OnDate: date, StartsAt: date.At(p.From), EndsAt: date.At(p.To), Suspended: s.by >= 0,
		}
		h, there := have[id]
		nobodyKnows := lesson.Unsure.Groups && len(lesson.Years) == 0 // whom it is for, and so what suspends it
		if nobodyKnows {
			if !there {
				continue
			}
			w.Suspended = h.Suspended
		}
		if there && l.holdSuspend && w.Suspended && !h.Suspended {
			w.Suspended, l.waits = false, true
		}
		w.SourceID = l.sourceID(lesson, id)
		if !there && (held || l.stands(lesson)) {
			l.waits = true
			continue
		}
		if !there {
			w.ID = l.plan.NewID()
			l.created = append(l.created, store.Change{Action: store.Create, Why: l.because(s, store.NewInMIS), After: w})
			l.commit(w.ID, lesson, nil)
			continue
		}
		if w.ID = h.ID; w != h {
			l.updated = append(l.updated, store.Change{Action: store.Update, Why: l.whyUpdated(h, w, s), Before: h, After: w})
		}
		l.commit(w.ID, lesson, l.taken[w.ID])
	}
	if held {
		return
	}
	for _, id := range gone {
		h := have[id]
		for _, c := range l.taken[h.ID] {
			l.uncommitted = append(l.uncommitted, store.Change{Action: store.Delete, Why: store.GoneFromMIS, Before: c})
		}
		l.deleted = append(l.deleted, store.Change{Action: store.Delete, Why: l.whyDeleted(h), Before: h})
	}
}

// stands tells whether a lesson goes on another day, and its going is held: it is not to be on
// both (R17).
func (l *lessonDiffer) stands(lesson mis.Lesson) bool {
	return l.staying[string(lesson.Kind)+"\x00"+lesson.Code] || slices.ContainsFunc(lesson.IDs, func(id string) bool { return l.staying[id] })
}

// gone lists the lessons of a day that are no longer in the timetable.
func (l *lessonDiffer) gone(names []string, have map[string]store.Lesson) (ids []string) {
	named := map[string]bool{}
	for _, id := range names {
		named[id] = true
	}
	for _, id := range slices.SortedFunc(maps.Keys(have), mis.CompareIDs) {
		h := have[id]
		if !named[id] && !l.snap.Timetable.SilentOn(mis.LessonKind(h.Kind), id, h.Code, h.Name) {
			ids = append(ids, id)
		}
	}
	return ids
}

// known is the record by which a lesson is known: the one that it has on this day, or on
// others, or the first.
func (l *lessonDiffer) known(ids []string, have map[string]store.Lesson) string {
	for _, id := range ids {
		if _, ok := have[id]; ok {
			return id
		}
	}
	for _, id := range ids {
		if l.anywhere[id] {
			return id
		}
	}
	return ids[0]
}

// names says by which of the rows of a day each slot's lesson is known, or by which record
// it will be. One that none of its records names may be there under a record that is gone,
// or cannot be read: it is the one of the same kind, code and time.
func (l *lessonDiffer) names(slots []slot, have map[string]store.Lesson) []string {
	names, claimed := make([]string, len(slots)), map[string]bool{}
	for i, s := range slots {
		names[i] = l.known(l.table.lessons[s.lesson].IDs, have)
		claimed[names[i]] = true
	}
	type place struct {
		kind, code, name string
		starts           era.Moment
	}
	var free map[place]string
	for i, s := range slots {
		if _, there := have[names[i]]; there {
			continue
		}
		if free == nil {
			free = map[place]string{}
			for _, id := range slices.SortedFunc(maps.Keys(have), mis.CompareIDs) {
				if h := have[id]; !claimed[id] {
					free[place{h.Kind, h.Code, h.Name, h.StartsAt}] = id
				}
			}
		}
		lesson := l.table.lessons[s.lesson]
		at := place{string(lesson.Kind), lesson.Code, lesson.Name, dateOf(have).At(l.snap.Timetable.Periods[lesson.PeriodID].From)}
		if id, ok := free[at]; ok {
			names[i] = id
			delete(free, at)
		}
	}
	return names
}

// dateOf is the day of a day's lessons.
func dateOf(have map[string]store.Lesson) era.Date {
	for _, h := range have {
		return h.OnDate
	}
	return 0
}

// sourceID is by which record a lesson is to be known that has the row of one. A row whose
// record is gone takes the name of one that is there; one that cannot be read is kept.
func (l *lessonDiffer) sourceID(lesson mis.Lesson, row string) string {
	if slices.Contains(lesson.IDs, row) || l.snap.Timetable.SilentOn(lesson.Kind, row, "\x00", "") {
		return row
	}
	return l.known(lesson.IDs, nil)
}

// commit plans the commitments of a lesson. What cannot be read may be a part of it: then
// what it took of that kind it goes on taking (R33).
func (l *lessonDiffer) commit(row store.ID, lesson mis.Lesson, taken []store.Commitment) {
	wanted, had := map[store.ID]bool{}, map[store.ID]bool{}
	var elements []store.ID
	for _, reference := range takes(lesson) {
		if id := l.elements[reference]; id != 0 {
			wanted[id] = true
			elements = append(elements, id)
		}
	}
	var leaving []store.Commitment
	without := map[string]bool{} // kinds of which something that goes is held
	for _, c := range taken {
		had[c.ElementID] = true
		if wanted[c.ElementID] || l.unsure(lesson, l.kinds[c.ElementID]) || l.differ.kept[c.ElementID] == awaited {
			continue
		}
		leaving = append(leaving, c)
		without[l.kinds[c.ElementID]] = l.hold
	}
	l.waits = l.waits || l.hold && len(leaving) > 0
	for _, c := range leaving {
		if !l.hold {
			l.uncommitted = append(l.uncommitted, store.Change{Action: store.Delete, Why: store.ChangedInMIS, Before: c})
		}
	}
	for _, e := range elements {
		if !had[e] && !without[l.kinds[e]] {
			l.committed = append(l.committed, store.Change{Action: store.Create, Why: store.NewInMIS, After: store.Commitment{ID: l.plan.NewID(), LessonID: row, ElementID: e}})
		}
	}
}

// unsure tells whether it is unknown if a lesson takes more of a kind than is said.
func (l *lessonDiffer) unsure(lesson mis.Lesson, kind string) bool {
	t := &l.snap.Timetable
	if t.FaultyCode[""] || t.FaultyCode[lesson.Code] && lesson.Code != "" || t.Doubtful[lesson.Code] && lesson.Code != "" || t.Doubtful[lesson.Name] && lesson.Name != "" {
		return true
	}
	switch kind {
	case "group":
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

// because is why a lesson is suspended, or another reason where it is not.
func (l *lessonDiffer) because(s slot, other store.Reason) store.Reason {
	if s.by < 0 {
		return other
	}
	return by(store.Suspended, l.table.suspensions[s.by])
}

// by is a reason with the suspension that it comes of.
func by(why store.Reason, s era.Suspension) store.Reason {
	return why + store.Reason(": "+s.Name+", "+s.Whom())
}

func (l *lessonDiffer) whyUpdated(h, w store.Lesson, s slot) store.Reason {
	flipped := h
	flipped.Suspended = w.Suspended
	switch {
	case flipped != w:
		return store.ChangedInMIS
	case w.Suspended:
		return l.because(s, "")
	}
	return store.NotSuspended
}

// whyDeleted finds the gap that a lesson has fallen into, if it has.
func (l *lessonDiffer) whyDeleted(h store.Lesson) store.Reason {
	for _, s := range l.table.suspensions {
		if s.Kind != era.Gap || !s.Touches(h.OnDate, h.StartsAt.Clock(), clockAtEnd(h)) {
			continue
		}
		for _, lesson := range l.table.lessons {
			if slices.Contains(lesson.IDs, h.SourceID) && s.NamesAll(lesson.Years) {
				return by(store.InGap, s)
			}
		}
	}
	return store.GoneFromMIS
}

func clockAtEnd(h store.Lesson) era.Clock { return era.Clock(h.EndsAt - h.OnDate.At(0)) }
