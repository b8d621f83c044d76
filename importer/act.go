package importer

import (
	"context"
	"errors"
	"fmt"

	"misimportd/importer/report"
	"misimportd/store"
	"misimportd/store/model"
)

// act is a run without a document: what it does is planned from what the database holds.
type act struct {
	kind  string
	alone bool // it may take away what others are about to refer to

	file    func(*store.Filing, model.Run) error // what is kept together with it; nil: nothing
	options model.Options                        // to make it again
	// prepare makes the proposal, and fills in what the report tells of it.
	prepare func(context.Context, *store.View, *report.Report) (model.Proposal, error)
}

// refusal is an error of which no run is recorded: nothing was tried.
type refusal interface {
	error
	Refuses()
}

// RefusedError says why something that a person asked for is not done. Nothing was changed.
type RefusedError struct{ Reason string }

func (e *RefusedError) Error() string { return e.Reason }

func (e *RefusedError) Refuses() {}

func refusef(format string, args ...any) error { return &RefusedError{fmt.Sprintf(format, args...)} }

// carryOut makes a run of an act. Errors that refuse are not recorded.
func (a act) carryOut(ctx context.Context, im *Importer, lock *store.Lock, holder store.Holder) (report.Report, error) {
	done := report.NothingYet()
	watch := im.stopwatch()
	run := lock.RunFiling
	if a.alone {
		run = lock.RunAlone
	}
	made, err := run(ctx, func(v *store.View) (model.Proposal, error) {
		watch.stages = nil
		watch.next("diff")
		p, err := a.prepare(ctx, v, &done)
		if err == nil {
			watch.next("apply")
		}
		done.Stages = watch.timed()
		p.Run = record(done, a.kind, im.Version, holder)
		p.Run.Options.V = a.options
		p.Run.Options.V.Part = a.kind == model.Undo && p.Undoes == 0
		return p, err
	}, a.file)
	watch.stop()
	im.progress("")
	var refused refusal
	var unknown *store.NoRunError
	switch {
	case errors.As(err, &refused), errors.As(err, &unknown):
		return done, err
	case err != nil:
		return im.recordFailure(ctx, lock, done, a.kind, holder, err), err
	}
	done.SetOutcome(made)
	done.Stages = watch.stages
	return done, nil
}

// plan says what an act would do, and changes nothing.
func (a act) plan(ctx context.Context, im *Importer) (report.Report, error) {
	planned := report.NothingYet()
	err := im.DB.View(ctx, func(v *store.View) error {
		p, err := a.prepare(ctx, v, &planned)
		if err != nil {
			return err
		}
		return spellOut(ctx, v, &planned, p)
	})
	if err == nil {
		planned.Result = report.Planned
	}
	return planned, err
}

// do makes a run of an act. It needs the database alone.
func (im *Importer) do(ctx context.Context, a act) (report.Report, error) {
	holder := store.NewHolder(a.kind)
	holder.Since, holder.Operator = im.now(), im.Operator
	lock, err := im.DB.Lock(ctx, holder)
	if err != nil {
		return report.NothingYet(), err
	}
	defer func() { _ = lock.Unlock() }()
	return a.carryOut(ctx, im, lock, holder)
}
