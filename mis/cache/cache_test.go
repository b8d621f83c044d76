package cache_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"misimportd/mis/cache"
)

const text = "<iSAMS>Zoë</iSAMS>"

// folder is a state folder with a document waiting.
func folder(t *testing.T) cache.Folder {
	t.Helper()
	f := cache.Folder(t.TempDir())
	if err := f.Prepare(); err != nil {
		t.Fatal(err)
	}
	write(t, f, text)
	return f
}

func write(t *testing.T, f cache.Folder, text string) {
	t.Helper()
	path := filepath.Join(string(f), "PreFetched", "data.xml")
	if err := errors.Join(os.RemoveAll(path), os.WriteFile(path, []byte(text), 0o644)); err != nil {
		t.Fatal(err)
	}
}

func take(t *testing.T, f cache.Folder) *cache.Taken {
	t.Helper()
	d, err := f.Take()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func TestADocumentGoesItsWay(t *testing.T) {
	f := folder(t)
	d := take(t, f)
	var seen string
	got, err := d.Read(func(r io.Reader) error {
		content, err := io.ReadAll(r)
		seen = string(content)
		return err
	})
	if err != nil || got != hash(text) || seen != text || d.Size() != int64(len(text)) {
		t.Errorf("%q %q %v", got, seen, err)
	}
	if current, err := f.CurrentHash(); err != nil || current != "" {
		t.Errorf("%q %v", current, err)
	}
	if err := d.Keep(time.Date(2016, 9, 5, 3, 0, 0, 0, time.UTC), 7, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	if err := d.Settle(7); err != nil {
		t.Fatal(err)
	}
	if current, err := f.CurrentHash(); err != nil || current != hash(text) {
		t.Errorf("%q %v", current, err)
	}
	var none *cache.NoDocumentError
	if _, err := f.Prefetched(); !errors.As(err, &none) {
		t.Errorf("it is still waiting: %v", err)
	}
	day := filepath.Join(string(f), "Archive", "2016", "09", "05")
	packed, err := os.Open(filepath.Join(day, "run-000007.xml.zst"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = packed.Close() }()
	unpacked, err := zstd.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	defer unpacked.Close()
	if content, err := io.ReadAll(unpacked); err != nil || string(content) != text {
		t.Errorf("%q %v", content, err)
	}
	if report := read(t, day, "run-000007.json"); report != "{}" {
		t.Errorf("%q", report)
	}
	if err := filepath.WalkDir(string(f), func(path string, entry os.DirEntry, err error) error {
		info, _ := entry.Info()
		if want := map[bool]os.FileMode{true: 0o700, false: 0o600}[entry.IsDir()]; path != string(f) && info.Mode().
			Perm() != want {
			t.Errorf("%s has mode %o", path, info.Mode().Perm())
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

func TestAnotherDocumentPutInItsPlaceStays(t *testing.T) {
	f := folder(t)
	d := take(t, f)
	write(t, f, "<iSAMS>newer</iSAMS>")
	if err := d.Settle(7); err != nil {
		t.Fatal(err)
	}
	if current, waiting := read(t, string(f), "Current", "data.xml"),
		read(t, string(f), "PreFetched", "data.xml"); current != text || waiting != "<iSAMS>newer</iSAMS>" {
		t.Errorf("%q %q", current, waiting)
	}
}

func TestADocumentThatIsWrittenToIsNoticed(t *testing.T) {
	f := folder(t)
	d, err := f.Prefetched()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	_, err = d.Read(func(io.Reader) error { return appendTo(d.Path) })
	if err == nil || !strings.Contains(err.Error(), "was written to while it was read: try again when it is complete") {
		t.Errorf("%v", err)
	}
}

func appendTo(path string) error {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString("more")
	return errors.Join(err, file.Close())
}

// TestARunKeepsToWhatItTook writes into the very file that a run has taken: what is
// archived and becomes Current is what was read, and the rest waits for the next run.
func TestARunKeepsToWhatItTook(t *testing.T) {
	f := folder(t)
	d := take(t, f)
	if err := appendTo(d.Path); err != nil {
		t.Fatal(err)
	}
	got, err := d.Read(func(r io.Reader) error { _, err := io.ReadAll(r); return err })
	if err != nil || got != hash(text) {
		t.Errorf("%v", err)
	}
	if err := errors.Join(d.Keep(time.Now(), 1, nil), d.Settle(7), d.Close()); err != nil {
		t.Fatal(err)
	}
	if current, waiting := read(t, string(f), "Current", "data.xml"),
		read(t, string(f), "PreFetched", "data.xml"); current != text || waiting != text+"more" {
		t.Errorf("%q %q", current, waiting)
	}
}

// TestALinkIsLeftAlone gives the run a link to the operator's own file.
func TestALinkIsLeftAlone(t *testing.T) {
	f := folder(t)
	theirs := filepath.Join(t.TempDir(), "export.xml")
	link := filepath.Join(string(f), "PreFetched", "data.xml")
	if err := errors.Join(os.WriteFile(theirs, []byte("<iSAMS>theirs</iSAMS>"), 0o644), os.Remove(link),
		os.Symlink(theirs, link)); err != nil {
		t.Fatal(err)
	}
	d := take(t, f)
	if err := errors.Join(d.Settle(7), d.Close()); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(filepath.Join(string(f), "Current", "data.xml"))
	if err != nil || !info.Mode().IsRegular() || read(t, theirs) != "<iSAMS>theirs</iSAMS>" {
		t.Errorf("%v %v", info, err)
	}
	if info, err := os.Stat(theirs); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("%v %v", info, err)
	}
	if _, err := os.Lstat(link); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the link is still there: %v", err)
	}
}

func TestWhatAKilledRunLeftIsRemoved(t *testing.T) {
	f := folder(t)
	take(t, f) // and never given up
	d := take(t, f)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(filepath.Join(string(f), "Incoming")); err != nil || len(entries) > 0 {
		t.Errorf("%v %v", entries, err)
	}
}

func TestFoldersThatCannotBeUsed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, f := range []cache.Folder{cache.Folder(file), cache.Folder(filepath.Join(file, "below"))} {
		if err := f.Prepare(); err == nil || !strings.Contains(err.Error(), "choose another with --state") {
			t.Errorf("prepare: %v", err)
		}
		if _, err := f.Check(); err == nil {
			t.Errorf("check: %v", err)
		}
	}
	fresh := filepath.Join(t.TempDir(), "not", "there", "yet")
	if found, err := cache.Folder(fresh).Check(); err != nil || found != fresh+" (not there yet)" {
		t.Error(err)
	}
	if _, err := os.Stat(fresh); !errors.Is(err, os.ErrNotExist) {
		t.Error("a check made the folder")
	}
	f := cache.Folder(t.TempDir())
	if err := os.MkdirAll(filepath.Join(string(f), "PreFetched", "data.xml"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Prefetched(); err == nil || !strings.Contains(err.Error(), "is not a file") {
		t.Errorf("%v", err)
	}
}
