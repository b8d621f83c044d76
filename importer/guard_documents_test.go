package importer_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"misimportd/importer/report"
	"misimportd/mis/isams/isamstest"
	"misimportd/store/model"
	"misimportd/store/storetest"
)

// badDocument is a way in which a document can be wrong, and what the guard makes of it.
type badDocument struct {
	what     string
	spoil    spoiler
	breaches string     // the limits, apart by commas; "" for a document that cannot be read at all
	hold     model.Hold // what waits
}

var badDocuments = []badDocument{
	{"a page of HTML", func([]byte, *rand.Rand) []byte { return []byte("<html><body>Please log in</body></html>") }, "",
		""},
	{"cut in the middle", func(d []byte, _ *rand.Rand) []byte { return d[:len(d)/2] }, "", ""},
	{"an empty iSAMS element", func([]byte, *rand.Rand) []byte { return []byte("<iSAMS/>") }, "", ""},
	{"no pupils' section", missing("CurrentPupils"), "sections_missing CurrentPupils", model.HoldSections},
	{"pupils' section empty", without("CurrentPupils", 1), "sections_missing CurrentPupils", model.HoldSections},
	{"no staff's section", missing("CurrentStaff"), "sections_missing CurrentStaff", model.HoldSections},
	{"no forms", missing("Forms"), "sections_missing Forms", model.HoldSections},
	{"no sets", missing("Sets"), "sections_missing Sets", model.HoldSections},
	{"set lists empty", without("SetLists", 1), "sections_missing SetLists", model.HoldSections},
	{"no timetable", missing("PublishedTimetables"), "sections_missing PublishedTimetables", model.HoldSections},
	{"half of the pupils", without("CurrentPupils", 0.45),
		"pupils_leaving,groups_shrinking,section_shrinks CurrentPupils", model.HoldRemovals},
	{"half of the staff", without("CurrentStaff", 0.5), "staff_leaving,section_shrinks CurrentStaff",
		model.HoldRemovals},
	{"half of the forms", without("Forms", 0.5), "memberships_ending form", model.HoldRemovals},
	{"half of the sets", without("Sets", 0.5),
		"groups_ending set,memberships_ending set,losses_together,section_shrinks Sets", model.HoldRemovals},
	{"half of the set lists", without("SetLists", 0.6),
		"groups_shrinking,memberships_ending set,section_shrinks SetLists", model.HoldRemovals},
	{"half of the lessons", without("Schedules", 0.5), "lessons_removed,losses_together,section_shrinks Schedules",
		model.HoldRemovals},
	{"half of the pupils cannot be read", mangled("CurrentPupils", 0.5), "records_skipped CurrentPupils",
		model.HoldAll},
	{"the pupils' ids changed", func(d []byte, _ *rand.Rand) []byte { return renumbered(d) },
		"pupils_leaving,groups_shrinking,losses_together,records_new pupil,document_differs " +
			"CurrentPupils,ids_changed pupil", model.HoldAll},
	{"another school's", func(d []byte, _ *rand.Rand) []byte { return another(1, someSchool) },
		"pupils_leaving,groups_shrinking,losses_together,sections_missing PublishedTimetables,records_new pupil," +
			"document_differs CurrentPupils,document_differs CurrentStaff,ids_changed pupil,values_changed staff " +
			"forename,values_changed staff initials,values_changed staff name," +
			"values_changed staff surname,values_changed staff title,values_shared staff initials,values_shared " +
			"staff name", model.HoldAll},
	{"another school's, numbered alike", func(d []byte, _ *rand.Rand) []byte { return renamed(d) },
		"document_differs CurrentPupils,values_changed pupil forename,values_changed pupil known_as,values_changed " +
			"pupil name,values_changed pupil surname", model.HoldAll},
}

// TestBadDocuments shows each to the guard. What it lets pass takes nothing from anybody,
// and the good document that comes the next night is not held, and leaves everything as it
// was before the bad one.
func TestBadDocuments(t *testing.T) {
	eachInSoak(t, storetest.Postgres, func(w *world) {
		guarded(w)
		school := isamstest.New(1, someSchool).Teach(300)
		good := school.Document()
		w.night("2016-09-05", good)
		before := w.standing("2016-09-05")
		for i, bad := range badDocuments {
			document := bad.spoil(good, rand.New(rand.NewPCG(uint64(i), 1)))
			w.drop(document)
			w.im.AsOf = date(w, "2016-09-05")
			r, err := w.im.Run(context.Background())
			if bad.hold == "" {
				if err == nil || r.Result != model.Failed {
					w.Errorf("%s: %s, %v", bad.what, r.Result, err)
				}
				w.Logf("TABLE | %s | %s | nothing | nothing | %v", bad.what, r.Result, err)
			} else {
				if err != nil || r.Result != model.Held || r.Hold != bad.hold ||
					strings.Join(breaches(r), ",") != bad.breaches {
					w.Errorf("%s: %s, %s, %q, want %q; %v", bad.what, r.Result, r.Hold, strings.Join(breaches(r), ","),
						bad.breaches, err)
				}
				w.Logf("TABLE | %s | held: %s | %s | %s | %s", bad.what, r.Hold, counts(r.Changes), counts(r.Waiting),
					firstSaid(r))
			}
			if bad.hold != model.HoldSections && bad.hold != model.HoldRemovals {
				w.expectTheSame(bad.what, before, w.standing("2016-09-05"))
			}
			if err := w.im.State.Prepare(); err != nil {
				w.Fatal(err)
			}
			again := w.night("2016-09-05", good)
			if again.Result == model.Held {
				w.Errorf("%s: the good document after it is held: %v", bad.what, breaches(again))
			}
			w.expectTheSame("the night after "+bad.what, before, w.standing("2016-09-05"))
		}
	})
}

// firstSaid is what people are told first.
func firstSaid(r report.Report) string {
	_, said, _ := strings.Cut(r.Sentence(), ". Waiting for a person")
	_, said, _ = strings.Cut(said, ". ")
	said, _, _ = strings.Cut(said, ". ")
	return said
}
