package store

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// endUnsent has the system end a connection on which something has been under way for too long.
func endUnsent(network, _ string, conn syscall.RawConn) error {
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
}
