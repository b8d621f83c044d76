package importer_test

import (
	"errors"
	"strings"
	"testing"

	"misimportd/importer"
	"misimportd/importer/undo"
)

// TestWhatIsGoneCannotComeBack: a membership that a run deleted, of a pupil whom another program has deleted
// since, is named, and nothing is tried.
func TestWhatIsGoneCannotComeBack(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-09-05", (&doc{}).pupil(11, "Ann", "", 7).pupil(12, "Bob", "", 7).set(88, "7Mu1", 7, 11, 12).xml())
		left := w.night("2016-09-05", (&doc{}).pupil(11, "Ann", "", 7).pupil(12, "Bob", "", 7).set(88, "7Mu1", 7,
			12).xml())
		w.exec(`DELETE FROM elements WHERE name = 'Ann'`)
		before := w.dump()
		_, err := w.im.Undo(w.Context(), left.Run)
		var refused *undo.NotUndoneError
		if !errors.As(err, &refused) || w.dump() != before ||
			!strings.Contains(err.Error(), "it deleted a membership of something that another program has deleted "+
				"since") {
			t.Errorf("%v", err)
		}
		if past, _ := importer.Runs(w.Context(), w.im.DB, 1); past[0].Run != left.Run {
			t.Error("a refusal was recorded")
		}
	})
}
