package importer

import (
	"context"

	"misimportd/era"
	"misimportd/importer/report"
	"misimportd/store"
	"misimportd/store/model"
)

// Lessons lists the lessons of a day, or those that take a group, a member of staff or a
// room, by time. It fails with a *store.NotKnownError when there is no such thing.
func Lessons(ctx context.Context, db *store.DB, on era.Date, of model.Taking) (list []report.DayLesson, err error) {
	list = []report.DayLesson{}
	err = db.View(ctx, func(v *store.View) error {
		if err := v.Knows(ctx, of); err != nil {
			return err
		}
		lessons, err := v.LessonsOn(ctx, on, of)
		for _, l := range lessons {
			shown := report.DayLesson{
				ID: l.SourceID, Kind: l.Kind, Code: l.Code, Name: l.Name, On: l.OnDate, From: l.StartsAt.Clock().
					String(), To: l.EndsAt.Clock().String(), Suspended: l.Suspended,
				Groups: []string{}, Staff: []string{}, Rooms: []string{}, Pupils: []string{}, Row: l.ID,
				Starts: l.StartsAt, Ends: l.EndsAt,
			}
			for _, taken := range l.Takes {
				switch taken.Kind {
				case "group":
					shown.Groups = append(shown.Groups, taken.Name)
				case "staff":
					shown.Staff = append(shown.Staff, taken.Name)
				case "location":
					shown.Rooms = append(shown.Rooms, taken.Name)
				case "pupil":
					shown.Pupils = append(shown.Pupils, taken.Name)
				}
			}
			list = append(list, shown)
		}
		return err
	})
	return list, err
}
