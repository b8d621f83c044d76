package importer_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"misimportd/era"
	"misimportd/importer"
	"misimportd/mis/isams/isamstest"
	"misimportd/store"
	"misimportd/store/storetest"
)

// faultOf is what can go wrong with a document on its way.
func faultOf(document []byte, dice *rand.Rand) (spoiltDocument []byte, what string) {
	sections := []string{"CurrentStaff", "CurrentPupils", "Forms", "Sets", "SetLists", "AcademicHouses", "Schedules", "StaffMeetings"}
	section := sections[dice.IntN(len(sections))]
	share := dice.Float64()
	switch dice.IntN(7) {
	case 0:
		return missing(document, section), section + " missing"
	case 1:
		return without(document, section, 1, dice), section + " emptied"
	case 2, 3:
		return without(document, section, share, dice), fmt.Sprintf("%s without %.0f %%", section, 100*share)
	case 4:
		return mangled(document, section, share, dice), fmt.Sprintf("%s mangled by %.0f %%", section, 100*share)
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
		found[kind+"s"] = w.rows(`SELECT source_id FROM group_details WHERE kind = $1 AND starts_on <= $2 AND ends_on >= $2 ORDER BY 1`, kind, on)
		found["memberships of "+kind+"s"] = w.rows(`SELECT group_source_id || ' ' || member_source_id FROM membership_details WHERE group_kind = $1 AND starts_on <= $2 AND ends_on >= $2 ORDER BY 1`, kind, on)
	}
	return found
}

// limitOf is the limit on the loss of each kind.
var limitOf = map[string]string{
	"pupils": importer.PupilsLeaving, "staff": importer.StaffLeaving, "lessons": importer.LessonsRemoved, "forms": importer.GroupsEnding, "sets": importer.GroupsEnding,
	"memberships of forms": importer.MembershipsEnding, "memberships of sets": importer.MembershipsEnding,
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

// TestR35RandomNightsUnderGuard lets nights pass, every third of them with a fault, and looks
// at what each took away. Two numbers have to be none: faulty nights that took away more
// than the limits allow, and clean nights, with ordinary changes, a September's intake
// and a new year, that were held.
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
			g := &guardedNights{world: w, dice: rand.New(rand.NewPCG(uint64(seed), 35)), school: isamstest.New(uint64(seed), isamstest.Size{Pupils: 210, Staff: 30, Forms: 14, Sets: 56, SetLists: 2000}).Teach(84),
				day: era.NewDate(2016, 9, 5), tally: tally}
			g.clean("the first import")
			for night := range nights {
				g.day++
				g.school.Change(0.02 * g.dice.Float64())
				switch {
				case night == nights/3:
					g.school.Intake(len(g.school.Pupils) / 6)
					g.clean("an intake")
				case night == 2*nights/3:
					g.newYear()
				case g.dice.IntN(3) == 0 && g.inARow < 2: // then somebody looks
					g.inARow++
					g.faulty()
					continue
				default:
					g.clean("a clean night")
				}
				g.inARow = 0
			}
			_, _ = w.im.DB.Close(), w.raw.Close()
		}
		t.Logf("TABLE %v", tally)
		if tally["losses beyond the limits"]+tally["clean nights held"] > 0 || tally["faulty nights held"] == 0 {
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
	inARow int // faulty nights
}

func (g *guardedNights) clean(what string) {
	r := g.night(g.day.String(), g.school.Document())
	g.tally["clean nights"]++
	if r.Result == store.Held {
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
	g.must(importer.CreateEra(g.Context(), g.im.DB, "test", era.Era{Name: "2017/18", StartsOn: era.NewDate(2017, 8, 15), EndsOn: era.NewDate(2018, 8, 14)}))
	g.must(importer.SetEra(g.Context(), g.im.DB, "test", importer.CurrentEra, "2017/18"))
	g.school.NewYear(56, 2000)
	g.school.TeachIn(2017, 84)
	g.clean("a new year")
}

func (g *guardedNights) faulty() {
	document, what := faultOf(g.school.Document(), g.dice)
	before := g.heldOn(g.day)
	r := g.night(g.day.String(), document)
	after := g.heldOn(g.day)
	g.tally["faulty nights"]++
	g.tally["faulty nights "+string(r.Result)]++
	limits := importer.DefaultLimits()
	for kind, name := range limitOf {
		limit, n := limits[name], lost(before[kind], after[kind])
		beyond := n >= limit.AtLeast && float64(n)*100 > limit.Percent*float64(len(before[kind]))
		if beyond || n > 0 && r.Result == store.Held && r.Hold != store.HoldSections {
			g.tally["losses beyond the limits"]++
			g.Errorf("%s, %s: %d of %d %s were lost", what, r.Result, n, len(before[kind]), kind)
		}
	}
}
