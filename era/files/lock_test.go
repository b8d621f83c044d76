package files_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"misimportd/era/files"
)

// held is a lock that is taken, as another process has it before it wrote its name or after it removed it.
func held(t *testing.T) *os.File {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "lock"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestALockIsWaitedForUntilItsHolderIsNamed(t *testing.T) {
	file := held(t)
	time.AfterFunc(50*time.Millisecond, func() { _, _ = file.WriteString("misimportd run, process 7\n") })
	_, err := files.Lock(file.Name(), "another")
	var locked *files.LockedError
	if !errors.As(err, &locked) || locked.Holder != "misimportd run, process 7" {
		t.Errorf("%v", err)
	}
}

func TestALockThatIsBeingGivenUp(t *testing.T) {
	file := held(t)
	time.AfterFunc(50*time.Millisecond, func() { _ = file.Close() })
	unlock, err := files.Lock(file.Name(), "another")
	if err != nil {
		t.Fatal(err)
	}
	if said, err := os.ReadFile(file.Name()); err != nil || string(said) != "another\n" {
		t.Errorf("%q %v", said, err)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
}

func TestALockWhoseHolderSaysNothing(t *testing.T) {
	_, err := files.Lock(held(t).Name(), "another")
	var locked *files.LockedError
	if !errors.As(err, &locked) || locked.Holder != "" {
		t.Errorf("%v", err)
	}
}
