package cache

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"misimportd/era/files"
)

// BusyError says that another process works in the state folder.
type BusyError struct{ Holder string }

func (e *BusyError) Error() string {
	return fmt.Sprintf("the state folder is in use: %s; wait for it to end", e.Holder)
}

// Lock takes the state folder for one process, which must have prepared it. It fails at
// once with a *BusyError when another has it; the system gives it up with the process.
func (f Folder) Lock(holder string) (unlock func() error, err error) {
	file, err := files.OpenLock(f.path("lock"))
	if err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer func() { _ = file.Close() }()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("state folder: %w", err)
		}
		said, _ := os.ReadFile(file.Name())
		return nil, &BusyError{strings.TrimSpace(string(said))}
	}
	_, err = file.WriteAt([]byte(holder+"\n"), 0)
	if err := errors.Join(file.Truncate(int64(len(holder)+1)), err); err != nil {
		return nil, errors.Join(fmt.Errorf("state folder: %w", err), file.Close())
	}
	return func() error { return errors.Join(file.Truncate(0), file.Close()) }, nil
}
