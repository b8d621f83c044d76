package importer_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"misimportd/era"
	"misimportd/importer/entry"
	"misimportd/importer/guard"
	"misimportd/mis/isams/isamstest"
	"misimportd/store/model"
	"misimportd/store/storetest"
)

// faultOf is what can go wrong with a document on its way.
func faultOf(document []byte, dice *rand.Rand) (spoiltDocument []byte, what string) {
	sections := []string{"CurrentStaff", "CurrentPupils", "Forms", "Sets", "SetLists", "AcademicHouses", "Schedules",
		"StaffMeetings"}
	section := sections[dice.IntN(len(sections))]
	share := dice.Float64()
	switch dice.IntN(7) {
	case 0:
		return missing(section)(document, dice), section + " missing"
	case 1:
		return without(section, 1)(document, dice), section + " emptied"
	case 2, 3:
		return without(section, share)(document, dice), fmt.Sprintf("%s without %.0f %%", section, 100*share)
	case 4:
		return mangled(section, share)(document, dice), fmt.Sprintf("%s mangled by %.0f %%", section, 100*share)
	case 5:
		return renumbered(document), "ids changed"
	}
	return renamed(document), "other names"
}

// held is what the database holds on a day, by kind: counted by another query than the
// importer's.
func (w *world) heldOn(day era.Date) map[string][]string {
	w.Helper()
	on := day.String()
	found := map[string][]string{
		"pupils":  w.rows(`SELECT p.source_id FROM pupils p JOIN elements e ON e.id = p.id WHERE e.current ORDER BY 1`),
		"staff":   w.rows(`SELECT s.source_id FROM staff s JOIN elements e ON e.id = s.id WHERE e.current ORDER BY 1`),
		"lessons": w.rows(`SELECT CAST(lesson_id AS text) FROM lesson_details WHERE on_date >= $1 ORDER BY 1`, on),
	}
	for _, kind := range []string{"form", "set"} {
		found[kind+"s"] = w.rows(`SELECT source_id FROM group_details WHERE kind = $1 AND starts_on <= $2
			AND ends_on >= $2 ORDER BY 1`, kind, on)
	}
	return found
}

// limitOf is the limit on the loss of each kind.
var limitOf = map[string]string{
	"pupils": guard.PupilsLeaving, "staff": guard.StaffLeaving, "lessons": guard.LessonsRemoved,
	"forms": guard.GroupsEnding, "sets": guard.GroupsEnding,
}

// lost counts what was there and is no longer.
func lost(before, after []string) (n int) {
	for _, one := range before {
		if _, found := slices.BinarySearch(after, one); !found {
			n++
		}
	}
	return n
}

// TestR35RandomNightsUnderGuard lets nights pass, every third of them with a fault or a harm of
// any kind, and looks at what each did. Two numbers have to be none: faulty nights that took
// away, changed or brought more than the limits allow, and clean nights, with ordinary changes, a
// September's intake and a new year, that were held.
func TestR35RandomNightsUnderGuard(t *testing.T) {
	schools, nights := 1, 45
	if os.Getenv("MISIMPORTD_SOAK") != "" {
		schools, nights = 40, 90
	}
	storetest.Each(t, func(t *testing.T, _ string) {
		fresh := storetest.SQLite
		if strings.HasSuffix(t.Name(), "postgres") {
			fresh = storetest.Postgres
		}
		tally := map[string]int{}
		for seed := range schools {
			w := guarded(newWorld(t, fresh(t)))
			g := &guardedNights{world: w, dice: rand.New(rand.NewPCG(uint64(seed), 35)),
				school: isamstest.New(uint64(seed), isamstest.Size{Pupils: 210, Staff: 30, Forms: 14, Sets: 56,
					SetLists: 2000}).Teach(84),
				day: era.NewDate(2016, 9, 5), tally: tally}
			g.clean("the first import")
			for night := range nights {
				g.day++
				if !g.wasFaulty { // else somebody looks, and the school's own document comes
					g.school.Change(0.02 * g.dice.Float64())
				}
				switch {
				case night == nights/3:
					g.school.Intake(len(g.school.Pupils) / 6)
					g.clean("an intake")
				case night == 2*nights/3:
					g.newYear()
				case g.dice.IntN(3) == 0 && !g.wasFaulty:
					g.faulty()
					continue
				default:
					g.clean("a clean night")
				}
				g.wasFaulty = false
			}
			_, _ = w.im.DB.Close(), w.raw.Close()
		}
		t.Logf("TABLE %v", tally)
		if tally["harms beyond the limits"]+tally["clean nights held"] > 0 || tally["faulty nights held"] == 0 {
			t.Errorf("%v", tally)
		}
	})
}

// guardedNights is a school whose nights are guarded.
type guardedNights struct {
	*world
	dice   *rand.Rand
	school *isamstest.School
	day    era.Date
	tally  map[string]int

	wasFaulty bool // the night before
}

func (g *guardedNights) clean(what string) {
	r := g.night(g.day.String(), g.school.Document())
	g.tally["clean nights"]++
	if r.Result == model.Held {
		g.tally["clean nights held"]++
		for _, f := range r.Guard {
			if f.Breached {
				g.Errorf("%s is held: %s", what, f.Says)
			}
		}
	}
}

func (g *guardedNights) newYear() {
	g.day = era.NewDate(2017, 9, 4)
	g.must(g.desk().CreateEra(g.Context(), era.Era{Name: "2017/18", StartsOn: era.NewDate(2017, 8, 15),
		EndsOn: era.NewDate(2018, 8, 14)}))
	g.must(g.desk().SetEra(g.Context(), entry.CurrentEra, "2017/18"))
	g.school.NewYear(56, 2000)
	g.school.TeachIn(2017, 84)
	g.clean("a new year")
}

// faulty lets a night pass with a document that is spoilt on its way, or whose records are.
func (g *guardedNights) faulty() {
	g.wasFaulty = true
	document, what := harmed(g.school, g.dice)
	if g.dice.IntN(4) == 0 {
		document, what = faultOf(g.school.Document(), g.dice)
	}
	before, was := g.heldOn(g.day), g.look()
	r := g.night(g.day.String(), document)
	after, is := g.heldOn(g.day), g.look()
	g.tally["faulty nights"]++
	g.tally["faulty nights "+string(r.Result)]++
	beyond := harmBetween(was, is)
	limits := guard.DefaultLimits()
	for kind, name := range limitOf {
		limit, n := limits[name], lost(before[kind], after[kind])
		if exceeds(limit, n, len(before[kind])) || n > 0 && r.Result == model.Held && r.Hold == model.HoldRemovals {
			beyond = append(beyond, fmt.Sprintf("%d of %d %s were lost", n, len(before[kind]), kind))
		}
	}
	if len(beyond) > 0 {
		g.tally["harms beyond the limits"]++
		g.Errorf("%s, %s: %s", what, r.Result, strings.Join(beyond, "; "))
	}
}

// exceeds tells whether so many, of so many, are more than a limit allows.
func exceeds(l guard.Limit, n, of int) bool {
	return n > 0 && n >= l.AtLeast && float64(n)*100 > l.Percent*float64(of)
}
