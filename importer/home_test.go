package importer_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"misimportd/importer"
	"misimportd/mis/cache"
	"misimportd/mis/isams/isamstest"
	"misimportd/store"
	"misimportd/store/model"
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

// TestHomes is what a home of documents does, wherever it is.
func TestHomes(t *testing.T) {
	t.Parallel()
	long := noise(3 << 20) // several chunks, packed too
	eachHome(t, func(h *house) {
		_, err := h.Waiting()
		h.isEmpty("waiting", err)
		_, err = h.Reflected()
		h.isEmpty("reflected", err)
		if list, err := h.List(); err != nil || len(list) != 0 {
			h.Errorf("%v %v", list, err)
		}
		if m, err := h.CurrentManifest(); err != nil || m.SHA256 != "" {
			h.Errorf("%v %v", m, err)
		}

		// Fetched, seen from anywhere, taken, kept.
		m, err := h.fetch(long)
		if err != nil {
			h.Fatal(err)
		}
		other := h.elsewhere()
		waits, err := other.Waiting()
		if err != nil || waits.SHA256 != m.SHA256 || waits.From != "the server" || !waits.Since.Equal(m.Since) {
			h.Errorf("%+v %v", waits, err)
		}
		d, err := other.Prefetched()
		h.says(d, err, long)
		taken := other.take()
		if hash, err := taken.Read(func(r io.Reader) error {
			_, err := io.Copy(io.Discard,
				r)
			return err
		}); err != nil ||
			hash != m.SHA256 {
			h.Errorf("%s %v", hash, err)
		}
		other.imports(taken, 1, "2016-09-05")
		other.leavesNothing()
		_, err = h.Waiting()
		h.isEmpty("waiting after a run", err)
		d, err = h.Reflected()
		h.says(d, err, long)
		if current, err := h.CurrentManifest(); err != nil || current.Run != 1 || current.Bytes != int64(len(long)) {
			h.Errorf("%+v %v", current, err)
		}

		// A second document by hand, with what came beside it.
		h.byHand("data.xml", "second")
		h.byHand("TblActivity.csv", "a,b\n")
		h.byHand("suspensions.yml", "[]\n")
		if m, err := h.Waiting(); err != nil || m.From != cache.ByHand {
			h.Errorf("%+v %v", m, err)
		}
		h.imports(h.take(), 2, "2016-09-06")
		h.leavesNothing()
		current, err := h.CurrentManifest()
		if err != nil || current.SHA256 == current.Whole() || len(current.Beside) != 1 {
			h.Errorf("%+v %v", current, err)
		}
		list, err := other.List()
		if err != nil || len(list) != 2 || list[0].Run != 1 || list[1].Day != "2016-09-06" ||
			list[1].Whole() != current.Whole() {
			h.Fatalf("%+v %v", list, err)
		}
		var out bytes.Buffer
		if err := list[0].Extract(&out); err != nil || out.String() != long {
			h.Errorf("%d bytes, %v", out.Len(), err)
		}
		dump, err := list[1].OpenDump("TblActivity.csv")
		if err != nil {
			h.Fatal(err)
		}
		if text, err := io.ReadAll(dump); err != nil || string(text) != "a,b\n" {
			h.Errorf("%q %v", text, err)
		}
		_ = dump.Close()

		// Taken again, and from the Archive.
		again, err := other.TakeCurrent()
		if err != nil || again.Manifest.Whole() != current.Whole() || len(again.Document.Beside()) != 1 {
			h.Fatalf("%+v %v", again, err)
		}
		_ = again.Close()
		archived, err := other.TakeArchived(1, m.SHA256)
		if err != nil || archived.Size() != int64(len(long)) {
			h.Fatalf("%+v %v", archived, err)
		}
		_ = archived.Close()
		var none *cache.NotArchivedError
		if _, err := other.TakeArchived(1, current.Whole()); !errors.As(err, &none) {
			h.Errorf("%v", err)
		}
		if err := other.MakeCurrent(m.SHA256); err != nil {
			h.Fatal(err)
		}
		if hash, err := h.CurrentHash(); err != nil || hash != m.SHA256 {
			h.Errorf("%s %v", hash, err)
		}

		// Discarded: nothing of it was applied.
		if _, err := h.fetch("third"); err != nil {
			h.Fatal(err)
		}
		if err := h.file(h.take(), func(t *cache.Taken) error { return t.Discard() }); err != nil {
			h.Fatal(err)
		}
		_, err = h.Waiting()
		h.isEmpty("waiting after a discard", err)
		if hash, err := h.CurrentHash(); err != nil || hash != m.SHA256 {
			h.Errorf("%s %v", hash, err)
		}

		if err := h.Prune(time.Date(2016, 9, 6, 0, 0, 0, 0, time.UTC)); err != nil {
			h.Fatal(err)
		}
		if list, err := h.List(); err != nil || len(list) != 1 || list[0].Run != 2 {
			h.Errorf("%+v %v", list, err)
		}
		d, err = h.Reflected() // though its archived copy is gone
		h.says(d, err, long)
	})
}

// TestHomesMeanwhile has a document put where another is worked on: it stays.
func TestHomesMeanwhile(t *testing.T) {
	t.Parallel()
	eachHome(t, func(h *house) {
		h.byHand("data.xml", "first")
		taken := h.take()
		h.byHand("data.xml", "second, longer")
		h.imports(taken, 1, "2016-09-05")
		d, err := h.Prefetched()
		h.says(d, err, "second, longer")
		d, err = h.Reflected()
		h.says(d, err, "first")

		// Fetched while a person puts one there: the person's stays.
		fetch, err := h.StartFetch()
		if err != nil {
			h.Fatal(err)
		}
		part, err := fetch.Part("whole.xml")
		if err != nil {
			h.Fatal(err)
		}
		h.byHand("data.xml", "third, longer still")
		var meanwhile *cache.MeanwhileError
		if _, err := fetch.Offer(part, cache.Manifest{}); !errors.As(err, &meanwhile) {
			h.Errorf("%v", err)
		}
		_ = fetch.Close()
		h.imports(h.take(), 2, "2016-09-06")

		// Fetched by another while this one works: the newer stays for the next run.
		if _, err := h.fetch("fourth"); err != nil {
			h.Fatal(err)
		}
		if h.database == "" {
			return // a folder's lock keeps others away
		}
		taken = h.take()
		if _, err := h.elsewhere().fetch("fifth"); err != nil {
			h.Fatal(err)
		}
		h.imports(taken, 3, "2016-09-07")
		d, err = h.Prefetched()
		h.says(d, err, "fifth")
		d, err = h.Reflected()
		h.says(d, err, "fourth")
	})
}

// TestHomesInRowsAreWhole has a filing fail before its end: nothing of it is there.
func TestHomesInRowsAreWhole(t *testing.T) {
	t.Parallel()
	eachHome(t, func(h *house) {
		if h.database == "" {
			return
		}
		if _, err := h.fetch("first"); err != nil {
			h.Fatal(err)
		}
		broken := errors.New("the power fails")
		err := h.file(h.take(), func(t *cache.Taken) error {
			return errors.Join(keepAndSettle(t, 1, "2016-09-05"),
				broken)
		})
		if !errors.Is(err, broken) {
			h.Fatal(err)
		}
		if m, err := h.Waiting(); err != nil || m.SHA256 == "" {
			h.Errorf("%+v %v", m, err)
		}
		if list, err := h.List(); err != nil || len(list) != 0 {
			h.Errorf("%+v %v", list, err)
		}
		h.imports(h.take(), 1, "2016-09-05")

		raw := storetest.Raw(h, h.database)
		if _, err := raw.Exec(`UPDATE document_chunks SET data = data || data`); err != nil {
			if _, err = raw.Exec(`UPDATE document_chunks SET data = CAST(data || data AS blob)`); err != nil {
				h.Fatal(err)
			}
		}
		var damaged *cache.DamagedError
		if _, err := h.Reflected(); !errors.As(err, &damaged) {
			h.Errorf("%v", err)
		}
		if _, err := raw.Exec(`DELETE FROM document_chunks`); err != nil {
			h.Fatal(err)
		}
		if _, err := h.TakeCurrent(); err == nil || !strings.Contains(err.Error(), "is not there") {
			h.Errorf("%v", err)
		}
		if err := h.Prune(time.Now()); err != nil {
			h.Error(err)
		}
		var contents int
		if err := raw.QueryRow(`SELECT count(*) FROM document_contents`).Scan(&contents); err != nil || contents != 1 {
			h.Errorf("%d contents (%v)", contents, err)
		}
	})
}

// TestDocumentsMoveIntoTheDatabase of a school that kept them in a folder: what waited and what was reflected is there
// still, and so is the Archive.
func TestDocumentsMoveIntoTheDatabase(t *testing.T) {
	t.Parallel()
	eachHome(t, func(h *house) {
		if h.database == "" {
			return
		}
		before := &house{T: h.T, Home: h.folder, folder: h.folder}
		before.byHand("data.xml", "first")
		before.imports(before.take(), 1, "2016-09-05")
		hash, err := before.CurrentHash()
		if err != nil {
			h.Fatal(err)
		}
		if now, err := h.CurrentHash(); err != nil || now != hash {
			h.Errorf("%s %v", now, err)
		}
		d, err := h.Reflected()
		h.says(d, err, "first")
		if _, err := h.fetch("second"); err != nil {
			h.Fatal(err)
		}
		h.imports(h.take(), 2, "2016-09-06")
		if list, err := h.List(); err != nil || len(list) != 2 {
			h.Errorf("%+v %v", list, err)
		}
		if left, err := os.ReadDir(filepath.Join(string(h.folder), cache.Current)); err != nil || len(left) != 0 {
			h.Errorf("%v %v", left, err)
		}
		if err := h.MakeCurrent(hash); err != nil {
			h.Fatal(err)
		}
		d, err = h.elsewhere().Reflected()
		h.says(d, err, "first")
	})
}

// TestNightsWithDocumentsInTheDatabase are held by one machine, approved by another, and undone by a third.
func TestNightsWithDocumentsInTheDatabase(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		guarded(w)
		moves := func() *importer.Importer { // to another machine, whose folder is empty
			w.im.State = importer.InDatabase(w.im.DB, cache.Folder(w.TempDir()))
			return w.im
		}
		moves()
		school := isamstest.New(5, someSchool)
		good := school.Document()
		first := w.night("2016-09-05", good)
		if first.Result != model.Applied || first.Source.Unchanged {
			w.Fatalf("%+v", first)
		}
		moves()
		if again := w.night("2016-09-06", good); again.Result != model.Unchanged || !again.Source.Unchanged {
			w.Fatalf("%s %+v", again.Result, again.Source)
		}
		if n := w.rowsOf(`SELECT id FROM documents WHERE place = 'Archive'`); n != 1 {
			w.Errorf("%d documents are archived", n)
		}

		school.Pupils = school.Pupils[:len(school.Pupils)/2]
		held := w.night("2016-09-07", school.Document())
		if held.Result != model.Held {
			w.Fatalf("%s", held.Result)
		}
		approved, err := moves().Approve(w.Context(), held.Run)
		if err != nil || approved.Result != model.Applied {
			w.Fatalf("%s %v", approved.Result, err)
		}
		if hash, err := w.im.State.CurrentHash(); err != nil || hash != approved.Source.SHA256 {
			w.Errorf("%s %v", hash, err)
		}
		if undone, err := moves().Undo(w.Context(), approved.Run); err != nil || undone.Result != model.Applied {
			w.Fatalf("%s %v", undone.Result, err)
		}
		if hash, err := moves().State.CurrentHash(); err != nil || hash != first.Source.SHA256 {
			w.Errorf("after the undo, %s is Current (%v), and the database reflects %s", hash, err, first.Source.SHA256)
		}
		if _, err := moves().CompareDocuments(w.Context(), first.Run, held.Run); err != nil {
			w.Error(err)
		}
		moves()
		w.im.Again = true
		if again, err := w.im.Run(w.Context()); err != nil || again.Result == model.Failed {
			w.Errorf("%s %v", again.Result, err)
		}
		w.im.Again = false
		for query, want := range map[string]int{`SELECT id FROM documents WHERE place = 'Current'`: 1,
			`SELECT id FROM documents WHERE place = 'PreFetched'`: 0, `SELECT sha256 FROM document_contents`: 2} {
			if n := w.rowsOf(query); n != want {
				w.Errorf("%s: %d, wanted %d", query, n, want)
			}
		}
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
