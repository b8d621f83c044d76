//go:build !single

package fleet

import (
	"context"

	"misimportd/store"
)

// ClaimedError says that a database is that of another school of the fleet.
type ClaimedError struct{ School string }

func (e *ClaimedError) Error() string {
	return "its database and schema are those of " + e.School + ": give each school its own"
}

// Claim finds out whether a database is that of a school, and makes it that if it is nobody's: two URLs may name one
// place. It fails with a *ClaimedError when it is that of another school of the fleet. Whose school is not in the fleet
// any more gives way, as when a school was given another name.
func (f *Fleet) Claim(ctx context.Context, db *store.DB, school string) error {
	ctx, cancel := context.WithTimeout(ctx, askAtMost)
	defer cancel()
	whose, err := db.Claim(ctx, school)
	if err != nil || whose == "" || whose == school {
		return err
	}
	var exists bool
	if err := f.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM fleet.schools WHERE name = $1)`, whose).
		Scan(&exists); err != nil {
		return f.failed("looking for a school", err)
	}
	if exists {
		return &ClaimedError{whose}
	}
	return db.Reclaim(ctx, whose, school)
}
