package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/google/renameio/v2"
)

// Manifest says what a document is and where it came from. It holds no secret.
type Manifest struct {
	From     string         `json:"from"` // the server asked, or ByHand
	Since    time.Time      `json:"since"`
	SHA256   string         `json:"sha256"`
	Bytes    int64          `json:"bytes"`
	Sections map[string]int `json:"sections,omitempty"` // records of each; of fetched documents
	Missing  []string       `json:"missing,omitempty"`  // sections that the document before had records of
	Run      int64          `json:"run,omitempty"`      // that imported it
}

// ByHand is where a document came from that an operator put into PreFetched.
const ByHand = "put there by hand"

const (
	manifestName   = "manifest.json"
	manifestSuffix = ".manifest.json"
	documentSuffix = ".xml.zst"
)

// manifestOf is the manifest of a document in PreFetched or Current. One that does not
// fit the document is of another: then it was put there by hand.
func (f Folder) manifestOf(d *Document) (Manifest, error) {
	sum := sha256.New()
	if err := d.copyTo(func(r io.Reader) error { _, err := io.Copy(sum, r); return err }); err != nil {
		return Manifest{}, err
	}
	byHand := Manifest{From: ByHand, Since: d.info.ModTime(), SHA256: hex.EncodeToString(sum.Sum(nil)), Bytes: d.info.Size()}
	for _, folder := range []string{PreFetched, Current} {
		text, err := os.ReadFile(f.path(folder, manifestName))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var m Manifest
		if err == nil && json.Unmarshal(text, &m) == nil && m.SHA256 == byHand.SHA256 {
			m.Run = 0
			return m, nil
		}
	}
	return byHand, nil
}

// CurrentManifest is the manifest of the document that the database reflects; the zero
// one when there is none, or it was put there by hand.
func (f Folder) CurrentManifest() (m Manifest, err error) {
	text, err := os.ReadFile(f.path(Current, manifestName))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Manifest{}, nil
	case err == nil:
		err = json.Unmarshal(text, &m)
	}
	if err != nil {
		return Manifest{}, fmt.Errorf("state folder: %w", err)
	}
	return m, nil
}

// Waiting tells what waits in PreFetched. It fails with a *NoDocumentError when nothing
// does.
func (f Folder) Waiting() (Manifest, error) {
	d, err := f.Prefetched()
	if err != nil {
		return Manifest{}, err
	}
	defer func() { _ = d.Close() }()
	m, err := f.manifestOf(d)
	if err != nil {
		return m, fmt.Errorf("document: %w", err)
	}
	return m, nil
}

// StartFetch empties Incoming for a fetch. The caller has the folder's lock.
func (f Folder) StartFetch() error {
	if err := f.empty(Incoming); err != nil {
		return fmt.Errorf("state folder: %w", err)
	}
	return nil
}

// Part makes a file of Incoming to download to. The caller closes it.
func (f Folder) Part(name string) (*os.File, error) {
	file, err := os.OpenFile(f.path(Incoming, name), os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	return file, nil
}

// Offer moves a whole and checked file of Incoming to PreFetched, in place of what was
// fetched before, for the next run to import. It fills in the manifest's hash and size.
func (f Folder) Offer(file *os.File, m Manifest) (Manifest, error) {
	fail := func(err error) (Manifest, error) { return m, fmt.Errorf("document: %w", err) }
	info, err := file.Stat()
	if err != nil {
		return fail(err)
	}
	sum := sha256.New()
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return fail(err)
	}
	if _, err := io.Copy(sum, file); err != nil {
		return fail(err)
	}
	m.SHA256, m.Bytes = hex.EncodeToString(sum.Sum(nil)), info.Size()
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fail(err)
	}
	if err := file.Sync(); err != nil {
		return fail(err)
	}
	if err := os.Rename(file.Name(), f.path(PreFetched, document)); err != nil {
		return fail(err)
	}
	if err := renameio.WriteFile(f.path(PreFetched, manifestName), append(text, '\n'), 0o600, renameio.WithStaticPermissions(0o600)); err != nil {
		return fail(err)
	}
	return m, errors.Join(syncFolder(f.path(PreFetched)), f.empty(Incoming))
}
