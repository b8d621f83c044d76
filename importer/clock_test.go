package importer_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"misimportd/era"
	"misimportd/importer"
	"misimportd/importer/daemon"
	"misimportd/importer/report"
	"misimportd/mis/cache"
	"misimportd/store"
	"misimportd/store/model"
	"misimportd/store/storetest"
)

// clocked is a school whose daemon lives through nights of pretended time: the daemon,
// the imports and the database are real.
type clocked struct {
	*testing.T
	database     string
	state        cache.Folder
	spec, giveUp string
	turn         importer.Turn
	zone         *time.Location
	slept        atomic.Int64 // nanoseconds by the machine: the wall's clock is ahead by so much
	trigger      chan struct{}
	stop         context.CancelFunc
	ended        chan struct{}
}

func (c *clocked) now() time.Time { return time.Now().Add(time.Duration(c.slept.Load())) }

// until lets time pass until the wall's clock first shows a time.
func (c *clocked) until(text string) {
	c.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04:05", text, c.zone)
	if err != nil {
		c.Fatal(err)
	}
	time.Sleep(at.Sub(c.now()))
}

func (c *clocked) start() {
	c.Helper()
	db, err := store.Prepare(c.database)
	if err != nil {
		c.Fatal(err)
	}
	schedule, err := daemon.NewSchedule(c.spec, c.giveUp, c.zone)
	if err != nil {
		c.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	im := &importer.Importer{DB: db, State: c.state, Zone: c.zone, AcademicYearStarts: era.FirstSeptember,
		Version: "test", Log: log, Now: c.now, Turn: c.turn}
	ctx, stop := context.WithCancel(context.Background())
	c.trigger, c.stop, c.ended = make(chan struct{}, 1), stop, make(chan struct{})
	daemon := &daemon.Daemon{Setup: &daemon.Setup{Importer: im, Schedule: schedule}, Trigger: c.trigger, Now: c.now,
		Log: log, Watch: []daemon.Watcher{c}}
	go func() {
		defer close(c.ended)
		daemon.Serve(ctx)
	}()
}

// Began, Ended and Looked are told to a watcher. There is always another document.
func (c *clocked) Began(time.Time) {}

func (c *clocked) Looked(daemon.Outlook) {}

func (c *clocked) Ended(time.Time, report.Report, error) { c.drop() }

func (c *clocked) drop() {
	w := &world{T: c.T, im: &importer.Importer{State: c.state}}
	w.drop(small().xml())
}

func (c *clocked) halt() {
	c.stop()
	<-c.ended
}

func (c *clocked) restart() {
	c.halt()
	c.start()
}

// live runs a story in a bubble of pretended time that begins at noon before the first
// night, and returns when the imports began.
func live(t *testing.T, database, zone, spec, from string, story func(c *clocked)) (began []time.Time) {
	t.Helper()
	at, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	c := &clocked{T: t, database: database, state: cache.Folder(t.TempDir()), spec: spec, giveUp: "07:00", zone: at}
	synctest.Test(t, func(t *testing.T) {
		c.until(from)
		c.drop()
		c.start()
		synctest.Wait()
		story(c)
		c.halt()
	})
	db, err := store.Open(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	imports, err := db.Imports(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, run := range imports.Newest {
		if run.Result == model.Failed {
			t.Errorf("run %d failed: %s", run.ID, run.Error)
		}
		began = append([]time.Time{run.StartedAt.In(at)}, began...)
	}
	return began
}

// TestTheClock lets nights pass on which clocks change, machines sleep and daemons are
// restarted: each night has exactly one import. The first, at the start, is that of a
// night that nobody recorded.
func TestTheClock(t *testing.T) {
	for i, c := range []struct {
		what, zone, spec, from string
		story                  func(c *clocked)
		want                   []string
	}{
		{"an ordinary week", "Europe/London", "0 3 * * *", "2000-01-10 12:00:00",
			func(c *clocked) { c.until("2000-01-13 12:00:00") },
			[]string{"10 12:00:00", "11 03:00:00", "12 03:00:00", "13 03:00:00"}},
		{"01:30 on the night that leaves it out", "Europe/London", "30 1 * * *", "2000-03-25 12:00:00",
			func(c *clocked) { c.until("2000-03-27 12:00:00") },
			[]string{"25 12:00:00", "26 02:00:00", "27 01:30:00"}},
		{"01:30 on the night that has it twice", "Europe/London", "30 1 * * *", "2000-10-28 12:00:00",
			func(c *clocked) { c.until("2000-10-30 12:00:00") },
			[]string{"28 12:00:00", "29 01:30:00", "30 01:30:00"}},
		{"03:00 on the night of spring", "Europe/London", "0 3 * * *", "2000-03-25 12:00:00",
			func(c *clocked) { c.until("2000-03-27 12:00:00") },
			[]string{"25 12:00:00", "26 03:00:00", "27 03:00:00"}},
		{"03:00 on the night of autumn", "Europe/London", "0 3 * * *", "2000-10-28 12:00:00",
			func(c *clocked) { c.until("2000-10-30 12:00:00") },
			[]string{"28 12:00:00", "29 03:00:00", "30 03:00:00"}},
		{"half an hour left out, Lord Howe", "Australia/Lord_Howe", "15 2 * * *", "2000-08-26 12:00:00",
			func(c *clocked) { c.until("2000-08-28 12:00:00") },
			[]string{"26 12:00:00", "27 02:30:00", "28 02:15:00"}},
		{"half an hour twice, Lord Howe", "Australia/Lord_Howe", "45 1 * * *", "2000-03-25 12:00:00",
			func(c *clocked) { c.until("2000-03-27 12:00:00") },
			[]string{"25 12:00:00", "26 01:45:00", "27 01:45:00"}},
		{"UTC", "UTC", "30 1 * * *", "2000-03-25 12:00:00", func(c *clocked) { c.until("2000-03-27 12:00:00") },
			[]string{"25 12:00:00", "26 01:30:00", "27 01:30:00"}},
		{"a sleep of nine hours over the time", "Europe/London", "0 3 * * *", "2000-01-10 12:00:00", func(c *clocked) {
			c.until("2000-01-10 23:10:20")
			c.slept.Add(int64(9 * time.Hour))
			c.until("2000-01-12 12:00:00")
		}, []string{"10 12:00:00", "11 08:11:00", "12 03:00:00"}},
		{"a sleep of nine hours after it", "Europe/London", "0 3 * * *", "2000-01-10 12:00:00", func(c *clocked) {
			c.until("2000-01-11 03:10:20")
			c.slept.Add(int64(9 * time.Hour))
			c.until("2000-01-12 12:30:00")
		}, []string{"10 12:00:00", "11 03:00:00", "12 03:00:00"}},
		{"the clock is put back by an hour after the import", "Europe/London", "0 3 * * *", "2000-01-10 12:00:00",
			func(c *clocked) {
				c.until("2000-01-11 03:10:20")
				c.slept.Add(-int64(time.Hour))
				c.until("2000-01-12 12:00:00")
			}, []string{"10 12:00:00", "11 03:00:00", "12 03:00:00"}},
		{"off for three nights", "Europe/London", "0 3 * * *", "2000-01-10 12:00:00", func(c *clocked) {
			c.halt()
			c.until("2000-01-14 08:00:00")
			c.start()
			c.until("2000-01-15 12:00:00")
		}, []string{"10 12:00:00", "14 08:00:00", "15 03:00:00"}},
		{"restarted in each minute of a night", "Europe/London", "0 3 * * *", "2000-01-10 12:00:00", func(c *clocked) {
			c.until("2000-01-11 01:00:30")
			for range 6 * 60 {
				c.restart()
				time.Sleep(time.Minute)
			}
			c.until("2000-01-11 12:00:00")
		}, []string{"10 12:00:00", "11 03:00:00"}},
		{"restarted in each minute of the night that has 01:30 twice", "Europe/London", "30 1 * * *",
			"2000-10-28 12:00:00", func(c *clocked) {
				c.until("2000-10-29 00:10:30")
				for range 6 * 60 {
					c.restart()
					time.Sleep(time.Minute)
				}
				c.until("2000-10-29 12:00:00")
			}, []string{"28 12:00:00", "29 01:30:00"}},
		{"asked for five times at once, and at night", "Europe/London", "0 3 * * *", "2000-01-10 12:00:00",
			func(c *clocked) {
				c.until("2000-01-10 14:00:00")
				for range 5 {
					select {
					case c.trigger <- struct{}{}:
					default:
					}
				}
				c.until("2000-01-11 12:00:00")
			}, []string{"10 12:00:00", "10 14:00:00", "11 03:00:00"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			databases := storetest.Each
			if i%soak(1, 4) != 0 { // a look at the record each minute is slow on PostgreSQL, and the clock is the same
				databases = func(t *testing.T, test func(*testing.T, string)) { test(t, storetest.SQLite(t)) }
			}
			databases(t, func(t *testing.T, database string) {
				began := live(t, database, c.zone, c.spec, c.from, c.story)
				got := []string{}
				for _, at := range began {
					got = append(got, at.Format("02 15:04:05"))
				}
				(&world{T: t}).expect("runs", got, c.want...)
				t.Logf("TABLE %s, %s, %q: %d runs wanted, %d found: %v", c.what, c.zone, c.spec, len(c.want), len(got),
					got)
			})
		})
	}
}

// TestARestartAtEveryMinute starts the daemon for a few hours of each night and restarts
// it at another minute from 02:30 to 03:30, half a minute after it: each night has one
// import.
func TestARestartAtEveryMinute(t *testing.T) {
	began := live(t, "sqlite:"+filepath.Join(t.TempDir(), "misimportd.db"), "Europe/London", "0 3 * * *",
		"2000-03-01 12:00:00", func(c *clocked) {
			for minute := range 60 {
				c.halt()
				c.until(fmt.Sprintf("%s 02:10:30", time.Date(2000, 3, 2+minute, 0, 0, 0, 0, time.UTC).
					Format(time.DateOnly)))
				c.start()
				time.Sleep(time.Duration(20+minute) * time.Minute)
				c.restart()
				c.until(fmt.Sprintf("%s 04:00:00", time.Date(2000, 3, 2+minute, 0, 0, 0, 0, time.UTC).
					Format(time.DateOnly)))
			}
		})
	if len(began) != 61 {
		t.Errorf("%d imports in 60 nights and at the start", len(began))
	}
	for i, at := range began[1:] {
		if want := time.Date(2000, 3, 2+i, 3, 0, 0, 0, at.Location()); !at.Equal(want) {
			t.Errorf("import at %s, want %s", at, want)
		}
	}
	t.Logf("TABLE a restart at each of 60 minutes: %d runs wanted, %d found", 61, len(began))
}
