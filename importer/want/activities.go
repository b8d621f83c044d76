package want

import (
	"cmp"
	"slices"

	"misimportd/era"
	"misimportd/mis"
	"misimportd/store/model"
)

// wantActivities wants the groups of activities, each on days of its own within the era.
func (w *Wanted) wantActivities() {
	if w.LeavesOthers() {
		w.stayAsTheyAre(model.ActivityGroup)
		return
	}
	have := w.groupsOf(model.ActivityGroup)
	had := BySource(have)
	var groups []model.Group
	for _, a := range w.Snap.Activities.Records {
		if days := w.daysLeft(a.Days); !days.IsEmpty() {
			groups = append(groups, w.activity(had[a.ID], a, days))
		} else {
			w.over[Ref{model.ActivityGroup, a.ID}] = true
		}
	}
	w.Groups = append(w.Groups, keep(w, groups, w.living(have), &w.Snap.Activities)...)
}

// daysLeft is the days from the as-of date to the era's end that are among those of a group or a membership.
func (w *Wanted) daysLeft(days era.Interval) era.Interval {
	days.From = max(days.From, w.AsOf)
	if w.Era.EndsOn != 0 && (days.To == 0 || days.To > w.Era.EndsOn) {
		days.To = w.Era.EndsOn
	}
	return days
}

// activity is a wanted activity, of which these days are left. Nothing before the as-of date changes (R22).
func (w *Wanted) activity(have model.Group, a mis.Activity, days era.Interval) model.Group {
	g := w.group(model.Group{}, a.ID, model.ActivityGroup, a.Name, era.NoYear)
	g.StartsOn, g.EndsOn = days.From, days.To
	if have.ID == 0 {
		return g
	}
	g.ID = have.ID
	if have.StartsOn < w.AsOf {
		g.StartsOn = have.StartsOn
	}
	if w.Hold && w.IsLiving(have) && have.Current { // what it has of its life stays
		g.StartsOn, g.EndsOn = min(g.StartsOn, have.StartsOn), longer(g.EndsOn, have.EndsOn)
	}
	return g
}

// longer is the later of two last days, of which 0 is none.
func longer(a, b era.Date) era.Date {
	if a == 0 || b == 0 {
		return 0
	}
	return max(a, b)
}

// wantActivityMembers puts pupils into the activities, each on days of their own.
func (w *Wanted) wantActivityMembers() {
	if w.LeavesOthers() {
		return
	}
	groups, pupils := map[string]model.Group{}, w.importedPupils()
	for _, g := range w.Groups {
		if g.GroupKind == model.ActivityGroup {
			groups[g.SourceID] = g
		}
	}
	if len(groups) == 0 {
		return
	}
	for _, m := range w.Snap.ActivityLinks.Records {
		g, pupil := groups[m.ActivityID], pupils[m.PupilID]
		days := within(w.daysLeft(m.Days), g.Life())
		if g.ID == 0 || pupil == 0 || days.IsEmpty() {
			continue
		}
		p := Pair{g.ID, pupil}
		if len(w.OwnDays[p]) == 0 {
			w.Memberships = append(w.Memberships, p)
		}
		w.OwnDays[p] = append(w.OwnDays[p], days)
	}
	for p, days := range w.OwnDays {
		w.OwnDays[p] = joined(days)
	}
	sources := w.pupilSources()
	w.keepMembers(model.ActivityGroup, func(g model.Group, m model.Membership) bool {
		return w.isUnread(sources, m.ElementID) || w.Kept[g.ID] == silent ||
			w.Snap.ActivityLinks.SilentOn(g.SourceID)
	})
}

// within is the days of a that are days of life too. A last day of 0 is none.
func within(a, life era.Interval) era.Interval {
	a.From = max(a.From, life.From)
	if life.To != 0 && (a.To == 0 || a.To > life.To) {
		a.To = life.To
	}
	return a
}

// joined is stretches of days in order, of which those are one that share a day or follow each other.
func joined(days []era.Interval) (list []era.Interval) {
	slices.SortFunc(days, func(a, b era.Interval) int { return cmp.Compare(a.From, b.From) })
	for _, d := range days {
		if n := len(list); n > 0 && (list[n-1].To == 0 || d.From <= list[n-1].To+1) {
			list[n-1].To = longer(list[n-1].To, d.To)
			continue
		}
		list = append(list, d)
	}
	return list
}
