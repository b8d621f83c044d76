package importer

import (
	"fmt"
	"slices"
	"strings"

	"misimportd/mis"
	"misimportd/store/model"
)

// silence is a section that was not taken as empty though it is (R34), and how much of it
// the database holds.
type silence struct {
	section string
	kept    int
	known   int    // records of it at the last import of which nothing was held
	unit    string // what kept counts, "" for records of the section
}

// silences lists the sections that say nothing though the database holds something of them,
// or though baseline has records of them: those of the last import of which nothing was held.
// At an era's beginning the database holds nothing yet.
func (d *differ) silences(baseline map[string]int) (list []silence) {
	forms, sets := d.current(model.FormGroup), d.current(model.SetGroup)
	t := &d.snap.Timetable
	for _, s := range []struct {
		section     string
		saysNothing bool
		kept        int
	}{
		{d.snap.Staff.Section, d.snap.Staff.SaysNothing(), countCurrent(d.state.Staff)},
		{d.snap.Pupils.Section, d.snap.Pupils.SaysNothing(), countCurrent(d.state.Pupils)},
		{d.snap.Subjects.Section, d.snap.Subjects.SaysNothing(), countCurrent(d.state.Subjects)},
		{d.snap.Locations.Section, d.snap.Locations.SaysNothing(), countCurrent(d.state.Locations)},
		{d.snap.AcademicHouses.Section, d.snap.AcademicHouses.SaysNothing(), d.countHouses(mis.Academic)},
		{d.snap.BoardingHouses.Section, d.snap.BoardingHouses.SaysNothing(), d.countHouses(mis.Boarding)},
		{d.snap.Forms.Section, d.snap.Forms.SaysNothing(), len(forms)},
		{d.snap.Sets.Section, d.snap.Sets.SaysNothing(), len(sets)},
		{d.snap.SetLists.Section, d.snap.SetLists.SaysNothing(), d.countMemberships(sets)},
		{"PublishedTimetables", !t.Speaks, d.daysWithLessons("")},
		{"StaffMeetings", t.Speaks && t.Silent[mis.Meeting], d.daysWithLessons(mis.Meeting)},
		{"YearSchedules", t.Speaks && t.Silent[mis.Assembly], d.daysWithLessons(mis.Assembly)},
		{"Tutorials", t.Speaks && t.Silent[mis.Tutorial], d.daysWithLessons(mis.Tutorial)},
	} {
		known := baseline[s.section]
		if s.section == "PublishedTimetables" {
			known = baseline["Schedules"]
		}
		if s.saysNothing && s.kept+known > 0 {
			silence := silence{section: s.section, kept: s.kept, known: known}
			if ofTimetable := []string{"PublishedTimetables", "StaffMeetings", "YearSchedules", "Tutorials"}; slices.Contains(ofTimetable, s.section) {
				silence.unit = " days"
			}
			list = append(list, silence)
		}
	}
	return list
}

// reportSilence says which sections those are.
func (d *differ) reportSilence() {
	for _, s := range d.silences(nil) {
		d.problems.Add(mis.Problem{Section: s.section, Reason: mis.SectionIsAbsent,
			Detail: fmt.Sprintf("what the database holds of it stays as it is (%d); check what the API key is allowed", s.kept)})
	}
}

func countCurrent[T element](records []T) (n int) {
	for _, r := range records {
		if r.IsCurrent() {
			n++
		}
	}
	return n
}

// current is the groups of a kind that have not ended.
func (d *differ) current(kind string) []model.Group {
	return slices.DeleteFunc(d.living(d.groupsOf(kind)), func(g model.Group) bool { return !g.Current })
}

// daysWithLessons is on how many days the database knows lessons of a kind, or any.
func (d *differ) daysWithLessons(kind mis.LessonKind) (n int) {
	for _, digest := range d.state.LessonDays {
		if _, kinds, _ := strings.Cut(digest, ":"); kinds != "" && (kind == "" || strings.Contains(kinds, string(kind[0]))) {
			n++
		}
	}
	return n
}

func (d *differ) countHouses(kind mis.HouseKind) (n int) {
	for _, h := range d.state.Houses {
		if h.Current && h.Type == string(kind) {
			n++
		}
	}
	return n
}

func (d *differ) countMemberships(groups []model.Group) (n int) {
	in := map[model.ID]bool{}
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
