//go:build !single

package fleet

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// When is a moment that may never have been: null in the database, zero here.
type When struct{ time.Time }

// Scan reads it.
func (w *When) Scan(from any) error {
	switch at := from.(type) {
	case nil:
		w.Time = time.Time{}
	case time.Time:
		w.Time = at
	default:
		return fmt.Errorf("%T is no moment", from)
	}
	return nil
}

// Value writes it.
func (w When) Value() (driver.Value, error) {
	if w.IsZero() {
		return nil, nil
	}
	return w.Time, nil
}
