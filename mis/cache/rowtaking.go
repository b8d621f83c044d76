package cache

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"misimportd/era/files"
)

// Take takes what waits: what a person put into the folder, or else what was fetched.
func (h inRows) Take() (*Taken, error) {
	return either(h.waiting, h.takeWaiting, h.kept(h.Folder.Take))
}

// TakeCurrent takes what the database reflects.
func (h inRows) TakeCurrent() (*Taken, error) {
	return either(h.reflected, h.takeWhole, h.kept(h.Folder.TakeCurrent))
}

// TakeArchived takes what a run archived.
func (h inRows) TakeArchived(run int64, sha256 string) (*Taken, error) {
	return either(h.archived(run, sha256), h.takeWhole,
		h.kept(func() (*Taken, error) { return h.Folder.TakeArchived(run, sha256) }))
}

// kept has a document that is taken from the folder go into the database.
func (h inRows) kept(take func() (*Taken, error)) func() (*Taken, error) {
	return func() (*Taken, error) {
		t, err := take()
		if t != nil {
			t.rows = h.rows
		}
		return t, err
	}
}

// takeWaiting is takeEntry with what the folder has beside the document.
func (h inRows) takeWaiting(e Entry) (*Taken, error) {
	t, err := h.takeEntry(e)
	if err != nil {
		return nil, err
	}
	t.entry = e.ID
	companions, err := filepath.Glob(h.path(PreFetched, "*.yml"))
	for _, path := range companions {
		err = errors.Join(err, t.takeCompanion(path))
	}
	if err = errors.Join(err, t.takeBeside(PreFetched)); err != nil {
		return nil, errors.Join(fmt.Errorf("state folder: %w", err), t.Close())
	}
	return t, nil
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
	t := &Taken{Document: Document{Path: placeOf(e), file: file, hash: m.SHA256}, Manifest: m, folder: h.Folder,
		originals: map[string]os.FileInfo{}, rows: h.rows}
	if err = h.unpackTo(m.SHA256, file); err == nil {
		t.info, err = file.Stat()
	}
	if err != nil {
		err = fmt.Errorf("document: unpacking it to %s: %w", h.path(Incoming), files.Written(path, err))
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

// takeWhole is takeEntry with what came beside the document.
func (h inRows) takeWhole(e Entry) (*Taken, error) {
	t, err := h.takeEntry(e)
	if err != nil {
		return nil, err
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
