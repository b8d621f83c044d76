package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/pressly/goose/v3"
)

func sqlOpen(connector driver.Connector) *sql.DB { return sql.OpenDB(connector) }

// SchemaError says that the database's tables are not those that this program knows.
type SchemaError struct {
	Database   string
	Has, Knows int64
}

func (e *SchemaError) Error() string {
	if e.Has > e.Knows {
		return fmt.Sprintf("%s has schema version %d and this program knows versions up to %d: use a newer misimportd",
			e.Database, e.Has, e.Knows)
	}
	return fmt.Sprintf("%s has schema version %d and this program needs %d: the next run brings it up to date",
		e.Database, e.Has, e.Knows)
}

// schema tells which version of our tables the database has; 0 is none at all.
// It writes nothing.
func (db *DB) schema(ctx context.Context, q sqlx.QueryerContext) (has int64, err error) {
	if db.sql == nil {
		return 0, nil
	}
	const versions = "goose_db_version"
	var exists bool
	if err := sqlx.GetContext(ctx, q, &exists, db.dialect.hasTable(), versions); err != nil || !exists {
		return 0, err
	}
	err = sqlx.GetContext(ctx, q, &has, "SELECT coalesce(max(version_id), 0) FROM "+versions+" WHERE is_applied")
	return has, err
}

func (db *DB) migrator() (*goose.Provider, error) {
	kind, files := db.dialect.goose()
	return goose.NewProvider(kind, db.sql.DB, files, goose.WithDisableGlobalRegistry(true))
}

// knows is the newest schema version that the program has a migration to.
func (db *DB) knows() (int64, error) {
	db.newest.Do(func() {
		p, err := db.migrator()
		if err != nil {
			db.newestErr = err
			return
		}
		sources := p.ListSources()
		db.newestVersion = sources[len(sources)-1].Version
	})
	return db.newestVersion, db.newestErr
}

// migrate brings the tables up to date. It is called with the lock held: two programs
// never migrate at once. A schema newer than the program's is refused.
func (db *DB) migrate(ctx context.Context) error {
	knows, err := db.knows()
	if err != nil {
		return err
	}
	has, err := db.schema(ctx, db.sql)
	if err != nil {
		return db.failed("looking for the schema", err)
	}
	switch {
	case has > knows:
		return &SchemaError{db.name, has, knows}
	case has == knows:
		return nil
	}
	p, err := db.migrator()
	if err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return db.failed("creating the tables", err)
	}
	return nil
}

// isSetUp tells whether the tables are there. Those of another version than the
// program's are an error.
func (db *DB) isSetUp(ctx context.Context) (bool, error) {
	if db.sql == nil {
		return false, nil
	}
	has, err := db.schema(ctx, db.sql)
	if err != nil {
		return false, db.failed("looking for the schema", err)
	}
	if has == 0 {
		return false, nil
	}
	knows, err := db.knows()
	if err != nil {
		return false, err
	}
	if has != knows {
		return false, &SchemaError{db.name, has, knows}
	}
	return true, nil
}

// failed says what was being done when err came, to which database, and what to do.
// A cancelled context is told as such: the drivers call it other names.
func (db *DB) failed(doing string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%s: %s: %w", db.name, doing, db.dialect.explain(err))
}
