// Package years plans the turn of the school year: an era gets other days, goes, or is rolled into
// the next one; and it tells which step comes next. It is pure. It must never know a document, a
// database or a clock.
package years

import (
	"fmt"

	"misimportd/era"
	"misimportd/era/hint"
	"misimportd/store/model"
)

// Year is what the plans are made from: the eras, what one of them holds, and the day.
type Year struct {
	Calendar model.Calendar
	Holds    model.Belongings
	Today    era.Date
}

// All is no day of any era: what an era holds outside of it is all that it holds.
var All = era.Interval{From: era.NewDate(2200, 1, 1), To: era.NewDate(2200, 1, 1)}

// Remove plans that an era goes, which has to hold nothing.
func (y Year) Remove(plan *model.Plan, e model.Era) error {
	settings := y.Calendar.Settings
	switch {
	case e.IsPerpetual():
		return fmt.Errorf("era %s is the perpetual one, which stays", e.Name)
	case e.ID == settings.CurrentEraID:
		return fmt.Errorf("era %s is the current one: set another current first, with \"%s\"", e.Name,
			hint.Command("era set current"))
	case len(y.Holds.Groups) > 0 || len(y.Holds.Lessons) > 0:
		return fmt.Errorf("era %s holds %d groups and %d lessons, and stays for them", e.Name, len(y.Holds.Groups),
			len(y.Holds.Lessons))
	}
	after := settings
	for _, which := range []*model.ID{&after.NextEraID, &after.PreviousEraID} {
		if *which == e.ID {
			*which = 0
		}
	}
	if after != settings {
		plan.Change(model.Update, settings, after, model.ByHand)
	}
	plan.Change(model.Delete, e, nil, model.ByHand)
	return nil
}

// Edit plans that an era gets another name or other days. What began on its first day or ended on
// its last does so on the new ones; what reaches beyond them is cut, and lessons on days that are
// none of it any more go. It is refused where that would take away what was before today.
func (y Year) Edit(plan *model.Plan, was model.Era, now era.Era) error {
	if err := y.check(was, now); err != nil {
		return err
	}
	if was.Era == now {
		return nil
	}
	m := move{was: was.Days(), now: now.Days()}
	if !was.IsPerpetual() && m.was != m.now {
		if err := y.checkHistory(m, now); err != nil {
			return err
		}
	}
	changed := was
	changed.Era = now
	plan.Change(model.Update, was, changed, model.ByHand)
	if was.IsPerpetual() || m.was == m.now {
		return nil
	}
	y.dropLessons(plan)
	return y.moveGroups(plan, m)
}

// check tells whether the eras can be so.
func (y Year) check(was model.Era, now era.Era) error {
	if was.IsPerpetual() {
		if now.StartsOn != was.StartsOn || now.EndsOn != 0 {
			return fmt.Errorf("era %s is the perpetual one: it has no other days", was.Name)
		}
		now.EndsOn = now.StartsOn + 1 // its name alone is looked at
	}
	if now.EndsOn <= now.StartsOn {
		return fmt.Errorf("era %s would be from %s to %s: its last day has to come after its first", was.Name,
			now.StartsOn,
			now.EndsOn)
	}
	if err := now.Check(); err != nil {
		return err
	}
	for _, other := range y.Calendar.Eras {
		switch {
		case other.ID == was.ID:
		case other.Name == now.Name:
			return fmt.Errorf("there is an era %s already: choose another name", other)
		case !was.IsPerpetual() && !other.IsPerpetual() && other.Days().Overlaps(now.Days()):
			return fmt.Errorf("era %s overlaps era %s: choose other dates", now, other)
		}
	}
	return nil
}

// move is how the days of an era change.
type move struct{ was, now era.Interval }

func (m move) first(d era.Date) era.Date {
	if d == m.was.From {
		return m.now.From
	}
	return max(d, m.now.From)
}

func (m move) last(d era.Date) era.Date {
	switch d {
	case 0: // without end
		return 0
	case m.was.To:
		return m.now.To
	}
	return min(d, m.now.To)
}

// of is what becomes of a stretch of days.
func (m move) of(i era.Interval) era.Interval {
	return era.Interval{From: m.first(i.From), To: m.last(i.To)}
}

// checkHistory refuses to take away days that are over, and groups that would have none left.
func (y Year) checkHistory(m move, now era.Era) error {
	for _, g := range y.Holds.Groups {
		life := m.of(g.Life())
		if life.IsEmpty() {
			return fmt.Errorf("era %s cannot be from %s: %s %s #%s, from %s, would have no day left", now.Name, m.now,
				g.GroupKind, g.Name, g.SourceID, g.Life())
		}
		if g.StartsOn < life.From && g.StartsOn < y.Today {
			return fmt.Errorf("era %s cannot begin on %s: %s %s #%s was there from %s on, and what was is not changed",
				now.Name, m.now.From, g.GroupKind, g.Name, g.SourceID, g.StartsOn)
		}
		if life.To != 0 && life.To < g.EndsOn && life.To < y.Today-1 {
			return fmt.Errorf("era %s cannot end on %s: %s %s #%s was there after that, and what was is not changed; "+
				"the last day can be %s at the earliest", now.Name, m.now.To, g.GroupKind, g.Name, g.SourceID,
				y.Today-1)
		}
	}
	for _, l := range y.Holds.Lessons {
		switch {
		case l.OnDate < y.Today:
			return fmt.Errorf("era %s cannot be from %s: it had lessons on %s, and what was is not changed", now.Name,
				m.now, l.OnDate)
		case l.DatasourceID == 0:
			return fmt.Errorf("era %s cannot be from %s: lesson %s on %s is not the MIS's and would go; move it first",
				now.Name, m.now, l.Code, l.OnDate)
		}
	}
	return nil
}

// dropLessons plans that the lessons go that the era does not hold any more.
func (y Year) dropLessons(plan *model.Plan) {
	gone := map[model.ID]bool{}
	for _, l := range y.Holds.Lessons {
		gone[l.ID] = true
	}
	for _, c := range y.Holds.Commitments {
		if gone[c.LessonID] {
			plan.Change(model.Delete, c, nil, model.FollowsEra)
		}
	}
	for _, l := range y.Holds.Lessons {
		plan.Change(model.Delete, l, nil, model.FollowsEra)
	}
}

// moveGroups plans the new days of groups and of what is in them. A group first gets the days that
// it has before or after, and last those that it has after: so no membership is ever outside (R19).
func (y Year) moveGroups(plan *model.Plan, m move) error {
	between := map[model.ID]model.Group{}
	for _, g := range y.Holds.Groups {
		wide, life := g, m.of(g.Life())
		wide.StartsOn = min(g.StartsOn, life.From)
		if life.To == 0 || life.To > wide.EndsOn && wide.EndsOn != 0 {
			wide.EndsOn = life.To
		}
		if wide != g {
			plan.Change(model.Update, g, wide, model.FollowsEra)
		}
		between[g.ID] = wide
	}
	for _, d := range y.Holds.GroupSuspensions {
		days := era.Interval{From: max(d.StartsOn, m.now.From), To: min(d.EndsOn, m.now.To)}
		moveRow(plan, d, days, func(d *model.GroupSuspension) { d.StartsOn, d.EndsOn = days.From, days.To })
	}
	for _, member := range y.Holds.Memberships {
		days := m.of(era.Interval{From: member.StartsOn, To: member.EndsOn})
		if y.Holds.Gone[member.ElementID] && member.EndsOn != 0 { // who has left does not come back by it
			days.To = min(days.To, member.EndsOn)
		}
		moveRow(plan, member, days, func(member *model.Membership) {
			member.StartsOn, member.EndsOn = days.From,
				days.To
		})
	}
	for _, g := range y.Holds.Groups {
		wide, after := between[g.ID], g
		life := m.of(g.Life())
		after.StartsOn, after.EndsOn = life.From, life.To
		if after != wide {
			plan.Change(model.Update, wide, after, model.FollowsEra)
		}
	}
	return nil
}

// moveRow plans the new days of a row, which goes if it has none.
func moveRow[T interface {
	comparable
	model.Record
}](plan *model.Plan, before T, days era.Interval, set func(*T)) {
	after := before
	set(&after)
	switch {
	case days.IsEmpty():
		plan.Change(model.Delete, before, nil, model.FollowsEra)
	case after != before:
		plan.Change(model.Update, before, after, model.FollowsEra)
	}
}

// Following is the academic year that comes after an era, as it is entered on a day by itself: it begins
// on the day after the era, or later if that is long over, and ends before academic years begin.
func Following(e era.Era, today era.Date, starts era.MonthDay) era.Era {
	if year := era.Academic(today, starts); year.StartsOn > e.EndsOn {
		return year
	}
	next := era.Academic(e.EndsOn+1, starts)
	if next.StartsOn <= e.EndsOn { // the days between belong to the year that comes
		next = era.Academic(next.EndsOn+1, starts)
	}
	next.StartsOn = e.EndsOn + 1
	return next
}
