package importer

import (
	"context"
	"fmt"

	"misimportd/mis"
	"misimportd/store"
	"misimportd/store/model"
)

// CompareDocuments tells in which records the documents of two runs differ. Both have to be in the Archive still: it
// fails with a *cache.NotArchivedError, or with a *store.NoRunError.
func (im *Importer) CompareDocuments(ctx context.Context, before, after model.ID) ([]mis.SectionDifference, error) {
	var snaps [2]*mis.Snapshot
	for i, id := range []model.ID{before, after} {
		var run model.Run
		err := im.DB.View(ctx, func(v *store.View) (err error) {
			run, err = v.Run(ctx, id)
			return err
		})
		if err != nil {
			return nil, err
		}
		if run.Source.SHA256 == "" {
			return nil, refusef("run %d read no document", id)
		}
		if snaps[i], err = im.documentOf(run); err != nil {
			return nil, fmt.Errorf("the document of run %d: %w", id, err)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return mis.Compare(snaps[0], snaps[1]), nil
}

// documentOf reads the document of a run, which another run may have filed away.
func (im *Importer) documentOf(run model.Run) (*mis.Snapshot, error) {
	list, err := im.State.List()
	if err != nil {
		return nil, err
	}
	for _, archived := range list {
		if archived.Whole() == run.Source.SHA256 {
			return im.readArchived(archived.Run, run.Source.SHA256)
		}
	}
	return im.readArchived(int64(run.ID), run.Source.SHA256)
}
