package cache_test

import (
	"errors"
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
	if _, err := f.Lock("another"); !errors.As(err, &busy) || !strings.Contains(err.Error(), "in use: misimportd run, process 7; wait") {
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
	if err := f.StartFetch(); err != nil {
		t.Fatal(err)
	}
	part, err := f.Part("part-1.xml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.WriteString("<iSAMS>fetched</iSAMS>"); err != nil {
		t.Fatal(err)
	}
	offered, err := f.Offer(part, cache.Manifest{From: "https://school.example", Sections: map[string]int{"Sets": 3}})
	if err := errors.Join(err, part.Close()); err != nil {
		t.Fatal(err)
	}
	waiting, err := f.Waiting()
	if err != nil || waiting.From != "https://school.example" || waiting.SHA256 != offered.SHA256 || offered.Bytes != 22 {
		t.Errorf("%+v %v", waiting, err)
	}
	write(t, f, text) // an operator puts another in its place
	waiting, err = f.Waiting()
	if err != nil || waiting.From != cache.ByHand || waiting.SHA256 != hash(text) {
		t.Errorf("%+v %v", waiting, err)
	}
	d := take(t, f)
	if err := errors.Join(d.Settle(), d.Close()); err != nil {
		t.Fatal(err)
	}
	if current := read(t, string(f), "Current", "manifest.json"); !strings.Contains(current, cache.ByHand) {
		t.Error(current)
	}
}
