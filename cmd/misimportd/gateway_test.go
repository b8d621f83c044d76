package main

import (
	"net"
	"net/url"
	"path/filepath"
	"sync"
	"testing"
)

// gateway is a way to a PostgreSQL server that can be closed.
type gateway struct {
	socket string // the server's
	at     string // the gateway's address
	mutex  sync.Mutex
	open   net.Listener
	conns  []net.Conn
	frozen sync.RWMutex // held for writing: what comes is not passed on
}

// pass copies, and holds back what comes while the gateway is frozen.
func (g *gateway) pass(to, from net.Conn) {
	defer func() { _ = to.Close() }()
	for buffer := make([]byte, 1<<12); ; {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		g.frozen.RLock()
		_, err = to.Write(buffer[:n])
		g.frozen.RUnlock()
		if err != nil {
			return
		}
	}
}

// newGateway leads to the server of a database that listens on a socket, and is closed. It
// returns the database's URL through it.
func newGateway(t *testing.T, database string) (*gateway, string) {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	g := &gateway{socket: filepath.Join(query.Get("host"), ".s.PGSQL.5432")}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g.at = listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.shut)
	query.Del("host")
	query.Set("sslmode", "disable")
	u.Host, u.RawQuery = g.at, query.Encode()
	return g, u.String()
}

func (g *gateway) let(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("tcp", g.at)
	if err != nil {
		t.Fatal(err)
	}
	g.mutex.Lock()
	g.open = listener
	g.mutex.Unlock()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("unix", g.socket)
			if err != nil {
				_ = conn.Close()
				continue
			}
			g.mutex.Lock()
			g.conns = append(g.conns, conn, server)
			g.mutex.Unlock()
			go g.pass(conn, server)
			go g.pass(server, conn)
		}
	}()
}

// shut cuts all connections and lets none in.
func (g *gateway) shut() {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if g.open != nil {
		_ = g.open.Close()
	}
	for _, conn := range g.conns {
		_ = conn.Close()
	}
	g.open, g.conns = nil, nil
}
