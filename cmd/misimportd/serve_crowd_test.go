package main

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestHalfOpenConnectionsKeepNobodyOut has hundreds connect and not finish asking. Who asks
// for the service's health meanwhile is not made to wait until it has given up on them: when
// the answer is there, more than a hundred are still waited for.
func TestHalfOpenConnectionsKeepNobodyOut(t *testing.T) {
	t.Parallel()
	misimportd := program(t)
	s := newStation(t, misimportd)
	s.daemonConfigured("")
	d := s.serve()
	d.await("result=applied")
	const many, stillWaitedFor = 400, 120
	for _, begun := range []string{"", "GET /healthz HTTP/1.1\r\nHost: x\r\n"} {
		var conns []net.Conn
		for range many {
			conn, err := net.Dial("tcp", strings.TrimPrefix(d.at, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			if _, err := io.WriteString(conn, begun); err != nil {
				t.Fatal(err)
			}
			conns = append(conns, conn)
		}
		if code, text := d.get("/healthz"); code != 200 {
			t.Errorf("%d %s", code, text)
		}
		if err := isOpen(conns[many-stillWaitedFor]); err != nil {
			t.Errorf("after %q: the answer came when few were waited for any more: %v", begun, err)
		}
	}
	d.stop()
}

// isOpen looks, without waiting, whether the other side has closed a connection.
func isOpen(conn net.Conn) error {
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		return err
	}
	var looked error
	err = raw.Read(func(fd uintptr) bool {
		var n int
		n, _, looked = unix.Recvfrom(int(fd), make([]byte, 1), unix.MSG_PEEK|unix.MSG_DONTWAIT)
		if looked == nil && n == 0 {
			looked = io.EOF
		}
		return true
	})
	if errors.Is(looked, unix.EAGAIN) {
		looked = nil
	}
	return errors.Join(err, looked)
}
