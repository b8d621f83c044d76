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
	"misimportd/store/model"
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
		for _, likes := range [][]store.Like{{store.ByID, store.ByName, store.ByPart}, {store.ByAnything}} {
			for _, kind := range SearchKinds {
				found, err := matches(ctx, v, kind, text, likes)
				if err != nil {
					return err
				}
				if kind == "group" && len(found) > 0 {
					found = narrowed(found, kind, on)
				}
				for _, f := range found {
					all = append(all, matchOf(kind, f))
				}
			}
			if len(all) > 0 { // without accents it is looked for where nothing has them: all names are read
				return nil
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

// matches are those of a kind that a text can mean: one by its id, or all by name, code or a part of the name.
func matches(ctx context.Context, v *store.View, kind, text string, likes []store.Like) (all []store.Found, err error) {
	known := map[model.ID]bool{}
	for _, like := range likes {
		found, err := search(ctx, v, kind, text, like)
		if err != nil || len(found) > 0 && like == store.ByID {
			return found, err
		}
		for _, f := range found {
			if !known[f.ID] {
				known[f.ID] = true
				all = append(all, f)
			}
		}
	}
	return all, nil
}

func matchOf(kind string, f store.Found) report.Match {
	m := report.Match{Of: kind, Kind: f.Kind, SourceID: f.SourceID, Name: f.Name, Current: f.Current}
	if kind == "group" {
		m.Days = fmt.Sprintf("%s, %s", f.Era, era.Interval{From: f.StartsOn, To: f.EndsOn})
	}
	return m
}
