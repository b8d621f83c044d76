package importer

import (
	"misimportd/mis/cache"
	"misimportd/store"
)

// InDatabase keeps a school's documents in its database. folder is one of this machine's, in which they are worked on.
func InDatabase(db *store.DB, folder cache.Folder) cache.Home {
	return cache.InRows(folder, rows{db.Documents()})
}

// rows are a database's documents, in the words of the cache.
type rows struct{ *store.Documents }

func (r rows) Entries(place string, run int64) (list []cache.Entry, err error) {
	kept, err := r.Documents.Entries(place, run)
	for _, k := range kept {
		list = append(list, cache.Entry(k))
	}
	return list, err
}

func (r rows) Put(e cache.Entry) error { return r.Documents.Put(store.KeptDocument(e)) }

func (r rows) Together(do func(cache.Rows) error) error {
	return r.Documents.Together(func(d *store.Documents) error { return do(rows{d}) })
}
