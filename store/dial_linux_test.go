package store_test

import (
	"net"
	"testing"

	"golang.org/x/sys/unix"

	"misimportd/store"
)

// TestAConnectionNoticesThatTheNetworkIsGone by what the system is told to do: a network that is cut cannot be had
// here.
func TestAConnectionNoticesThatTheNetworkIsGone(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	conn, err := store.Dialer.DialContext(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	for option, want := range map[int]int{unix.TCP_USER_TIMEOUT: 120_000, unix.TCP_KEEPIDLE: 20, unix.TCP_KEEPINTVL: 10,
		unix.TCP_KEEPCNT: 3} {
		var got int
		var failed error
		if err := raw.Control(func(fd uintptr) {
			got, failed = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, option)
		}); err != nil || failed != nil || got != want {
			t.Errorf("option %d is %d, and should be %d (%v, %v)", option, got, want, err, failed)
		}
	}
}
