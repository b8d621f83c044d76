package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"misimportd/mis/isams/isamstest"
)

// after is what the manager was told next after the last that begins so, and waits for it.
func (m *pretendManager) after(t *testing.T, beginning string) string {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		m.mutex.Lock()
		told := slices.DeleteFunc(slices.Clone(m.told), func(s string) bool { return !strings.HasPrefix(s, "STATUS=") })
		m.mutex.Unlock()
		slices.Reverse(told)
		if i := slices.IndexFunc(told, func(s string) bool { return strings.HasPrefix(s, beginning) }); i > 0 {
			return told[i-1]
		}
	}
	t.Fatalf("nothing was told after %s, but %q", beginning, m.told)
	return ""
}

// forget begins anew: what the manager was told so far does not count for after.
func (m *pretendManager) forget() {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.told = nil
}

// TestFault10StatusTellsAtOnce that an import failed, and why, be it recorded or not: what the
// manager is told next, and the page from then on.
func TestFault10StatusTellsAtOnce(t *testing.T) {
	t.Parallel()
	misimportd := program(t)
	s := newStation(t, misimportd)
	s.daemonConfigured("")
	m, env := newPretendManager(t)
	d := s.serve(env[0])
	d.await("run=1 result=applied")
	m.await(t, "the last was run 1, applied")

	s.server.Misbehave(isamstest.Fault{Kind: "redirect"})
	m.forget()
	d.signal(syscall.SIGUSR1)
	d.await("run=2 result=failed")
	const why = "answered 302 Found"
	told := m.after(t, "STATUS=importing")
	if !strings.Contains(told, "the last was run 2, failed, ") || !strings.Contains(told, why) {
		t.Errorf("systemd was told %q", told)
	}
	_, page := d.get("/-/status")
	for _, want := range []string{"now           waiting for the next import", "newest run    2, failed, ", why} {
		if !strings.Contains(page, want) {
			t.Errorf("%s is missing in\n%s", want, page)
		}
	}

	// One that could not even begin is in no record.
	folder := filepath.Join(s.state, "PreFetched")
	if err := os.Remove(folder); err != nil {
		t.Fatal(err)
	}
	s.write("PreFetched", "")
	m.forget()
	d.signal(syscall.SIGUSR1)
	d.await("run=0 result=failed")
	if told = m.after(t, "STATUS=importing"); !strings.Contains(told, "the last failed, ") {
		t.Errorf("systemd was told %q", told)
	}
	d.stop()
}
