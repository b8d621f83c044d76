package importer

import (
	"cmp"
	"slices"

	"misimportd/era"
	"misimportd/mis"
	"misimportd/store/model"
)

// differ works out what has to change for the database to say what the MIS says.
type differ struct {
	state *model.State
	snap  *mis.Snapshot
	era   model.Era
	asOf  era.Date
	years []era.Year

	terms
	kept     map[model.ID]whyKept // elements that the document does not have, and that stay
	absent   []model.Absence      // those that stay for some nights more
	absences map[model.ID]model.Absence
	handsOff map[pair]bool  // memberships that are pinned, be they there or not
	pinned   []model.Change // what the MIS would have changed

	inFile      []era.Suspension // of the school's file
	suspensions []era.Suspension // all that count
	table       *timetable       // nil when the MIS's timetable does not speak
	suspended   map[era.Year][]era.Interval
	hours       map[mis.PlaceInWeek][2]era.Clock // of the school's days
	elements    map[string]model.ID              // what lessons can take, by kind and source id
	kinds       map[model.ID]string              // what an element is
	yearOf      map[string]era.Year              // of groups, by kind and source id

	want     wanted
	said     map[string]mis.Pupil     // pupils of whom the MIS says where they are
	setSaid  map[string]bool          // sets that can be read, and whose lists count
	unwanted map[string]bool          // what the MIS has and the school does not import, by kind and source id
	yearless map[string]bool          // pupils not imported, for their year is not known
	formOf   map[model.ID]model.Group // each pupil's form, as the database has it: the last that reaches the as-of date
	houses   map[mis.House]model.ID   // by kind and name

	plan     model.Plan
	late     []model.Change // changes of groups that have to wait for those of memberships
	problems mis.Problems
}

// terms say how a document is to be taken.
type terms struct {
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

// newDiffer and changes are the import: the Plan that takes a database from state to what
// snap and the file of suspensions say, true from asOf on, and the problems met on the way
// beside those in snap. They are pure: the same arguments give the same plan, in the same
// order, and neither clock nor database is read. Between the two, state is given the
// lessons of those days that stale names: most nights there are none. before holds changes
// that the plan is to begin with. years are those to be imported; none means all.
func newDiffer(before model.Plan, state *model.State, snap *mis.Snapshot, e model.Era, asOf era.Date, years []era.Year, file []era.Suspension, on terms) *differ {
	d := &differ{state: state, snap: snap, era: e, asOf: asOf, years: years, plan: before, terms: on, inFile: file, kept: map[model.ID]whyKept{},
		suspended: map[era.Year][]era.Interval{}, yearOf: map[string]era.Year{}, said: map[string]mis.Pupil{}, unwanted: map[string]bool{}, setSaid: map[string]bool{}, yearless: map[string]bool{}, formOf: map[model.ID]model.Group{}}
	if d.hold {
		d.inFile = append(slices.Clone(file), d.notInTheFile()...)
	}
	d.suspensions = inForce(d.inFile, state.Suspensions)
	d.readPins()
	d.wantStaff()
	d.wantSubjects()
	d.wantHouses()
	d.wantLocations()
	d.wantGroups()
	d.wantPupils()
	d.lookBack()
	d.holdFields()
	d.wantMemberships()
	d.pinPeople()
	d.suspendGroups()
	d.expand()
	return d
}

// changes plans what has to change. eras are all that there are.
func (d *differ) changes(eras []era.Era) (model.Plan, mis.Problems) {
	lessons := d.planLessons() // first: for what of a timetable waits, some people stay where they are
	d.changeSuspensions()
	change(d, d.state.Staff, d.want.staff, func(r *model.Staff) *model.Element { return &r.Element })
	change(d, d.state.Subjects, d.want.subjects, func(r *model.Subject) *model.Element { return &r.Element })
	change(d, d.state.Houses, d.want.houses, func(r *model.House) *model.Element { return &r.Element })
	change(d, d.state.Locations, d.want.locations, func(r *model.Location) *model.Element { return &r.Element })
	change(d, d.state.Pupils, d.want.pupils, func(r *model.Pupil) *model.Element { return &r.Element })
	d.changeGroups(lessons.freed)
	d.changeMemberships()
	d.plan.Changes = slices.Concat(d.plan.Changes, lessons.uncommitted, lessons.deleted, lessons.updated, lessons.created, lessons.committed)
	d.changeGroupSuspensions()
	d.changeAbsences()
	d.plan.Changes = append(d.plan.Changes, d.late...)
	d.reportSilence()
	d.reportWeeks()
	d.reportSuspensions(eras)
	return d.plan, d.problems
}

// lookBack notes of whom the MIS speaks, and in which forms the database has pupils.
func (d *differ) lookBack() {
	for _, p := range d.snap.Pupils.Records {
		if !d.yearless[p.ID] && !(d.hold && d.unwanted["pupil "+p.ID]) {
			d.said[p.ID] = p
		}
	}
	forms := map[model.ID]model.Group{}
	for _, g := range d.want.groups {
		if g.GroupKind == model.FormGroup {
			forms[g.ID] = g
		}
	}
	began := map[model.ID]era.Date{}
	for _, m := range d.state.Memberships {
		if form, ok := forms[m.GroupID]; ok && m.StartsOn >= began[m.ElementID] {
			d.formOf[m.ElementID], began[m.ElementID] = form, m.StartsOn
		}
	}
}

// change plans what happens to the elements of one kind that are no groups (R4 to R7).
func change[T interface {
	comparable
	element
}](d *differ, have, want []T, part func(*T) *model.Element) {
	by := map[model.Action][]model.Change{}
	add := func(action model.Action, why model.Reason, before, after model.Record) {
		by[action] = append(by[action], model.Change{Action: action, Why: why, Before: before, After: after})
	}
	had, wants := bySource(have), bySource(want)
	for _, w := range want {
		switch h, ok := had[w.Source()]; {
		case !ok:
			add(model.Create, model.NewInMIS, nil, w)
		case h == w:
		case !part(&h).Current:
			add(model.Reopen, model.BackInMIS, h, w)
		default:
			add(model.Update, model.ChangedInMIS, h, w)
		}
	}
	for _, h := range slices.SortedFunc(slices.Values(have), compareSources[T]) {
		if _, ok := wants[h.Source()]; !ok && part(&h).Current {
			gone := h
			part(&gone).Current = false
			add(model.End, d.whyGone(h), h, gone)
		}
	}
	for _, action := range model.Actions {
		d.plan.Changes = append(d.plan.Changes, by[action]...)
	}
}

// whyGone tells why an element is no longer wanted.
func (d *differ) whyGone(r model.Record) model.Reason {
	switch r := r.(type) {
	case model.Pupil:
		if d.unwanted["pupil "+r.SourceID] {
			return model.NotImported
		}
	case model.Group:
		if d.unwanted[r.GroupKind+" "+r.SourceID] {
			return model.NotImported
		}
	}
	return model.GoneFromMIS
}

// changeGroups plans the groups (R10 to R12). What ends or shortens a group's life
// has to wait until its memberships have ended. freed is how many commitments of each
// element go with this plan.
func (d *differ) changeGroups(freed map[model.ID]int) {
	wants := map[model.ID]bool{}
	had := map[model.ID]model.Group{}
	for _, g := range d.state.Groups {
		had[g.ID] = g
	}
	var created, updated, reopened, shortened, ended, deleted []model.Change
	for _, w := range d.want.groups {
		wants[w.ID] = true
		switch h, ok := had[w.ID]; {
		case !ok:
			created = append(created, model.Change{Action: model.Create, Why: model.NewInMIS, After: w})
		case h == w:
		case !h.Current || !d.isLiving(h):
			reopened = append(reopened, model.Change{Action: model.Reopen, Why: model.BackInMIS, Before: h, After: w})
		case !h.Life().Within(w.Life()):
			wide := w // as long as both, until the memberships are no longer
			wide.EndsOn = h.EndsOn
			if wide != h {
				updated = append(updated, model.Change{Action: model.Update, Why: model.ChangedInMIS, Before: h, After: wide})
			}
			shortened = append(shortened, model.Change{Action: model.Update, Why: model.ChangedInMIS, Before: wide, After: w})
		default:
			updated = append(updated, model.Change{Action: model.Update, Why: model.ChangedInMIS, Before: h, After: w})
		}
	}
	for _, h := range slices.SortedFunc(slices.Values(d.state.Groups), compareGroups) {
		if wants[h.ID] || !d.isLiving(h) {
			continue
		}
		gone := h
		gone.Current = false
		switch {
		case h.StartsOn < d.asOf:
			gone.EndsOn = d.asOf.AddDays(-1)
		case !d.state.NeededElsewhere[h.ID] && d.state.TakenBy[h.ID] == freed[h.ID]:
			deleted = append(deleted, model.Change{Action: model.Delete, Why: d.whyGone(h), Before: h})
			continue
		default: // others' rows point at it: it keeps the shortest life there is
			gone.EndsOn = h.StartsOn
		}
		if gone != h {
			ended = append(ended, model.Change{Action: model.End, Why: d.whyGone(h), Before: h, After: gone})
		}
	}
	d.plan.Changes = slices.Concat(d.plan.Changes, created, updated, reopened)
	d.late = slices.Concat(shortened, ended, deleted)
}

func compareGroups(a, b model.Group) int {
	return cmp.Or(cmp.Compare(a.GroupKind, b.GroupKind), mis.CompareIDs(a.SourceID, b.SourceID))
}
