package fleet_test

import (
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
