package want

import (
	"maps"
	"slices"

	"misimportd/era"
	"misimportd/mis"
	"misimportd/store/model"
)

// sortedIDs are the source ids of a day's lessons, in order.
func sortedIDs(have map[string]model.Lesson) []string {
	return slices.SortedFunc(maps.Keys(have), mis.CompareIDs)
}

// known is the record by which a lesson is known: the one that it has on this day, or on
// others, or the first.
func (s *spelling) known(ids []string, have map[string]model.Lesson) string {
	for _, id := range ids {
		if _, ok := have[id]; ok {
			return id
		}
	}
	for _, id := range ids {
		if s.anywhere[id] {
			return id
		}
	}
	return ids[0]
}

// names says by which of the rows of a day each slot's lesson is known, or by which record
// it will be. One that none of its records names may be there under a record that is gone,
// or cannot be read: it is the one of the same kind, code and time.
func (s *spelling) names(slots []Slot, have map[string]model.Lesson) []string {
	names, claimed := make([]string, len(slots)), map[string]bool{}
	for i, slot := range slots {
		names[i] = s.known(s.Table.Lessons[slot.Lesson].IDs, have)
		claimed[names[i]] = true
	}
	type place struct {
		kind, code, name string
		starts           era.Moment
	}
	var free map[place]string
	for i, slot := range slots {
		if _, there := have[names[i]]; there || s.Table.Lessons[slot.Lesson].Kind == mis.Event ||
			s.Table.Lessons[slot.Lesson].Kind == mis.Own {
			continue // an event is known by its id alone
		}
		if free == nil {
			free = map[place]string{}
			for _, id := range sortedIDs(have) {
				if h := have[id]; !claimed[id] {
					free[place{h.Kind, h.Code, h.Name, h.StartsAt}] = id
				}
			}
		}
		lesson := s.Table.Lessons[slot.Lesson]
		at := place{string(lesson.Kind), lesson.Code, lesson.Name, dateOf(have).
			At(s.Table.periods[lesson.PeriodID].From)}
		if id, ok := free[at]; ok {
			names[i] = id
			delete(free, at)
		}
	}
	return names
}

// dateOf is the day of a day's lessons.
func dateOf(have map[string]model.Lesson) era.Date {
	for _, h := range have {
		return h.OnDate
	}
	return 0
}

// sourceID is by which record a lesson is to be known that has the row of one. A row whose
// record is gone takes the name of one that is there; one that cannot be read is kept. (Only
// the record counts here, so the code that is asked for is one that no lesson has.)
func (s *spelling) sourceID(lesson mis.Lesson, row string) string {
	if slices.Contains(lesson.IDs, row) || s.Snap.Timetable.SilentOn(lesson.Kind, row, "\x00", "") {
		return row
	}
	return s.known(lesson.IDs, nil)
}
