package report

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"misimportd/era"
	"misimportd/store/model"
)

// Line is one change as people and programs are shown it: by names and by the MIS's
// ids, not by the database's.
type Line struct {
	Entity   model.Entity `json:"entity"`
	Action   model.Action `json:"action"`
	Kind     string       `json:"kind,omitempty"` // of a group: form, set …
	SourceID string       `json:"id,omitempty"`   // in the MIS
	Name     string       `json:"name,omitempty"`
	Group    *GroupRef    `json:"group,omitempty"` // of a membership; id and name are the member's
	Why      string       `json:"why"`
	StartsOn *era.Date    `json:"starts_on,omitempty"` // of groups and memberships
	EndsOn   *era.Date    `json:"ends_on,omitempty"`   // null: without an end
	On       *era.Date    `json:"on,omitempty"`        // of lessons and commitments
	From     string       `json:"from,omitempty"`      // of a lesson: the time of day at which it starts
	To       string       `json:"to,omitempty"`
	Lesson   *LessonRef   `json:"lesson,omitempty"` // of a commitment; id and name are those of whom it takes
	Covers   *PersonRef   `json:"covers,omitempty"` // of a cover: whose place is taken
	Span     string       `json:"span,omitempty"`   // when a suspension is, and for whom; what a pin holds
	Fields   []Field      `json:"fields,omitempty"` // what differs, where the record goes on

	Row model.ID `json:"-"` // of a lesson, or of a commitment's
}

// LessonRef names a lesson.
type LessonRef struct {
	SourceID string `json:"id"`
	Name     string `json:"name"`
}

// PersonRef names a member of staff.
type PersonRef struct {
	SourceID string `json:"id"`
	Name     string `json:"name"`
}

// GroupRef names a group.
type GroupRef struct {
	Kind     string `json:"kind"`
	SourceID string `json:"id"`
	Name     string `json:"name"`
}

// Field is one value that changes.
type Field struct {
	Name   string `json:"name"`
	Before any    `json:"before"`
	After  any    `json:"after"`
}

// Names says how records are called. Names that changes hold themselves go before those
// below, of the database, where the records may not be yet, or no longer.
type Names struct {
	model.Names
	below *Names // asked for what these do not know; may be nil
}

// Above is no names yet, with n below.
func (n Names) Above() Names { return Names{model.NewNames(), &n} }

// Below is other names, with n below them.
func (n Names) Below(others model.Names) Names { return Names{others, &n} }

// LearnPlan takes in how a plan's records are called.
func (n Names) LearnPlan(plan model.Plan) {
	for c := range Recorded(plan, model.Called) {
		n.Learn(c)
	}
}

// lines gives changes in terms of names.
func (n Names) lines(changes iter.Seq[model.Recorded]) []Line {
	for c := range changes {
		n.Learn(c)
	}
	lines := []Line{}
	for c := range changes {
		lines = append(lines, n.Line(c))
	}
	return lines
}

func (n Names) element(id model.ID) model.Label {
	label, known := n.Elements[id]
	if !known && n.below != nil {
		return n.below.element(id)
	}
	return label
}

func (n Names) Lesson(id model.ID) model.Label {
	label, known := n.Lessons[id]
	if !known && n.below != nil {
		return n.below.Lesson(id)
	}
	return label
}

func (n Names) era(id model.ID) model.Label {
	label, known := n.Eras[id]
	if !known && n.below != nil {
		return n.below.era(id)
	}
	return label
}

// Line is a change in terms of names.
func (n Names) Line(c model.Recorded) Line {
	shown := c.Shown()
	line := Line{Entity: c.Entity, Action: c.Action, Why: c.Why, SourceID: shown.Text("source_id"),
		Name: shown.Text("name")}
	switch c.Entity {
	case model.MembershipEntity:
		member, group := n.element(shown.ID("element_id")), n.element(shown.ID("group_id"))
		line.SourceID, line.Name = member.SourceID, member.Name
		line.Group = &GroupRef{group.Kind, group.SourceID, group.Name}
	case model.GroupEntity:
		line.Kind = shown.Text(model.KindOfGroup)
	case model.LessonEntity:
		addLesson(&line, shown)
		line.Row = c.RecordID
	case model.CommitmentEntity:
		n.addCommitment(&line, shown)
	case model.GroupSuspensionEntity:
		group := n.element(shown.ID("group_id"))
		line.Group = &GroupRef{group.Kind, group.SourceID, group.Name}
	case model.SuspensionEntity:
		line.Kind, line.Span = shown.Text("kind"), spanOf(shown)
	case model.AbsenceEntity:
		element := n.element(shown.ID("element_id"))
		line.SourceID, line.Name, line.Kind = element.SourceID, element.Name, element.Kind
	case model.PinEntity:
		pin := n.pin(shown)
		line.SourceID, line.Name, line.Kind, line.Span = pin.SourceID, pin.Name, pin.Kind, pin.What()
	case model.PauseEntity:
		line.Name = cmp.Or(shown.Text("why"), "no import by itself")
	case model.UnwantedEntity:
		line.SourceID = shown.Text("sha256")
		line.Name = "document"
	case model.SettingsEntity:
		line.Name = "which era is which"
	}
	if _, dated := shown["starts_on"]; dated {
		starts, ends := shown.Date("starts_on"), shown.Date("ends_on")
		line.StartsOn, line.EndsOn = &starts, &ends
	}
	if c.Before.V != nil && c.After.V != nil {
		line.Fields = n.differences(c.Before.V, c.After.V)
	}
	return line
}

func addLesson(line *Line, shown model.Image) {
	on := shown.Date("on_date")
	line.Name, line.Kind, line.On = cmp.Or(shown.Text("name"), shown.Text("code")), shown.Text("kind"), &on
	line.From, line.To = TimeOf(shown.Text("starts_at")), TimeOf(shown.Text("ends_at"))
}

func (n Names) addCommitment(line *Line, shown model.Image) {
	lesson, taken := n.Lesson(shown.ID("lesson_id")), n.element(shown.ID("element_id"))
	on := lesson.OnDate
	line.SourceID, line.Name, line.Kind, line.On = taken.SourceID, taken.Name, taken.Kind, &on
	line.Row, line.Lesson = shown.ID("lesson_id"), &LessonRef{lesson.SourceID, lesson.Name}
	if of := shown.ID("covers_id"); of != 0 {
		covered := n.element(of)
		line.Covers = &PersonRef{covered.SourceID, covered.Name}
	}
}

func (n Names) pin(shown model.Image) ListedPin {
	element, group := n.element(shown.ID("element_id")), n.element(shown.ID("group_id"))
	pin := ListedPin{Kind: element.Kind, SourceID: element.SourceID, Name: element.Name, Field: shown.Text("field")}
	if shown.ID("group_id") != 0 {
		pin.Group = &GroupRef{group.Kind, group.SourceID, group.Name}
	}
	return pin
}

// TimeOf is the time of day of a moment in an image.
func TimeOf(moment string) string {
	if len(moment) < len("2016-09-05 09:00") {
		return ""
	}
	return moment[len("2016-09-05 "):len("2016-09-05 09:00")]
}

// spanOf tells when a suspension is, and for whom.
func spanOf(image model.Image) string {
	from, _ := era.ParseMoment(image.Text("starts_at"))
	to, _ := era.ParseMoment(image.Text("ends_at"))
	daily, _ := image["daily"].(bool)
	s := model.FromStored(model.Suspension{Kind: image.Text("kind"), StartsAt: from, EndsAt: to, Daily: daily,
		Years: image.Text("years")})
	return string(s.Kind) + ", " + s.FormatSpan() + ", " + s.Whom()
}

// differences lists the fields that differ, by name. A reference is told by the name
// of what it refers to.
func (n Names) differences(before, after model.Image) []Field {
	var fields []Field
	for name := range after {
		if before[name] != after[name] {
			fields = append(fields, n.field(name, before, after))
		}
	}
	slices.SortFunc(fields, func(a, b Field) int { return cmp.Compare(a.Name, b.Name) })
	return fields
}

// references are the columns that hold a record's id.
var references = []string{"house_id", "boarding_house_id", "subject_id", "tutor_id", "organiser_id"}

func (n Names) field(column string, before, after model.Image) Field {
	reference, _ := strings.CutSuffix(column, "_id")
	switch {
	case slices.Contains(references, column):
		return Field{reference, nameOrNone(n.element(before.ID(column))), nameOrNone(n.element(after.ID(column)))}
	case column == "element_id":
		return Field{"member", nameOrNone(n.element(before.ID(column))), nameOrNone(n.element(after.ID(column)))}
	case strings.HasSuffix(column, "_era_id"):
		return Field{reference, nameOrNone(n.era(before.ID(column))), nameOrNone(n.era(after.ID(column)))}
	}
	return Field{column, before[column], after[column]}
}

// nameOrNone is how a record is called, nil for none.
func nameOrNone(l model.Label) any {
	if l == (model.Label{}) {
		return nil
	}
	return l.Name
}
