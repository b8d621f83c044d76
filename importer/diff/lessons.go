package diff

import (
	"misimportd/era"
	"misimportd/importer/want"
	"misimportd/mis"
	"misimportd/store/model"
)

// dayPlan is what changes of the lessons of one day.
type dayPlan struct {
	date                                   era.Date
	uncommitted, deleted, updated, created []model.Change
	committed                              []model.Commitment // that are made: there may be a million
}

// lessonPlan is what changes of lessons, day by day.
type lessonPlan struct {
	days  []*dayPlan
	freed map[model.ID]int // how many commitments of an element go
}

func (p *lessonPlan) add(day *dayPlan) {
	p.days = append(p.days, day)
	for _, c := range day.uncommitted {
		p.freed[c.Before.(model.Commitment).ElementID]++
	}
}

// parts are the changes of all days. Those of one kind stand together: what goes comes before what
// comes in its place. The days are done with.
func (p *lessonPlan) parts() (parts []part) {
	kinds := []func(*dayPlan) part{
		func(d *dayPlan) part { return part{changes: d.uncommitted} },
		func(d *dayPlan) part { return part{changes: d.deleted} },
		func(d *dayPlan) part { return part{changes: d.updated} },
		func(d *dayPlan) part { return part{changes: d.created} },
		func(d *dayPlan) part { return part{commitments: d.committed} },
	}
	for _, kind := range kinds {
		for _, day := range p.days {
			parts = append(parts, kind(day))
		}
	}
	p.days = nil
	return parts
}

// planLessons plans the lessons of the days that were read (R23 to R26), and their
// commitments. A lesson is known by one of the MIS's records that make it, and its date.
// A day of which something waits stays whole as it is (R41).
func (d *differ) planLessons() *lessonPlan {
	whole := &lessonPlan{freed: map[model.ID]int{}}
	stale := d.StaleDays()
	if len(stale) == 0 {
		return whole
	}
	l := newLessonDiffer(d, stale)
	slots := map[era.Date][]want.Slot{}
	digests := map[era.Date]model.Digest{}
	for _, day := range d.Table.Days {
		slots[day.Date], digests[day.Date] = day.Slots, day.Digest
	}
	d.plan.Days, d.plan.Datasource = map[era.Date]model.Digest{}, d.state.DatasourceID
	days := make([]*dayPlan, len(stale))
	for i, date := range stale {
		days[i] = l.day(date, slots[date])
	}
	waits := l.waiting(days)
	for _, day := range days {
		if waits[day.date] {
			continue
		}
		whole.add(day)
		if digest, ok := digests[day.date]; ok {
			d.plan.Days[day.date] = digest
		}
	}
	return whole
}

// lessonDiffer holds what is needed to plan days of lessons.
type lessonDiffer struct {
	*differ
	have     map[era.Date]map[string]model.Lesson // by source id
	anywhere map[string]bool                      // source ids that there are on any day that was read
	taken    map[model.ID][]model.Commitment      // by lesson
	byRecord map[string][]mis.Lesson              // lessons of the timetable, once somebody asks
	elements [][]model.ID                         // that each lesson of the timetable takes, as far as they are there
}

func newLessonDiffer(d *differ, stale []era.Date) *lessonDiffer {
	l := &lessonDiffer{differ: d, have: map[era.Date]map[string]model.Lesson{}, anywhere: map[string]bool{},
		taken: map[model.ID][]model.Commitment{}}
	for _, date := range stale {
		l.have[date] = map[string]model.Lesson{}
	}
	for _, h := range d.state.Lessons {
		if have, isStale := l.have[h.OnDate]; isStale {
			have[h.SourceID] = h
			l.anywhere[h.SourceID] = true
		}
	}
	for _, c := range d.state.Commitments {
		l.taken[c.LessonID] = append(l.taken[c.LessonID], c)
	}
	if d.Table != nil {
		l.elements = make([][]model.ID, len(d.Table.Lessons))
		for i, lesson := range d.Table.Lessons {
			for _, to := range want.Takes(lesson) {
				if id := d.Elements[to]; id != 0 {
					l.elements[i] = append(l.elements[i], id)
				}
			}
		}
	}
	return l
}

// day plans one day.
func (l *lessonDiffer) day(date era.Date, slots []want.Slot) *dayPlan {
	day, have := &dayPlan{date: date}, l.have[date]
	names := l.names(slots, have)
	for i, s := range slots {
		l.slot(day, s, names[i])
	}
	for _, id := range l.gone(names, have) {
		h := have[id]
		for _, c := range l.taken[h.ID] {
			day.uncommitted = append(day.uncommitted,
				model.Change{Action: model.Delete, Why: model.GoneFromMIS, Before: c})
		}
		why, by := l.whyDeleted(h)
		day.deleted = append(day.deleted, model.Change{Action: model.Delete, Why: why, By: by, Before: h})
	}
	return day
}

// slot plans a lesson of a day that is known, or will be, by id.
func (l *lessonDiffer) slot(day *dayPlan, s want.Slot, id string) {
	lesson := l.Table.Lessons[s.Lesson]
	p := l.Snap.Timetable.Periods[lesson.PeriodID]
	w := model.Lesson{
		Origin: l.Origin(l.sourceID(lesson, id)), EraID: l.Era.ID, Kind: string(lesson.Kind), Code: lesson.Code,
		Name:   lesson.Name,
		OnDate: day.date, StartsAt: day.date.At(p.From), EndsAt: day.date.At(p.To), Suspended: s.By >= 0,
	}
	h, there := l.have[day.date][id]
	if nobodyKnows := lesson.Unsure.Groups &&
		len(lesson.Years) == 0; nobodyKnows { // whom it is for, and so what suspends it
		if !there {
			return
		}
		w.Suspended = h.Suspended
	}
	if !there {
		w.ID = l.plan.NewID()
		why, by := l.whyCreated(s)
		day.created = append(day.created, model.Change{Action: model.Create, Why: why, By: by, After: w})
	} else if w.ID = h.ID; w != h {
		why, by := l.whyUpdated(h, w, s)
		day.updated = append(day.updated, model.Change{Action: model.Update, Why: why, By: by, Before: h, After: w})
	}
	l.commit(day, w.ID, s)
}

// commit plans the commitments of a lesson. What cannot be read may be a part of it: then
// what it took of that kind it goes on taking (R33).
func (l *lessonDiffer) commit(day *dayPlan, row model.ID, s want.Slot) {
	lesson, elements := l.Table.Lessons[s.Lesson], l.elements[s.Lesson]
	wanted, had := map[model.ID]bool{}, map[model.ID]bool{}
	for _, id := range elements {
		wanted[id] = true
	}
	for _, c := range l.taken[row] {
		had[c.ElementID] = true
		if !wanted[c.ElementID] && !l.unsure(lesson, l.Kinds[c.ElementID]) &&
			l.differ.Kept[c.ElementID] != want.Awaited {
			day.uncommitted = append(day.uncommitted,
				model.Change{Action: model.Delete, Why: model.ChangedInMIS, Before: c})
		}
	}
	for _, e := range elements {
		if !had[e] {
			day.committed = append(day.committed,
				model.Commitment{ID: l.plan.NewID(), LessonID: row, ElementID: e})
		}
	}
}

// unsure tells whether it is unknown if a lesson takes more of a kind than is said.
func (l *lessonDiffer) unsure(lesson mis.Lesson, kind string) bool {
	t := &l.Snap.Timetable
	if t.FaultyCode[""] || t.FaultyCode[lesson.Code] && lesson.Code != "" || t.Doubtful[lesson.Code] &&
		lesson.Code != "" || t.Doubtful[lesson.Name] && lesson.Name != "" {
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

// suspendedBy is what suspends a lesson, in words; it is empty where nothing does.
func (l *lessonDiffer) suspendedBy(s want.Slot) string {
	if s.By < 0 {
		return ""
	}
	return suspensionAndWhom(l.Table.Suspensions[s.By])
}

func suspensionAndWhom(s era.Suspension) string { return s.Name + ", " + s.Whom() }

// whyCreated tells why a lesson comes, and what that is by.
func (l *lessonDiffer) whyCreated(s want.Slot) (why model.Reason, by string) {
	if s.By < 0 {
		return model.NewInMIS, ""
	}
	return model.Suspended, l.suspendedBy(s)
}

// whyUpdated tells why a lesson h becomes w.
func (l *lessonDiffer) whyUpdated(h, w model.Lesson, s want.Slot) (why model.Reason, by string) {
	flipped := h
	flipped.Suspended = w.Suspended
	switch {
	case flipped != w:
		return model.ChangedInMIS, ""
	case w.Suspended:
		return model.Suspended, l.suspendedBy(s)
	}
	return model.NotSuspended, ""
}

// whyDeleted tells why a lesson goes: it may have fallen into a gap.
func (l *lessonDiffer) whyDeleted(h model.Lesson) (why model.Reason, by string) {
	for _, s := range l.Table.Suspensions {
		if s.Kind != era.Gap || !s.Touches(h.OnDate, h.StartsAt.Clock(), clockAtEnd(h)) {
			continue
		}
		for _, lesson := range l.inTimetable(h.SourceID) {
			if s.NamesAll(lesson.Years) {
				return model.InGap, suspensionAndWhom(s)
			}
		}
	}
	return model.GoneFromMIS, ""
}

// inTimetable are the lessons of the timetable that a record makes.
func (l *lessonDiffer) inTimetable(id string) []mis.Lesson {
	if l.byRecord == nil {
		l.byRecord = map[string][]mis.Lesson{}
		for _, lesson := range l.Table.Lessons {
			for _, of := range lesson.IDs {
				l.byRecord[of] = append(l.byRecord[of], lesson)
			}
		}
	}
	return l.byRecord[id]
}

func clockAtEnd(h model.Lesson) era.Clock { return era.Clock(h.EndsAt - h.OnDate.At(0)) }
