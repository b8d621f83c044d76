package importer

import (
	"slices"

	"misimportd/era"
	"misimportd/mis"
	"misimportd/store/model"
)

// Given is what is wanted of a night is worked out from. Lessons are not in the State yet: of
// which days they have to be read, StaleDays tells.
type Given struct {
	State *model.State
	Snap  *mis.Snapshot
	Era   model.Era
	AsOf  era.Date
	Years []era.Year       // those to be imported; none means all
	File  []era.Suspension // of the school's file
	NewID func() model.ID  // of records that are to be made
	Terms
}

// Terms say how a document is to be taken.
type Terms struct {
	hold        bool // what would end stays as it is, and with it what would come in its place
	holdSuspend bool // nothing is suspended that is not

	holdTimetable bool               // each day whose lessons would change stays as it is, whole
	holdValues    map[fieldKind]bool // these fields stay as they are

	grace int      // for so many nights a record may be absent before it is ended
	night era.Date // nights are told apart by it: the as-of date stands still before an era begins
}

// whyKept is why an element stays that a document does not have.
type whyKept int

const (
	silent  whyKept = iota + 1 // nobody knows whether the MIS has it (R33, R34)
	held                       // it waits for a person
	awaited                    // it may be back: it is absent for a few nights only
)

// Wanted is what the database should hold of an MIS's records from the as-of date on, in the
// database's own terms. Each list is in order of source id. A record that the MIS is silent on is
// wanted as the database has it: that is all the protection it needs (R33, R34).
type Wanted struct {
	Given

	staff       []model.Staff
	subjects    []model.Subject
	houses      []model.House
	locations   []model.Location
	pupils      []model.Pupil
	groups      []model.Group
	memberships []pair
	suspensions []era.Suspension // all that count
	absent      []model.Absence  // of elements that stay for some nights more
	table       *timetable       // nil when the MIS's timetable does not speak

	// asIs are memberships that stay as the database has them on each day, what ended or
	// begins later included (R40). They are not among the memberships above.
	asIs     map[pair]bool
	handsOff map[pair]bool  // memberships that are pinned, be they there or not
	pinned   []model.Change // what the MIS would have changed
	problems mis.Problems   // met on the way, beside those in the Snapshot

	kept     map[model.ID]whyKept // elements that the document does not have, and that stay
	unwanted map[string]bool      // what the MIS has and the school does not import, by kind and source id
	yearless map[string]bool      // pupils not imported, for their year is not known
	elements map[string]model.ID  // what lessons can take, by kind and source id
	kinds    map[model.ID]string  // what an element is

	inFile    []era.Suspension // of the school's file, and what waits to leave it
	absences  map[model.ID]model.Absence
	suspended map[era.Year][]era.Interval
	hours     map[mis.PlaceInWeek][2]era.Clock // of the school's days
	yearOf    map[string]era.Year              // of groups, by kind and source id
	said      map[string]mis.Pupil             // pupils of whom the MIS says where they are
	setSaid   map[string]bool                  // sets that can be read, and whose lists count
	formOf    map[model.ID]model.Group         // each pupil's form, as the database has it: the last that reaches the as-of date
	houseOf   map[mis.House]model.ID           // by kind and name
}

// Of is what is wanted. It is pure: the same arguments give the same, in the same order, and
// neither clock nor database is read.
func Of(given Given) *Wanted {
	w := &Wanted{Given: given, inFile: given.File, kept: map[model.ID]whyKept{}, suspended: map[era.Year][]era.Interval{},
		yearOf: map[string]era.Year{}, said: map[string]mis.Pupil{}, unwanted: map[string]bool{}, setSaid: map[string]bool{},
		yearless: map[string]bool{}, formOf: map[model.ID]model.Group{}}
	if w.hold {
		w.inFile = append(slices.Clone(w.File), w.notInTheFile()...)
	}
	w.suspensions = inForce(w.inFile, w.State.Suspensions)
	w.readPins()
	w.wantStaff()
	w.wantSubjects()
	w.wantHouses()
	w.wantLocations()
	w.wantGroups()
	w.wantPupils()
	w.lookBack()
	w.holdFields()
	w.wantMemberships()
	w.pinPeople()
	w.suspendGroups()
	w.expand()
	return w
}

// pair says that an element is to be in a group from the as-of date on.
type pair struct{ group, member model.ID }

// place is where an element is among all groups of a kind.
type place struct {
	kind   string
	member model.ID
}

// element is what all elements of an MIS are.
type element interface {
	model.Staff | model.Subject | model.House | model.Location | model.Pupil | model.Group
	model.Record
	Source() string
	Called() string
	IsCurrent() bool
}

// current leaves out elements that the school no longer has.
func current[T element](records []T) (list []T) {
	for _, r := range records {
		if r.IsCurrent() {
			list = append(list, r)
		}
	}
	return list
}

// bySource finds elements by their id in the MIS (R1).
func bySource[T element](records []T) map[string]T {
	found := make(map[string]T, len(records))
	for _, r := range records {
		found[r.Source()] = r
	}
	return found
}

// base is the part of a wanted element that all kinds share: the row it has, or a
// provisional one.
func (w *Wanted) base(kind string, have model.ID, name string) model.Element {
	if have == 0 {
		have = w.NewID()
	}
	return model.Element{ID: have, Kind: kind, Name: name, Current: true}
}

func (w *Wanted) origin(id string) model.Origin {
	return model.Origin{DatasourceID: w.State.DatasourceID, SourceID: id}
}

// keep adds to want the records that the document does not have and that stay all the
// same, as the database has them: those that roll is silent on, those that are absent for
// a few nights only, and when what ends is held, all.
func keep[T element, R any](w *Wanted, want, have []T, roll *mis.Roll[R]) []T {
	said := bySource(want)
	for _, h := range have {
		if _, ok := said[h.Source()]; ok {
			continue
		}
		if why := w.whyKept(h, h.IsCurrent(), roll.SilentOn(h.Source(), h.Called()), roll.Believed); why != 0 {
			w.kept[h.RowID()] = why
			want = append(want, h)
		}
	}
	slices.SortFunc(want, compareSources[T])
	return want
}

func (w *Wanted) whyKept(h model.Record, isCurrent, isSilent, isBelieved bool) whyKept {
	_, isGroup := h.(model.Group) // one that has ended on a later day lives on the as-of date
	switch {
	case isSilent:
		return silent
	case isCurrent && w.isAwaited(h, isBelieved):
		return awaited
	case w.hold && (isCurrent || isGroup):
		return held
	}
	return 0
}

func compareSources[T element](a, b T) int { return mis.CompareIDs(a.Source(), b.Source()) }

func (w *Wanted) wantStaff() {
	have := bySource(w.State.Staff)
	for _, m := range w.Snap.Staff.Records {
		w.staff = append(w.staff, model.Staff{
			Element: w.base("staff", have[m.ID].ID, m.Name), Origin: w.origin(m.ID),
			Initials: m.Initials, Code: m.Code, Title: m.Title, Forename: m.Forename, Surname: m.Surname,
			Email: m.Email, Teaching: m.Teaching, PreviousSourceID: m.PreviousID,
		})
	}
	w.staff = keep(w, w.staff, w.State.Staff, &w.Snap.Staff)
}

func (w *Wanted) wantSubjects() {
	have := bySource(w.State.Subjects)
	for _, r := range w.Snap.Subjects.Records {
		w.subjects = append(w.subjects, model.Subject{
			Element: w.base("subject", have[r.ID].ID, r.Name), Origin: w.origin(r.ID), Code: r.Code,
		})
	}
	w.subjects = keep(w, w.subjects, w.State.Subjects, &w.Snap.Subjects)
}

func (w *Wanted) wantLocations() {
	have := bySource(w.State.Locations)
	for _, r := range w.Snap.Locations.Records {
		w.locations = append(w.locations, model.Location{
			Element: w.base("location", have[r.ID].ID, r.Name), Origin: w.origin(r.ID), ShortName: r.ShortName,
		})
	}
	w.locations = keep(w, w.locations, w.State.Locations, &w.Snap.Locations)
}

func (w *Wanted) wantHouses() {
	for _, roll := range []*mis.Roll[mis.House]{&w.Snap.AcademicHouses, &w.Snap.BoardingHouses} {
		kind := houseKind(roll == &w.Snap.BoardingHouses)
		ofKind := slices.DeleteFunc(slices.Clone(w.State.Houses), func(h model.House) bool { return h.Type != string(kind) })
		have := bySource(ofKind)
		var want []model.House
		for _, h := range roll.Records {
			want = append(want, model.House{
				Element: w.base("house", have[h.ID].ID, h.Name), Origin: w.origin(h.ID), Type: string(kind), Code: h.Code,
			})
		}
		w.houses = append(w.houses, keep(w, want, ofKind, roll)...)
	}
}

func houseKind(boarding bool) mis.HouseKind {
	if boarding {
		return mis.Boarding
	}
	return mis.Academic
}

// imports tells whether the school wants a year group. One that is not known is
// wanted: it is not known to be unwanted.
func (w *Wanted) imports(year era.Year) bool {
	return len(w.Years) == 0 || !year.Known() || slices.Contains(w.Years, year)
}

func (w *Wanted) wantGroups() {
	staff, subjects := bySource(current(w.staff)), bySource(current(w.subjects))
	var forms, sets []model.Group
	haveForms, haveSets := w.groupsOf(model.FormGroup), w.groupsOf(model.SetGroup)
	inForms, inSets := bySource(haveForms), bySource(haveSets)
	for _, f := range w.Snap.Forms.Records {
		if !w.imports(f.Year) {
			w.unwanted["form "+f.ID] = true
			continue
		}
		g := w.group(inForms[f.ID], f.ID, model.FormGroup, f.Name, f.Year)
		g.TutorID = w.reference(staff[f.TutorID].ID, inForms[f.ID].TutorID)
		forms = append(forms, g)
	}
	for _, s := range w.Snap.Sets.Records {
		w.setSaid[s.ID] = true
		if !w.imports(s.Year) {
			w.unwanted["set "+s.ID] = true
			continue
		}
		g := w.group(inSets[s.ID], s.ID, model.SetGroup, s.Name, s.Year)
		g.SubjectID = w.reference(subjects[s.SubjectID].ID, inSets[s.ID].SubjectID)
		sets = append(sets, g)
	}
	w.groups = append(keep(w, forms, w.living(haveForms), &w.Snap.Forms), keep(w, sets, w.living(haveSets), &w.Snap.Sets)...)
	w.pinGroups()
}

// reference is what a record refers to, or has referred to, where it would refer to nothing
// for want of what stays.
func (w *Wanted) reference(to, had model.ID) model.ID {
	if to == 0 && had != 0 && w.stays(had) {
		return had
	}
	return to
}

// stays tells whether what takes or holds an element goes on to: because all that ends is
// held, or because the element is awaited.
func (w *Wanted) stays(id model.ID) bool { return w.hold || w.kept[id] == awaited }

func (w *Wanted) groupsOf(kind string) []model.Group {
	return slices.DeleteFunc(slices.Clone(w.State.Groups), func(g model.Group) bool { return g.GroupKind != kind })
}

// living leaves out groups that ended before the as-of date: silence does not bring
// them back.
func (w *Wanted) living(groups []model.Group) []model.Group {
	return slices.DeleteFunc(slices.Clone(groups), func(g model.Group) bool { return !w.isLiving(g) })
}

func (w *Wanted) isLiving(g model.Group) bool { return g.EndsOn == 0 || g.EndsOn >= w.AsOf }

// group is a wanted group: from the as-of date if it is new, to the end of its era
// (R10, R12).
func (w *Wanted) group(have model.Group, id, kind, name string, year era.Year) model.Group {
	starts := w.AsOf
	if have.ID != 0 {
		starts = min(have.StartsOn, w.AsOf)
	}
	return model.Group{
		Element: w.base("group", have.ID, name), Origin: w.origin(id), GroupKind: kind, EraID: w.Era.ID, Year: year,
		StartsOn: starts, EndsOn: w.Era.EndsOn,
	}
}

func (w *Wanted) wantPupils() {
	have := bySource(w.State.Pupils)
	for _, p := range w.Snap.Pupils.Records {
		h := have[p.ID]
		switch {
		case len(w.Years) > 0 && !p.Year.Known():
			w.yearless[p.ID] = true
			if h.ID != 0 {
				w.pupils = append(w.pupils, h)
			}
			continue
		case !w.imports(p.Year):
			w.unwanted["pupil "+p.ID] = true
			continue
		}
		w.pupils = append(w.pupils, model.Pupil{
			Element: w.base("pupil", h.ID, p.Name), Origin: w.origin(p.ID), SchoolID: p.SchoolID,
			Forename: p.Forename, Surname: p.Surname, KnownAs: p.KnownAs, Email: p.Email, Year: p.Year,
			HouseID:         w.house(p.House, mis.Academic, &w.Snap.AcademicHouses, h.HouseID),
			BoardingHouseID: w.house(p.BoardingHouse, mis.Boarding, &w.Snap.BoardingHouses, h.BoardingHouseID),
		})
	}
	w.pupils = keep(w, w.pupils, w.State.Pupils, &w.Snap.Pupils)
}

// house finds a pupil's house. When it cannot be found and the MIS does not tell all
// its houses, the pupil keeps the one that the database has.
func (w *Wanted) house(name string, kind mis.HouseKind, roll *mis.Roll[mis.House], had model.ID) model.ID {
	if name == "" {
		return w.reference(0, had)
	}
	if w.houseOf == nil {
		w.houseOf = map[mis.House]model.ID{}
		for _, h := range w.houses {
			if h.Current {
				w.houseOf[mis.House{Kind: mis.HouseKind(h.Type), Name: h.Name}] = h.ID
			}
		}
	}
	if id := w.houseOf[mis.House{Kind: kind, Name: name}]; id != 0 {
		return id
	}
	if roll.SaysNothing() || len(roll.Unreadable) > 0 || len(roll.Faulty) > 0 {
		return had
	}
	return w.reference(0, had)
}
