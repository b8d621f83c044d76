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
	"path/filepath"
	"time"

	"github.com/google/renameio/v2"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/sys/unix"
)

// The folders of a state folder, and the document's name in all but the last.
const (
	PreFetched = "PreFetched"
	Incoming   = "Incoming"
	Current    = "Current"
	Archive    = "Archive"
	document   = "data.xml"
)

// Folder is a state folder.
type Folder string

func (f Folder) path(parts ...string) string {
	return filepath.Join(append([]string{string(f)}, parts...)...)
}

// Prepare makes the folders that are missing and finds out whether they can be
// written to, before anything depends on it.
func (f Folder) Prepare() error {
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
		return fmt.Errorf("state folder: %s cannot be written to: %w; choose another with --state, or make this one writable", folder, err)
	}
	return nil
}

// Check finds out whether Prepare could do its work, changes nothing, and says where
// the folder is.
func (f Folder) Check() (found string, err error) {
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
}

// Prefetched opens the document that the next run imports, to look at it. It fails
// with a *NoDocumentError when there is none. The caller closes it.
func (f Folder) Prefetched() (*Document, error) {
	path := f.path(PreFetched, document)
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &NoDocumentError{path}
	}
	if err != nil {
		return nil, fmt.Errorf("document: %w; check its owner and mode", err)
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a file: put the iSAMS XML in its place", path)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("document: %w", err), file.Close())
	}
	return &Document{Path: path, file: file, info: info}, nil
}

// Close releases the file.
func (d *Document) Close() error { return d.file.Close() }

// Size is the document's length in bytes.
func (d *Document) Size() int64 { return d.info.Size() }

// Read calls read with the document from its beginning, and returns its SHA-256 in
// hexadecimal. A document that somebody writes to meanwhile is an error.
func (d *Document) Read(read func(io.Reader) error) (hash string, err error) {
	sum := sha256.New()
	if err := d.copyTo(func(r io.Reader) error { return read(io.TeeReader(r, sum)) }); err != nil {
		return "", fmt.Errorf("%s: %w", d.Path, err)
	}
	if err := d.unchanged(); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
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

// Taken is a document that a run has taken: a copy that nobody else writes to,
// whatever becomes of the file that it was.
type Taken struct {
	Document
	folder   Folder
	original fs.FileInfo
}

// Take copies the document that waits in PreFetched to Incoming, where a run works on
// it. What an earlier run left there is removed: the caller has the lock. It fails with
// a *NoDocumentError when none waits, and when somebody writes to it meanwhile. The
// caller closes it.
func (f Folder) Take() (*Taken, error) {
	if err := f.empty(Incoming); err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	waiting, err := f.Prefetched()
	if err != nil {
		return nil, err
	}
	defer func() { _ = waiting.Close() }()
	file, err := os.OpenFile(f.path(Incoming, document), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("document: %w", err)
	}
	if err := errors.Join(waiting.copyTo(func(r io.Reader) error { _, err := io.Copy(file, r); return err }), waiting.unchanged()); err != nil {
		return nil, errors.Join(fmt.Errorf("document: copying to %s: %w", f.path(Incoming), err), file.Close(), f.empty(Incoming))
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("document: %w", err), file.Close())
	}
	return &Taken{Document: Document{Path: waiting.Path, file: file, info: info}, folder: f, original: waiting.info}, nil
}

func (f Folder) empty(name string) error {
	entries, err := os.ReadDir(f.path(name))
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(f.path(name, e.Name())))
	}
	return err
}

// Close gives the copy up, unless Settle has made it Current.
func (t *Taken) Close() error {
	return errors.Join(t.Document.Close(), t.folder.empty(Incoming))
}

// CurrentHash is the SHA-256 of the document that the database reflects, "" when
// there is none.
func (f Folder) CurrentHash() (string, error) {
	file, err := os.Open(f.path(Current, document))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("document: %w", err)
	}
	defer func() { _ = file.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", fmt.Errorf("document: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// Keep archives the document, compressed, with a report of the run that applied it,
// under the day's folder. Both files bear the run's number.
func (t *Taken) Keep(day time.Time, run int64, report []byte) error {
	folder := t.folder.path(Archive, day.Format("2006"), day.Format("01"), day.Format("02"))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	name := filepath.Join(folder, fmt.Sprintf("run-%06d", run))
	if err := t.compressTo(name + ".xml.zst"); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	if err := renameio.WriteFile(name+".json", report, 0o600, renameio.WithStaticPermissions(0o600)); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	return syncFolder(folder)
}

func (t *Taken) compressTo(path string) (err error) {
	pending, err := renameio.NewPendingFile(path, renameio.WithStaticPermissions(0o600))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pending.Cleanup()) }()
	packer, err := zstd.NewWriter(pending, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
	if err != nil {
		return err
	}
	err = t.copyTo(func(r io.Reader) error { _, err := io.Copy(packer, r); return err })
	if err := errors.Join(err, packer.Close()); err != nil {
		return err
	}
	return pending.CloseAtomicallyReplace()
}

// Settle makes the document the one that the database reflects, and takes it out of
// PreFetched. If another has been put there meanwhile, that one stays for the next run.
func (t *Taken) Settle() error {
	if err := t.file.Sync(); err != nil {
		return fmt.Errorf("document: %w", err)
	}
	if err := os.Rename(t.folder.path(Incoming, document), t.folder.path(Current, document)); err != nil {
		return fmt.Errorf("document: %w", err)
	}
	if err := syncFolder(t.folder.path(Current)); err != nil {
		return fmt.Errorf("document: %w", err)
	}
	now, err := os.Stat(t.Path)
	if err != nil || !sameContent(now, t.original) {
		return nil
	}
	if err := os.Remove(t.Path); err != nil {
		return fmt.Errorf("document: %w", err)
	}
	return syncFolder(t.folder.path(PreFetched))
}

// syncFolder makes renames in a folder last: renameio makes them whole, not durable.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
