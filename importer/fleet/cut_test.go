//go:build !single

package fleet_test

import (
	"strings"
	"testing"
	"time"

	"misimportd/store/storetest"
)

// TestAWorkerIsCutOffFromTheFleet in the middle of an import: it commits that, another takes the school up and finds it
// done. When the network works again, the worker goes on.
func TestAWorkerIsCutOffFromTheFleet(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	all := append(names(4), "slow-a")
	y.add(all...)
	network := storetest.NewWire(t, y.url)
	lonely := y.work(workerIs+"="+network.URL, "WORKER_JOBS=1")
	y.await("the slow school in hand", func() bool { return y.standing("slow-a").Worker != "" })
	time.Sleep(500 * time.Millisecond)
	network.Stall()
	other := y.work()
	y.await("the night", func() bool { return y.areDone(1, all...) })
	y.await("all put away", func() bool { return y.standing("slow-a").Worker == "" })
	y.eachHas(1, all...)
	if !strings.Contains(other.log(), "what it had in hand is queued again") {
		t.Errorf("nobody has taken the school up:\n%s", other.log())
	}
	network.Cut() // what the systems of both ends do within a minute
	network.Flow()
	other.stop()
	y.dayGoesBy(all...)
	y.await("another night", func() bool { return y.areDone(2, all...) })
	y.await("all put away again", func() bool { return y.standing("slow-a").Worker == "" })
	lonely.stop()
	y.eachHas(2, all...)
	y.nothingLeft()
}

// TestAWorkerIsCutOffFromASchool in the middle of an import: it is rolled back, nobody else waits, and a worker that
// can reach the school's database makes the night.
func TestAWorkerIsCutOffFromASchool(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	all := names(4)
	y.add(append([]string{"slow-a"}, all...)...)
	network := storetest.NewWire(t, y.schools)
	cutOff := y.work("WORKER_JOBS=1", "WORKER_INSTEAD="+y.schools, "WORKER_THROUGH="+network.URL)
	y.await("the slow school in hand", func() bool { return y.standing("slow-a").Worker != "" })
	time.Sleep(500 * time.Millisecond)
	network.Stall()
	other := y.work()
	y.await("the others", func() bool { return y.areDone(1, all...) })
	network.Cut() // what the systems of both ends do within a minute
	y.await("the slow school given back", func() bool { return y.standing("slow-a").Worker == "" })
	y.eachHas(0, "slow-a")
	if s := y.standing("slow-a"); s.Result != "failed" && s.Lost != "database" {
		t.Errorf("%+v", s)
	}
	cutOff.stop()
	if err := y.fleet.Wish(t.Context(), []string{"slow-a"}); err != nil { // and not only when it is tried again
		t.Fatal(err)
	}
	y.await("its night", func() bool { return y.areDone(1, "slow-a") })
	other.stop()
	y.eachHas(1, append(all, "slow-a")...)
	y.nothingLeft()
}
