package cache

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/renameio/v2"
	"github.com/klauspost/compress/zstd"

	"misimportd/era/files"
)

// Taken is a document that a run has taken: a copy that nobody else writes to,
// whatever becomes of the file that it was.
type Taken struct {
	Document
	Manifest  Manifest
	folder    Folder
	originals map[string]fs.FileInfo // what was taken from PreFetched, by name

	rows  Rows  // that keep it; nil: the folder does
	entry int64 // of PreFetched that it was taken from, 0 for none
}

// Take copies the document that waits in PreFetched, and the files kept by hand that
// were put beside it (*.yml), to Incoming, where a run works on them. What an earlier
// run left there is removed: the caller has the lock. It fails with a *NoDocumentError
// when none waits, and when somebody writes to it meanwhile. The caller closes it.
func (f Folder) Take() (*Taken, error) {
	waiting, err := f.Prefetched()
	if err != nil {
		return nil, err
	}
	defer func() { _ = waiting.Close() }()
	t, err := f.take(waiting)
	if err != nil {
		return nil, err
	}
	t.originals[document] = waiting.info
	companions, err := filepath.Glob(f.path(PreFetched, "*.yml"))
	for _, path := range companions {
		err = errors.Join(err, t.takeCompanion(path))
	}
	if err = errors.Join(err, t.takeBeside(PreFetched)); err != nil {
		return nil, errors.Join(fmt.Errorf("state folder: %w", err), t.Close())
	}
	return t, nil
}

// TakeCurrent is Take for the document that the database reflects: a run can go on with
// it when no other is to be had.
func (f Folder) TakeCurrent() (*Taken, error) {
	current, err := f.open(Current)
	if err != nil {
		return nil, err
	}
	defer func() { _ = current.Close() }()
	t, err := f.take(current)
	if err != nil {
		return nil, err
	}
	if err := t.takeBeside(Current); err != nil {
		return nil, errors.Join(fmt.Errorf("state folder: %w", err), t.Close())
	}
	return t, nil
}

// TakeArchived is Take for the document that a run archived, known by its hash too: another
// database's runs may have stood in the same folder. It fails with a *NotArchivedError when
// there is none.
func (f Folder) TakeArchived(run int64, sha256 string) (*Taken, error) {
	archived, err := f.Archived(run, sha256)
	if err != nil {
		return nil, err
	}
	if err := f.empty(Incoming); err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	file, err := os.OpenFile(f.path(Incoming, document), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("document: %w", err)
	}
	t := &Taken{Document: Document{Path: archived.Path, file: file}, Manifest: archived.Manifest, folder: f,
		originals: map[string]fs.FileInfo{}}
	if err = archived.Extract(file); err == nil {
		t.info, err = file.Stat()
	}
	if err == nil {
		err = t.takeArchivedBeside(archived)
	}
	if err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

// MakeCurrent takes the document of a hash out of the Archive and makes it Current again; ""
// and the one that is Current leave all as it is.
func (f Folder) MakeCurrent(sha256 string) error {
	current, err := f.CurrentHash()
	if err != nil || sha256 == "" || current == sha256 {
		return err
	}
	list, err := f.List()
	if err != nil {
		return err
	}
	for _, archived := range slices.Backward(list) {
		if archived.Whole() != sha256 {
			continue
		}
		t, err := f.TakeArchived(archived.Run, sha256)
		if err != nil {
			return err
		}
		return errors.Join(t.Settle(archived.Run), t.Close())
	}
	return fmt.Errorf("archive: it holds no document with the sha256 %s", sha256)
}

// NotArchivedError says that the Archive does not hold the document of a run.
type NotArchivedError struct{ Run int64 }

func (e *NotArchivedError) Error() string {
	return fmt.Sprintf("the document of run %d is not in the Archive", e.Run)
}

func (f Folder) take(from *Document) (*Taken, error) {
	if err := f.empty(Incoming); err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	file, err := os.OpenFile(f.path(Incoming, document), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("document: %w", err)
	}
	t := &Taken{Document: Document{Path: from.Path, file: file}, folder: f, originals: map[string]fs.FileInfo{}}
	if t.Manifest, err = f.copyTaken(from, file); err == nil {
		t.hash = t.Manifest.SHA256
		t.info, err = file.Stat()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("document: copying to %s: %w", f.path(Incoming),
			files.Written(file.Name(), err)), t.Close())
	}
	return t, nil
}

// copyTaken copies a document and finds its manifest. One that no manifest names is hashed as
// it is copied: the hash is of what is in the copy.
func (f Folder) copyTaken(from *Document, to io.Writer) (Manifest, error) {
	copied := func(r io.Reader) error { _, err := io.Copy(to, r); return err }
	m, known, err := f.recognize(from)
	if err != nil {
		return m, err
	}
	if known {
		return m, errors.Join(from.copyTo(copied), from.unchanged())
	}
	hash, err := from.readAlone(copied)
	if err != nil {
		return m, err
	}
	return f.manifestHashed(from, hash)
}

func (t *Taken) takeCompanion(path string) error {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	name := filepath.Base(path)
	t.originals[name] = info
	return os.WriteFile(t.folder.path(Incoming, name), text, 0o600)
}

// companions are the names of the files kept by hand that were taken with the document.
func (t *Taken) companions() (names []string) {
	for name := range t.originals {
		if _, isPart := t.Manifest.Beside[name]; name != document && !isPart {
			names = append(names, name)
		}
	}
	return names
}

// Close gives the copy up, unless Settle has made it Current.
func (t *Taken) Close() error {
	return errors.Join(t.Document.Close(), t.folder.empty(Incoming))
}

// Keep archives the document, compressed, with its manifest, the files beside it and a
// report of the run that applied it, under the day's folder. All bear the run's number.
func (t *Taken) Keep(day time.Time, run int64, report []byte) error {
	if t.rows != nil {
		return t.keepRows(day, run, report)
	}
	folder := t.folder.path(Archive, day.Format("2006"), day.Format("01"), day.Format("02"))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	kept := t.Manifest
	kept.Run = run
	manifest, err := json.MarshalIndent(kept, "", "  ")
	if err != nil {
		return err
	}
	name := filepath.Join(folder, fmt.Sprintf("run-%06d", run))
	files := map[string][]byte{name + ".json": report, name + manifestSuffix: append(manifest, '\n')}
	for _, companion := range t.companions() {
		text, err := os.ReadFile(t.folder.path(Incoming, companion))
		if err != nil {
			return fmt.Errorf("archive: %w", err)
		}
		files[name+"-"+companion] = text
	}
	for path, text := range files {
		if err := t.folder.writeFile(path, text); err != nil {
			return fmt.Errorf("archive: %w", err)
		}
	}
	if err := t.keepBeside(name); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	if err := t.compressTo(name+documentSuffix, func(to io.Writer) error {
		return t.copyTo(func(r io.Reader) error { _, err := io.Copy(to, r); return err })
	}); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	return syncFolder(folder)
}

func (t *Taken) compressTo(path string, write func(io.Writer) error) (err error) {
	pending, err := renameio.NewPendingFile(path, renameio.WithStaticPermissions(0o600),
		renameio.WithTempDir(t.folder.path(Incoming)))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pending.Cleanup()) }()
	packer, err := zstd.NewWriter(pending, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
	if err != nil {
		return err
	}
	if err := errors.Join(write(packer), packer.Close()); err != nil {
		return err
	}
	return pending.CloseAtomicallyReplace()
}

// Settle makes the document the one that the database reflects, and takes it out of
// PreFetched with what was beside it. What has been put there meanwhile stays for the
// next run. run is the one that imported it.
func (t *Taken) Settle(run int64) error {
	t.Manifest.Run = run
	settle := t.settle
	if t.rows != nil {
		settle = func() error { return t.settleRows(run) }
	}
	if err := settle(); err != nil {
		return fmt.Errorf("document: %w", err)
	}
	return nil
}

func (t *Taken) settle() error {
	if err := errors.Join(t.file.Sync(), t.folder.writeManifest(Current, t.Manifest, t.info)); err != nil {
		return err
	}
	if err := t.settleBeside(); err != nil {
		return err
	}
	for _, name := range append(t.companions(), document) {
		if err := os.Rename(t.folder.path(Incoming, name), t.folder.path(Current, name)); err != nil {
			return err
		}
	}
	f := t.folder
	if err := errors.Join(f.forgetManifests(Current, f.manifestPath(Current, t.Manifest.SHA256)),
		syncFolder(f.path(Current))); err != nil {
		return err
	}
	return t.removeOriginals()
}

// Discard takes the document out of PreFetched, with what was beside it, and leaves Current
// as it is: nothing of it was applied. What has been put there meanwhile stays.
func (t *Taken) Discard() error {
	if t.rows != nil {
		return t.dropRows()
	}
	if err := t.removeOriginals(); err != nil {
		return fmt.Errorf("document: %w", err)
	}
	return nil
}

func (t *Taken) removeOriginals() error {
	f := t.folder
	for name, info := range t.originals {
		path := t.folder.path(PreFetched, name)
		if now, err := os.Stat(path); err != nil || !sameContent(now, info) {
			continue
		}
		if err := os.Remove(path); err != nil {
			return err
		}
		if name == document {
			if err := f.forgetManifests(PreFetched, ""); err != nil {
				return err
			}
		}
	}
	return syncFolder(t.folder.path(PreFetched))
}
