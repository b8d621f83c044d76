package ask

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"misimportd/era"
	"misimportd/importer/report"
	"misimportd/store"
	"misimportd/store/model"
)

// LessonsOf says which lessons are asked for: of some days, and where it is named, of a group, a member of staff, a
// room, a pupil or a subject, by id or name.
type LessonsOf struct {
	Days                      era.Interval
	Group, Staff, Room, Pupil string
	Subject                   string
	Covered                   bool // only those in which somebody covers another
}

// Lessons lists the lessons of some days by time, with who covers whom and what clashes. It fails with a
// *NotKnownError or an *AmbiguousError where nothing, or more than one, is meant.
func Lessons(ctx context.Context, db *store.DB, of LessonsOf) (list []report.DayLesson, err error) {
	err = db.View(ctx, func(v *store.View) error {
		found, err := of.find(ctx, v)
		if err != nil {
			return err
		}
		list, err = lessonsOfDays(ctx, v, of.Days, found)
		if of.Covered {
			list = slices.DeleteFunc(list, func(l report.DayLesson) bool { return len(l.Covers) == 0 })
		}
		return err
	})
	return list, err
}

// asked is who or what lessons are asked for by.
type asked struct {
	kind  string
	found store.Found
}

// find finds who and what is meant; nobody and nothing where all lessons are asked for.
func (of LessonsOf) find(ctx context.Context, v *store.View) (all []asked, err error) {
	for _, by := range []struct{ kind, text string }{{"group", of.Group}, {"staff", of.Staff}, {"location", of.Room},
		{"pupil", of.Pupil}, {"subject", of.Subject}} {
		if by.text == "" {
			continue
		}
		found, err := Find(ctx, v, by.kind, by.text, of.Days.From)
		if err != nil {
			return nil, err
		}
		all = append(all, asked{by.kind, found})
	}
	return all, nil
}

// lessonsOfDays lists the lessons of some days. People take those of the groups that they are in, which may be others
// on each day.
func lessonsOfDays(ctx context.Context, v *store.View, days era.Interval, all []asked) (list []report.DayLesson,
	err error) {
	isPerson := func(a asked) bool { return a.kind == "pupil" || a.kind == "staff" }
	if !slices.ContainsFunc(all, isPerson) {
		var elements [][]model.ID
		for _, a := range all {
			elements = append(elements, ids(a.found))
		}
		return lessons(ctx, v, days, elements)
	}
	list = []report.DayLesson{}
	for date := days.From; date <= days.To; date++ {
		var elements [][]model.ID
		for _, a := range all {
			of := ids(a.found)
			if isPerson(a) {
				if of, err = v.GroupsAround(ctx, a.found.ID, date); err != nil {
					return nil, err
				}
			}
			elements = append(elements, of)
		}
		more, err := lessons(ctx, v, era.Interval{From: date, To: date}, elements)
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	return list, nil
}

// lessons lists those that take something of each of the lists.
func lessons(ctx context.Context, v *store.View, days era.Interval, elements [][]model.ID) ([]report.DayLesson, error) {
	list := []report.DayLesson{}
	var first []model.ID
	if len(elements) > 0 {
		first = elements[0]
	}
	found, err := v.LessonsOf(ctx, days, first)
	if err != nil {
		return nil, err
	}
	var shown []model.TakingLesson
	for _, l := range found {
		if takesAll(l, elements) {
			shown = append(shown, l)
			list = append(list, dayLesson(l))
		}
	}
	bookings, err := bookingsOf(ctx, v, days, shown, len(elements) == 0)
	if err != nil {
		return nil, err
	}
	addClashes(bookings, list)
	return list, nil
}

// bookingsOf is what the staff and the rooms of lessons are booked for on those days. Where these are all lessons
// there are, they say it.
func bookingsOf(ctx context.Context, v *store.View, days era.Interval, shown []model.TakingLesson,
	areAll bool) (list []model.Booking, err error) {
	var elements []model.ID
	for _, l := range shown {
		for _, t := range l.Takes {
			if t.Kind == "staff" || t.Kind == "location" {
				elements = append(elements, t.ID)
			}
		}
	}
	if !areAll {
		slices.Sort(elements)
		return v.Bookings(ctx, days, slices.Compact(elements))
	}
	for _, l := range shown {
		for _, t := range l.Takes {
			if t.Kind == "staff" || t.Kind == "location" {
				list = append(list, model.Booking{LessonID: l.ID, ElementID: t.ID, CoversID: t.CoversID,
					StartsAt: int64(l.StartsAt), EndsAt: int64(l.EndsAt), Name: t.Name, Title: cmp.Or(l.Name, l.Code),
					Suspended: l.Suspended})
			}
		}
	}
	return list, nil
}

// takesAll tells whether a lesson takes something of each of the lists.
func takesAll(l model.TakingLesson, elements [][]model.ID) bool {
	for _, of := range elements {
		takes := func(t model.Taken) bool { return slices.Contains(of, t.ID) }
		if !slices.ContainsFunc(l.Takes, takes) && !slices.Contains(of, l.OrganiserID) {
			return false
		}
	}
	return true
}

func dayLesson(l model.TakingLesson) report.DayLesson {
	shown := report.DayLesson{
		ID: l.SourceID, Kind: l.Kind, Code: l.Code, Name: l.Name, On: l.OnDate, From: l.StartsAt.Clock().String(),
		To: endOf(l.Lesson), Suspended: l.Suspended, Groups: []string{}, Staff: []string{}, Rooms: []string{},
		Pupils: []string{}, Covers: []report.Cover{}, Clashes: []report.Clash{}, Note: l.Note, Organiser: l.Organiser,
		Row: l.ID, Starts: l.StartsAt, Ends: l.EndsAt,
	}
	var subjects []string
	for _, taken := range l.Takes {
		switch {
		case taken.Covers != "":
			shown.Covers = append(shown.Covers, report.Cover{Covered: taken.Covers, By: taken.Name,
				ByHand: taken.ByHand})
		case taken.Kind == "group":
			shown.Groups = append(shown.Groups, taken.Name)
		case taken.Kind == "staff":
			shown.Staff = append(shown.Staff, taken.Name)
		case taken.Kind == "location":
			shown.Rooms = append(shown.Rooms, taken.Name)
		case taken.Kind == "pupil":
			shown.Pupils = append(shown.Pupils, taken.Name)
		case taken.Kind == "subject":
			subjects = append(subjects, taken.Name)
		}
	}
	shown.Subject = strings.Join(subjects, ", ")
	return shown
}

// endOf is the time at which a lesson ends: one that is as long as the day ends at 24:00.
func endOf(l model.Lesson) string { return era.Clock(l.EndsAt - l.OnDate.At(0)).String() }

// addClashes adds to lessons who and what of them is elsewhere at the same time. Whoever is covered is away, and a
// lesson that is suspended keeps nobody; but a cover of one that is suspended is told.
func addClashes(bookings []model.Booking, list []report.DayLesson) {
	found := map[model.ID][]report.Clash{}
	add := func(lesson model.ID, c report.Clash) { // who covers two in a lesson has one clash
		if !slices.Contains(found[lesson], c) {
			found[lesson] = append(found[lesson], c)
		}
	}
	for _, c := range clashesIn(bookings) {
		add(c.a.LessonID, report.Clash{Who: c.a.Name, With: c.b.Title, At: span(c.b)})
		add(c.b.LessonID, report.Clash{Who: c.a.Name, With: c.a.Title, At: span(c.a)})
	}
	for _, b := range bookings {
		if b.CoversID != 0 && b.Suspended {
			add(b.LessonID, report.Clash{Who: b.Name, With: "the suspension of this lesson", At: span(b)})
		}
	}
	for i := range list {
		if clashes := found[list[i].Row]; clashes != nil {
			list[i].Clashes = clashes
		}
	}
}

func span(b model.Booking) string {
	return fmt.Sprintf("%s–%s", era.Moment(b.StartsAt).Clock(), era.Moment(b.EndsAt).Clock())
}

// bookedTwice is an element that two lessons take at once.
type bookedTwice struct{ a, b model.Booking }

// place is whom or what a lesson takes.
type place struct{ lesson, element model.ID }

// clashesIn finds what is taken twice at once. The bookings are in order of their beginning.
func clashesIn(bookings []model.Booking) (found []bookedTwice) {
	away := map[place]bool{}
	for _, b := range bookings {
		if b.CoversID != 0 {
			away[place{b.LessonID, b.CoversID}] = true
		}
	}
	by := map[model.ID][]model.Booking{}
	for _, b := range bookings {
		isAway := b.CoversID == 0 && away[place{b.LessonID, b.ElementID}]
		if b.Suspended || b.IsAllDay() || isAway {
			continue
		}
		still := by[b.ElementID][:0:0]
		for _, earlier := range by[b.ElementID] {
			if earlier.EndsAt > b.StartsAt {
				still = append(still, earlier)
				if earlier.LessonID != b.LessonID && earlier.Overlaps(b) {
					found = append(found, bookedTwice{earlier, b})
				}
			}
		}
		by[b.ElementID] = append(still, b)
	}
	return found
}
