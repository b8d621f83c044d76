package importer_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"misimportd/importer"
	"misimportd/mis/cache"
	"misimportd/mis/isams/isamstest"
	"misimportd/store/model"
	"misimportd/store/storetest"
)

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
