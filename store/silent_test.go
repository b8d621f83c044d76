package store

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"
)

// TestAServerThatSaysNothing does not keep who waits for it for ever.
func TestAServerThatSaysNothing(t *testing.T) {
	here, there := net.Pipe()
	defer func() { _, _ = here.Close(), there.Close() }()
	conn := &silentConn{Conn: here, most: 50 * time.Millisecond}
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%v", err)
	}
	go func() { _, _ = there.Write([]byte("x")) }()
	if n, err := conn.Read(make([]byte, 1)); n != 1 || err != nil {
		t.Errorf("after it has said something: %d %v", n, err)
	}
	conn.most = time.Hour
	if err := conn.SetDeadline(time.Now().Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a deadline that was set is not kept: %v", err)
	}
}
