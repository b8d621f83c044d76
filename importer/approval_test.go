package importer_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"misimportd/importer"
	"misimportd/importer/entry"
	"misimportd/importer/guard"
	"misimportd/mis/isams/isamstest"
	"misimportd/store/model"
	"misimportd/store/storetest"
)

// TestAHeldRunThatIsApproved ends where the same document would have led without a guard.
func TestAHeldRunThatIsApproved(t *testing.T) {
	eachInSoak(t, storetest.SQLite, func(w *world) {
		guarded(w)
		school := isamstest.New(2, someSchool).Teach(300)
		w.night("2016-09-05", school.Document())
		for range 3 {
			school.Night()
		}
		good := school.Document()
		for i, bad := range badDocuments {
			if bad.hold == "" || i%soak(1, 3) != 0 {
				continue
			}
			document := bad.spoil(good, rand.New(rand.NewPCG(uint64(i), 1)))
			held := w.night("2016-09-06", document)
			if held.Result != model.Held {
				w.Fatalf("%s: %s", bad.what, held.Result)
			}
			approved, err := w.im.Approve(w.Context(), held.Run)
			if err != nil || approved.Result == model.Held {
				w.Fatalf("%s: %s %v %v", bad.what, approved.Result, approved.Differs, err)
			}
			if counts(approved.Changes) != counts(held.Waiting) {
				w.Errorf("%s: approved %s, held %s", bad.what, counts(approved.Changes), counts(held.Waiting))
			}
			// Taken at its word, the document changes nothing more.
			w.im.Guard = guard.Guard{}
			if again := w.night("2016-09-06", document); bad.hold != model.HoldSections &&
				again.Result != model.Unchanged {
				w.Errorf("%s: after the approval the same document still changes %s", bad.what, counts(again.Changes))
			}
			w.night("2016-09-06", good)
			guarded(w)
		}
	})
}

// TestApproval is for one run and one plan: another plan is held anew, a run is decided
// once, and the next night is judged as ever.
func TestApproval(t *testing.T) {
	each(t, func(w *world) {
		guarded(w)
		school := isamstest.New(3, someSchool)
		good := school.Document()
		w.night("2016-09-05", good)
		dice := rand.New(rand.NewPCG(1, 1))
		half := without("CurrentPupils", 0.45)(good, dice)
		held := w.night("2016-09-06", half)

		// Somebody changes the database meanwhile: it is another plan.
		w.exec(`DELETE FROM memberships WHERE id IN (SELECT record_id FROM held_changes WHERE entity = 'membership'
			AND run_id = $1 ORDER BY seq LIMIT 3)`, int64(held.Run))
		before := w.dump()
		second, err := w.im.Approve(w.Context(), held.Run)
		if err != nil || second.Result != model.Held || len(second.Differs) != 3 || w.dump() != before {
			w.Fatalf("%s %q %v", second.Result, second.Differs, err)
		}
		if _, err := w.im.Approve(w.Context(), held.Run); err == nil ||
			!strings.Contains(err.Error(), fmt.Sprintf("run %d held was replaced by run %d", held.Run, second.Run)) {
			w.Errorf("approved twice: %v", err)
		}

		// Rejected, it is over.
		if err := (entry.Desk{DB: w.im.DB}).Reject(w.Context(), second.Run); err != nil {
			w.Fatal(err)
		}
		for range 2 {
			if _, err := w.im.Approve(w.Context(), second.Run); err == nil ||
				!strings.Contains(err.Error(), "was rejected") {
				w.Errorf("approved what was rejected: %v", err)
			}
			if err := (entry.Desk{DB: w.im.DB}).Reject(w.Context(), second.Run); err == nil ||
				!strings.Contains(err.Error(), "was rejected") {
				w.Errorf("rejected twice: %v", err)
			}
		}
		if err := (entry.Desk{DB: w.im.DB}).Reject(w.Context(), 1); err == nil ||
			!strings.Contains(err.Error(), "run 1 is not held") {
			w.Errorf("rejected a run that was not held: %v", err)
		}
		if err := (entry.Desk{DB: w.im.DB}).Reject(w.Context(), 4711); err == nil ||
			!strings.Contains(err.Error(), "there is no run 4711") {
			w.Errorf("rejected nothing: %v", err)
		}

		// A later night replaces what is held; approved, it does not loosen the next one.
		third := w.night("2016-09-07", half)
		fourth := w.night("2016-09-08", half)
		if _, err := w.im.Approve(w.Context(), third.Run); err == nil ||
			!strings.Contains(err.Error(), "replaced by run") {
			w.Errorf("approved what was replaced: %v", err)
		}
		if r, err := w.im.Approve(w.Context(), fourth.Run); err != nil || r.Result != model.Applied {
			w.Fatalf("%s %v", r.Result, err)
		}
		if r := w.night("2016-09-09", without("CurrentPupils", 0.45)(half, dice)); r.Result != model.Held {
			w.Errorf("the night after an approval is not judged: %s", r.Result)
		}
		past, err := importer.Runs(w.Context(), w.im.DB, 100)
		if err != nil {
			w.Fatal(err)
		}
		var decisions []string
		for _, p := range past {
			if p.Decision != "" {
				decisions = append(decisions, string(p.Decision))
			}
		}
		if got := strings.Join(decisions, " "); got != "waiting approved replaced rejected replaced" {
			w.Errorf("decisions, newest first: %s", got)
		}
	})
}
