package importer

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"misimportd/mis"
	"misimportd/store"
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
	Holds    store.Hold `json:"holds,omitempty"` // what a breach holds
	Says     string     `json:"says,omitempty"`  // of a breach, in words
	Causes   []Cause    `json:"causes,omitempty"`
}

// Cause is a part of what a Finding counts. It names people by their ids.
type Cause struct {
	What  string `json:"what"`
	Count int    `json:"count"`
}

// shownCauses is how many of the largest causes are told.
const shownCauses = 10

// evidence is what the guard looks at.
type evidence struct {
	state    *store.State
	plan     store.Plan
	snap     *mis.Snapshot  // nil for an undo, as are those below
	differ   *differ        // that made the plan
	baseline map[string]int // records of each section at the last import of which nothing was held
	silences []silence
}

// judge holds a plan against limits. It is pure. The findings are in the order of
// LimitNames: one for each limit, or where it is judged for each section or each kind of
// group, for each of those that count.
func judge(limits Limits, e evidence) []Finding {
	j := &judgement{limits: limits, evidence: e, groups: map[store.ID]store.Group{}}
	for _, g := range e.state.Groups {
		j.groups[g.ID] = g
	}
	for _, c := range e.plan.Changes {
		if g, ok := c.Record().(store.Group); ok {
			j.groups[g.ID] = g
		}
	}
	j.people()
	j.groupsAndMemberships()
	j.lessons()
	if e.snap != nil {
		j.sections()
		j.document()
	}
	slices.SortStableFunc(j.findings, func(a, b Finding) int {
		return cmp.Compare(slices.Index(LimitNames, a.Limit), slices.Index(LimitNames, b.Limit))
	})
	return j.findings
}

// heldBy is the most that the findings hold.
func heldBy(findings []Finding, most store.Hold) store.Hold {
	hold := store.HoldNothing
	for _, f := range findings {
		if f.Breached {
			hold = wider(hold, f.Holds)
		}
	}
	if hold != store.HoldNothing && most == store.HoldAll {
		return store.HoldAll
	}
	return hold
}

func wider(a, b store.Hold) store.Hold {
	order := []store.Hold{store.HoldNothing, store.HoldSections, store.HoldRemovals, store.HoldAll}
	return order[max(slices.Index(order, a), slices.Index(order, b))]
}

type judgement struct {
	evidence
	limits   Limits
	groups   map[store.ID]store.Group
	findings []Finding
	said     struct{ pupils, staff map[string]bool } // who is in the document, by id
}

// find adds a finding: that so many, of so many, are what says tells.
func (j *judgement) find(name, about string, holds store.Hold, count, of int, causes tallied, says string) {
	limit := j.limit(name)
	f := Finding{Limit: name, About: about, Holds: holds, Count: count, Of: of}
	if of > 0 {
		f.Value = float64(count) / float64(of)
	}
	if f.Breached = limit.breachedBy(count, of); f.Breached {
		f.Says, f.Causes = says, causes.largest()
		if name != SectionsMissing { // of which there is nothing to allow
			f.Says += "; " + limit.allows()
		}
	}
	j.add(f, limit)
}

func (j *judgement) add(f Finding, limit Limit) {
	f.Allowed, f.AtLeast, f.Off = limit.Percent/100, limit.AtLeast, limit.Off
	j.findings = append(j.findings, f)
}

// limit is the limit of a name; one that nobody set is off.
func (j *judgement) limit(name string) Limit {
	if limit, ok := j.limits[name]; ok {
		return limit
	}
	return Limit{Off: true}
}

// tallied counts causes.
type tallied map[string]int

// largest lists the largest causes; those of one size in order.
func (t tallied) largest() (causes []Cause) {
	for what, n := range t {
		causes = append(causes, Cause{what, n})
	}
	slices.SortFunc(causes, func(a, b Cause) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), compareNames(a.What, b.What))
	})
	return causes[:min(len(causes), shownCauses)]
}

func share(count, of int) string {
	if of == 0 {
		return thousands(count)
	}
	return fmt.Sprintf("%s of %s (%.1f %%)", thousands(count), thousands(of), 100*float64(count)/float64(of))
}

// thousands writes 12345 as 12,345.
func thousands(n int) string {
	text := fmt.Sprint(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// goes tells whether a change takes its record away.
func goes(c store.Change) bool { return c.Action == store.End || c.Action == store.Delete }

func (j *judgement) people() {
	pupils, staff := 0, 0
	for _, p := range j.state.Pupils {
		if p.Current {
			pupils++
		}
	}
	for _, s := range j.state.Staff {
		if s.Current {
			staff++
		}
	}
	pupilsGone, staffGone := 0, 0
	ofYears, ids := tallied{}, tallied{}
	for _, c := range j.plan.Changes {
		if !goes(c) {
			continue
		}
		switch r := c.Record().(type) {
		case store.Pupil:
			pupilsGone++
			ofYears[cmp.Or(prefixed("year ", r.Year.String()), "no year")]++
		case store.Staff:
			staffGone++
			ids["staff "+r.SourceID]++
		}
	}
	j.find(PupilsLeaving, "", store.HoldRemovals, pupilsGone, pupils, ofYears, share(pupilsGone, pupils)+" pupils would leave")
	j.find(StaffLeaving, "", store.HoldRemovals, staffGone, staff, ids, share(staffGone, staff)+" staff would leave")
}

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

// large is from how many members on a group's losses count by themselves.
const large = 5

// groupsAndMemberships judges each kind of group by itself: what is much for forms is little
// beside all sets.
func (j *judgement) groupsAndMemberships() {
	type sum struct {
		living, members, ending, leaving int
		ofYears, ofGroups                tallied
	}
	sums := map[string]*sum{}
	of := func(group store.ID) *sum {
		kind := j.groups[group].GroupKind
		if sums[kind] == nil {
			sums[kind] = &sum{ofYears: tallied{}, ofGroups: tallied{}}
		}
		return sums[kind]
	}
	of(0) // so that there is a finding always
	for _, g := range j.state.Groups {
		if g.Current {
			of(g.ID).living++
		}
	}
	members, lost, ending := map[store.ID]int{}, map[store.ID]int{}, map[store.ID]bool{}
	for i := range j.state.Memberships {
		members[j.state.Memberships[i].GroupID]++
	}
	for group, n := range members {
		of(group).members += n
	}
	for _, c := range j.plan.Changes {
		if !goes(c) {
			continue
		}
		switch r := c.Record().(type) {
		case store.Group:
			ending[r.ID] = true
			of(r.ID).ending++
			of(r.ID).ofYears[strings.TrimSpace(r.GroupKind+"s "+prefixed("of year ", r.Year.String()))]++
		case store.Membership:
			if c.Why != store.Doubled {
				lost[r.GroupID]++
				of(r.GroupID).leaving++
				of(r.GroupID).ofGroups[j.groupName(r.GroupID)]++
			}
		}
	}
	kinds := slices.DeleteFunc(slices.Sorted(maps.Keys(sums)), func(kind string) bool { return kind == "" && len(sums) > 1 })
	for _, kind := range kinds {
		s := sums[kind]
		j.find(GroupsEnding, kind, store.HoldRemovals, s.ending, s.living, s.ofYears, fmt.Sprintf("%s %ss would end", share(s.ending, s.living), kind))
		j.find(MembershipsEnding, kind, store.HoldRemovals, s.leaving, s.members, s.ofGroups, fmt.Sprintf("%s memberships of %ss would end", share(s.leaving, s.members), kind))
	}
	j.shrinking(members, lost, ending)
}

// shrinking looks for groups that go on and lose most of their members. The percentage is
// of each group's members; what is counted is the groups.
func (j *judgement) shrinking(members, lost map[store.ID]int, ending map[store.ID]bool) {
	limit := j.limit(GroupsShrinking)
	if limit.Off {
		limit.Percent = DefaultLimits()[GroupsShrinking].Percent
	}
	f := Finding{Limit: GroupsShrinking, Holds: store.HoldRemovals}
	causes := tallied{}
	for id, n := range members {
		if n < large || ending[id] {
			continue
		}
		f.Of++
		share := float64(lost[id]) / float64(n)
		f.Value = max(f.Value, share)
		if share*100 > limit.Percent {
			f.Count++
			causes[fmt.Sprintf("%s, of %d members", j.groupName(id), n)] = lost[id]
		}
	}
	if f.Breached = !limit.Off && f.Count > 0 && f.Count >= limit.AtLeast; f.Breached {
		f.Causes = causes.largest()
		f.Says = fmt.Sprintf("%s of %s groups with %d members or more would each lose more than %g %% of them; allowed are fewer than %d such groups",
			thousands(f.Count), thousands(f.Of), large, limit.Percent, max(1, limit.AtLeast))
	}
	j.add(f, limit)
}

func (j *judgement) groupName(id store.ID) string {
	g := j.groups[id]
	return fmt.Sprintf("%s %s #%s", g.GroupKind, clean(g.Name), clean(g.SourceID))
}

func (j *judgement) lessons() {
	removed, suspended, uncommitted, suspensions := 0, 0, 0, 0
	why, by, kinds, names := tallied{}, tallied{}, tallied{}, tallied{}
	going := map[store.ID]bool{}
	for _, c := range j.plan.Changes {
		l, ok := c.Record().(store.Lesson)
		if !ok || !goes(c) {
			continue
		}
		going[l.ID] = true
		if strings.HasPrefix(string(c.Why), string(store.InGap)) { // somebody entered it
			suspended++
			by[clean(string(c.Why))]++
			continue
		}
		removed++
		why[clean(string(c.Why)+": "+cmp.Or(l.Code, l.Kind))]++ // a name may be a pupil's
	}
	for _, c := range j.plan.Changes {
		switch r := c.Record().(type) {
		case store.Lesson:
			if before, ok := c.Before.(store.Lesson); ok && c.After != nil && r.Suspended && !before.Suspended {
				suspended++
				by[clean(string(c.Why))]++
			}
		case store.Commitment:
			if goes(c) && !going[r.LessonID] {
				uncommitted++
				kinds[j.kindOf(r.ElementID)]++
			}
		case store.Suspension:
			if goes(c) {
				suspensions++
				names[clean(r.Name)]++
			}
		}
	}
	j.find(LessonsRemoved, "", store.HoldRemovals, removed, j.state.LessonsAhead, why, share(removed, j.state.LessonsAhead)+" lessons would be removed")
	j.find(CommitmentsEnding, "", store.HoldRemovals, uncommitted, j.state.CommitmentsAhead, kinds, share(uncommitted, j.state.CommitmentsAhead)+" places of groups, staff and rooms in lessons would end")
	j.find(LessonsSuspended, "", store.HoldRemovals, suspended, j.state.LessonsAhead, by, share(suspended, j.state.LessonsAhead)+" lessons would be suspended, or fall into gaps, that are not")
	j.find(SuspensionsRemoved, "", store.HoldRemovals, suspensions, len(j.state.Suspensions), names, share(suspensions, len(j.state.Suspensions))+" suspensions and gaps would be removed")
}

// kindOf is what an element is that a lesson takes.
func (j *judgement) kindOf(id store.ID) string {
	if j.differ != nil {
		if kind := j.differ.kinds[id]; kind != "" {
			return kind
		}
	}
	return "element"
}
