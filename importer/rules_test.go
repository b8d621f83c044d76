package importer_test

import (
	"strings"
	"testing"
	"time"

	"misimportd/era"
	"misimportd/importer/entry"
	"misimportd/store/model"
)

// small is a school of two forms, two sets and three pupils.
func small() *doc {
	return (&doc{}).teacher(1, "Ms Brown").teacher(2, "Mr Green").
		form("7/A", "7A", 7, 1).form("7/B", "7B", 7, 2).
		pupil(11, "Zoë O’Brien", "7/A", 7).pupil(12, "Ömer Khan", "7/A", 7).pupil(13, "Ann Lee", "7/B", 7).
		set(21, "7Mat1", 7, 11, 12).set(22, "7Mat2", 7, 13)
}

func TestR1IdentityIsTheSourceId(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-09-05", small().teacher(11, "Zoë O’Brien").pupil(14, "Ann Lee", "7/B", 7).xml())
		w.expectElements("pupil Ann Lee (7B)", "pupil Ann Lee (7B)", "pupil Zoë O’Brien (7A)", "pupil Ömer Khan (7A)",
			"staff Mr Green", "staff Ms Brown", "staff Zoë O’Brien")
	})
}

func TestR1GroupsBelongToTheirEra(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-09-05", small().xml())
		next := era.Era{Name: "2017/18", StartsOn: era.NewDate(2017, 8, 15), EndsOn: era.NewDate(2018, 8, 14)}
		w.must(w.desk().CreateEra(w.Context(), next))
		w.must(w.desk().SetEra(w.Context(), entry.CurrentEra, next.Name))
		r := w.night("2017-09-05", (&doc{}).teacher(1, "Ms Brown").form("7/A", "7A", 7, 1).
			pupil(15, "New Pupil", "7/A", 7).set(21, "7Mat1", 7, 15).xml())
		w.expect("groups", w.rows(`SELECT kind || ' ' || name || ' ' || era FROM group_details
			ORDER BY kind, name, era`),
			"form 7A 2016/17", "form 7A 2017/18", "form 7B 2016/17", "set 7Mat1 2016/17", "set 7Mat1 2017/18",
			"set 7Mat2 2016/17")
		w.expectCounts(r, "pupil create 1", "pupil end 3", "staff end 1", "group create 2", "membership create 2")
	})
}

func TestR2WhatOthersOwnIsNeverTouched(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-09-05", small().xml())
		// A user's group and person, another datasource's pupil with the same source id, and
		// an MIS pupil, an MIS group and a teacher in the user's group.
		w.exec(`INSERT INTO datasources (id, name) VALUES (77, 'Old MIS')`)
		w.exec(`INSERT INTO elements (id, kind, name)
			VALUES (9001, 'group', 'Chess'), (9002, 'staff', 'Visiting coach'), (9003, 'pupil', 'Other 11')`)
		w.exec(`INSERT INTO groups (id, kind, era_id, starts_on) SELECT 9001, 'user', id, '2016-09-01' FROM eras
			WHERE ends_on IS NULL`)
		w.exec(`INSERT INTO staff (id, code) VALUES (9002, 'VIS')`)
		w.exec(`INSERT INTO pupils (id, datasource_id, source_id) VALUES (9003, 77, '11')`)
		w.exec(`INSERT INTO memberships (group_id, element_id, starts_on)
			SELECT 9001, id, '2016-09-01' FROM elements
			WHERE name IN ('Zoë O’Brien (7A)', '7Mat1', 'Ms Brown', 'Visiting coach')`)
		// A coach whom a user put into an MIS group.
		w.exec(`INSERT INTO memberships (group_id, element_id, starts_on, ends_on)
			SELECT id, 9002, '2016-09-06', '2016-12-01' FROM elements WHERE name = '7Mat2'`)
		theirs := func() []string {
			return append(w.rows(`SELECT name || CASE WHEN current THEN '' ELSE ' gone' END FROM elements
				WHERE id > 9000 ORDER BY id`),
				w.rows(`SELECT group_name || ' ' || member_name || ' ' || CAST(starts_on AS text) || ' '
					|| coalesce(CAST(ends_on AS text), 'open')
					FROM membership_details WHERE group_id = 9001 OR member_name = 'Visiting coach'
					ORDER BY member_name, group_name`)...)
		}
		before := theirs()
		w.night("2016-09-12", (&doc{}).teacher(2, "Mr Green").form("7/B", "7B", 7, 2).pupil(13, "Ann Lee", "7/B", 7).
			set(22, "7Mat2", 7, 13).xml())
		w.expect("what others own", theirs(), before...)
	})
}

func TestR2AGroupThatOthersNeedIsNotDeleted(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-09-05", small().xml())
		w.exec(`INSERT INTO elements (id, kind, name) VALUES (9001, 'group', 'Everyone')`)
		w.exec(`INSERT INTO groups (id, kind, era_id, starts_on) SELECT 9001, 'user', id, '2016-09-01' FROM eras
			WHERE ends_on IS NULL`)
		w.exec(`INSERT INTO memberships (group_id, element_id, starts_on) SELECT 9001, id, '2016-09-05' FROM elements
			WHERE name = '7Mat2'`)
		without := (&doc{}).teacher(1, "Ms Brown").teacher(2, "Mr Green").form("7/A", "7A", 7, 1).
			form("7/B", "7B", 7, 2).
			pupil(11, "Zoë O’Brien", "7/A", 7).pupil(12, "Ömer Khan", "7/A", 7).pupil(13, "Ann Lee", "7/B", 7).
			set(21, "7Mat1", 7, 11, 12)
		r := w.night("2016-09-05", without.xml())
		w.expectCounts(r, "group end 1", "membership delete 1")
		w.expectCounts(w.night("2016-09-05", without.xml()))
		w.expect("the group", w.rows(`SELECT CAST(ends_on AS text) FROM group_details WHERE name = '7Mat2'`),
			"2016-09-05")
	})
}

func TestR3RenamingUpdates(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-09-05", small().xml())
		renamed := strings.NewReplacer("7Mat1", "7Maths1", ">7A<", ">7Austin<", "Ömer Khan", "Omer Khan").
			Replace(string(small().xml()))
		r := w.night("2016-09-06", []byte(renamed))
		w.expectCounts(r, "pupil update 2", "group update 2")
		w.expectGroups("form 7Austin 2016-09-05 2017-08-14", "form 7B 2016-09-05 2017-08-14",
			"set 7Mat2 2016-09-05 2017-08-14", "set 7Maths1 2016-09-05 2017-08-14")
	})
}

func TestR4ToR7PeopleComeGoAndComeBack(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-09-05", small().xml())
		id := w.rows(`SELECT CAST(id AS text) FROM pupils WHERE source_id = '13'`)
		gone := (&doc{}).teacher(1, "Ms Brown").form("7/A", "7A", 7, 1).form("7/B", "7B", 7, 2).
			pupil(11, "Zoë O’Brien", "7/A", 7).pupil(12, "Ömer Khan", "7/A", 7).set(21, "7Mat1", 7, 11, 12).
			set(22, "7Mat2", 7)
		r := w.night("2016-09-12", gone.xml())
		w.expectCounts(r, "pupil end 1", "staff end 1", "group update 1", "membership end 2")
		w.expectElements("pupil Ann Lee (7B) gone", "pupil Zoë O’Brien (7A)", "pupil Ömer Khan (7A)",
			"staff Mr Green gone", "staff Ms Brown")
		r = w.night("2016-09-19", small().xml())
		w.expectCounts(r, "pupil reopen 1", "staff reopen 1", "group update 1", "membership create 2")
		w.expect("Ann's row", w.rows(`SELECT CAST(id AS text) FROM pupils WHERE source_id = '13'`), id...)
	})
}

func TestR5UnchangedRowsAreNotWritten(t *testing.T) {
	w := newWorld(t, postgresFor(t))
	w.night("2016-09-05", small().xml())
	const versions = `SELECT CAST(xmin AS text) || ' pupils ' || CAST(id AS text) FROM pupils UNION ALL
		SELECT CAST(xmin AS text) || ' elements ' || CAST(id AS text) FROM elements
		UNION ALL SELECT CAST(xmin AS text) || ' memberships ' || CAST(id AS text) FROM memberships UNION ALL
		SELECT CAST(xmin AS text) || ' staff ' || CAST(id AS text) FROM staff ORDER BY 1`
	before := w.rows(versions)
	w.night("2016-09-06", small().xml())
	w.expect("row versions", w.rows(versions), before...)
	w.night("2016-09-07", []byte(strings.Replace(string(small().xml()), "Ömer", "Omer", 1)))
	written := map[string]bool{}
	for _, row := range w.rows(versions) {
		written[row] = true
	}
	var kept int
	for _, row := range before {
		if written[row] {
			kept++
		}
	}
	if want := len(before) - 1; kept != want {
		t.Errorf("renaming one pupil wrote %d rows besides that one element", want-kept)
	}
}

func TestR8NamesCarryTheForm(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-09-05", small().xml())
		r := w.night("2016-09-06", []byte(strings.Replace(string(small().xml()), "<Form>7/B</Form>", "<Form>7/A</Form>",
			1)))
		w.expectCounts(r, "pupil update 1", "membership create 1", "membership end 1")
		w.expect("name", w.rows(`SELECT name FROM elements WHERE name LIKE 'Ann%'`), "Ann Lee (7A)")
	})
}

func TestR9NamesAndAddresses(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-09-05",
			[]byte(`<iSAMS><PupilManager><CurrentPupils><Pupil Id="1"><Fullname>&#x20;</Fullname>
			<Preferredname> Zo </Preferredname>
			<Surname>Lee </Surname><Forename>Zoë</Forename><NCYear>7</NCYear>
			<EmailAddress> ZO.Lee@School.Example </EmailAddress></Pupil></CurrentPupils></PupilManager></iSAMS>`))
		w.expect("pupil", w.rows(`SELECT e.name || '|' || p.surname || '|' || p.email FROM pupils p
			JOIN elements e ON e.id = p.id`), "Zo Lee|Lee|zo.lee@school.example")
	})
}

func TestR10NewGroupsLastAsLongAsTheEra(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-09-05", small().xml())
		w.night("2016-10-03", small().set(23, "7Mat3", 7, 11).xml())
		w.expectGroups("form 7A 2016-09-05 2017-08-14", "form 7B 2016-09-05 2017-08-14",
			"set 7Mat1 2016-09-05 2017-08-14", "set 7Mat2 2016-09-05 2017-08-14", "set 7Mat3 2016-10-03 2017-08-14")
		w.expect("members", w.rows(`SELECT member_name || CAST(starts_on AS text) || CAST(ends_on AS text)
			FROM membership_details WHERE group_name = '7Mat3'`), "Zoë O’Brien (7A)2016-10-032017-08-14")
	})
}

// withoutMat2 is small after the set 7Mat2 is gone.
func withoutMat2() *doc {
	d := small()
	d.sets, d.lists = d.sets[:1], d.lists[:2]
	return d
}

func TestR11AGroupThatIsGoneEndsTheDayBefore(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-09-05", small().xml())
		r := w.night("2016-10-03", withoutMat2().xml())
		w.expectCounts(r, "group end 1", "membership end 1")
		w.expect("group", w.rows(groupsQuery)[3:], "set 7Mat2 2016-09-05 2016-10-02 gone")
		w.expect("members", w.rows(membershipsQuery)[5:], "7Mat2: 13 2016-09-05 2016-10-02")
	})
}

func TestR11AGroupWithoutALifeIsDeleted(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-09-05", small().xml())
		r := w.night("2016-09-05", withoutMat2().xml())
		w.expectCounts(r, "group delete 1", "membership delete 1")
		w.expectGroups("form 7A 2016-09-05 2017-08-14", "form 7B 2016-09-05 2017-08-14",
			"set 7Mat1 2016-09-05 2017-08-14")
		w.expect("elements", w.rows(`SELECT name FROM elements WHERE name = '7Mat2'`))
	})
}

func TestR12AGroupThatIsBackStartsEmpty(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-09-05", small().xml())
		w.night("2016-10-03", withoutMat2().xml())
		back := withoutMat2().set(22, "7Mat2", 7, 12)
		r := w.night("2016-11-07", back.xml())
		w.expectCounts(r, "group reopen 1", "membership create 1")
		w.expect("group", w.rows(groupsQuery)[3:], "set 7Mat2 2016-09-05 2017-08-14")
		w.expect("members", w.rows(membershipsQuery)[5:], "7Mat2: 12 2016-11-07 2017-08-14",
			"7Mat2: 13 2016-09-05 2016-10-02")
	})
}

func TestR13WhatIsMissingIsReportedAndTheRestImported(t *testing.T) {
	each(t, func(w *world) {
		d := (&doc{}).teacher(1, "Ms Brown").form("7/A", "7A", 7, 1).form("7/B", "7B", 7, 99).form("7/C", "7C", 7, 0).
			pupil(11, "Zoë O’Brien", "7/X", 7).set(21, "7Mat1", 7)
		d.lists = []string{`<SetList Id="1" SetId="99" PupilId="11"/>`}
		r := w.night("2016-09-05", d.xml())
		w.expectProblems(r, "CurrentPupils 11: unknown form", "Forms 7/C: no tutor", "Forms 7/B: unknown tutor",
			"SetLists 1: unknown set")
		w.expectElements("pupil Zoë O’Brien", "staff Ms Brown")
		w.expectMemberships()
		w.expect("tutors", w.rows(`SELECT e.name || ' ' || coalesce(t.name, 'none') FROM groups g
			JOIN elements e ON e.id = g.id LEFT JOIN elements t ON t.id = g.tutor_id
			WHERE g.kind = 'form' ORDER BY 1`), "7A Ms Brown", "7B none", "7C none")
	})
}

func TestYearsThatAreNotImported(t *testing.T) {
	each(t, func(w *world) {
		w.im.Years = []era.Year{7}
		d := small().form("8/A", "8A", 8, 1).pupil(18, "Older", "8/A", 8).set(28, "8Mat1", 8, 18)
		d.pupils = append(d.pupils, `<Pupil Id="19"><Fullname>Yearless</Fullname></Pupil>`)
		r := w.night("2016-09-05", d.xml())
		w.expectProblems(r, "CurrentPupils 19: no year group")
		w.expect("groups", w.rows(`SELECT name FROM group_details ORDER BY name`), "7A", "7B", "7Mat1", "7Mat2")
		w.expectElements("pupil Ann Lee (7B)", "pupil Zoë O’Brien (7A)", "pupil Ömer Khan (7A)", "staff Mr Green",
			"staff Ms Brown")
		w.im.Years = nil
		r = w.night("2016-09-06", d.xml())
		w.expectCounts(r, "pupil create 2", "group create 2", "membership create 2")
		w.im.Years = []era.Year{7}
		r = w.night("2016-09-07", d.xml()) // the pupil without a year stays: nobody knows better
		w.expectCounts(r, "pupil end 1", "group end 2", "membership end 2")
	})
}

func TestAFirstRunNeedsNoEra(t *testing.T) {
	each(t, func(w *world) {
		w.exec(`UPDATE settings SET current_era_id = NULL`)
		w.exec(`DELETE FROM eras WHERE ends_on IS NOT NULL`)
		w.im.AcademicYearStarts = era.MonthDay{Month: time.August, Day: 20}
		r := w.night("2016-09-05", small().xml())
		if r.Era != "2016/17" || r.Changes[0] != (model.Count{Entity: model.EraEntity, Action: model.Create,
			Count: 1}) {
			w.Errorf("%+v", r)
		}
		w.expect("eras", w.rows(`SELECT name || ' ' || CAST(starts_on AS text) FROM eras ORDER BY name`),
			"2016/17 2016-08-20", "Perpetual 1900-01-01")
		w.expectCounts(w.night("2016-09-05", small().xml()))
	})
}

// TestR34HousesThatAreGone lets a house close, another of its name open, and the section
// vanish: the pupil stays in the new one.
func TestR34HousesThatAreGone(t *testing.T) {
	each(t, func(w *world) {
		document := func(houses string) []byte {
			return []byte(`<iSAMS><SchoolManager>` + houses +
				`</SchoolManager><PupilManager><CurrentPupils><Pupil Id="1"><Fullname>Ann Lee</Fullname>
				<NCYear>7</NCYear><AcademicHouse>Austin</AcademicHouse></Pupil></CurrentPupils></PupilManager></iSAMS>`)
		}
		w.night("2016-09-05", document(`<AcademicHouses><House Id="9"><Name>Austin</Name></House></AcademicHouses>`))
		w.night("2016-09-06", document(`<AcademicHouses><House Id="1"><Name>Austin</Name></House></AcademicHouses>`))
		r := w.night("2016-09-07", document(""))
		w.expectCounts(r)
		w.expectProblems(r, "AcademicHouses : section absent or empty")
	})
}

func TestHousesOfBothKindsAreKeptApart(t *testing.T) {
	each(t, func(w *world) {
		document := []byte(`<iSAMS><SchoolManager><AcademicHouses>
			<House Id="3"><Name>Austin</Name></House></AcademicHouses>
			<BoardingHouses><House Id="3"><Name>School House</Name></House></BoardingHouses></SchoolManager>
			<PupilManager><CurrentPupils><Pupil Id="1"><Fullname>Ann Lee</Fullname><NCYear>7</NCYear>
			<AcademicHouse>Austin</AcademicHouse><BoardingHouse>School House</BoardingHouse></Pupil></CurrentPupils>
			</PupilManager></iSAMS>`)
		w.night("2016-09-05", document)
		w.expect("houses", w.rows(`SELECT a.name || ', ' || b.name FROM pupils p JOIN elements a ON a.id = p.house_id
			JOIN elements b ON b.id = p.boarding_house_id`), "Austin, School House")
		w.expectCounts(w.night("2016-09-06", document))
		r := w.night("2016-09-07", []byte(strings.Replace(string(document),
			"<BoardingHouse>School House</BoardingHouse>", "", 1)))
		w.expectCounts(r, "pupil update 1")
	})
}
