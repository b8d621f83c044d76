package model

import (
	"strings"

	"misimportd/era"
)

// Era is an era with its row's id.
type Era struct {
	ID ID `db:"id"`
	era.Era
}

// Settings says which era is which. There is one row, with the id 1.
type Settings struct {
	ID             ID `db:"id"`
	CurrentEraID   ID `db:"current_era_id"`
	NextEraID      ID `db:"next_era_id"`
	PreviousEraID  ID `db:"previous_era_id"`
	PerpetualEraID ID `db:"perpetual_era_id"`
}

// What an MIS is to the school. One that was there once, or is yet to come, has no role.
const (
	CurrentMIS  = "current"  // the one that is imported
	PreviousMIS = "previous" // whose rows a change of MIS takes over
)

// Datasource is an MIS, by the school's name for it.
type Datasource struct {
	ID   ID     `db:"id" json:"-"`
	Name string `db:"name" json:"name"`
	Role string `db:"role" json:"is,omitempty"`
}

// Datasources are all there are, by name.
type Datasources []Datasource

// Named is the datasource of a name, nil when there is none.
func (d Datasources) Named(name string) *Datasource {
	return d.first(func(d Datasource) bool { return strings.EqualFold(d.Name, strings.TrimSpace(name)) })
}

// Is is the datasource of a role, nil when there is none.
func (d Datasources) Is(role string) *Datasource {
	return d.first(func(d Datasource) bool { return d.Role == role })
}

func (d Datasources) first(which func(Datasource) bool) *Datasource {
	for i := range d {
		if which(d[i]) {
			return &d[i]
		}
	}
	return nil
}

// Pause is days, both included, on which no import begins by itself, as a person entered them.
type Pause struct {
	ID       ID       `db:"id"`
	StartsOn era.Date `db:"starts_on"`
	EndsOn   era.Date `db:"ends_on"`
	Why      string   `db:"why"`
}
