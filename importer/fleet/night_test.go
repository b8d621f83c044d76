//go:build !single

package fleet_test

import (
	"context"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"
)

// TestANightOfAFleet has each school imported once a night, whoever does it.
func TestANightOfAFleet(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	all := names(12)
	y.add(all...)
	a, b := y.work(), y.work()
	y.await("the first night", func() bool { return y.areDone(1, all...) })
	y.eachHas(1, all...)
	time.Sleep(3 * quick.Tick)
	y.eachHas(1, all...)
	y.dayGoesBy(all...)
	y.await("the second night", func() bool { return y.areDone(2, all...) })
	a.stop()
	b.stop()
	y.eachHas(2, all...)
	y.nothingLeft()
}

// TestAWorkerIsKilled has the school of a killed worker taken up by another, and imported once.
func TestAWorkerIsKilled(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	all := names(8)
	y.add(all...)
	stays := y.work()
	for !y.areDone(1, all...) {
		p := y.work()
		time.Sleep(1200 * time.Millisecond)
		p.signal(syscall.SIGKILL)
		<-p.ended
	}
	y.await("everything put away", func() bool {
		for _, name := range all {
			if y.standing(name).Worker != "" {
				return false
			}
		}
		return true
	})
	stays.stop()
	y.eachHas(1, all...)
	y.nothingLeft()
}

// TestAllAtTheSameSecond has 40 schools due at one second, a thousand in a soak: each is imported once, and none waits
// for much longer than the whole takes.
func TestAllAtTheSameSecond(t *testing.T) {
	t.Parallel()
	n := 40
	if os.Getenv("MISIMPORTD_SOAK") != "" {
		n = 1000
	}
	y := newYard(t)
	all := names(n)
	y.add(all...)
	workers := []*process{y.work(), y.work()}
	y.awaitFor(30*time.Minute, "the first night", func() bool { return y.ranSince(time.Time{}) == n })
	y.eachHas(1, all...)
	y.exec(`UPDATE fleet.schools SET paused_until = now() + interval '1 day'`)
	y.dayGoesBy(all...)
	y.exec(`UPDATE fleet.settings SET lag = '0'`)
	before := y.transactions()
	began := time.Now()
	if err := y.fleet.Resume(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	lag := time.Duration(0)
	y.awaitFor(30*time.Minute, "the second night", func() bool {
		o, err := y.fleet.Overview(context.Background())
		if err != nil {
			return false
		}
		lag = max(lag, o.Lag)
		return y.ranSince(began) == n
	})
	took := time.Since(began)
	y.eachHas(2, all...)
	var waits []time.Duration
	for _, s := range must(y.fleet.Overview(context.Background())).Standings {
		waits = append(waits, s.RanAt.Sub(began))
	}
	slices.Sort(waits)
	t.Logf("%d schools due at one second: all done in %s, %.0f a minute; half had begun after %s, the last after "+
		"%s; the most lag that was seen is %s; %.1f transactions of the fleet's database a school", n,
		took.Round(time.Millisecond), float64(n)/took.Minutes(), waits[n/2].Round(time.Millisecond),
		waits[n-1].Round(time.Millisecond), lag.Round(time.Millisecond), float64(y.transactions()-before)/float64(n))
	if waits[n-1] > took+time.Minute {
		t.Errorf("one school waited for %s", waits[n-1])
	}
	for _, w := range workers {
		w.stop()
	}
	y.nothingLeft()
}
