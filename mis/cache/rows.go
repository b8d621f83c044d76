package cache

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/klauspost/compress/zstd"

	"misimportd/era/files"
)

// Rows keeps documents in a database, or in one transaction of it. Contents are kept once each, compressed, under their
// SHA-256; entries say what a content is.
type Rows interface {
	// Entries lists what is kept in a place, oldest first.
	Entries(place string) ([]Entry, error)
	// Put keeps an entry, whose contents have to be there.
	Put(Entry) error
	// Drop forgets entries.
	Drop(ids ...int64) error
	// Has tells whether a content is there.
	Has(sha256 string) (bool, error)
	// Store keeps a content, given packed.
	Store(sha256 string, bytes int64, packed io.Reader) error
	// Open reads a content, packed.
	Open(sha256 string) (io.ReadCloser, error)
	// Sweep removes the contents that no entry refers to.
	Sweep() error
	// Together carries something out in one transaction.
	Together(func(Rows) error) error
}

// Entry is a document in one of its places, with what came beside it.
type Entry struct {
	ID       int64
	Place    string // PreFetched, Current or Archive
	Run      int64
	Day      string // of the Archive, 2016-09-05
	Manifest []byte
	Report   []byte            // of the run that archived it
	Contents map[string]string // the SHA-256 of each file, by its name
}

// InRows is a home in a database. folder is one of this machine's, in which documents are worked on, and in which a
// person may put one by hand. What a folder keeps from before the documents moved into the database is read from there.
func InRows(folder Folder, rows Rows) Home { return inRows{folder, rows} }

type inRows struct {
	Folder
	rows Rows
}

// Within is the home within a transaction.
func (h inRows) Within(tx Rows) Home { return inRows{h.Folder, tx} }

// InRows says that documents are kept in a database.
func (h inRows) InRows() bool { return true }

// only is the one entry of a place that has one at most.
func (h inRows) only(place string) (e Entry, isThere bool, err error) {
	entries, err := h.rows.Entries(place)
	if err != nil || len(entries) == 0 {
		return e, false, err
	}
	return entries[len(entries)-1], true, nil
}

func (e Entry) manifest() (m Manifest, err error) {
	if err = json.Unmarshal(e.Manifest, &m); err != nil {
		return m, fmt.Errorf("document: its manifest in the database cannot be read: %w", err)
	}
	return m, nil
}

// byHand tells whether a file waits in the folder: a person put it there, or it was fetched before the documents moved.
func (h inRows) byHand() bool {
	_, err := os.Lstat(h.path(PreFetched, document))
	return err == nil
}

// StartFetch begins a fetch, whose document goes into the database.
func (h inRows) StartFetch() (*Fetch, error) {
	t, err := h.Folder.StartFetch()
	if err == nil {
		t.rows = h.rows
	}
	return t, err
}

// Waiting tells what waits: first what a person put into the folder.
func (h inRows) Waiting() (Manifest, error) {
	if h.byHand() {
		return h.Folder.Waiting()
	}
	e, isThere, err := h.only(PreFetched)
	if err != nil {
		return Manifest{}, err
	}
	if !isThere {
		return Manifest{}, &NoDocumentError{h.path(PreFetched, document)}
	}
	return e.manifest()
}

// Prefetched opens what waits.
func (h inRows) Prefetched() (*Document, error) {
	e, isThere, err := h.only(PreFetched)
	if err != nil || h.byHand() || !isThere {
		if err != nil {
			return nil, err
		}
		return h.Folder.Prefetched()
	}
	return h.look(e)
}

// Reflected opens the document that the database reflects.
func (h inRows) Reflected() (*Document, error) {
	e, isThere, err := h.only(Current)
	if err != nil {
		return nil, err
	}
	if !isThere {
		return h.Folder.Reflected()
	}
	return h.look(e)
}

// look gives an entry's document to somebody who only looks at it: unpacked in a file without a name, gone when closed.
func (h inRows) look(e Entry) (*Document, error) {
	m, err := e.manifest()
	if err != nil {
		return nil, err
	}
	file, err := os.CreateTemp("", "misimportd-")
	if err != nil {
		return nil, fmt.Errorf("document: %w", err)
	}
	err = errors.Join(os.Remove(file.Name()), h.unpackTo(m.SHA256, file))
	info, missing := file.Stat()
	if err = errors.Join(err, missing); err != nil {
		return nil, errors.Join(fmt.Errorf("document: %w", err), file.Close())
	}
	return &Document{Path: placeOf(e), file: file, info: info, hash: m.SHA256, beside: h.besideOf(m)}, nil
}

// placeOf is how an entry is called in a message.
func placeOf(e Entry) string {
	if e.Place == Archive {
		return fmt.Sprintf("the document of run %d in the database's Archive", e.Run)
	}
	return "the document in the database's " + e.Place
}

// besideOf is what came beside a document, read from the database.
func (h inRows) besideOf(m Manifest) []Beside {
	list := m.listed()
	for i := range list {
		list[i].from = h.content(list[i].hash)
	}
	return list
}

// content opens a content, unpacked.
func (h inRows) content(sha256 string) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) {
		packed, err := h.rows.Open(sha256)
		if err != nil {
			return nil, err
		}
		decoder, err := zstd.NewReader(packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, errors.Join(err, packed.Close())
		}
		return contentReader{decoder, packed}, nil
	}
}

type contentReader struct {
	*zstd.Decoder
	packed io.Closer
}

func (c contentReader) Close() error {
	c.Decoder.Close()
	return c.packed.Close()
}

// unpackTo writes a content, and finds out whether it is what it should be.
func (h inRows) unpackTo(sha256 string, to io.Writer) error {
	from, err := h.content(sha256)()
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	sum := newHash()
	if _, err := io.Copy(io.MultiWriter(to, sum), from); err != nil {
		return fmt.Errorf("reading it from the database: %w", err)
	}
	if got := fmt.Sprintf("%x", sum.Sum(nil)); got != sha256 {
		return &DamagedError{sha256}
	}
	return nil
}

// DamagedError says that a document in the database is not what was put there.
type DamagedError struct{ SHA256 string }

func (e *DamagedError) Error() string {
	return fmt.Sprintf("the document with the sha256 %.12s… is damaged in the database (tables document_contents and "+
		"document_chunks): have it fetched anew, or take it from a backup", e.SHA256)
}

// CurrentManifest is that of the document that the database reflects.
func (h inRows) CurrentManifest() (Manifest, error) {
	e, isThere, err := h.only(Current)
	if err != nil {
		return Manifest{}, err
	}
	if !isThere {
		return h.Folder.CurrentManifest()
	}
	return e.manifest()
}

// CurrentHash is its hash, with what came beside it.
func (h inRows) CurrentHash() (string, error) {
	m, err := h.CurrentManifest()
	if err != nil {
		return "", fmt.Errorf("document: %w", err)
	}
	return m.Whole(), nil
}

// Take takes what waits: what a person put into the folder, or else what was fetched.
func (h inRows) Take() (*Taken, error) {
	if h.byHand() {
		t, err := h.Folder.Take()
		return h.kept(t, 0), err
	}
	e, isThere, err := h.only(PreFetched)
	if err != nil {
		return nil, err
	}
	if !isThere {
		return nil, &NoDocumentError{h.path(PreFetched, document)}
	}
	t, err := h.takeEntry(e)
	if err != nil {
		return nil, err
	}
	companions, err := filepath.Glob(h.path(PreFetched, "*.yml"))
	for _, path := range companions {
		err = errors.Join(err, t.takeCompanion(path))
	}
	if err = errors.Join(err, t.takeBeside(PreFetched)); err != nil {
		return nil, errors.Join(fmt.Errorf("state folder: %w", err), t.Close())
	}
	return t, nil
}

// TakeCurrent takes what the database reflects.
func (h inRows) TakeCurrent() (*Taken, error) {
	e, isThere, err := h.only(Current)
	if err != nil {
		return nil, err
	}
	if !isThere {
		t, err := h.Folder.TakeCurrent()
		return h.kept(t, 0), err
	}
	return h.takeWhole(e)
}

// TakeArchived takes what a run archived.
func (h inRows) TakeArchived(run int64, sha256 string) (*Taken, error) {
	e, isThere, err := h.archived(run, sha256)
	if err != nil {
		return nil, err
	}
	if !isThere {
		t, err := h.Folder.TakeArchived(run, sha256)
		return h.kept(t, 0), err
	}
	return h.takeWhole(e)
}

// kept has a document that was taken go into the database; entry is the one that it was taken from, 0 for none.
func (h inRows) kept(t *Taken, entry int64) *Taken {
	if t != nil {
		t.rows, t.entry = h.rows, entry
	}
	return t
}

// takeEntry unpacks an entry's document into Incoming.
func (h inRows) takeEntry(e Entry) (*Taken, error) {
	m, err := e.manifest()
	if err == nil {
		err = h.empty(Incoming)
	}
	if err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	path := h.path(Incoming, document)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("document: %w", err)
	}
	t := h.kept(&Taken{Document: Document{Path: placeOf(e), file: file, hash: m.SHA256}, Manifest: m, folder: h.Folder,
		originals: map[string]os.FileInfo{}}, e.ID)
	if err = h.unpackTo(m.SHA256, file); err == nil {
		t.info, err = file.Stat()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("document: unpacking it to %s: %w", h.path(Incoming), files.Written(path,
			err)),
			t.Close())
	}
	return t, nil
}

// takeWhole is takeEntry with what came beside the document.
func (h inRows) takeWhole(e Entry) (*Taken, error) {
	t, err := h.takeEntry(e)
	if err != nil {
		return nil, err
	}
	if e.Place != PreFetched {
		t.entry = 0
	}
	beside := t.Manifest.listed()
	t.Manifest.Beside = nil
	for _, b := range beside {
		b.path = h.path(Incoming, b.Name)
		if err := renameTo(b.path, func(to io.Writer) error { return h.unpackTo(b.hash, to) }); err != nil {
			return nil, errors.Join(fmt.Errorf("document: %w", err), t.Close())
		}
		t.add(b)
	}
	return t, nil
}

// MakeCurrent makes the archived document of a hash Current again.
func (h inRows) MakeCurrent(sha256 string) error {
	current, err := h.CurrentHash()
	if err != nil || sha256 == "" || current == sha256 {
		return err
	}
	entries, err := h.rows.Entries(Archive)
	if err != nil {
		return err
	}
	for _, e := range slices.Backward(entries) {
		if m, err := e.manifest(); err == nil && m.Whole() == sha256 {
			return h.rows.Together(func(tx Rows) error { return replace(tx, Current, e) })
		}
	}
	return h.makeCurrentOf(sha256)
}

// makeCurrentOf is MakeCurrent for a document that a folder has archived, before the documents moved.
func (h inRows) makeCurrentOf(sha256 string) error {
	list, err := h.Folder.List()
	for _, archived := range slices.Backward(list) {
		if archived.Whole() != sha256 {
			continue
		}
		t, err := h.TakeArchived(archived.Run, sha256)
		if err != nil {
			return err
		}
		return errors.Join(h.rows.Together(func(tx Rows) error { return t.Within(tx).Settle(archived.Run) }), t.Close())
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("archive: it holds no document with the sha256 %s", sha256)
}

// replace makes an entry the one of a place.
func replace(rows Rows, place string, e Entry) error {
	before, err := rows.Entries(place)
	if err != nil {
		return err
	}
	e.ID, e.Place, e.Day, e.Report = 0, place, "", nil
	if err := rows.Put(e); err != nil {
		return err
	}
	if len(before) == 0 {
		return nil
	}
	ids := make([]int64, len(before))
	for i, b := range before {
		ids[i] = b.ID
	}
	return errors.Join(rows.Drop(ids...), rows.Sweep())
}

// List is the Archive: of the folder, from before the documents moved, and of the database.
func (h inRows) List() ([]Archived, error) {
	list, err := h.Folder.List()
	if err != nil {
		return nil, err
	}
	entries, err := h.rows.Entries(Archive)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		a, err := h.archivedOf(e)
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, nil
}

func (h inRows) archivedOf(e Entry) (Archived, error) {
	m, err := e.manifest()
	a := Archived{Day: e.Day, Path: placeOf(e), Manifest: m, open: func(name string) (io.ReadCloser, error) {
		return h.content(e.Contents[name])()
	}}
	return a, err
}

func (h inRows) archived(run int64, sha256 string) (found Entry, isThere bool, err error) {
	entries, err := h.rows.Entries(Archive)
	for _, e := range slices.Backward(entries) {
		if m, err := e.manifest(); err == nil && e.Run == run && m.Whole() == sha256 {
			return e, true, nil
		}
	}
	return found, false, err
}

// Archived is one document of the Archive.
func (h inRows) Archived(run int64, sha256 string) (Archived, error) {
	e, isThere, err := h.archived(run, sha256)
	if err != nil {
		return Archived{}, err
	}
	if !isThere {
		return h.Folder.Archived(run, sha256)
	}
	return h.archivedOf(e)
}

// Prune removes the days of the Archive before a day.
func (h inRows) Prune(before time.Time) error {
	entries, err := h.rows.Entries(Archive)
	if err != nil {
		return err
	}
	var old []int64
	for _, e := range entries {
		if e.Day < before.Format("2006-01-02") {
			old = append(old, e.ID)
		}
	}
	if len(old) > 0 {
		if err := errors.Join(h.rows.Drop(old...), h.rows.Sweep()); err != nil {
			return err
		}
	}
	return h.Folder.Prune(before)
}

// offerRows puts a whole and checked file into the database, in place of what was fetched before.
func (t *Fetch) offerRows(file *os.File, m Manifest) error {
	if now, err := os.Lstat(t.folder.path(PreFetched, document)); err == nil &&
		(t.waited == nil || !sameContent(now, t.waited)) {
		return &MeanwhileError{}
	}
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return t.rows.Together(func(tx Rows) error {
		if err := store(tx, m.SHA256, m.Bytes, func(to io.Writer) error {
			if _, err := file.Seek(0, io.SeekStart); err != nil {
				return err
			}
			_, err := io.Copy(to, file)
			return err
		}); err != nil {
			return err
		}
		return replace(tx, PreFetched, Entry{Manifest: text, Contents: map[string]string{document: m.SHA256}})
	})
}

// store keeps what write writes, unless it is there already.
func store(rows Rows, sha256 string, bytes int64, write func(io.Writer) error) error {
	has, err := rows.Has(sha256)
	if err != nil || has {
		return err
	}
	out, in := io.Pipe()
	go func() {
		packer, err := zstd.NewWriter(in, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
		if err == nil {
			err = errors.Join(write(packer), packer.Close())
		}
		_ = in.CloseWithError(err)
	}()
	err = rows.Store(sha256, bytes, out)
	_ = out.CloseWithError(errors.New("nobody reads it any more"))
	return err
}

// keepRows archives the document in the database, with what is beside it and the files kept by hand.
func (t *Taken) keepRows(day time.Time, run int64, report []byte) error {
	kept := t.Manifest
	kept.Run = run
	manifest, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	e := Entry{Place: Archive, Run: run, Day: day.Format("2006-01-02"), Manifest: manifest, Report: report}
	if e.Contents, err = t.storeAll(); err != nil {
		return err
	}
	return t.rows.Put(e)
}

// storeAll keeps all that was taken, and returns the hash of each by its name.
func (t *Taken) storeAll() (map[string]string, error) {
	contents := map[string]string{document: t.Manifest.SHA256}
	err := store(t.rows, t.Manifest.SHA256, t.Size(), func(to io.Writer) error {
		return t.copyTo(func(r io.Reader) error { _, err := io.Copy(to, r); return err })
	})
	for _, b := range t.beside {
		if err == nil {
			err = t.storeFile(contents, b.Name, b.hash)
		}
	}
	for _, name := range t.companions() {
		sum := newHash()
		text, missing := os.ReadFile(t.folder.path(Incoming, name))
		if err = errors.Join(err, missing); err == nil {
			_, _ = sum.Write(text)
			err = t.storeFile(contents, name, fmt.Sprintf("%x", sum.Sum(nil)))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	return contents, nil
}

func (t *Taken) storeFile(contents map[string]string, name, sha256 string) error {
	contents[name] = sha256
	path := t.folder.path(Incoming, name)
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return store(t.rows, sha256, info.Size(), func(to io.Writer) error {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }()
		_, err = io.Copy(to, file)
		return err
	})
}

// settleRows makes the document the one that the database reflects.
func (t *Taken) settleRows(run int64) error {
	manifest, err := json.Marshal(t.Manifest)
	if err != nil {
		return err
	}
	contents, err := t.storeAll()
	if err != nil {
		return err
	}
	if err := replace(t.rows, Current, Entry{Run: run, Manifest: manifest, Contents: contents}); err != nil {
		return err
	}
	return t.dropRows()
}

// dropRows forgets the entry that the document was taken from.
func (t *Taken) dropRows() error {
	if t.entry == 0 {
		return nil
	}
	return errors.Join(t.rows.Drop(t.entry), t.rows.Sweep())
}

// Within has the document kept within a transaction.
func (t *Taken) Within(tx Rows) *Taken {
	within := *t
	within.rows = tx
	return &within
}

// InRows tells whether the document is kept in a database.
func (t *Taken) InRows() bool { return t.rows != nil }

// Filed takes what was in the folder away, once the database keeps it: what a person put into PreFetched, unless that
// is
// another by now, and the Current of before the documents moved.
func (t *Taken) Filed() error {
	if err := t.removeOriginals(); err != nil {
		return fmt.Errorf("document: %w", err)
	}
	entries, err := t.rows.Entries(Current)
	if err != nil || len(entries) == 0 {
		return err
	}
	return t.folder.empty(Current)
}
