package importer

import (
	"context"
	"encoding/json"

	"misimportd/era"
	"misimportd/mis"
	"misimportd/store"
)

// problemsSince says since when the problems are there that the run before met.
type problemsSince map[mis.Problem]era.Date

// same is what makes a problem the one that it was the night before: where it stands in the document, and the words,
// may differ.
func same(p mis.Problem) mis.Problem {
	return mis.Problem{Section: p.Section, ID: p.ID, Reason: p.Reason}
}

func knownProblems(ctx context.Context, v *store.View) (problemsSince, error) {
	run, err := v.NewestReading(ctx)
	if err != nil || run.ID == 0 {
		return nil, err
	}
	var problems []mis.Problem
	if err := json.Unmarshal(run.Problems.V, &problems); err != nil {
		return nil, err
	}
	known := problemsSince{}
	for _, p := range problems {
		since := p.Since
		if since == 0 { // of a run of before that was noted
			since = run.AsOf
		}
		if earlier := known[same(p)]; earlier == 0 || since < earlier {
			known[same(p)] = since
		}
	}
	return known, nil
}

// date says of each problem since when it is there.
func (s problemsSince) date(problems []mis.Problem, today era.Date) {
	for i := range problems {
		if since := s[same(problems[i])]; since != 0 {
			problems[i].Since = since
		} else {
			problems[i].Since = today
		}
	}
}
