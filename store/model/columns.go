package model

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"misimportd/era"
)

// Column is one column of a record's table.
type Column struct {
	Name  string
	SQL   string // the SQL type
	Index []int  // where the Go field is
}

// Table is a table that holds a record, or a part of it, without the id.
type Table struct {
	Name    string
	Columns []Column
}

// Shape says how one type of Record is laid out in the database: in its own table,
// and if it is an element first in elements.
type Shape struct {
	Entity   Entity
	Record   reflect.Type
	Tables   []Table
	Columns  []Column // those of all tables
	Sequence string   // the table whose sequence ids come from

	references []reference // to records that have labels
}

var Shapes = map[Entity]*Shape{}

// KindOfGroup is the column in which groups differ from the elements they are:
// both tables have a kind. In a Change's image the group's goes by this name.
const KindOfGroup = "group_kind"

func init() {
	for _, s := range []*Shape{
		newShape(Staff{}, "staff"), newShape(Pupil{}, "pupils"), newShape(Location{}, "locations"),
		newShape(Subject{}, "subjects"), newShape(House{}, "houses"), newShape(Group{}, "groups"),
		newShape(Membership{}, "memberships"), newShape(Era{}, "eras"), newShape(Settings{}, "settings"),
		newShape(Lesson{}, "lessons"), newShape(Commitment{}, "commitments"), newShape(Suspension{}, "suspensions"),
		newShape(GroupSuspension{}, "group_suspensions"),
		newShape(Absence{}, "absences"), newShape(Pin{}, "pins"), newShape(UnwantedDocument{}, "unwanted_documents"),
		newShape(Datasource{}, "datasources"), newShape(Pause{}, "pauses"),
	} {
		Shapes[s.Entity] = s
	}
}

func newShape(prototype Record, name string) *Shape {
	s := &Shape{Entity: prototype.Entity(), Record: reflect.TypeOf(prototype), Sequence: name}
	elements, own := Table{Name: "elements"}, Table{Name: name}
	elementType := reflect.TypeFor[Element]()
	for _, f := range reflect.VisibleFields(reflect.TypeOf(prototype)) {
		tag := f.Tag.Get("db")
		if f.Anonymous || tag == "" || tag == "id" {
			continue
		}
		c := Column{Name: tag, SQL: sqlType(f.Type), Index: f.Index}
		if isPartOf(reflect.TypeOf(prototype), elementType, f.Index) {
			elements.Columns = append(elements.Columns, c)
		} else {
			own.Columns = append(own.Columns, c)
		}
	}
	if len(elements.Columns) > 0 {
		s.Sequence = "elements"
		s.Tables = append(s.Tables, elements)
	}
	s.Tables = append(s.Tables, own)
	for _, t := range s.Tables {
		s.Columns = append(s.Columns, t.Columns...)
	}
	for _, c := range s.Columns {
		if what := referenceOf(c); what != "" {
			s.references = append(s.references, reference{what, c.Index})
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

// Key is the column's name in an image.
func (t Table) Key(c Column) string {
	if t.Name == "groups" && c.Name == "kind" {
		return KindOfGroup
	}
	return c.Name
}

// AppendImage appends all columns of r but its id as a JSON object. real turns
// provisional ids into those that the rows got.
func (s *Shape) AppendImage(b []byte, r Record, real func(ID) ID) []byte {
	v := reflect.ValueOf(r)
	b = append(b, '{')
	for _, t := range s.Tables {
		for _, c := range t.Columns {
			if b[len(b)-1] != '{' {
				b = append(b, ',')
			}
			b = append(append(append(b, '"'), t.Key(c)...), '"', ':')
			if c.Name == "source_id" && v.FieldByIndex(c.Index).String() == "" { // no MIS has the row
				b = append(b, "null"...)
				continue
			}
			b = appendValue(b, v.FieldByIndex(c.Index), c.SQL, real)
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
	return Recorded{Entity: c.Entity(), Action: c.Action, RecordID: c.Record().RowID(), Why: c.Because(),
		Before: JSON[Image]{imageOf(c.Before)}, After: JSON[Image]{imageOf(c.After)}}
}

func imageOf(r Record) Image {
	if r == nil {
		return nil
	}
	var image Image
	text := Shapes[r.Entity()].AppendImage(nil, r, func(id ID) ID { return id })
	_ = json.Unmarshal(text, &image) // what AppendImage writes is JSON
	return image
}

// Keep gives after the value that before has of a field, by the name of its column.
func Keep[T Record](after, before T, field string) T {
	into, from := reflect.ValueOf(&after).Elem(), reflect.ValueOf(before)
	for _, t := range Shapes[after.Entity()].Tables {
		for _, c := range t.Columns {
			if t.Key(c) == field {
				into.FieldByIndex(c.Index).Set(from.FieldByIndex(c.Index))
			}
		}
	}
	return after
}

// Values calls each with the name of every field of r that is not blank.
func Values(r Record, each func(field string)) {
	v := reflect.ValueOf(r)
	for _, t := range Shapes[r.Entity()].Tables {
		for _, c := range t.Columns {
			value := v.FieldByIndex(c.Index)
			blank := value.IsZero()
			if year, ok := value.Interface().(era.Year); ok {
				blank = !year.Known()
			}
			if !blank {
				each(t.Key(c))
			}
		}
	}
}

// notToPin are the columns that say which record it is, or that are the MIS's to say.
var notToPin = []string{"kind", KindOfGroup, "current", "datasource_id", "source_id", "era_id", "starts_on", "ends_on",
	"suspended", "previous_source_id"}

// ofGroupsToSay are columns of groups that follow from others, or that the MIS has to say.
var ofGroupsToSay = []string{"house_id", "owner_id", "shared"}

// Pinnable lists the fields of an entity that can be pinned.
func Pinnable(e Entity) (fields []string) {
	for _, t := range Shapes[e].Tables {
		for _, c := range t.Columns {
			if !slices.Contains(notToPin, t.Key(c)) && !(e == GroupEntity && slices.Contains(ofGroupsToSay, c.Name)) {
				fields = append(fields, c.Name)
			}
		}
	}
	return fields
}

// recordOf is the record that an image is of.
func recordOf(entity Entity, id ID, image Image) (Record, error) {
	s, known := Shapes[entity]
	if !known {
		return nil, fmt.Errorf("there is no kind of record called %q", entity)
	}
	v := reflect.New(s.Record).Elem()
	v.FieldByName("ID").SetInt(int64(id))
	for _, t := range s.Tables {
		for _, c := range t.Columns {
			if err := setValue(v.FieldByIndex(c.Index), image[t.Key(c)]); err != nil {
				return nil, fmt.Errorf("%s %d, %s: %w", entity, id, c.Name, err)
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

// EachReference calls each with every id of another record that r holds. Those of which there
// are hundreds of thousands take the short way.
func EachReference(r Record, each func(what string, id ID)) {
	switch r := r.(type) {
	case nil:
	case Commitment:
		each(OfLesson, r.LessonID)
		each(OfElement, r.ElementID)
		if r.IsCover() {
			each(OfElement, r.CoversID)
		}
	case Membership:
		each(OfElement, r.GroupID)
		each(OfElement, r.ElementID)
	case Lesson:
		each(OfEra, r.EraID)
		if r.OrganiserID != 0 {
			each(OfElement, r.OrganiserID)
		}
	default:
		v := reflect.ValueOf(r)
		for _, to := range Shapes[r.Entity()].references {
			each(to.what, ID(v.FieldByIndex(to.index).Int()))
		}
	}
}

// reference is a column that holds the id of another record.
type reference struct {
	what  string
	index []int
}

// referenceOf tells to what a column of ids refers; "" is nothing that has a name.
func referenceOf(c Column) string {
	switch {
	case c.SQL != "bigint" || c.Name == "datasource_id":
		return ""
	case c.Name == "lesson_id":
		return OfLesson
	case strings.HasSuffix(c.Name, "era_id"):
		return OfEra
	}
	return OfElement
}
