package importer_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"misimportd/importer/undo"
	"misimportd/store/storetest"
)

// TestAnUndoLeavesNoBookingOfNothing: another program books a room at the moment at which the run
// is undone that made it.
func TestAnUndoLeavesNoBookingOfNothing(t *testing.T) {
	w := newWorld(t, storetest.Postgres(t))
	w.night("2016-09-05", small().xml())
	r := w.night("2016-09-06", small().room(9, "New lab").xml())
	w.exec(`INSERT INTO lessons (id, era_id, on_date, starts_at, ends_at)
		SELECT 99000, min(era_id), '2016-09-12', '2016-09-12 09:00', '2016-09-12 10:00' FROM groups`)
	tx, err := w.raw.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(`INSERT INTO commitments (lesson_id, element_id) SELECT 99000, id FROM locations
		WHERE source_id = '9'`); err != nil {
		t.Fatal(err)
	}
	undone := make(chan error)
	go func() {
		_, err := w.im.Undo(context.Background(), r.Run)
		undone <- err
	}()
	waits := func() int {
		return w.count("who waits", `SELECT count(*) FROM pg_locks WHERE NOT granted
			AND relation = 'commitments'::regclass`)
	}
	for late := time.After(time.Minute); waits() == 0; time.Sleep(10 * time.Millisecond) {
		select {
		case err := <-undone:
			t.Fatalf("the undo did not wait: %v", err)
		case <-late:
			t.Fatal("the undo neither waits nor ends")
		default:
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	var refused *undo.NotUndoneError
	if err := <-undone; !errors.As(err, &refused) {
		t.Errorf("%v", err)
	}
	if stray := w.count("strays", `SELECT count(*) FROM commitments c LEFT JOIN elements e ON e.id = c.element_id
		WHERE e.id IS NULL`); stray > 0 {
		t.Errorf("%d bookings refer to nothing", stray)
	}
}
