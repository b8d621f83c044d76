package storetest

import (
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Wire is a way to a PostgreSQL server on which something happens at a statement, or after so many bytes, or which
// passes nothing on for a while. It reads what the client sends message by message, as PostgreSQL's protocol has
// them.
type Wire struct {
	URL      string
	listener net.Listener
	target   string

	mutex      sync.Mutex
	statements int // that were seen
	bytes      int // that were passed on, in both directions
	at         int // at which statement it happens; 0 for none
	atByte     int // after how many bytes the connection is cut; 0 for never
	after      bool
	happen     func() // what happens, beside the connections being cut
	happened   bool
	open       []net.Conn
	stalls     chan struct{} // until it is closed, nothing is passed on; nil for a wire that works
}

// NewWire leads to the server of a database, until the test ends.
func NewWire(t testing.TB, database string) *Wire {
	t.Helper()
	address, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	query := address.Query()
	w := &Wire{target: filepath.Join(query.Get("host"), ".s.PGSQL.5432")}
	folder := t.TempDir()
	w.listener, err = net.Listen("unix", filepath.Join(folder, ".s.PGSQL.5432"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = w.listener.Close()
		w.Flow()
	})
	query.Set("host", folder)
	address.RawQuery = query.Encode()
	w.URL = address.String()
	go w.accept()
	return w
}

// Arm says what is to happen next, and forgets what did.
func (w *Wire) Arm(at, atByte int, after bool, happen func()) {
	w.Cut()
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.statements, w.bytes, w.at, w.atByte, w.after, w.happen, w.happened = 0, 0, at, atByte, after, happen, false
}

// Seen tells what was passed on since Arm, and whether it has happened.
func (w *Wire) Seen() (statements, bytes int, happened bool) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.statements, w.bytes, w.happened
}

// Cut ends all connections, at both ends.
func (w *Wire) Cut() {
	w.mutex.Lock()
	open := w.open
	w.open = nil
	w.mutex.Unlock()
	for _, c := range open {
		_ = c.Close()
	}
}

// Stall has nothing come through any more, though both ends believe that they are connected. Nobody connects anew.
func (w *Wire) Stall() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.stalls == nil {
		w.stalls = make(chan struct{})
	}
}

// Flow has the wire work again.
func (w *Wire) Flow() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.stalls != nil {
		close(w.stalls)
		w.stalls = nil
	}
}

func (w *Wire) accept() {
	for {
		client, err := w.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("unix", w.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		w.mutex.Lock()
		stalls := w.stalls != nil
		if !stalls {
			w.open = append(w.open, client, server)
		}
		w.mutex.Unlock()
		if stalls {
			_, _ = client.Close(), server.Close()
			continue
		}
		go func() { _, _ = io.Copy(counted{w, client}, server); _, _ = client.Close(), server.Close() }()
		go func() { w.pass(server, client); _, _ = client.Close(), server.Close() }()
	}
}

// counted counts what is written through it, and cuts the wire in the middle of it.
type counted struct {
	*Wire
	to net.Conn
}

func (c counted) Write(p []byte) (int, error) {
	c.mutex.Lock()
	if stalls := c.stalls; stalls != nil {
		c.mutex.Unlock()
		<-stalls
		c.mutex.Lock()
	}
	room := len(p)
	cut := c.atByte > 0 && !c.happened && c.bytes+len(p) >= c.atByte
	if cut {
		room, c.happened = c.atByte-c.bytes, true
	}
	c.bytes += room
	c.mutex.Unlock()
	n, err := c.to.Write(p[:room])
	if cut {
		c.Cut()
	}
	return n, err
}

// pass hands on the client's messages: the first has no type, all others one byte.
func (w *Wire) pass(server, client net.Conn) {
	for first := true; ; first = false {
		head := make([]byte, 5)
		if first {
			head = head[:4]
		}
		if _, err := io.ReadFull(client, head); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint32(head[len(head)-4:])-4)
		if _, err := io.ReadFull(client, body); err != nil {
			return
		}
		isStatement := !first && strings.IndexByte("QEdc",
			head[0]) >= 0 // a query, an execution, a row of a COPY, its end
		w.mutex.Lock()
		if isStatement {
			w.statements++
		}
		now := isStatement && !w.happened && w.statements == w.at
		w.happened = w.happened || now
		after, happen := w.after, w.happen
		w.mutex.Unlock()
		if !now || after {
			if _, err := (counted{w, server}).Write(append(head, body...)); err != nil {
				return
			}
		}
		if now {
			if happen != nil {
				happen()
			}
			w.Cut()
			return
		}
	}
}
