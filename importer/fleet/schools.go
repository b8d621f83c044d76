//go:build !single

package fleet

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"misimportd/era/hint"
	"misimportd/importer/words"
)

// School is a school of a fleet, as it is configured.
type School struct {
	Name          string   `db:"name"`
	Configuration string   `db:"configuration"` // YAML as for a single school; secrets stand in it by name only
	Zone          string   `db:"zone"`
	Schedule      string   `db:"schedule"`
	GiveUp        string   `db:"give_up"`
	Database      string   `db:"database"` // where it is, without user and password
	Secrets       []string `db:"secrets"`  // names that a worker has to know
	Canary        bool     `db:"canary"`   // it goes first

	Files map[string][]byte `db:"-"`
}

const schoolColumns = `s.name, s.configuration, s.zone, s.schedule, s.give_up, s.database, s.secrets, s.canary`

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// schoolsIn reads schools, by name; none named are all.
func schoolsIn(ctx context.Context, q querier, names ...string) (map[string]School, error) {
	rows, err := q.Query(ctx, `SELECT `+schoolColumns+` FROM fleet.schools s
		WHERE cardinality($1::text[]) = 0 OR s.name = ANY($1)`, emptyNotNull(names))
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[School])
	if err != nil {
		return nil, err
	}
	rows, err = q.Query(ctx, `SELECT school, path, content FROM fleet.school_files
		WHERE cardinality($1::text[]) = 0 OR school = ANY($1)`, emptyNotNull(names))
	if err != nil {
		return nil, err
	}
	files := map[string]map[string][]byte{}
	for rows.Next() {
		var school, path string
		var content []byte
		if err := rows.Scan(&school, &path, &content); err != nil {
			return nil, err
		}
		if files[school] == nil {
			files[school] = map[string][]byte{}
		}
		files[school][path] = content
	}
	all := map[string]School{}
	for _, s := range list {
		s.Files = files[s.Name]
		all[s.Name] = s
	}
	return all, rows.Err()
}

// emptyNotNull is a list that is not null in the database, where nothing is in a null one, nor not in it.
func emptyNotNull[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// UnknownError says that a fleet has no schools of some names.
type UnknownError struct{ Names []string }

func (e *UnknownError) Error() string {
	return fmt.Sprintf("the fleet has no %s %s: \"%s\" names those that it has",
		words.PlainPlural(len(e.Names), "school"), words.Listed(e.Names, 10), hint.Command("fleet list"))
}

// School is a school with its files. It fails with an *UnknownError when there is none of that name.
func (f *Fleet) School(ctx context.Context, name string) (School, error) {
	found, err := schoolsIn(ctx, f.pool, name)
	if err != nil {
		return School{}, f.failed("reading a school", err)
	}
	s, isThere := found[name]
	if !isThere {
		return s, &UnknownError{[]string{name}}
	}
	return s, nil
}
