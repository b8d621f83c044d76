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

	"misimportd/files"
	"misimportd/mis"
	"misimportd/mis/cache"
	"misimportd/mis/isams"
	"misimportd/store"
)

// stale is when a document that was fetched and not imported, for the database was not
// there, is fetched anew. One that was put there by hand is never stale.
const stale = 12 * time.Hour

// Fetching says where documents come from.
type Fetching struct {
	Client      *isams.Client // nil: they are put into PreFetched by hand
	Requests    int           // how many of the client's requests make a document
	Timeout     time.Duration // for all of them together
	UseLastGood bool          // go on with Current when the client gets none
}

// Fetch fetches a document into PreFetched and checks it, without importing it. It
// fails when one waits there that was put there by hand.
func (im *Importer) Fetch(ctx context.Context) (cache.Manifest, error) {
	if im.Fetching.Client == nil {
		return cache.Manifest{}, errors.New("there is nothing to fetch from: the configuration has no isams section")
	}
	if err := im.State.Prepare(); err != nil {
		return cache.Manifest{}, err
	}
	unlock, err := im.State.Lock(store.NewHolder("fetch").String())
	if err != nil {
		return cache.Manifest{}, err
	}
	defer func() { _ = unlock() }()
	m, err := im.State.Waiting()
	var none *cache.NoDocumentError
	switch {
	case err != nil && !errors.As(err, &none):
		return m, err
	case err == nil && m.From == cache.ByHand:
		return m, fmt.Errorf("a document that was put into %s by hand waits there: import it or take it away first", cache.PreFetched)
	}
	return im.fetch(ctx)
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
	case err == nil && (waiting.From == cache.ByHand || time.Since(waiting.Since) < stale):
		im.Log.Info("using the document that waits", "from", waiting.From, "since", waiting.Since)
		return nil
	}
	_, err = im.fetch(ctx)
	return err
}

// fetch downloads each request's part to Incoming, checks it, and offers the whole to
// the next run. The caller has the folder's lock.
func (im *Importer) fetch(ctx context.Context) (cache.Manifest, error) {
	ctx, cancel := context.WithTimeout(ctx, im.Fetching.Timeout)
	defer cancel()
	fetch, err := im.State.StartFetch()
	if err != nil {
		return cache.Manifest{}, err
	}
	defer func() { _ = fetch.Close() }()
	begin := time.Now()
	im.Log.Info("fetching", "from", im.Fetching.Client.String(), "requests", im.Fetching.Requests)
	var parts []io.ReadSeeker
	var contents []isams.Contents
	var whole *os.File
	for i := range im.Fetching.Requests {
		if whole, err = fetch.Part(fmt.Sprintf("part-%d.xml", i+1)); err != nil {
			return cache.Manifest{}, err
		}
		part, err := im.Fetching.Client.Fetch(ctx, i, whole)
		if err != nil {
			return cache.Manifest{}, err
		}
		parts, contents = append(parts, whole), append(contents, part)
	}
	if len(parts) > 1 {
		if err := isams.CheckParts(contents); err != nil {
			return cache.Manifest{}, err
		}
		if whole, err = fetch.Part("whole.xml"); err != nil {
			return cache.Manifest{}, err
		}
		if err := isams.Merge(whole, parts...); err != nil {
			return cache.Manifest{}, fmt.Errorf("putting the answers together: %w", files.Written(whole.Name(), err))
		}
	}
	m := cache.Manifest{From: im.Fetching.Client.String(), Since: begin, Sections: map[string]int{}}
	records := 0
	for _, part := range contents {
		maps.Copy(m.Sections, part)
		records += part.Records()
	}
	if records == 0 {
		return m, &isams.FetchError{From: m.From, Attempts: len(contents), Permanent: true, Last: "the answer holds no record at all; check what the API key is allowed"}
	}
	if m.Missing, err = im.missing(m.Sections); err != nil {
		return m, err
	}
	if len(m.Missing) > 0 {
		im.Log.Warn("sections are missing that the document before had", "sections", m.Missing)
	}
	m, err = fetch.Offer(whole, m)
	if err == nil {
		im.Log.Info("fetched", "bytes", m.Bytes, "sha256", m.SHA256, "seconds", time.Since(begin).Seconds())
	}
	return m, err
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
		Detail: fmt.Sprintf("no newer one could be had: this is the one of %s; %v", document.Manifest.Since.In(im.Zone).Format("2 January 2006 15:04"), err)}}, nil
}
