package model

import (
	"reflect"

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
