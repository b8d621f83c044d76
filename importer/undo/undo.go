// Package undo turns a recorded run round, and tells what is in the way of that. It is pure: what the
// database says of what happened since is shown to it. It must never know a database.
package undo

import (
	"fmt"
	"slices"
	"strings"

	"misimportd/era/hint"
	"misimportd/store/model"
)

// NotUndoneError says why a run cannot be undone. Nothing was changed.
type NotUndoneError struct {
	Run    model.ID
	Reason string
	Offers []string // parts of it that nothing is in the way of, each as KIND/ID
}

func refusef(run model.ID, format string, args ...any) error {
	return &NotUndoneError{Run: run, Reason: fmt.Sprintf(format, args...)}
}

func (e *NotUndoneError) Error() string {
	text := fmt.Sprintf("run %d cannot be undone: %s", e.Run, e.Reason)
	var commands []string
	for _, of := range e.Offers {
		commands = append(commands, `"`+hint.Command("undo %d --only %s", e.Run, hint.Quote(of))+`"`)
	}
	if len(commands) > 0 {
		text += "; parts of it can be undone by themselves, such as with " + strings.Join(commands, " or ")
	}
	return text
}

// Refuses tells that nothing was tried, so that there is nothing to record.
func (e *NotUndoneError) Refuses() {}

// Run is a run that is to be undone, with what it did.
type Run struct{ done }

// Of is the run with this id, which made these changes, in their order.
func Of(id model.ID, made []model.Change) Run { return Run{newDone(id, made)} }

// Check fails with a *NotUndoneError when there is nothing to undo of a run.
func Check(run model.Run) error {
	switch {
	case run.UndoneBy != 0:
		return refusef(run.ID, "run %d did that already", run.UndoneBy)
	case run.Result == model.Failed || run.Result == model.Aborted || len(run.Counts.V) == 0:
		return refusef(run.ID, "it changed nothing")
	}
	return nil
}

// Inverse is the plan that takes back what was made, the last first. Records come back under their own
// ids. The run's changes become the plan, and r is done with: two lists of a first load are much to hold.
func (r Run) Inverse() (plan model.Plan) {
	opposite := map[model.Action]model.Action{
		model.Create: model.Delete, model.Delete: model.Create, model.End: model.Reopen, model.Reopen: model.End,
		model.Update: model.Update,
	}
	by := fmt.Sprintf("run %d", r.run)
	for i, c := range r.made {
		r.made[i] = model.Change{Action: opposite[c.Action], Before: c.After, After: c.Before, Why: model.Undone,
			By: by}
	}
	slices.Reverse(r.made)
	plan.Changes = r.made
	return plan
}
