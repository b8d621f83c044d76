package ask

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"misimportd/era"
	"misimportd/importer/report"
	"misimportd/importer/words"
	"misimportd/store"
	"misimportd/store/model"
)

// Who tells all there is of a pupil, a member of staff or a room, by id or name: its fields, its groups now and
// before, and its lessons of a day. kind is pupil, staff or location.
func Who(ctx context.Context, db *store.DB, kind, text string, on era.Date) (w report.Who, err error) {
	err = db.View(ctx, func(v *store.View) error {
		found, err := Find(ctx, v, kind, text, on)
		if err != nil {
			return err
		}
		w = report.Who{Kind: kind, SourceID: found.SourceID, Name: found.Name, Current: found.Current, On: on,
			Fields: []report.Fact{}, Groups: []report.PersonGroup{}, Before: []report.PersonGroup{},
			ToCome: []report.PersonGroup{}, Tutors: []report.PersonGroup{}, Lessons: []report.DayLesson{}}
		if w.Fields, err = facts(ctx, v, kind, found.ID); err != nil {
			return err
		}
		if err := addGroups(ctx, v, &w, found.ID); err != nil {
			return err
		}
		w.Lessons, err = lessonsOfDays(ctx, v, era.Interval{From: on, To: on}, []asked{{kind, found}})
		return err
	})
	return w, err
}

// shownFacts are the columns that are told, in order.
var shownFacts = map[string][]string{
	"pupil":    {"school_id", "forename", "surname", "known_as", "year", "house_id", "boarding_house_id", "email"},
	"staff":    {"code", "initials", "title", "forename", "surname", "email", "teaching"},
	"location": {"short_name"},
}

func facts(ctx context.Context, v *store.View, kind string, id model.ID) ([]report.Fact, error) {
	list := []report.Fact{}
	columns, err := v.Facts(ctx, kind, id)
	if err != nil {
		return nil, err
	}
	var referred []model.ID
	for column, value := range columns {
		if number, ok := value.(int64); ok && strings.HasSuffix(column, "_id") {
			referred = append(referred, model.ID(number))
		}
	}
	names, err := v.NamesOfElements(ctx, referred)
	if err != nil {
		return nil, err
	}
	for _, column := range shownFacts[kind] {
		value, there := columns[column]
		if !there {
			continue
		}
		if number, ok := value.(int64); ok && strings.HasSuffix(column, "_id") {
			value = names[model.ID(number)].Name
		}
		name := column
		if column != "school_id" {
			name = strings.TrimSuffix(column, "_id")
		}
		list = append(list, report.Fact{Name: name, Value: said(column, value)})
	}
	return list, nil
}

// said is a field's value as people read it.
func said(column string, value any) string {
	text := fmt.Sprint(value)
	if column == "teaching" { // SQLite has no booleans
		return map[bool]string{true: "yes", false: "no"}[text == "true" || text == "1"]
	}
	return text
}

// addGroups adds the groups that somebody is in now, was in and will be in, and those of which a member of staff is
// the tutor, or gathered them.
func addGroups(ctx context.Context, v *store.View, w *report.Who, id model.ID) error {
	list, err := v.GroupsOf(ctx, id)
	if err != nil {
		return err
	}
	for _, g := range list {
		in := personGroup(g)
		switch {
		case g.StartsOn > w.On:
			w.ToCome = append(w.ToCome, in)
		case g.EndsOn != 0 && g.EndsOn < w.On:
			w.Before = append(w.Before, in)
		default:
			w.Groups = append(w.Groups, in)
		}
	}
	slices.SortStableFunc(w.Groups, func(a, b report.PersonGroup) int {
		return cmp.Or(cmp.Compare(slices.Index(model.GroupKinds, a.Kind), slices.Index(model.GroupKinds, b.Kind)),
			words.CompareNames(a.Name, b.Name))
	})
	if w.Kind != "staff" {
		return nil
	}
	list, err = v.Tutored(ctx, id)
	for _, g := range list {
		if g.StartsOn <= w.On && (g.EndsOn == 0 || g.EndsOn >= w.On) {
			w.Tutors = append(w.Tutors, personGroup(g))
		}
	}
	return err
}

func personGroup(g store.GroupOf) report.PersonGroup {
	return report.PersonGroup{Kind: g.Kind, SourceID: g.SourceID, Name: g.Name, Era: g.Era, StartsOn: g.StartsOn,
		EndsOn: g.EndsOn}
}

// All lists the current staff or rooms, by name.
func All(ctx context.Context, db *store.DB, kind string) (list []report.Listed, err error) {
	list = []report.Listed{}
	err = db.View(ctx, func(v *store.View) error {
		found, err := v.All(ctx, kind)
		for _, f := range found {
			list = append(list, report.Listed(f))
		}
		return err
	})
	return list, err
}
