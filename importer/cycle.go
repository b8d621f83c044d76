package importer

import (
	"context"
	"io"

	"misimportd/importer/cycle"
	"misimportd/importer/report"
	"misimportd/mis"
	"misimportd/mis/cache"
	"misimportd/mis/isams"
)

// Cycle is the timetable as it ideally is, without dates, by the document that the database reflects.
func Cycle(_ context.Context, state cache.Home, timetable string, asked cycle.Asked) ([]report.Cycle, error) {
	document, err := state.Reflected()
	if err != nil {
		return nil, nothingReflected(err)
	}
	defer func() { _ = document.Close() }()
	var snap *mis.Snapshot
	if _, err := document.Read(func(r io.Reader) (err error) {
		snap, err = isams.DecodeWith(r, isams.Options{Timetable: timetable})
		return err
	}); err != nil {
		return nil, err
	}
	return cycle.Of(snap, asked)
}
