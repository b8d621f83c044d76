package importer

import (
	"errors"

	"misimportd/mis/cache"
	"misimportd/store"
	"misimportd/store/model"
)

// IsBusy tells whether an import did not begin because another process is at work.
func IsBusy(err error) bool {
	var database *store.BusyError
	var folder *cache.BusyError
	return errors.As(err, &database) || errors.As(err, &folder)
}

// IsWithoutDocument tells whether an import ended at once because there was nothing to
// import, and nothing to fetch it from.
func IsWithoutDocument(err error) bool {
	var none *cache.NoDocumentError
	return errors.As(err, &none)
}

// nothingReflected puts the absence of a document that the database reflects into words of
// its own: nobody is to put one there.
func nothingReflected(err error) error {
	if IsWithoutDocument(err) {
		return errors.New("nothing has been imported yet, so there is no document to look at again: leave out --again")
	}
	return err
}

// UnfiledError says that a run is done, and in the database, but that its document could
// not be filed away.
type UnfiledError struct {
	Run    model.ID
	Result model.Result
	Err    error
}

// AnsweredError says that an import was due no more when its turn came: another process had made it.
type AnsweredError struct{}

func (*AnsweredError) Error() string { return "the import was made meanwhile, by another process" }
