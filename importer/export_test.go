package importer

import (
	"misimportd/mis/cache"
	"misimportd/store"
)

// RowsOf are a database's documents.
func RowsOf(db *store.DB) cache.Rows { return rows{db.Documents()} }
