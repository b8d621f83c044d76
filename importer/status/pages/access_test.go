package pages

import (
	"testing"
	"time"
)

// TestNobodyIsKeptOutByOthers: whoever guesses waits ever longer, and somebody of the same name, or behind the same
// address, only for some seconds.
func TestNobodyIsKeptOutByOthers(t *testing.T) {
	a := attempts{by: map[string]attempt{}}
	now := time.Date(2016, 9, 5, 8, 0, 0, 0, time.UTC)
	for range freeAttempts {
		a.fail(now, triesOf("alice", "192.0.2.1"))
	}
	if wait := a.wait(now, triesOf("alice", "192.0.2.1")); wait > 0 {
		t.Errorf("who has mistyped waits %s", wait)
	}
	for range 20 {
		a.fail(now, triesOf("alice", "192.0.2.1"))
	}
	for _, of := range []struct {
		name, address string
		want          time.Duration
	}{{"alice", "192.0.2.1", longestWait}, {"alice", "192.0.2.2", shortWait}, {"bob", "192.0.2.1", shortWait},
		{"bob", "192.0.2.2", 0}} {
		if wait := a.wait(now, triesOf(of.name, of.address)); wait != of.want {
			t.Errorf("%s from %s waits %s, want %s", of.name, of.address, wait, of.want)
		}
	}
	a.succeed(triesOf("alice", "192.0.2.1"))
	if wait := a.wait(now, triesOf("alice", "192.0.2.1")); wait != 0 {
		t.Errorf("who has logged in waits %s", wait)
	}
}
