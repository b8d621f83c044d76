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
	lessons     []mis.Lesson      // those that the school imports
	days        []schoolDay       // in order
	unknown     map[era.Date]bool // days of weeks of which nobody knows what they are
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
	d.table = &timetable{suspensions: d.suspensions, unknown: map[era.Date]bool{}}
	d.nameElements()
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
		prints[i] = d.fingerprint(l, speaking.Periods[l.PeriodID])
	}
	mark := d.protectionMark()
	for date, last := d.asOf, d.lastDay(); date <= last; date++ {
		if speaking.WeeksFault && len(speaking.Allocations[date.Week()]) == 0 {
			d.table.unknown[date] = true
			continue
		}
		day := d.table.day(date, speaking.On(date, byPlace), speaking.Periods)
		sum := sha256.New()
		fmt.Fprintf(sum, "1 %q %s\n", d.era.Name, mark)
		kinds := d.silentKindsOf(date)
		for _, s := range day.slots {
			if kind := d.table.lessons[s.lesson].Kind; !strings.Contains(kinds, string(kind[0])) {
				kinds += string(kind[0])
			}
			sum.Write(prints[s.lesson])
			sum.Write([]byte{byte(min(s.by, 0))})
		}
		day.digest = shortened(sum) + ":" + kinds
		d.table.days = append(d.table.days, day)
	}
}

// silentKindsOf is the kinds of lesson of which the document says nothing, by their first
// letters, as far as the day is known to have some.
func (d *differ) silentKindsOf(date era.Date) (kinds string) {
	for _, kind := range []mis.LessonKind{mis.Assembly, mis.Taught, mis.Meeting, mis.Tutorial} {
		_, known, _ := strings.Cut(d.state.LessonDays[date], ":")
		if letter := string(kind[0]); d.snap.Timetable.Silent[kind] && strings.Contains(known, letter) {
			kinds += letter
		}
	}
	return kinds
}

// nameElements notes which row each element is that a lesson can take.
func (d *differ) nameElements() {
	d.elements, d.kinds = map[string]store.ID{}, map[store.ID]string{}
	note := func(kind, source string, id store.ID) { d.elements[kind+" "+source], d.kinds[id] = id, kind }
	for _, g := range d.want.groups {
		note(g.GroupKind, g.SourceID, g.ID)
		d.kinds[g.ID] = "group"
		d.yearOf[g.GroupKind+" "+g.SourceID] = g.Year
	}
	for _, g := range d.state.Groups {
		d.kinds[g.ID] = "group"
	}
	for _, s := range d.want.staff {
		note("staff", s.SourceID, s.ID)
	}
	for _, s := range d.state.Staff {
		d.kinds[s.ID] = "staff"
	}
	for _, r := range d.want.locations {
		note("location", r.SourceID, r.ID)
	}
	for _, r := range d.state.Locations {
		d.kinds[r.ID] = "location"
	}
	for _, p := range d.want.pupils {
		note("pupil", p.SourceID, p.ID)
	}
	for _, p := range d.state.Pupils {
		d.kinds[p.ID] = "pupil"
	}
}

// takes lists what a lesson takes, by kind and id in the MIS.
func takes(l mis.Lesson) (list []string) {
	for _, of := range []struct {
		kind string
		ids  []string
	}{{store.SetGroup, l.Sets}, {store.FormGroup, l.Forms}, {"staff", l.Staff}, {"location", l.Locations}, {"pupil", l.Pupils}} {
		for _, id := range of.ids {
			list = append(list, of.kind+" "+id)
		}
	}
	return list
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
	l.Years = slices.Clone(l.Years)
	for _, group := range takes(mis.Lesson{Sets: l.Sets, Forms: l.Forms}) { // of one that cannot be read, as the database has it
		if year, ok := d.yearOf[group]; ok && year.Known() {
			l.Years = append(l.Years, year)
		}
	}
	slices.Sort(l.Years)
	l.Years = slices.DeleteFunc(slices.Compact(l.Years), func(y era.Year) bool { return !d.imports(y) })
	return l, !isForSomebody || len(l.Sets)+len(l.Forms)+len(l.Years) > 0
}

// fingerprint is all that makes a lesson what it is, in few bytes: whether what it takes
// is there, too.
func (d *differ) fingerprint(l mis.Lesson, p mis.Period) []byte {
	sum := sha256.New()
	taken := takes(l)
	for i, reference := range taken {
		if d.elements[reference] == 0 {
			taken[i] = "no " + reference
		}
	}
	for _, list := range [][]string{{string(l.Kind), l.Code, l.Name, p.From.String(), p.To.String(), fmt.Sprint(l.Unsure)}, l.IDs, taken} {
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
	return fmt.Sprintf("%q %q %q", slices.Sorted(maps.Keys(t.Faulty)), slices.Sorted(maps.Keys(t.FaultyCode)), slices.Sorted(maps.Keys(t.Doubtful)))
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
	maps.DeleteFunc(known, func(date era.Date, _ string) bool { return d.table.unknown[date] })
	for date := range known { // beyond the era's end, since it was shortened
		days = append(days, date)
	}
	slices.Sort(days)
	return days
}

// changeLessons plans the lessons of the days that were read (R23 to R26), and their
// commitments. A lesson is known by one of the MIS's records that make it, and its date.
func (d *differ) planLessons() *lessonDiffer {
	l := newLessonDiffer(d)
	stale := d.stale()
	if len(stale) == 0 {
		return l
	}
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

	uncommitted, deleted, updated, created, committed []store.Change
}

func newLessonDiffer(d *differ) *lessonDiffer {
	l := &lessonDiffer{differ: d, have: map[era.Date]map[string]store.Lesson{}, anywhere: map[string]bool{}, taken: map[store.ID][]store.Commitment{}, freed: map[store.ID]int{}}
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
	return l
}

// day plans one day.
func (l *lessonDiffer) day(date era.Date, slots []slot) {
	have := l.have[date]
	names := l.names(slots, have)
	done := map[string]bool{}
	for i, s := range slots {
		lesson := l.table.lessons[s.lesson]
		id := names[i]
		done[id] = true
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
		w.SourceID = l.sourceID(lesson, id)
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
	for _, id := range slices.SortedFunc(maps.Keys(have), mis.CompareIDs) {
		h := have[id]
		if done[id] || l.snap.Timetable.SilentOn(mis.LessonKind(h.Kind), id, h.Code, h.Name) {
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
	for _, c := range taken {
		had[c.ElementID] = true
		if !wanted[c.ElementID] && !l.unsure(lesson, l.kinds[c.ElementID]) {
			l.uncommitted = append(l.uncommitted, store.Change{Action: store.Delete, Why: store.ChangedInMIS, Before: c})
		}
	}
	for _, e := range elements {
		if !had[e] {
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
		for date, end := d.era.StartsOn, d.lastDay(); date <= end; date++ {
			if len(d.snap.Timetable.Allocations[date.Week()]) > 0 {
				first, last = cmp.Or(first, date), date
			}
		}
		terms = []era.Interval{{From: first, To: last}}
	}
	for date, last := d.asOf, d.lastDay(); date <= last; date++ {
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
