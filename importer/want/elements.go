package want

import (
	"slices"

	"misimportd/era"
	"misimportd/mis"
	"misimportd/store/model"
)

// noteReadable notes of whom the MIS speaks, and in which forms the database has pupils.
func (w *Wanted) noteReadable() {
	for _, p := range w.Snap.Pupils.Records {
		if !w.Yearless[p.ID] && !(w.Hold && w.Unwanted[Ref{"pupil", p.ID}]) {
			w.readable[p.ID] = p
		}
	}
	forms := map[model.ID]model.Group{}
	for _, g := range w.Groups {
		if g.GroupKind == model.FormGroup {
			forms[g.ID] = g
		}
	}
	began := map[model.ID]era.Date{}
	for _, m := range w.State.Memberships {
		if form, ok := forms[m.GroupID]; ok && m.StartsOn >= began[m.ElementID] {
			w.FormOf[m.ElementID], began[m.ElementID] = form, m.StartsOn
		}
	}
}

// WhyGone tells why an element is no longer wanted.
func (w *Wanted) WhyGone(r model.Record) model.Reason {
	switch r := r.(type) {
	case model.Pupil:
		if w.Unwanted[Ref{"pupil", r.SourceID}] {
			return model.NotImported
		}
	case model.Group:
		if w.Unwanted[Ref{r.GroupKind, r.SourceID}] {
			return model.NotImported
		}
	}
	return model.GoneFromMIS
}

// Element is what all elements of an MIS are.
type Element interface {
	model.Staff | model.Subject | model.House | model.Location | model.Pupil | model.Group
	model.Record
	Source() string
	Called() string
	IsCurrent() bool
}

// current leaves out elements that the school no longer has.
func current[T Element](records []T) (list []T) {
	for _, r := range records {
		if r.IsCurrent() {
			list = append(list, r)
		}
	}
	return list
}

// BySource finds elements by their id in the MIS (R1).
func BySource[T Element](records []T) map[string]T {
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

func (w *Wanted) Origin(id string) model.Origin {
	return model.Origin{DatasourceID: w.State.DatasourceID, SourceID: id}
}

// keep adds to want the records that the document does not have and that stay all the
// same, as the database has them: those that roll is silent on, those that are absent for
// a few nights only, and all of them when what ends is held.
func keep[T Element, R any](w *Wanted, want, have []T, roll *mis.Roll[R]) []T {
	if _, isGroup := any(want).([]model.Group); w.Ahead && !isGroup {
		return asTheyAre(want, have)
	}
	said := BySource(want)
	for _, h := range have {
		if _, ok := said[h.Source()]; ok {
			continue
		}
		why := w.whyKept(h, h.IsCurrent(), roll.SilentOn(h.Source(), h.Called()), roll.Believed)
		if why == 0 {
			continue
		}
		if w.Kept[h.RowID()] = why; why == Awaited {
			w.Absent = append(w.Absent, w.absence(h.RowID()))
		}
		want = append(want, h)
	}
	slices.SortFunc(want, CompareSources[T])
	return want
}

// asTheyAre is the elements that the database has, as it has them, and those that are new, which the
// school does not have yet.
func asTheyAre[T Element](want, have []T) []T {
	known := BySource(have)
	all := slices.Clone(have)
	var none T
	for _, r := range want {
		if _, ok := known[r.Source()]; !ok {
			all = append(all, model.Keep(r, none, "current"))
		}
	}
	slices.SortFunc(all, CompareSources[T])
	return all
}

// toReferTo is the elements that groups may refer to.
func toReferTo[T Element](w *Wanted, records []T) []T {
	if w.Ahead {
		return records
	}
	return current(records)
}

func (w *Wanted) whyKept(h model.Record, isCurrent, isSilent, isBelieved bool) whyKept {
	_, isGroup := h.(model.Group) // one that has ended on a later day lives on the as-of date
	switch {
	case isSilent:
		return silent
	case isCurrent && w.isAwaited(h, isBelieved):
		return Awaited
	case w.Hold && (isCurrent || isGroup):
		return held
	}
	return 0
}

func CompareSources[T Element](a, b T) int { return mis.CompareIDs(a.Source(), b.Source()) }

func (w *Wanted) wantStaff() {
	have := BySource(w.State.Staff)
	for _, m := range w.Snap.Staff.Records {
		w.Staff = append(w.Staff, model.Staff{
			Element: w.base("staff", have[m.ID].ID, m.Name), Origin: w.Origin(m.ID),
			Initials: m.Initials, Code: m.Code, Title: m.Title, Forename: m.Forename, Surname: m.Surname,
			Email: m.Email, Teaching: m.Teaching, PreviousSourceID: m.PreviousID,
		})
	}
	w.Staff = keep(w, w.Staff, w.State.Staff, &w.Snap.Staff)
}

func (w *Wanted) wantSubjects() {
	have := BySource(w.State.Subjects)
	for _, r := range w.Snap.Subjects.Records {
		w.Subjects = append(w.Subjects, model.Subject{
			Element: w.base("subject", have[r.ID].ID, r.Name), Origin: w.Origin(r.ID), Code: r.Code,
		})
	}
	w.Subjects = keep(w, w.Subjects, w.State.Subjects, &w.Snap.Subjects)
}

func (w *Wanted) wantLocations() {
	have := BySource(w.State.Locations)
	for _, r := range w.Snap.Locations.Records {
		w.Locations = append(w.Locations, model.Location{
			Element: w.base("location", have[r.ID].ID, r.Name), Origin: w.Origin(r.ID), ShortName: r.ShortName,
		})
	}
	w.Locations = keep(w, w.Locations, w.State.Locations, &w.Snap.Locations)
}

func (w *Wanted) wantHouses() {
	for _, roll := range []*mis.Roll[mis.House]{&w.Snap.AcademicHouses, &w.Snap.BoardingHouses} {
		kind := houseKind(roll == &w.Snap.BoardingHouses)
		ofKind := slices.DeleteFunc(slices.Clone(w.State.Houses),
			func(h model.House) bool { return h.Type != string(kind) })
		have := BySource(ofKind)
		var want []model.House
		for _, h := range roll.Records {
			want = append(want, model.House{
				Element: w.base("house", have[h.ID].ID, h.Name), Origin: w.Origin(h.ID), Type: string(kind),
				Code: h.Code,
			})
		}
		w.Houses = append(w.Houses, keep(w, want, ofKind, roll)...)
	}
}

func houseKind(boarding bool) mis.HouseKind {
	if boarding {
		return mis.Boarding
	}
	return mis.Academic
}

// lastYear is the last year of school.
const lastYear = 13

// yearThen is a pupil's year group in the era that is imported into.
func (w *Wanted) yearThen(year era.Year) era.Year {
	if !year.Known() {
		return year
	}
	return year + era.Year(w.YearsUp)
}

// imports tells whether the school wants a year group. One that is not known is
// wanted: it is not known to be unwanted.
func (w *Wanted) imports(year era.Year) bool {
	if w.Ahead && year.Known() && year > lastYear { // who will have left
		return false
	}
	return len(w.Years) == 0 || !year.Known() || slices.Contains(w.Years, year)
}

func (w *Wanted) wantPupils() {
	have := BySource(w.State.Pupils)
	for _, p := range w.Snap.Pupils.Records {
		h := have[p.ID]
		switch {
		case len(w.Years) > 0 && !p.Year.Known():
			w.Yearless[p.ID] = true
			if h.ID != 0 {
				w.Pupils = append(w.Pupils, h)
			}
			continue
		case !w.imports(w.yearThen(p.Year)):
			w.Unwanted[Ref{"pupil", p.ID}] = true
			continue
		}
		w.Pupils = append(w.Pupils, model.Pupil{
			Element: w.base("pupil", h.ID, p.Name), Origin: w.Origin(p.ID), SchoolID: p.SchoolID,
			Forename: p.Forename, Surname: p.Surname, KnownAs: p.KnownAs, Email: p.Email, Year: p.Year,
			HouseID:         w.house(p.House, mis.Academic, &w.Snap.AcademicHouses, h.HouseID),
			BoardingHouseID: w.house(p.BoardingHouse, mis.Boarding, &w.Snap.BoardingHouses, h.BoardingHouseID),
		})
	}
	w.Pupils = keep(w, w.Pupils, w.State.Pupils, &w.Snap.Pupils)
}

// house finds a pupil's house. When it cannot be found and the MIS does not tell all
// its houses, the pupil keeps the one that the database has.
func (w *Wanted) house(name string, kind mis.HouseKind, roll *mis.Roll[mis.House], had model.ID) model.ID {
	if name == "" {
		return w.reference(0, had)
	}
	if w.houseOf == nil {
		w.houseOf = map[mis.House]model.ID{}
		for _, h := range w.Houses {
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
