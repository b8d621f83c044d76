package importer_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"misimportd/importer"
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
		r := w.night("2016-09-06", without("CurrentPupils", 0.45)(good, rand.New(rand.NewPCG(1, 1))))
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
