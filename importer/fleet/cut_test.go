//go:build !single

package fleet_test

import (
	"errors"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// gateway stands between a worker and a PostgreSQL, as a network does that can be cut.
type gateway struct {
	testing.TB
	listener net.Listener
	socket   string // of the server

	mutex sync.Mutex
	whole *sync.Cond
	isCut bool
	ends  map[net.Conn]bool
}

// newGateway stands before the server of a database, whose URL names the folder of its socket.
func newGateway(t testing.TB, database string) (g *gateway, through string) {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g = &gateway{TB: t, listener: listener, socket: filepath.Join(u.Query().Get("host"), ".s.PGSQL.5432"),
		ends: map[net.Conn]bool{}}
	g.whole = sync.NewCond(&g.mutex)
	var all sync.WaitGroup
	all.Go(func() { g.serve(&all) })
	t.Cleanup(func() {
		_ = listener.Close()
		g.cut()
		g.drop()
		all.Wait()
	})
	query := u.Query()
	query.Del("host")
	query.Set("sslmode", "disable")
	u.Host, u.RawQuery = listener.Addr().String(), query.Encode()
	return g, u.String()
}

func (g *gateway) serve(all *sync.WaitGroup) {
	for {
		client, err := g.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("unix", g.socket)
		if err != nil {
			_ = client.Close()
			continue
		}
		g.mutex.Lock()
		if g.isCut {
			_, _ = client.Close(), server.Close()
		} else {
			g.ends[client], g.ends[server] = true, true
			all.Go(func() { g.pass(client, server) })
			all.Go(func() { g.pass(server, client) })
		}
		g.mutex.Unlock()
	}
}

// pass hands on what comes from one end to the other. While the network is cut nothing is.
func (g *gateway) pass(from, to net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		g.mutex.Lock()
		for g.isCut && g.ends[from] {
			g.whole.Wait()
		}
		g.mutex.Unlock()
		if _, failed := to.Write(buffer[:n]); err != nil || failed != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) && failed == nil {
				g.Log(err)
			}
			g.forget(from, to)
			return
		}
	}
}

func (g *gateway) forget(ends ...net.Conn) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	for _, end := range ends {
		delete(g.ends, end)
		_ = end.Close()
	}
	g.whole.Broadcast()
}

// cut has nothing come through any more, though both ends believe that they are connected.
func (g *gateway) cut() {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.isCut = true
}

// drop has both ends find out: what their systems do for them within a minute.
func (g *gateway) drop() {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	for end := range g.ends {
		_ = end.Close()
	}
	clear(g.ends)
	g.whole.Broadcast()
}

// heal has the network work again.
func (g *gateway) heal() {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.isCut = false
	g.whole.Broadcast()
}

// TestAWorkerIsCutOffFromTheFleet in the middle of an import: it commits that, another takes the school up and finds it
// done. When the network works again, the worker goes on.
func TestAWorkerIsCutOffFromTheFleet(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	all := append(names(4), "slow-a")
	y.add(all...)
	g, through := newGateway(t, y.url)
	lonely := y.work(workerIs+"="+through, "WORKER_JOBS=1")
	y.await("the slow school in hand", func() bool { return y.standing("slow-a").Worker != "" })
	time.Sleep(500 * time.Millisecond)
	g.cut()
	other := y.work()
	y.await("the night", func() bool { return y.areDone(1, all...) })
	y.await("all put away", func() bool { return y.standing("slow-a").Worker == "" })
	y.eachHas(1, all...)
	if !strings.Contains(other.log(), "what it had in hand is queued again") {
		t.Errorf("nobody has taken the school up:\n%s", other.log())
	}
	g.drop()
	g.heal()
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
	g, through := newGateway(t, y.schools)
	cutOff := y.work("WORKER_JOBS=1", "WORKER_INSTEAD="+y.schools, "WORKER_THROUGH="+through)
	y.await("the slow school in hand", func() bool { return y.standing("slow-a").Worker != "" })
	time.Sleep(500 * time.Millisecond)
	g.cut()
	other := y.work()
	y.await("the others", func() bool { return y.areDone(1, all...) })
	y.eachHas(0, "slow-a")
	g.drop()
	y.await("the slow school given back", func() bool { return y.standing("slow-a").Worker == "" })
	y.eachHas(0, "slow-a")
	if s := y.standing("slow-a"); s.Result != "failed" && s.Reason != "database" {
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
