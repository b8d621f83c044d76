package diff

import (
	"maps"
	"slices"

	"misimportd/era"
	"misimportd/importer/want"
	"misimportd/mis"
	"misimportd/store/model"
)

// gone lists the lessons of a day that are no longer in the timetable.
func (l *lessonDiffer) gone(names []string, have map[string]model.Lesson) (ids []string) {
	named := map[string]bool{}
	for _, id := range names {
		named[id] = true
	}
	for _, id := range slices.SortedFunc(maps.Keys(have), mis.CompareIDs) {
		h := have[id]
		if !named[id] && !l.Snap.Timetable.SilentOn(mis.LessonKind(h.Kind), id, h.Code, h.Name) {
			ids = append(ids, id)
		}
	}
	return ids
}

// known is the record by which a lesson is known: the one that it has on this day, or on
// others, or the first.
func (l *lessonDiffer) known(ids []string, have map[string]model.Lesson) string {
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
func (l *lessonDiffer) names(slots []want.Slot, have map[string]model.Lesson) []string {
	names, claimed := make([]string, len(slots)), map[string]bool{}
	for i, s := range slots {
		names[i] = l.known(l.Table.Lessons[s.Lesson].IDs, have)
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
		lesson := l.Table.Lessons[s.Lesson]
		at := place{string(lesson.Kind), lesson.Code, lesson.Name, dateOf(have).
			At(l.Snap.Timetable.Periods[lesson.PeriodID].From)}
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
func (l *lessonDiffer) sourceID(lesson mis.Lesson, row string) string {
	if slices.Contains(lesson.IDs, row) || l.Snap.Timetable.SilentOn(lesson.Kind, row, "\x00", "") {
		return row
	}
	return l.known(lesson.IDs, nil)
}
