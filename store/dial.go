package store

import (
	"context"
	"net"
	"sync"
	"time"
)

// Dialer opens connections to PostgreSQL that notice within two minutes that the network is gone, as the server does at
// its end (attentive). Without that, one on which something was just sent waits for a quarter of an hour.
var Dialer = net.Dialer{
	KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 20 * time.Second, Interval: 10 * time.Second, Count: 3},
	Control:         endUnsent,
}

// unsent is how long something may be under way to the server. One whose disk stands still reads nothing, either; so
// it is longer than that.
const unsent = 2 * time.Minute

// pqDialer is the same in the terms of lib/pq.
type pqDialer struct{}

func (pqDialer) Dial(network, address string) (net.Conn, error) {
	return impatient(Dialer.Dial(network, address))
}

func (pqDialer) DialTimeout(network, address string, most time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), most)
	defer cancel()
	return impatient(Dialer.DialContext(ctx, network, address))
}

func (pqDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return impatient(Dialer.DialContext(ctx, network, address))
}

// silence is how long a server may say nothing in the middle of a statement, for as long as its machine is there: it
// stands still, or its disk does. No statement of ours takes nearly so long.
const silence = 15 * time.Minute

// silentConn ends when its server is silent for too long. Nothing else would: lib/pq heeds no deadline of a context
// while it waits for an answer.
type silentConn struct {
	net.Conn
	most     time.Duration
	mutex    sync.Mutex
	deadline time.Time // that lib/pq has set, while it connects
}

func impatient(conn net.Conn, err error) (net.Conn, error) {
	if err != nil {
		return nil, err
	}
	return &silentConn{Conn: conn, most: silence}, nil
}

func (c *silentConn) SetDeadline(at time.Time) error {
	c.mutex.Lock()
	c.deadline = at
	c.mutex.Unlock()
	return c.Conn.SetDeadline(at)
}

func (c *silentConn) Read(into []byte) (int, error) {
	c.mutex.Lock()
	at := c.deadline
	c.mutex.Unlock()
	if at.IsZero() {
		at = time.Now().Add(c.most)
	}
	if err := c.SetReadDeadline(at); err != nil {
		return 0, err
	}
	return c.Conn.Read(into)
}
