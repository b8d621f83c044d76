package pages

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"misimportd/era"
	"misimportd/importer/report"
	"misimportd/importer/words"
	"misimportd/mis"
	"misimportd/store/model"
)

// changes is what a run did, or would do, grouped as people look for it.
type changes struct {
	Counts  []counted
	Records []recordsOf // people, rooms, subjects …
	Groups  []groupOf

	Automatic []groupOf // groups that follow from the others
	Lessons   []lessonOf
	More      int // changes that are counted, and not shown
}

// counted is what happens to the records of one entity, in words.
type counted struct{ What, Done string }

// recordsOf is the changes of one entity.
type recordsOf struct {
	What  string
	Lines []report.Line
}

// groupOf is all that happens to one group.
type groupOf struct {
	report.GroupRef
	Own     *report.Line
	Members []report.Line
}

// lessonOf is all that happens to the lessons of one name.
type lessonOf struct {
	Name  string
	Moves []report.Move
	Come  int
	Go    int
	First era.Date
	Last  era.Date
	Why   []string
}

// linesMost is how many changes of an entity are shown. A first load has hundreds of thousands.
const linesMost = 400

// gather groups changes: those that have a text in them, where one is asked for.
func gather(lines report.Lines, text string) (changes, error) {
	var c changes
	for _, of := range report.ByEntity(lines.Counts) {
		c.Counts = append(c.Counts, counted{report.Plural[of.Entity], of.Done})
	}
	asked := words.Plain(text)
	var groups []report.Line
	var lessons []report.Line
	for _, entity := range model.Entities {
		found, more, err := some(lines, entity, asked)
		if err != nil {
			return c, err
		}
		c.More += more
		switch entity {
		case model.GroupEntity, model.MembershipEntity:
			groups = append(groups, found...)
		case model.LessonEntity, model.CommitmentEntity:
			lessons = append(lessons, found...)
		default:
			if len(found) > 0 {
				c.Records = append(c.Records, recordsOf{report.Plural[entity], found})
			}
		}
	}
	for _, g := range groupsOf(groups) {
		if g.Kind == model.AutomaticGroup {
			c.Automatic = append(c.Automatic, g)
		} else {
			c.Groups = append(c.Groups, g)
		}
	}
	c.Lessons = lessonsOf(lessons)
	return c, nil
}

// some reads the first changes of an entity, and counts the others.
func some(lines report.Lines, entity model.Entity, asked string) (found []report.Line, more int, err error) {
	total := 0
	for _, c := range lines.Counts {
		if c.Entity == entity {
			total += c.Count
		}
	}
	if total == 0 {
		return nil, 0, nil
	}
	err = lines.Of([]model.Entity{entity}, func(l report.Line) error {
		if asked != "" && !strings.Contains(words.Plain(textOf(l)), asked) {
			return nil
		}
		if len(found) == linesMost {
			return errEnough
		}
		found = append(found, l)
		return nil
	})
	isMore := errors.Is(err, errEnough)
	if isMore {
		err = nil
	}
	if isMore || asked == "" {
		more = total - len(found)
	}
	return found, more, err
}

// textOf is what of a change is searched.
func textOf(l report.Line) string {
	parts := []string{l.Name, l.SourceID, l.Kind, l.Why, l.Span}
	if l.Group != nil {
		parts = append(parts, l.Group.Name, l.Group.Kind+"/"+l.Group.SourceID)
	}
	if l.Lesson != nil {
		parts = append(parts, l.Lesson.Name)
	}
	for _, f := range l.Fields {
		parts = append(parts, fmt.Sprint(f.Before), fmt.Sprint(f.After))
	}
	return strings.Join(parts, " ")
}

func groupsOf(lines []report.Line) (list []groupOf) {
	at := map[report.GroupRef]int{}
	for _, l := range lines {
		ref := report.GroupRef{Kind: l.Kind, SourceID: l.SourceID, Name: l.Name}
		if l.Group != nil {
			ref = *l.Group
		}
		key := report.GroupRef{Kind: ref.Kind, SourceID: ref.SourceID}
		i, known := at[key]
		if !known {
			i = len(list)
			at[key] = i
			list = append(list, groupOf{GroupRef: ref})
		}
		if l.Group == nil {
			list[i].Own = &l
		} else {
			list[i].Members = append(list[i].Members, l)
		}
	}
	slices.SortFunc(list, func(a, b groupOf) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), words.CompareNames(a.Name, b.Name),
			mis.CompareIDs(a.SourceID, b.SourceID))
	})
	return list
}

func lessonsOf(lines []report.Line) (list []lessonOf) {
	by := map[string][]report.Line{}
	for _, l := range lines {
		name := l.Name
		if l.Lesson != nil {
			name = l.Lesson.Name
		}
		by[name] = append(by[name], l)
	}
	for name, of := range by {
		lesson := lessonOf{Name: name}
		var moved map[model.ID]bool
		lesson.Moves, moved = report.MovesOf(of)
		why := map[string]bool{}
		for _, l := range of {
			if l.On != nil && (lesson.First == 0 || *l.On < lesson.First) {
				lesson.First = *l.On
			}
			if l.On != nil {
				lesson.Last = max(lesson.Last, *l.On)
			}
			if l.Entity == model.LessonEntity && l.Action == model.Create && !moved[l.Row] {
				lesson.Come++
			}
			if l.Entity == model.LessonEntity && l.Action == model.Delete && !moved[l.Row] {
				lesson.Go++
			}
			if l.Entity == model.LessonEntity && !why[l.Why] {
				why[l.Why] = true
				lesson.Why = append(lesson.Why, l.Why)
			}
		}
		list = append(list, lesson)
	}
	slices.SortFunc(list, func(a, b lessonOf) int { return words.CompareNames(a.Name, b.Name) })
	return list
}
