// Package entry is what a person enters: eras, pins, suspensions, and a decision. Each is a Plan of its
// own, which is recorded and can be undone as an import is.
package entry

import (
	"context"
	"time"

	"misimportd/store"
	"misimportd/store/model"
)

// Desk is where a person enters things: into a database, by a program of a version.
type Desk struct {
	DB       *store.DB
	Version  string
	Operator string // who does it on a page, "" for a command
}

// changeByHand takes what a person changes the road that every change takes: a plan, one
// transaction, a record of a kind.
func (d Desk) changeByHand(ctx context.Context, command, kind string,
	change func(*store.View, *model.Plan) error) (model.Run, error) {
	holder := store.NewHolder(command)
	lock, err := d.DB.Lock(ctx, holder)
	if err != nil {
		return model.Run{}, err
	}
	defer func() { _ = lock.Unlock() }()
	return lock.Run(ctx, func(v *store.View) (model.Proposal, error) {
		p := model.Proposal{Run: model.Run{Kind: kind, StartedAt: time.Now(), Program: d.Version, Host: holder.Host,
			Operator: d.Operator}}
		err := change(v, &p.Plan)
		return p, err
	})
}
