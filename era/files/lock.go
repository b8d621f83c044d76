package files

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// LockedError says that another process has a lock.
type LockedError struct {
	Path   string
	Holder string // what it wrote into the file about itself; empty when it did not
}

func (e *LockedError) Error() string { return fmt.Sprintf("%s is locked: %s", e.Path, e.Holder) }

// Lock locks a file for this process, makes it if it is missing, and writes into it who the holder
// is. It fails with a *LockedError when another process has it. The system gives the lock up
// with the process, however that ends; the file stays.
func Lock(path, holder string) (unlock func() error, err error) {
	file, err := openLock(path)
	if err != nil {
		return nil, err
	}
	err = take(file)
	if err == nil {
		_, err = file.WriteAt([]byte(holder+"\n"), 0)
		err = errors.Join(file.Truncate(int64(len(holder)+1)), err)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() error { return errors.Join(file.Truncate(0), file.Close()) }, nil
}

// unnamedFor is how long a lock may be held without a name in the file: its holder writes the
// name after taking the lock, and removes it before giving the lock up.
const unnamedFor = time.Second

func take(file *os.File) error {
	for patience := time.Now().Add(unnamedFor); ; time.Sleep(time.Millisecond) {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		said, err := os.ReadFile(file.Name())
		if err != nil {
			return err
		}
		if holder := strings.TrimSpace(string(said)); holder != "" {
			return &LockedError{file.Name(), holder}
		}
		if time.Now().After(patience) {
			return &LockedError{file.Name(), ""}
		}
	}
}

// openLock opens a file that processes lock, and makes it if it is missing. Who has the lock
// writes into it: so it is never one that a symbolic link leads to.
func openLock(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o600)
	if err == nil {
		if err = checkOpen(file); err != nil {
			_ = file.Close()
		}
	}
	info, missing := os.Lstat(path)
	if err != nil && missing == nil && !info.Mode().IsRegular() {
		return nil, &NotFileError{Path: path, Mode: info.Mode(), Lock: true}
	}
	if err != nil {
		return nil, err
	}
	return file, nil
}
