// Package cache keeps an MIS's documents on disk: the one that the next run imports,
// the one that the database reflects, and all that were applied before. Documents
// hold children's data: files are 0600, folders 0700. It must never know what is in
// a document, nor a database.
package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"misimportd/era/files"
)

// The folders of a state folder, and the document's name in all but the last.
const (
	PreFetched = "PreFetched"
	Incoming   = "Incoming"
	Current    = "Current"
	Archive    = "Archive"
	document   = "data.xml"
)

// newHash begins the hash of a document. Tests count how often.
var newHash = sha256.New

// Folder is a state folder.
type Folder string

func (f Folder) path(parts ...string) string {
	return filepath.Join(append([]string{string(f)}, parts...)...)
}

// Prepare makes the folders that are missing and finds out whether they can be
// written to, before anything depends on it.
func (f Folder) Prepare() error {
	if err := f.foreign(); err != nil {
		return err
	}
	for _, name := range []string{PreFetched, Incoming, Current, Archive} {
		if err := os.MkdirAll(f.path(name), 0o700); err != nil {
			return fmt.Errorf("state folder: %w; choose another with --state, or make this one writable", err)
		}
		if err := writable(f.path(name)); err != nil {
			return err
		}
	}
	return nil
}

func writable(folder string) error {
	if err := unix.Faccessat(unix.AT_FDCWD, folder, unix.W_OK|unix.X_OK, unix.AT_EACCESS); err != nil {
		return fmt.Errorf("state folder: %s cannot be written to: %w; choose another with --state, or make this one "+
			"writable", folder, err)
	}
	return nil
}

// Check finds out whether Prepare could do its work, changes nothing, and says where
// the folder is.
func (f Folder) Check() (found string, err error) {
	if err := f.foreign(); err != nil {
		return "", err
	}
	found, err = filepath.Abs(string(f))
	if err != nil {
		return "", fmt.Errorf("state folder: %w", err)
	}
	for at := found; ; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		switch {
		case errors.Is(err, fs.ErrNotExist) && at != filepath.Dir(at):
			continue
		case err != nil:
			return "", fmt.Errorf("state folder: %w", err)
		case !info.IsDir():
			return "", fmt.Errorf("state folder: %s is not a folder", at)
		}
		if at != found {
			found += " (not there yet)"
		} else if info.Mode().Perm()&0o077 != 0 {
			found += " (others can look into it: chmod 700 it, for it holds children's data)"
		}
		return found, errors.Join(writable(at), f.subfoldersWritable())
	}
}

func (f Folder) subfoldersWritable() (err error) {
	for _, name := range []string{PreFetched, Incoming, Current, Archive} {
		if _, missing := os.Stat(f.path(name)); missing == nil {
			err = errors.Join(err, writable(f.path(name)))
		}
	}
	return err
}

// ForeignError says that root was about to work in another user's folder, where what root
// writes could not be read by that user any more.
type ForeignError struct{ Path, Owner string }

func (e *ForeignError) Error() string {
	return fmt.Sprintf("state folder: %s belongs to %s, who could not read what root leaves there: run this as %s "+
		"does; on a server with the service, misimport does so", e.Path, e.Owner, e.Owner)
}

// foreign fails with a *ForeignError when this is root and the folder is another's.
func (f Folder) foreign() error {
	info, err := os.Stat(string(f))
	if err != nil || os.Geteuid() != 0 {
		return nil // who cannot look is told so by what comes next
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || stat.Uid == 0 {
		return nil
	}
	owner := strconv.Itoa(int(stat.Uid))
	if found, err := user.LookupId(owner); err == nil {
		owner = found.Username
	} else {
		owner = "user " + owner
	}
	return &ForeignError{string(f), owner}
}

// NoDocumentError says that there is nothing to import.
type NoDocumentError struct{ Path string }

func (e *NoDocumentError) Error() string {
	return fmt.Sprintf("no document to import: put the iSAMS XML at %s", e.Path)
}

// Document is a document that is being read.
type Document struct {
	Path string // where the operator put it
	file *os.File
	info fs.FileInfo
	hash string // its own; "" until it is known

	beside []Beside
}

// Beside is what came with the document and is a part of it.
func (d *Document) Beside() []Beside { return d.beside }

// folder is the name of the folder that d was opened in.
func (d *Document) folder() string { return filepath.Base(filepath.Dir(d.Path)) }

// Prefetched opens the document that the next run imports, to look at it. It fails
// with a *NoDocumentError when there is none. The caller closes it.
func (f Folder) Prefetched() (*Document, error) { return f.open(PreFetched) }

// Reflected opens the document that the database reflects, to look at it, as Prefetched
// does the one that waits.
func (f Folder) Reflected() (*Document, error) { return f.open(Current) }

func (f Folder) open(folder string) (*Document, error) {
	path := f.path(folder, document)
	file, err := files.Open(path)
	var other *files.NotFileError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &NoDocumentError{path}
	case errors.As(err, &other):
		return nil, fmt.Errorf("document: %s is not a file: put the iSAMS XML in its place", path)
	case err != nil:
		return nil, fmt.Errorf("document: %w; check its owner and mode", err)
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("document: %w", err), file.Close())
	}
	beside, err := f.besideIn(folder)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("document: %w", err), file.Close())
	}
	return &Document{Path: path, file: file, info: info, beside: beside}, nil
}

// Close releases the file.
func (d *Document) Close() error { return d.file.Close() }

// Size is the document's length in bytes.
func (d *Document) Size() int64 { return d.info.Size() }

// Read calls read with the document from its beginning, and returns its SHA-256 in
// hexadecimal, with what is beside it. A document that somebody writes to meanwhile is an error, so
// that a hash that is known already need not be taken again.
func (d *Document) Read(read func(io.Reader) error) (string, error) {
	sum, err := d.readAlone(read)
	if err != nil {
		return "", err
	}
	return wholeHash(sum, d.beside)
}

// readAlone is Read without what is beside the document.
func (d *Document) readAlone(read func(io.Reader) error) (string, error) {
	sum := d.hash
	if sum == "" {
		taken, whole := newHash(), read
		read = func(r io.Reader) error {
			err := whole(io.TeeReader(r, taken))
			sum = hex.EncodeToString(taken.Sum(nil))
			return err
		}
	}
	if err := d.copyTo(read); err != nil {
		return "", fmt.Errorf("%s: %w", d.Path, err)
	}
	if err := d.unchanged(); err != nil {
		return "", err
	}
	return sum, nil
}

func (d *Document) copyTo(take func(io.Reader) error) error {
	if _, err := d.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return take(d.file)
}

func (d *Document) unchanged() error {
	now, err := d.file.Stat()
	if err != nil {
		return fmt.Errorf("document: %w", err)
	}
	if !sameContent(now, d.info) {
		return fmt.Errorf("%s was written to while it was read: try again when it is complete", d.Path)
	}
	return nil
}

func sameContent(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// CurrentHash is the SHA-256 of the document that the database reflects, with what came beside it,
// "" when there is none.
func (f Folder) CurrentHash() (string, error) {
	m, err := f.CurrentManifest()
	if err != nil {
		return "", fmt.Errorf("document: %w", err)
	}
	return m.Whole(), nil
}

// syncFolder makes renames in a folder last: renameio makes them whole, not durable.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// ClearIncoming takes away what a process that is no more has left in Incoming. The caller
// has the lock.
func (f Folder) ClearIncoming() error {
	if err := f.empty(Incoming); err != nil {
		return fmt.Errorf("state folder: %w", err)
	}
	return nil
}

func (f Folder) empty(name string) error {
	entries, err := os.ReadDir(f.path(name))
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(f.path(name, e.Name())))
	}
	return err
}
