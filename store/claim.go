package store

import (
	"context"

	"github.com/jmoiron/sqlx"
)

// Claim notes of which school of a fleet the database is, unless that is noted already, and returns whose it is. Before
// the tables are there it is nobody's: "".
func (db *DB) Claim(ctx context.Context, school string) (whose string, err error) {
	const doing = "looking whose database it is"
	if db.sql == nil { // a file that is not there yet
		return "", nil
	}
	var exists bool
	if err := sqlx.GetContext(ctx, db.sql, &exists, db.dialect.hasTable(), "fleet_school"); err != nil || !exists {
		return "", db.failed(doing, err)
	}
	if _, err := db.sql.ExecContext(ctx, `INSERT INTO fleet_school (name) VALUES ($1) ON CONFLICT DO NOTHING`,
		school); err != nil {
		return "", db.failed(doing, err)
	}
	return whose, db.failed(doing, db.sql.GetContext(ctx, &whose, `SELECT name FROM fleet_school`))
}

// Reclaim notes that the database is another school's from now on, if it is still that of the first.
func (db *DB) Reclaim(ctx context.Context, from, to string) error {
	_, err := db.sql.ExecContext(ctx, `UPDATE fleet_school SET name = $2 WHERE name = $1`, from, to)
	return db.failed("noting whose database it is", err)
}
