package ask

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"misimportd/era"
	"misimportd/importer/report"
	"misimportd/importer/words"
	"misimportd/store"
	"misimportd/store/model"
)

// Fortnight is how many days of lessons are looked at: as many as most timetables have.
const Fortnight = 14

// Sanity looks for what is odd in a school on a day, and in the lessons of the two weeks from the first one after it:
// pupils without a form, sets without members or teacher, lessons without a room, and two lessons at once.
func Sanity(ctx context.Context, db *store.DB, on era.Date) (list []report.Sanity, days era.Interval, err error) {
	list = []report.Sanity{}
	err = db.View(ctx, func(v *store.View) error {
		first, err := v.FirstLesson(ctx, on)
		if err != nil {
			return err
		}
		days = era.Interval{From: first, To: first.AddDays(Fortnight - 1)}
		err = v.Oddities(ctx, on, days, func(what string, found []store.Odd) {
			s := report.Sanity{What: what, Count: len(found), Found: []report.Odd{}}
			for _, o := range found {
				odd := report.Odd{Kind: o.Kind, SourceID: o.SourceID, Name: o.Name}
				if o.OnDate != 0 {
					odd.On = &o.OnDate
				}
				s.Found = append(s.Found, odd)
			}
			list = append(list, s)
		})
		if err != nil {
			return err
		}
		bookings, err := v.AllBookings(ctx, days)
		if err != nil {
			return err
		}
		untaught, err := withoutTeacher(ctx, v, on, bookings)
		if err != nil {
			return err
		}
		list = append(list, untaught)
		pupils, err := bookingsOfPupils(ctx, v, days, bookings)
		if err != nil {
			return err
		}
		for _, of := range []struct {
			kind, what string
			bookings   []model.Booking
		}{
			{"staff", "two lessons at once for a teacher", bookings["staff"]},
			{"room", "two lessons at once in a room", bookings["location"]},
			{"pupil", "two lessons at once for a pupil", pupils},
		} {
			s, err := twice(ctx, v, of.kind, of.what, clashesIn(of.bookings))
			if err != nil {
				return err
			}
			list = append(list, s)
		}
		return nil
	})
	return list, days, err
}

// withoutTeacher is the sets that no lesson has with a teacher.
func withoutTeacher(ctx context.Context, v *store.View, on era.Date,
	bookings map[string][]model.Booking) (report.Sanity,
	error) {
	s := report.Sanity{What: "sets without a teacher", Found: []report.Odd{}}
	led, taught := map[model.ID]bool{}, map[model.ID]bool{}
	for _, b := range bookings["staff"] {
		led[b.LessonID] = led[b.LessonID] || b.CoversID == 0
	}
	for _, b := range bookings["group"] {
		taught[b.ElementID] = taught[b.ElementID] || led[b.LessonID]
	}
	sets, err := v.SetsOn(ctx, on)
	for _, set := range sets {
		if !taught[set.ID] {
			s.Count++
			s.Found = append(s.Found, report.Odd{Kind: set.Kind, SourceID: set.SourceID, Name: set.Name})
		}
	}
	return s, err
}

// bookingsOfPupils is which lessons take which pupils, by themselves or through a group that they are in that day.
func bookingsOfPupils(ctx context.Context, v *store.View, days era.Interval,
	bookings map[string][]model.Booking) ([]model.Booking, error) {
	groups := map[model.ID]bool{}
	for _, b := range bookings["group"] {
		groups[b.ElementID] = true
	}
	members, err := v.PupilsIn(ctx, slices.Sorted(maps.Keys(groups)), days)
	if err != nil {
		return nil, err
	}
	in := map[model.ID][]model.Membership{}
	for _, m := range members {
		in[m.GroupID] = append(in[m.GroupID], m)
	}
	all := slices.Clone(bookings["pupil"])
	taken := map[place]bool{} // through one group or several
	for _, b := range all {
		taken[place{b.LessonID, b.ElementID}] = true
	}
	for _, b := range bookings["group"] {
		on := era.Moment(b.StartsAt).Date()
		for _, m := range in[b.ElementID] {
			at := place{b.LessonID, m.ElementID}
			if m.StartsOn <= on && (m.EndsOn == 0 || m.EndsOn >= on) && !taken[at] {
				of := b
				of.ElementID = m.ElementID
				all, taken[at] = append(all, of), true
			}
		}
	}
	slices.SortStableFunc(all, func(a, b model.Booking) int { return cmp.Compare(a.StartsAt, b.StartsAt) })
	return all, nil
}

// twice tells of what is in two places at once.
func twice(ctx context.Context, v *store.View, kind, what string, found []bookedTwice) (report.Sanity, error) {
	s := report.Sanity{What: what, Count: len(found), Found: []report.Odd{}}
	var ids []model.ID
	for _, c := range found {
		ids = append(ids, c.a.ElementID)
	}
	names, err := v.NamesOfElements(ctx, ids)
	for _, c := range found {
		on := era.Moment(c.a.StartsAt).Date()
		of := names[c.a.ElementID]
		s.Found = append(s.Found, report.Odd{Kind: kind, SourceID: of.SourceID, Name: of.Name, On: &on,
			Detail: fmt.Sprintf("%s, %s and %s, %s", words.Clean(c.a.Title), span(c.a), words.Clean(c.b.Title),
				span(c.b))})
	}
	return s, err
}
