package cache

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/google/renameio/v2"

	"misimportd/era/files"
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

	Beside map[string]string `json:"beside,omitempty"` // the SHA-256 of each file that came with it
}

// ByHand is where a document came from that an operator put into PreFetched.
const ByHand = "put there by hand"

const (
	manifestSuffix = ".manifest.json"
	documentSuffix = ".xml.zst"
)

// manifestPath is where a folder has the manifest of the document with a hash. The hash
// is in the name, so that a manifest can come before its document and outlive it, and is
// never taken for another's.
func (f Folder) manifestPath(folder, hash string) string {
	const enough = 16
	return f.path(folder, "manifest-"+hash[:min(enough, len(hash))]+".json")
}

// mark tells one file from others: which it is, and when it was last written to.
type mark struct {
	Inode   uint64    `json:"inode"`
	Written time.Time `json:"written"`
}

func markOf(info fs.FileInfo) mark {
	m := mark{Written: info.ModTime().UTC()}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		m.Inode = stat.Ino
	}
	return m
}

// kept is a manifest in its folder, with the file that it is of: that one need not be hashed
// again to be known.
type kept struct {
	Manifest
	File mark `json:"file"`
}

// writeManifest writes the manifest of a file beside where the file is to come.
func (f Folder) writeManifest(folder string, m Manifest, of fs.FileInfo) error {
	text, err := json.MarshalIndent(kept{m, markOf(of)}, "", "  ")
	if err != nil {
		return err
	}
	return f.writeFile(f.manifestPath(folder, m.SHA256), append(text, '\n'))
}

func readManifest(path string) (k kept, err error) {
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &k)
	}
	return k, err
}

// writeFile writes a whole file. Its beginnings are in Incoming, where what a killed
// process leaves is cleared away.
func (f Folder) writeFile(path string, text []byte) error {
	return renameio.WriteFile(path, text, 0o600, renameio.WithStaticPermissions(0o600),
		renameio.WithTempDir(f.path(Incoming)))
}

// forgetManifests removes the manifests of a folder but the one that is named.
func (f Folder) forgetManifests(folder, but string) error {
	paths, err := f.manifests(folder)
	for _, path := range paths {
		if path != but {
			err = errors.Join(err, os.Remove(path))
		}
	}
	return err
}

// manifests are the paths of all that a folder has.
func (f Folder) manifests(folder string) ([]string, error) {
	return filepath.Glob(f.path(folder, "manifest-*.json"))
}

// recognize finds the manifest that names this very file.
func (f Folder) recognize(d *Document) (m Manifest, known bool, err error) {
	paths, err := f.manifests(d.folder())
	for _, path := range paths {
		k, err := readManifest(path)
		if err == nil && k.File == markOf(d.info) && k.Bytes == d.info.Size() {
			return k.Manifest, true, nil
		}
	}
	return m, false, err
}

// manifestOf is the manifest of a document in PreFetched or Current. One without a
// manifest of its own was put there by hand. The document is hashed unless a manifest names it.
func (f Folder) manifestOf(d *Document) (Manifest, error) {
	if m, known, err := f.recognize(d); known || err != nil {
		return m, err
	}
	hash, err := d.readAlone(func(r io.Reader) error { _, err := io.Copy(io.Discard, r); return err })
	if err != nil {
		return Manifest{}, err
	}
	return f.manifestHashed(d, hash)
}

// manifestHashed is manifestOf for a document whose hash is known.
func (f Folder) manifestHashed(d *Document, hash string) (Manifest, error) {
	byHand := Manifest{From: ByHand, Since: d.info.ModTime(), SHA256: hash, Bytes: d.info.Size()}
	k, err := readManifest(f.manifestPath(d.folder(), hash))
	if errors.Is(err, fs.ErrNotExist) {
		return byHand, nil
	}
	if err != nil || k.SHA256 != hash {
		return byHand, err
	}
	return k.Manifest, nil
}

// CurrentManifest is the manifest of the document that the database reflects; the zero
// one when there is none.
func (f Folder) CurrentManifest() (Manifest, error) {
	d, err := f.open(Current)
	var none *NoDocumentError
	if errors.As(err, &none) {
		return Manifest{}, nil
	}
	if err != nil {
		return Manifest{}, err
	}
	defer func() { _ = d.Close() }()
	return f.manifestOf(d)
}

// Waiting tells what waits in PreFetched, without the hash where nothing is known of it but
// that it was put there by hand. It fails with a *NoDocumentError when nothing waits.
func (f Folder) Waiting() (Manifest, error) {
	d, err := f.Prefetched()
	if err != nil {
		return Manifest{}, err
	}
	defer func() { _ = d.Close() }()
	paths, err := f.manifests(PreFetched)
	var m Manifest
	switch {
	case err == nil && len(paths) > 0:
		m, err = f.manifestOf(d)
	case err == nil:
		m = Manifest{From: ByHand, Since: d.info.ModTime(), Bytes: d.info.Size()}
	}
	if err != nil {
		return m, fmt.Errorf("document: %w", err)
	}
	return m, nil
}

// StartFetch empties Incoming for a fetch, and remembers what waits in PreFetched. The
// caller has the folder's lock.
func (f Folder) StartFetch() (*Fetch, error) {
	if err := f.empty(Incoming); err != nil {
		return nil, fmt.Errorf("state folder: %w", err)
	}
	waits, err := os.Lstat(f.path(PreFetched, document))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("document: %w", err)
	}
	return &Fetch{folder: f, waited: waits}, nil
}

// Fetch is a fetch in progress, in Incoming.
type Fetch struct {
	folder Folder
	rows   Rows        // that keep what was fetched; nil: the folder does
	waited fs.FileInfo // nil: nothing did
	files  []*os.File
}

// MeanwhileError says that somebody put a document into PreFetched while one was fetched.
type MeanwhileError struct{}

func (*MeanwhileError) Error() string {
	return "a document was put into " + PreFetched + " while another was fetched: it stays, and what was fetched goes"
}

// Close gives up what was fetched and not offered.
func (t *Fetch) Close() error {
	var err error
	for _, file := range t.files {
		err = errors.Join(err, file.Close())
	}
	return errors.Join(err, t.folder.empty(Incoming))
}

// Part makes a file of Incoming to download to.
func (t *Fetch) Part(name string) (*os.File, error) {
	file, err := os.OpenFile(t.folder.path(Incoming, name), os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("state folder: %w", files.Written(t.folder.path(Incoming, name), err))
	}
	t.files = append(t.files, file)
	return file, nil
}

// Look gives a whole file of Incoming to somebody who only looks at it. It loses its name,
// so that it is gone when it is closed, however the process ends. The caller closes it.
func (t *Fetch) Look(file *os.File, from string) (*Document, error) {
	again, err := os.Open(file.Name())
	if err != nil {
		return nil, fmt.Errorf("document: %w", err)
	}
	info, err := again.Stat()
	if err := errors.Join(err, os.Remove(file.Name())); err != nil {
		return nil, errors.Join(fmt.Errorf("document: %w", err), again.Close())
	}
	beside, err := t.folder.besideIn(PreFetched)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("document: %w", err), again.Close())
	}
	return &Document{Path: from, file: again, info: info, beside: beside}, nil
}

// Offer moves a whole and checked file of Incoming to PreFetched, in place of what was
// fetched before, for the next run to import. It fills in the manifest's hash and size.
// It fails with a *MeanwhileError when another document has been put there.
func (t *Fetch) Offer(file *os.File, m Manifest) (Manifest, error) {
	m, err := t.offer(file, m)
	if err != nil {
		return m, fmt.Errorf("document: %w", files.Written(t.folder.path(Incoming, document), err))
	}
	return m, nil
}

func (t *Fetch) offer(file *os.File, m Manifest) (Manifest, error) {
	f := t.folder
	info, err := file.Stat()
	if err != nil {
		return m, err
	}
	sum := newHash()
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return m, err
	}
	if _, err := io.Copy(sum, file); err != nil {
		return m, err
	}
	m.SHA256, m.Bytes = hex.EncodeToString(sum.Sum(nil)), info.Size()
	if t.rows != nil {
		return m, t.offerRows(file, m)
	}
	if err := errors.Join(file.Sync(), f.writeManifest(PreFetched, m, info)); err != nil {
		return m, err
	}
	target := f.path(PreFetched, document)
	if now, err := os.Lstat(target); err == nil && (t.waited == nil || !sameContent(now, t.waited)) {
		return m, &MeanwhileError{}
	}
	if err := os.Rename(file.Name(), target); err != nil {
		return m, err
	}
	return m, errors.Join(f.forgetManifests(PreFetched, f.manifestPath(PreFetched, m.SHA256)),
		syncFolder(f.path(PreFetched)))
}
