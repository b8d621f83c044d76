package ask

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"misimportd/era"
	"misimportd/importer/report"
	"misimportd/store"
	"misimportd/store/model"
)

// HistoryOf says of what the history is asked: KIND/ID, or a name. Kinds are pupil, staff, room, subject, those of
// groups, and those that a lesson's id begins with, such as schedule.
type HistoryOf struct {
	Text  string
	On    era.Date // a day on which a group lives
	Since era.Date // 0 for the beginning
	Zone  *time.Location
}

// History tells what runs did to a record: when, what, why, and which run.
func History(ctx context.Context, db *store.DB, of HistoryOf) (h report.History, err error) {
	err = db.View(ctx, func(v *store.View) error {
		trail, err := of.find(ctx, v, &h)
		if err != nil {
			return err
		}
		if of.Since != 0 {
			h.Since = &of.Since
			year, month, day := of.Since.Time().Date()
			trail.Since = time.Date(year, month, day, 0, 0, 0, 0, of.Zone)
		}
		steps, err := v.Trail(ctx, trail)
		if err != nil {
			return err
		}
		runs, err := v.RunsOf(ctx, steps)
		if err != nil {
			return err
		}
		now, then, err := v.NamesThen(ctx, steps)
		if err != nil {
			return err
		}
		h.Runs = []report.HistoryRun{}
		for _, of := range byRun(steps) {
			run := runs[of[0].RunID]
			h.Runs = append(h.Runs, historyRun(run, of, report.Names{Names: now}.Below(then[run.ID])))
		}
		nameLesson(&h)
		return nil
	})
	return h, err
}

// elementKinds are how the kinds of element are called in KIND/ID.
var elementKinds = map[string]string{"pupil": "pupil", "staff": "staff", "room": "location", "location": "location",
	"subject": "subject"}

// find finds what is meant, and fills in what it is called.
func (of HistoryOf) find(ctx context.Context, v *store.View, h *report.History) (store.TrailOf, error) {
	kind, id, isRef := strings.Cut(of.Text, "/")
	if isRef && elementKinds[kind] != "" {
		return of.named(ctx, v, h, elementKinds[kind], id)
	}
	if isRef {
		lessons, err := v.HasLessons(ctx, of.Text)
		if err != nil {
			return store.TrailOf{}, err
		}
		if lessons {
			h.Kind, h.SourceID, h.Name = "lesson", of.Text, of.Text
			return store.TrailOf{SourceID: of.Text}, nil
		}
		if slices.Contains(model.GroupKinds, kind) {
			trail, err := of.named(ctx, v, h, "group", of.Text)
			var none *NotKnownError
			if !errors.As(err, &none) {
				return trail, err
			}
			gone, isThere, failed := v.GoneGroup(ctx, kind, id)
			if failed != nil || !isThere {
				return trail, cmp.Or(failed, err)
			}
			h.Kind, h.SourceID, h.Name = gone.Kind, gone.SourceID, gone.Name
			return store.TrailOf{Kind: "group", ID: gone.ID}, nil
		}
	}
	return of.anything(ctx, v, h)
}

func (of HistoryOf) named(ctx context.Context, v *store.View, h *report.History, kind, text string) (store.TrailOf,
	error) {
	found, err := Find(ctx, v, kind, text, of.On)
	h.Kind, h.SourceID, h.Name = found.Kind, found.SourceID, found.Name
	return store.TrailOf{Kind: kind, ID: found.ID}, err
}

// anything finds what has a name, whatever its kind: the name in full goes before a part of one.
func (of HistoryOf) anything(ctx context.Context, v *store.View, h *report.History) (store.TrailOf, error) {
	for _, like := range []store.Like{store.ByName, store.ByPart, store.ByAnything} {
		var all []store.Found
		var kinds []string
		for _, kind := range []string{"pupil", "staff", "group", "location", "subject", "house"} {
			found, err := search(ctx, v, kind, of.Text, like)
			if err != nil {
				return store.TrailOf{}, err
			}
			for _, f := range narrowed(found, kind, of.On) {
				isItsGroup := func(o store.Found) bool { return o.Kind == model.HouseGroup && o.SourceID == f.SourceID }
				if kind != "house" || !slices.ContainsFunc(all, isItsGroup) { // what a house is, its group shows
					all, kinds = append(all, f), append(kinds, kind)
				}
			}
		}
		switch {
		case len(all) == 1:
			h.Kind, h.SourceID, h.Name = all[0].Kind, all[0].SourceID, all[0].Name
			return store.TrailOf{Kind: kinds[0], ID: all[0].ID}, nil
		case len(all) > 1:
			for i := range all { // they are written with their kind
				all[i].SourceID = all[i].Kind + "/" + all[i].SourceID
			}
			return store.TrailOf{}, &AmbiguousError{"", of.Text, all}
		}
	}
	return store.TrailOf{}, &NotKnownError{Kind: "record", Text: of.Text, Hint: "write its kind and its id, as in " +
		"pupil/1234, set/57 or schedule/3001, or its name"}
}

// nameLesson gives a lesson the name by which the newest run that speaks of it knows it.
func nameLesson(h *report.History) {
	for _, run := range h.Runs {
		for _, l := range run.Changes {
			if h.Kind == "lesson" && l.Entity == model.LessonEntity && l.Name != "" {
				h.Name = l.Name
			}
		}
	}
}

// byRun parts steps by the run that made them.
func byRun(steps []store.Step) (parts [][]store.Step) {
	for i, s := range steps {
		if i == 0 || steps[i-1].RunID != s.RunID {
			parts = append(parts, nil)
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], s)
	}
	return parts
}

func historyRun(run model.Run, steps []store.Step, names report.Names) report.HistoryRun {
	h := report.HistoryRun{Run: run.ID, Kind: run.Kind, At: run.StartedAt, AsOf: run.AsOf, About: run.About,
		UndoneBy: run.UndoneBy, Changes: []report.Line{}}
	for _, s := range steps {
		names.Learn(s.Recorded)
	}
	for _, s := range steps {
		h.Changes = append(h.Changes, names.Line(s.Recorded))
	}
	h.Moves, h.Moved = report.MovesOf(h.Changes)
	return h
}
