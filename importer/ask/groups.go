package ask

import (
	"context"
	"fmt"

	"misimportd/era"
	"misimportd/importer/report"
	"misimportd/importer/words"
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

// NotThenError says that a group is not there on a day.
type NotThenError struct {
	Group store.Found
	On    era.Date
}

func (e *NotThenError) Error() string {
	lived := "begins on " + e.Group.StartsOn.Long()
	if e.Group.EndsOn != 0 {
		lived = fmt.Sprintf("lives from %s to %s", e.Group.StartsOn.Long(), e.Group.EndsOn.Long())
	}
	return fmt.Sprintf("%s (%s/%s) is not there on %s: it %s", words.Clean(e.Group.Name), e.Group.Kind,
		words.Clean(e.Group.SourceID), e.On.Long(), lived)
}

func listed(g store.GroupOn) report.ListedGroup {
	return report.ListedGroup{Kind: g.Kind, SourceID: g.SourceID, Name: g.Name, Era: g.Era, Year: g.Year,
		StartsOn: g.StartsOn, EndsOn: g.EndsOn, Members: g.Members}
}

// Members lists who is in a group on a day. The group is named by its kind and id, as in set/1234, or by its
// name. flat lists who is in it through groups that are its members, too.
func Members(ctx context.Context, db *store.DB, name string, on era.Date, flat bool) (m report.Members, err error) {
	err = db.View(ctx, func(v *store.View) error {
		found, err := Find(ctx, v, "group", name, on)
		if err != nil {
			return err
		}
		if found.StartsOn > on || found.EndsOn != 0 && found.EndsOn < on {
			return &NotThenError{found, on}
		}
		g, err := v.GroupByID(ctx, found.ID, on)
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
