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
	if m, err := im.State.Waiting(); err == nil && m.From == cache.ByHand {
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
	if err := im.State.StartFetch(); err != nil {
		return cache.Manifest{}, err
	}
	begin := time.Now()
	im.Log.Info("fetching", "from", im.Fetching.Client.String(), "requests", im.Fetching.Requests)
	var files []*os.File
	defer func() {
		for _, file := range files {
			_ = file.Close()
		}
	}()
	var contents []isams.Contents
	for i := range im.Fetching.Requests {
		file, err := im.State.Part(fmt.Sprintf("part-%d.xml", i+1))
		if err != nil {
			return cache.Manifest{}, err
		}
		files = append(files, file)
		part, err := im.Fetching.Client.Fetch(ctx, i, file)
		if err != nil {
			return cache.Manifest{}, errors.Join(err, im.State.StartFetch())
		}
		contents = append(contents, part)
	}
	whole, err := im.merge(&files, contents)
	if err != nil {
		return cache.Manifest{}, errors.Join(err, im.State.StartFetch())
	}
	m := cache.Manifest{From: im.Fetching.Client.String(), Since: begin, Sections: map[string]int{}}
	for _, part := range contents {
		for section, records := range part {
			m.Sections[section] = records
		}
	}
	if m.Missing, err = im.missing(m.Sections); err != nil {
		return m, err
	}
	if len(m.Missing) > 0 {
		im.Log.Warn("sections are missing that the document before had", "sections", m.Missing)
	}
	m, err = im.State.Offer(whole, m)
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

// merge makes one document of several parts.
func (im *Importer) merge(files *[]*os.File, contents []isams.Contents) (*os.File, error) {
	if len(*files) == 1 {
		return (*files)[0], nil
	}
	if err := isams.CheckParts(contents); err != nil {
		return nil, err
	}
	var parts []io.ReadSeeker
	for _, file := range *files {
		parts = append(parts, file)
	}
	whole, err := im.State.Part("whole.xml")
	if err != nil {
		return nil, err
	}
	*files = append(*files, whole)
	return whole, isams.Merge(whole, parts...)
}

// take gets the document that a run imports: what waits, what can be fetched, or if the
// operator allows it, the one of the last run, and then a problem says so.
func (im *Importer) take(ctx context.Context) (*cache.Taken, []mis.Problem, error) {
	err := im.fetchIfNeeded(ctx)
	if err == nil {
		document, err := im.State.Take()
		return document, nil, err
	}
	var failed *isams.FetchError
	if !im.Fetching.UseLastGood || !errors.As(err, &failed) {
		return nil, nil, err
	}
	document, missing := im.State.TakeCurrent()
	if missing != nil {
		return nil, nil, err
	}
	im.Log.Warn("going on with the last good document", "since", document.Manifest.Since, "error", err)
	return document, []mis.Problem{{Section: "document", Reason: mis.LastGood,
		Detail: fmt.Sprintf("no newer one could be had: this is the one of %s; %v", document.Manifest.Since.In(im.Zone).Format("2 January 2006 15:04"), err)}}, nil
}
