package want

import (
	"fmt"
	"slices"

	"misimportd/mis"
	"misimportd/store/model"
)

// Silence is a section that was not taken as empty though it is (R34), and how much of it
// the database holds.
type Silence struct {
	Section string
	Kept    int
	Known   int    // records of it at the last import of which nothing was held
	Unit    string // what kept counts, "" for records of the section
}

// Silences lists the sections that say nothing though the database holds something of them,
// or though baseline has records of them: those of the last import of which nothing was held.
// At an era's beginning the database holds nothing yet.
func (w *Wanted) Silences(baseline map[string]int) (list []Silence) {
	forms, sets := w.current(model.FormGroup), w.current(model.SetGroup)
	t := &w.Snap.Timetable
	for _, s := range []struct {
		section     string
		saysNothing bool
		kept        int
	}{
		{w.Snap.Staff.Section, w.Snap.Staff.SaysNothing(), CountCurrent(w.State.Staff)},
		{w.Snap.Pupils.Section, w.Snap.Pupils.SaysNothing(), CountCurrent(w.State.Pupils)},
		{w.Snap.Subjects.Section, w.Snap.Subjects.SaysNothing(), CountCurrent(w.State.Subjects)},
		{w.Snap.Locations.Section, w.Snap.Locations.SaysNothing(), CountCurrent(w.State.Locations)},
		{w.Snap.AcademicHouses.Section, w.Snap.AcademicHouses.SaysNothing(), w.countHouses(mis.Academic)},
		{w.Snap.BoardingHouses.Section, w.Snap.BoardingHouses.SaysNothing(), w.countHouses(mis.Boarding)},
		{w.Snap.Forms.Section, w.Snap.Forms.SaysNothing(), len(forms)},
		{w.Snap.Sets.Section, w.Snap.Sets.SaysNothing(), len(sets)},
		{w.Snap.SetLists.Section, w.Snap.SetLists.SaysNothing(), w.countMemberships(sets)},
		{"PublishedTimetables", !t.Speaks, w.daysWithLessons("")},
		{"StaffMeetings", t.Speaks && t.Silent[mis.Meeting], w.daysWithLessons(mis.Meeting)},
		{"YearSchedules", t.Speaks && t.Silent[mis.Assembly], w.daysWithLessons(mis.Assembly)},
		{"Tutorials", t.Speaks && t.Silent[mis.Tutorial], w.daysWithLessons(mis.Tutorial)},
	} {
		known := baseline[s.section]
		if s.section == "PublishedTimetables" {
			known = baseline["Schedules"]
		}
		if s.saysNothing && s.kept+known > 0 {
			silence := Silence{Section: s.section, Kept: s.kept, Known: known}
			if ofTimetable := []string{"PublishedTimetables", "StaffMeetings", "YearSchedules",
				"Tutorials"}; slices.Contains(ofTimetable, s.section) {
				silence.Unit = " days"
			}
			list = append(list, silence)
		}
	}
	return list
}

// ReportSilence says which sections those are.
func (w *Wanted) ReportSilence() {
	for _, s := range w.Silences(nil) {
		w.Problems.Add(mis.Problem{Section: s.Section, Reason: mis.SectionIsAbsent,
			Detail: fmt.Sprintf("what the database holds of it stays as it is (%d); check what the API key is allowed",
				s.Kept)})
	}
}

func CountCurrent[T Element](records []T) (n int) {
	for _, r := range records {
		if r.IsCurrent() {
			n++
		}
	}
	return n
}

// current is the groups of a kind that have not ended.
func (w *Wanted) current(kind string) []model.Group {
	return slices.DeleteFunc(w.living(w.groupsOf(kind)), func(g model.Group) bool { return !g.Current })
}

// daysWithLessons is on how many days the database knows lessons of a kind, or any.
func (w *Wanted) daysWithLessons(kind mis.LessonKind) (n int) {
	for _, digest := range w.State.LessonDays {
		if digest.Has(string(kind)) {
			n++
		}
	}
	return n
}

func (w *Wanted) countHouses(kind mis.HouseKind) (n int) {
	for _, h := range w.State.Houses {
		if h.Current && h.Type == string(kind) {
			n++
		}
	}
	return n
}

func (w *Wanted) countMemberships(groups []model.Group) (n int) {
	in := map[model.ID]bool{}
	for _, g := range groups {
		in[g.ID] = true
	}
	for _, m := range w.State.Memberships {
		if in[m.GroupID] {
			n++
		}
	}
	return n
}
