package isams

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"misimportd/era"
	"misimportd/mis"
)

// finish chooses a timetable and makes its lessons.
func (t *timetables) finish(chosen string) {
	tt := &t.d.snap.Timetable
	t.placeWeeks(tt)
	t.count("Structure", t.weeks.roll.Seen, t.weeks.roll.Present)
	t.count("TimetableAllocations", t.allocations.roll.Seen, t.allocations.roll.Present)
	t.count("Terms", t.terms.roll.Seen, t.terms.roll.Present)
	t.count("TeachingForms", t.forms.roll.Seen, t.forms.roll.Present)
	t.reportOverlaps()
	p := t.choose(chosen)
	if p == nil {
		return
	}
	tt.Name = cmp.Or(p.name, "number "+p.id)
	rolls := t.finishRecords(tt, p)
	tt.Speaks = rolls[schedules].Seen > 0 && len(t.weeks.roll.Records) > 0 && len(tt.Allocations) > 0
	tt.WeeksFault = len(t.allocations.roll.Unreadable)+len(t.allocations.roll.Faulty) > 0
	t.d.lostPeriods = t.d.lostPeriods || len(t.weeks.roll.Faulty)+len(t.weeks.roll.Unreadable) > 0
	for _, q := range p.problems.List() {
		t.d.snap.Problems.Add(q)
	}
	t.makeLessons(rolls)
}

// placeWeeks gives a timetable its periods, its terms, and the weeks of the calendar in which each
// of its own weeks is taught.
func (t *timetables) placeWeeks(tt *mis.Timetable) {
	tt.Periods = t.d.periods
	maps.DeleteFunc(tt.Periods, func(id string, _ mis.Period) bool { return t.d.conflicting[id] })
	tt.Allocations = map[era.Week][]string{}
	weeks := map[string]bool{}
	for _, w := range t.weeks.roll.Records {
		weeks[w.id] = true
	}
	for _, a := range t.allocations.roll.Records {
		if !weeks[a.of] {
			t.allocations.note(a.id, mis.UnknownWeek, 0,
				"week %d of %d is said to be week %s of the timetable, which there is none of; skipped", a.week.Number,
				a.week.Year, a.of)
			continue
		}
		if of := tt.Allocations[a.week]; !slices.Contains(of, a.of) {
			tt.Allocations[a.week] = append(of, a.of)
		}
	}
	for _, term := range t.terms.roll.Records {
		tt.Terms = append(tt.Terms, term.days)
	}
}

// finishRecords gives the records of the chosen timetable by the names of their sections, and notes
// of which kinds it says nothing, or nothing certain.
func (t *timetables) finishRecords(tt *mis.Timetable, p *published) map[string]*mis.Roll[entry] {
	rolls := map[string]*mis.Roll[entry]{}
	for _, name := range []string{schedules, staffMeetings, yearSchedules, tutorials} {
		c := p.of(name)
		for _, h := range c.byID {
			if h.conflicting { // the other's code is not known any more
				tt.Doubtful[h.value.code], tt.Doubtful[h.value.name] = true, true
			}
		}
		c.finish()
		tt.Silent[kindOf[name]] = c.roll.SaysNothing()
		rolls[name] = c.roll
		t.count(name, c.roll.Seen, c.roll.Present)
		t.protect(c.roll, name)
	}
	return rolls
}

func (t *timetables) count(section string, seen int, present bool) {
	rolls := t.d.snap.Timetable.Rolls
	i := slices.IndexFunc(rolls, func(r mis.RollOf) bool { return r.Section == section })
	rolls[i].Seen, rolls[i].Present = seen, present
}

// protect notes what could not be read: the lessons that came of it are to stay (R33).
func (t *timetables) protect(roll *mis.Roll[entry], section string) {
	tt := &t.d.snap.Timetable
	for id := range roll.Faulty {
		tt.Faulty[lessonID(section, id)] = true
	}
	for name := range roll.Unreadable {
		tt.FaultyCode[name] = true
	}
}

var kindOf = map[string]mis.LessonKind{schedules: mis.Taught, staffMeetings: mis.Meeting, yearSchedules: mis.Assembly,
	tutorials: mis.Tutorial}

// lessonID is a record's id with its kind: those of the kinds overlap.
func lessonID(section, id string) string {
	return map[string]string{schedules: "schedule/", staffMeetings: "meeting/", yearSchedules: "year/",
		tutorials: "tutorial/"}[section] + id
}

// choose finds the timetable of a name, first among those that are published, or without a name the
// only published one. Of several the first counts, by id, and that is reported.
func (t *timetables) choose(name string) *published {
	ids := sortedIDs(t.published)
	if name != "" {
		return t.named(name)
	}
	switch len(ids) {
	case 0:
		return nil
	case 1:
	default:
		t.note("", mis.SeveralTimetables, "there is %s; the first is imported: name one in the configuration "+
			"(timetable)", called(t.published))
	}
	return t.published[ids[0]]
}

// named finds the timetable of a name: next year's is a development one until it is published.
func (t *timetables) named(name string) *published {
	for _, among := range []map[string]*published{t.published, t.development} {
		for _, id := range sortedIDs(among) {
			if among[id].name == name {
				return among[id]
			}
		}
	}
	switch {
	case len(t.development) > 0:
		all := append(nonEmpty(called(t.published)), called(t.development))
		t.note("", mis.UnknownTimetable, "no published timetable and no development timetable is called %q "+
			"(timetable): there is %s; lessons are left as they are", name, strings.Join(all, ", "))
	case len(t.published) > 0:
		t.note("", mis.UnknownTimetable, "no published timetable is called %q (timetable): there is %s; lessons "+
			"are left as they are", name, called(t.published))
	}
	return nil
}

func nonEmpty(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

func called(among map[string]*published) string {
	var names []string
	for _, id := range sortedIDs(among) {
		names = append(names, fmt.Sprintf("%q", clipName(cmp.Or(among[id].name, "number "+id))))
	}
	return strings.Join(names, ", ")
}

// clipName shortens what is no person's name.
func clipName(name string) string {
	const enough = 60
	if runes := []rune(name); len(runes) > enough {
		return string(runes[:enough]) + "…"
	}
	return name
}

// reportOverlaps tells of periods of a day that share a minute.
func (t *timetables) reportOverlaps() {
	by := map[mis.PlaceInWeek][]mis.Period{}
	for _, id := range sortedIDs(t.d.periods) {
		p := t.d.periods[id]
		at := mis.PlaceInWeek{WeekID: p.WeekID, Weekday: p.Weekday}
		by[at] = append(by[at], p)
	}
	for _, periods := range by {
		slices.SortStableFunc(periods, func(a, b mis.Period) int { return cmp.Compare(a.From, b.From) })
		for i, p := range periods[min(1, len(periods)):] {
			if before := periods[i]; p.From < before.To {
				t.weeks.note(p.ID, mis.Overlapping, 0, "period: it begins at %s, before period %s ends at %s; both "+
					"are used", p.From, before.ID, before.To)
			}
		}
	}
}
