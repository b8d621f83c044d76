package importer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"misimportd/mis"
	"misimportd/mis/cache"
	"misimportd/mis/isams/batch"
	"misimportd/store"
)

// stale is when a document that was fetched and not imported is fetched anew by a run that
// somebody makes. One that was put there by hand is never stale.
const stale = 12 * time.Hour

// Fetching says where documents come from.
type Fetching struct {
	Client      *batch.Client // nil: they are put into PreFetched by hand
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
	if im.State.InRows() && command == "fetch" { // it writes to the database
		lock, err := im.DB.Lock(ctx, store.NewHolder(command))
		if err != nil {
			return err
		}
		defer func() { _ = lock.Unlock() }()
	}
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

// download gets a document into Incoming, and notes what is in it and what is missing.
func (im *Importer) download(ctx context.Context, fetch *cache.Fetch) (*os.File, cache.Manifest, error) {
	m := cache.Manifest{From: im.Fetching.Client.String(), Since: time.Now()}
	whole, holds, err := im.Fetching.Client.Document(ctx, fetch)
	if err != nil {
		return nil, m, err
	}
	m.Sections = holds
	if m.Missing, err = im.missing(m.Sections); err != nil {
		return nil, m, err
	}
	if len(m.Missing) > 0 {
		im.Log.Warn("sections are missing that the document before had", "sections", m.Missing)
	}
	return whole, m, nil
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
	var failed *batch.FetchError
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
