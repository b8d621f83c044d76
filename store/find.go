package store

import (
	"context"
	"strings"

	"misimportd/era"
	"misimportd/store/model"
)

// Found is an element that people may mean.
type Found struct {
	ID       model.ID `db:"id"`
	Kind     string   `db:"kind"` // of a group its kind
	SourceID string   `db:"source_id"`
	Name     string   `db:"name"`
	Current  bool     `db:"current"`
	Era      string   `db:"era"`       // of a group
	StartsOn era.Date `db:"starts_on"` // likewise
	EndsOn   era.Date `db:"ends_on"`
}

// Like says how an element is looked for.
type Like int

const (
	ByID       Like = iota // in the MIS, or of a group by kind and id
	ByName                 // or code, or whatever else it is called by, in capitals or not
	ByPart                 // of its name
	ByAnything             // all of the kind
)

// foundIn are the tables of the kinds, and by what their records are called beside the name.
var foundIn = map[string]struct {
	table string
	names []string
}{
	"pupil":    {"pupils", []string{"t.school_id"}},
	"staff":    {"staff", []string{"t.code", "t.initials"}},
	"location": {"locations", []string{"t.short_name"}},
	"subject":  {"subjects", []string{"t.code"}},
	"house":    {"houses", []string{"t.code"}},
	"group":    {"groups", []string{"t.kind || ' ' || e.name", "t.kind || '/' || e.name"}},
}

// Search lists the elements of a kind that a text can mean, current ones first. Apostrophes of both kinds are one.
func (v *View) Search(ctx context.Context, kind, text string, like Like) (found []Found, err error) {
	if v.empty {
		return nil, nil
	}
	in := foundIn[kind]
	plain := func(column string) string { return "replace(lower(" + column + "), '’', '''')" }
	asked := strings.ReplaceAll(strings.ToLower(text), "’", "'")
	var where []string
	args := []any{asked}
	switch like {
	case ByID: // by the index that there is
		where, args = []string{"t.datasource_id IN (SELECT id FROM datasources) AND t.source_id = $1"}, []any{text}
		if of, id, isRef := strings.Cut(text, "/"); kind == "group" {
			if !isRef {
				return nil, nil
			}
			where = []string{"t.datasource_id IN (SELECT id FROM datasources) AND t.era_id IN (SELECT id FROM " +
				"eras) AND t.kind = $2 AND t.source_id = $1"}
			args = []any{id, of}
		}
	case ByName:
		for _, column := range append([]string{"e.name"}, in.names...) {
			where = append(where, plain(column)+" = $1")
		}
		if kind == "pupil" { // the name carries the form (R8)
			where = append(where, plain("e.name")+" LIKE $2 ESCAPE '!'")
			args = append(args, escaped(asked)+" (%")
		}
	case ByPart:
		where, args = []string{plain("e.name") + " LIKE $1 ESCAPE '!'"}, []any{"%" + escaped(asked) + "%"}
	case ByAnything:
		where, args = []string{"true"}, nil
	}
	shown, ofGroup := "e.kind", "CAST('' AS text) AS era, CAST(NULL AS date) AS starts_on, CAST(NULL AS date) AS "+
		"ends_on"
	from := "elements e JOIN " + in.table + " t ON t.id = e.id"
	if kind == "group" {
		shown, ofGroup = "t.kind", "r.name AS era, t.starts_on, t.ends_on"
		from += " JOIN eras r ON r.id = t.era_id"
	}
	err = v.tx.SelectContext(ctx, &found, `SELECT e.id, `+shown+` AS kind, coalesce(t.source_id, '') AS source_id,
		e.name,
			e.current, `+ofGroup+` FROM `+from+` WHERE `+strings.Join(where, " OR ")+` ORDER BY e.current DESC,
				e.name, e.id`,
		args...)
	return found, v.db.failed("looking it up", err)
}

// Facts are the fields of an element that are not blank, by the names of their columns.
func (v *View) Facts(ctx context.Context, kind string, id model.ID) (map[string]any, error) {
	facts := map[string]any{}
	row := v.tx.QueryRowxContext(ctx, `SELECT t.* FROM `+foundIn[kind].table+` t WHERE t.id = $1`, id)
	if err := row.MapScan(facts); err != nil {
		return nil, v.db.failed("reading the record", err)
	}
	for name, value := range facts {
		if text, isText := value.([]byte); isText {
			value = string(text)
			facts[name] = value
		}
		if value == nil || value == "" {
			delete(facts, name)
		}
	}
	return facts, nil
}

// GroupOf is a group that an element is in, was in, or will be in.
type GroupOf struct {
	ID       model.ID `db:"group_id"`
	Kind     string   `db:"kind"`
	SourceID string   `db:"source_id"`
	Name     string   `db:"name"`
	Era      string   `db:"era"`
	StartsOn era.Date `db:"starts_on"`
	EndsOn   era.Date `db:"ends_on"`
}

// GroupsOf lists the groups that an element itself was ever in, each stretch of days, the newest first.
func (v *View) GroupsOf(ctx context.Context, element model.ID) (list []GroupOf, err error) {
	err = v.tx.SelectContext(ctx, &list, `SELECT g.id AS group_id, g.kind, coalesce(g.source_id, '') AS source_id,
		e.name,
			r.name AS era, m.starts_on, m.ends_on
		FROM memberships m JOIN groups g ON g.id = m.group_id JOIN elements e ON e.id = g.id JOIN eras r ON r.id =
			g.era_id
		WHERE m.element_id = $1 ORDER BY m.starts_on DESC, g.kind, e.name, m.id`, element)
	return list, v.db.failed("reading the memberships", err)
}

// Tutored lists the groups of which a member of staff is the tutor, or that one gathered, the newest first.
func (v *View) Tutored(ctx context.Context, staff model.ID) (list []GroupOf, err error) {
	err = v.tx.SelectContext(ctx, &list, `SELECT g.id AS group_id, g.kind, coalesce(g.source_id, '') AS source_id,
		e.name,
			r.name AS era, g.starts_on, g.ends_on
		FROM groups g JOIN elements e ON e.id = g.id JOIN eras r ON r.id = g.era_id
		WHERE g.tutor_id = $1 OR g.owner_id = $1 ORDER BY g.starts_on DESC, g.kind, e.name, g.id`, staff)
	return list, v.db.failed("reading the groups", err)
}

// NamesOfElements reads how some elements are called.
func (v *View) NamesOfElements(ctx context.Context, ids []model.ID) (map[model.ID]model.Label, error) {
	labels := map[model.ID]model.Label{}
	if v.empty {
		return labels, nil
	}
	for some := range inChunks(ids) {
		if err := v.readLabels(ctx, labels, labelQueries[model.OfElement]+` WHERE e.id IN (`+some+`)`); err != nil {
			return nil, err
		}
	}
	return labels, nil
}

// Listed is an element with the code by which it is known.
type Listed struct {
	SourceID string `db:"source_id"`
	Code     string `db:"code"`
	Name     string `db:"name"`
}

// All lists the current elements of a kind, by name.
func (v *View) All(ctx context.Context, kind string) (list []Listed, err error) {
	if v.empty {
		return nil, nil
	}
	in := foundIn[kind]
	err = v.tx.SelectContext(ctx, &list, `SELECT coalesce(t.source_id, '') AS source_id, `+in.names[0]+` AS code, e.name
		FROM elements e JOIN `+in.table+` t ON t.id = e.id WHERE e.current ORDER BY e.name, e.id`)
	return list, v.db.failed("reading the list", err)
}
