// Package files opens what is to be a file of this machine, and nothing that only looks like
// one: a named pipe would be waited for without end, and a symbolic link may lead to what is
// somebody else's. It must never know what the files are for.
package files

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// NotFileError says that something stands where a file has to be.
type NotFileError struct {
	Path string
	Mode fs.FileMode
	Lock bool // this program would make the file itself
}

func (e *NotFileError) Error() string {
	if e.Lock {
		return fmt.Sprintf("%s is %s, and has to be a file: take it away", e.Path, e.kind())
	}
	return fmt.Sprintf("%s is %s: name a file", e.Path, e.kind())
}

func (e *NotFileError) kind() string {
	switch {
	case e.Mode.IsDir():
		return "a folder"
	case e.Mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case e.Mode&fs.ModeSocket != 0:
		return "a socket"
	case e.Mode&fs.ModeSymlink != 0:
		return "a symbolic link"
	}
	return "a device"
}

// Open opens a file to read it. It never waits: whatever is no file is a *NotFileError at
// once.
func Open(path string) (*os.File, error) {
	var other *NotFileError
	if err := Check(path); errors.As(err, &other) { // to open a device may be to do something with it
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if err := checkOpen(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// Check fails where there is no file, with a *NotFileError if there is something else.
func Check(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return regular(path, info)
}

func checkOpen(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	return regular(file.Name(), info)
}

func regular(path string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return &NotFileError{Path: path, Mode: info.Mode()}
	}
	return nil
}

// Read is all that a file holds.
func Read(path string) ([]byte, error) {
	file, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	return io.ReadAll(file)
}

// FullError says that there is no room for what was being written.
type FullError struct {
	Folder string
	Err    error
}

func (e *FullError) Error() string {
	return fmt.Sprintf("the disk is full: there is no room in %s: %v; make room there, and the next attempt succeeds",
		e.Folder, e.Err)
}

func (e *FullError) Unwrap() error { return e.Err }

// Written is what came of writing to a file: err, or a *FullError where the disk is full, the
// quota is used up, or no file may be so large.
func Written(path string, err error) error {
	for _, full := range []unix.Errno{unix.ENOSPC, unix.EDQUOT, unix.EFBIG} {
		if errors.Is(err, full) {
			return &FullError{filepath.Dir(path), full}
		}
	}
	return err
}
