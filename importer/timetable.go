package importer

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strings"

	"misimportd/era"
	"misimportd/mis"
	"misimportd/store"
)

// timetable is the lessons that there should be on each day from the as-of date to the
// era's end (R23), in the MIS's terms. Days are small: a day holds which lessons of the
// timetable are on it, and which of those are suspended. Only days of which the database
// does not know the like yet are spelled out.
type timetable struct {
	lessons     []mis.Lesson // those that the school imports
	days        []schoolDay  // in order
	suspensions []era.Suspension
}

// schoolDay is the lessons of one day.
type schoolDay struct {
	date   era.Date
	slots  []slot
	digest string
}

// slot is a lesson of the timetable on a day; by is the suspension that it falls to, by
// index, or -1.
type slot struct{ lesson, by int }

// expand works out the days. Without a timetable that speaks there are none.
func (d *differ) expand() {
	if !d.snap.Timetable.Speaks {
		return
	}
	d.table = &timetable{suspensions: d.suspensions}
	for _, l := range d.snap.Timetable.Lessons {
		if l, ok := d.imported(l); ok {
			d.table.lessons = append(d.table.lessons, l)
		}
	}
	speaking := d.snap.Timetable
	speaking.Lessons = d.table.lessons
	byPlace := speaking.ByPlace()
	prints := make([][]byte, len(d.table.lessons))
	for i, l := range d.table.lessons {
		prints[i] = fingerprint(l, speaking.Periods[l.PeriodID])
	}
	mark := d.protectionMark()
	for date := d.asOf; date <= d.lastDay(); date++ {
		day := d.table.day(date, speaking.On(date, byPlace), speaking.Periods)
		sum := sha256.New()
		fmt.Fprintf(sum, "1 %q %s\n", d.era.Name, mark)
		for _, s := range day.slots {
			sum.Write(prints[s.lesson])
			sum.Write([]byte{byte(min(s.by, 0))})
		}
		day.digest = shortened(sum)
		d.table.days = append(d.table.days, day)
	}
}

func shortened(sum hash.Hash) string {
	const enough = 16
	return hex.EncodeToString(sum.Sum(nil)[:enough])
}

// lastDay is the era's end, or where it has none the last day of the last week that is
// allocated.
func (d *differ) lastDay() era.Date {
	if d.era.EndsOn != 0 {
		return d.era.EndsOn
	}
	const years = 3
	for date := d.asOf.AddDays(years * 366); date >= d.asOf; date-- {
		if len(d.snap.Timetable.Allocations[date.Week()]) > 0 {
			return date
		}
	}
	return d.asOf - 1
}

// day is the lessons of a date, but for those in a gap (R26).
func (t *timetable) day(date era.Date, lessons []int, periods map[string]mis.Period) schoolDay {
	day := schoolDay{date: date}
	if len(lessons) == 0 {
		return day
	}
	var here []int
	for i, s := range t.suspensions {
		if s.Days().Contains(date) {
			here = append(here, i)
		}
	}
	slices.Sort(lessons)
	for _, i := range slices.Compact(lessons) {
		p := periods[t.lessons[i].PeriodID]
		by, gap := -1, false
		for _, n := range here {
			s := t.suspensions[n]
			switch applies := s.NamesAll(t.lessons[i].Years) && s.Touches(date, p.From, p.To); {
			case applies && s.Kind == era.Gap:
				gap = true
			case applies && by < 0:
				by = n
			}
		}
		if !gap {
			day.slots = append(day.slots, slot{i, by})
		}
	}
	return day
}

// imported leaves out of a lesson what is of year groups that the school does not import.
// A lesson that is for nobody else is not wanted.
func (d *differ) imported(l mis.Lesson) (mis.Lesson, bool) {
	isForSomebody := len(l.Sets)+len(l.Forms)+len(l.Years) > 0
	l.Sets = slices.DeleteFunc(slices.Clone(l.Sets), func(id string) bool { return d.unwanted["set "+id] })
	l.Forms = slices.DeleteFunc(slices.Clone(l.Forms), func(id string) bool { return d.unwanted["form "+id] })
	l.Years = slices.DeleteFunc(slices.Clone(l.Years), func(y era.Year) bool { return !d.imports(y) })
	return l, !isForSomebody || len(l.Sets)+len(l.Forms)+len(l.Years) > 0
}

// fingerprint is all that makes a lesson what it is, in few bytes.
func fingerprint(l mis.Lesson, p mis.Period) []byte {
	sum := sha256.New()
	for _, list := range [][]string{{string(l.Kind), l.Code, l.Name, p.From.String(), p.To.String()}, l.IDs, l.Sets, l.Forms, l.Staff, l.Locations, l.Pupils} {
		fmt.Fprintf(sum, "%d", len(list))
		for _, text := range list {
			fmt.Fprintf(sum, " %d %s", len(text), text)
		}
	}
	return sum.Sum(nil)
}

// protectionMark tells one set of records that could not be read from another: what they
// protect is a part of what the days are.
func (d *differ) protectionMark() string {
	t := &d.snap.Timetable
	if !t.Protects() {
		return ""
	}
	return fmt.Sprintf("%q %q", slices.Sorted(maps.Keys(t.Faulty)), slices.Sorted(maps.Keys(t.FaultyCode)))
}

// stale lists the days whose lessons have to be read: those of which the database does not
// know that they are as they should be.
func (d *differ) stale() (days []era.Date) {
	if d.table == nil {
		return nil
	}
	known := maps.Clone(d.state.LessonDays)
	for _, day := range d.table.days {
		if known[day.date] != day.digest {
			days = append(days, day.date)
		}
		delete(known, day.date)
	}
	for date := range known { // beyond the era's end, since it was shortened
		days = append(days, date)
	}
	slices.Sort(days)
	return days
}

// changeLessons plans the lessons of the days that were read (R23 to R26), and their
// commitments. A lesson is known by one of the MIS's records that make it, and its date.
func (d *differ) changeLessons() {
	stale := d.stale()
	if len(stale) == 0 {
		return
	}
	l := newLessonDiffer(d)
	byDate := map[era.Date]schoolDay{}
	for _, day := range d.table.days {
		byDate[day.date] = day
	}
	d.plan.Days, d.plan.Datasource = map[era.Date]string{}, d.state.DatasourceID
	for _, date := range stale {
		day, ok := byDate[date]
		l.day(date, day.slots)
		if ok {
			d.plan.Days[date] = day.digest
		}
	}
	d.plan.Changes = slices.Concat(d.plan.Changes, l.uncommitted, l.deleted, l.updated, l.created, l.committed)
}

// lessonDiffer holds what is needed to plan days of lessons.
type lessonDiffer struct {
	*differ
	have     map[era.Date]map[string]store.Lesson // by source id
	anywhere map[string]bool                      // source ids that there are on any day that was read
	taken    map[store.ID][]store.Commitment      // by lesson
	elements map[string]store.ID                  // by kind and source id
	protects bool

	uncommitted, deleted, updated, created, committed []store.Change
}

func newLessonDiffer(d *differ) *lessonDiffer {
	l := &lessonDiffer{differ: d, have: map[era.Date]map[string]store.Lesson{}, anywhere: map[string]bool{}, taken: map[store.ID][]store.Commitment{},
		elements: map[string]store.ID{}, protects: d.snap.Timetable.Protects()}
	for _, h := range d.state.Lessons {
		if l.have[h.OnDate] == nil {
			l.have[h.OnDate] = map[string]store.Lesson{}
		}
		l.have[h.OnDate][h.SourceID] = h
		l.anywhere[h.SourceID] = true
	}
	for _, c := range d.state.Commitments {
		l.taken[c.LessonID] = append(l.taken[c.LessonID], c)
	}
	for _, g := range d.want.groups {
		l.elements[g.GroupKind+" "+g.SourceID] = g.ID
	}
	for _, s := range d.want.staff {
		l.elements["staff "+s.SourceID] = s.ID
	}
	for _, r := range d.want.locations {
		l.elements["location "+r.SourceID] = r.ID
	}
	for _, p := range d.want.pupils {
		l.elements["pupil "+p.SourceID] = p.ID
	}
	return l
}

// day plans one day.
func (l *lessonDiffer) day(date era.Date, slots []slot) {
	have, done := l.have[date], map[string]bool{}
	for _, s := range slots {
		lesson := l.table.lessons[s.lesson]
		id := l.known(lesson.IDs, have)
		done[id] = true
		p := l.snap.Timetable.Periods[lesson.PeriodID]
		w := store.Lesson{
			Origin: l.origin(id), EraID: l.era.ID, Kind: string(lesson.Kind), Code: lesson.Code, Name: lesson.Name,
			OnDate: date, StartsAt: date.At(p.From), EndsAt: date.At(p.To), Suspended: s.by >= 0,
		}
		h, there := have[id]
		if !there {
			w.ID = l.plan.NewID()
			l.created = append(l.created, store.Change{Action: store.Create, Why: l.because(s, store.NewInMIS), After: w})
			l.commit(w.ID, l.wanted(lesson), nil)
			continue
		}
		if w.ID = h.ID; w != h {
			l.updated = append(l.updated, store.Change{Action: store.Update, Why: l.whyUpdated(h, w, s), Before: h, After: w})
		}
		l.commit(w.ID, l.wanted(lesson), l.taken[w.ID])
	}
	for _, id := range slices.SortedFunc(maps.Keys(have), mis.CompareIDs) {
		h := have[id]
		if done[id] || l.snap.Timetable.SilentOn(id, h.Code, h.Name) {
			continue
		}
		for _, c := range l.taken[h.ID] {
			l.uncommitted = append(l.uncommitted, store.Change{Action: store.Delete, Why: store.GoneFromMIS, Before: c})
		}
		l.deleted = append(l.deleted, store.Change{Action: store.Delete, Why: l.whyDeleted(h), Before: h})
	}
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

// wanted is the elements that a lesson takes.
func (l *lessonDiffer) wanted(lesson mis.Lesson) (elements []store.ID) {
	for _, list := range []struct {
		kind string
		ids  []string
	}{{store.SetGroup, lesson.Sets}, {store.FormGroup, lesson.Forms}, {"staff", lesson.Staff}, {"location", lesson.Locations}, {"pupil", lesson.Pupils}} {
		for _, id := range list.ids {
			if element := l.elements[list.kind+" "+id]; element != 0 {
				elements = append(elements, element)
			}
		}
	}
	return elements
}

// commit plans the commitments of a lesson. While records cannot be read, none is taken
// away: the lesson may have been made of them too (R33).
func (l *lessonDiffer) commit(lesson store.ID, elements []store.ID, taken []store.Commitment) {
	had := map[store.ID]bool{}
	for _, c := range taken {
		had[c.ElementID] = true
		if !slices.Contains(elements, c.ElementID) && !l.protects {
			l.uncommitted = append(l.uncommitted, store.Change{Action: store.Delete, Why: store.ChangedInMIS, Before: c})
		}
	}
	for _, e := range elements {
		if !had[e] {
			l.committed = append(l.committed, store.Change{Action: store.Create, Why: store.NewInMIS, After: store.Commitment{ID: l.plan.NewID(), LessonID: lesson, ElementID: e}})
		}
	}
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

// reportWeeks names the weeks in term that no week of the timetable is allocated to.
func (d *differ) reportWeeks() {
	if d.table == nil {
		return
	}
	var weeks []string
	last := era.Week{}
	for _, date := range d.termDays() {
		week := date.Week()
		if wd := date.Weekday(); week == last || wd == 0 || wd == 6 || len(d.snap.Timetable.Allocations[week]) > 0 || d.isFree(date) {
			continue
		}
		last = week
		weeks = append(weeks, fmt.Sprintf("week %d of %d (with %s)", week.Number, week.Year, date.Long()))
	}
	if len(weeks) > 0 {
		d.problems.Add(mis.Problem{Section: "TimetableAllocations", Reason: mis.NoWeek,
			Detail: "no lessons, for no week of the timetable is allocated to " + strings.Join(weeks, ", ")})
	}
}

// termDays is the days of the terms from the as-of date on, or where nobody says when
// they are, those from the first to the last week that is allocated.
func (d *differ) termDays() (days []era.Date) {
	terms := d.snap.Timetable.Terms
	if len(terms) == 0 {
		var first, last era.Date
		for date := d.era.StartsOn; date <= d.lastDay(); date++ {
			if len(d.snap.Timetable.Allocations[date.Week()]) > 0 {
				first, last = cmp.Or(first, date), date
			}
		}
		terms = []era.Interval{{From: first, To: last}}
	}
	for date := d.asOf; date <= d.lastDay(); date++ {
		if slices.ContainsFunc(terms, func(t era.Interval) bool { return t.Contains(date) }) {
			days = append(days, date)
		}
	}
	return days
}

// isFree tells whether a gap takes the whole of a day from everybody.
func (d *differ) isFree(date era.Date) bool {
	var gaps []era.Suspension
	for _, s := range d.suspensions {
		if s.Kind == era.Gap && len(s.Years) == 0 {
			gaps = append(gaps, s)
		}
	}
	const dawn, dusk = 8 * 60, 15 * 60
	return era.Cover(gaps, date, dawn, dusk)
}
