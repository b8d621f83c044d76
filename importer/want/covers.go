package want

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"misimportd/era"
	"misimportd/importer/words"
	"misimportd/mis"
	"misimportd/store/model"
)

// Cover says that a member of staff takes the place of another in a lesson.
type Cover struct {
	By, Of   model.ID
	SourceID string // in the MIS; "" for one that a person entered
}

// CoverRules say which of the MIS's covers count.
type CoverRules struct {
	ValidIf []mis.CoverFlag // all of these; none means whatever they are
}

// covers are the MIS's, placed on the days of the timetable: by day, and by the lesson's index there.
type covers struct {
	on       map[era.Date]map[int][]mis.Cover
	isSilent bool            // nobody knows which there are
	kept     map[string]bool // ids of those of lessons that cannot be read: they stay as they are
}

// CoversAreSilent tells whether nobody knows which covers the MIS has (R34).
func (w *Wanted) CoversAreSilent() bool {
	of := &w.Snap.Covers
	return of.SaysNothing() || of.Unreadable[""] || w.LeavesOthers() || w.Snap.Timetable.SilentOnKind(mis.Taught)
}

// placeCovers finds out of which lessons on which days the MIS's covers are. Those that are of none are counted.
func (w *Wanted) placeCovers() {
	t := w.Table
	t.covers = covers{on: map[era.Date]map[int][]mis.Cover{}, isSilent: w.CoversAreSilent(), kept: map[string]bool{}}
	if !t.covers.isSilent && w.noneIsValid() {
		t.covers.isSilent = true
		w.Problems.Add(mis.Problem{Section: w.Snap.Covers.Section, Reason: mis.NoneIsValid, Detail: fmt.Sprintf("not "+
			"one of %s is all of %s (cover: valid_if), so covers stay as they are (%s)",
			words.Many(len(w.Snap.Covers.Records),
				"cover"), joinFlags(w.Covers.ValidIf), words.Many(w.daysWithLessons(model.Covers), "day"))})
	}
	if t.covers.isSilent {
		return
	}
	at, taught := map[string]int{}, map[string]bool{}
	for i, l := range t.Lessons {
		for _, id := range l.IDs {
			at[id] = i
		}
	}
	for _, l := range w.Snap.Timetable.Lessons {
		for _, id := range l.IDs {
			taught[id] = true
		}
	}
	days := map[era.Date]*schoolDay{}
	for i := range t.Days {
		days[t.Days[i].Date] = &t.Days[i]
	}
	lost := lostCovers{}
	for _, c := range w.Snap.Covers.Records {
		lesson, imported := at[c.LessonID]
		day := days[c.On]
		switch {
		case !w.isValid(c) || c.By == c.Of:
		case c.On < w.Era.StartsOn || c.On > w.lastDay():
			lost.outside.add(c)
		case c.On < w.AsOf || day == nil: // what was is not changed
		case w.Snap.Timetable.SilentOn(mis.Taught, c.LessonID, "\x00", ""):
			t.covers.kept[c.ID] = true
		case !taught[c.LessonID]:
			lost.gone.add(c)
		case !imported:
		case c.Of == "":
			lost.ofNobody.add(c)
		case !slices.ContainsFunc(day.Slots, func(s Slot) bool { return s.Lesson == lesson }):
			lost.otherDay.add(c)
		default:
			t.covers.add(c, lesson)
		}
	}
	w.tellLost(lost)
	w.reportClashes(days)
}

func (w *Wanted) isValid(c mis.Cover) bool {
	return !slices.ContainsFunc(w.Covers.ValidIf, func(f mis.CoverFlag) bool { return !c.Has(f) })
}

// add places a cover, unless there is one already of the same two.
func (c *covers) add(found mis.Cover, lesson int) {
	of := c.on[found.On]
	if of == nil {
		of = map[int][]mis.Cover{}
		c.on[found.On] = of
	}
	if !slices.ContainsFunc(of[lesson], func(o mis.Cover) bool { return o.By == found.By && o.Of == found.Of }) {
		of[lesson] = append(of[lesson], found)
	}
}

// noneIsValid tells whether there are covers, and not one that counts: then the marks mean something else here.
func (w *Wanted) noneIsValid() bool {
	const few = 5
	return len(w.Snap.Covers.Records) >= few && !slices.ContainsFunc(w.Snap.Covers.Records, w.isValid)
}

func joinFlags(flags []mis.CoverFlag) string {
	var texts []string
	for _, f := range flags {
		texts = append(texts, string(f))
	}
	return strings.Join(texts, " and ")
}

// lostCovers are covers of nothing, by what is wrong with them.
type lostCovers struct{ gone, otherDay, ofNobody, outside someCovers }

// someCovers is how many there are, and the first of their ids.
type someCovers struct {
	count int
	ids   []string
}

func (s *someCovers) add(c mis.Cover) {
	const shown = 8
	if s.count++; s.count <= shown {
		s.ids = append(s.ids, c.ID)
	} else if s.count == shown+1 {
		s.ids = append(s.ids, "…")
	}
}

// tellLost tells of covers that are of nothing in one line each: a change of timetable leaves hundreds.
func (w *Wanted) tellLost(lost lostCovers) {
	tell := func(of someCovers, reason mis.Reason, what string) {
		if of.count > 0 {
			w.Problems.Add(mis.Problem{Section: w.Snap.Covers.Section, Reason: reason, Detail: fmt.Sprintf("%s "+
				"(%s) %s; left out", words.Many(of.count, "cover"), strings.Join(of.ids, ", "), what)})
		}
	}
	tell(lost.gone, mis.UnknownLesson, "of lessons that are no longer in the timetable")
	tell(lost.otherDay, mis.NotThatDay, "of lessons that do not take place on that day, by the week of the "+
		"timetable or a gap")
	tell(lost.ofNobody, mis.NoTeacher, "of lessons of which nobody knows the teacher")
	tell(lost.outside, mis.OutsideEras, "of days outside of era "+w.Era.Name)
}

// reportClashes tells of covers of lessons that do not take place, and by teachers who have another lesson then.
func (w *Wanted) reportClashes(days map[era.Date]*schoolDay) {
	for _, date := range slices.Sorted(maps.Keys(w.Table.covers.on)) {
		day, of := days[date], w.Table.covers.on[date]
		at := map[int]Slot{}
		for _, s := range day.Slots {
			at[s.Lesson] = s
		}
		for _, lesson := range slices.Sorted(maps.Keys(of)) {
			for _, c := range of[lesson] {
				if at[lesson].By != nothing {
					w.clash(c, "covers %s, which is suspended", w.lessonRef(lesson))
				}
				if others := w.busyWith(c, lesson, day, of); len(others) > 0 {
					more := ""
					if n := len(others) - 1; n > 0 {
						more = fmt.Sprintf(", and %d more", n)
					}
					w.clash(c, "covers %s and takes %s at the same time%s", w.lessonRef(lesson),
						w.lessonRef(others[0]), more)
				}
			}
		}
	}
}

// busyWith are the lessons that the one who covers takes, or covers, at the same time.
func (w *Wanted) busyWith(c mis.Cover, lesson int, day *schoolDay, of map[int][]mis.Cover) (others []int) {
	p := w.Table.periods[w.Table.Lessons[lesson].PeriodID]
	for _, s := range day.Slots {
		other := w.Table.Lessons[s.Lesson]
		q := w.Table.periods[other.PeriodID]
		if s.Lesson == lesson || s.By != nothing || q.From >= p.To || p.From >= q.To || q.IsAllDay() {
			continue
		}
		takes := slices.Contains(w.Table.takes(s.Lesson), Ref{"staff", c.By})
		isAway := slices.ContainsFunc(of[s.Lesson], func(o mis.Cover) bool { return o.Of == c.By })
		covers := slices.ContainsFunc(of[s.Lesson], func(o mis.Cover) bool { return o.By == c.By })
		if takes && !isAway || covers {
			others = append(others, s.Lesson)
		}
	}
	return others
}

// lessonRef names a lesson by its id, and by its code where that is no person's name.
func (w *Wanted) lessonRef(lesson int) string {
	l := w.Table.Lessons[lesson]
	if l.Kind == mis.Taught && l.Code != "" {
		return fmt.Sprintf("%s (%s)", words.Clean(l.Code), l.IDs[0])
	}
	return l.IDs[0]
}

func (w *Wanted) clash(c mis.Cover, format string, args ...any) {
	w.Problems.Add(mis.Problem{Section: w.Snap.Covers.Section, ID: c.ID, Reason: mis.Clash,
		Detail: fmt.Sprintf("on %s staff #%s ", c.On.Long(), c.By) + fmt.Sprintf(format, args...)})
}

// isOnStaff tells whether somebody is a member of staff from now on: who has left covers nobody.
func (w *Wanted) isOnStaff(id model.ID) bool {
	return slices.ContainsFunc(w.Staff, func(s model.Staff) bool { return s.ID == id && s.Current })
}

// coversOf are the covers of a lesson on a day: those that a person entered stay, and nobody need say so twice;
// the MIS's are as it says, or where it does not, as they are.
func (s *spelling) coversOf(date era.Date, lesson int, row model.ID) (list []Cover) {
	for _, c := range s.taken[row] {
		isUnread := s.Table.covers.kept[c.SourceID] || s.Snap.Covers.SilentOn(c.SourceID, "")
		isKept := c.IsByHand() || s.Table.covers.isSilent || isUnread && s.isOnStaff(c.ElementID)
		if c.IsCover() && isKept {
			list = append(list, Cover{c.ElementID, c.CoversID, c.SourceID})
		}
	}
	for _, c := range s.Table.covers.on[date][lesson] {
		by, of := s.Elements[Ref{"staff", c.By}], s.Elements[Ref{"staff", c.Of}]
		if by == 0 || of == 0 ||
			slices.ContainsFunc(list, func(o Cover) bool { return o.By == by && o.Of == of }) {
			continue
		}
		list = append(list, Cover{by, of, c.ID})
	}
	return list
}
