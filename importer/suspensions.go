package importer

import (
	"fmt"
	"slices"
	"strings"

	"misimportd/era"
	"misimportd/mis"
	"misimportd/store/model"
)

// inForce is all suspensions and gaps that count: those of the file, and those that were
// entered by command.
func inForce(file []era.Suspension, stored []model.Suspension) []era.Suspension {
	all := slices.Clone(file)
	for _, s := range stored {
		if s.Origin == model.ByCommand {
			all = append(all, fromStored(s))
		}
	}
	return all
}

func fromStored(s model.Suspension) era.Suspension {
	plain := era.Suspension{Name: s.Name, Kind: era.Kind(s.Kind), From: s.StartsAt, To: s.EndsAt, Daily: s.Daily}
	for text := range strings.FieldsSeq(s.Years) {
		if year, err := era.ParseYear(text); err == nil {
			plain.Years = append(plain.Years, year)
		}
	}
	return plain
}

func toStored(s era.Suspension, origin string) model.Suspension {
	years := make([]string, len(s.Years))
	for i, y := range s.Years {
		years[i] = y.String()
	}
	return model.Suspension{Name: s.Name, Kind: string(s.Kind), StartsAt: s.From, EndsAt: s.To, Daily: s.Daily, Years: strings.Join(years, " "), Origin: origin}
}

// moved is a suspension of the file as the database has it and as the file has it now.
type moved struct{ had, want model.Suspension }

// matchSuspensions finds what the database holds of the file in the file again. One that moved is
// the same under its name and kind; several of one name are matched one by one.
func (w *Wanted) matchSuspensions(file []era.Suspension) (gone []model.Suspension, changed []moved, fresh []model.Suspension) {
	var had []model.Suspension
	for _, s := range file {
		fresh = append(fresh, toStored(s, model.InFile))
	}
	for _, h := range w.State.Suspensions {
		if h.Origin != model.InFile {
			continue
		}
		same := slices.IndexFunc(fresh, func(w model.Suspension) bool { w.ID = h.ID; return w == h })
		if same < 0 {
			had = append(had, h)
			continue
		}
		fresh = slices.Delete(fresh, same, same+1)
	}
	for _, h := range had {
		at := slices.IndexFunc(fresh, func(w model.Suspension) bool { return w.Name == h.Name && w.Kind == h.Kind })
		if at < 0 {
			gone = append(gone, h)
			continue
		}
		want := fresh[at]
		want.ID = h.ID
		changed = append(changed, moved{h, want})
		fresh = slices.Delete(fresh, at, at+1)
	}
	return gone, changed, fresh
}

// changeSuspensions brings what the database holds of the file to what the file says.
func (d *differ) changeSuspensions() {
	gone, changed, fresh := d.matchSuspensions(d.inFile)
	for _, h := range gone {
		d.plan.Change(model.Delete, h, nil, model.NotInTheFile)
	}
	for _, m := range changed {
		d.plan.Change(model.Update, m.had, m.want, model.InTheFile)
	}
	for _, w := range fresh {
		w.ID = d.plan.NewID()
		d.plan.Create(w, model.InTheFile)
	}
}

// notInTheFile lists what the database has of the file, and the file has no more.
func (w *Wanted) notInTheFile() (gone []era.Suspension) {
	stored, _, _ := w.matchSuspensions(w.inFile)
	for _, h := range stored {
		gone = append(gone, fromStored(h))
	}
	return gone
}

// suspendedDays is the stretches of days from the as-of date to the era's end on which a
// group of a year group, or of none, is suspended (R27).
func (w *Wanted) suspendedDays(year era.Year) []era.Interval {
	if found, ok := w.suspended[year]; ok {
		return found
	}
	var years []era.Year
	if year.Known() {
		years = []era.Year{year}
	}
	var apply []era.Suspension
	for _, s := range w.suspensions {
		if s.Kind == era.Suspend && s.NamesAll(years) {
			apply = append(apply, s)
		}
	}
	var stretches []era.Interval
	for date, last := w.AsOf, w.lastDay(); len(apply) > 0 && date <= last; date++ {
		from, to := w.schoolHours(date)
		if !era.Cover(apply, date, from, to) {
			continue
		}
		if n := len(stretches); n > 0 && stretches[n-1].To == date-1 {
			stretches[n-1].To = date
		} else {
			stretches = append(stretches, era.Interval{From: date, To: date})
		}
	}
	w.suspended[year] = stretches
	return stretches
}

// schoolHours is from the first period's start to the last one's end on a day, or the
// whole of a day that has none.
func (w *Wanted) schoolHours(date era.Date) (from, to era.Clock) {
	if w.hours == nil {
		w.hours = map[mis.PlaceInWeek][2]era.Clock{}
		for _, p := range w.Snap.Timetable.Periods {
			at := mis.PlaceInWeek{WeekID: p.WeekID, Weekday: p.Weekday}
			if h, ok := w.hours[at]; ok {
				w.hours[at] = [2]era.Clock{min(h[0], p.From), max(h[1], p.To)}
			} else {
				w.hours[at] = [2]era.Clock{p.From, p.To}
			}
		}
	}
	from, to = era.MinutesOfDay, 0
	for _, week := range w.Snap.Timetable.Allocations[date.Week()] {
		if h, ok := w.hours[mis.PlaceInWeek{WeekID: week, Weekday: int(date.Weekday())}]; ok {
			from, to = min(from, h[0]), max(to, h[1])
		}
	}
	if to == 0 {
		return 0, era.MinutesOfDay
	}
	return from, to
}

// knowsHours tells whether it is known when the school's days begin and end. A timetable
// that was there before and is missing tonight changes nothing (R34).
func (w *Wanted) knowsHours() bool {
	return w.Snap.Timetable.Speaks || len(w.State.LessonDays) == 0
}

// suspendGroups gives each wanted group the state of the as-of date (R27).
func (w *Wanted) suspendGroups() {
	stored := map[model.ID][]model.GroupSuspension{}
	for _, s := range w.State.GroupSuspensions {
		stored[s.GroupID] = append(stored[s.GroupID], s)
	}
	for i := range w.groups {
		g := &w.groups[i]
		g.Suspended = false
		if !w.knowsHours() || w.holdSuspend {
			for _, s := range stored[g.ID] {
				g.Suspended = g.Suspended || s.StartsOn <= w.AsOf && w.AsOf <= s.EndsOn
			}
			continue
		}
		for _, days := range w.suspendedDays(g.Year) {
			g.Suspended = g.Suspended || days.Contains(w.AsOf)
		}
	}
}

// changeGroupSuspensions plans the days on which groups are suspended. What was before the
// as-of date stays (R22).
func (d *differ) changeGroupSuspensions() {
	if !d.knowsHours() || d.holdSuspend {
		return
	}
	wanted := map[model.ID]model.Group{}
	for _, g := range d.groups {
		wanted[g.ID] = g
	}
	had := map[model.ID][]model.GroupSuspension{}
	var ids []model.ID
	for _, s := range d.State.GroupSuspensions {
		if len(had[s.GroupID]) == 0 {
			ids = append(ids, s.GroupID)
		}
		had[s.GroupID] = append(had[s.GroupID], s)
	}
	for _, g := range d.groups {
		if len(had[g.ID]) == 0 {
			ids = append(ids, g.ID)
		}
	}
	var p stretchPlan
	for _, id := range ids {
		var want []era.Interval
		if g, ok := wanted[id]; ok && (g.EndsOn == 0 || g.EndsOn >= d.AsOf) {
			for _, days := range d.suspendedDays(g.Year) {
				days.From = max(days.From, g.StartsOn)
				if g.EndsOn != 0 {
					days.To = min(days.To, g.EndsOn)
				}
				if !days.IsEmpty() {
					want = append(want, days)
				}
			}
		}
		p.change(d, id, had[id], want)
	}
	d.plan.Changes = slices.Concat(d.plan.Changes, p.deleted, p.ended, p.updated, p.created)
}

// stretchPlan gathers changes of stretches of days.
type stretchPlan struct{ deleted, ended, updated, created []model.Change }

// change takes a group's stretches from what they were to what they should be.
func (p *stretchPlan) change(d *differ, group model.ID, had []model.GroupSuspension, want []era.Interval) {
	want = slices.Clone(want)
	var open []model.GroupSuspension // without a partner yet
	for _, h := range had {
		if h.StartsOn < d.AsOf && len(want) > 0 && want[0].From == d.AsOf {
			want[0].From = h.StartsOn // it goes on
		}
		same := slices.IndexFunc(want, func(w era.Interval) bool { return w.From == h.StartsOn })
		switch {
		case same >= 0 && want[same].To == h.EndsOn:
			want = slices.Delete(want, same, same+1)
		case same >= 0:
			p.update(h, want[same])
			want = slices.Delete(want, same, same+1)
		case h.StartsOn < d.AsOf:
			after := h
			after.EndsOn = d.AsOf.AddDays(-1)
			p.ended = append(p.ended, model.Change{Action: model.End, Why: model.NotSuspended, Before: h, After: after})
		default:
			open = append(open, h)
		}
	}
	if len(open) == 1 && len(want) == 1 { // it is shifted
		p.update(open[0], want[0])
		return
	}
	for _, h := range open {
		p.deleted = append(p.deleted, model.Change{Action: model.Delete, Why: model.NotSuspended, Before: h})
	}
	for _, w := range want {
		p.created = append(p.created, model.Change{Action: model.Create, Why: model.Suspended, After: model.GroupSuspension{ID: d.plan.NewID(), GroupID: group, StartsOn: w.From, EndsOn: w.To}})
	}
}

func (p *stretchPlan) update(h model.GroupSuspension, to era.Interval) {
	after := h
	after.StartsOn, after.EndsOn = to.From, to.To
	p.updated = append(p.updated, model.Change{Action: model.Update, Why: model.Suspended, Before: h, After: after})
}

// reportSuspensions tells of suspensions that are accepted and may not be meant.
func (w *Wanted) reportSuspensions(eras []era.Era) {
	eras = append(eras, w.Era.Era) // which may not be there yet
	present := map[era.Year]bool{}
	for _, p := range w.pupils {
		present[p.Year] = true
	}
	for i, s := range w.suspensions {
		about := fmt.Sprintf("%s, %s", s.Name, s.FormatSpan())
		if !slices.ContainsFunc(eras, func(e era.Era) bool { return !e.IsPerpetual() && s.Days().Overlaps(e.Days()) }) {
			w.noteSuspension(s, mis.OutsideEras, "%s: no era has any of these days; it has no effect", about)
		}
		for _, y := range s.Years {
			if len(w.pupils) > 0 && !present[y] {
				w.noteSuspension(s, mis.NobodyInYear, "%s: nobody is in year %s", about, y)
			}
		}
		for _, other := range w.suspensions[:i] {
			if shareTime(s, other) {
				w.noteSuspension(s, mis.OverlapsAnother, "%s: it overlaps with %s, %s; both count", about, other.Name, other.FormatSpan())
			}
		}
	}
}

func (w *Wanted) noteSuspension(s era.Suspension, reason mis.Reason, format string, args ...any) {
	w.problems.Add(mis.Problem{Section: "suspensions", ID: s.Name, Reason: reason, Detail: fmt.Sprintf(format, args...)})
}

// shareTime tells whether two are of one kind, for some of the same years, and share a
// minute.
func shareTime(a, b era.Suspension) bool {
	common := len(a.Years) == 0 || len(b.Years) == 0 || slices.ContainsFunc(a.Years, func(y era.Year) bool { return slices.Contains(b.Years, y) })
	if a.Kind != b.Kind || !common || !a.Days().Overlaps(b.Days()) {
		return false
	}
	for date := max(a.Days().From, b.Days().From); date <= min(a.Days().To, b.Days().To); date++ {
		if from, to := a.On(date); b.Touches(date, from, to) {
			return true
		}
	}
	return false
}
