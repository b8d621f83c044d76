package report

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"misimportd/importer/guard"
	"misimportd/importer/words"
	"misimportd/store/model"
)

// Differing tells in what changes are not the ones that were held, whatever their order.
// Records are the same whose ids in the MIS are; of a record that goes on, what counts is
// what would change of it.
func (n Names) Differing(was, now []model.Recorded) (said []string, err error) {
	type told struct{ before, text string } // text is sorted by what it is about
	count, texts := map[string]int{}, map[string]string{}
	note := func(changes []model.Recorded, sign int) error {
		for i, l := range n.lines(slices.Values(changes)) {
			key, err := n.fingerprint(l, changes[i])
			if err != nil {
				return err
			}
			texts[key] = l.subject() + ": " + l.Action.String() + l.values()
			count[key] += sign
		}
		return nil
	}
	if err := errors.Join(note(was, 1), note(now, -1)); err != nil {
		return nil, err
	}
	var list []told
	gone, come := 0, 0
	for key, n := range count {
		switch {
		case n > 0:
			gone += n
			list = append(list, told{"was held, and is no longer so: ", texts[key]})
		case n < 0:
			come -= n
			list = append(list, told{"was not held, and is so now: ", texts[key]})
		}
	}
	slices.SortFunc(list, func(a, b told) int {
		return cmp.Or(words.CompareNames(a.text, b.text), -cmp.Compare(a.before, b.before))
	})
	for _, t := range list {
		said = append(said, t.before+t.text)
	}
	if len(said) > guard.ShownCauses {
		said = append(said[:guard.ShownCauses], fmt.Sprintf("in all, %d changes are no longer there, and %d are new",
			gone, come))
	}
	return said, nil
}

// fingerprint is what makes a change the one that it is, without the ids of rows and without
// names that others may have changed meanwhile.
func (n Names) fingerprint(l Line, c model.Recorded) (string, error) {
	if l.SourceID != "" && l.Action != model.Create {
		l.Name = ""
	}
	if l.Group != nil {
		l.Group = &GroupRef{Kind: l.Group.Kind, SourceID: l.Group.SourceID}
	}
	if l.Lesson != nil {
		l.Lesson = &LessonRef{SourceID: l.Lesson.SourceID}
	}
	if l.Covers != nil {
		l.Covers = &PersonRef{SourceID: l.Covers.SourceID}
	}
	image := model.Image{}
	if l.Action == model.Create {
		image = withoutIDs(c.After.V)
		for _, column := range references {
			image[column] = nameOrNone(n.element(c.After.V.ID(column)))
		}
	}
	if l.Entity == model.MembershipEntity || l.Entity == model.CommitmentEntity {
		l.Name = ""
	}
	text, err := json.Marshal(struct {
		Line
		Image model.Image
	}{l, image})
	return string(text), err
}

// withoutIDs is an image without the ids of rows.
func withoutIDs(image model.Image) model.Image {
	plain := model.Image{}
	for column, value := range image {
		if _, isNumber := value.(float64); !isNumber || column == "year" || column == "nights" {
			plain[column] = value
		}
	}
	return plain
}

// subject names what a line is about.
func (l Line) subject() string {
	called := strings.TrimSpace(words.Clean(l.Name) + words.Prefixed(" #", words.Clean(l.SourceID)))
	switch {
	case l.Group != nil:
		return fmt.Sprintf("%s in %s %s #%s", called, l.Group.Kind, words.Clean(l.Group.Name),
			words.Clean(l.Group.SourceID))
	case l.Lesson != nil:
		return fmt.Sprintf("%s in lesson %s on %s", called, words.Clean(l.Lesson.Name), l.On)
	case l.On != nil:
		return fmt.Sprintf("lesson %s on %s", words.Clean(l.Name), l.On)
	case l.Kind != "":
		return l.Kind + " " + called
	}
	return string(l.Entity) + " " + called
}

// values tells which values change, and when memberships and groups end.
func (l Line) values() string {
	var parts []string
	for _, f := range l.Fields {
		parts = append(parts, fmt.Sprintf("%s %s → %s", strings.ReplaceAll(f.Name, "_", " "), words.ValueText(f.Before),
			words.ValueText(f.After)))
	}
	if len(parts) == 0 {
		return ""
	}
	return ", " + strings.Join(parts, ", ")
}
