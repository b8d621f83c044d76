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

// The folders of a state folder, and the document's name in the first two.
const (
	PreFetched = "PreFetched"
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
	for _, name := range []string{PreFetched, Current, Archive} {
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
		return found, writable(at)
	}
}

// NoDocumentError says that there is nothing to import.
type NoDocumentError struct{ Path string }

func (e *NoDocumentError) Error() string {
	return fmt.Sprintf("no document to import: put the iSAMS XML at %s", e.Path)
}

// Document is a document that is being imported. It stays the same however the file's
// name is used meanwhile.
type Document struct {
	Path string
	file *os.File
	info fs.FileInfo
}

// Prefetched opens the document that the next run imports. It fails with a
// *NoDocumentError when there is none. The caller closes it.
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
	if _, err := d.file.Seek(0, io.SeekStart); err != nil {
		return "", fmt.Errorf("document: %w", err)
	}
	sum := sha256.New()
	if err := read(io.TeeReader(d.file, sum)); err != nil {
		return "", fmt.Errorf("%s: %w", d.Path, err)
	}
	if err := d.unchanged(); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func (d *Document) unchanged() error {
	now, err := d.file.Stat()
	if err != nil {
		return fmt.Errorf("document: %w", err)
	}
	if now.Size() != d.info.Size() || !now.ModTime().Equal(d.info.ModTime()) {
		return fmt.Errorf("%s was written to while it was read: try again when it is complete", d.Path)
	}
	return nil
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

// Keep archives a document that was applied, compressed, with a report of the run that
// did, under the day's folder. Both files bear the run's number.
func (f Folder) Keep(d *Document, day time.Time, run int64, report []byte) error {
	folder := f.path(Archive, day.Format("2006"), day.Format("01"), day.Format("02"))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	name := filepath.Join(folder, fmt.Sprintf("run-%06d", run))
	if err := d.compressTo(name + ".xml.zst"); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	if err := renameio.WriteFile(name+".json", report, 0o600, renameio.WithStaticPermissions(0o600)); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	return syncFolder(folder)
}

func (d *Document) compressTo(path string) (err error) {
	pending, err := renameio.NewPendingFile(path, renameio.WithStaticPermissions(0o600))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pending.Cleanup()) }()
	if _, err := d.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	packer, err := zstd.NewWriter(pending, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
	if err != nil {
		return err
	}
	if _, err := io.Copy(packer, d.file); err != nil {
		return errors.Join(err, packer.Close())
	}
	if err := packer.Close(); err != nil {
		return err
	}
	return pending.CloseAtomicallyReplace()
}

// Settle makes d the document that the database reflects. If another has been put in
// its place meanwhile, that one stays for the next run.
func (f Folder) Settle(d *Document) error {
	if err := d.unchanged(); err != nil {
		return err
	}
	now, err := os.Stat(d.Path)
	if err != nil || !os.SameFile(now, d.info) {
		return f.copyToCurrent(d)
	}
	if err := os.Chmod(d.Path, 0o600); err != nil {
		return fmt.Errorf("document: %w", err)
	}
	if err := os.Rename(d.Path, f.path(Current, document)); err != nil {
		return fmt.Errorf("document: %w", err)
	}
	return errors.Join(syncFolder(f.path(Current)), syncFolder(f.path(PreFetched)))
}

func (f Folder) copyToCurrent(d *Document) error {
	pending, err := renameio.NewPendingFile(f.path(Current, document), renameio.WithStaticPermissions(0o600))
	if err != nil {
		return fmt.Errorf("document: %w", err)
	}
	if _, err := d.file.Seek(0, io.SeekStart); err != nil {
		return errors.Join(err, pending.Cleanup())
	}
	if _, err := io.Copy(pending, d.file); err != nil {
		return errors.Join(err, pending.Cleanup())
	}
	return pending.CloseAtomicallyReplace()
}

// syncFolder makes renames in a folder last: renameio makes them whole, not durable.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
