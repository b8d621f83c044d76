package importer_test

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"misimportd/importer/guard"
	"misimportd/mis/isams/isamstest"
	"misimportd/store/model"
)

var (
	periodOf  = regexp.MustCompile(`<PeriodId>(\d+)</PeriodId>`)
	periodsOf = regexp.MustCompile(`<Period Id="(\d+)"`)
)

// shifted moves each lesson to the slot some places further on: whoever was in one place at
// once before is so after.
func shifted(document []byte, by int, share float64, dice *rand.Rand) []byte {
	var slots []string
	for _, m := range periodsOf.FindAllSubmatch(document, -1) {
		slots = append(slots, string(m[1]))
	}
	slices.Sort(slots)
	slots = slices.Compact(slots)
	return spoilt(document, func(line string) (string, bool) {
		if !ofSection("Schedules", line) || dice.Float64() >= share {
			return line, true
		}
		return periodOf.ReplaceAllStringFunc(line, func(element string) string {
			at := slices.Index(slots, periodOf.FindStringSubmatch(element)[1])
			return "<PeriodId>" + slots[(at+by)%len(slots)] + "</PeriodId>"
		}), true
	})
}

// days is what each day's lessons are.
func (w *world) lessonsByDay() map[string]string {
	w.Helper()
	days := map[string]string{}
	for _, row := range w.rows(lessonsQuery) {
		day := strings.Fields(row)[2]
		days[day] += row + "\n"
	}
	return days
}

// inTwoPlaces lists who or what two lessons take at once: rooms, teachers, groups, and pupils by
// their groups.
func (w *world) inTwoPlaces() map[string]bool {
	w.Helper()
	type entry struct{ lesson, starts, ends, name string }
	on := map[string][]entry{}
	for _, row := range w.rows(`SELECT CAST(l.id AS text) || '|' || CAST(l.starts_at AS text) || '|'
		|| CAST(l.ends_at AS text) || '|' || CAST(l.on_date AS text) || ' ' || CAST(c.element_id AS text) || '|'
		|| l.code
			FROM lessons l JOIN commitments c ON c.lesson_id = l.id
		UNION SELECT CAST(l.id AS text) || '|' || CAST(l.starts_at AS text) || '|' || CAST(l.ends_at AS text) || '|'
		|| CAST(l.on_date AS text) || ' ' || CAST(m.element_id AS text) || '|' || l.code
			FROM lessons l JOIN commitments c ON c.lesson_id = l.id JOIN memberships m ON m.group_id = c.element_id
			AND m.starts_on <= l.on_date AND m.ends_on >= l.on_date`) {
		part := strings.Split(row, "|")
		on[part[3]] = append(on[part[3]], entry{part[0], part[1], part[2], part[4]})
	}
	found := map[string]bool{}
	for who, entries := range on {
		for i, a := range entries {
			for _, b := range entries[:i] {
				if a.lesson != b.lesson && a.starts < b.ends && b.starts < a.ends {
					found[who+" "+min(a.name, b.name)+" "+max(a.name, b.name)] = true
				}
			}
		}
	}
	return found
}

// TestR41AHeldTimetableIsHeldByWholeDays: a day is as it was or as it will be, and nobody is
// in two places because of what waits.
func TestR41AHeldTimetableIsHeldByWholeDays(t *testing.T) {
	school := isamstest.New(1, someSchool).Teach(160)
	good := school.Document()
	variant := 0
	for what, spoil := range map[string]func([]byte, *rand.Rand) []byte{
		"all lessons moved":  func(d []byte, dice *rand.Rand) []byte { return shifted(d, 3, 1, dice) },
		"half of them moved": func(d []byte, dice *rand.Rand) []byte { return shifted(d, 11, 0.5, dice) },
		"half of them gone":  without("Schedules", 0.5),
		"some moved, some gone, some pupils gone": func(d []byte, dice *rand.Rand) []byte {
			return without("CurrentPupils", 0.4)(without("Schedules", 0.01)(shifted(d, 8, 0.05, dice), dice), dice)
		},
		"all moved, and no meetings": func(d []byte, dice *rand.Rand) []byte {
			return missing("StaffMeetings")(shifted(d, 1, 1, dice), nil)
		},
	} {
		t.Run(what, func(t *testing.T) {
			eachVariant(t, variant, func(w *world) {
				guarded(w)
				w.night("2016-09-05", good)
				before, were := w.lessonsByDay(), w.inTwoPlaces()
				held := w.night("2016-09-06", spoil(good, rand.New(rand.NewPCG(7, 1))))
				if held.Result != model.Held {
					w.Fatalf("%s: %s", held.Result, counts(held.Changes))
				}
				between, are := w.lessonsByDay(), w.inTwoPlaces()
				if r, err := w.im.Approve(w.Context(), held.Run); err != nil || r.Result != model.Applied {
					w.Fatalf("%s %v %v", r.Result, r.Differs, err)
				}
				after, will := w.lessonsByDay(), w.inTwoPlaces()
				changed := w.expectWholeDays(before, between, after)
				var anew []string
				for who := range are {
					if !were[who] && !will[who] {
						anew = append(anew, who)
					}
				}
				if len(anew) > 0 {
					slices.Sort(anew)
					w.Errorf("%d are in two places because of what waits, such as element, on: %v", len(anew),
						anew[:min(5, len(anew))])
				}
				w.Logf("TABLE %s: %d days differ, of which %d wait; in two places before %d, held %d, after %d",
					what, changed[0], changed[1], len(were), len(are), len(will))
			})
		})
		variant++
	}
}

// expectWholeDays finds days that are a mixture, and counts those that differ and those that wait.
func (w *world) expectWholeDays(before, between, after map[string]string) (counts [2]int) {
	w.Helper()
	all := map[string]bool{}
	for _, days := range []map[string]string{before, between, after} {
		for day := range days {
			all[day] = true
		}
	}
	mixed := 0
	for day := range all {
		if before[day] == after[day] {
			continue
		}
		counts[0]++
		switch between[day] {
		case before[day]:
			counts[1]++
		case after[day]:
		default:
			mixed++
		}
	}
	if mixed > 0 {
		w.Errorf("%d days are neither as they were nor as they will be", mixed)
	}
	return counts
}

// TestR41AdditionsGoOn on days from which nothing goes, while what goes from others waits.
func TestR41AdditionsGoOn(t *testing.T) {
	each(t, func(w *world) {
		w.night("2016-10-31", timetabled().xml())
		w.im.Guard = guard.Guard{Hold: model.HoldRemovals, Import: guard.Limits{guard.LessonsRemoved: {}}}
		d := small().coded(3, "Ms White", "WHI").coded(4, "Mr Grey", "GRE").room(5, "Lab").room(6, "Hall").taught().
			lesson(103, 22, "7Art", 12, "GRE", 6).lesson(102, 22, "7Mat2", 21, "GRE", 6).
			lesson(104, 21, "7Fre", 21, "WHI", 5)
		r := w.night("2016-10-31", d.xml())
		if r.Hold != model.HoldRemovals {
			w.Fatalf("held %q: %v", r.Hold, strconv.Quote(counts(r.Changes)))
		}
		w.expectLessons("schedule/101 7Mat1 2016-10-31 09:00-10:00"+mat1,
			"schedule/102 7Mat2 2016-11-01 09:00-10:00"+mat2, "schedule/104 7Fre 2016-11-01 09:00-10:00"+mat1)
	})
}

// swapped is a school before and after: Zoë goes from 7Mat1 to 7Mat2, which change places in the
// day, and has Art at the other time.
func swapped() (before, after func() *doc) {
	base := func() *doc {
		return small().coded(3, "Ms White", "WHI").coded(4, "Mr Grey", "GRE").coded(5, "Mr Art", "ART").room(5, "Lab").
			room(6, "Hall").room(7, "Studio").
			taught().set(23, "7Art", 7, 11).lesson(103, 23, "7Art", 12, "ART", 7)
	}
	before = func() *doc {
		return base().lesson(101, 21, "7Mat1", 11, "WHI", 5).lesson(102, 22, "7Mat2", 12, "GRE", 6)
	}
	after = func() *doc {
		d := base().lesson(101, 21, "7Mat1", 12, "WHI", 5).lesson(102, 22, "7Mat2", 11, "GRE", 6)
		d.lists[0] = `<SetList Id="2211" SetId="22" PupilId="11"/>`
		return d
	}
	return before, after
}

// TestR41WhoJoinsWaitsWithTheTimetable: a pupil who would join a set whose lessons stay at their
// old times joins it when they move.
func TestR41WhoJoinsWaitsWithTheTimetable(t *testing.T) {
	before, after := swapped()
	limits := map[string]guard.Guard{
		"values":   {Hold: model.HoldRemovals, Import: guard.Limits{guard.ValuesChanged: {}}},
		"removals": {Hold: model.HoldRemovals, Import: guard.Limits{guard.LessonsRemoved: {}}},
		"sections": {Hold: model.HoldRemovals, Import: guard.Limits{guard.SectionsMissing: {}}},
		"nothing":  {},
	}
	for what, c := range map[string]struct {
		document func() []byte
		guard    string
		hold     model.Hold
	}{
		"the times are held": {func() []byte { return after().xml() }, "values", model.HoldValues},
		"what goes is held":  {func() []byte { return onAnotherDay(after()).xml() }, "removals", model.HoldRemovals},
		"no set lists": {func() []byte { return []byte(cutOut(string(after().xml()), "SetLists")) }, "sections",
			model.HoldSections},
		"a set contradictory": {func() []byte { return after().set(22, "7X", 7).xml() }, "nothing", model.HoldNothing},
	} {
		t.Run(what, func(t *testing.T) {
			each(t, func(w *world) {
				w.night("2016-09-05", before().xml())
				if n := len(w.inTwoPlaces()); n > 0 {
					w.Fatalf("%d are in two places to begin with", n)
				}
				w.im.Guard = limits[c.guard]
				r := w.night("2016-09-06", c.document())
				if r.Hold != c.hold {
					w.Fatalf("held %q: %s", r.Hold, counts(r.Changes))
				}
				if found := w.inTwoPlaces(); len(found) > 0 {
					w.Errorf("%d are in two places: %s", len(found), counts(r.Changes))
				}
				if again := w.night("2016-09-06", c.document()); len(again.Changes) > 0 {
					w.Errorf("once more: %s", counts(again.Changes))
				}
				w.im.Guard = guard.Guard{}
				w.night("2016-09-07", after().xml())
				if found := w.inTwoPlaces(); len(found) > 0 ||
					w.count("lessons of 7Mat2 at 10", `SELECT count(*) FROM lessons WHERE code = '7Mat2'
						AND CAST(starts_at AS text) LIKE '%10:00%' AND on_date >= '2016-09-07'`) > 0 {
					w.Errorf("in the end %d are in two places", len(found))
				}
				w.expect("Zoë", w.rows(`SELECT group_name FROM membership_details WHERE member_source_id = '11'
					AND group_kind = 'set' AND ends_on >= '2016-09-07' ORDER BY 1`), "7Art", "7Mat2")
			})
		})
	}
}

// onAnotherDay moves the lesson of 7Mat1 to Tuesday.
func onAnotherDay(d *doc) *doc {
	for i, s := range d.timetable["Schedules"] {
		if strings.Contains(s, `Id="101"`) {
			d.timetable["Schedules"][i] = strings.Replace(s, "<PeriodId>12<", "<PeriodId>21<", 1)
		}
	}
	return d
}

// count is what a query counts.
func (w *world) count(what, query string) (n int) {
	w.Helper()
	if err := w.raw.QueryRow(query).Scan(&n); err != nil {
		w.Fatalf("%s: %v", what, err)
	}
	return n
}
