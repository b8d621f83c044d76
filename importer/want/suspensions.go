package want

import (
	"fmt"
	"slices"

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
			all = append(all, model.FromStored(s))
		}
	}
	return all
}

// moved is a suspension of the file as the database has it and as the file has it now.
type moved struct{ Had, Want model.Suspension }

// MatchSuspensions finds what the database holds of the file in the file again. One that moved is
// the same under its name and kind; several of one name are matched one by one.
func (w *Wanted) MatchSuspensions(file []era.Suspension) (gone []model.Suspension, changed []moved,
	fresh []model.Suspension) {
	var had []model.Suspension
	for _, s := range file {
		fresh = append(fresh, model.ToStored(s, model.InFile))
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

// notInTheFile lists what the database has of the file, and the file has no more.
func (w *Wanted) notInTheFile() (gone []era.Suspension) {
	stored, _, _ := w.MatchSuspensions(w.InFile)
	for _, h := range stored {
		gone = append(gone, model.FromStored(h))
	}
	return gone
}

// SuspendedDays is the stretches of days from the as-of date to the era's end on which a
// group of a year group, or of none, is suspended (R27).
func (w *Wanted) SuspendedDays(year era.Year) []era.Interval {
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

// KnowsHours tells whether it is known when the school's days begin and end. A timetable
// that was there before and is missing tonight changes nothing (R34).
func (w *Wanted) KnowsHours() bool {
	return w.Snap.Timetable.Speaks || w.timetabledDays() == 0
}

// suspendGroups gives each wanted group the state of the as-of date (R27).
func (w *Wanted) suspendGroups() {
	stored := map[model.ID][]model.GroupSuspension{}
	for _, s := range w.State.GroupSuspensions {
		stored[s.GroupID] = append(stored[s.GroupID], s)
	}
	for i := range w.Groups {
		g := &w.Groups[i]
		g.Suspended = false
		if !w.KnowsHours() || w.HoldSuspend {
			for _, s := range stored[g.ID] {
				g.Suspended = g.Suspended || s.StartsOn <= w.AsOf && w.AsOf <= s.EndsOn
			}
			continue
		}
		for _, days := range w.SuspendedDays(g.Year) {
			g.Suspended = g.Suspended || days.Contains(w.AsOf)
		}
	}
}

// ReportSuspensions tells of suspensions that are accepted and may not be meant.
func (w *Wanted) ReportSuspensions(eras []era.Era) {
	eras = append(eras, w.Era.Era) // which may not be there yet
	present := map[era.Year]bool{}
	for _, p := range w.Pupils {
		present[p.Year] = true
	}
	for i, s := range w.suspensions {
		about := fmt.Sprintf("%s, %s", s.Name, s.FormatSpan())
		if !slices.ContainsFunc(eras, func(e era.Era) bool { return !e.IsPerpetual() && s.Days().Overlaps(e.Days()) }) {
			w.noteSuspension(s, mis.OutsideEras, "%s: no era has any of these days; it has no effect", about)
		}
		for _, y := range s.Years {
			if len(w.Pupils) > 0 && !present[y] {
				w.noteSuspension(s, mis.NobodyInYear, "%s: nobody is in year %s", about, y)
			}
		}
		for _, other := range w.suspensions[:i] {
			if shareTime(s, other) {
				w.noteSuspension(s, mis.OverlapsAnother, "%s: it overlaps with %s, %s; both count", about, other.Name,
					other.FormatSpan())
			}
		}
	}
}

func (w *Wanted) noteSuspension(s era.Suspension, reason mis.Reason, format string, args ...any) {
	w.Problems.Add(mis.Problem{Section: "suspensions", ID: s.Name, Reason: reason,
		Detail: fmt.Sprintf(format, args...)})
}

// shareTime tells whether two are of one kind, for some of the same years, and share a
// minute.
func shareTime(a, b era.Suspension) bool {
	common := len(a.Years) == 0 || len(b.Years) == 0 ||
		slices.ContainsFunc(a.Years, func(y era.Year) bool { return slices.Contains(b.Years, y) })
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
