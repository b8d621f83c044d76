package importer_test

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"misimportd/importer"
	"misimportd/importer/undo"
	"misimportd/mis/isams/isamstest"
	"misimportd/store"
	"misimportd/store/model"
)

// ordeal is a database in which things are done that something comes between: after each,
// the database holds what it held before or what it holds when all is done.
type ordeal struct {
	*world
	database  string
	documents [2][]byte // of two nights, which take turns
	dumpsOf   [2]map[string][]byte
	reflects  int  // which of them the database reflects
	moved     bool // whether all lessons are at other times than the documents have them
	day       int
	wanted    []byte // the document that the database reflects when an operation is done
	restored  string // what the database holds when an undo is done
	tally     map[string]int
}

func newOrdeal(t *testing.T, database string) *ordeal {
	school := isamstest.New(9, isamstest.Size{Pupils: 70, Staff: 12, Forms: 7, Sets: 21, SetLists: 300}).Teach(42).
		Gather(3, 3).CoverSome(40)
	o := &ordeal{world: allKinds(guarded(newWorld(t, database))), database: database, tally: map[string]int{},
		documents: [2][]byte{0: school.Document()}, dumpsOf: [2]map[string][]byte{0: school.Dumps()}}
	school.Night()
	for range 3 {
		school.GatherNight("2016-09-07")
		school.CoverNight()
	}
	keepApart(school.Timetable)
	o.documents[1], o.dumpsOf[1] = school.Document(), school.Dumps()
	o.im.Force = true
	o.events("- {title: Duty, days: [wed], weeks: [A], from: \"10:20\", to: \"10:40\", staff: [" +
		school.Staff[2].Code + "]}")
	o.night(o.asOf(), o.document(0))
	return o
}

// inRows is an ordeal of a school whose documents are in its database.
func (o *ordeal) inRows() *ordeal {
	o.im.State = importer.InDatabase(o.im.DB, o.im.State.Scratch())
	return o
}

// keepApart gives each lesson a period of its own, so that nobody is to be in two places.
func keepApart(t *isamstest.Timetable) {
	free := []int{}
	for _, week := range t.Weeks {
		for _, day := range week.Days {
			for _, p := range day.Periods {
				if !slices.ContainsFunc(t.Schedules, func(l isamstest.Schedule) bool { return l.Period == p.ID }) {
					free = append(free, p.ID)
				}
			}
		}
	}
	taken := map[int][2]int{} // period → set and room
	for i, l := range t.Schedules {
		lesson := [2]int{l.Set, l.Room}
		if other, ok := taken[l.Period]; ok && other != lesson {
			t.Schedules[i].Period, free = free[0], free[1:]
		}
		taken[t.Schedules[i].Period] = lesson
	}
}

// asOf goes on a day every so many times, so that it stays within the era for as long as an ordeal takes.
func (o *ordeal) asOf() string { return year2016.StartsOn.AddDays(21 + o.day/16).String() }

// operations are what the ordeal is about: an import, one as of an earlier day, the approval of
// what was held, be it people or a timetable, and an undo.
var operations = []string{"apply", "back", "approve", "moved", "undo"}

// document is that of a night, with its lessons where they are now. Its dumps come with it.
func (o *ordeal) document(night int) []byte {
	o.dumps = o.dumpsOf[night]
	if !o.moved {
		return o.documents[night]
	}
	return movedLessons(o.documents[night])
}

var periodsOfLessons = regexp.MustCompile(`<PeriodId>\d+(\d)</PeriodId>`)

// movedLessons is a document with every lesson four periods later or earlier on its day.
func movedLessons(document []byte) []byte {
	const periods = 8
	return spoilt(document, func(line string) (string, bool) {
		return periodsOfLessons.ReplaceAllStringFunc(line, func(period string) string {
			at := len(period) - len("1</PeriodId>")
			return period[:at] + string('1'+(period[at]-'1'+periods/2)%periods) + period[at+1:]
		}), true
	})
}

// ready brings the database to where an operation can be done, and says what to do.
func (o *ordeal) ready(what string) string {
	o.Helper()
	o.day++
	other := 1 - o.reflects
	switch what {
	case "approve":
		o.reflects = other
		o.night(o.asOf(), o.document(other))
		return o.held(o.fewer(o.document(other)))
	case "moved": // after an approval not all are there
		o.night(o.asOf(), o.document(o.reflects))
		o.moved = !o.moved
		return o.held(o.document(o.reflects))
	case "undo": // after which the database reflects what it did
		o.night(o.asOf(), o.document(o.reflects))
		o.restored = o.dump()
		r := o.night(o.asOf(), o.document(other))
		if r.Result != model.Applied {
			o.Fatalf("%s, not applied: %v", r.Result, breaches(r))
		}
		return fmt.Sprintf("undo %d", r.Run)
	}
	o.reflects = other
	o.wanted = o.document(other)
	o.drop(o.wanted)
	o.im.AsOf = date(o, o.asOf())
	if what == "back" {
		const days = 9
		o.im.AsOf = o.im.AsOf.AddDays(-days)
	}
	return "run"
}

// fewer is a document without a third of its pupils, another each time.
func (o *ordeal) fewer(document []byte) []byte {
	lost := 0
	return spoilt(document, func(line string) (string, bool) {
		if !ofSection("CurrentPupils", line) {
			return line, true
		}
		lost++
		return line, (lost+o.day)%70 >= 25
	})
}

// held imports a document that is held, and says how to approve it.
func (o *ordeal) held(document []byte) string {
	o.Helper()
	o.wanted = document
	r := o.night(o.asOf(), document)
	if r.Result != model.Held {
		o.Fatalf("not held: %s", r.Result)
	}
	return fmt.Sprintf("approve %d", r.Run)
}

// through does an operation while something comes between, and judges what is found.
func (o *ordeal) through(what, do string, come func() error) {
	o.Helper()
	before := o.dump()
	err := come()
	found := o.dump()
	if orphans := o.rows(`SELECT DISTINCT CAST(run_id AS text) FROM changes WHERE run_id NOT IN (SELECT id
		FROM runs)`); len(orphans) > 0 {
		o.Fatalf("%s: changes of runs that are not there: %v", what, orphans)
	}
	o.finish(do)
	switch finished := o.dump(); found {
	case before:
		o.tally[what+": before"]++
		if err == nil && before != finished {
			o.Fatalf("%s: it is said to be done, and nothing is", what)
		}
	case finished:
		o.tally[what+": after"]++
	default:
		o.Fatalf("%s (%v): neither before nor after:\n%s", what, err, differing(before, found))
	}
}

// finish does the operation with nothing in the way: no lock is left, and nothing is done
// twice. Only a lock of this process, whose connection was cut, may take a moment.
func (o *ordeal) finish(do string) {
	o.Helper()
	mine := fmt.Sprintf("process %d ", os.Getpid())
	for end := time.Now().Add(store.Patience); ; time.Sleep(50 * time.Millisecond) {
		err := operation(do, o.im)
		var busy *store.BusyError
		if errors.As(err, &busy) && strings.Contains(busy.Holder, mine) && time.Now().Before(end) {
			continue
		}
		if err != nil && !isDone(err) {
			o.Fatalf("%s: %v", do, err)
		}
		return
	}
}

// isDone tells whether err says that an operation has been done before.
func isDone(err error) bool {
	var decided *store.NotWaitingError
	var undone *undo.NotUndoneError
	return errors.As(err, &decided) && decided.Run.Decision == model.Approved ||
		errors.As(err, &undone) && strings.Contains(err.Error(), "did that already") || importer.IsWithoutDocument(err)
}

// soak is many in the soak, and few in make test.
func soak(many, few int) int {
	if os.Getenv("MISIMPORTD_SOAK") != "" {
		return many
	}
	return few
}
