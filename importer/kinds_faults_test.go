package importer_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"misimportd/mis/isams/isamstest"
	"misimportd/store/model"
)

// chess is dumps of one activity on some days with these links: school id, first and last day.
func chess(from, to string, links ...[3]string) map[string][]byte {
	const groups = "TblActivityManagerGroupId,txtName,intActivity,dteStartDate,dteEndDate,blnActive\n"
	lines := "TblActivityManagerGroupPupilLinkId,txtSchoolID,intGroup,dteStartDate,dteEndDate\n"
	for i, l := range links {
		lines += string(rune('1'+i)) + "," + l[0] + ",1," + l[1] + "," + l[2] + "\n"
	}
	return map[string][]byte{"TblActivityManagerGroup.csv": []byte(groups + "1,Chess,1," + from + "," + to + ",0\n" +
		"2,Go,1,2016-09-01,2017-06-01,0\n"), "TblActivityManagerGroupPupilLink.csv": []byte(lines)}
}

// housedSchool is three pupils in two houses.
func housedSchool() *doc {
	return (&doc{}).coded(1, "Ms Brown", "BRO").form("7/A", "7A", 7, 1).house(1, "Austin").house(2, "Byron").
		housed(11, "Ann", "7/A", "Austin").housed(12, "Ben", "7/A", "Austin").housed(13, "Cy", "7/A", "Byron").
		set(21, "7Mat1", 7, 11, 12).set(22, "7Mat2", 7, 13)
}

// TestAnActivityThatBeginsLater is moved with whoever stays in it as before: because the dump is absent, a row of it
// cannot be read, a person pinned the place, or put somebody there.
func TestAnActivityThatBeginsLater(t *testing.T) {
	begins := [3]string{"S11", "2016-10-01", "2016-12-01"}
	for what, spoil := range map[string]func(w *world){
		"the dump of members is absent": func(w *world) {
			delete(w.dumps, "TblActivityManagerGroupPupilLink.csv")
			if err := os.Remove(filepath.Join(string(w.im.State.Scratch()), "PreFetched",
				"TblActivityManagerGroupPupilLink.csv")); err !=
				nil && !os.IsNotExist(err) {
				w.Fatal(err)
			}
		},
		"a row cannot be read": func(w *world) {
			w.dumps = chess("2016-11-01", "2016-12-01", [3]string{"S11", "2016-11-01", "2016-12-01"},
				[3]string{"S12", "rubbish", "2016-12-01"})
		},
		"a pin": func(w *world) { w.must(w.desk().AddPin(w.Context(), "pupil", "11", "activity/1")) },
	} {
		t.Run(what, func(t *testing.T) {
			each(t, func(w *world) {
				w.dumps = chess("2016-10-01", "2016-12-01", begins)
				w.night("2016-09-05", housedSchool().xml())
				before := w.dump()
				w.dumps = chess("2016-11-01", "2016-12-01", [3]string{"S11", "2016-11-01", "2016-12-01"})
				spoil(w)
				r := w.night("2016-09-06", housedSchool().xml())
				w.expect("the member", w.rows(membershipsOf("Chess")), "11 2016-11-01 2016-12-01")
				if again := w.night("2016-09-06", housedSchool().xml()); len(again.Changes) > 0 {
					w.Errorf("once more: %v", again.Changes)
				}
				if _, err := w.im.Undo(w.Context(), r.Run); err != nil {
					w.Fatal(err)
				}
				if what != "a pin" && w.dump() != before {
					w.Error("the undo left something else")
				}
			})
		})
	}
}

// TestTwoStretchesThatChange on one night are changed, and undone, on both databases, whichever grows.
func TestTwoStretchesThatChange(t *testing.T) {
	short := [][3]string{{"S11", "2016-10-01", "2016-10-10"}, {"S11", "2016-10-20", "2016-10-30"}}
	long := [][3]string{{"S11", "2016-10-01", "2016-10-25"}, {"S11", "2016-11-01", "2016-11-05"}}
	for _, c := range [][2][][3]string{{short, long}, {long, short}} {
		each2 := func(w *world) {
			w.dumps = chess("2016-09-01", "2017-06-01", c[0]...)
			w.night("2016-09-05", housedSchool().xml())
			before := w.dump()
			w.dumps = chess("2016-09-01", "2017-06-01", c[1]...)
			r := w.night("2016-09-06", housedSchool().xml())
			w.expect("stretches", w.rows(membershipsOf("Chess")), "11 "+c[1][0][1]+" "+c[1][0][2], "11 "+
				""+c[1][1][1]+" "+c[1][1][2])
			if _, err := w.im.Undo(w.Context(), r.Run); err != nil {
				w.Fatal(err)
			}
			if w.dump() != before {
				w.Error("the undo left something else")
			}
		}
		t.Run(c[0][0][2], func(t *testing.T) { each(t, each2) })
	}
}

// TestAMemberGroupThatGoes while the file of extra groups is absent, in which it stands, ends and is not deleted.
func TestAMemberGroupThatGoes(t *testing.T) {
	each(t, func(w *world) {
		w.im.ExtraGroupsFile = filepath.Join(w.TempDir(), "extra_groups.yml")
		if err := os.WriteFile(w.im.ExtraGroupsFile, []byte("A: {groups: [set/22]}\n"), 0o600); err != nil {
			w.Fatal(err)
		}
		w.night("2016-09-05", housedSchool().xml())
		if err := os.Remove(w.im.ExtraGroupsFile); err != nil {
			w.Fatal(err)
		}
		without := strings.Replace(string(housedSchool().xml()), `<Set Id="22" YearId="7"><Name>7Mat2</Name></Set>`,
			"", 1)
		if r := w.night("2016-09-05", []byte(without)); r.Result != model.Applied {
			w.Error(r.Result)
		}
	})
}

// TestPlacesCutShortAreLosses: that everybody's place in an activity ends today is as if all left.
func TestPlacesCutShortAreLosses(t *testing.T) {
	each(t, func(w *world) {
		allKinds(guarded(w))
		s := isamstest.New(3, isamstest.Size{Pupils: 210, Staff: 30, Forms: 14, Sets: 56, SetLists: 1500}).Teach(20).
			Gather(3, 40)
		w.nightOf(s, "2016-09-05")
		for i := range s.Activities {
			for k := range s.Activities[i].Links {
				s.Activities[i].Links[k].To = "2016-09-12"
			}
		}
		if r := w.nightOf(s, "2016-09-12"); r != model.Held {
			w.Error(r)
		}
	})
}

// TestDerivedGroupsFollowWhatIsHeld: on a held night nobody is in two houses.
func TestDerivedGroupsFollowWhatIsHeld(t *testing.T) {
	each(t, func(w *world) {
		allKinds(guarded(w))
		w.im.Guard.Protected = []string{"set/21"}
		w.night("2016-09-05", housedSchool().xml())
		moved := (&doc{}).coded(1, "Ms Brown", "BRO").form("7/A", "7A", 7, 1).house(1, "Austin").house(2, "Byron").
			housed(11, "Ann", "7/A", "Byron").housed(12, "Ben", "7/A", "Austin").housed(13, "Cy", "7/A", "Byron").
			set(21, "7Mat1", 7, 12).set(22, "7Mat2", 7, 13)
		if r := w.night("2016-09-06", moved.xml()); r.Result != model.Held {
			w.Fatal(r.Result)
		}
		w.expect("Ann's houses", w.rows(`SELECT group_name FROM membership_details WHERE member_source_id = '11'
			AND group_kind IN ('house', 'automatic') AND ends_on IS NULL AND group_name LIKE '%House pupils'
			ORDER BY 1`),
			"Byron House pupils")
	})
}

// TestGraceIsForWhatIsAbsent, and not for what the MIS says is over.
func TestGraceIsForWhatIsAbsent(t *testing.T) {
	each(t, func(w *world) {
		w.im.Guard.GraceNights = 2
		group := customGroup(1, "Ski", "BRO", "")
		w.night("2016-09-05", gathered(housedSchool().xml(), group, item(1, 11)))
		w.night("2016-09-06", gathered(housedSchool().xml(), customGroup(1, "Ski", "BRO", "<Deleted>1</Deleted>"),
			item(1, 11)))
		w.expect("deleted in the MIS", w.rows(customQuery), "Ski 2016-09-05 2016-09-05 gone of BRO")
	})
}
