package cache

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"
)

// Rows keeps documents in a database, or in one transaction of it. Contents are kept once each, compressed, under their
// SHA-256; entries say what a content is.
type Rows interface {
	// Entries lists what is kept in a place, oldest first, without the runs' reports; of one run, unless that is
	// everyRun.
	Entries(place string, run int64) ([]Entry, error)
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

// everyRun has the documents of all runs listed.
const everyRun = 0

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

// finding looks for an entry.
type finding func() (e Entry, isThere bool, err error)

// waiting finds what waits to be imported. What a person put into the folder comes first.
func (h inRows) waiting() (e Entry, isThere bool, err error) {
	if h.byHand() {
		return e, false, nil
	}
	return h.only(PreFetched)
}

// reflected finds what the database reflects.
func (h inRows) reflected() (Entry, bool, error) { return h.only(Current) }

// archived finds what a run archived.
func (h inRows) archived(run int64, sha256 string) finding {
	return func() (found Entry, isThere bool, err error) {
		entries, err := h.rows.Entries(Archive, run)
		for _, e := range slices.Backward(entries) {
			if m, err := e.manifest(); err == nil && m.Whole() == sha256 {
				return e, true, nil
			}
		}
		return found, false, err
	}
}

// only finds the one entry of a place that has one at most.
func (h inRows) only(place string) (e Entry, isThere bool, err error) {
	entries, err := h.rows.Entries(place, everyRun)
	if err != nil || len(entries) == 0 {
		return e, false, err
	}
	return entries[len(entries)-1], true, nil
}

// either reads an entry, or else what the folder has: a person put it there, or it is from before the documents moved.
func either[T any](find finding, entry func(Entry) (T, error), folder func() (T, error)) (nothing T, err error) {
	e, isThere, err := find()
	switch {
	case err != nil:
		return nothing, err
	case isThere:
		return entry(e)
	}
	return folder()
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
	return either(h.waiting, Entry.manifest, h.Folder.Waiting)
}

// Prefetched opens what waits.
func (h inRows) Prefetched() (*Document, error) {
	return either(h.waiting, h.look, h.Folder.Prefetched)
}

// Reflected opens the document that the database reflects.
func (h inRows) Reflected() (*Document, error) {
	return either(h.reflected, h.look, h.Folder.Reflected)
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

// CurrentManifest is that of the document that the database reflects.
func (h inRows) CurrentManifest() (Manifest, error) {
	return either(h.reflected, Entry.manifest, h.Folder.CurrentManifest)
}

// CurrentHash is its hash, with what came beside it.
func (h inRows) CurrentHash() (string, error) {
	m, err := h.CurrentManifest()
	if err != nil {
		return "", fmt.Errorf("document: %w", err)
	}
	return m.Whole(), nil
}

// MakeCurrent makes the archived document of a hash Current again.
func (h inRows) MakeCurrent(sha256 string) error {
	current, err := h.CurrentHash()
	if err != nil || sha256 == "" || current == sha256 {
		return err
	}
	entries, err := h.rows.Entries(Archive, everyRun)
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
	before, err := rows.Entries(place, everyRun)
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
	entries, err := h.rows.Entries(Archive, everyRun)
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

// Archived is one document of the Archive.
func (h inRows) Archived(run int64, sha256 string) (Archived, error) {
	return either(h.archived(run, sha256), h.archivedOf,
		func() (Archived, error) { return h.Folder.Archived(run, sha256) })
}

// Prune removes the days of the Archive before a day.
func (h inRows) Prune(before time.Time) error {
	entries, err := h.rows.Entries(Archive, everyRun)
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
