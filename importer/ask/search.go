package ask

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"misimportd/era"
	"misimportd/importer/report"
	"misimportd/importer/words"
	"misimportd/store"
)

// SearchKinds are the kinds that Search looks for, in the order in which it lists them.
var SearchKinds = []string{"pupil", "staff", "group", "location"}

// Search lists whom and what a text can mean, of each kind: those of its id, its name in full and a part of it.
// Groups are those that live on the day; others are listed where no group does.
func Search(ctx context.Context, db *store.DB, text string, on era.Date) (all []report.Match, err error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, nil
	}
	err = db.View(ctx, func(v *store.View) error {
		for _, kind := range SearchKinds {
			var found []store.Found
			for _, like := range orderOf(kind) {
				more, err := search(ctx, v, kind, text, like)
				if err != nil {
					return err
				}
				if found = more; len(found) > 0 && like != store.ByName {
					break
				}
			}
			if kind == "group" && len(found) > 0 {
				found = narrowed(found, kind, on)
			}
			for _, f := range found {
				all = append(all, matchOf(kind, f))
			}
		}
		return nil
	})
	slices.SortStableFunc(all, func(a, b report.Match) int {
		if a.Of != b.Of {
			return slices.Index(SearchKinds, a.Of) - slices.Index(SearchKinds, b.Of)
		}
		return words.CompareNames(a.Name, b.Name)
	})
	return all, err
}

func matchOf(kind string, f store.Found) report.Match {
	m := report.Match{Of: kind, Kind: f.Kind, SourceID: f.SourceID, Name: f.Name, Current: f.Current}
	if kind == "group" {
		m.Days = fmt.Sprintf("%s, %s", f.Era, era.Interval{From: f.StartsOn, To: f.EndsOn})
	}
	return m
}
