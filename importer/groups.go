package importer

import (
	"context"
	"fmt"
	"strings"

	"misimportd/era"
	"misimportd/era/hint"
	"misimportd/importer/report"
	"misimportd/store"
)

// Groups lists the groups that live on a day.
func Groups(ctx context.Context, db *store.DB, like store.GroupsLike) (list []report.ListedGroup, err error) {
	list = []report.ListedGroup{}
	err = db.View(ctx, func(v *store.View) error {
		groups, err := v.Groups(ctx, like)
		for _, g := range groups {
			list = append(list, listed(g))
		}
		return err
	})
	return list, err
}

func listed(g store.GroupOn) report.ListedGroup {
	return report.ListedGroup{Kind: g.Kind, SourceID: g.SourceID, Name: g.Name, Era: g.Era, Year: g.Year,
		StartsOn: g.StartsOn, EndsOn: g.EndsOn, Members: g.Members}
}

// Members lists who is in a group on a day. The group is named by its kind and id, as in set/1234, or by its
// name. flat lists who is in it through groups that are its members, too.
func Members(ctx context.Context, db *store.DB, name string, on era.Date, flat bool) (m report.Members, err error) {
	err = db.View(ctx, func(v *store.View) error {
		g, err := findGroup(ctx, v, name, on)
		if err != nil {
			return err
		}
		m = report.Members{Group: listed(g), On: on, Flat: flat, Members: []report.ListedMember{}}
		members, err := v.MembersOn(ctx, g.ID, on, flat)
		for _, member := range members {
			m.Members = append(m.Members, report.ListedMember(member))
		}
		return err
	})
	return m, err
}

// findGroup finds the one group that is meant.
func findGroup(ctx context.Context, v *store.View, name string, on era.Date) (g store.GroupOn, err error) {
	kind, id, isID := strings.Cut(name, "/")
	for _, like := range []store.GroupsLike{{Name: name}, {Kind: kind, SourceID: id}} {
		if like.Kind != "" && !isID {
			break
		}
		like.On, like.Year = on, era.NoYear
		found, err := v.Groups(ctx, like)
		switch {
		case err != nil:
			return g, err
		case len(found) == 1:
			return found[0], nil
		case len(found) > 1:
			var which []string
			for _, f := range found {
				which = append(which, fmt.Sprintf("%s/%s (%s)", f.Kind, f.SourceID, f.Era))
			}
			return g, refusef("%d groups are called %s on %s: name one by kind and id: %s", len(found), name, on,
				strings.Join(which, ", "))
		}
	}
	return g, refusef("there is no group %s on %s: \"%s\" lists them", name, on,
		hint.Command("groups --on %s --like %s", on, hint.Quote(name)))
}
