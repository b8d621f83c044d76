package importer

import (
	"context"
	"encoding/json"
	"iter"
	"maps"
	"slices"

	"misimportd/importer/report"
	"misimportd/store"
	"misimportd/store/model"
)

// Runs lists the newest runs, newest first.
func Runs(ctx context.Context, db *store.DB, limit int) (past []report.Past, err error) {
	past = []report.Past{}
	err = db.View(ctx, func(v *store.View) error {
		runs, err := v.Runs(ctx, limit)
		for _, run := range runs {
			past = append(past, report.PastOf(run))
		}
		return err
	})
	return past, err
}

// Listed lists the newest runs as a list shows them, newest first: without problems, guard and stages. Deeds are what
// people did, without the nights.
func Listed(ctx context.Context, db *store.DB, limit int, deeds bool) (list []report.ListedRun, err error) {
	err = db.View(ctx, func(v *store.View) error {
		runs, err := v.ListedRuns(ctx, limit, deeds)
		for _, run := range runs {
			list = append(list, report.ListedRun{Past: report.PastOf(run.Run), ProblemCount: run.ProblemCount})
		}
		return err
	})
	return list, err
}

// ShowFirst reads one run with its changes, or of very many with the first ones: the others are counted. Unlike Show it
// takes no longer for a first load than for a night.
func ShowFirst(ctx context.Context, db *store.DB, id model.ID) (past report.Past, err error) {
	err = db.View(ctx, func(v *store.View) error {
		run, err := v.Run(ctx, id)
		if err != nil {
			return err
		}
		past = report.PastOf(run)
		if past.Lines, err = firstLines(ctx, v, store.Recording{Run: id}, past.Changes); err != nil {
			return err
		}
		if past.Held, err = firstLines(ctx, v, store.Recording{Run: id, Held: true}, past.Waiting); err != nil {
			return err
		}
		if past.UndoneBy == 0 {
			past.PartsUndoneBy, _, err = v.UndoneParts(ctx, id)
		}
		return err
	})
	return past, err
}

// Changes of a run are read whole when there are not more than many; of more, the first few.
const many, few = 5000, 1500

// firstLines is the first changes of a run, in terms of names. The counts are those of all.
func firstLines(ctx context.Context, v *store.View, of store.Recording, counts []model.Count) (report.Lines, error) {
	total := 0
	for _, c := range counts {
		total += c.Count
	}
	if total > many {
		of.Most = few
	}
	var steps []store.Step
	own := model.NewNames()
	err := v.Each(ctx, of, func(c model.Recorded) error {
		steps = append(steps, store.Step{RunID: of.Run, Recorded: c})
		own.Learn(c)
		return nil
	})
	if err != nil {
		return report.Lines{}, err
	}
	now, then, err := v.NamesThen(ctx, steps)
	if err != nil {
		return report.Lines{}, err
	}
	names := report.Names{Names: now}.Below(then[of.Run]).Below(own)
	return report.Lines{Counts: counts, Walk: func(only []model.Entity, each func(report.Line) error) error {
		for _, s := range steps {
			if only == nil || slices.Contains(only, s.Entity) {
				if err := each(names.Line(s.Recorded)); err != nil {
					return err
				}
			}
		}
		return nil
	}}, nil
}

// Show reads one run with each of its changes. It fails with a *store.NoRunError when
// there is no such run. The changes are read when they are gone through: as long, db has to be
// open.
func Show(ctx context.Context, db *store.DB, id model.ID) (past report.Past, err error) {
	err = db.View(ctx, func(v *store.View) error {
		run, err := v.Run(ctx, id)
		if err != nil {
			return err
		}
		past = report.PastOf(run)
		made, held, err := v.NamesOf(ctx, id)
		then := report.Names{Names: made}
		past.Lines = recordedLines(ctx, db, store.Recording{Run: id}, past.Changes, then)
		past.Held = recordedLines(ctx, db, store.Recording{Run: id, Held: true}, past.Waiting, then.Below(held))
		if err == nil && past.UndoneBy == 0 {
			past.PartsUndoneBy, _, err = v.UndoneParts(ctx, id)
		}
		return err
	})
	return past, err
}

// readNames reads how the records of the database are called.
func readNames(ctx context.Context, v *store.View) (report.Names, error) {
	found, err := v.NamesNow(ctx)
	return report.Names{Names: found}, err
}

// know reads how lessons are called that changes speak of.
func know(ctx context.Context, v *store.View, n report.Names, changes iter.Seq[model.Change]) error {
	spoken := map[model.ID]bool{}
	for c := range changes {
		if taken, ok := c.Record().(model.Commitment); ok && taken.LessonID > 0 {
			spoken[taken.LessonID] = true
		}
	}
	maps.DeleteFunc(spoken, func(id model.ID, _ bool) bool { return n.Lesson(id) != (model.Label{}) })
	return v.NameLessons(ctx, slices.Sorted(maps.Keys(spoken)), n.Names)
}

// recordedLines is what a run recorded, in terms of names. It is read anew whenever it is gone
// through: it never changes (R39).
func recordedLines(ctx context.Context, db *store.DB, of store.Recording, counts []model.Count,
	n report.Names) report.Lines {
	return report.Lines{Counts: counts, Walk: func(only []model.Entity, each func(report.Line) error) error {
		return db.View(ctx, func(v *store.View) error {
			of.Only = only
			return v.Each(ctx, of, func(c model.Recorded) error { return each(n.Line(c)) })
		})
	}}
}

// record is the part of a report that the database keeps.
func record(r report.Report, kind, version string, holder store.Holder) model.Run {
	problems, _ := json.Marshal(r.Problems) // texts and numbers have a JSON form
	guard, _ := json.Marshal(r.Guard)       // likewise
	records := r.Records
	if len(r.Guard) == 0 {
		records = nil // of a document that was not judged: no measure for the next
	}
	return model.Run{
		Kind: kind, Result: r.Result, StartedAt: holder.Since, AsOf: r.AsOf, Era: r.Era, Source: r.Source,
		Counts: model.JSON[[]model.Count]{V: r.Changes}, Problems: model.JSON[json.RawMessage]{V: problems},
		Stages: model.JSON[[]model.Stage]{V: r.Stages}, Error: r.Error, Program: version, Host: holder.Host,
		Records: model.JSON[map[string]int]{V: records}, Guard: model.JSON[json.RawMessage]{V: guard}, Hold: r.Hold,
		About: r.About, Operator: holder.Operator,
	}
}

// spellOut fills in each change of a proposal, by name.
func spellOut(ctx context.Context, v *store.View, r *report.Report, p model.Proposal, pinned ...model.Change) error {
	known, err := readNames(ctx, v)
	if err != nil {
		return err
	}
	r.Changes, r.Waiting = p.Plan.Counts(), p.Waiting.Counts()
	tell := func(plan model.Plan) report.Lines {
		if err == nil {
			known = known.Above()
			known.LearnPlan(plan)
			err = know(ctx, v, known, slices.Values(plan.Changes))
		}
		return report.LinesOf(plan, known)
	}
	r.Lines, r.Held = tell(p.Plan), tell(p.Waiting)
	if err != nil {
		return err
	}
	return tell(model.Plan{Changes: pinned}).Each(func(l report.Line) error {
		r.Pinned = append(r.Pinned, l)
		return nil
	})
}
