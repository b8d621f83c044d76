package store

import (
	"context"
	"net"
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

func (pqDialer) Dial(network, address string) (net.Conn, error) { return Dialer.Dial(network, address) }

func (pqDialer) DialTimeout(network, address string, most time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), most)
	defer cancel()
	return Dialer.DialContext(ctx, network, address)
}

func (pqDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return Dialer.DialContext(ctx, network, address)
}
