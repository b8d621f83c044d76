package importer_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"misimportd/era"
	"misimportd/importer/want"
	"misimportd/mis/isams/isamstest"
	"misimportd/store/model"
)

// allKinds has every family of groups on, and a band.
func allKinds(w *world) *world {
	w.im.Groups = everyKind()
	return w
}

func everyKind() want.OtherGroups {
	return want.OtherGroups{Houses: true, Automatic: want.Automatic{Names: want.DefaultNames(),
		Bands: []want.Band{{Name: "Sixth form", Years: []era.Year{12, 13}}}}}
}

// clubSchool is a small school with a timetable, custom groups and activities.
func clubSchool(seed uint64) *isamstest.School {
	return isamstest.New(seed, isamstest.Size{Pupils: 70, Staff: 12, Forms: 7, Sets: 21, SetLists: 300}).Teach(42).
		Gather(6, 5)
}

const membersOnQuery = `SELECT g.kind || ' ' || g.source_id, m.member_kind || ' ' || m.member_source_id
	FROM group_details g LEFT JOIN membership_details m ON m.group_id = g.group_id
		AND m.starts_on <= $1 AND (m.ends_on IS NULL OR m.ends_on >= $1)
	WHERE g.kind NOT IN ('form', 'set') AND g.starts_on <= $1 AND (g.ends_on IS NULL OR g.ends_on >= $1)
	ORDER BY 1, 2`

// membersOn is every group of a day, but for forms and sets, with who is in it.
func (w *world) membersOn(day string) map[string][]string {
	w.Helper()
	rows, err := w.raw.Query(membersOnQuery, day)
	if err != nil {
		w.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	found := map[string][]string{}
	for rows.Next() {
		var group string
		var member *string
		if err := rows.Scan(&group, &member); err != nil {
			w.Fatal(err)
		}
		if found[group] = append(found[group], []string{}...); member != nil {
			found[group] = append(found[group], *member)
		}
	}
	if err := rows.Err(); err != nil {
		w.Fatal(err)
	}
	return found
}

// agree holds the database against the model on a day, and on one to come. A group that nobody is in may be there or
// not: one that was emptied is never forgotten.
func (w *world) agree(m *kindsModel, s *isamstest.School, day, later string) {
	w.Helper()
	houses := m.houseOf
	for _, on := range []string{day, later} {
		m.houseOf = houses
		want, got := m.groupsOn(s, on), w.membersOn(on)
		for group, members := range got {
			if len(members) == 0 {
				delete(got, group)
			}
			if len(want[group]) == 0 && len(members) == 0 {
				delete(want, group)
			}
		}
		for group, members := range want {
			if len(members) == 0 {
				delete(want, group)
			}
			slices.Sort(got[group])
		}
		if on == later { // who leaves a group that expires by then is not known yet
			for _, of := range []map[string][]string{want, got} {
				for group := range of {
					if group[:3] != "act" {
						delete(of, group)
					}
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			w.Fatalf("as of %s, on %s (-model +database):\n%s", day, on, diff)
		}
	}
	m.houseOf = houses
	m.groupsOn(s, day)
	events := w.rows(`SELECT source_id || ' ' || CAST(on_date AS text) || ' ' || CASE WHEN suspended THEN 'true'
		ELSE 'false' END FROM lessons WHERE kind = 'activity' AND on_date >= $1 ORDER BY 1`, day)
	slices.Sort(events)
	if diff := cmp.Diff(m.eventsFrom(s, day), events); diff != "" {
		w.Fatalf("events as of %s (-model +database):\n%s", day, diff)
	}
}

// nightOf imports the school with its dumps.
func (w *world) nightOf(s *isamstest.School, day string) (result model.Result) {
	w.Helper()
	w.dumps = s.Dumps()
	r := w.night(day, s.Document())
	if r.Result == model.Held {
		w.Logf("held: %v", heldBy(r))
	}
	return r.Result
}

// TestEveryKindOfGroup: all kinds are there as the model says, a second night changes nothing, and an undo leaves what
// there was, byte for byte.
func TestEveryKindOfGroup(t *testing.T) {
	each(t, func(w *world) {
		allKinds(w)
		s, m := clubSchool(1), &kindsModel{}
		before := w.dump()
		if r := w.nightOf(s, "2016-09-05"); r != model.Applied {
			w.Fatal(r)
		}
		w.agree(m, s, "2016-09-05", "2016-09-20")
		filled := w.dump()
		if r := w.nightOf(s, "2016-09-05"); r != model.Unchanged || w.dump() != filled {
			w.Errorf("the same once more: %s", r)
		}
		if r := w.nightOf(s, "2016-09-06"); r != model.Unchanged || w.dump() != filled {
			w.Errorf("a second night: %s", r)
		}
		s.Night()
		s.GatherNight("2016-09-07")
		w.dumps = s.Dumps()
		w.drop(s.Document())
		w.im.AsOf = date(w, "2016-09-07")
		second, err := w.im.Run(w.Context())
		if err != nil {
			w.Fatal(err)
		}
		w.agree(m, s, "2016-09-07", "2016-09-20")
		for _, run := range []model.ID{second.Run, 0} {
			if run == 0 {
				run = firstImport(w)
			}
			undone, err := w.im.Undo(w.Context(), run)
			if err != nil || undone.Result != model.Applied {
				w.Fatalf("%s %v", undone.Result, err)
			}
			if run == second.Run && w.dump() != filled {
				w.Error("the undo of the second night left something else than there was")
			}
		}
		if w.dump() != before {
			w.Error("the undo of the first night left something else than there was")
		}
	})
}

// firstImport is the number of the first import.
func firstImport(w *world) (id model.ID) {
	w.Helper()
	if err := w.raw.QueryRow(`SELECT min(id) FROM runs WHERE kind = 'import'`).Scan(&id); err != nil {
		w.Fatal(err)
	}
	return id
}

// TestRandomKinds lets random nights go by over all kinds of group and holds each against the model.
func TestRandomKinds(t *testing.T) {
	for seed := range uint64(soak(30, 1)) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			eachVariant(t, int(seed), func(w *world) {
				allKinds(w)
				s, m := clubSchool(100+seed), &kindsModel{}
				day := date(w, "2016-09-05")
				for range 10 {
					on := day.String()
					if r := w.nightOf(s, on); r != model.Applied && r != model.Unchanged {
						w.Fatalf("%s: %s", on, r)
					}
					w.agree(m, s, on, day.AddDays(21).String())
					if r := w.nightOf(s, on); r != model.Unchanged {
						w.Fatalf("%s, once more: %s", on, r)
					}
					s.Night()
					s.GatherNight(on)
					day = day.AddDays(1 + int(seed%3))
				}
			})
		})
	}
}

// TestR35CleanNightsOfAllKinds: the guard lets pass what happens in a school of the usual size, whatever the night.
func TestR35CleanNightsOfAllKinds(t *testing.T) {
	nights := 0
	for seed := range uint64(soak(30, 1)) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			eachVariant(t, int(seed), func(w *world) {
				allKinds(guarded(w))
				s := isamstest.New(200+seed, isamstest.Size{Pupils: 210, Staff: 30, Forms: 14, Sets: 56,
					SetLists: 1500}).
					Teach(120).Gather(30, 30)
				day := date(w, "2016-09-05")
				for range 12 {
					if r := w.nightOf(s, day.String()); r == model.Held {
						w.Errorf("%s: held", day)
					}
					nights++
					s.Change(0.005)
					s.GatherNight(day.String())
					day = day.AddDays(1)
				}
			})
		})
	}
	t.Logf("TABLE %d clean nights", nights)
}
