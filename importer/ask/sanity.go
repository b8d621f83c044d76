package ask

import (
	"context"
	"fmt"

	"misimportd/era"
	"misimportd/importer/report"
	"misimportd/importer/words"
	"misimportd/store"
	"misimportd/store/model"
)

// Fortnight is how many days of lessons are looked at: as many as most timetables have.
const Fortnight = 14

// Sanity looks for what is odd in a school on a day, and in the lessons of the days that follow: pupils without a
// form, sets without members or teacher, lessons without a room, and two lessons at once.
func Sanity(ctx context.Context, db *store.DB, on era.Date) (list []report.Sanity, err error) {
	list = []report.Sanity{}
	days := era.Interval{From: on, To: on.AddDays(Fortnight - 1)}
	err = db.View(ctx, func(v *store.View) error {
		err := v.Oddities(ctx, days, func(what string, found []store.Odd) {
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
		for _, of := range []struct {
			kind, what string
			read       func() ([]model.Booking, error)
		}{
			{"staff", "two lessons at once for a teacher",
				func() ([]model.Booking, error) { return v.BookingsOfKind(ctx, days, "staff") }},
			{"room", "two lessons at once in a room",
				func() ([]model.Booking, error) { return v.BookingsOfKind(ctx, days, "location") }},
			{"pupil", "two lessons at once for a pupil",
				func() ([]model.Booking, error) { return v.BookingsOfPupils(ctx, days) }},
		} {
			bookings, err := of.read()
			if err != nil {
				return err
			}
			s, err := twice(ctx, v, of.kind, of.what, clashesIn(bookings))
			if err != nil {
				return err
			}
			list = append(list, s)
		}
		return nil
	})
	return list, err
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
		s.Found = append(s.Found, report.Odd{Kind: kind, SourceID: names[c.a.ElementID].SourceID, Name: c.a.Name, On: &on,
			Detail: fmt.Sprintf("%s, %s and %s, %s", words.Clean(c.a.Title), span(c.a), words.Clean(c.b.Title), span(c.b))})
	}
	return s, err
}
