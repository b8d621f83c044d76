package importer_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestR15R16JoiningAndLeaving(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-09-05", small().xml())
		moved := withoutMat2().set(22, "7Mat2", 7, 12, 13)
		w.night("2016-10-03", moved.xml())
		w.expect("joined", w.rows(membershipsQuery)[5:], "7Mat2: 12 2016-10-03 2017-08-14",
			"7Mat2: 13 2016-09-05 2017-08-14")
		w.night("2016-10-10", small().xml())
		w.expect("left", w.rows(membershipsQuery)[5:], "7Mat2: 12 2016-10-03 2016-10-09",
			"7Mat2: 13 2016-09-05 2017-08-14")
		w.night("2016-10-17", moved.xml())
		w.night("2016-10-17", small().xml())
		w.expect("left the same day", w.rows(membershipsQuery)[5:], "7Mat2: 12 2016-10-03 2016-10-09",
			"7Mat2: 13 2016-09-05 2017-08-14")
	})
}

func TestR17MovingBetweenGroups(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-09-05", small().xml())
		w.night("2016-10-03", []byte(strings.NewReplacer(`SetId="21" PupilId="12"`, `SetId="22" PupilId="12"`).
			Replace(string(small().xml()))))
		w.expect("Ömer's sets",
			w.rows(`SELECT group_name || ' ' || CAST(starts_on AS text) || ' ' || CAST(ends_on AS text)
				FROM membership_details
			WHERE member_source_id = '12' AND group_kind = 'set' ORDER BY starts_on`), "7Mat1 2016-09-05 2016-10-02",
			"7Mat2 2016-10-03 2017-08-14")
	})
}

// TestR19AGroupThatAnotherProgramProlonged has a user's member in it who would outlive
// it: the night brings both back within the era, and does not fail.
func TestR19AGroupThatAnotherProgramProlonged(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-09-12", small().xml())
		w.exec(`UPDATE groups SET ends_on = '2017-12-31' WHERE id = (SELECT id FROM elements WHERE name = '7Mat2')`)
		w.exec(`INSERT INTO memberships (group_id, element_id, starts_on, ends_on)
			SELECT g.id, s.id, '2016-10-01', '2017-12-31' FROM elements g, elements s WHERE g.name = '7Mat2'
			AND s.name = 'Ms Brown'`)
		r := w.night("2016-09-05", small().xml()) // and everything starts a week sooner
		w.expectCounts(r, "group update 5", "membership update 7")
		w.expect("the set", w.rows(`SELECT CAST(starts_on AS text) || ' ' || CAST(ends_on AS text) FROM group_details
			WHERE name = '7Mat2'`), "2016-09-05 2017-08-14")
		w.expect("its members",
			w.rows(`SELECT member_name || ' ' || CAST(starts_on AS text) || ' ' || CAST(ends_on AS text)
				FROM membership_details WHERE group_name = '7Mat2' ORDER BY member_name`),
			"Ann Lee (7B) 2016-09-05 2017-08-14", "Ms Brown 2016-10-01 2017-08-14")
	})
}

func TestR20AFutureMembershipIsPulledForward(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-11-07", small().xml())
		r := w.night("2016-09-05", small().xml())
		w.expectCounts(r, "group update 4", "membership update 6")
		w.expect("memberships", w.rows(`SELECT DISTINCT CAST(starts_on AS text) || ' ' || CAST(ends_on AS text)
			FROM memberships`), "2016-09-05 2017-08-14")
	})
}

func TestR20DoubledMembershipsBecomeOne(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-09-05", small().xml())
		w.exec(`UPDATE memberships SET ends_on = '2016-12-31' WHERE group_id = (SELECT id FROM elements
			WHERE name = '7Mat2')`)
		w.exec(`INSERT INTO memberships (group_id, element_id, starts_on, ends_on)
			SELECT group_id, element_id, '2017-02-01', '2017-03-01' FROM memberships WHERE ends_on = '2016-12-31'`)
		r := w.night("2016-10-03", small().xml())
		w.expectCounts(r, "membership update 1", "membership delete 1")
		w.expect("memberships", w.rows(membershipsQuery)[5:], "7Mat2: 13 2016-09-05 2017-08-14")
	})
}

func TestR21APupilWhoLeftKeepsHistory(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-09-05", small().xml())
		d := small()
		d.pupils = d.pupils[:2]
		r := w.night("2016-10-03", d.xml())
		w.expectProblems(r, "SetLists 2213: unknown pupil")
		w.expect("Ann's memberships",
			w.rows(`SELECT group_name || ' ' || CAST(starts_on AS text) || ' ' || CAST(ends_on AS text)
				FROM membership_details
			WHERE member_source_id = '13' ORDER BY group_name`), "7B 2016-09-05 2016-10-02",
			"7Mat2 2016-09-05 2016-10-02")
	})
}

func TestR22HistoryIsNotRewritten(t *testing.T) {
	each(t, func(w *world) {
		at := func(day string) []string {
			return w.rows(fmt.Sprintf(`SELECT group_source_id || ' ' || member_source_id FROM membership_details
				WHERE starts_on <= '%s' AND ends_on >= '%s' ORDER BY 1`, day, day))
		}
		w.night("2016-09-05", small().xml())
		w.night("2016-10-03", withoutMat2().xml())
		september, october := at("2016-09-30"), at("2016-10-03")
		w.night("2016-11-07", (&doc{}).teacher(1, "Ms Brown").form("7/A", "7A", 7, 1).
			pupil(11, "Zoë O’Brien", "7/A", 7).set(29, "8Art", 7, 11).xml())
		w.expect("September", at("2016-09-30"), september...)
		w.expect("October", at("2016-10-03"), october...)
	})
}
