//go:build !single

package fleet

import (
	"context"
	"errors"
	"time"

	"misimportd/importer/daemon"
	"misimportd/store"
)

// ClaimedError says that a database is that of another school of the fleet.
type ClaimedError struct{ School string }

func (e *ClaimedError) Error() string {
	return "its database and schema are those of " + e.School + ": give each school its own. If they are not, " +
		"because that name is another school's now, say so in that database and schema: DELETE FROM fleet_school"
}

// claimPatience is how long a school's database may say nothing.
const claimPatience = 20 * time.Second

// Claim finds out whether a database is that of a school, and makes it that if it is nobody's: two URLs may name one
// place. It fails with a *ClaimedError when it is that of another school of the fleet, and with a *daemon.SilentError
// when the database says nothing: a connection that is open heeds no deadline, nor an end. Whose school is not in the
// fleet any more gives way, as when a school was given another name.
func (f *Fleet) Claim(ctx context.Context, db *store.DB, school string) error {
	asking, cancel := context.WithTimeout(ctx, claimPatience)
	answer := make(chan error, 1)
	go func() {
		defer cancel()
		answer <- f.claim(asking, db, school)
	}()
	timer := time.NewTimer(claimPatience + time.Second)
	defer timer.Stop()
	select {
	case err := <-answer:
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			return &daemon.SilentError{For: claimPatience} // of a connection that did not come about
		}
		return err
	case <-timer.C:
		return &daemon.SilentError{For: claimPatience}
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (f *Fleet) claim(ctx context.Context, db *store.DB, school string) error {
	whose, err := db.Claim(ctx, school)
	if err != nil || whose == "" || whose == school {
		return err
	}
	var exists bool
	if err := f.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM fleet.schools WHERE name = $1)`, whose).
		Scan(&exists); err != nil || exists {
		return &ClaimedError{whose} // as long as nobody knows that it is not in the fleet
	}
	if err := db.Reclaim(ctx, whose, school); err != nil {
		return err
	}
	if whose, err = db.Claim(ctx, school); err != nil || whose == school {
		return err
	}
	return &ClaimedError{whose}
}
