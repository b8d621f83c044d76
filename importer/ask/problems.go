package ask

import (
	"context"
	"encoding/json"

	"misimportd/importer/report"
	"misimportd/mis"
	"misimportd/store"
	"misimportd/store/model"
)

// Problems lists what there is to mend by the newest document that a run has read.
func Problems(ctx context.Context, db *store.DB) (list report.ProblemList, err error) {
	err = db.View(ctx, func(v *store.View) error {
		run, err := v.NewestReading(ctx)
		list = report.ProblemList{Run: run.ID, AsOf: run.AsOf, Problems: []report.ListedProblem{}}
		if err != nil || run.ID == 0 {
			return err
		}
		var problems []mis.Problem
		if err := json.Unmarshal(run.Problems.V, &problems); err != nil {
			return err
		}
		for i := range problems {
			if problems[i].Since == 0 { // of a run of before that was noted
				problems[i].Since = run.AsOf
			}
		}
		list.Count, list.Problems = report.Total(problems), report.ListProblems(problems, run.AsOf)
		list.Called, err = v.Called(ctx, report.Mentioned(problems))
		return err
	})
	return list, err
}

// CountProblems counts what there is to mend by the newest document that a run has read.
func CountProblems(ctx context.Context, db *store.DB) (count int, err error) {
	err = db.View(ctx, func(v *store.View) error {
		run, err := v.NewestReading(ctx)
		if err != nil || run.ID == 0 {
			return err
		}
		var problems []mis.Problem
		err = json.Unmarshal(run.Problems.V, &problems)
		count = report.Total(problems)
		return err
	})
	return count, err
}

// Called reads how people and groups are called, for texts about problems; nothing where there are none.
func Called(ctx context.Context, db *store.DB, problems []mis.Problem) (called model.KnownAs, err error) {
	if len(problems) == 0 {
		return nil, nil
	}
	err = db.View(ctx, func(v *store.View) error {
		called, err = v.Called(ctx, report.Mentioned(problems))
		return err
	})
	return called, err
}
