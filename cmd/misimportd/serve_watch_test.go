package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"misimportd/store/storetest"
)

// manager is a pretend systemd: what it was told.
type pretendManager struct {
	mutex sync.Mutex
	told  []string
}

func newPretendManager(t *testing.T) (m *pretendManager, env []string) {
	t.Helper()
	folder, err := os.MkdirTemp("", "notify") // a socket's path has to be short
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "s")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		_ = os.RemoveAll(folder)
	})
	m = &pretendManager{}
	go func() {
		for buffer := make([]byte, 4096); ; {
			n, err := conn.Read(buffer)
			if err != nil {
				return
			}
			m.mutex.Lock()
			m.told = append(m.told, string(buffer[:n]))
			m.mutex.Unlock()
		}
	}()
	return m, []string{"NOTIFY_SOCKET=" + path, "WATCHDOG_USEC=600000"}
}

func (m *pretendManager) count(pattern string) int {
	wanted := regexp.MustCompile(pattern)
	m.mutex.Lock()
	defer m.mutex.Unlock()
	n := 0
	for _, line := range m.told {
		if wanted.MatchString(line) {
			n++
		}
	}
	return n
}

func (m *pretendManager) await(t *testing.T, pattern string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); m.count(pattern) == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("systemd was not told %s, but %q", pattern, m.told)
		}
	}
}

// TestServeDoesNotGrow imports night after night, and looks at what the process holds.
func TestServeDoesNotGrow(t *testing.T) {
	t.Parallel()
	misimportd := program(t)
	nights := 40
	if os.Getenv("MISIMPORTD_SOAK") != "" {
		nights = 1000
	}
	storetest.Each(t, func(t *testing.T, database string) {
		s := newStation(t, misimportd)
		s.daemonConfigured("")
		d := s.serve("MISIMPORTD_DATABASE=" + database)
		d.await("run=1 result=applied")
		holds := func() (memory, goroutines, files float64) {
			for series, into := range map[string]*float64{"process_resident_memory_bytes": &memory,
				"go_goroutines": &goroutines, "process_open_fds": &files} {
				*into, _ = strconv.ParseFloat(d.value(series), 64)
			}
			return memory, goroutines, files
		}
		var warm float64
		var goroutines, files float64
		for night := range nights {
			s.server.Night()
			from := d.mark()
			d.signal(syscall.SIGUSR1)
			d.awaitAfter(from, fmt.Sprintf("run=%d result=applied", night+2))
			d.awaitAfter(from, "stage=archive seconds")
			if night == nights/4 {
				warm, goroutines, files = holds()
			}
		}
		memory, g, f := holds()
		for range 20 { // what is at work just now is not what is held
			if g <= goroutines+8 {
				break
			}
			time.Sleep(100 * time.Millisecond)
			memory, g, f = holds()
		}
		t.Logf("TABLE after %d of %d nights: %.1f MB, %.0f goroutines, %.0f files; at the end: %.1f MB, %.0f "+
			"goroutines, %.0f files", nights/4, nights, warm/1e6, goroutines, files, memory/1e6, g, f)
		const slack = 1.3
		if memory > slack*warm+10e6 || g > goroutines+8 || f > files+8 {
			t.Error("it grows")
		}
		d.stop()
	})
}
