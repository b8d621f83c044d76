package cache_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"misimportd/mis/cache"
)

func TestOneProcessInAFolder(t *testing.T) {
	f := folder(t)
	unlock, err := f.Lock("misimportd run, process 7")
	if err != nil {
		t.Fatal(err)
	}
	var busy *cache.BusyError
	if _, err := f.Lock("another"); !errors.As(err, &busy) ||
		!strings.Contains(err.Error(), "in use: misimportd run, process 7; wait") {
		t.Errorf("%v", err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	if unlock, err = f.Lock("another"); err != nil {
		t.Fatal(err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
}

func TestAManifestIsOfOneDocument(t *testing.T) {
	f := folder(t)
	if err := os.Remove(filepath.Join(string(f), "PreFetched", "data.xml")); err != nil {
		t.Fatal(err)
	}
	offered, err := fetched(t, f, "<iSAMS>fetched</iSAMS>", func() {})
	if err != nil {
		t.Fatal(err)
	}
	waiting, err := f.Waiting()
	if err != nil || waiting.From != "https://school.example" || waiting.SHA256 != offered.SHA256 ||
		offered.Bytes != 22 {
		t.Errorf("%+v %v", waiting, err)
	}
	write(t, f, text) // an operator puts another in its place
	waiting, err = f.Waiting()
	if err != nil || waiting.From != cache.ByHand || waiting.SHA256 != hash(text) {
		t.Errorf("%+v %v", waiting, err)
	}
	d := take(t, f)
	if err := errors.Join(d.Settle(7), d.Close()); err != nil {
		t.Fatal(err)
	}
	if current, err := f.CurrentManifest(); err != nil || current.From != cache.ByHand || current.Run != 7 {
		t.Errorf("%+v %v", current, err)
	}
}

// fetched fetches a document into a folder; meanwhile is called before it is offered.
func fetched(t *testing.T, f cache.Folder, text string, meanwhile func()) (cache.Manifest, error) {
	t.Helper()
	fetch, err := f.StartFetch()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := fetch.Close(); err != nil {
			t.Error(err)
		}
	}()
	part, err := fetch.Part("part-1.xml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.WriteString(text); err != nil {
		t.Fatal(err)
	}
	meanwhile()
	return fetch.Offer(part, cache.Manifest{From: "https://school.example", Sections: map[string]int{"Sets": 3}})
}

func TestADocumentPutThereMeanwhileStays(t *testing.T) {
	f := cache.Folder(t.TempDir())
	if err := f.Prepare(); err != nil {
		t.Fatal(err)
	}
	_, err := fetched(t, f, "<iSAMS>fetched</iSAMS>", func() { write(t, f, text) })
	var meanwhile *cache.MeanwhileError
	if !errors.As(err, &meanwhile) || read(t, string(f), "PreFetched", "data.xml") != text {
		t.Errorf("%v", err)
	}
	if m, err := f.Waiting(); err != nil || m.From != cache.ByHand {
		t.Errorf("%+v %v", m, err)
	}
}

func TestYesterdaysDocumentPutThereByHand(t *testing.T) {
	f := cache.Folder(t.TempDir())
	if err := f.Prepare(); err != nil {
		t.Fatal(err)
	}
	if _, err := fetched(t, f, text, func() {}); err != nil {
		t.Fatal(err)
	}
	d := take(t, f)
	if err := errors.Join(d.Settle(7), d.Close()); err != nil {
		t.Fatal(err)
	}
	write(t, f, text) // Current's, once more
	if m, err := f.Waiting(); err != nil || m.From != cache.ByHand {
		t.Errorf("%+v %v", m, err)
	}
}
