package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"slices"

	"misimportd/store/model"
)

// Lines is the changes of a plan or of a run, each as it is shown. They are made while they
// are gone through, as often as that is: those of a first load, of which there are hundreds of
// thousands, are never in memory at once.
type Lines struct {
	Counts []model.Count
	Walk   func(only []model.Entity, each func(Line) error) error
	apart  bool // JSON has a mark for the lines, which are written after it
}

// IsZero tells whether there are none: then JSON does not name them.
func (l Lines) IsZero() bool { return len(l.Counts) == 0 }

// Have tells whether there are any of an entity and an action.
func (l Lines) Have(entity model.Entity, action model.Action) bool {
	return slices.ContainsFunc(l.Counts, func(c model.Count) bool { return c.Entity == entity && c.Action == action })
}

// Each calls each with every line, in order. It fails as each does, or where the database
// does.
func (l Lines) Each(each func(Line) error) error { return l.Of(nil, each) }

// Of calls each with the lines of some entities; nil means all.
func (l Lines) Of(only []model.Entity, each func(Line) error) error {
	if l.IsZero() {
		return nil
	}
	return l.Walk(only, each)
}

// LinesOf is the changes of a plan, in terms of names.
func LinesOf(plan model.Plan, n Names) Lines {
	return Lines{Counts: plan.Counts(), Walk: func(only []model.Entity, each func(Line) error) error {
		for c := range Recorded(plan, only) {
			if err := each(n.Line(c)); err != nil {
				return err
			}
		}
		return nil
	}}
}

// Recorded gives a plan's changes as the database would record them, one at a time: those of
// some entities, where they are named.
func Recorded(plan model.Plan, only []model.Entity) iter.Seq[model.Recorded] {
	return func(yield func(model.Recorded) bool) {
		for _, c := range plan.Changes {
			if (only == nil || slices.Contains(only, c.Entity())) && !yield(c.Recorded()) {
				return
			}
		}
	}
}

// lineMark stands in JSON for lines that are written apart.
const lineMark = "[[]]"

// MarshalJSON makes a list of the lines.
func (l Lines) MarshalJSON() ([]byte, error) {
	if l.apart {
		return []byte(lineMark), nil
	}
	var b bytes.Buffer
	err := l.writeJSON(&b)
	return b.Bytes(), err
}

func (l Lines) writeJSON(w io.Writer) error {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	before := "["
	err := l.Each(func(line Line) error {
		b.Reset()
		b.WriteString(before)
		before = ","
		if err := encoder.Encode(line); err != nil {
			return err
		}
		_, err := w.Write(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
		return err
	})
	if err == nil {
		_, err = io.WriteString(w, "]")
	}
	return err
}

// keyed is lines, and the key that they have in JSON.
type keyed struct {
	key string
	Lines
}

// writeJSON writes v as one JSON object, and the lines in it, of which v holds the marks, as
// they come. A text in v cannot be taken for a key and its mark: the quotes in it are escaped.
func writeJSON(w io.Writer, v any, lists ...keyed) error {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return err
	}
	out, rest := bufio.NewWriter(w), b.Bytes()
	for _, list := range lists {
		key := `"` + list.key + `":`
		before, after, marked := bytes.Cut(rest, []byte(key+lineMark))
		if !marked {
			continue
		}
		if _, err := out.WriteString(string(before) + key); err != nil {
			return err
		}
		if err := list.writeJSON(out); err != nil {
			return err
		}
		rest = after
	}
	_, err := out.Write(rest)
	return errors.Join(err, out.Flush())
}
