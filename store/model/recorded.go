package model

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"reflect"
)

// JSON is a value that a column holds as JSON.
type JSON[T any] struct{ V T }

// Value is how j is stored.
func (j JSON[T]) Value() (driver.Value, error) {
	text, err := json.Marshal(j.V)
	if string(text) == "null" {
		text = []byte("[]")
		if reflect.TypeFor[T]().Kind() == reflect.Map {
			text = []byte("{}")
		}
	}
	return string(text), err
}

// Scan reads j from a database column.
func (j *JSON[T]) Scan(value any) error {
	switch v := value.(type) {
	case string:
		return json.Unmarshal([]byte(v), &j.V)
	case []byte:
		return json.Unmarshal(v, &j.V)
	}
	return fmt.Errorf("cannot read JSON from a %T", value)
}

// Recorded is one change as the database records it.
type Recorded struct {
	Entity   Entity      `db:"entity"`
	Action   Action      `db:"action"`
	RecordID ID          `db:"record_id"`
	Why      string      `db:"why"` // what Because said
	Before   JSON[Image] `db:"before"`
	After    JSON[Image] `db:"after"`
}

// Shown is the image of the record afterwards, or before where it is gone.
func (r Recorded) Shown() Image {
	if r.After.V != nil {
		return r.After.V
	}
	return r.Before.V
}

// Key names a record.
type Key struct {
	Entity Entity `db:"entity"`
	ID     ID     `db:"record_id"`
}

// Typed is r as the Change that was made, but for why it was.
func (r Recorded) Typed() (c Change, err error) {
	c = Change{Action: r.Action}
	if r.Before.V != nil {
		if c.Before, err = recordOf(r.Entity, r.RecordID, r.Before.V); err != nil {
			return c, err
		}
	}
	if r.After.V != nil {
		c.After, err = recordOf(r.Entity, r.RecordID, r.After.V)
	}
	return c, err
}

// ElementEntities are the kinds of element.
var ElementEntities = []Entity{PupilEntity, StaffEntity, LocationEntity, SubjectEntity, HouseEntity, GroupEntity}
