//go:build !single

package fleet_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"misimportd/importer/fleet"
	"misimportd/store/storetest"
)

// TestAWorkerIsStopped has a worker that stands still in the middle of an import, is taken for dead, and goes on when
// another has its school in hand: the school's lock keeps the two apart, and there is one import.
func TestAWorkerIsStopped(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.add("slow-a", "school-b")
	stands := y.work("WORKER_JOBS=1")
	y.await("the slow school in hand", func() bool { return y.standing("slow-a").Worker != "" })
	first := y.standing("slow-a").Worker
	time.Sleep(time.Second) // it is in the middle of its import then
	stands.signal(syscall.SIGSTOP)
	other := y.work()
	y.await("another that has it in hand", func() bool {
		now := y.standing("slow-a")
		return now.Worker != first
	})
	y.await("the other school imported", func() bool { return y.areDone(1, "school-b") })
	stop := 2 * time.Second
	if os.Getenv("MISIMPORTD_SOAK") != "" {
		stop = 5 * time.Minute
	}
	time.Sleep(stop)
	y.eachHas(0, "slow-a") // the lock is that of the worker that stands still
	stands.signal(syscall.SIGCONT)
	y.await("the slow school imported", func() bool { return y.areDone(1, "slow-a") })
	y.await("all put away", func() bool { return y.standing("slow-a").Worker == "" })
	time.Sleep(5 * quick.Tick)
	y.eachHas(1, "slow-a", "school-b")
	stands.stop()
	other.stop()
	y.nothingLeft()
}

// TestAWorkerIsToldToStop has an import that takes too long rolled back, and made by the next worker.
func TestAWorkerIsToldToStop(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.add("slow-a")
	p := y.work()
	y.await("the school in hand", func() bool { return y.standing("slow-a").Worker != "" })
	time.Sleep(400 * time.Millisecond)
	p.stop()
	if s := y.standing("slow-a"); s.Worker != "" || s.Tries != 0 {
		t.Errorf("a worker that was told to stop leaves %+v", s)
	}
	y.nothingLeft()
	q := y.work()
	y.await("the school imported", func() bool { return y.areDone(1, "slow-a") })
	q.stop()
	y.eachHas(1, "slow-a")
}

// TestAPoisonousSchool ends each worker that takes it up. It is set aside, and all others are imported.
func TestAPoisonousSchool(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	all := names(6)
	y.add(append([]string{"poison"}, all...)...)
	begin := time.Now()
	var workers []*process
	for y.standing("poison").State(time.Now()) != fleet.Aside && time.Since(begin) < time.Minute {
		workers = append(workers[:len(workers):len(workers)], y.work())
		for !workers[len(workers)-1].isOver() && y.standing("poison").State(time.Now()) != fleet.Aside {
			time.Sleep(100 * time.Millisecond)
		}
	}
	if s := y.standing("poison"); s.State(time.Now()) != fleet.Aside || !strings.Contains(s.AsideWhy,
		"has ended 6 workers") {
		t.Fatalf("it is %+v", s)
	}
	y.await("all others imported", func() bool { return y.areDone(1, all...) })
	y.eachHas(1, all...)
	last := workers[len(workers)-1]
	time.Sleep(2 * quick.Tick)
	if last.isOver() {
		t.Error("the school ends workers though it is set aside")
	}
	if !strings.Contains(last.log(), "a school is set aside") {
		t.Errorf("nobody was told:\n%s", last.log())
	}
	if err := y.fleet.Resume(t.Context(), []string{"poison"}); err != nil {
		t.Fatal(err)
	}
	y.await("another try", func() bool { return last.isOver() })
}

// TestClocksAreWrong has workers whose machines are minutes ahead and behind.
func TestClocksAreWrong(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	all := names(8)
	y.add(all...)
	workers := []*process{y.work("WORKER_CLOCK=5m"), y.work("WORKER_CLOCK=-5m")}
	y.await("the night", func() bool { return y.areDone(1, all...) })
	time.Sleep(3 * quick.Tick)
	y.eachHas(1, all...)
	for _, name := range all {
		if s := y.standing(name); time.Since(s.RanAt.Time).Abs() > time.Minute {
			t.Errorf("%s is said to have run at %s", name, s.RanAt)
		}
	}
	for _, w := range workers {
		w.stop()
	}
}

// TestASchoolIsRemoved while it is imported: the import comes to its end, and nothing of the school is left in the
// fleet.
func TestASchoolIsRemoved(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.add("slow-a", "school-b")
	p := y.work()
	y.await("the school in hand", func() bool { return y.standing("slow-a").Worker != "" })
	if err := y.fleet.Remove(t.Context(), []string{"slow-a"}); err != nil {
		t.Fatal(err)
	}
	y.await("its import at an end", func() bool { return y.areDone(1, "slow-a") })
	y.await("the other", func() bool { return y.areDone(1, "school-b") })
	p.stop()
	if s := y.standing("slow-a"); s.School != "" {
		t.Errorf("%+v", s)
	}
	y.nothingLeft()
}

// TestANewerSchool has been brought up to date by a newer worker: this one leaves it alone.
func TestANewerSchool(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.add("school-a", "school-b")
	p := y.work()
	y.await("the night", func() bool { return y.areDone(1, "school-a", "school-b") })
	y.await("all put away", func() bool { return y.standing("school-a").Worker == "" })
	if _, err := y.raw.Exec(`INSERT INTO s_school_a.goose_db_version (version_id, is_applied) VALUES (9999,
		true)`); err != nil {
		t.Fatal(err)
	}
	y.dayGoesBy("school-a", "school-b")
	y.await("the night of the other", func() bool { return y.areDone(2, "school-b") })
	y.await("trouble told", func() bool { return y.standing("school-a").Lost == "version" })
	y.eachHas(1, "school-a")
	p.stop()
}

// TestADatabaseIsAway has one school's server down all night: nobody else waits, and its night is made when it is back.
func TestADatabaseIsAway(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	own := newServer(t)
	all := names(4)
	y.add(all...)
	y.addOn(own, "away")
	own.stop()
	p := y.work("WORKER_JOBS=1")
	y.await("the others", func() bool { return y.areDone(1, all...) })
	y.await("trouble told", func() bool { return y.standing("away").Lost == "database" })
	if s := y.standing("away"); !s.RanAt.IsZero() || s.State(time.Now()) != fleet.Failed {
		t.Errorf("%+v", s)
	}
	if err := y.fleet.Wish(t.Context(), []string{"away"}); err != nil {
		t.Fatal(err)
	}
	y.await("the wish tried", func() bool { return y.jobs("away", "completed") >= 2 })
	before := y.jobs("away", "completed")
	time.Sleep(4 * quick.Tick)
	if now := y.jobs("away", "completed"); now > before+1 {
		t.Errorf("a wish that cannot be done is tried again and again: %d jobs, and then %d", before, now)
	}
	own.start()
	y.exec(`UPDATE fleet.school_status SET next = now() WHERE school = 'away'`) // a minute goes by
	y.await("its night", func() bool { return y.standing("away").Result == "applied" })
	if s := y.standing("away"); s.Reason != "" || s.Lost != "" {
		t.Errorf("it is said to be in trouble still: %+v", s)
	}
	p.stop()
}

// TestAServerSaysNothing though it takes connections, as when its disk stands still: its schools wait, and nobody else
// does for longer than it takes to find out once.
func TestAServerSaysNothing(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	own := newServer(t)
	all := names(4)
	y.add(all...)
	silent := []string{"silent-a", "silent-b", "silent-c", "silent-d", "silent-e"}
	for _, name := range silent {
		y.addOn(own, name)
	}
	y.exec(`UPDATE fleet.school_status SET next = now() - interval '1 hour'
		WHERE school LIKE 'silent%'`) // they come first
	own.signal(syscall.SIGSTOP)
	t.Cleanup(func() { own.signal(syscall.SIGCONT) }) // or it could not be ended
	p := y.work("WORKER_JOBS=1")
	y.await("the others", func() bool { return y.areDone(1, all...) }) // sooner than each silent one can be waited for
	y.await("trouble told", func() bool { return y.standing("silent-a").Lost == "database" })
	own.signal(syscall.SIGCONT)
	y.await("their nights", func() bool {
		y.exec(`UPDATE fleet.school_status SET next = now() WHERE school LIKE 'silent%'`) // a minute goes by
		return !slices.ContainsFunc(silent, func(name string) bool { return y.standing(name).Result != "applied" })
	})
	p.stop()
}

// TestTheFleetsDatabaseRestarts in the middle of the night.
func TestTheFleetsDatabaseRestarts(t *testing.T) {
	t.Parallel()
	own := newServer(t)
	y := newYardOn(t, own.url, storetest.Database(t))
	all := names(20)
	y.add(all...)
	workers := []*process{y.work(), y.work()}
	y.await("a beginning", func() bool { return y.areDone(1, all[0]) })
	own.stop()
	time.Sleep(time.Second)
	own.start()
	y.await("the whole night", func() bool { return y.areDone(1, all...) })
	y.await("all put away", func() bool {
		o, err := y.fleet.Overview(context.Background())
		for _, s := range o.Standings {
			if s.Worker != "" {
				return false
			}
		}
		return err == nil
	})
	time.Sleep(3 * quick.Tick)
	y.eachHas(1, all...)
	for _, w := range workers {
		w.stop()
	}
}

// TestTheWorstNight kills a worker every while, and restarts the fleet's database twice; 200 schools in a soak. Each is
// imported once a night, for three nights.
func TestTheWorstNight(t *testing.T) {
	t.Parallel()
	n, every, most := 24, 900*time.Millisecond, 2*time.Minute
	if os.Getenv("MISIMPORTD_SOAK") != "" {
		n, every, most = 200, 3*time.Second, 10*time.Minute
	}
	own := newServer(t)
	y := newYardOn(t, own.url, storetest.Database(t))
	all := names(n)
	y.add(all...)
	var workers []*process
	for range 3 {
		workers = append(workers, y.work())
	}
	killed := 0
	for night := 1; night <= 3; night++ {
		restarts, allKilled := 0, false
		begin, next := time.Now(), time.Now().Add(every)
		for !y.areDone(night, all...) {
			if time.Since(begin) > most {
				t.Fatalf("night %d does not end: %s", night, y.undone(night, all...))
			}
			if done := y.countDone(night, all...); restarts < 2 && done > n*(restarts+1)/3 {
				restarts++
				own.stop()
				own.start()
			}
			if time.Now().After(next) {
				victims := []int{killed % len(workers)}
				if !allKilled { // all of them at once, and once: a fleet has to choose a leader between
					allKilled, victims = true, []int{0, 1, 2}
				}
				for _, victim := range victims {
					workers[victim].signal(syscall.SIGKILL)
				}
				for _, victim := range victims {
					<-workers[victim].ended
					workers[victim] = y.work()
					killed++
				}
				next = time.Now().Add(every)
			}
			time.Sleep(100 * time.Millisecond)
		}
		y.await("all put away", func() bool {
			o, err := y.fleet.Overview(context.Background())
			for _, s := range o.Standings {
				if s.Worker != "" || s.Next.Time.Before(o.At) {
					return false
				}
			}
			return err == nil
		})
		y.eachHas(night, all...)
		t.Logf("night %d: %d schools in %s, each with %d imports; %d workers killed so far, the fleet's database "+
			"restarted %d times", night, n, time.Since(begin).Round(time.Second), night, killed, restarts)
		for _, s := range must(y.fleet.Overview(context.Background())).Standings {
			if !s.AsideAt.IsZero() {
				t.Errorf("%s was set aside, though it ended no worker: %s", s.School, s.AsideWhy)
			}
		}
		y.dayGoesBy(all...)
	}
	for _, w := range workers {
		w.stop()
	}
}

// countDone counts the schools that have had so many imports.
func (y *yard) countDone(n int, names ...string) (done int) {
	for _, name := range names {
		if y.imports(name) >= n {
			done++
		}
	}
	return done
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// undone tells how the schools stand that have not had so many imports.
func (y *yard) undone(n int, names ...string) string {
	var told []string
	for _, name := range names {
		if made := y.imports(name); made < n {
			told = append(told, fmt.Sprintf("%s: %d imports, %+v", name, made, y.standing(name)))
		}
	}
	o := must(y.fleet.Overview(context.Background()))
	return fmt.Sprintf("%s\nstopped: %+v, workers: %+v", strings.Join(told, "\n"), o.Stop, o.Workers)
}
