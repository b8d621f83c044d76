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

// of chooses a timetable and makes its lessons, for a school that is known but for it. It returns
// what was found wrong with it, too.
func (t *timetables) of(school *mis.Snapshot) (tt mis.Timetable, problems []mis.Problem) {
	tt = school.Timetable
	t.placeWeeks(&tt)
	count(tt.Rolls, t.weeks.roll)
	count(tt.Rolls, t.allocations.roll)
	count(tt.Rolls, t.terms.roll)
	count(tt.Rolls, t.forms.roll)
	t.reportOverlaps()
	p, problems := t.choose()
	if p == nil {
		return tt, problems
	}
	tt.Name = cmp.Or(p.name, "number "+p.id)
	rolls := p.finish(&tt)
	tt.Speaks = rolls[schedules].Seen > 0 && len(t.weeks.roll.Records) > 0 && len(tt.Allocations) > 0
	tt.WeeksFault = len(t.allocations.roll.Unreadable)+len(t.allocations.roll.Faulty) > 0
	t.periods.lost = t.periods.lost || len(t.weeks.roll.Faulty)+len(t.weeks.roll.Unreadable) > 0
	t.teachers = map[string]string{}
	for _, e := range rolls[schedules].Records {
		t.teachers[e.id] = e.teacherCode
	}
	made := makeLessons(rolls, school, t.periods, t.forms.roll)
	tt.Lessons = made.lessons
	for id := range made.faulty {
		tt.Faulty[id] = true
	}
	for name := range made.doubtful {
		tt.Doubtful[name] = true
	}
	return tt, slices.Concat(problems, p.problems.List(), made.problems)
}

// placeWeeks gives a timetable its periods, its terms, and the weeks of the calendar in which each
// of its own weeks is taught.
func (t *timetables) placeWeeks(tt *mis.Timetable) {
	tt.Periods = t.periods.known
	maps.DeleteFunc(tt.Periods, func(id string, _ mis.Period) bool { return t.periods.conflicting[id] })
	tt.Allocations = map[era.Week][]string{}
	weeks := map[string]bool{}
	for _, w := range t.weeks.roll.Records {
		weeks[w.id] = true
		tt.Weeks = append(tt.Weeks, mis.Week{ID: w.id, Name: w.name, Short: w.short})
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
	tt.TermsFault = len(t.terms.roll.Unreadable)+len(t.terms.roll.Faulty) > 0
	for _, term := range t.terms.roll.Records {
		tt.Terms = append(tt.Terms, term.days)
	}
}

// finish gives the records of the timetable by the names of their sections, and notes of which kinds it
// says nothing, or nothing certain: the lessons that came of those are to stay (R33).
func (p *published) finish(tt *mis.Timetable) map[string]*mis.Roll[entry] {
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
		count(tt.Rolls, c.roll)
		for id := range c.roll.Faulty {
			tt.Faulty[lessonID(name, id)] = true
		}
		for text := range c.roll.Unreadable {
			tt.FaultyCode[text] = true
		}
	}
	return rolls
}

// count notes how much of a section there is.
func count[T any](rolls []mis.RollOf, of *mis.Roll[T]) {
	i := slices.IndexFunc(rolls, func(r mis.RollOf) bool { return r.Section == of.Section })
	rolls[i].Seen, rolls[i].Present = of.Seen, of.Present
}

var kindOf = map[string]mis.LessonKind{schedules: mis.Taught, staffMeetings: mis.Meeting, yearSchedules: mis.Assembly,
	tutorials: mis.Tutorial, eventDump: mis.Event, occurrenceDump: mis.Event,
	eventTeacherDump: mis.Event}

// lessonID is a record's id with its kind: those of the kinds overlap.
func lessonID(section, id string) string {
	return map[string]string{schedules: "schedule/", staffMeetings: "meeting/", yearSchedules: "year/",
		tutorials: "tutorial/", eventDump: "event/"}[section] + id
}

// choose finds the timetable of a name, first among those that are published, or without a name the
// only published one. Of several the first counts, by id, and that is reported.
func (t *timetables) choose() (*published, []mis.Problem) {
	ids := sortedIDs(t.published)
	switch {
	case t.chosen != "":
		return t.named(t.chosen)
	case len(ids) == 0:
		return nil, nil
	case len(ids) == 1:
		return t.published[ids[0]], nil
	}
	return t.published[ids[0]], ofTimetables(mis.SeveralTimetables,
		"there is %s; the first is imported: name one in the configuration (timetable)", called(t.published))
}

// named finds the timetable of a name: next year's is a development one until it is published.
func (t *timetables) named(name string) (*published, []mis.Problem) {
	for _, among := range []map[string]*published{t.published, t.development} {
		for _, id := range sortedIDs(among) {
			if among[id].name == name {
				return among[id], nil
			}
		}
	}
	switch {
	case len(t.development) > 0:
		all := append(nonEmpty(called(t.published)), called(t.development))
		return nil, ofTimetables(mis.UnknownTimetable, "no published timetable and no development timetable is called "+
			"%q (timetable): there is %s; lessons are left as they are", name, strings.Join(all, ", "))
	case len(t.published) > 0:
		return nil, ofTimetables(mis.UnknownTimetable, "no published timetable is called %q (timetable): there is %s; "+
			"lessons are left as they are", name, called(t.published))
	}
	return nil, nil
}

// ofTimetables is a problem with which timetables there are.
func ofTimetables(reason mis.Reason, format string, args ...any) []mis.Problem {
	return []mis.Problem{{Section: publishedTimetables, Reason: reason, Detail: fmt.Sprintf(format, args...)}}
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
	for _, id := range sortedIDs(t.periods.known) {
		p := t.periods.known[id]
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
