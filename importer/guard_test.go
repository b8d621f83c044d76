package importer_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"misimportd/importer"
	"misimportd/importer/entry"
	"misimportd/importer/guard"
	"misimportd/importer/report"
	"misimportd/importer/text"
	"misimportd/mis/isams/isamstest"
	"misimportd/store/model"
)

// guarded is a world that is guarded as a school's is.
func guarded(w *world) *world {
	w.im.Guard = guard.NewGuard()
	return w
}

// someSchool is large enough for the guard's limits to mean something.
var someSchool = isamstest.Size{Pupils: 280, Staff: 40, Forms: 14, Sets: 84, SetLists: 2500}

// standing is what people see: who is there, in which group on a day, and the lessons from
// then on. It holds no ids of rows.
func (w *world) standing(day string) []string {
	w.Helper()
	rows := w.rows(`SELECT e.kind || ' '
		|| coalesce(p.source_id, s.source_id, h.source_id, u.source_id, r.source_id, '') || ' ' || e.name || ' '
		|| coalesce(CAST(p.house_id AS text), '')
		FROM elements e LEFT JOIN pupils p ON p.id = e.id LEFT JOIN staff s ON s.id = e.id
		LEFT JOIN houses h ON h.id = e.id LEFT JOIN subjects u ON u.id = e.id LEFT JOIN locations r ON r.id = e.id
		WHERE e.current AND e.kind <> 'group' ORDER BY 1`)
	rows = append(rows,
		w.rows(`SELECT d.kind || ' ' || d.source_id || ' ' || d.name || ' ' || coalesce(CAST(g.tutor_id AS text), '')
			|| ' ' || coalesce(CAST(g.subject_id AS text), '')
		FROM group_details d JOIN groups g ON g.id = d.group_id WHERE d.starts_on <= $1 AND d.ends_on >= $1 ORDER BY 1`,
			day)...)
	rows = append(rows, w.rows(`SELECT group_kind || ' ' || group_source_id || ': ' || member_source_id
		FROM membership_details WHERE starts_on <= $1 AND ends_on >= $1 ORDER BY 1`, day)...)
	return append(rows,
		w.rows(`SELECT code || CAST(starts_at AS text) || coalesce(groups, '') || coalesce(staff, '')
			|| coalesce(rooms, '') || CASE WHEN suspended THEN '!' ELSE '' END
		FROM lesson_details WHERE on_date >= $1 ORDER BY 1`, day)...)
}

// expectTheSame says in how much two standings differ: they are long.
func (w *world) expectTheSame(what string, want, got []string) {
	w.Helper()
	if slices.Equal(want, got) {
		return
	}
	in := map[string]int{}
	for _, row := range want {
		in[row]++
	}
	for _, row := range got {
		in[row]--
	}
	var differs []string
	for row, n := range in {
		if n != 0 {
			differs = append(differs, fmt.Sprintf("%+d %s", -n, row))
		}
	}
	slices.Sort(differs)
	w.Errorf("%s: %d rows differ:\n%s", what, len(differs), strings.Join(differs[:min(20, len(differs))], "\n"))
}

func breaches(r report.Report) (names []string) {
	for _, f := range r.Guard {
		if f.Breached {
			names = append(names, strings.TrimSpace(f.Limit+" "+f.About))
		}
	}
	return names
}

func counts(list []model.Count) string {
	var said []string
	for _, c := range list {
		said = append(said, fmt.Sprintf("%s %s %d", c.Entity, c.Action, c.Count))
	}
	return strings.Join(said, ", ")
}

// badDocument is a way in which a document can be wrong, and what the guard makes of it.
type badDocument struct {
	what     string
	spoil    func(document []byte, dice *rand.Rand) []byte
	breaches string     // the limits, apart by commas; "" for a document that cannot be read at all
	hold     model.Hold // what waits
}

var badDocuments = []badDocument{
	{"a page of HTML", func([]byte, *rand.Rand) []byte { return []byte("<html><body>Please log in</body></html>") }, "",
		""},
	{"cut in the middle", func(d []byte, _ *rand.Rand) []byte { return d[:len(d)/2] }, "", ""},
	{"an empty iSAMS element", func([]byte, *rand.Rand) []byte { return []byte("<iSAMS/>") }, "", ""},
	{"no pupils' section", func(d []byte, _ *rand.Rand) []byte { return missing(d, "CurrentPupils") },
		"sections_missing CurrentPupils", model.HoldSections},
	{"pupils' section empty", func(d []byte, dice *rand.Rand) []byte { return without(d, "CurrentPupils", 1, dice) },
		"sections_missing CurrentPupils", model.HoldSections},
	{"no staff's section", func(d []byte, _ *rand.Rand) []byte { return missing(d, "CurrentStaff") },
		"sections_missing CurrentStaff", model.HoldSections},
	{"no forms", func(d []byte, _ *rand.Rand) []byte { return missing(d, "Forms") }, "sections_missing Forms",
		model.HoldSections},
	{"no sets", func(d []byte, _ *rand.Rand) []byte { return missing(d, "Sets") }, "sections_missing Sets",
		model.HoldSections},
	{"set lists empty", func(d []byte, dice *rand.Rand) []byte { return without(d, "SetLists", 1, dice) },
		"sections_missing SetLists", model.HoldSections},
	{"no timetable", func(d []byte, _ *rand.Rand) []byte { return missing(d, "PublishedTimetables") },
		"sections_missing PublishedTimetables", model.HoldSections},
	{"half of the pupils", func(d []byte, dice *rand.Rand) []byte { return without(d, "CurrentPupils", 0.45, dice) },
		"pupils_leaving,groups_shrinking,section_shrinks CurrentPupils", model.HoldRemovals},
	{"half of the staff", func(d []byte, dice *rand.Rand) []byte { return without(d, "CurrentStaff", 0.5, dice) },
		"staff_leaving,section_shrinks CurrentStaff", model.HoldRemovals},
	{"half of the forms", func(d []byte, dice *rand.Rand) []byte { return without(d, "Forms", 0.5, dice) },
		"memberships_ending form", model.HoldRemovals},
	{"half of the sets", func(d []byte, dice *rand.Rand) []byte { return without(d, "Sets", 0.5, dice) },
		"groups_ending set,memberships_ending set,losses_together,section_shrinks Sets", model.HoldRemovals},
	{"half of the set lists", func(d []byte, dice *rand.Rand) []byte { return without(d, "SetLists", 0.6, dice) },
		"groups_shrinking,memberships_ending set,section_shrinks SetLists", model.HoldRemovals},
	{"half of the lessons", func(d []byte, dice *rand.Rand) []byte { return without(d, "Schedules", 0.5, dice) },
		"lessons_removed,losses_together,section_shrinks Schedules", model.HoldRemovals},
	{"half of the pupils cannot be read", func(d []byte, dice *rand.Rand) []byte {
		return mangled(d, "CurrentPupils", 0.5, dice)
	}, "records_skipped CurrentPupils", model.HoldAll},
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
	each(t, func(w *world) {
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

// TestAHeldRunThatIsApproved ends where the same document would have led without a guard.
func TestAHeldRunThatIsApproved(t *testing.T) {
	each(t, func(w *world) {
		guarded(w)
		school := isamstest.New(2, someSchool).Teach(300)
		w.night("2016-09-05", school.Document())
		for range 3 {
			school.Night()
		}
		good := school.Document()
		for i, bad := range badDocuments {
			if bad.hold == "" || i%soak(1, 2) != 0 {
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
		half := without(good, "CurrentPupils", 0.45, dice)
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
		if err := entry.Reject(w.Context(), w.im.DB, second.Run); err != nil {
			w.Fatal(err)
		}
		for range 2 {
			if _, err := w.im.Approve(w.Context(), second.Run); err == nil ||
				!strings.Contains(err.Error(), "was rejected") {
				w.Errorf("approved what was rejected: %v", err)
			}
			if err := entry.Reject(w.Context(), w.im.DB, second.Run); err == nil ||
				!strings.Contains(err.Error(), "was rejected") {
				w.Errorf("rejected twice: %v", err)
			}
		}
		if err := entry.Reject(w.Context(), w.im.DB, 1); err == nil ||
			!strings.Contains(err.Error(), "run 1 is not held") {
			w.Errorf("rejected a run that was not held: %v", err)
		}
		if err := entry.Reject(w.Context(), w.im.DB, 4711); err == nil ||
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
		if r := w.night("2016-09-09", without(half, "CurrentPupils", 0.45, dice)); r.Result != model.Held {
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

// TestR17AHeldMoveIsHeldAsAWhole: when what ends is held, who would move stays, and nobody is
// in two forms or two sets because of it.
func TestR17AHeldMoveIsHeldAsAWhole(t *testing.T) {
	each(t, func(w *world) {
		w.im.Guard = guard.Guard{Hold: model.HoldRemovals, Import: guard.Limits{guard.PupilsLeaving: {}}}
		w.night("2016-09-05", small().xml())
		before := w.rows(membershipsQuery)
		// Zoë moves to 7B, Ann leaves the school, Siân is new in 7A; 7Mat1 has another name.
		d := (&doc{}).teacher(1, "Ms Brown").form("7/A", "7A", 7, 1).form("7/B", "7B", 7, 99).
			pupil(11, "Zoë O’Brien", "7/B", 7).pupil(12, "Ömer Khan", "7/A", 7).pupil(14, "Siân Evans", "7/A", 7).
			set(21, "7Maths1", 7, 12, 14).set(22, "7Mat2", 7, 11)
		r := w.night("2016-09-06", d.xml())
		if r.Result != model.Held || r.Hold != model.HoldRemovals ||
			strings.Join(breaches(r), ",") != "pupils_leaving" {
			w.Fatalf("%s %s %v", r.Result, r.Hold, breaches(r))
		}
		after := w.rows(membershipsQuery)
		for _, row := range before {
			row = strings.Replace(row, "7Mat1", "7Maths1", 1)
			if !slices.Contains(after, row) {
				w.Errorf("%s is no longer so", row)
			}
		}
		if twice := w.rows(`SELECT member_source_id FROM membership_details WHERE group_kind = 'form'
			AND ends_on >= '2016-09-06' GROUP BY member_source_id HAVING count(*) > 1`); len(twice) > 0 {
			w.Errorf("in two forms: %v", twice)
		}
		w.expect("names", w.rows(`SELECT name FROM elements WHERE kind = 'pupil' ORDER BY name`), "Ann Lee (7B)",
			"Siân Evans (7A)", "Zoë O’Brien (7A)", "Ömer Khan (7A)")
		w.expect("tutors", w.rows(`SELECT e.name || ' ' || t.name FROM groups g JOIN elements e ON e.id = g.id
			JOIN elements t ON t.id = g.tutor_id ORDER BY 1`), "7A Ms Brown", "7B Mr Green")

		approved, err := w.im.Approve(w.Context(), r.Run)
		if err != nil || approved.Result != model.Applied {
			w.Fatalf("%s %v %v", approved.Result, approved.Differs, err)
		}
		held := w.standing("2016-09-06")
		w.im.Guard = guard.Guard{}
		if again := w.night("2016-09-06", d.xml()); again.Result != model.Unchanged {
			w.Errorf("something was left: %s", counts(again.Changes))
		}
		w.expectTheSame("after the approval", w.standing("2016-09-06"), held)
	})
}

// TestLimits are breached by a share and a count, both; off never, and 0 by one.
func TestLimits(t *testing.T) {
	school := isamstest.New(4, isamstest.Size{Pupils: 100, Staff: 10, Forms: 7, Sets: 14, SetLists: 300})
	good := school.Document()
	// leavers takes the last n pupils out of the document.
	leavers := func(n int) []byte {
		lines := 0
		return spoilt(good, func(line string) (string, bool) {
			if !ofSection("CurrentPupils", line) {
				return line, true
			}
			lines++
			return line, lines <= 100-n
		})
	}
	each(t, func(w *world) {
		w.night("2016-09-05", good)
		for _, c := range []struct {
			limit   guard.Limit
			leave   int
			breache bool
		}{
			{guard.Limit{Percent: 10, AtLeast: 5}, 10, false}, {guard.Limit{Percent: 10, AtLeast: 5}, 11, true},
			{guard.Limit{Percent: 2, AtLeast: 5}, 4, false}, {guard.Limit{Percent: 2, AtLeast: 5}, 5, true},
			{guard.Limit{}, 0, false}, {guard.Limit{}, 1, true}, {guard.Limit{Off: true}, 60, false},
			{guard.Limit{AtLeast: 3}, 2, false}, {guard.Limit{AtLeast: 3}, 3, true},
			{guard.Limit{Percent: 3}, 3, false}, {guard.Limit{Percent: 3}, 4, true},
		} {
			w.im.Guard = guard.Guard{Hold: model.HoldRemovals, Import: guard.Limits{guard.PupilsLeaving: c.limit}}
			r := w.plan("2016-09-06", leavers(c.leave))
			f := r.Guard[0]
			if f.Limit != guard.PupilsLeaving || f.Breached != c.breache || f.Count != c.leave || f.Of != 100 ||
				(r.Hold != "") != c.breache {
				w.Errorf("%+v, %d leave: %+v", c.limit, c.leave, f)
			}
			if c.breache && !strings.Contains(f.Says,
				fmt.Sprintf("%d of 100 (%d.0 %%) pupils would leave; ", c.leave, c.leave)) {
				w.Errorf("said %q", f.Says)
			}
		}
	})
}

// TestHoldAll applies nothing of what is held, and files nothing as Current.
func TestHoldAll(t *testing.T) {
	each(t, func(w *world) {
		guarded(w)
		w.im.Guard.Hold = model.HoldAll
		school := isamstest.New(5, someSchool)
		good := school.Document()
		w.night("2016-09-05", good)
		before := w.dump()
		r := w.night("2016-09-06", without(good, "CurrentPupils", 0.45, rand.New(rand.NewPCG(1, 1))))
		if r.Hold != model.HoldAll || len(r.Changes) > 0 || w.dump() != before {
			w.Errorf("%s: %s", r.Hold, counts(r.Changes))
		}
		if current, err := w.im.State.Reflected(); err != nil || current.Size() != int64(len(good)) {
			w.Errorf("Current: %v", err)
		}
		if _, err := w.im.State.Prefetched(); !importer.IsWithoutDocument(err) {
			w.Errorf("PreFetched: %v", err)
		}
		var b bytes.Buffer
		if err := text.WriteRun(&b, r, text.Style{}); err != nil ||
			!strings.Contains(b.String(), "Nothing was applied.") ||
			!strings.Contains(b.String(), fmt.Sprintf("misimportd approve %d", r.Run)) {
			w.Errorf("%v\n%s", err, b.String())
		}
	})
}
