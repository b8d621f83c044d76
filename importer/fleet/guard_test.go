//go:build !single

package fleet_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"misimportd/importer/fleet"
	"misimportd/mis/isams/isamstest"
)

// TestTheFleetStops when many schools are held for one reason, and goes on when a person says so.
func TestTheFleetStops(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	all := names(20)
	y.add(all...)
	p := y.work()
	y.await("the first night", func() bool { return y.areDone(1, all...) })
	y.await("all put away", func() bool { return y.standing(all[19]).Worker == "" })
	for i, name := range all {
		if i%3 == 0 {
			y.give(name, halved(uint64(i+1)))
		}
	}
	p.stop()
	y.wanted.Settings.StopPercent, y.wanted.Settings.StopAtLeast = 20, 2
	y.apply()
	y.dayGoesBy(all...)
	// Each takes a while: so the leader sees what comes of the first before all are queued.
	y.exec(`UPDATE fleet.school_status SET next = now() + row_number * interval '400 milliseconds'
		FROM (SELECT school AS s, row_number() OVER (ORDER BY school) FROM fleet.school_status) o WHERE school = s`)
	p = y.work()
	var stop *fleet.Stop
	y.await("the fleet stopped", func() bool {
		o, err := y.fleet.Overview(context.Background())
		stop = o.Stop
		return err == nil && o.Stop != nil
	})
	if !strings.Contains(stop.Why, "schools that ran this night were held or failed for one reason (pupils_leaving)") {
		t.Errorf("it says: %s", stop.Why)
	}
	time.Sleep(3 * quick.Tick)
	if y.areDone(2, all...) {
		t.Error("all schools were imported though the fleet had stopped")
	}
	if !strings.Contains(p.log(), "no more nights are begun until somebody says so") {
		t.Error("the log does not tell")
	}
	var before int
	for _, name := range all {
		before += y.imports(name)
	}
	time.Sleep(3 * quick.Tick)
	var after int
	for _, name := range all {
		after += y.imports(name)
	}
	if before != after {
		t.Errorf("%d imports were made though the fleet had stopped", after-before)
	}
	// What a person asks for is done all the same.
	var waits string
	for _, name := range all {
		if y.imports(name) == 1 {
			waits = name
		}
	}
	if err := y.fleet.Wish(t.Context(), []string{waits}); err != nil {
		t.Fatal(err)
	}
	y.await("the wish", func() bool { return y.areDone(2, waits) })
	y.wanted.Settings.StopPercent = 100
	y.apply()
	if had, err := y.fleet.ResumeAll(t.Context(), "alice"); err != nil || !had {
		t.Fatal(had, err)
	}
	y.await("the night", func() bool { return y.areDone(2, all...) })
	p.stop()
	y.eachHas(2, all...)
}

// halved is the document of a school that has lost half of its pupils.
func halved(seed uint64) []byte {
	school := isamstest.New(seed, tiny)
	school.Pupils = school.Pupils[:len(school.Pupils)/2]
	return school.Document()
}

// TestCanariesGoFirst has the others wait until the canary is well, and a person asked when it is held.
func TestCanariesGoFirst(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	all := names(6)
	y.add(all...)
	canary := all[2]
	y.change(canary, func(s *fleet.School) { s.Canary = true })
	p := y.work()
	y.await("the first night", func() bool { return y.areDone(1, all...) })
	first := y.standing(canary).RanAt
	for _, name := range all {
		if s := y.standing(name); name != canary && !s.RanAt.After(first.Time) {
			t.Errorf("%s ran at %s, before its canary at %s", name, s.RanAt, first)
		}
	}
	y.give(canary, halved(3))
	y.await("all put away", func() bool { return y.standing(all[5]).Worker == "" })
	y.dayGoesBy(all...)
	y.await("the canary held", func() bool { return y.standing(canary).Result == "held" })
	y.awaitStop(canary + ", which goes first, was held")
	time.Sleep(2 * quick.Tick)
	for _, name := range all {
		if name != canary {
			y.eachHas(1, name)
		}
	}
	if _, err := y.fleet.ResumeAll(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	y.await("the others", func() bool { return y.areDone(2, all...) })
	p.stop()
}

// TestAWish is answered at once, be the school paused or not, once, and before what is merely due.
func TestAWish(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	all := names(3)
	y.add(all...)
	until := map[string]time.Time{}
	for _, name := range all {
		until[name] = time.Now().Add(time.Hour)
	}
	if err := y.fleet.Pause(t.Context(), all, until, "a move"); err != nil {
		t.Fatal(err)
	}
	p := y.work()
	time.Sleep(3 * quick.Tick)
	y.eachHas(0, all...)
	if err := y.fleet.Wish(t.Context(), all[:1]); err != nil {
		t.Fatal(err)
	}
	y.await("the wish", func() bool { return y.areDone(1, all[0]) })
	y.await("the wish forgotten", func() bool { return y.standing(all[0]).WishedAt.IsZero() })
	time.Sleep(3 * quick.Tick)
	y.eachHas(1, all[0])
	y.eachHas(0, all[1:]...)
	if err := y.fleet.Resume(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	y.await("the night", func() bool { return y.areDone(1, all...) })
	p.stop()
	y.eachHas(1, all...)
	var unknown *fleet.UnknownError
	if err := y.fleet.Wish(t.Context(), []string{"nobody"}); !asError(err, &unknown) {
		t.Errorf("%v", err)
	}
}

// TestAHostIsAskedSoOften has no more schools ask their common host in a minute than it allows; the others wait.
func TestAHostIsAskedSoOften(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	all := names(6)
	y.wanted.Settings.PerHost, y.wanted.Settings.PerAddress = 2, 100
	y.add(all...)
	p := y.work()
	y.await("two schools", func() bool { return y.countDone(1, all...) == 2 })
	time.Sleep(4 * quick.Tick)
	if n := y.countDone(1, all...); n != 2 {
		t.Errorf("%d schools have asked in a minute", n)
	}
	y.wanted.Settings.PerHost = 0
	y.apply()
	y.exec(`UPDATE fleet.school_status SET next = now() WHERE run = 0`) // a minute goes by
	y.await("all", func() bool { return y.areDone(1, all...) })
	p.stop()
	y.eachHas(1, all...)
}
