package importer_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"misimportd/importer"
	"misimportd/importer/guard"
	"misimportd/mis/isams/isamstest"
	"misimportd/store/storetest"
)

// loads are first imports of some 10,000 to 400,000 changes: schools, and how many lessons
// they have in two weeks.
var loads = []struct {
	size    isamstest.Size
	lessons int
}{
	{isamstest.Size{Pupils: 60, Staff: 12, Forms: 7, Sets: 14, SetLists: 200}, 80},
	{isamstest.Size{Pupils: 60, Staff: 12, Forms: 7, Sets: 14, SetLists: 200}, 480},
	{isamstest.Typical, 1000},
	{isamstest.Typical, 4000},
}

// BenchmarkUndoGrows undoes first imports, each larger than the one before: a change must not
// take more than 1.2 times as long in any as in the smallest. What counts is the processors'
// time, the database server's included, and of several times the best: the machine is shared.
func BenchmarkUndoGrows(b *testing.B) {
	for name, database := range map[string]func(testing.TB) string{"postgres": storetest.Postgres,
		"sqlite": storetest.SQLite} {
		b.Run(name, func(b *testing.B) {
			const limit = 1.2
			var smallest, worst float64
			for b.Loop() {
				for i, load := range loads {
					y := &yard{B: b, document: isamstest.New(1, load.size).Teach(load.lessons).Document()}
					changes, each := y.undoFirst(database)
					b.Logf("%d changes: %.1f µs each", changes, 1e6*each)
					if i == 0 {
						smallest = each
					}
					worst = max(worst, each/smallest)
				}
			}
			b.ReportMetric(worst, "×smallest")
			if worst > limit {
				b.Errorf("a change takes %.2f times as long to undo as in the smallest run; the limit is %.1f", worst,
					limit)
			}
		})
	}
}

// undoFirst makes a first import and undoes it, a few times over. It returns how many changes
// that were, and the seconds that each took the best time.
func (y *yard) undoFirst(database func(testing.TB) string) (changes int, each float64) {
	y.Helper()
	im := y.freshIn(database(y))
	im.Guard.Undo, im.Force = guard.Limits{}, true
	for range 3 {
		y.run(im)
		list, err := importer.Runs(y.Context(), im.DB, 1)
		if err != nil {
			y.Fatal(err)
		}
		begin := y.spent()
		report, err := im.Undo(y.Context(), list[0].Run)
		if err != nil || report.Hold != "" {
			y.Fatalf("%s %v", report.Hold, err)
		}
		took := (y.spent() - begin).Seconds()
		changes = 0
		for _, c := range report.Changes {
			changes += c.Count
		}
		if took /= float64(changes); each == 0 || took < each {
			each = took
		}
	}
	return changes, each
}

// spent is the processors' time that this process and the server's have used so far.
func (y *yard) spent() time.Duration {
	y.Helper()
	var own syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &own); err != nil {
		y.Fatal(err)
	}
	spent := time.Duration(own.Utime.Nano() + own.Stime.Nano())
	if strings.HasPrefix(y.database, "sqlite:") {
		return spent
	}
	var backend int
	if err := storetest.Raw(y, y.database).QueryRow(`SELECT pg_backend_pid()`).Scan(&backend); err != nil {
		y.Fatal(err)
	}
	server, _ := processOf(fmt.Sprintf("/proc/%d/stat", backend))
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		y.Fatal(err)
	}
	for _, path := range paths {
		if parent, used := processOf(path); parent == server {
			spent += used
		}
	}
	return spent
}

// processOf reads whose child a process is and the time that it has used, from its file of
// /proc; zeros when it is gone.
func processOf(stat string) (parent int64, used time.Duration) {
	const parentAt, userAt, systemAt = 1, 11, 12 // after the name, which may hold anything
	text, err := os.ReadFile(stat)
	_, after, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(after)
	if err != nil || len(fields) <= systemAt {
		return 0, 0
	}
	number := func(at int) int64 {
		n, _ := strconv.ParseInt(fields[at], 10, 64) // the kernel writes numbers
		return n
	}
	const hertz = 100 // the ticks in which it does
	return number(parentAt), time.Duration(number(userAt)+number(systemAt)) * time.Second / hertz
}

// BenchmarkUndoMemory runs the program itself: the first import of a large school with a year's
// lessons, and its undo.
func BenchmarkUndoMemory(b *testing.B) {
	program := filepath.Join(b.TempDir(), "misimportd")
	if out, err := exec.Command("go", "build", "-o", program, "misimportd/cmd/misimportd").
		CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	document := isamstest.New(1, isamstest.Huge).Teach(2400).Document()
	for name, database := range map[string]func(testing.TB) string{"postgres": storetest.Postgres,
		"sqlite": storetest.SQLite} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				y := &yard{B: b, document: document}
				y.freshIn(database(b))
				y.once(program, "run", "2016-09-05", "first")
				y.measure(exec.Command(program, "runs", "--state", y.folder), "idle")
				y.measure(exec.Command(program, "undo", "1", "--plan", "--state", y.folder), "plan")
			}
		})
	}
}
