package importer_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"misimportd/era"
	"misimportd/importer/report"
	"misimportd/importer/want"
	"misimportd/mis/isams/isamstest"
	"misimportd/store/model"
)

// house adds a house, and pupils of one.
func (d *doc) house(id int, name string) *doc {
	d.houses = append(d.houses, fmt.Sprintf(`<House Id="%d"><Name>%s</Name></House>`, id, name))
	return d
}

func (d *doc) housed(id int, name, form, house string) *doc {
	d.pupils = append(d.pupils, fmt.Sprintf(`<Pupil `+
		`Id="%d"><SchoolId>S%d</SchoolId><Fullname>%s</Fullname><Form>%s</Form>`+
		`<NCYear>7</NCYear><AcademicHouse>%s</AcademicHouse></Pupil>`, id, id, esc(name), form, house))
	return d
}

// gathered adds sections of custom groups to a document.
func gathered(document []byte, groups, items string) []byte {
	return []byte(strings.Replace(string(document), "</iSAMS>", `<PupilManager><CustomGroupCategory><Category Id="4">`+
		`<Name>Trips</Name></Category></CustomGroupCategory><CustomPupilGroups>`+groups+
		`</CustomPupilGroups><CustomPupilGroupMembershipItems>`+items+
		`</CustomPupilGroupMembershipItems></PupilManager></iSAMS>`, 1))
}

func customGroup(id int, name, author, more string) string {
	return fmt.Sprintf(`<CustomPupilGroup Id="%d"><Name>%s</Name><Author>%s</Author>%s</CustomPupilGroup>`, id, name,
		author,
		more)
}

func item(group, pupil int) string {
	return fmt.Sprintf(`<CustomPupilGroupMembershipItem Id="%d%d" PupilID="%d"><CustomGroupId>%d</CustomGroupId>`+
		`</CustomPupilGroupMembershipItem>`, group, pupil, pupil, group)
}

const customQuery = `SELECT g.name || ' ' || CAST(g.starts_on AS text) || ' ' || coalesce(CAST(g.ends_on AS text),
	'open')
	|| CASE WHEN g.current THEN '' ELSE ' gone' END || coalesce(' of ' || s.code, '')
	|| CASE WHEN t.shared THEN ' shared' ELSE '' END FROM group_details g JOIN groups t ON t.id = g.group_id
	LEFT JOIN staff s ON s.id = t.owner_id WHERE g.kind = 'custom' ORDER BY g.name, g.starts_on`

// TestR14CustomGroups: one whose author is no current member of staff, or that is deleted or expired, is taken as
// absent; it ends, and is the same group when it is back.
func TestR14CustomGroups(t *testing.T) {
	each(t, func(w *world) {
		school := func() *doc {
			return (&doc{}).coded(1, "Ms Brown", "BRO").coded(2, "Mr Green", "GRN").form("7/A", "7A", 7, 1).
				pupil(11, "Ann", "7/A", 7).pupil(12, "Ben", "7/A", 7).set(21, "7Mat1", 7, 11, 12)
		}
		all := customGroup(1, "Ski", "BRO", `<CategoryId>4</CategoryId><Shared>1</Shared>`) +
			customGroup(2, "Late", "GRN",
				`<ExpiryDate>2016-09-20T00:00:00</ExpiryDate><ExpiryDisable>0</ExpiryDisable>`) +
			customGroup(3, "Never", "GRN",
				`<ExpiryDate>2016-01-01T00:00:00</ExpiryDate><ExpiryDisable>1</ExpiryDisable>`) +
			customGroup(4, "Old", "XXX", ``) + customGroup(5, "Gone", "BRO", `<Deleted>1</Deleted>`) +
			customGroup(6, "Odd", "BRO", `<CategoryId>99</CategoryId>`)
		items := item(1, 11) + item(1, 12) + item(2, 11) + item(3, 12) + item(5, 11) + item(1, 77)
		r := w.night("2016-09-05", gathered(school().xml(), all, items))
		w.expect("first", w.rows(customQuery), "Late 2016-09-05 open of GRN", "Never 2016-09-05 open of GRN",
			"Odd 2016-09-05 open of BRO", "Ski (Trips) 2016-09-05 open of BRO shared")
		w.expectProblems(r, "CustomPupilGroupMembershipItems 177: unknown pupil", "CustomPupilGroups 4: unknown author",
			"CustomPupilGroups 6: unknown category")
		w.night("2016-09-21", gathered(school().xml(), strings.Replace(all, "<Deleted>1</Deleted>", "", 1), items))
		w.expect("one has expired, and one is back", w.rows(customQuery), "Gone 2016-09-21 open of BRO",
			"Late 2016-09-05 2016-09-20 gone of GRN", "Never 2016-09-05 open of GRN", "Odd 2016-09-05 open of BRO",
			"Ski (Trips) 2016-09-05 open of BRO shared")
		alone := (&doc{}).coded(1, "Ms Brown", "BRO").form("7/A", "7A", 7, 1).pupil(11, "Ann", "7/A", 7).
			set(21, "7Mat1", 7, 11)
		w.night("2016-09-23", gathered(alone.xml(), all, items))
		w.night("2016-09-26", gathered(school().xml(), all, items))
		w.expect("the author was away", w.rows(customQuery), "Gone 2016-09-21 2016-09-22 gone of BRO",
			"Late 2016-09-05 2016-09-20 gone of GRN", "Never 2016-09-05 open of GRN", "Odd 2016-09-05 open of BRO",
			"Ski (Trips) 2016-09-05 open of BRO shared")
		w.expect("who is in it", w.rows(membershipsOf("Never")), "12 2016-09-05 2016-09-22", "12 2016-09-26 open")
		w.im.Groups.Custom = want.CustomGroups{OnlyShared: true, Categories: []string{"Trips"}}
		w.night("2016-09-27", gathered(school().xml(), all, items))
		w.expect("only shared ones of a category", w.rows(`SELECT name FROM group_details WHERE kind = 'custom' AND `+
			`current`),
			"Ski (Trips)")
	})
}

func membershipsOf(group string) string {
	return `SELECT member_source_id || ' ' || CAST(starts_on AS text) || ' ' || coalesce(CAST(ends_on AS text), 'open')
		FROM membership_details WHERE group_name = '` + group + `' ORDER BY member_source_id, starts_on`
}

// TestAFormBelongsToTheHouseOfMost: a leaver moves nobody else; of two houses it keeps the one that it had.
func TestAFormBelongsToTheHouseOfMost(t *testing.T) {
	each(t, func(w *world) {
		allKinds(w)
		school := func() *doc {
			return (&doc{}).teacher(1, "Ms Brown").form("7/A", "7A", 7, 1).house(1, "Austin").house(2, "Byron").
				set(21, "7Mat1", 7)
		}
		house := func(what, is string) {
			w.Helper()
			w.expect(what, w.rows(`SELECT e.name FROM groups g JOIN elements e ON e.id = g.house_id WHERE g.kind = `+
				`'form'`), is)
		}
		w.night("2016-09-05", school().housed(11, "Ann", "7/A", "Byron").housed(12, "Ben", "7/A", "Byron").
			housed(13, "Cy", "7/A", "Austin").xml())
		house("two of Byron, one of Austin", "Byron")
		r := w.night("2016-09-06", school().housed(11, "Ann", "7/A", "Byron").housed(13, "Cy", "7/A", "Austin").xml())
		house("one of each, and it was Byron's", "Byron")
		for _, c := range r.Changes {
			if c.Entity == model.GroupEntity {
				w.Errorf("a leaver changed a group: %+v", c)
			}
		}
		w.night("2016-09-07", school().housed(13, "Cy", "7/A", "Austin").xml())
		house("Austin alone", "Austin")
		w.expect("tutors of the house that it was", w.rows(membershipsOf("Byron tutors")), "1 2016-09-05 2016-09-06")
		w.expect("Byron is emptied, and not forgotten", w.rows(`SELECT kind || ' ' || name FROM group_details
			WHERE name LIKE 'Byron%' AND current ORDER BY 1`), "automatic Byron House Year 7 pupils",
			"automatic Byron House pupils", "automatic Byron House tutors", "house Byron", "house Byron tutors")
	})
}

// TestATieAtFirstGoesByName: of two houses with as many the first by name counts where the form had none.
func TestATieAtFirstGoesByName(t *testing.T) {
	each(t, func(w *world) {
		allKinds(w)
		w.night("2016-09-05", (&doc{}).teacher(1, "Ms Brown").form("7/A", "7A", 7, 1).house(1, "Byron").house(2,
			"Austin").
			housed(11, "Ann", "7/A", "Byron").housed(12, "Ben", "7/A", "Austin").set(21, "7Mat1", 7).xml())
		w.expect("one of each, at first", w.rows(`SELECT e.name FROM groups g JOIN elements e ON e.id = g.house_id`),
			"Austin")
	})
}

// TestExtraGroups: members are found by whatever they are called; what is not found, or fits two, is reported with its
// line; a group that is taken out of the file ends, and a file that is not there ends nothing.
func TestExtraGroups(t *testing.T) {
	each(t, func(w *world) {
		allKinds(w)
		w.im.ExtraGroupsFile = filepath.Join(w.TempDir(), "extra_groups.yml")
		document := (&doc{}).coded(1, "Ms Brown", "BRO").coded(2, "Mr Green", "GRN").form("7/A", "7A", 7, 1).
			pupil(11, "Ann Lee", "7/A", 7).pupil(12, "Ann Lee", "7/A", 7).pupil(13, "Ben", "7/A", 7).
			set(21, "7Mat1", 7, 11).xml()
		write := func(text string) {
			if err := os.WriteFile(w.im.ExtraGroupsFile, []byte(text), 0o600); err != nil {
				w.Fatal(err)
			}
		}
		extra := func(what string, is ...string) {
			w.Helper()
			w.expect(what, w.rows(`SELECT group_name || ': ' || member_kind || ' ' || member_source_id FROM
				membership_details
				WHERE group_kind = 'extra' AND ends_on IS NULL OR group_kind = 'extra' AND member_kind = 'group'
				AND ends_on = '2017-08-14' ORDER BY 1`), is...)
		}
		write("Heads: {staff: [BRO, mr green, ZZ]}\nBand:\n  pupils: [Ann Lee, 13, Ben]\n  groups: [set 7mat1, " +
			"form/7/A]\n" +
			"All staff: {groups: [Band, All staff]}\nRound: {groups: [Band]}\n")
		r := w.night("2016-09-05", document)
		all := []string{"All staff: group Band", "Band: group 21", "Band: group 7/A", "Band: pupil 13", "Heads: " +
			"staff 1",
			"Heads: staff 2", "Round: group Band"}
		extra("at first", all...)
		told := []string{}
		for _, p := range r.Problems {
			if p.Section == "extra_groups" {
				told = append(told, fmt.Sprintf("%s line %d: %s", p.ID, p.Line, p.Reason))
			}
		}
		w.expect("problems", told, "All staff line 5: fits more than one",
			"Band line 3: fits more than one", "All staff line 5: same name", "Heads line 1: unknown member")
		if r := w.night("2016-09-06", document); r.Result != model.Unchanged {
			w.Errorf("a second night: %s", r.Result)
		}
		if err := os.Remove(w.im.ExtraGroupsFile); err != nil {
			w.Fatal(err)
		}
		if r := w.night("2016-09-06", document); r.Result != model.Unchanged {
			w.Errorf("without the file: %s", r.Result)
		}
		write("Heads: {staff: [BRO]}\nA: {groups: [extra/B]}\nB: {groups: [extra/A]}\n")
		w.night("2016-09-07", document)
		extra("less of it, and two in each other", "A: group B", "Heads: staff 1")
		w.expect("which have ended", w.rows(`SELECT name FROM group_details WHERE kind = 'extra' AND NOT current `+
			`ORDER BY 1`),
			"All staff", "Band", "Round")
		before := w.dump()
		write("Heads: {staf: [BRO]}\n")
		w.drop(document)
		if _, err := w.im.Run(w.Context()); err == nil || !strings.Contains(err.Error(),
			`line 1: unknown key "staf": a group has staff, pupils and groups`) || w.dump() != before {
			w.Errorf("a faulty file: %v", err)
		}
	})
}

// TestAHeldNightHasItsDumps: an approval of a night that was held sees the dumps that came with it, though others, or
// none, are there by now; and so does an undo.
func TestAHeldNightHasItsDumps(t *testing.T) {
	each(t, func(w *world) {
		allKinds(guarded(w))
		s := isamstest.New(3, isamstest.Size{Pupils: 140, Staff: 20, Forms: 7, Sets: 28, SetLists: 600}).Teach(40).
			Gather(3, 30)
		w.nightOf(s, "2016-09-05")
		full := w.dump()
		dumps := s.Dumps()
		s.Activities = s.Activities[:8]
		w.dumps = s.Dumps()
		r := w.night("2016-09-12", s.Document())
		if r.Result != model.Held {
			w.Fatalf("%s %v", r.Result, breaches(r))
		}
		w.dumps = nil // the next document comes alone
		if alone := w.night("2016-09-12", s.Document()); alone.Result != model.Held {
			w.Errorf("without dumps: %s", alone.Result)
		}
		w.dumps = dumps
		w.night("2016-09-12", s.Document())
		if w.dump() != full {
			w.Fatal("the dumps of before do not bring back what there was")
		}
		w.dumps = s.Dumps()
		r = w.night("2016-09-12", s.Document())
		approved, err := w.im.Approve(w.Context(), r.Run)
		if err != nil || approved.Result != model.Applied {
			w.Fatalf("%s %v", approved.Result, err)
		}
		w.expect("activities left", w.rows(`SELECT CAST(count(*) AS text) FROM group_details WHERE kind = `+
			`'activity' AND current`),
			"8")
		if _, err := w.im.Undo(w.Context(), approved.Run); err != nil {
			w.Fatal(err)
		}
		if w.dump() != full {
			w.Error("the undo left something else than there was")
		}
	})
}

// TestTheYearTurnsOverAllKinds: a roll leaves the groups that have no end alone; next year's sets are in them then, and
// last year's no more.
func TestTheYearTurnsOverAllKinds(t *testing.T) {
	each(t, func(w *world) {
		allKinds(w)
		s, m := clubSchool(5), &kindsModel{}
		w.nightOf(s, "2016-09-05")
		next := era.Era{Name: "2017/18", StartsOn: era.NewDate(2017, 8, 15), EndsOn: era.NewDate(2018, 8, 14)}
		w.must(w.desk().CreateEra(w.Context(), next))
		w.must(w.desk().SetEra(w.Context(), "next", next.Name))
		w.im.AsOf = date(w, "2017-08-15")
		if _, err := w.im.Roll(w.Context(), true, true); err != nil {
			w.Fatal(err)
		}
		s.NewYear(21, 300)
		s.TeachIn(2017, 42)
		for i := range s.Activities {
			s.Activities[i].To = "2018-07-14"
			for k := range s.Activities[i].Links {
				s.Activities[i].Links[k].To = "2018-07-14"
			}
		}
		m.groupsOn(s, "2017-08-15")
		w.nightOf(s, "2017-08-15")
		w.agree(m, s, "2017-08-15", "2017-09-20")
		if r := w.nightOf(s, "2017-08-16"); r != model.Unchanged {
			w.Errorf("a second night: %s", r)
		}
	})
}

// heldBy is what of a report is breached, in words.
func heldBy(r report.Report) (said []string) {
	for _, f := range r.Guard {
		if f.Breached {
			said = append(said, f.Says)
		}
	}
	return said
}
