package want

import (
	"fmt"
	"slices"
	"strings"

	"misimportd/mis"
	"misimportd/store/model"
)

// MissingSection is a section that was not taken as empty though it is (R34), and how much of it
// the database holds.
type MissingSection struct {
	Section string
	Kept    int
	Known   int    // records of it at the last import of which nothing was held
	Unit    string // what kept counts, "" for records of the section
}

// IsDump tells whether it is a dump of a table, which no key gives.
func (s MissingSection) IsDump() bool { return strings.HasPrefix(s.Section, "Tbl") }

// MissingSections lists the sections that say nothing though the database holds something of them,
// or though baseline has records of them: those of the last import of which nothing was held.
// At an era's beginning the database holds nothing yet.
func (w *Wanted) MissingSections(baseline map[string]int) (list []MissingSection) {
	add := func(s MissingSection) {
		if s.Kept+s.Known > 0 {
			list = append(list, s)
		}
	}
	forms, sets := w.current(model.FormGroup), w.current(model.SetGroup)
	custom, activities := w.current(model.CustomGroup), w.current(model.ActivityGroup)
	for _, of := range []struct {
		section mis.Section
		kept    int
	}{
		{&w.Snap.Staff, CountCurrent(w.State.Staff)},
		{&w.Snap.Pupils, CountCurrent(w.State.Pupils)},
		{&w.Snap.Subjects, CountCurrent(w.State.Subjects)},
		{&w.Snap.Locations, CountCurrent(w.State.Locations)},
		{&w.Snap.AcademicHouses, w.countHouses(mis.Academic)},
		{&w.Snap.BoardingHouses, w.countHouses(mis.Boarding)},
		{&w.Snap.Forms, len(forms)},
		{&w.Snap.Sets, len(sets)},
		{&w.Snap.SetLists, w.countMemberships(sets)},
		{&w.Snap.Custom, len(custom)},
		{&w.Snap.Categories, len(custom)},
		{&w.Snap.CustomMembers, w.countMemberships(custom)},
		{&w.Snap.Activities, len(activities)},
		{&w.Snap.ActivityLinks, w.countMemberships(activities)},
		{&w.Snap.Covers, w.daysWithLessons(model.Covers)},
	} {
		if of.section.SaysNothing() && !of.section.IsLeftOut() {
			s := MissingSection{Section: of.section.Name(), Kept: of.kept, Known: baseline[of.section.Name()]}
			if of.section == mis.Section(&w.Snap.Covers) {
				s.Unit = " days"
			}
			add(s)
		}
	}
	t := &w.Snap.Timetable
	if t.LeftOut {
		return list
	}
	if !t.Speaks {
		add(MissingSection{Section: t.Section, Kept: w.timetabledDays(), Known: w.lessonsKnown(baseline),
			Unit: " days"})
	}
	for _, of := range t.Rolls {
		isEmpty := !of.Present || of.Seen == 0
		if of.Makes != "" && of.Makes != mis.Taught && isEmpty && (t.Speaks || of.Makes == mis.Event) {
			add(MissingSection{Section: of.Section, Kept: w.daysWithLessons(of.Makes), Known: baseline[of.Section],
				Unit: " days"})
		}
	}
	return list
}

// lessonsKnown is how many records baseline has of what is taught.
func (w *Wanted) lessonsKnown(baseline map[string]int) (known int) {
	for _, of := range w.Snap.Timetable.Rolls {
		if of.Makes == mis.Taught {
			known += baseline[of.Section]
		}
	}
	return known
}

// ReportMissing says which sections those are.
func (w *Wanted) ReportMissing() {
	for _, s := range w.MissingSections(nil) {
		look := "check what the API key is allowed"
		if s.IsDump() {
			look = "put the dump beside each document"
		}
		w.Problems.Add(mis.Problem{Section: s.Section, Reason: mis.SectionIsAbsent,
			Detail: fmt.Sprintf("what the database holds of it stays as it is (%d); %s", s.Kept, look)})
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

// daysWithLessons is on how many days the database knows lessons of a kind.
func (w *Wanted) daysWithLessons(kind mis.LessonKind) (n int) {
	for _, digest := range w.State.LessonDays {
		if digest.Has(string(kind)) {
			n++
		}
	}
	return n
}

// timetabledDays is on how many days the database knows lessons of a timetable.
func (w *Wanted) timetabledDays() (n int) {
	for _, digest := range w.State.LessonDays {
		if digest.HasTimetabled() {
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
