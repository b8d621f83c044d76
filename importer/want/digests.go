package want

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strings"

	"misimportd/era"
	"misimportd/mis"
	"misimportd/store/model"
)

// finishDays adds to the days what stands beside lessons, and works out their digests. All groups are wanted by
// now, those too that follow from lessons.
func (w *Wanted) finishDays() {
	w.reportNoEvents()
	if w.Table == nil {
		return
	}
	w.addOwnEvents()
	w.placeCovers()
	prints := make([][]byte, len(w.Table.Lessons))
	for i := range prints {
		prints[i] = w.fingerprint(i)
	}
	mark := w.protectionMark()
	for i := range w.Table.Days {
		w.digest(&w.Table.Days[i], prints, mark)
	}
}

// digest works out the digest of a day from those of its lessons.
func (w *Wanted) digest(day *schoolDay, prints [][]byte, mark string) {
	sum := sha256.New()
	fmt.Fprintf(sum, "1 %q %s\n", w.Era.Name, mark)
	kinds := w.silentKindsOf(day.Date)
	note := func(kind string) {
		if letter := model.KindLetter(kind); !strings.Contains(kinds, letter) {
			kinds += letter
		}
	}
	covered := w.Table.covers.on[day.Date]
	for _, s := range day.Slots {
		note(string(w.Table.Lessons[s.Lesson].Kind))
		sum.Write(prints[s.Lesson])
		sum.Write([]byte{byte(min(s.By, 0))})
		for _, c := range covered[s.Lesson] {
			note(model.Covers)
			fmt.Fprintf(sum, "cover %s %s %s\n", c.ID, c.By, c.Of)
		}
	}
	day.Digest = model.NewDigest(shortened(sum), kinds)
}

// silentKindsOf is the kinds of lesson of which nobody says anything, by their first letters, as far as the day is
// known to have some.
func (w *Wanted) silentKindsOf(date era.Date) (kinds string) {
	note := func(kind string, isSilent bool) {
		if isSilent && w.State.LessonDays[date].Has(kind) {
			kinds += model.KindLetter(kind)
		}
	}
	for _, kind := range []mis.LessonKind{mis.Assembly, mis.Taught, mis.Meeting, mis.Tutorial, mis.Event} {
		note(string(kind), w.Snap.Timetable.SilentOnKind(kind) || kind == mis.Event && w.LeavesOthers())
	}
	note(string(mis.Own), !w.Table.ownSpeak)
	note(model.Covers, w.Table.covers.isSilent)
	return kinds
}

// fingerprint is all that makes a lesson what it is, in few bytes: whether what it takes
// is there, too.
func (w *Wanted) fingerprint(lesson int) []byte {
	l := w.Table.Lessons[lesson]
	p, own := w.Table.periods[l.PeriodID], w.Table.own[lesson]
	sum := sha256.New()
	var taken []string
	for _, to := range w.Table.takes(lesson) {
		text := to.Kind + " " + to.ID
		if w.Elements[to] == 0 {
			text = "no " + text
		}
		taken = append(taken, text)
	}
	for _, list := range [][]string{{string(l.Kind), l.Code, l.Name, p.From.String(), p.To.String(),
		fmt.Sprint(l.Unsure), own.Note, own.organiser.ID}, l.IDs, taken} {
		fmt.Fprintf(sum, "%d", len(list))
		for _, text := range list {
			fmt.Fprintf(sum, " %d %s", len(text), text)
		}
	}
	return sum.Sum(nil)
}

// protectionMark tells one set of records that could not be read from another: what they
// protect is a part of what the days are.
func (w *Wanted) protectionMark() string {
	t := &w.Snap.Timetable
	awaits := ""
	for _, a := range w.Absent {
		awaits += fmt.Sprintf(" %d", a.ElementID)
	}
	if len(w.Snap.Covers.Faulty) > 0 {
		awaits += fmt.Sprintf("%q", slices.Sorted(maps.Keys(w.Snap.Covers.Faulty)))
	}
	if !t.Protects() {
		return awaits
	}
	return awaits + fmt.Sprintf("%q %q %q", slices.Sorted(maps.Keys(t.Faulty)), slices.Sorted(maps.Keys(t.FaultyCode)),
		slices.Sorted(maps.Keys(t.Doubtful)))
}

func shortened(sum hash.Hash) string {
	const enough = 16
	return hex.EncodeToString(sum.Sum(nil)[:enough])
}
