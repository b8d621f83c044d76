package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// hashed counts the documents that are hashed until the test ends.
func hashed(t *testing.T) *int {
	t.Helper()
	count := 0
	newHash = func() hash.Hash { count++; return sha256.New() }
	t.Cleanup(func() { newHash = sha256.New })
	return &count
}

// night does with a folder what a run does. The hash that it gives is that of what it read.
func night(t *testing.T, f Folder, run int64) {
	t.Helper()
	if _, err := f.Waiting(); err != nil {
		t.Fatal(err)
	}
	taken, err := f.Take()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	var text []byte
	said, err := taken.Read(func(r io.Reader) (err error) { text, err = io.ReadAll(r); return err })
	if sum := sha256.Sum256(text); err != nil || said != hex.EncodeToString(sum[:]) || taken.Manifest.SHA256 != said {
		t.Errorf("%s, in the manifest %s: not the hash of %q: %v", said, taken.Manifest.SHA256, text, err)
	}
	if _, err := f.CurrentManifest(); err != nil {
		t.Error(err)
	}
	if _, err := f.CurrentHash(); err != nil {
		t.Error(err)
	}
	if err := taken.Keep(time.Now(), run, nil); err != nil {
		t.Error(err)
	}
	if err := taken.Settle(run); err != nil {
		t.Error(err)
	}
	if now, err := f.CurrentHash(); err != nil || now != said {
		t.Errorf("Current is %s: %v", now, err)
	}
}

func prepared(t *testing.T) Folder {
	t.Helper()
	f := Folder(t.TempDir())
	if err := f.Prepare(); err != nil {
		t.Fatal(err)
	}
	return f
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// fetched does with a folder what a fetch does.
func fetched(t *testing.T, f Folder, text string) {
	t.Helper()
	fetch, err := f.StartFetch()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = fetch.Close() }()
	part, err := fetch.Part("part-1.xml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(part, text); err != nil {
		t.Fatal(err)
	}
	if _, err := fetch.Offer(part, Manifest{From: "https://school.example", Since: time.Now()}); err != nil {
		t.Fatal(err)
	}
}

func TestADocumentIsHashedOnceANight(t *testing.T) {
	for what, bring := range map[string]func(f Folder, text string){
		"put there by hand": func(f Folder, text string) { put(t, f.path(PreFetched, document), text) },
		"fetched":           func(f Folder, text string) { fetched(t, f, text) },
	} {
		f, count := prepared(t), hashed(t)
		for i, text := range []string{"<a/>", "<b/>", "<b/>"} {
			*count = 0
			bring(f, text)
			night(t, f, int64(i+1))
			if *count != 1 {
				t.Errorf("%s, night %d: hashed %d times", what, i+1, *count)
			}
		}
	}
}

// TestAFileThatIsAnotherIsHashedAgain, though it bears the name, the length and the time of the
// one that was: what a manifest says is of one file.
func TestAFileThatIsAnotherIsHashedAgain(t *testing.T) {
	f := prepared(t)
	fetched(t, f, "<a/>")
	path := f.path(PreFetched, document)
	was, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	put(t, path+".new", "<b/>")
	if err := os.Chtimes(path+".new", was.ModTime(), was.ModTime()); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	if m, err := f.Waiting(); err != nil || m.From != ByHand {
		t.Errorf("%+v %v", m, err)
	}
	night(t, f, 1)
	put(t, f.path(Current, document), "<c/>")
	sum := sha256.Sum256([]byte("<c/>"))
	if now, err := f.CurrentHash(); err != nil || now != hex.EncodeToString(sum[:]) {
		t.Errorf("%s: %v", now, err)
	}
}

// TestTheHashIsOverWhatCameBeside: whoever looks at a document, takes it or finds it again says the same of it, and
// something else when a dump differs.
func TestTheHashIsOverWhatCameBeside(t *testing.T) {
	f := Folder(t.TempDir())
	if err := f.Prepare(); err != nil {
		t.Fatal(err)
	}
	put := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(string(f), PreFetched, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	looked := func() string {
		t.Helper()
		d, err := f.Prefetched()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = d.Close() }()
		hash, err := d.Read(func(r io.Reader) error { _, err := io.Copy(io.Discard, r); return err })
		if err != nil {
			t.Fatal(err)
		}
		return hash
	}
	put("data.xml", "<iSAMS/>")
	alone := looked()
	put("TblX.csv", "a,b\n1,2\n")
	first := looked()
	taken, err := f.Take()
	if err != nil {
		t.Fatal(err)
	}
	hash, err := taken.Read(func(io.Reader) error { return nil })
	if err != nil || hash != first || taken.Manifest.Whole() != first || first == alone {
		t.Errorf("looked at %.8s, taken %.8s, of the manifest %.8s, alone %.8s: %v", first, hash,
			taken.Manifest.Whole(), alone,
			err)
	}
	if err := errors.Join(taken.Keep(time.Now(), 7, nil), taken.Settle(7), taken.Close()); err != nil {
		t.Fatal(err)
	}
	if now, err := f.CurrentHash(); err != nil || now != first {
		t.Errorf("Current is %.8s: %v", now, err)
	}
	again, err := f.TakeArchived(7, first)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = again.Close() }()
	if len(again.Beside()) != 1 || again.Manifest.Whole() != first {
		t.Errorf("archived: %+v", again.Manifest)
	}
	put("data.xml", "<iSAMS/>")
	put("TblX.csv", "a,b\n1,3\n")
	if looked() == first {
		t.Error("another dump makes no difference")
	}
}
