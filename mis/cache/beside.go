package cache

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/renameio/v2"

	"misimportd/era/files"
)

// dumps are the files beside a document that are a part of it: tables of the MIS, as CSV.
const dumps = "Tbl*.csv"

// Beside is a file that came with a document and is a part of it: it is hashed, archived and read again with it.
type Beside struct {
	Name string
	path string
	hash string                        // "" until it is known
	from func() (io.ReadCloser, error) // where it is no file; nil: it is
}

// Open opens the file, to read it.
func (b Beside) Open() (io.ReadCloser, error) {
	if b.from != nil {
		return b.from()
	}
	return files.Open(b.path)
}

// besideIn lists what is beside the document of a folder, in order of name.
func (f Folder) besideIn(folder string) (list []Beside, err error) {
	paths, err := filepath.Glob(f.path(folder, dumps))
	for _, path := range paths {
		info, err := os.Stat(path)
		if err == nil && info.Mode().IsRegular() {
			list = append(list, Beside{Name: filepath.Base(path), path: path})
		}
	}
	return list, err
}

// wholeHash is the hash of a document, given its own, with what is beside it.
func wholeHash(document string, beside []Beside) (string, error) {
	if len(beside) == 0 {
		return document, nil
	}
	sum := newHash()
	_, _ = fmt.Fprintln(sum, document) // a hash takes whatever it is given
	for _, b := range beside {
		if b.hash == "" {
			var err error
			if b.hash, err = b.copyTo(io.Discard); err != nil {
				return "", err
			}
		}
		_, _ = fmt.Fprintln(sum, b.Name, b.hash)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// copyTo copies the file, and returns its hash.
func (b Beside) copyTo(to io.Writer) (string, error) {
	file, err := b.Open()
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	sum := newHash()
	_, err = io.Copy(io.MultiWriter(to, sum), file)
	return hex.EncodeToString(sum.Sum(nil)), err
}

// Whole is the hash of the document with what came beside it.
func (m Manifest) Whole() string {
	if len(m.Beside) == 0 {
		return m.SHA256
	}
	whole, _ := wholeHash(m.SHA256, m.listed()) // all of their hashes are known
	return whole
}

// listed is what came beside the document, in order of name.
func (m Manifest) listed() (list []Beside) {
	for _, name := range slices.Sorted(maps.Keys(m.Beside)) {
		list = append(list, Beside{Name: name, hash: m.Beside[name]})
	}
	return list
}

// takeBeside copies what is beside the document of a folder to Incoming.
func (t *Taken) takeBeside(folder string) error {
	t.Manifest.Beside = nil
	list, err := t.folder.besideIn(folder)
	for _, b := range list {
		err = errors.Join(err, t.takeOne(folder, b))
	}
	return err
}

func (t *Taken) takeOne(folder string, b Beside) (err error) {
	info, err := os.Stat(b.path)
	if err != nil {
		return err
	}
	own := Beside{Name: b.Name, path: t.folder.path(Incoming, b.Name)}
	file, err := os.OpenFile(own.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	own.hash, err = b.copyTo(file)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return files.Written(own.path, err)
	}
	if now, err := os.Stat(b.path); err != nil || !sameContent(now, info) {
		return fmt.Errorf("%s was written to while it was read: try again when it is complete", b.path)
	}
	t.add(own)
	if folder == PreFetched {
		t.originals[b.Name] = info
	}
	return nil
}

// add notes a file that was taken beside the document.
func (t *Taken) add(b Beside) {
	t.beside = append(t.beside, b)
	if t.Manifest.Beside == nil {
		t.Manifest.Beside = map[string]string{}
	}
	t.Manifest.Beside[b.Name] = b.hash
}

// keepBeside archives what is beside the document, compressed.
func (t *Taken) keepBeside(name string) error {
	for _, b := range t.beside {
		if err := t.compressTo(name+"-"+b.Name+besideSuffix, func(to io.Writer) error {
			_, err := b.copyTo(to)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

const besideSuffix = ".zst"

// takeArchivedBeside unpacks what was archived beside a document.
func (t *Taken) takeArchivedBeside(archived Archived) error {
	t.Manifest.Beside = nil
	for _, b := range archived.listed() {
		b.path = t.folder.path(Incoming, b.Name)
		err := renameTo(b.path, func(to io.Writer) error {
			return unpack(strings.TrimSuffix(archived.Path, documentSuffix)+"-"+b.Name+besideSuffix, to)
		})
		if err != nil {
			return err
		}
		t.add(b)
	}
	return nil
}

// renameTo writes a whole file.
func renameTo(path string, write func(io.Writer) error) (err error) {
	pending, err := renameio.NewPendingFile(path, renameio.WithStaticPermissions(0o600))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pending.Cleanup()) }()
	if err := write(pending); err != nil {
		return err
	}
	return pending.CloseAtomicallyReplace()
}

// unpack writes a compressed file to w, unpacked.
func unpack(path string, w io.Writer) error {
	unpacked, err := openUnpacked(path)
	if err != nil {
		return err
	}
	defer func() { _ = unpacked.Close() }()
	if _, err := io.Copy(w, unpacked); err != nil {
		return fmt.Errorf("archive: %s: %w", path, err)
	}
	return nil
}

// settleBeside makes what is beside the document Current's, and takes away what was beside the one before.
func (t *Taken) settleBeside() error {
	before, err := t.folder.besideIn(Current)
	if err != nil {
		return err
	}
	for _, b := range t.beside {
		if err := os.Rename(t.folder.path(Incoming, b.Name), t.folder.path(Current, b.Name)); err != nil {
			return err
		}
	}
	for _, b := range before {
		if _, stays := t.Manifest.Beside[b.Name]; stays {
			continue
		}
		if err := os.Remove(b.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
