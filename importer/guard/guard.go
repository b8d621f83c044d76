// Package guard judges whether a Plan may be carried out, by limits that have a name and a default.
// It says what it found and changes nothing. It must never know a database.
package guard

import (
	"cmp"
	"fmt"
	"slices"

	"misimportd/importer/want"
	"misimportd/importer/words"
	"misimportd/mis"
	"misimportd/store/model"
)

// The guard judges a plan before it is carried out: a document can be wrong in ways that
// only their size gives away (R34, R35).

// Finding is one limit with what a plan comes to.
type Finding struct {
	Limit    string     `json:"limit"`
	About    string     `json:"about,omitempty"` // the section, or the kind of group, where it is of one
	Value    float64    `json:"value"`           // a share: 0.4 is 40 %
	Allowed  float64    `json:"allowed"`         // likewise; more breaches, if it counts AtLeast so many
	Count    int        `json:"count"`
	Of       int        `json:"of"`
	AtLeast  int        `json:"at_least"`
	Off      bool       `json:"off,omitempty"`
	Breached bool       `json:"breached"`
	Holds    model.Hold `json:"holds,omitempty"` // what a breach holds
	Looks    Look       `json:"looks,omitempty"` // what values look like that many records change
	Says     string     `json:"says,omitempty"`  // of a breach, in words
	Causes   []Cause    `json:"causes,omitempty"`
	Net      int        `json:"net,omitempty"` // the count without what has come back on the same night

	Field model.FieldKind `json:"-"` // whose changes a breach holds
}

// Cause is a part of what a Finding counts. It names people by their ids.
type Cause struct {
	What  string `json:"what"`
	Count int    `json:"count"`
}

// ShownCauses is how many of the largest causes are told.
const ShownCauses = 10

// Evidence is what the guard looks at.
type Evidence struct {
	State           *model.State
	Ahead           model.LessonsAhead // all lessons from the as-of date on, where the plan changes some
	Plan            model.Plan
	Snap            *mis.Snapshot  // nil for an undo, as are those below
	Wanted          *want.Wanted   // that the plan is for
	Baseline        map[string]int // records of each section at the last import of which nothing was held
	MissingSections []want.MissingSection
	Past            Past
	Protected       []string // groups of which no member goes, as set/1234 or form/7A
	Yearless        int      // pupils without a year in the document that the database reflects
}

// Judge holds a plan against limits. It is pure. The findings are in the order of
// LimitNames: one for each limit, or where it is judged for each section or each kind of
// group, for each of those that count.
func Judge(limits Limits, e Evidence) []Finding {
	j := &judgement{limits: limits, Evidence: e, groups: map[model.ID]model.Group{}, ending: map[model.ID]bool{},
		derived: map[model.ID]bool{}}
	for _, g := range e.State.Groups {
		j.groups[g.ID] = g
		j.derived[g.ID] = model.IsDerived(g.GroupKind)
	}
	for _, c := range e.Plan.Changes {
		if g, ok := c.Record().(model.Group); ok {
			j.groups[g.ID] = g
			j.derived[g.ID] = model.IsDerived(g.GroupKind)
			if goes(c) || isCut(c) {
				j.ending[g.ID] = true
			}
		}
	}
	var found []Finding
	for _, c := range checks {
		if e.Snap != nil || !c.ofDocument {
			found = append(found, c.judge(j)...)
		}
	}
	if e.Snap != nil {
		found = append(found, j.recent(found)...)
	}
	slices.SortStableFunc(found, func(a, b Finding) int {
		return cmp.Compare(slices.Index(LimitNames, a.Limit), slices.Index(LimitNames, b.Limit))
	})
	return found
}

// checks are all ways of looking at the evidence, each with whether it needs a document. What they
// find is looked at once more together with the nights before.
var checks = []struct {
	judge      func(*judgement) []Finding
	ofDocument bool
}{
	{(*judgement).people, false},
	{(*judgement).groupsAndMemberships, false},
	{(*judgement).protected, true},
	{(*judgement).lessons, false},
	{(*judgement).sectionsMissing, true},
	{(*judgement).sectionsShrinking, true},
	{(*judgement).shares, true},
	{(*judgement).rekeyed, true},
	{(*judgement).skipped, true},
	{(*judgement).values, true},
	{(*judgement).strangers, true},
	{(*judgement).absentYears, true},
	{(*judgement).together, true},
}

// HeldBy is the most that the findings hold.
func HeldBy(findings []Finding, most model.Hold) model.Hold {
	hold := model.HoldNothing
	for _, f := range findings {
		if f.Breached {
			hold = wider(hold, f.Holds)
		}
	}
	if hold != model.HoldNothing && most == model.HoldAll {
		return model.HoldAll
	}
	return hold
}

func wider(a, b model.Hold) model.Hold {
	order := []model.Hold{model.HoldNothing, model.HoldSections, model.HoldValues, model.HoldRemovals, model.HoldAll}
	return order[max(slices.Index(order, a), slices.Index(order, b))]
}

type judgement struct {
	Evidence
	limits Limits
	groups map[model.ID]model.Group
	ending map[model.ID]bool // groups
	// derived are groups that follow from the rest: whatever becomes of them has its cause elsewhere, and is judged
	// there.
	derived map[model.ID]bool
	said    struct{ pupils, staff map[string]bool } // who is in the document, by id
}

// measure is what one limit judges: how many of how many, and what to say of it when that is too many.
type measure struct {
	about     string
	holds     model.Hold
	count, of int
	net       int
	causes    tallied
	says      string
	looks     Look
	field     model.FieldKind // that a breach holds
}

// finding is a limit held against a measure.
func (j *judgement) finding(name string, c measure) Finding {
	limit := j.limit(name)
	if losses[name] != nil {
		limit = limit.of(c.about)
	}
	f := Finding{Limit: name, About: c.about, Holds: c.holds, Count: c.count, Of: c.of, Net: c.net}
	if c.of > 0 {
		f.Value = float64(c.count) / float64(c.of)
	}
	if f.Breached = limit.breachedBy(c.count, c.of); f.Breached {
		f.Says, f.Causes, f.Looks, f.Field = c.says, c.causes.largest(), c.looks, c.field
		if name != SectionsMissing { // of which there is nothing to allow
			f.Says += "; " + limit.Allows()
		}
	}
	return f.under(limit)
}

// under is f with the limit that it was held against.
func (f Finding) under(limit Limit) Finding {
	f.Allowed, f.AtLeast, f.Off = limit.Percent/100, limit.AtLeast, limit.Off
	return f
}

// limit is the limit of a name; one that nobody set is off.
func (j *judgement) limit(name string) Limit {
	limit, ok := j.limits[name]
	switch {
	case !ok:
		return Limit{Off: true}
	case perNight[name]:
		return limit.after(j.Past.days)
	}
	return limit
}

// tallied counts causes.
type tallied map[string]int

// largest lists the largest causes; those of one size in order.
func (t tallied) largest() (causes []Cause) {
	for what, n := range t {
		causes = append(causes, Cause{what, n})
	}
	slices.SortFunc(causes, func(a, b Cause) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), words.CompareNames(a.What, b.What))
	})
	return causes[:min(len(causes), ShownCauses)]
}

// goes tells whether a change takes its record away. Of a group whose last day is over nothing goes.
func goes(c model.Change) bool {
	return (c.Action == model.End || c.Action == model.Delete) && c.Why != model.DaysOver
}

func (j *judgement) people() []Finding {
	pupils, staff := want.CountCurrent(j.State.Pupils), want.CountCurrent(j.State.Staff)
	pupilsGone, staffGone, pupilsBack, staffBack := 0, 0, 0, 0
	ofYears, ids := tallied{}, tallied{}
	for _, c := range j.Plan.Changes {
		back := btoi(c.Action == model.Reopen)
		switch r := c.Record().(type) {
		case model.Pupil:
			if pupilsBack += back; goes(c) {
				pupilsGone++
				ofYears[cmp.Or(words.Prefixed("year ", r.Year.String()), "no year")]++
			}
		case model.Staff:
			if staffBack += back; goes(c) {
				staffGone++
				ids["staff "+r.SourceID]++
			}
		}
	}
	return []Finding{
		j.finding(PupilsLeaving, measure{holds: model.HoldRemovals, count: pupilsGone, of: pupils,
			net: pupilsGone - pupilsBack, causes: ofYears,
			says: words.Share(pupilsGone, pupils) + " pupils would leave"}),
		j.finding(StaffLeaving, measure{holds: model.HoldRemovals, count: staffGone, of: staff,
			net: staffGone - staffBack, causes: ids,
			says: words.Share(staffGone, staff) + " staff would leave"}),
	}
}

func (j *judgement) groupName(id model.ID) string {
	g := j.groups[id]
	return fmt.Sprintf("%s %s #%s", g.GroupKind, words.Clean(g.Name), words.Clean(g.SourceID))
}
