package cache

import (
	"cmp"
	"errors"
	"fmt"

	"misimportd/era/files"
)

// BusyError says that another process works in the state folder.
type BusyError struct{ Holder string }

func (e *BusyError) Error() string {
	return fmt.Sprintf("the state folder is in use: %s; wait for it to end",
		cmp.Or(e.Holder, "by a process that does not say what it is"))
}

// Lock takes the state folder for one process, which must have prepared it. It fails
// with a *BusyError when another has it; the system gives it up with the process.
func (f Folder) Lock(holder string) (unlock func() error, err error) {
	unlock, err = files.Lock(f.path("lock"), holder)
	var locked *files.LockedError
	if errors.As(err, &locked) {
		return nil, &BusyError{locked.Holder}
	}
	if err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	return unlock, nil
}
