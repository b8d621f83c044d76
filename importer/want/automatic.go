package want

import (
	"slices"
	"strings"

	"misimportd/era"
	"misimportd/mis"
	"misimportd/store/model"
)

// Automatic says which groups follow from the rest, and how they are called.
type Automatic struct {
	Names map[Family]string   // templates, as "{year} tutors"; a family without one makes no groups
	Years map[era.Year]string // how the school calls its year groups
	Bands []Band
}

// Band is some years together, such as a sixth form.
type Band struct {
	Name  string
	Years []era.Year
}

// Family is automatic groups that are made alike.
type Family string

// The families. The first part of a group's id tells whether it is of all, a year, a house, a subject or a band,
// the last one whom it holds.
const (
	AllStaff            Family = "all_staff"
	TeachingStaff       Family = "teaching_staff"
	AllPupils           Family = "all_pupils"
	AllTutors           Family = "all_tutors"
	YearPupils          Family = "year_pupils"
	YearTutors          Family = "year_tutors"
	YearTeachers        Family = "year_teachers"
	HousePupils         Family = "house_pupils"
	HouseTutors         Family = "house_tutors"
	HouseYearPupils     Family = "house_year_pupils"
	SubjectTeachers     Family = "subject_teachers"
	SubjectPupils       Family = "subject_pupils"
	SubjectYearTeachers Family = "subject_year_teachers"
	SubjectYearPupils   Family = "subject_year_pupils"
	BandPupils          Family = "band_pupils"
	BandTutors          Family = "band_tutors"
	BandTeachers        Family = "band_teachers"
)

// DefaultNames are all families with how their groups are called.
func DefaultNames() map[Family]string {
	return map[Family]string{
		AllStaff: "All staff", TeachingStaff: "Teaching staff", AllPupils: "All pupils", AllTutors: "All tutors",
		YearPupils: "{year} pupils", YearTutors: "{year} tutors", YearTeachers: "{year} teachers",
		HousePupils: "{house} House pupils", HouseTutors: "{house} House tutors",
		HouseYearPupils: "{house} House {year} pupils",
		SubjectTeachers: "{subject} teachers", SubjectPupils: "{subject} pupils",
		SubjectYearTeachers: "{year} {subject} teachers", SubjectYearPupils: "{year} {subject} pupils",
		BandPupils: "{band} pupils", BandTutors: "{band} tutors", BandTeachers: "{band} teachers",
	}
}

// derived is a group that follows from the rest.
type derived struct {
	family    Family
	id, name  string
	year      era.Year // era.NoYear for none; of groups of pupils alone: staff are not suspended with them
	hasYear   bool
	members   []model.ID
	isAlways  bool // it is made though nobody is in it
	isUnknown bool // who is in it is not known: it stays as it is
}

// derivation gathers the derived groups of a kind.
type derivation struct {
	*Wanted
	kind   string
	had    map[string]model.Group
	made   map[string]bool
	silent map[model.ID]bool // groups of which nobody knows who is in them
}

func (w *Wanted) derive(kind string) *derivation {
	return &derivation{w, kind, BySource(w.groupsOf(kind)), map[string]bool{}, map[model.ID]bool{}}
}

// add wants a derived group. One that nobody is in is not begun; one that is there is emptied.
func (d *derivation) add(g derived) {
	have := d.had[g.id]
	if len(g.members) == 0 && !g.isAlways && (have.ID == 0 || !d.IsLiving(have)) {
		return
	}
	group := d.perpetual(have, g.id, d.kind, g.name)
	if g.hasYear {
		group.Year = g.year
	}
	d.made[g.id] = true
	d.Groups = append(d.Groups, group)
	d.silent[group.ID] = g.isUnknown
	if g.isUnknown && have.ID != 0 {
		return
	}
	for _, m := range g.members {
		d.Memberships = append(d.Memberships, Pair{group.ID, m})
		if life, isGroup := d.lives[m]; isGroup { // no longer than that member lives
			d.OwnDays[Pair{group.ID, m}] = []era.Interval{d.daysLeft(life)}
		}
	}
}

// finish empties the groups that there are and that were not added, those of which stays tells that they go on.
func (d *derivation) finish(stays func(id string) bool) {
	for _, h := range d.State.Groups {
		if h.GroupKind != d.kind || !d.IsLiving(h) || !h.Current || d.made[h.SourceID] {
			continue
		}
		if goesOn := stays(h.SourceID); goesOn || d.Hold {
			d.Groups = append(d.Groups, h)
			d.silent[h.ID] = !goesOn
		}
	}
	d.keepMembers(d.kind, func(g model.Group, _ model.Membership) bool { return d.silent[g.ID] })
}

// wantAutomatic wants the groups that follow from all that the database will hold. They have no end.
func (w *Wanted) wantAutomatic() {
	if w.LeavesOthers() {
		w.stayAsTheyAre(model.AutomaticGroup)
		return
	}
	if len(w.OtherGroups.Automatic.Names) == 0 {
		if w.Hold { // what ends waits
			w.stayAsTheyAre(model.AutomaticGroup)
		}
		return
	}
	d := &automatic{derivation: w.derive(model.AutomaticGroup), teaches: w.whoTeaches()}
	d.ofAll()
	d.ofYears()
	d.ofHouses()
	d.ofSubjects()
	d.ofBands()
	d.finish(func(id string) bool { return d.goesOn(id) })
}

// automatic makes the automatic groups.
type automatic struct {
	*derivation
	teaches teaching
}

// make adds a group of a family, unless that is turned off. fill is what stands for what in the template.
func (d *automatic) make(g derived, fill ...string) {
	template := d.OtherGroups.Automatic.Names[g.family]
	if template == "" {
		return
	}
	for i := 0; i+1 < len(fill); i += 2 {
		if fill[i] == "{house}" && strings.HasSuffix(strings.ToLower(fill[i+1]), " house") {
			template = strings.ReplaceAll(template, "{house} House", "{house}")
		}
		template = strings.ReplaceAll(template, fill[i], fill[i+1])
	}
	g.name = template
	d.add(g)
}

func (d *automatic) yearName(year era.Year) string {
	if name := d.OtherGroups.Automatic.Years[year]; name != "" {
		return name
	}
	return "Year " + year.String()
}

func (d *automatic) ofAll() {
	d.make(derived{family: AllStaff, id: "all/staff", isAlways: true,
		members: d.staffWhere(func(model.Staff) bool { return true })})
	d.make(derived{family: TeachingStaff, id: "all/teaching", isAlways: true,
		members: d.staffWhere(func(s model.Staff) bool { return s.Teaching })})
	d.make(derived{family: AllPupils, id: "all/pupils", isAlways: true,
		members: d.pupilsWhere(func(model.Pupil) bool { return true })})
	d.make(derived{family: AllTutors, id: "all/tutors", isAlways: true,
		members: d.tutorsWhere(func(model.Group) bool { return true })})
}

func (d *automatic) staffWhere(is func(model.Staff) bool) (ids []model.ID) {
	for _, s := range d.Staff {
		if s.Current && is(s) {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// allYears is the years that pupils or forms are of, and those that groups were made for.
func (d *automatic) allYears() (years []era.Year) {
	for _, p := range d.Pupils {
		if p.Current && p.Year.Known() {
			years = append(years, p.Year)
		}
	}
	for _, g := range d.Groups {
		if g.Year.Known() && g.Current {
			years = append(years, g.Year)
		}
	}
	for id := range d.had {
		parts := strings.Split(id, "/")
		for i, part := range parts[:len(parts)-1] {
			if year, err := era.ParseYear(parts[i+1]); part == "year" && err == nil {
				years = append(years, year)
			}
		}
	}
	slices.Sort(years)
	return slices.Compact(years)
}

func (d *automatic) ofYears() {
	for _, year := range d.allYears() {
		at, name := "year/"+year.String(), d.yearName(year)
		d.make(derived{family: YearPupils, id: at + "/pupils", year: year, hasYear: true, members: d.pupilsWhere(
			func(p model.Pupil) bool { return p.Year == year })}, "{year}", name)
		d.make(derived{family: YearTutors, id: at + "/tutors", members: d.tutorsWhere(
			func(g model.Group) bool { return g.Year == year })}, "{year}", name)
		d.make(derived{family: YearTeachers, id: at + "/teachers", isUnknown: d.teaches.isUnknown,
			members: d.teaches.of(Ref{"", year.String()})}, "{year}", name)
	}
}

func (d *automatic) ofHouses() {
	years := d.allYears()
	for _, h := range d.Houses {
		if !h.Current {
			continue
		}
		at := "house/" + h.SourceID
		in := func(p model.Pupil) bool { return p.HouseID == h.ID || p.BoardingHouseID == h.ID }
		d.make(derived{family: HousePupils, id: at + "/pupils", members: d.pupilsWhere(in)}, "{house}", h.Name)
		if h.Type == string(mis.Academic) {
			d.make(derived{family: HouseTutors, id: at + "/tutors", members: d.tutorsWhere(
				func(g model.Group) bool { return g.HouseID == h.ID })}, "{house}", h.Name)
		}
		for _, year := range years {
			d.make(derived{family: HouseYearPupils, id: at + "/year/" + year.String() + "/pupils", year: year,
				hasYear: true,
				members: d.pupilsWhere(func(p model.Pupil) bool { return in(p) && p.Year == year })},
				"{house}", h.Name, "{year}", d.yearName(year))
		}
	}
}

// ofSubjects makes the groups of who teaches a subject, and of who learns it: its sets are their members.
func (d *automatic) ofSubjects() {
	years := d.allYears()
	sets := map[model.ID][]model.Group{}
	for _, g := range d.Groups {
		if g.GroupKind == model.SetGroup && g.Current && g.SubjectID != 0 {
			sets[g.SubjectID] = append(sets[g.SubjectID], g)
		}
	}
	for _, s := range d.Subjects {
		if !s.Current {
			continue
		}
		at := "subject/" + s.SourceID
		d.make(derived{family: SubjectTeachers, id: at + "/teachers", isUnknown: d.teaches.isUnknown,
			members: d.teaches.of(Ref{s.SourceID, ""})}, "{subject}", s.Name)
		d.make(derived{family: SubjectPupils, id: at + "/pupils", members: idsOf(sets[s.ID], nil)}, "{subject}", s.Name)
		for _, year := range years {
			fill := []string{"{subject}", s.Name, "{year}", d.yearName(year)}
			d.make(derived{family: SubjectYearTeachers, id: at + "/year/" + year.String() + "/teachers",
				isUnknown: d.teaches.isUnknown, members: d.teaches.of(Ref{s.SourceID, year.String()})}, fill...)
			d.make(derived{family: SubjectYearPupils, id: at + "/year/" + year.String() + "/pupils", year: year,
				hasYear: true, members: idsOf(sets[s.ID], &year)}, fill...)
		}
	}
}

// idsOf is the groups of a year, or all of them.
func idsOf(groups []model.Group, year *era.Year) (ids []model.ID) {
	for _, g := range groups {
		if year == nil || g.Year == *year {
			ids = append(ids, g.ID)
		}
	}
	return ids
}

func (d *automatic) ofBands() {
	for _, b := range d.OtherGroups.Automatic.Bands {
		at := "band/" + b.Name
		has := func(year era.Year) bool { return slices.Contains(b.Years, year) }
		d.make(derived{family: BandPupils, id: at + "/pupils", members: d.pupilsWhere(
			func(p model.Pupil) bool { return has(p.Year) })}, "{band}", b.Name)
		d.make(derived{family: BandTutors, id: at + "/tutors", members: d.tutorsWhere(
			func(g model.Group) bool { return has(g.Year) })}, "{band}", b.Name)
		var teachers []model.ID
		for _, year := range b.Years {
			teachers = append(teachers, d.teaches.of(Ref{"", year.String()})...)
		}
		slices.Sort(teachers)
		d.make(derived{family: BandTeachers, id: at + "/teachers", isUnknown: d.teaches.isUnknown,
			members: slices.Compact(teachers)}, "{band}", b.Name)
	}
}

// goesOn tells whether a group that was not made tonight is emptied, and not ended: its family is on, and it is of
// no band that is configured no more.
func (d *automatic) goesOn(id string) bool {
	parts := strings.Split(id, "/")
	first, last := parts[0], parts[len(parts)-1]
	family := first + "_" + last
	switch {
	case first == "all" && last == "teaching":
		family = string(TeachingStaff)
	case first == "band":
		name := strings.TrimSuffix(strings.TrimPrefix(id, "band/"), "/"+last)
		if !slices.ContainsFunc(d.OtherGroups.Automatic.Bands, func(b Band) bool { return b.Name == name }) {
			return false
		}
	case (first == "house" || first == "subject") && slices.Contains(parts, "year"):
		family = first + "_year_" + last
	}
	return d.OtherGroups.Automatic.Names[Family(family)] != ""
}

// teaching is who teaches what.
type teaching struct {
	staff     map[Ref]map[model.ID]bool // by subject and year, either of which may be blank for any
	isUnknown bool
}

func (t teaching) of(what Ref) (ids []model.ID) {
	for id := range t.staff[what] {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// whoTeaches is taken from the lessons of the timetable, not from what a set's record says. It is not known where
// the timetable says nothing, or not all, or waits for a person.
func (w *Wanted) whoTeaches() teaching {
	t := teaching{staff: map[Ref]map[model.ID]bool{}}
	if w.Table == nil || w.HoldTimetable || w.Snap.Timetable.ProtectsTaught() {
		return teaching{isUnknown: true}
	}
	note := func(subject, year string, teacher model.ID) {
		at := Ref{subject, year}
		if t.staff[at] == nil {
			t.staff[at] = map[model.ID]bool{}
		}
		t.staff[at][teacher] = true
	}
	for _, l := range w.Table.Lessons {
		if l.Kind != mis.Taught {
			continue
		}
		t.isUnknown = t.isUnknown || l.Unsure.Staff || l.Unsure.Groups
		for _, source := range l.Staff {
			teacher := w.Elements[Ref{"staff", source}]
			if teacher == 0 {
				continue
			}
			for _, year := range l.Years {
				note("", year.String(), teacher)
			}
			for _, subject := range l.Subjects {
				note(subject, "", teacher)
				for _, year := range l.Years {
					note(subject, year.String(), teacher)
				}
			}
		}
	}
	return t
}
