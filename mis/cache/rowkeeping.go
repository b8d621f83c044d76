package cache

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

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
// is another by now, and the Current of before the documents moved.
func (t *Taken) Filed() error {
	if err := t.removeOriginals(); err != nil {
		return fmt.Errorf("document: %w", err)
	}
	entries, err := t.rows.Entries(Current, everyRun)
	if err != nil || len(entries) == 0 {
		return err
	}
	return t.folder.empty(Current)
}
