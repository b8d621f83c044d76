//go:build !single

package fleet_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"strconv"
	"strings"
	"testing"
	"time"

	"misimportd/importer/fleet"
	"misimportd/mis/isams/isamstest"
	"misimportd/store/storetest"
)

// sizeOf is how large a benchmark is, by the environment.
func sizeOf(name string, usual int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return usual
}

// BenchmarkFleet has a night of 1 % changes in schools of 1,000 pupils with their timetables, each in a database of its
// own: first in a loop of one process, then by workers that take one school at a time. FLEET_SCHOOLS says how many.
func BenchmarkFleet(b *testing.B) {
	n := sizeOf("FLEET_SCHOOLS", 8)
	y := newYard(b)
	all := y.copies(n, 1000)
	nights := y.nights()
	next := func() {
		document := nights()
		for _, name := range all {
			y.give(name, document)
		}
	}
	open := openIn(b.TempDir())
	next()
	begin := time.Now()
	for _, name := range all {
		o, err := open(context.Background(), y.byName(name))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := o.Setup.Importer.Run(context.Background()); err != nil {
			b.Fatal(err)
		}
		_ = o.Close()
	}
	loop := time.Since(begin)
	b.Logf("a loop: %d schools in %s, %.1f a minute", n, loop.Round(time.Millisecond), perMinute(n, loop))
	for i, workers := range []int{1, 2, 4} {
		next()
		y.applyPaused(all)
		var processes []*process
		for range workers {
			processes = append(processes, y.work("WORKER_JOBS=1"))
		}
		time.Sleep(2 * time.Second) // they are up, and one of them leads
		y.dayGoesByIn(all)
		before, began := y.transactions(), time.Now()
		if err := y.fleet.Resume(context.Background(), all); err != nil {
			b.Fatal(err)
		}
		y.awaitLong("the night", func() bool { return y.ranSince(began) == n })
		took := time.Since(began)
		peak := 0.0
		for _, p := range processes {
			peak = max(peak, peakOf(p))
			p.stop()
		}
		b.Logf("%d workers: %d schools in %s, %.1f a minute, x%.2f of the loop; %.1f transactions of the fleet's "+
			"database a school; a worker's peak %.0f "+
			"MB", workers, n, took.Round(time.Millisecond), perMinute(n, took),
			loop.Seconds()/took.Seconds(), float64(y.transactions()-before)/float64(n), peak)
		b.ReportMetric(loop.Seconds()/took.Seconds(), fmt.Sprintf("x-loop-%d", workers))
		_ = i
	}
	b.ReportMetric(0, "ns/op")
}

func perMinute(n int, in time.Duration) float64 { return float64(n) / in.Minutes() }

// copies enters schools that all have begun with the same document.
func (y *yard) copies(n, pupils int) (all []string) {
	y.Helper()
	of := isamstest.New(1, isamstest.Size{Pupils: pupils, Staff: pupils * 3 / 20, Forms: pupils * 7 / 125,
		Sets: pupils * 3 / 5, SetLists: pupils * 12})
	of.TeachIn(thisYear(), pupils*12/5)
	template := storetest.Database(y.TB)
	y.give("template", of.Document())
	first := y.school("template")
	first.Configuration = template + " " + y.web.URL
	o, err := openIn(y.TempDir())(context.Background(), first)
	if err != nil {
		y.Fatal(err)
	}
	if _, err := o.Setup.Importer.Run(context.Background()); err != nil {
		y.Fatal(err)
	}
	_ = o.Close()
	y.template = of
	var size, packed, lessons int64
	db := storetest.Raw(y.TB, template)
	if err := db.QueryRow(`SELECT pg_database_size(current_database()), sum(length(data)),
		(SELECT count(*) FROM lessons) FROM document_chunks`).Scan(&size, &packed, &lessons); err != nil {
		y.Fatal(err)
	}
	_ = db.Close() // a database that is copied has nobody in it
	y.Logf("%d pupils, %d lessons: a document of %.1f MB, packed %.2f MB; the school's database is %.0f MB after "+
		"its first "+
		"import", pupils, lessons, float64(len(y.documents["template"]))/1e6, float64(packed)/1e6, float64(size)/1e6)
	for i := range n {
		name := fmt.Sprintf("school-%04d", i+1)
		school := y.school(name)
		school.Configuration = y.copyOf(template) + " " + y.web.URL
		y.wanted.Schools = append(y.wanted.Schools, school)
		all = append(all, name)
	}
	return all
}

func thisYear() int {
	now := time.Now()
	if now.Month() < time.September {
		return now.Year() - 1
	}
	return now.Year()
}

// copyOf is a database that is the copy of another.
func (y *yard) copyOf(template string) string {
	y.Helper()
	to := storetest.Database(y.TB)
	from, err := url.Parse(template)
	if err != nil {
		y.Fatal(err)
	}
	into, _ := url.Parse(to)
	name := strings.TrimPrefix(into.Path, "/")
	y.exec(`DROP DATABASE ` + name)
	y.exec(`CREATE DATABASE ` + name + ` TEMPLATE ` + strings.TrimPrefix(from.Path, "/") + ` STRATEGY file_copy`)
	return to
}

// nights gives the documents of one night after the other, each with 1 % of changes.
func (y *yard) nights() func() []byte {
	return func() []byte {
		y.template.Change(0.01)
		return y.template.Document()
	}
}

func (y *yard) byName(name string) (found fleet.School) {
	for _, s := range y.wanted.Schools {
		if s.Name == name {
			return s
		}
	}
	return found
}

// applyPaused enters schools that wait for a word.
func (y *yard) applyPaused(all []string) {
	y.Helper()
	y.apply()
	until := map[string]time.Time{}
	for _, name := range all {
		until[name] = time.Now().Add(time.Hour)
	}
	if err := y.fleet.Pause(context.Background(), all, until, ""); err != nil {
		y.Fatal(err)
	}
	y.exec(`UPDATE fleet.school_status SET next = now()`)
}

// dayGoesByIn moves the record of schools with databases of their own a day into the past.
func (y *yard) dayGoesByIn(all []string) {
	y.Helper()
	for _, name := range all {
		database, _, _ := strings.Cut(y.byName(name).Configuration, " ")
		execIn(y.TB, database, `UPDATE runs SET started_at = started_at - interval '1 day',
			finished_at = finished_at - interval '1 day'`)
	}
}

// ranSince counts the schools that the fleet knows to have run since a moment.
func (y *yard) ranSince(at time.Time) (n int) {
	o, err := y.fleet.Overview(context.Background())
	if err != nil {
		return 0
	}
	for _, s := range o.Standings {
		if !s.RanAt.IsZero() && s.RanAt.After(at.Add(-time.Second)) && s.Worker == "" {
			n++
		}
	}
	return n
}

// transactions is how many the fleet's database has carried out.
func (y *yard) transactions() (n int64) {
	y.Helper()
	time.Sleep(1500 * time.Millisecond) // statistics come late
	err := y.raw.QueryRow(`SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = $1`,
		nameOf(y.url)).Scan(&n)
	if err != nil {
		y.Fatal(err)
	}
	return n
}

func nameOf(database string) string {
	u, err := url.Parse(database)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(u.Path, "/")
}

// peakOf is the most memory that a worker has had, in MB.
func peakOf(p *process) float64 {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.cmd.Process.Pid), "status"))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, is := strings.CutPrefix(line, "VmHWM:"); is {
			kb, _ := strconv.Atoi(strings.Fields(rest)[0])
			return float64(kb) / 1024
		}
	}
	return 0
}

// BenchmarkMemory is what the first import of a school takes, and a night after it: the most that the heap holds,
// beside the size of its document. What a worker reckons with (memory.go) is from here.
func BenchmarkMemory(b *testing.B) {
	for _, pupils := range []int{1000, 4000, 16000} {
		if pupils > sizeOf("FLEET_PUPILS", 4000) {
			continue
		}
		b.Run(fmt.Sprintf("pupils=%d", pupils), func(b *testing.B) {
			y := newYard(b)
			size := isamstest.Typical
			size.Pupils, size.Staff, size.Forms, size.Sets, size.SetLists = pupils, pupils*3/20, pupils*7/125,
				pupils*3/5,
				pupils*12
			of := isamstest.New(1, size)
			of.TeachIn(thisYear(), pupils*12/5)
			open := openIn(b.TempDir())
			for _, night := range []string{"first", "night"} {
				document := of.Document()
				y.give("school", document)
				o, err := open(context.Background(), y.school("school"))
				if err != nil {
					b.Fatal(err)
				}
				bytes := int64(len(document))
				document = nil
				peak := heapPeak(func() {
					if _, err := o.Setup.Importer.Run(context.Background()); err != nil {
						b.Fatal(err)
					}
				})
				_ = o.Close()
				b.Logf("%d pupils, %s import: a document of %.1f MB, %.0f MB of heap at most, %.1f bytes a byte",
					pupils, night,
					float64(bytes)/1e6, float64(peak)/1e6, float64(peak)/float64(bytes))
				of.Change(0.01)
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// heapPeak is by how much more the heap holds at most while do runs than before.
func heapPeak(do func()) uint64 {
	runtime.GC()
	held := func() uint64 {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	before, peak := held(), uint64(0)
	done, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		for {
			peak = max(peak, held())
			select {
			case <-done:
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	}()
	do()
	close(done)
	<-over
	return peak - min(peak, before)
}
