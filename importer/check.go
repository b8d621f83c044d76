package importer

import (
	"errors"
	"fmt"
	"io"

	"misimportd/era/hint"
	"misimportd/mis"
	"misimportd/mis/cache"
	"misimportd/mis/isams"
)

// CheckDocument reads the document in PreFetched, if there is one, and says what is in
// it.
func CheckDocument(state cache.Folder, timetable string) (string, error) {
	document, err := state.Prefetched()
	var none *cache.NoDocumentError
	if errors.As(err, &none) {
		return "none waiting", nil
	}
	if err != nil {
		return "", err
	}
	defer func() { _ = document.Close() }()
	var s *mis.Snapshot
	_, err = document.Read(func(r io.Reader) (err error) {
		s, err = isams.DecodeWith(r, isams.Options{Timetable: timetable, Dumps: dumpsOf(document)})
		return err
	})
	if err != nil {
		return "", err
	}
	more, problems := "", len(s.Problems.List())
	if problems > 0 {
		more = " (\"" + hint.Command("plan -v") + "\" lists them)"
	}
	return fmt.Sprintf("%s: %d pupils, %d staff, %d forms, %d sets, %d set lists, %d lessons in the timetable; %d "+
		"problems%s", document.Path,
		len(s.Pupils.Records), len(s.Staff.Records), len(s.Forms.Records), len(s.Sets.Records), len(s.SetLists.Records),
		len(s.Timetable.Lessons), problems, more), nil
}
