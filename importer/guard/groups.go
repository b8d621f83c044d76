package guard

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"misimportd/era"
	"misimportd/importer/want"
	"misimportd/importer/words"
	"misimportd/mis"
	"misimportd/store/model"
)

// large is from how many members on a group's losses count by themselves.
const large = 5

// kindSum is what happens to the groups of one kind.
type kindSum struct {
	living, members                        int
	ending, back, leaving, moving, joining int
	ofYears, ofGroups, movingIn            tallied
}

// groupsAndMemberships judges each kind of group by itself: what is much for forms is little
// beside all sets. A move within a kind is no loss (R37).
func (j *judgement) groupsAndMemberships() (found []Finding) {
	p := j.places()
	sums := map[string]*kindSum{}
	of := func(group model.ID) *kindSum {
		kind := j.groups[group].GroupKind
		if sums[kind] == nil {
			sums[kind] = &kindSum{ofYears: tallied{}, ofGroups: tallied{}, movingIn: tallied{}}
		}
		return sums[kind]
	}
	of(0) // so that there is a finding always
	for _, g := range j.State.Groups {
		if !j.derived[g.ID] {
			of(g.ID).living += btoi(g.Current)
		}
	}
	for group, n := range p.members {
		of(group).members += n
	}
	for _, c := range j.Plan.Changes {
		if g, ok := c.Record().(model.Group); ok && !j.derived[g.ID] {
			of(g.ID).back += btoi(c.Action == model.Reopen)
			if goes(c) || isCut(c) {
				of(g.ID).ending++
				of(g.ID).ofYears[strings.TrimSpace(model.Kinds(g.GroupKind)+" "+words.Prefixed("of year ",
					g.Year.String()))]++
			}
		}
	}
	for group, n := range p.lost {
		if n -= p.gone[group]; n > 0 {
			of(group).leaving += n
			of(group).ofGroups[j.groupName(group)] += n
		}
	}
	for group, n := range p.moved {
		of(group).moving += n
		of(group).movingIn[cmp.Or(words.Prefixed("year ", j.groups[group].Year.String()), "no year")] += n
	}
	for group, n := range p.again {
		of(group).joining += n
	}
	kinds := slices.DeleteFunc(slices.Sorted(maps.Keys(sums)),
		func(kind string) bool { return kind == "" && len(sums) > 1 })
	for _, kind := range kinds {
		found = append(found, j.kind(kind, sums[kind])...)
	}
	return append(found, j.shrinking(p), j.emptied(p))
}

// isCut tells whether an activity ends sooner than it did.
func isCut(c model.Change) bool {
	before, _ := c.Before.(model.Group)
	after, ok := c.After.(model.Group)
	return ok && c.Action == model.Update && after.GroupKind == model.ActivityGroup && isSooner(after.EndsOn,
		before.EndsOn)
}

// isLess tells whether a membership of an activity gets fewer days.
func (j *judgement) isLess(c model.Change) bool {
	before, _ := c.Before.(model.Membership)
	after, ok := c.After.(model.Membership)
	return ok && c.Action == model.Update && j.groups[after.GroupID].GroupKind == model.ActivityGroup &&
		(isSooner(after.EndsOn, before.EndsOn) || after.StartsOn > before.StartsOn)
}

// endsSoon tells whether a membership of an activity is cut to a few days: that is as if it ended.
func (j *judgement) endsSoon(c model.Change) bool {
	const few = 7
	after, ok := c.After.(model.Membership)
	return ok && j.isLess(c) && j.Wanted != nil && after.EndsOn != 0 && after.EndsOn < j.Wanted.AsOf.AddDays(few)
}

// isSooner tells whether a last day comes before another one, of which 0 is none.
func isSooner(a, b era.Date) bool { return a != 0 && (b == 0 || a < b) }

// protected judges the groups that a person named, each by itself.
func (j *judgement) protected() (found []Finding) {
	for _, name := range j.Protected {
		f := Finding{Limit: ProtectedGroups, About: name, Holds: model.HoldRemovals}
		for _, m := range j.State.Memberships {
			f.Of += btoi(isCalled(j.groups[m.GroupID], name))
		}
		causes := tallied{}
		for _, c := range j.Plan.Changes {
			m, ok := c.Record().(model.Membership)
			isLess := goes(c) && c.Why != model.Doubled || j.isLess(c)
			if ok && isLess && isCalled(j.groups[m.GroupID], name) {
				f.Count++
				causes[j.groupName(m.GroupID)]++
			}
		}
		if f.Breached = f.Count > 0; f.Breached {
			f.Value, f.Causes = float64(f.Count)/float64(max(1, f.Of)), causes.largest()
			f.Says = fmt.Sprintf("%s members of %s would go, which is protected", words.Share(f.Count, f.Of), name)
		}
		found = append(found, f)
	}
	return found
}

// isCalled tells whether a group is the one that somebody wrote as its kind and its id, or its name.
func isCalled(g model.Group, name string) bool {
	kind, id, _ := strings.Cut(name, "/")
	return g.ID != 0 && g.GroupKind == kind && (g.SourceID == id || strings.EqualFold(g.Name, id))
}

// UnknownProtected tells of protected groups that are not there.
func UnknownProtected(names []string, w *want.Wanted) (problems []mis.Problem) {
	for _, name := range names {
		is := func(g model.Group) bool { return isCalled(g, name) }
		if !slices.ContainsFunc(w.Groups, is) && !slices.ContainsFunc(w.State.Groups, is) {
			problems = append(problems, mis.Problem{Section: "guard", ID: name, Reason: mis.UnknownGroup,
				Detail: "protected: there is no such group; write its kind and its id, as set/1234"})
		}
	}
	return problems
}

func (j *judgement) kind(kind string, s *kindSum) []Finding {
	return []Finding{
		j.finding(GroupsEnding, measure{about: kind, holds: model.HoldRemovals, count: s.ending, of: s.living,
			net: s.ending - s.back, causes: s.ofYears,
			says: fmt.Sprintf("%s %s would end", words.Share(s.ending, s.living), model.Kinds(kind))}),
		j.finding(MembershipsEnding, measure{about: kind, holds: model.HoldRemovals, count: s.leaving, of: s.members,
			net: s.leaving - s.joining, causes: s.ofGroups,
			says: fmt.Sprintf("%s memberships of %s would end", words.Share(s.leaving, s.members), model.Kinds(kind))}),
		j.finding(MembershipsMoving, measure{about: kind, holds: model.HoldRemovals, count: s.moving, of: s.members,
			causes: s.movingIn,
			says: fmt.Sprintf("%s memberships would move to other %s of the same year",
				words.Share(s.moving, s.members), model.Kinds(kind))}),
	}
}

// places is who is in which group, and what becomes of that.
type places struct {
	members map[model.ID]int // of each group
	lost    map[model.ID]int // who leaves and does not move
	moved   map[model.ID]int // who leaves for another group of the kind and the year
	joined  map[model.ID]int // all who join
	again   map[model.ID]int // who joins, was there before and comes from no other group
	gone    map[model.ID]int // who leaves with the school, which is counted there
	ended   map[model.ID]int // all rows that go
}

// post is where a member can be, but for the group: who moves stays in it.
type post struct {
	member model.ID
	kind   string
	year   era.Year
}

func (j *judgement) post(m model.Membership) post {
	g := j.groups[m.GroupID]
	return post{m.ElementID, g.GroupKind, g.Year}
}

// places pairs who leaves a group with who joins another one.
func (j *judgement) places() places {
	p := places{map[model.ID]int{}, map[model.ID]int{}, map[model.ID]int{}, map[model.ID]int{}, map[model.ID]int{},
		map[model.ID]int{}, map[model.ID]int{}}
	for i := range j.State.Memberships {
		if group := j.State.Memberships[i].GroupID; !j.derived[group] {
			p.members[group]++
		}
	}
	joining := map[post][]model.ID{} // of who leaves something: a first import is large, and nobody does
	var leaving []model.Membership
	for _, c := range j.Plan.Changes {
		if m, ok := c.Record().(model.Membership); ok && (goes(c) || j.endsSoon(c)) && !j.derived[m.GroupID] {
			p.ended[m.GroupID]++
			p.gone[m.GroupID] += btoi(c.Why == model.MemberGone)
			if c.Why != model.Doubled {
				leaving = append(leaving, m)
				joining[j.post(m)] = nil
			}
		}
	}
	for _, c := range j.Plan.Changes {
		m, ok := c.Record().(model.Membership)
		if !ok || c.Action != model.Create && c.Action != model.Reopen || j.derived[m.GroupID] {
			continue
		}
		p.joined[m.GroupID]++
		if others, leaves := joining[j.post(m)]; leaves {
			joining[j.post(m)] = append(others, m.GroupID)
		} else if m.ElementID > 0 {
			p.again[m.GroupID]++
		}
	}
	for _, m := range leaving {
		others := joining[j.post(m)]
		at := slices.IndexFunc(others, func(group model.ID) bool { return group != m.GroupID })
		if at < 0 { // it may be the same group, on other days
			p.lost[m.GroupID]++
			continue
		}
		p.moved[m.GroupID]++
		joining[j.post(m)] = slices.Delete(slices.Clone(others), at, at+1)
	}
	for _, groups := range joining {
		for _, group := range groups {
			p.again[group]++
		}
	}
	return p
}

// shrinking looks for groups that go on and lose most of their members. The percentage is
// of each group's members; what is counted is the groups.
func (j *judgement) shrinking(p places) Finding {
	limit := j.limit(GroupsShrinking)
	if limit.Off {
		limit.Percent = DefaultLimits()[GroupsShrinking].Percent
	}
	f := Finding{Limit: GroupsShrinking, Holds: model.HoldRemovals}
	causes := tallied{}
	for id, n := range p.members {
		if n < large || j.ending[id] {
			continue
		}
		f.Of++
		share := float64(p.lost[id]) / float64(n)
		f.Value = max(f.Value, share)
		if share*100 > limit.Percent {
			f.Count++
			causes[fmt.Sprintf("%s, of %d members", j.groupName(id), n)] = p.lost[id]
		}
	}
	if f.Breached = !limit.Off && f.Count > 0 && f.Count >= limit.AtLeast; f.Breached {
		f.Causes = causes.largest()
		f.Says = fmt.Sprintf("%s of %s groups with %d members or more would each lose more than %g %% of them; "+
			"allowed are fewer than %d such groups",
			words.Thousands(f.Count), words.Thousands(f.Of), large, limit.Percent, max(1, limit.AtLeast))
	}
	return f.under(limit)
}

// emptied looks for groups that go on and have nobody left, though most of their members go
// nowhere else of that kind.
func (j *judgement) emptied(p places) Finding {
	found := measure{holds: model.HoldRemovals, causes: tallied{}}
	for id, n := range p.members {
		if n < large || j.ending[id] {
			continue
		}
		found.of++
		if p.ended[id] == n && p.joined[id] == 0 && 2*p.lost[id] > n {
			found.count++
			found.causes[fmt.Sprintf("%s, of %d members", j.groupName(id), n)] = n
		}
	}
	found.says = fmt.Sprintf("%s of %s groups with %d members or more would go on with nobody in them, and their "+
		"members go nowhere else",
		words.Thousands(found.count), words.Thousands(found.of), large)
	return j.finding(GroupsEmptied, found)
}
