package mis

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// SectionDifference is in which records of a section two documents differ.
type SectionDifference struct {
	Section string             `json:"section"`
	New     []string           `json:"new"`  // ids that the first does not have
	Gone    []string           `json:"gone"` // ids that the second does not have
	Changed []RecordDifference `json:"changed"`
}

// RecordDifference is a record that both documents have, and what differs.
type RecordDifference struct {
	ID     string            `json:"id"`
	Fields []FieldDifference `json:"fields"`
}

// FieldDifference is a value of a record, before and after.
type FieldDifference struct {
	Name   string `json:"name"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// Compare tells in which usable records two documents differ, section by section.
func Compare(before, after *Snapshot) (list []SectionDifference) {
	then, now := before.records(), after.records()
	for _, section := range after.order() {
		d := SectionDifference{Section: section, New: []string{}, Gone: []string{}, Changed: []RecordDifference{}}
		for id, record := range now[section] {
			was, known := then[section][id]
			if !known {
				d.New = append(d.New, id)
			} else if fields := differing(was, record); len(fields) > 0 {
				d.Changed = append(d.Changed, RecordDifference{id, fields})
			}
		}
		for id := range then[section] {
			if _, known := now[section][id]; !known {
				d.Gone = append(d.Gone, id)
			}
		}
		if len(d.New)+len(d.Gone)+len(d.Changed) == 0 {
			continue
		}
		slices.SortFunc(d.New, CompareIDs)
		slices.SortFunc(d.Gone, CompareIDs)
		slices.SortFunc(d.Changed, func(a, b RecordDifference) int {
			return cmp.Or(CompareIDs(a.ID, b.ID), cmp.Compare(a.ID, b.ID))
		})
		list = append(list, d)
	}
	return list
}

// order is the names of the sections, each once.
func (s *Snapshot) order() (names []string) {
	for _, section := range s.sections() {
		if !slices.Contains(names, section.Name()) {
			names = append(names, section.Name())
		}
	}
	return append(names, s.Timetable.Section)
}

// records are the usable records of each section by what identifies them.
func (s *Snapshot) records() map[string]map[string]reflect.Value {
	of := map[string]map[string]reflect.Value{}
	add := func(section string, list reflect.Value) {
		if of[section] == nil {
			of[section] = map[string]reflect.Value{}
		}
		for i := range list.Len() {
			of[section][identity(list.Index(i))] = list.Index(i)
		}
	}
	for _, section := range s.sections() {
		add(section.Name(), reflect.ValueOf(section).Elem().FieldByName("Records"))
	}
	add(s.Timetable.Section, reflect.ValueOf(s.Timetable.Lessons))
	return of
}

// identity is what makes a record the one that it is: its id or, of a member, the group and the pupil.
func identity(record reflect.Value) string {
	switch r := record.Interface().(type) {
	case Member:
		return r.GroupID + "/" + r.PupilID
	case ActivityMember:
		return fmt.Sprintf("%s/%s from %s", r.ActivityID, r.PupilID, r.Days.From)
	case Lesson:
		return strings.Join(r.IDs, "+")
	}
	return fmt.Sprint(record.FieldByName("ID").Interface())
}

// differing are the fields in which two records of a type differ.
func differing(was, is reflect.Value) (fields []FieldDifference) {
	for i := range is.NumField() {
		name := is.Type().Field(i).Name
		before, after := was.Field(i).Interface(), is.Field(i).Interface()
		if !reflect.DeepEqual(before, after) && name != "ID" && name != "IDs" {
			fields = append(fields, FieldDifference{name, fmt.Sprint(before), fmt.Sprint(after)})
		}
	}
	return fields
}
