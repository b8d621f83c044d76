package guard

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"misimportd/importer/want"
	"misimportd/importer/words"
	"misimportd/mis"
	"misimportd/store/model"
)

// valueChange is what one record changes of a field. Neither value is blank.
type valueChange struct {
	before, after model.Record
	was, is       any
}

// fieldChanges is a field that records change.
type fieldChanges struct {
	model.FieldKind
	lost    []model.Record // those that would have none
	changes []valueChange
	of      int            // how many have a value
	records []model.Record // all current ones of the kind, in order of their ids in the MIS
}

// values judges, field by field, what many records change at once (R38).
func (j *judgement) values() []Finding {
	fields := j.changedFields()
	lost := j.eachField(ValuesLost, fields, func(f *fieldChanges) measure {
		about := f.OfEntity().String()
		return measure{about: about, holds: model.HoldAll, count: len(f.lost), causes: causesOf(f.lost),
			says: fmt.Sprintf("%s records would lose what stands in %s", words.Share(len(f.lost), f.of),
				strings.ReplaceAll(about, "_", " "))}
	})
	changed := j.eachField(ValuesChanged, fields, func(f *fieldChanges) measure {
		return f.measured("would have another", slices.DeleteFunc(slices.Clone(f.changes), valueChange.isGarbled))
	})
	shared := j.eachField(ValuesShared, fields, func(f *fieldChanges) measure {
		return f.measured("would have one and the same, or another's, though nearly each has its own:",
			f.shared(j.limit(ValuesShared).AtLeast))
	})
	garbled := j.eachField(ValuesGarbled, fields, func(f *fieldChanges) measure {
		garbled := slices.DeleteFunc(slices.Clone(f.changes), func(c valueChange) bool { return !c.isGarbled() })
		return f.measured("would have a spoilt", garbled)
	})
	return slices.Concat(lost, changed, shared, garbled)
}

// eachField judges one limit for each field.
func (j *judgement) eachField(limit string, fields []*fieldChanges, count func(*fieldChanges) measure) []Finding {
	byName, names := map[string]*fieldChanges{}, []string{}
	for _, f := range fields {
		byName[f.String()] = f
		names = append(names, f.String())
	}
	return worst(names, func(name string) Finding {
		f := byName[name]
		if f == nil {
			return j.finding(limit, count(&fieldChanges{}))
		}
		c := count(f)
		c.about, c.of = cmp.Or(c.about, name), f.of
		if c.holds == model.HoldValues && j.limit(limit).breachedBy(c.count, c.of) {
			c.looks = f.look()
			c.says += says[c.looks]
		}
		return j.finding(limit, c)
	})
}

// measured is what some of a field's changes come to.
func (f *fieldChanges) measured(what string, changes []valueChange) measure {
	c := measure{holds: model.HoldValues, field: f.FieldKind, count: len(changes), causes: tallied{}}
	c.says = fmt.Sprintf("%s %s %s %s", words.Share(len(changes), f.of), model.Kinds(f.Kind), what, f.Called())
	for _, change := range changes {
		if lesson, ok := change.before.(model.Lesson); ok {
			c.causes[words.Clean(cmp.Or(lesson.Code, lesson.Kind))]++
			continue
		}
		c.causes[words.Describe(change.before)]++
	}
	return c
}

func causesOf(records []model.Record) tallied {
	causes := tallied{}
	for _, r := range records {
		causes[words.Describe(r)]++
	}
	return causes
}

// changedFields gathers what the plan's updates change.
func (j *judgement) changedFields() []*fieldChanges {
	found := map[model.FieldKind]*fieldChanges{}
	for _, c := range j.Plan.Changes {
		g, isGroup := c.Before.(model.Group)
		if c.Action != model.Update || !isJudged(c.Entity()) || isGroup && model.IsDerived(g.GroupKind) {
			continue
		}
		model.Differing(c.Before, c.After, func(field string) {
			change := valueChange{c.Before, c.After, model.ValueOf(c.Before, field), model.ValueOf(c.After, field)}
			key := model.FieldKind{Kind: model.KindOfRecord(c.Before), Field: field}
			if change.was == nil || change.was == change.is || !isValue(c.Entity(), field) {
				return
			}
			if found[key] == nil {
				found[key] = &fieldChanges{FieldKind: key}
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
		if records[f.Kind] == nil {
			records[f.Kind] = recordsOf(j.State, f.Kind)
		}
		f.records, f.of = records[f.Kind], j.Ahead.Lessons
		if f.Kind != string(model.LessonEntity) {
			f.of = 0
		}
		for _, r := range f.records {
			f.of += btoi(model.ValueOf(r, f.Field) != nil)
		}
		fields = append(fields, f)
	}
	slices.SortFunc(fields, func(a, b *fieldChanges) int { return cmp.Compare(a.String(), b.String()) })
	return fields
}

// isJudged tells whether an entity's values are the MIS's.
func isJudged(e model.Entity) bool {
	return slices.Contains([]model.Entity{model.PupilEntity, model.StaffEntity, model.GroupEntity, model.LocationEntity,
		model.SubjectEntity,
		model.HouseEntity, model.LessonEntity}, e)
}

// isValue tells whether a field is one that the MIS gives a value: not a mark of ours, and no
// end that follows from another's.
func isValue(e model.Entity, field string) bool {
	return field == "previous_source_id" || slices.Contains(model.Pinnable(e), field)
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

func listed[T want.Element](all []T) (records []model.Record) {
	for _, r := range slices.SortedFunc(slices.Values(all),
		func(a, b T) int { return mis.CompareIDs(a.Source(), b.Source()) }) {
		if r.IsCurrent() {
			records = append(records, r)
		}
	}
	return records
}
