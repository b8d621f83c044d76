package importer

import (
	"slices"

	"misimportd/era"
	"misimportd/mis"
	"misimportd/store/model"
)

// wanted is what the database should hold of an MIS's records, in the database's own
// terms. Each list is in order of source id. A record that the MIS is silent on is
// wanted as the database has it: that is all the protection it needs (R33, R34).
type wanted struct {
	staff       []model.Staff
	subjects    []model.Subject
	houses      []model.House
	locations   []model.Location
	pupils      []model.Pupil
	groups      []model.Group
	memberships []pair

	// asIs are memberships that stay as the database has them on each day, what ended or
	// begins later included (R40). They are not among the memberships above.
	asIs map[pair]bool
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
func (d *differ) base(kind string, have model.ID, name string) model.Element {
	if have == 0 {
		have = d.plan.NewID()
	}
	return model.Element{ID: have, Kind: kind, Name: name, Current: true}
}

func (d *differ) origin(id string) model.Origin {
	return model.Origin{DatasourceID: d.state.DatasourceID, SourceID: id}
}

// keep adds to want the records that the document does not have and that stay all the
// same, as the database has them: those that roll is silent on, those that are absent for
// a few nights only, and when what ends is held, all.
func keep[T element, R any](d *differ, want, have []T, roll *mis.Roll[R]) []T {
	said := bySource(want)
	for _, h := range have {
		if _, ok := said[h.Source()]; ok {
			continue
		}
		if why := d.whyKept(h, h.IsCurrent(), roll.SilentOn(h.Source(), h.Called()), roll.Believed); why != 0 {
			d.kept[h.RowID()] = why
			want = append(want, h)
		}
	}
	slices.SortFunc(want, compareSources[T])
	return want
}

func (d *differ) whyKept(h model.Record, isCurrent, isSilent, isBelieved bool) whyKept {
	_, isGroup := h.(model.Group) // one that has ended on a later day lives on the as-of date
	switch {
	case isSilent:
		return silent
	case isCurrent && d.isAwaited(h, isBelieved):
		return awaited
	case d.hold && (isCurrent || isGroup):
		return held
	}
	return 0
}

func compareSources[T element](a, b T) int { return mis.CompareIDs(a.Source(), b.Source()) }

func (d *differ) wantStaff() {
	have := bySource(d.state.Staff)
	for _, m := range d.snap.Staff.Records {
		d.want.staff = append(d.want.staff, model.Staff{
			Element: d.base("staff", have[m.ID].ID, m.Name), Origin: d.origin(m.ID),
			Initials: m.Initials, Code: m.Code, Title: m.Title, Forename: m.Forename, Surname: m.Surname,
			Email: m.Email, Teaching: m.Teaching, PreviousSourceID: m.PreviousID,
		})
	}
	d.want.staff = keep(d, d.want.staff, d.state.Staff, &d.snap.Staff)
}

func (d *differ) wantSubjects() {
	have := bySource(d.state.Subjects)
	for _, r := range d.snap.Subjects.Records {
		d.want.subjects = append(d.want.subjects, model.Subject{
			Element: d.base("subject", have[r.ID].ID, r.Name), Origin: d.origin(r.ID), Code: r.Code,
		})
	}
	d.want.subjects = keep(d, d.want.subjects, d.state.Subjects, &d.snap.Subjects)
}

func (d *differ) wantLocations() {
	have := bySource(d.state.Locations)
	for _, r := range d.snap.Locations.Records {
		d.want.locations = append(d.want.locations, model.Location{
			Element: d.base("location", have[r.ID].ID, r.Name), Origin: d.origin(r.ID), ShortName: r.ShortName,
		})
	}
	d.want.locations = keep(d, d.want.locations, d.state.Locations, &d.snap.Locations)
}

func (d *differ) wantHouses() {
	for _, roll := range []*mis.Roll[mis.House]{&d.snap.AcademicHouses, &d.snap.BoardingHouses} {
		kind := houseKind(roll == &d.snap.BoardingHouses)
		ofKind := slices.DeleteFunc(slices.Clone(d.state.Houses), func(h model.House) bool { return h.Type != string(kind) })
		have := bySource(ofKind)
		var want []model.House
		for _, h := range roll.Records {
			want = append(want, model.House{
				Element: d.base("house", have[h.ID].ID, h.Name), Origin: d.origin(h.ID), Type: string(kind), Code: h.Code,
			})
		}
		d.want.houses = append(d.want.houses, keep(d, want, ofKind, roll)...)
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
func (d *differ) imports(year era.Year) bool {
	return len(d.years) == 0 || !year.Known() || slices.Contains(d.years, year)
}

func (d *differ) wantGroups() {
	staff, subjects := bySource(current(d.want.staff)), bySource(current(d.want.subjects))
	var forms, sets []model.Group
	haveForms, haveSets := d.groupsOf(model.FormGroup), d.groupsOf(model.SetGroup)
	inForms, inSets := bySource(haveForms), bySource(haveSets)
	for _, f := range d.snap.Forms.Records {
		if !d.imports(f.Year) {
			d.unwanted["form "+f.ID] = true
			continue
		}
		g := d.group(inForms[f.ID], f.ID, model.FormGroup, f.Name, f.Year)
		g.TutorID = d.reference(staff[f.TutorID].ID, inForms[f.ID].TutorID)
		forms = append(forms, g)
	}
	for _, s := range d.snap.Sets.Records {
		d.setSaid[s.ID] = true
		if !d.imports(s.Year) {
			d.unwanted["set "+s.ID] = true
			continue
		}
		g := d.group(inSets[s.ID], s.ID, model.SetGroup, s.Name, s.Year)
		g.SubjectID = d.reference(subjects[s.SubjectID].ID, inSets[s.ID].SubjectID)
		sets = append(sets, g)
	}
	d.want.groups = append(keep(d, forms, d.living(haveForms), &d.snap.Forms), keep(d, sets, d.living(haveSets), &d.snap.Sets)...)
	d.pinGroups()
}

// reference is what a record refers to, or has referred to, where it would refer to nothing
// for want of what stays.
func (d *differ) reference(to, had model.ID) model.ID {
	if to == 0 && had != 0 && d.stays(had) {
		return had
	}
	return to
}

// stays tells whether what takes or holds an element goes on to: because all that ends is
// held, or because the element is awaited.
func (d *differ) stays(id model.ID) bool { return d.hold || d.kept[id] == awaited }

func (d *differ) groupsOf(kind string) []model.Group {
	return slices.DeleteFunc(slices.Clone(d.state.Groups), func(g model.Group) bool { return g.GroupKind != kind })
}

// living leaves out groups that ended before the as-of date: silence does not bring
// them back.
func (d *differ) living(groups []model.Group) []model.Group {
	return slices.DeleteFunc(slices.Clone(groups), func(g model.Group) bool { return !d.isLiving(g) })
}

func (d *differ) isLiving(g model.Group) bool { return g.EndsOn == 0 || g.EndsOn >= d.asOf }

// group is a wanted group: from the as-of date if it is new, to the end of its era
// (R10, R12).
func (d *differ) group(have model.Group, id, kind, name string, year era.Year) model.Group {
	starts := d.asOf
	if have.ID != 0 {
		starts = min(have.StartsOn, d.asOf)
	}
	return model.Group{
		Element: d.base("group", have.ID, name), Origin: d.origin(id), GroupKind: kind, EraID: d.era.ID, Year: year,
		StartsOn: starts, EndsOn: d.era.EndsOn,
	}
}

func (d *differ) wantPupils() {
	have := bySource(d.state.Pupils)
	for _, p := range d.snap.Pupils.Records {
		h := have[p.ID]
		switch {
		case len(d.years) > 0 && !p.Year.Known():
			d.yearless[p.ID] = true
			if h.ID != 0 {
				d.want.pupils = append(d.want.pupils, h)
			}
			continue
		case !d.imports(p.Year):
			d.unwanted["pupil "+p.ID] = true
			continue
		}
		d.want.pupils = append(d.want.pupils, model.Pupil{
			Element: d.base("pupil", h.ID, p.Name), Origin: d.origin(p.ID), SchoolID: p.SchoolID,
			Forename: p.Forename, Surname: p.Surname, KnownAs: p.KnownAs, Email: p.Email, Year: p.Year,
			HouseID:         d.house(p.House, mis.Academic, &d.snap.AcademicHouses, h.HouseID),
			BoardingHouseID: d.house(p.BoardingHouse, mis.Boarding, &d.snap.BoardingHouses, h.BoardingHouseID),
		})
	}
	d.want.pupils = keep(d, d.want.pupils, d.state.Pupils, &d.snap.Pupils)
}

// house finds a pupil's house. When it cannot be found and the MIS does not tell all
// its houses, the pupil keeps the one that the database has.
func (d *differ) house(name string, kind mis.HouseKind, roll *mis.Roll[mis.House], had model.ID) model.ID {
	if name == "" {
		return d.reference(0, had)
	}
	if d.houses == nil {
		d.houses = map[mis.House]model.ID{}
		for _, h := range d.want.houses {
			if h.Current {
				d.houses[mis.House{Kind: mis.HouseKind(h.Type), Name: h.Name}] = h.ID
			}
		}
	}
	if id := d.houses[mis.House{Kind: kind, Name: name}]; id != 0 {
		return id
	}
	if roll.SaysNothing() || len(roll.Unreadable) > 0 || len(roll.Faulty) > 0 {
		return had
	}
	return d.reference(0, had)
}
