package importer

import (
	"context"
	"errors"
	"fmt"
	"io"

	"misimportd/era/hint"
	"misimportd/importer/want"
	"misimportd/mis"
	"misimportd/mis/cache"
	"misimportd/mis/isams"
	"misimportd/store"
)

// CheckEvents reads the school's own files of events and holds what they name against the newest document. What is
// wrong with them is told with file and line.
func (im *Importer) CheckEvents(ctx context.Context) (found string, err error) {
	n := &night{Importer: im}
	var faults []error
	err = im.DB.View(ctx, func(v *store.View) error {
		beside, err := n.besideLessons(ctx, v)
		if err != nil {
			return err
		}
		if found = fmt.Sprintf("%d of them", len(beside.Events)); !beside.HasEvents {
			found = "there is no such file, so events stay as they are"
			return nil
		}
		snap, _, err := im.newestDocument(ctx, v)
		if err != nil {
			found += "; whom and what they name is looked up once there is a document"
			return nil // what is wrong with it is told elsewhere
		}
		w, _, err := im.wantedBy(ctx, v, snap, beside)
		if err != nil {
			return err
		}
		for _, p := range w.Problems.List() {
			if p.Section == want.OwnSection {
				faults = append(faults, fmt.Errorf("%s: %s", p.ID, p.Detail))
			}
		}
		return nil
	})
	return found, errors.Join(append(faults, err)...)
}

// CheckDocument reads the document in PreFetched, if there is one, and says what is in
// it.
func CheckDocument(state cache.Home, timetable string) (string, error) {
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
	for _, p := range s.Problems.List() {
		if p.Reason == mis.DumpUnreadable {
			return "", fmt.Errorf("%s.csv, line %d: %s", p.Section, p.Line, p.Detail)
		}
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
