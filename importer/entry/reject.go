package entry

import (
	"context"
	"errors"

	"misimportd/store"
	"misimportd/store/model"
)

// Reject closes a held run: what waits of it will not be applied.
func (d Desk) Reject(ctx context.Context, id model.ID) error {
	lock, err := d.DB.Lock(ctx, store.NewHolder("reject"))
	if err != nil {
		return err
	}
	defer func() { _ = lock.Unlock() }()
	err = lock.Reject(ctx, id, d.Operator)
	var not *store.NotWaitingError
	if !errors.As(err, &not) {
		return err
	}
	return d.DB.View(ctx, func(v *store.View) error {
		run, err := v.Run(ctx, id)
		if err != nil {
			return err
		}
		return v.NotWaiting(ctx, run)
	})
}
