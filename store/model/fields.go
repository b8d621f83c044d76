package model

import (
	"cmp"
	"reflect"
	"slices"
	"strings"

	"misimportd/era"
)

// Differing calls each with every field of which two records of one kind differ.
func Differing(before, after Record, each func(field string)) {
	b, a := reflect.ValueOf(before), reflect.ValueOf(after)
	for _, t := range Shapes[before.Entity()].Tables {
		for _, c := range t.Columns {
			if valueOf(b, c) != valueOf(a, c) {
				each(t.Key(c))
			}
		}
	}
}

// FieldOf is the value of a field of a record, nil when it is blank.
func FieldOf(r Record, field string) any {
	for _, t := range Shapes[r.Entity()].Tables {
		for _, c := range t.Columns {
			if t.Key(c) == field {
				return valueOf(reflect.ValueOf(r), c)
			}
		}
	}
	return nil
}

func valueOf(r reflect.Value, c Column) any {
	value := r.FieldByIndex(c.Index)
	plain := value.Interface()
	if year, ok := plain.(era.Year); ok {
		if !year.Known() {
			return nil
		}
		return plain
	}
	if value.IsZero() {
		return nil
	}
	return plain
}

// FieldKind is a field of a kind of record: a pupil's surname.
type FieldKind struct{ Kind, Field string }

func (f FieldKind) String() string { return f.Kind + " " + strings.TrimSuffix(f.Field, "_id") }

// OfEntity is f with what kind of record it is, whatever kind of group.
func (f FieldKind) OfEntity() FieldKind {
	if slices.Contains(GroupKinds, f.Kind) && f.Kind != HouseGroup {
		f.Kind = string(GroupEntity)
	}
	return f
}

// Kinds is how people call records of a kind.
func Kinds(kind string) string {
	switch kind {
	case string(StaffEntity):
		return kind
	case string(LocationEntity):
		return "rooms"
	case ActivityGroup:
		return "activities"
	case CustomGroup, AutomaticGroup, ExtraGroup, "user":
		return kind + " groups"
	}
	return kind + "s"
}

// Called is how people call the field.
func (f FieldKind) Called() string {
	words := map[string]string{"school_id": "school id", "starts_at": "beginning", "ends_at": "end", "on_date": "day",
		"email":    "e-mail address",
		"known_as": "preferred name"}
	return cmp.Or(words[f.Field], strings.ReplaceAll(strings.TrimSuffix(f.Field, "_id"), "_", " "))
}

// KindOfRecord is a kind of group, or of another record.
func KindOfRecord(r Record) string {
	if g, ok := r.(Group); ok {
		return g.GroupKind
	}
	return string(r.Entity())
}

// ValueOf is a field's value; of a pupil's name the part that is not the form (R8).
func ValueOf(r Record, field string) any {
	if p, ok := r.(Pupil); ok && field == "name" {
		return PlainName(p.Name)
	}
	return FieldOf(r, field)
}

// PlainName is a pupil's name without the form.
func PlainName(name string) string {
	if at := strings.LastIndex(name, " ("); at > 0 {
		return name[:at]
	}
	return name
}
