package importer

import (
	"fmt"
	"strings"

	"misimportd/mis"
	"misimportd/store"
)

// reportSilence says which sections were not taken as empty though they are (R34), if
// the database holds anything of them.
func (d *differ) reportSilence() {
	forms, sets := d.groupsOf(store.FormGroup), d.groupsOf(store.SetGroup)
	for _, s := range []struct {
		section     string
		saysNothing bool
		kept        int
	}{
		{d.snap.Staff.Section, d.snap.Staff.SaysNothing(), len(d.state.Staff)},
		{d.snap.Pupils.Section, d.snap.Pupils.SaysNothing(), len(d.state.Pupils)},
		{d.snap.Subjects.Section, d.snap.Subjects.SaysNothing(), len(d.state.Subjects)},
		{d.snap.Locations.Section, d.snap.Locations.SaysNothing(), len(d.state.Locations)},
		{d.snap.AcademicHouses.Section, d.snap.AcademicHouses.SaysNothing(), d.countHouses(mis.Academic)},
		{d.snap.BoardingHouses.Section, d.snap.BoardingHouses.SaysNothing(), d.countHouses(mis.Boarding)},
		{d.snap.Forms.Section, d.snap.Forms.SaysNothing(), len(forms)},
		{d.snap.Sets.Section, d.snap.Sets.SaysNothing(), len(sets)},
		{d.snap.SetLists.Section, d.snap.SetLists.SaysNothing(), d.countMemberships(sets)},
		{"PublishedTimetables", !d.snap.Timetable.Speaks, len(d.state.LessonDays)},
		{"StaffMeetings", d.snap.Timetable.Silent[mis.Meeting], d.countDays(mis.Meeting)},
		{"YearSchedules", d.snap.Timetable.Silent[mis.Assembly], d.countDays(mis.Assembly)},
		{"Tutorials", d.snap.Timetable.Silent[mis.Tutorial], d.countDays(mis.Tutorial)},
	} {
		if s.saysNothing && s.kept > 0 {
			d.problems.Add(mis.Problem{Section: s.section, Reason: mis.SectionIsAbsent,
				Detail: fmt.Sprintf("what the database holds of it stays as it is (%d); check what the API key is allowed", s.kept)})
		}
	}
}

// countDays is on how many days there are lessons of a kind.
func (d *differ) countDays(kind mis.LessonKind) (n int) {
	for _, digest := range d.state.LessonDays {
		if _, kinds, _ := strings.Cut(digest, ":"); strings.Contains(kinds, string(kind[0])) {
			n++
		}
	}
	return n
}

func (d *differ) countHouses(kind mis.HouseKind) (n int) {
	for _, h := range d.state.Houses {
		if h.Type == string(kind) {
			n++
		}
	}
	return n
}

func (d *differ) countMemberships(groups []store.Group) (n int) {
	in := map[store.ID]bool{}
	for _, g := range groups {
		in[g.ID] = true
	}
	for _, m := range d.state.Memberships {
		if in[m.GroupID] {
			n++
		}
	}
	return n
}
