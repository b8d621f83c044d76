package importer_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"misimportd/store/storetest"
)

// naive expands a timetable day by day, with no thought of anything else. It shares no
// code with the import.
func naive(lessons map[string][3]int, gaps, suspensions [][3]int, from, to time.Time) (list []string) {
	clock := map[int][2]string{11: {"09:00", "10:00"}, 12: {"10:00", "11:00"}, 21: {"09:00", "10:00"}}
	weekday := map[int]time.Weekday{11: time.Monday, 12: time.Monday, 21: time.Tuesday}
	weeks := map[string]bool{}
	for _, sunday := range []string{"2016-09-04", "2016-09-11", "2016-09-18", "2016-09-25", "2016-10-23",
		"2016-10-30"} {
		weeks[sunday] = true
	}
	covers := func(spans [][3]int, day time.Time) bool {
		n := int(day.Sub(time.Date(2016, 9, 1, 0, 0, 0, 0, time.UTC)).Hours() / 24)
		return slices.ContainsFunc(spans, func(s [3]int) bool { return s[0] <= n && n <= s[1] && s[2] != 8 })
	}
	for day := from; !day.After(to); day = day.AddDate(0, 0, 1) {
		if !weeks[day.AddDate(0, 0, -int(day.Weekday())).Format(time.DateOnly)] || covers(gaps, day) {
			continue
		}
		for id, l := range lessons {
			if weekday[l[0]] == day.Weekday() {
				text := fmt.Sprintf("schedule/%s %s %s-%s", id, day.Format(time.DateOnly), clock[l[0]][0],
					clock[l[0]][1])
				if covers(suspensions, day) {
					text += " suspended"
				}
				list = append(list, text)
			}
		}
	}
	slices.Sort(list)
	return list
}

// TestRandomTimetables holds random timetables, nights and suspensions against the naive
// expansion.
func TestRandomTimetables(t *testing.T) {
	storetest.Each(t, func(t *testing.T, _ string) {
		isPostgres := strings.Contains(t.Name(), "postgres")
		rapid.Check(t, func(r *rapid.T) {
			database := storetest.SQLite(t)
			if isPostgres {
				database = storetest.Postgres(t)
			}
			w := newWorld(t, database)
			defer func() { _, _ = w.raw.Close(), w.im.DB.Close() }() // a soak must not hold a connection for each
			day := time.Date(2016, 9, 1, 0, 0, 0, 0, time.UTC)
			var past []string
			for range rapid.IntRange(1, 5).Draw(r, "nights") {
				day = day.AddDate(0, 0, rapid.IntRange(0, 20).Draw(r, "days"))
				lessons := map[string][3]int{}
				d := small().coded(3, "Ms White", "WHI").room(5, "Lab").taught().lesson(1, 21, "7Mat1", 999, "WHI", 5)
				for _, id := range rapid.SliceOfNDistinct(rapid.IntRange(100, 106), 0, 6, rapid.ID[int]).
					Draw(r, "lessons") {
					period := rapid.SampledFrom([]int{11, 12, 21}).Draw(r, "period")
					lessons[fmt.Sprint(id)] = [3]int{period}
					d.lesson(id, 21, fmt.Sprintf("7Mat%d", id), period, "WHI", 5)
				}
				rand.Shuffle(len(d.timetable["Schedules"]), func(i, j int) {
					s := d.timetable["Schedules"]
					s[i], s[j] = s[j], s[i]
				})
				var lines []string
				spans := func(kind string) (list [][3]int) {
					for i := range rapid.IntRange(0, 2).Draw(r, kind) {
						from := rapid.IntRange(0, 70).Draw(r, "from")
						s := [3]int{from, from + rapid.IntRange(0, 20).Draw(r, "long"),
							rapid.SampledFrom([]int{0, 7, 8}).Draw(r, "year")}
						list = append(list, s)
						years := ""
						if s[2] > 0 {
							years = fmt.Sprintf("years: [%d], ", s[2])
						}
						at := func(n int) string {
							return time.Date(2016, 9, 1+n, 0, 0, 0, 0, time.UTC).
								Format(time.DateOnly)
						}
						lines = append(lines, fmt.Sprintf("- {name: N%d, kind: %s, %sfrom: %s, to: %s}", i, kind, years,
							at(s[0]), at(s[1])))
					}
					return list
				}
				gaps, suspensions := spans("gap"), spans("suspension")
				w.suspend(lines...)
				asOf := day.Format(time.DateOnly)
				w.night(asOf, d.xml())
				past = slices.DeleteFunc(past, func(l string) bool { return strings.Fields(l)[1] >= asOf })
				want := append(append([]string{}, past...),
					naive(lessons, gaps, suspensions, day, time.Date(2017, 8, 14, 0, 0, 0, 0, time.UTC))...)
				slices.Sort(want)
				got := w.rows(`SELECT source_id || ' ' || CAST(on_date AS text) || ' '
					|| substr(CAST(starts_at AS text), 12, 5) || '-' || substr(CAST(ends_at AS text), 12, 5)
					|| CASE WHEN suspended THEN ' suspended' ELSE '' END FROM lesson_details`)
				slices.Sort(got)
				if diff := cmp.Diff(want, got); diff != "" {
					r.Fatalf("as of %s (-want +got):\n%s", asOf, diff)
				}
				if again := w.night(asOf, d.xml()); again.Result != "unchanged" {
					r.Fatalf("the same again: %v", again.Changes)
				}
				past = got
			}
		})
	})
}
