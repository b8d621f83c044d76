package store

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"misimportd/era"
)

// column is one column of a record's table.
type column struct {
	name  string
	sql   string // the SQL type
	index []int  // where the Go field is
}

// table is a table that holds a record, or a part of it, without the id.
type table struct {
	name    string
	columns []column
}

// shape says how one type of Record is laid out in the database: in its own table,
// and if it is an element first in elements.
type shape struct {
	entity  Entity
	record  reflect.Type
	tables  []table
	columns []column // those of all tables
	ids     string   // the table whose sequence ids come from

	references []reference // to records that have labels
}

var shapes = map[Entity]*shape{}

// KindOfGroup is the column in which groups differ from the elements they are:
// both tables have a kind. In a Change's image the group's goes by this name.
const KindOfGroup = "group_kind"

func init() {
	for _, s := range []*shape{
		newShape(Staff{}, "staff"), newShape(Pupil{}, "pupils"), newShape(Location{}, "locations"),
		newShape(Subject{}, "subjects"), newShape(House{}, "houses"), newShape(Group{}, "groups"),
		newShape(Membership{}, "memberships"), newShape(Era{}, "eras"), newShape(Settings{}, "settings"),
		newShape(Lesson{}, "lessons"), newShape(Commitment{}, "commitments"), newShape(Suspension{}, "suspensions"), newShape(GroupSuspension{}, "group_suspensions"),
		newShape(Absence{}, "absences"), newShape(Pin{}, "pins"), newShape(UnwantedDocument{}, "unwanted_documents"),
	} {
		shapes[s.entity] = s
	}
}

func newShape(prototype Record, name string) *shape {
	s := &shape{entity: prototype.Entity(), record: reflect.TypeOf(prototype), ids: name}
	elements, own := table{name: "elements"}, table{name: name}
	elementType := reflect.TypeFor[Element]()
	for _, f := range reflect.VisibleFields(reflect.TypeOf(prototype)) {
		tag := f.Tag.Get("db")
		if f.Anonymous || tag == "" || tag == "id" {
			continue
		}
		c := column{name: tag, sql: sqlType(f.Type), index: f.Index}
		if isPartOf(reflect.TypeOf(prototype), elementType, f.Index) {
			elements.columns = append(elements.columns, c)
		} else {
			own.columns = append(own.columns, c)
		}
	}
	if len(elements.columns) > 0 {
		s.ids = "elements"
		s.tables = append(s.tables, elements)
	}
	s.tables = append(s.tables, own)
	for _, t := range s.tables {
		s.columns = append(s.columns, t.columns...)
	}
	for _, c := range s.columns {
		if what := referenceOf(c); what != "" {
			s.references = append(s.references, reference{what, c.index})
		}
	}
	return s
}

func isPartOf(whole, part reflect.Type, index []int) bool {
	return len(index) > 1 && whole.Field(index[0]).Type == part
}

func sqlType(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[ID]():
		return "bigint"
	case reflect.TypeFor[era.Date]():
		return "date"
	case reflect.TypeFor[era.Moment]():
		return "timestamp"
	case reflect.TypeFor[era.Year]():
		return "smallint"
	}
	switch t.Kind() {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "boolean"
	case reflect.Int:
		return "integer"
	}
	panic(fmt.Sprintf("no SQL type for %s", t))
}

// key is the column's name in an image.
func (t table) key(c column) string {
	if t.name == "groups" && c.name == "kind" {
		return KindOfGroup
	}
	return c.name
}

// appendImage appends all columns of r but its id as a JSON object. real turns
// provisional ids into those that the rows got.
func (s *shape) appendImage(b []byte, r Record, real func(ID) ID) []byte {
	v := reflect.ValueOf(r)
	b = append(b, '{')
	for _, t := range s.tables {
		for _, c := range t.columns {
			if b[len(b)-1] != '{' {
				b = append(b, ',')
			}
			b = append(append(append(b, '"'), t.key(c)...), '"', ':')
			b = appendValue(b, v.FieldByIndex(c.index), c.sql, real)
		}
	}
	return append(b, '}')
}

func appendValue(b []byte, v reflect.Value, sql string, real func(ID) ID) []byte {
	switch sql {
	case "bigint":
		if v.Int() == 0 {
			return append(b, "null"...)
		}
		return strconv.AppendInt(b, int64(real(ID(v.Int()))), 10)
	case "date":
		return era.Date(v.Int()).AppendJSON(b)
	case "timestamp":
		return era.Moment(v.Int()).AppendJSON(b)
	case "smallint":
		return era.Year(v.Int()).AppendJSON(b)
	case "boolean":
		return strconv.AppendBool(b, v.Bool())
	case "integer":
		return strconv.AppendInt(b, v.Int(), 10)
	}
	quoted, _ := json.Marshal(v.String()) // a string has a JSON form always
	return append(b, quoted...)
}

// Image is what a record held: column names and values, as JSON has them.
type Image map[string]any

// Recorded is c as the database would record it, provisional ids and all.
func (c Change) Recorded() Recorded {
	return Recorded{Entity: c.Entity(), Action: c.Action, RecordID: c.Record().RowID(), Why: c.Why,
		Before: JSON[Image]{imageOf(c.Before)}, After: JSON[Image]{imageOf(c.After)}}
}

func imageOf(r Record) Image {
	if r == nil {
		return nil
	}
	var image Image
	text := shapes[r.Entity()].appendImage(nil, r, func(id ID) ID { return id })
	_ = json.Unmarshal(text, &image) // what appendImage writes is JSON
	return image
}

// Keep gives after the value that before has of a field, by the name of its column.
func Keep[T Record](after, before T, field string) T {
	into, from := reflect.ValueOf(&after).Elem(), reflect.ValueOf(before)
	for _, t := range shapes[after.Entity()].tables {
		for _, c := range t.columns {
			if t.key(c) == field {
				into.FieldByIndex(c.index).Set(from.FieldByIndex(c.index))
			}
		}
	}
	return after
}

// Values calls each with the name of every field of r that is not blank.
func Values(r Record, each func(field string)) {
	v := reflect.ValueOf(r)
	for _, t := range shapes[r.Entity()].tables {
		for _, c := range t.columns {
			value := v.FieldByIndex(c.index)
			blank := value.IsZero()
			if year, ok := value.Interface().(era.Year); ok {
				blank = !year.Known()
			}
			if !blank {
				each(t.key(c))
			}
		}
	}
}

// notToPin are the columns that say which record it is, or that are the MIS's to say.
var notToPin = []string{"kind", KindOfGroup, "current", "datasource_id", "source_id", "era_id", "starts_on", "ends_on", "suspended", "previous_source_id"}

// Pinnable lists the fields of an entity that can be pinned.
func Pinnable(e Entity) (fields []string) {
	for _, t := range shapes[e].tables {
		for _, c := range t.columns {
			if !slices.Contains(notToPin, t.key(c)) {
				fields = append(fields, c.name)
			}
		}
	}
	return fields
}

// recordOf is the record that an image is of.
func recordOf(entity Entity, id ID, image Image) (Record, error) {
	s, known := shapes[entity]
	if !known {
		return nil, fmt.Errorf("there is no kind of record called %q", entity)
	}
	v := reflect.New(s.record).Elem()
	v.FieldByName("ID").SetInt(int64(id))
	for _, t := range s.tables {
		for _, c := range t.columns {
			if err := setValue(v.FieldByIndex(c.index), image[t.key(c)]); err != nil {
				return nil, fmt.Errorf("%s %d, %s: %w", entity, id, c.name, err)
			}
		}
	}
	return v.Interface().(Record), nil
}

// setValue is the opposite of appendValue.
func setValue(field reflect.Value, value any) error {
	switch v := value.(type) {
	case nil:
		field.SetZero()
		if year, ok := field.Addr().Interface().(*era.Year); ok {
			*year = era.NoYear
		}
		return nil
	case bool:
		field.SetBool(v)
		return nil
	case float64:
		field.SetInt(int64(v))
		return nil
	case string:
		switch into := field.Addr().Interface().(type) {
		case *era.Date:
			return into.Scan(v)
		case *era.Moment:
			return into.Scan(v)
		}
		field.SetString(v)
		return nil
	}
	return fmt.Errorf("cannot be a %T", value)
}

// Text is a column's text, "" where it is NULL or no text.
func (i Image) Text(column string) string {
	text, _ := i[column].(string)
	return text
}

// ID is a column's id, 0 where it is NULL or no id.
func (i Image) ID(column string) ID {
	number, _ := i[column].(float64)
	return ID(number)
}

// Date is a column's date, zero where it is NULL or no date.
func (i Image) Date(column string) era.Date {
	date, _ := era.ParseDate(i.Text(column))
	return date
}
