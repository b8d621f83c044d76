package model

import (
	"cmp"
	"slices"

	"misimportd/era"
)

// Label is how people call a record that another refers to.
type Label struct {
	Kind     string   `db:"kind"`
	SourceID string   `db:"source_id"` // "" for what no MIS owns
	Name     string   `db:"name"`
	OnDate   era.Date `db:"on_date"` // of a lesson
}

// What a label is of. Ids of one are not those of another.
const (
	OfElement = "element"
	OfEra     = "era"
	OfLesson  = "lesson"
)

// Names is how records are called.
type Names struct {
	Elements, Lessons, Eras map[ID]Label
}

// NewNames knows nothing.
func NewNames() Names {
	return Names{Elements: map[ID]Label{}, Lessons: map[ID]Label{}, Eras: map[ID]Label{}}
}

// Of is the labels of one sort of record.
func (n Names) Of(what string) map[ID]Label {
	switch what {
	case OfEra:
		return n.Eras
	case OfLesson:
		return n.Lessons
	}
	return n.Elements
}

// Learn takes in how the record of a change is called after it, or was called before it.
func (n Names) Learn(c Recorded) {
	what := CalledAs(c.Entity)
	if what == "" {
		return
	}
	image := c.Shown()
	label := Label{
		Kind: cmp.Or(image.Text(KindOfGroup), image.Text("kind")), SourceID: image.Text("source_id"),
		Name: image.Text("name"),
	}
	if what == OfLesson {
		label.Kind, label.Name, label.OnDate = "", cmp.Or(label.Name, image.Text("code")), image.Date("on_date")
	}
	n.Of(what)[c.RecordID] = label
}

// Called are the entities whose records others refer to.
var Called = append([]Entity{EraEntity, LessonEntity}, ElementEntities...)

// CalledAs says what labels of an entity are of; "" where nothing refers to its records.
func CalledAs(e Entity) string {
	switch {
	case e == EraEntity:
		return OfEra
	case e == LessonEntity:
		return OfLesson
	case slices.Contains(ElementEntities, e):
		return OfElement
	}
	return ""
}
