package importer_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"misimportd/importer"
	"misimportd/mis/cache"
	"misimportd/store"
	"misimportd/store/storetest"
)

// house is a home of documents, and how it is worked with: the suite is the same for folders and for rows.
type house struct {
	*testing.T
	cache.Home
	folder   cache.Folder
	database string // "" for a folder
	db       *store.DB
}

// eachHome runs a test over a folder, and over the rows of both databases.
func eachHome(t *testing.T, test func(*house)) {
	t.Run("folder", func(t *testing.T) {
		t.Parallel()
		folder := cache.Folder(t.TempDir())
		h := &house{T: t, Home: folder, folder: folder}
		h.prepare()
		test(h)
	})
	storetest.Each(t, func(t *testing.T, database string) {
		h := &house{T: t, database: database, db: opened(t, database), folder: cache.Folder(t.TempDir())}
		lock, err := h.db.Lock(t.Context(), store.NewHolder("test")) // the tables begin
		if err != nil {
			t.Fatal(err)
		}
		if err := lock.Unlock(); err != nil {
			t.Fatal(err)
		}
		h.Home = importer.InDatabase(h.db, h.folder)
		h.prepare()
		test(h)
	})
}

func opened(t *testing.T, database string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func (h *house) prepare() {
	h.Helper()
	if err := h.Prepare(); err != nil {
		h.Fatal(err)
	}
}

// elsewhere is the same home as another machine sees it; a folder is on one machine.
func (h *house) elsewhere() *house {
	h.Helper()
	if h.database == "" {
		return h
	}
	other := &house{T: h.T, database: h.database, db: h.db, folder: cache.Folder(h.TempDir())}
	other.Home = importer.InDatabase(h.db, other.folder)
	other.prepare()
	return other
}

// byHand puts a file into PreFetched.
func (h *house) byHand(name, text string) {
	h.Helper()
	if err := os.WriteFile(filepath.Join(string(h.folder), cache.PreFetched, name), []byte(text), 0o600); err != nil {
		h.Fatal(err)
	}
}

// fetch has a document fetched.
func (h *house) fetch(text string) (cache.Manifest, error) {
	h.Helper()
	fetch, err := h.StartFetch()
	if err != nil {
		h.Fatal(err)
	}
	defer func() { _ = fetch.Close() }()
	part, err := fetch.Part("whole.xml")
	if err != nil {
		h.Fatal(err)
	}
	if _, err := part.WriteString(text); err != nil {
		h.Fatal(err)
	}
	return fetch.Offer(part, cache.Manifest{From: "the server", Since: time.Now().UTC().Truncate(time.Second)})
}

// take takes what waits, and closes it when the test ends.
func (h *house) take() *cache.Taken {
	h.Helper()
	t, err := h.Take()
	if err != nil {
		h.Fatal(err)
	}
	return t
}

// file has a run file a document: in one transaction where it goes into rows.
func (h *house) file(t *cache.Taken, do func(*cache.Taken) error) error {
	h.Helper()
	defer func() { _ = t.Close() }()
	if !t.InRows() {
		return do(t)
	}
	rows := importer.RowsOf(h.db)
	err := rows.Together(func(tx cache.Rows) error { return do(t.Within(tx)) })
	if err == nil {
		err = t.Filed()
	}
	return err
}

// imports files a document as a run that applied it does.
func (h *house) imports(t *cache.Taken, run int64, day string) {
	h.Helper()
	if err := h.file(t, func(t *cache.Taken) error { return keepAndSettle(t, run, day) }); err != nil {
		h.Fatal(err)
	}
}

func keepAndSettle(t *cache.Taken, run int64, day string) error {
	at, err := time.Parse("2006-01-02", day)
	if err == nil {
		err = t.Keep(at, run, []byte(fmt.Sprintf(`{"run": %d}`, run)))
	}
	if err == nil {
		err = t.Settle(run)
	}
	return err
}

// says checks what a document that is looked at holds.
func (h *house) says(document *cache.Document, err error, want string) {
	h.Helper()
	if err != nil {
		h.Error(err)
		return
	}
	defer func() { _ = document.Close() }()
	var text []byte
	_, err = document.Read(func(r io.Reader) (err error) {
		text, err = io.ReadAll(r)
		return err
	})
	if err != nil || string(text) != want {
		h.Errorf("%s holds %q, wanted %q (%v)", document.Path, text, want, err)
	}
}

func (h *house) isEmpty(what string, err error) {
	h.Helper()
	if !importer.IsWithoutDocument(err) {
		h.Errorf("%s: %v, and nothing should be there", what, err)
	}
}

// leavesNothing checks that of a home in a database nothing is left in the folder.
func (h *house) leavesNothing() {
	h.Helper()
	if h.database == "" {
		return
	}
	_ = filepath.WalkDir(string(h.folder), func(path string, entry os.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && entry.Name() != "lock" {
			h.Errorf("%s is left", path)
		}
		return nil
	})
}

// noise is a text that cannot be packed well.
func noise(size int) string {
	random := rand.New(rand.NewPCG(1, 1))
	text := make([]byte, size)
	for i := range text {
		text[i] = byte(' ' + random.IntN(95))
	}
	return string(text)
}
