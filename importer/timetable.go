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
	"misimportd/store/model"
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
	d.elements, d.kinds = map[string]model.ID{}, map[model.ID]string{}
	note := func(kind, source string, id model.ID) { d.elements[kind+" "+source], d.kinds[id] = id, kind }
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
	}{{model.SetGroup, l.Sets}, {model.FormGroup, l.Forms}, {"staff", l.Staff}, {"location", l.Locations}, {"pupil", l.Pupils}} {
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
	awaits := ""
	for _, a := range d.absent {
		awaits += fmt.Sprintf(" %d", a.ElementID)
	}
	if !t.Protects() {
		return awaits
	}
	return awaits + fmt.Sprintf("%q %q %q", slices.Sorted(maps.Keys(t.Faulty)), slices.Sorted(maps.Keys(t.FaultyCode)), slices.Sorted(maps.Keys(t.Doubtful)))
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
