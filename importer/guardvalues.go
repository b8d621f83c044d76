package importer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"misimportd/mis"
	"misimportd/store/model"
)

// fieldKind is a field of a kind of record: a pupil's surname.
type fieldKind struct{ kind, field string }

func (f fieldKind) String() string { return f.kind + " " + strings.TrimSuffix(f.field, "_id") }

// ofEntity is f with what kind of record it is, whatever kind of group.
func (f fieldKind) ofEntity() fieldKind {
	if f.kind == model.FormGroup || f.kind == model.SetGroup {
		f.kind = string(model.GroupEntity)
	}
	return f
}

// valueChange is what one record changes of a field. Neither value is blank.
type valueChange struct {
	before, after model.Record
	was, is       any
}

// fieldChanges is a field that records change.
type fieldChanges struct {
	fieldKind
	lost    []model.Record // those that would have none
	changes []valueChange
	of      int            // how many have a value
	records []model.Record // all current ones of the kind, in order of their ids in the MIS
}

// values judges, field by field, what many records change at once (R38).
func (j *judgement) values() {
	fields := j.changedFields()
	j.eachField(ValuesLost, fields, func(f *fieldChanges) measure {
		about := f.ofEntity().String()
		return measure{about: about, holds: model.HoldAll, count: len(f.lost), causes: causesOf(f.lost),
			says: fmt.Sprintf("%s records would lose what stands in %s", share(len(f.lost), f.of), strings.ReplaceAll(about, "_", " "))}
	})
	j.eachField(ValuesChanged, fields, func(f *fieldChanges) measure {
		return f.measured("would have another", slices.DeleteFunc(slices.Clone(f.changes), valueChange.isGarbled))
	})
	j.eachField(ValuesShared, fields, func(f *fieldChanges) measure {
		return f.measured("would have one and the same, or another's, though nearly each has its own:", f.shared(j.limit(ValuesShared).AtLeast))
	})
	j.eachField(ValuesGarbled, fields, func(f *fieldChanges) measure {
		garbled := slices.DeleteFunc(slices.Clone(f.changes), func(c valueChange) bool { return !c.isGarbled() })
		return f.measured("would have a spoilt", garbled)
	})
}

// eachField judges one limit for each field.
func (j *judgement) eachField(limit string, fields []*fieldChanges, count func(*fieldChanges) measure) {
	byName, names := map[string]*fieldChanges{}, []string{}
	for _, f := range fields {
		byName[f.String()] = f
		names = append(names, f.String())
	}
	j.worst(names, func(name string) {
		f := byName[name]
		if f == nil {
			j.find(limit, count(&fieldChanges{}))
			return
		}
		c := count(f)
		c.about, c.of = cmp.Or(c.about, name), f.of
		if c.holds == model.HoldValues && j.limit(limit).breachedBy(c.count, c.of) {
			c.looks = f.look()
			c.says += says[c.looks]
		}
		j.find(limit, c)
	})
}

// measured is what some of a field's changes come to.
func (f *fieldChanges) measured(what string, changes []valueChange) measure {
	c := measure{holds: model.HoldValues, field: f.fieldKind, count: len(changes), causes: tallied{}}
	c.says = fmt.Sprintf("%s %s %s %s", share(len(changes), f.of), kinds(f.kind), what, f.called())
	for _, change := range changes {
		if lesson, ok := change.before.(model.Lesson); ok {
			c.causes[clean(cmp.Or(lesson.Code, lesson.Kind))]++
			continue
		}
		c.causes[describe(change.before)]++
	}
	return c
}

// kinds is how people call records of a kind.
func kinds(kind string) string {
	switch model.Entity(kind) {
	case model.StaffEntity:
		return kind
	case model.LocationEntity:
		return "rooms"
	}
	return kind + "s"
}

// called is how people call the field.
func (f fieldKind) called() string {
	words := map[string]string{"school_id": "school id", "starts_at": "beginning", "ends_at": "end", "on_date": "day", "email": "e-mail address",
		"known_as": "preferred name"}
	return cmp.Or(words[f.field], strings.ReplaceAll(strings.TrimSuffix(f.field, "_id"), "_", " "))
}

func causesOf(records []model.Record) tallied {
	causes := tallied{}
	for _, r := range records {
		causes[describe(r)]++
	}
	return causes
}

// changedFields gathers what the plan's updates change.
func (j *judgement) changedFields() []*fieldChanges {
	found := map[fieldKind]*fieldChanges{}
	for _, c := range j.plan.Changes {
		if c.Action != model.Update || !isJudged(c.Entity()) {
			continue
		}
		model.Differing(c.Before, c.After, func(field string) {
			change := valueChange{c.Before, c.After, valueOf(c.Before, field), valueOf(c.After, field)}
			key := fieldKind{kindOfRecord(c.Before), field}
			if change.was == nil || change.was == change.is || !isValue(c.Entity(), field) {
				return
			}
			if found[key] == nil {
				found[key] = &fieldChanges{fieldKind: key}
			}
			if f := found[key]; change.is == nil {
				f.lost = append(f.lost, c.Before)
			} else {
				f.changes = append(f.changes, change)
			}
		})
	}
	var fields []*fieldChanges
	records := map[string][]model.Record{}
	for _, f := range found {
		if records[f.kind] == nil {
			records[f.kind] = recordsOf(j.state, f.kind)
		}
		f.records, f.of = records[f.kind], j.state.LessonsAhead
		if f.kind != string(model.LessonEntity) {
			f.of = 0
		}
		for _, r := range f.records {
			f.of += btoi(valueOf(r, f.field) != nil)
		}
		fields = append(fields, f)
	}
	slices.SortFunc(fields, func(a, b *fieldChanges) int { return cmp.Compare(a.String(), b.String()) })
	return fields
}

// isJudged tells whether an entity's values are the MIS's.
func isJudged(e model.Entity) bool {
	return slices.Contains([]model.Entity{model.PupilEntity, model.StaffEntity, model.GroupEntity, model.LocationEntity, model.SubjectEntity,
		model.HouseEntity, model.LessonEntity}, e)
}

// isValue tells whether a field is one that the MIS gives a value: not a mark of ours, and no
// end that follows from another's.
func isValue(e model.Entity, field string) bool {
	return field == "previous_source_id" || slices.Contains(model.Pinnable(e), field)
}

// kindOfRecord is a kind of group, or of another record.
func kindOfRecord(r model.Record) string {
	if g, ok := r.(model.Group); ok {
		return g.GroupKind
	}
	return string(r.Entity())
}

// valueOf is a field's value; of a pupil's name the part that is not the form (R8).
func valueOf(r model.Record, field string) any {
	if p, ok := r.(model.Pupil); ok && field == "name" {
		return plainName(p.Name)
	}
	return model.FieldOf(r, field)
}

// plainName is a pupil's name without the form.
func plainName(name string) string {
	if at := strings.LastIndex(name, " ("); at > 0 {
		return name[:at]
	}
	return name
}

// recordsOf are the current records of a kind that a State has, in order of their ids in the
// MIS. Of lessons it has a part only: there are none.
func recordsOf(s *model.State, kind string) []model.Record {
	switch model.Entity(kind) {
	case model.PupilEntity:
		return listed(s.Pupils)
	case model.StaffEntity:
		return listed(s.Staff)
	case model.LocationEntity:
		return listed(s.Locations)
	case model.SubjectEntity:
		return listed(s.Subjects)
	case model.HouseEntity:
		return listed(s.Houses)
	case model.LessonEntity:
		return nil
	}
	return listed(slices.DeleteFunc(slices.Clone(s.Groups), func(g model.Group) bool { return g.GroupKind != kind }))
}

func listed[T element](all []T) (records []model.Record) {
	for _, r := range slices.SortedFunc(slices.Values(all), func(a, b T) int { return mis.CompareIDs(a.Source(), b.Source()) }) {
		if r.IsCurrent() {
			records = append(records, r)
		}
	}
	return records
}
