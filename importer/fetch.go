package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"misimportd/era/files"
	"misimportd/mis"
	"misimportd/mis/cache"
	"misimportd/mis/isams"
	"misimportd/store"
)

// stale is when a document that was fetched and not imported is fetched anew by a run that
// somebody makes. One that was put there by hand is never stale.
const stale = 12 * time.Hour

// Fetching says where documents come from.
type Fetching struct {
	Client      *isams.Client // nil: they are put into PreFetched by hand
	Requests    int           // how many of the client's requests make a document
	Timeout     time.Duration // for all of them together
	UseLastGood bool          // go on with Current when the client gets none
	Anew        bool          // ask even though a document that was fetched waits, as every night does
}

// Fetch fetches a document into PreFetched and checks it, without importing it. It
// fails when one waits there that was put there by hand.
func (im *Importer) Fetch(ctx context.Context) (m cache.Manifest, err error) {
	err = im.mayFetch(ctx, "fetch", func() (err error) {
		m, err = im.fetch(ctx)
		return err
	})
	return m, err
}

// mayFetch calls do when there is something to fetch from, and no document waits that a
// person put there: that is what the next night imports.
func (im *Importer) mayFetch(ctx context.Context, command string, do func() error) error {
	if im.Fetching.Client == nil {
		return errors.New("there is nothing to fetch from: the configuration has no isams section")
	}
	unlock, err := im.lockFolder(ctx, store.NewHolder(command))
	if err != nil {
		return err
	}
	defer func() { _ = unlock() }()
	m, err := im.State.Waiting()
	var none *cache.NoDocumentError
	switch {
	case err != nil && !errors.As(err, &none):
		return err
	case err == nil && m.From == cache.ByHand:
		return fmt.Errorf("a document that was put into %s by hand waits there: import it or take it away first",
			cache.PreFetched)
	}
	return do()
}

// lockFolder takes the state folder for this process, and clears away what one that was
// killed has left of a document.
func (im *Importer) lockFolder(ctx context.Context, holder store.Holder) (unlock func() error, err error) {
	if err := im.State.Prepare(); err != nil {
		return nil, err
	}
	if unlock, err = im.awaitFolder(ctx, holder); err != nil {
		return nil, err
	}
	if err := im.State.ClearIncoming(); err != nil {
		return nil, errors.Join(err, unlock())
	}
	return unlock, nil
}

// ClearAway takes away what a process that was killed has left of a document. It fails with
// a *cache.BusyError when another is at work, which has done so.
func (im *Importer) ClearAway(ctx context.Context) error {
	unlock, err := im.lockFolder(ctx, store.NewHolder("serve"))
	if err != nil {
		return err
	}
	return unlock()
}

// fetchToLook fetches a document that is gone when it is closed.
func (im *Importer) fetchToLook(ctx context.Context) (document *cache.Document, err error) {
	err = im.mayFetch(ctx, "plan", func() error {
		fetch, err := im.State.StartFetch()
		if err != nil {
			return err
		}
		defer func() { _ = fetch.Close() }()
		whole, m, err := im.download(ctx, fetch)
		if err != nil {
			return err
		}
		document, err = fetch.Look(whole, m.From)
		return err
	})
	return document, err
}

// fetchIfNeeded fetches a document unless one waits that is to be imported.
func (im *Importer) fetchIfNeeded(ctx context.Context) error {
	waiting, err := im.State.Waiting()
	var none *cache.NoDocumentError
	switch {
	case im.Fetching.Client == nil:
		return nil // what is there is imported, or missed, by those who open it
	case err != nil && !errors.As(err, &none):
		return err
	case err == nil && (waiting.From == cache.ByHand || !im.Fetching.Anew && time.Since(waiting.Since) < stale):
		im.Log.Info("using the document that waits", "from", waiting.From, "since", waiting.Since)
		return nil
	}
	_, err = im.fetch(ctx)
	return err
}

// fetch offers what it downloads to the next run. The caller has the folder's lock.
func (im *Importer) fetch(ctx context.Context) (cache.Manifest, error) {
	fetch, err := im.State.StartFetch()
	if err != nil {
		return cache.Manifest{}, err
	}
	defer func() { _ = fetch.Close() }()
	whole, m, err := im.download(ctx, fetch)
	if err != nil {
		return m, err
	}
	if m, err = fetch.Offer(whole, m); err == nil {
		im.Log.Info("fetched", "bytes", m.Bytes, "sha256", m.SHA256, "seconds", time.Since(m.Since).Seconds())
	}
	return m, err
}

// download gets each request's part into Incoming, checks it, and makes one document of them.
func (im *Importer) download(ctx context.Context, fetch *cache.Fetch) (*os.File, cache.Manifest, error) {
	ctx, cancel := context.WithTimeout(ctx, im.Fetching.Timeout)
	defer cancel()
	m := cache.Manifest{From: im.Fetching.Client.String(), Since: time.Now(), Sections: map[string]int{}}
	im.Log.Info("fetching", "from", im.Fetching.Client.String(), "requests", im.Fetching.Requests)
	var parts []io.ReadSeeker
	var contents []isams.Contents
	var whole *os.File
	var err error
	for i := range im.Fetching.Requests {
		if whole, err = fetch.Part(fmt.Sprintf("part-%d.xml", i+1)); err != nil {
			return nil, m, err
		}
		part, err := im.Fetching.Client.Fetch(ctx, i, whole)
		if err != nil {
			return nil, m, err
		}
		parts, contents = append(parts, whole), append(contents, part)
	}
	if len(parts) > 1 {
		if whole, err = merge(fetch, parts, contents); err != nil {
			return nil, m, err
		}
	}
	return whole, m, im.describe(&m, contents)
}

// merge makes one document of the answers to several requests.
func merge(fetch *cache.Fetch, parts []io.ReadSeeker, contents []isams.Contents) (*os.File, error) {
	if err := isams.CheckParts(contents); err != nil {
		return nil, err
	}
	whole, err := fetch.Part("whole.xml")
	if err != nil {
		return nil, err
	}
	if err := isams.Merge(whole, parts...); err != nil {
		return nil, fmt.Errorf("putting the answers together: %w", files.Written(whole.Name(), err))
	}
	return whole, nil
}

// describe notes what is in a document and what is missing. One without any record is an error.
func (im *Importer) describe(m *cache.Manifest, contents []isams.Contents) (err error) {
	records := 0
	for _, part := range contents {
		maps.Copy(m.Sections, part)
		records += part.Records()
	}
	if records == 0 {
		return &isams.FetchError{From: m.From, Attempts: len(contents), Permanent: true,
			Last: "the answer holds no record at all; check what the API key is allowed"}
	}
	if m.Missing, err = im.missing(m.Sections); err != nil {
		return err
	}
	if len(m.Missing) > 0 {
		im.Log.Warn("sections are missing that the document before had", "sections", m.Missing)
	}
	return nil
}

// missing lists the sections that are absent or empty and were not in the document
// before.
func (im *Importer) missing(sections map[string]int) ([]string, error) {
	before, err := im.State.CurrentManifest()
	var missing []string
	for _, section := range slices.Sorted(maps.Keys(before.Sections)) {
		if before.Sections[section] > 0 && sections[section] == 0 {
			missing = append(missing, section)
		}
	}
	return missing, err
}

// take gets the document that a run imports: what waits, what can be fetched, or if the
// operator allows it and iSAMS cannot be reached, an earlier one, and then a problem says
// so.
func (im *Importer) take(ctx context.Context) (*cache.Taken, []mis.Problem, error) {
	if im.Again {
		document, err := im.State.TakeCurrent()
		return document, nil, nothingReflected(err)
	}
	err := im.fetchIfNeeded(ctx)
	var meanwhile *cache.MeanwhileError
	if err == nil || errors.As(err, &meanwhile) {
		document, err := im.State.Take()
		return document, nil, err
	}
	var failed *isams.FetchError
	if !im.Fetching.UseLastGood || !errors.As(err, &failed) || failed.Permanent {
		return nil, nil, err
	}
	document, missing := im.State.Take() // fetched some nights ago, and never imported
	if missing != nil {
		document, missing = im.State.TakeCurrent()
	}
	if missing != nil {
		return nil, nil, err
	}
	im.Log.Warn("going on with the last good document", "since", document.Manifest.Since, "error", err)
	return document, []mis.Problem{{Section: "document", Reason: mis.LastGood,
		Detail: fmt.Sprintf("no newer one could be had: this is the one of %s; %v", document.Manifest.Since.In(im.Zone).
			Format("2 January 2006 15:04"), err)}}, nil
}
