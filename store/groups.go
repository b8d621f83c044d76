package store

import (
	"context"
	"fmt"
	"strings"

	"misimportd/era"
	"misimportd/store/model"
)

// GroupsLike says which groups are looked for: by what of it is not blank.
type GroupsLike struct {
	Kind, Like, SourceID, Name string
	Year                       era.Year // era.NoYear for any
	On                         era.Date // a day on which they live
}

// GroupOn is a group as it is on a day.
type GroupOn struct {
	ID       model.ID `db:"group_id"`
	Kind     string   `db:"kind"`
	SourceID string   `db:"source_id"`
	Name     string   `db:"name"`
	Era      string   `db:"era"`
	Year     era.Year `db:"year"`
	StartsOn era.Date `db:"starts_on"`
	EndsOn   era.Date `db:"ends_on"`
	Members  int      `db:"members"` // of its own, on the day
}

// Groups lists the groups that live on a day, by kind and name.
func (v *View) Groups(ctx context.Context, like GroupsLike) ([]GroupOn, error) {
	groups := []GroupOn{}
	if v.empty {
		return groups, nil
	}
	where, args := []string{"g.starts_on <= $1", "(g.ends_on IS NULL OR g.ends_on >= $1)"}, []any{like.On}
	add := func(condition string, value any) {
		args = append(args, value)
		where = append(where, fmt.Sprintf(condition, len(args)))
	}
	if like.Kind != "" {
		add("g.kind = $%d", like.Kind)
	}
	if like.SourceID != "" {
		add("g.source_id = $%d", like.SourceID)
	}
	if like.Name != "" {
		add("lower(g.name) = lower($%d)", like.Name)
	}
	if like.Like != "" {
		add("lower(g.name) LIKE $%d ESCAPE '!'", "%"+escaped(strings.ToLower(like.Like))+"%")
	}
	if like.Year.Known() {
		add("g.year = $%d", like.Year)
	}
	err := v.tx.SelectContext(ctx, &groups, `SELECT g.group_id, g.kind, coalesce(g.source_id, '') AS source_id, g.name,
			g.era, g.year, g.starts_on, g.ends_on, (SELECT count(*) FROM memberships m WHERE m.group_id = g.group_id
				AND m.starts_on <= $1 AND (m.ends_on IS NULL OR m.ends_on >= $1)) AS members
		FROM group_details g WHERE `+strings.Join(where, " AND ")+` ORDER BY g.kind, g.name, g.group_id`, args...)
	return groups, v.db.failed("reading the groups", err)
}

// GroupByID reads a group, with how many members it has on a day.
func (v *View) GroupByID(ctx context.Context, id model.ID, on era.Date) (g GroupOn, err error) {
	err = v.tx.GetContext(ctx, &g, `SELECT g.group_id, g.kind, coalesce(g.source_id, '') AS source_id, g.name, g.era,
			g.year, g.starts_on, g.ends_on, (SELECT count(*) FROM memberships m WHERE m.group_id = g.group_id
				AND m.starts_on <= $1 AND (m.ends_on IS NULL OR m.ends_on >= $1)) AS members
		FROM group_details g WHERE g.group_id = $2`, on, id)
	return g, v.db.failed("reading the group", err)
}

// escaped is a text as LIKE takes it for itself.
func escaped(text string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(text)
}

// MemberOn is a member of a group on a day.
type MemberOn struct {
	Kind     string   `db:"kind"`
	SourceID string   `db:"source_id"`
	Name     string   `db:"name"`
	Surname  string   `db:"surname"`
	Forename string   `db:"forename"`
	StartsOn era.Date `db:"starts_on"`
	EndsOn   era.Date `db:"ends_on"`
	Through  string   `db:"through"` // the group within the group that it is in, "" for the group itself
}

// MembersOn lists who is in a group on a day, by surname: its own members, or flat, everybody who is in it
// through groups that are its members, and no group.
func (v *View) MembersOn(ctx context.Context, group model.ID, on era.Date, flat bool) ([]MemberOn, error) {
	members := []MemberOn{}
	from, only := "(SELECT group_id, element_id, starts_on, ends_on, group_id AS through FROM memberships)", ""
	if flat {
		from, only = "flat_memberships", " AND e.kind <> 'group'"
	}
	err := v.tx.SelectContext(ctx, &members, `SELECT coalesce(mg.kind, e.kind) AS kind,
			coalesce(p.source_id, s.source_id, mg.source_id, '') AS source_id, e.name,
			coalesce(p.surname, s.surname, '') AS surname, coalesce(p.forename, s.forename, '') AS forename,
			m.starts_on, m.ends_on,
			CASE WHEN m.through = m.group_id THEN '' ELSE t.name END AS through
		FROM `+from+` m JOIN elements e ON e.id = m.element_id JOIN elements t ON t.id = m.through
		LEFT JOIN pupils p ON p.id = e.id LEFT JOIN staff s ON s.id = e.id LEFT JOIN groups mg ON mg.id = e.id
		WHERE m.group_id = $1 AND m.starts_on <= $2 AND (m.ends_on IS NULL OR m.ends_on >= $2)`+only+`
		ORDER BY coalesce(nullif(p.surname, ''), nullif(s.surname, ''), e.name), e.name, e.id, through`, group, on)
	return members, v.db.failed("reading the members", err)
}
