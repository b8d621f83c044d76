package files_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"misimportd/era/files"
)

// what makes everything that can stand where a file should, and says what it is called.
func what(t *testing.T) map[string]string {
	t.Helper()
	at := func(name string) string { return filepath.Join(t.TempDir(), name) }
	folder, pipe, socket := at("folder"), at("pipe"), at("socket")
	if err := errors.Join(os.Mkdir(folder, 0o700), unix.Mkfifo(pipe, 0o600)); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return map[string]string{folder: "a folder", pipe: "a named pipe", socket: "a socket", "/dev/zero": "a device"}
}

// TestOnlyFilesAreOpened ends, for it waits for nobody to write to a pipe.
func TestOnlyFilesAreOpened(t *testing.T) {
	for path, kind := range what(t) {
		_, read := files.Read(path)
		for _, err := range []error{read, files.Check(path)} {
			var other *files.NotFileError
			if !errors.As(err, &other) || err.Error() != path+" is "+kind+": name a file" {
				t.Errorf("%s: %v", kind, err)
			}
		}
		if _, err := files.Lock(path, "a test"); err == nil || err.Error() != path+" is "+kind+
			", and has to be a file: take it away" {
			t.Errorf("%s: %v", kind, err)
		}
	}
	path := filepath.Join(t.TempDir(), "file")
	if _, err := files.Read(path); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if err := os.WriteFile(path, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	if text, err := files.Read(path); err != nil || string(text) != "text" {
		t.Errorf("%q %v", text, err)
	}
}

// TestLocksDoNotFollowLinks, neither to what is there nor to what is not.
func TestLocksDoNotFollowLinks(t *testing.T) {
	folder := t.TempDir()
	victim, link, dangling := filepath.Join(folder, "victim"), filepath.Join(folder, "lock"),
		filepath.Join(folder, "another")
	err := errors.Join(os.WriteFile(victim, []byte("text"), 0o600), os.Symlink(victim, link),
		os.Symlink(filepath.Join(folder, "none"), dangling))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{link, dangling} {
		if _, err := files.Lock(path, "a test"); err == nil || err.Error() != path+
			" is a symbolic link, and has to be a file: take it away" {
			t.Errorf("%v", err)
		}
	}
	if text, err := os.ReadFile(victim); err != nil || string(text) != "text" {
		t.Errorf("%q %v", text, err)
	}
	if _, err := os.Stat(filepath.Join(folder, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// TestAFullDiskIsCalledOne writes to a device that is always full.
func TestAFullDiskIsCalledOne(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = full.Close() }()
	_, err = full.WriteString("text")
	var told *files.FullError
	if err = files.Written("/var/lib/misimportd/Incoming/part-1.xml", err); !errors.As(err, &told) {
		t.Fatalf("%v", err)
	}
	if want := "the disk is full: there is no room in /var/lib/misimportd/Incoming: no space left on device; make " +
		"room there, and the next attempt succeeds"; told.Error() != want {
		t.Error(told)
	}
	if other := files.Written("x", os.ErrPermission); !errors.Is(other, os.ErrPermission) || errors.As(other, &told) {
		t.Error(other)
	}
}
