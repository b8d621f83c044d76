package store

import (
	"context"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Dialer opens connections to PostgreSQL that notice within a minute that the network is gone, as the server does at
// its end (attentive). Without that, one on which something was just sent waits for a quarter of an hour.
var Dialer = net.Dialer{
	KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 20 * time.Second, Interval: 10 * time.Second, Count: 3},
	Control: func(network, _ string, conn syscall.RawConn) error {
		if network == "unix" {
			return nil
		}
		var failed error
		err := conn.Control(func(fd uintptr) {
			failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(unsent/time.Millisecond))
		})
		if err == nil {
			err = failed
		}
		return err
	},
}

// unsent is how long something may be under way to the server.
const unsent = 50 * time.Second

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
